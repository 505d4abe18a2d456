//! The wait for a promise cell: what every await of a promise, a task or a gather is made of.

use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::PromiseCell;
use super::line::CallbackId;
use super::outcome::{Outcome, TaskError};
use crate::cancel::CancelTarget;
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
    ///
    /// A cancelled outcome is raised in the awaiter: always if not `joining`, and otherwise
    /// only if it answers the awaiter's own request, which a `join` must not turn into a
    /// value.
    pub(crate) fn poll<T>(
        &mut self,
        cell: &PromiseCell<T>,
        context: &Context<'_>,
        joining: bool,
        read: impl FnOnce(&PromiseCell<T>) -> Option<Outcome<T>>,
        target: impl FnOnce() -> Rc<dyn CancelTarget>,
    ) -> Poll<Outcome<T>> {
        if interrupted() {
            return Poll::Pending;
        }
        let Some(outcome) = read(cell) else {
            self.place = Some(cell.enqueue(self.place, context.waker()));
            self.leaf.park_on(context, target);
            return Poll::Pending;
        };
        self.place = None;
        let own_request = self.leaf.resume();
        match outcome {
            Err(TaskError::Cancelled(cause)) if own_request || !joining => {
                unwind(cause);
                Poll::Pending
            }
            outcome => Poll::Ready(outcome),
        }
    }

    /// Leaves the line, when the wait is dropped.
    pub(crate) fn leave<T>(&mut self, cell: &PromiseCell<T>) {
        if let Some(place) = self.place.take() {
            cell.leave(place);
        }
    }
}
