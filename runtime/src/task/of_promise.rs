//! A promise in the shape of a task.
//!
//! asyncio's `Task` is a kind of `Future`, so whatever takes the one takes the other. Here the
//! two are types of their own with a promise cell in both, and the combinators take tasks. For
//! them, this gives a promise what else they might ask a task for: a name, and a step that is
//! never made. No turn passes between the promise and its shape, as none passes in asyncio.

use std::any::{Any, type_name};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;

use super::cell::TaskObject;
use crate::cancel::{Awaitable, CancelReason, CancelTarget, Cancelled, Frame, FrameOwner, Note};
use crate::event_loop::{Callback, Coroutine, Stepped, TaskEnding, TaskId, Ticket};
use crate::promise::PromiseCell;

/// A promise that can be held as a task. The loop does not know it.
struct PromiseTask<T> {
    promise: Rc<PromiseCell<T>>,
    /// Empty for good: nothing runs inside.
    frame: Frame,
    site: &'static Location<'static>,
}

#[track_caller]
pub(super) fn of_promise<T: 'static>(promise: Rc<PromiseCell<T>>) -> Rc<dyn TaskObject<T>> {
    Rc::new(PromiseTask {
        promise,
        frame: Frame::default(),
        site: Location::caller(),
    })
}

impl<T> FrameOwner for PromiseTask<T> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn ring(&self) {}

    fn is_rung(&self) -> bool {
        false
    }
}

impl<T: 'static> Awaitable for PromiseTask<T> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Awaitable::describe(&*self.promise, f)
    }
}

impl<T: 'static> CancelTarget for PromiseTask<T> {
    fn cancel(&self, cause: Cancelled) -> bool {
        self.promise.cancel(cause)
    }
}

impl<T: 'static> Coroutine for PromiseTask<T> {
    fn step(&self, _: Ticket) -> Stepped {
        Stepped::Ended
    }

    fn fail(&self, payload: Box<dyn Any + Send>) {
        drop(payload);
    }

    fn cancel(&self, cause: Cancelled) -> bool {
        self.promise.cancel(cause)
    }

    fn discard(&self) {}

    fn notify_end(&self, callback: Rc<dyn Callback>) {
        self.promise.add_done_callback(callback);
    }

    fn glance(&self) -> usize {
        0
    }

    fn note(&self) -> Note {
        Note::Unknown
    }

    fn panic_text(&self) -> Option<String> {
        None
    }

    fn ending(&self) -> Option<TaskEnding> {
        self.promise.ending()
    }

    fn name(&self) -> String {
        "Promise".to_string()
    }

    fn set_name(&self, _: String) {}

    fn number(&self) -> u32 {
        self.promise.number()
    }

    fn ticket(&self) -> Ticket {
        Ticket::new(self.promise.event_loop().number(), TaskId::NOBODY)
    }

    fn site(&self) -> &'static Location<'static> {
        self.site
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }
}

impl<T: 'static> TaskObject<T> for PromiseTask<T> {
    fn promise(&self) -> &PromiseCell<T> {
        &self.promise
    }

    fn coroutine(&self) -> &dyn Coroutine {
        self
    }

    fn abort(&self) -> bool {
        self.promise.cancel(Cancelled::new(CancelReason::Aborted))
    }
}
