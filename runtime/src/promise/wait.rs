//! The wait for a promise cell: what every await of a promise, a task or a gather is made of.

use std::panic::resume_unwind;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::PromiseCell;
use super::line::CallbackId;
use super::outcome::{Outcome, TaskError};
use crate::cancel::{CancelTarget, Cancelled};
use crate::leaf::{Leaf, interrupted, unwind};

/// The wait of one task for one promise cell; what an await of a promise or a task is made of.
pub(crate) struct Wait {
    leaf: Leaf,
    place: Option<CallbackId>,
}

impl Wait {
    pub(crate) const fn new() -> Self {
        Self {
            leaf: Leaf::new(),
            place: None,
        }
    }

    /// Waits until `read` finds an outcome in `cell`; `target` is what a request to the
    /// awaiter is forwarded to.
    pub(crate) fn poll<T>(
        &mut self,
        cell: &PromiseCell<T>,
        context: &Context<'_>,
        read: impl FnOnce(&PromiseCell<T>) -> Option<Outcome<T>>,
        target: impl FnOnce() -> Rc<dyn CancelTarget>,
    ) -> Poll<Answer<T>> {
        if interrupted() {
            return Poll::Pending;
        }
        match read(cell) {
            None => {
                self.place = Some(cell.enqueue(self.place, context.waker()));
                self.leaf.park_on(context, target);
                Poll::Pending
            }
            Some(Ok(value)) => {
                self.end();
                Poll::Ready(Answer::Value(value))
            }
            Some(Err(failure)) => {
                let to_own_request = self.end();
                Poll::Ready(Answer::Failure(failure, to_own_request))
            }
        }
    }

    /// Returns whether a request to the awaiter had been forwarded to what it waited for.
    fn end(&mut self) -> bool {
        self.place = None;
        self.leaf.resume()
    }

    /// Leaves the line, when the wait is dropped.
    pub(crate) fn leave<T>(&mut self, cell: &PromiseCell<T>) {
        if let Some(place) = self.place.take() {
            cell.leave(place);
        }
    }
}

/// What a wait came to.
pub(crate) enum Answer<T> {
    Value(T),
    /// A failure, and whether a request to the awaiter had been forwarded to what it waited for.
    Failure(TaskError, bool),
}

impl<T> Answer<T> {
    /// Raises a cancel in the awaiter, and gives a value or goes on with a panic.
    pub(crate) fn value(self) -> Poll<T> {
        match self {
            Answer::Value(value) => Poll::Ready(value),
            Answer::Failure(TaskError::Cancelled(cause), _) => raise(cause),
            Answer::Failure(TaskError::Panicked(payload), _) => resume_unwind(payload),
        }
    }

    /// Gives the outcome, except a cancel that answers the awaiter's own request: a join must
    /// not turn that into a value.
    pub(crate) fn outcome(self) -> Poll<Outcome<T>> {
        match self {
            Answer::Value(value) => Poll::Ready(Ok(value)),
            Answer::Failure(TaskError::Cancelled(cause), true) => raise(cause),
            Answer::Failure(failure, _) => Poll::Ready(Err(failure)),
        }
    }
}

fn raise<T>(cause: Cancelled) -> Poll<T> {
    unwind(cause);
    Poll::Pending
}
