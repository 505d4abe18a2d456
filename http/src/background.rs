//! What runs as a task of its own: look-ups, played conversations, the calls of blocking sessions.
//!
//! All of them are one type, so that what a task is made of is compiled once for the client, and
//! not for each.

use std::pin::Pin;
use std::task::{Context, Poll};

use looplet::{TaskOptions, create_task_with};

use crate::terms::Work;

/// Work that is a task of its own. Reports show this name.
pub(crate) struct Background(Work<'static, ()>);

impl Background {
    pub(crate) fn new(work: impl Future<Output = ()> + 'static) -> Self {
        Self(Box::pin(work))
    }
}

impl Future for Background {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

/// Starts a task that nobody awaits.
#[track_caller]
pub(crate) fn start(name: String, work: impl Future<Output = ()> + 'static) {
    let options = TaskOptions {
        name: Some(name),
        ..TaskOptions::default()
    };
    create_task_with(Background::new(work), options);
}
