//! What a group, its scope and its children share.
//!
//! ```text
//!           open             abort                  finish
//!   New ───────────► Open ───────────► Aborting ───────────► Finished
//!                      └─────────────────────────────────────────▲
//! ```
//!
//! # Rules
//!
//! 1. The first failure aborts the group: every child is cancelled in the order in which they
//!    were started, then the body, through the frame of the group.
//! 2. A child that ends is taken out by its done-callback, one turn later, as in asyncio; so is
//!    the scope woken that waits for the last one.
//! 3. The error of a child goes to the group, not to who awaits the child: that one is cancelled.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::cancel::{Awaitable, CancelReason, CancelTarget, Cancelled, FrameOwner};
use crate::leaf::unwind;
use crate::promise::TaskError;
use crate::sync::Semaphore;
use crate::task::{ScopeFrame, Task};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was not run yet.
    New,
    /// It takes children.
    Open,
    /// Something failed, or it was cancelled: it waits for the children it has.
    Aborting,
    Finished,
}

/// The tasks of a group by their numbers.
#[derive(Default)]
pub(super) struct Children(RefCell<BTreeMap<u64, Rc<dyn CancelTarget>>>);

impl Awaitable for Children {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tasks of a TaskGroup", self.0.borrow().len())
    }

    fn decided_by(&self) -> Vec<usize> {
        let children = self.0.borrow();
        children
            .values()
            .flat_map(|child| child.decided_by())
            .collect()
    }
}

pub(super) struct GroupState<E> {
    pub(super) phase: Cell<Phase>,
    /// Whether `run` was called.
    pub(super) claimed: Cell<bool>,
    /// Children that have not ended, in the order in which they were started.
    pub(super) children: Rc<Children>,
    started: Cell<u64>,
    pub(super) errors: RefCell<Vec<E>>,
    /// The first panic of a child.
    pub(super) panic: Cell<Option<Box<dyn Any + Send>>>,
    /// The frame of the body, as long as that runs.
    body: RefCell<Option<Rc<ScopeFrame>>>,
    /// Who waits for the last child.
    pub(super) waiter: Cell<Option<Waker>>,
    /// How many children run at the same time; `None`: all.
    pub(super) limit: RefCell<Option<Semaphore>>,
}

impl<E> GroupState<E> {
    pub(super) fn new() -> Self {
        Self {
            phase: Cell::new(Phase::New),
            claimed: Cell::new(false),
            children: Rc::default(),
            started: Cell::new(0),
            errors: RefCell::default(),
            panic: Cell::new(None),
            body: RefCell::default(),
            waiter: Cell::new(None),
            limit: RefCell::default(),
        }
    }

    pub(super) fn count(&self) -> usize {
        self.children.0.borrow().len()
    }

    /// Begins: the body is polled for the first time.
    pub(super) fn open(&self) -> Rc<ScopeFrame> {
        self.phase.set(Phase::Open);
        let frame = ScopeFrame::enter();
        self.body.replace(Some(frame.clone()));
        frame
    }

    /// The body has ended: nobody cancels it any more.
    pub(super) fn close_body(&self) {
        let frame = self.body.take();
        if let Some(frame) = &frame {
            let owner: &dyn FrameOwner = &**frame;
            owner.retire();
        }
    }

    /// Cancels all children and the body, unless that was done. Returns whether it was now.
    pub(super) fn abort(&self, cause: &Cancelled) -> bool {
        if self.phase.get() != Phase::Open {
            return false;
        }
        self.phase.set(Phase::Aborting);
        self.cancel_children(cause);
        let body = self.body.borrow().clone();
        if let Some(body) = body {
            let owner: &dyn FrameOwner = &*body;
            owner.request(cause.clone());
        }
        true
    }

    pub(super) fn cancel_children(&self, cause: &Cancelled) {
        let children: Vec<_> = self.children.0.borrow().values().cloned().collect();
        for child in children {
            child.cancel(cause.clone());
        }
    }
}

impl<E: 'static> GroupState<E> {
    /// Watches a child until it ends.
    pub(super) fn watch<T: 'static>(self: &Rc<Self>, task: &Task<T>) {
        let number = self.started.get();
        self.started.set(number + 1);
        let target = task.as_cancel_target();
        self.children.0.borrow_mut().insert(number, target);
        let group = self.clone();
        task.add_done_callback(move |task| group.child_ended(number, task.failure()));
    }

    fn child_ended(&self, number: u64, failure: Option<TaskError>) {
        let child = self.children.0.borrow_mut().remove(&number);
        drop(child);
        if self.count() == 0
            && let Some(waiter) = self.waiter.take()
        {
            waiter.wake();
        }
        match failure {
            Some(TaskError::Panicked(payload)) => {
                let first = self.panic.take().unwrap_or(payload);
                self.panic.set(Some(first));
            }
            Some(TaskError::Cancelled(cause)) if cause.reason() == CancelReason::Failed => {}
            Some(TaskError::Cancelled(_)) | None => return,
        }
        self.abort(&Cancelled::new(CancelReason::SiblingFailed));
    }
}

/// What a child runs: its future, whose error goes to the group.
pub(super) struct Child<F, E> {
    pub(super) future: Pin<Box<F>>,
    pub(super) group: Rc<GroupState<E>>,
}

impl<T, E, F> std::future::Future for Child<F, E>
where
    F: Future<Output = Result<T, E>>,
{
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.future.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(value)) => Poll::Ready(value),
            Poll::Ready(Err(error)) => {
                self.group.errors.borrow_mut().push(error);
                unwind(Cancelled::new(CancelReason::Failed));
                Poll::Pending
            }
        }
    }
}
