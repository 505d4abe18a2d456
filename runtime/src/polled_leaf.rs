//! A leaf without a future: the wait of code that polls a socket.
//!
//! `poll_read` and its kind are called again and again, by whatever future somebody else has
//! written, and nothing is dropped when the interest is lost. So nobody says when such a wait
//! ends. It follows the protocol of `leaf.rs` with two differences:
//!
//! 1. It is not counted in the frames around. A count that outlives the wait would keep a
//!    cancel from being forwarded to what the task waits for next. A wait that is there all the
//!    same is polled in the step that throws the request, and takes it like any leaf.
//! 2. A waker that a combinator has put between the task and this wait is kept in the frame,
//!    as a leaf's is, but marked as unsure: a request calls all of those where one sure one
//!    would do.
//!
//! It lives in the object that is polled (a stream). What it has registered goes when it is
//! ready, when it is polled from elsewhere, and when that object is dropped.
//!
//! The price of the first rule: if a task waits for such a poll and for another task at the
//! same time, a cancel goes to the other task alone, and the outcome of that one decides.

use std::cell::Cell;
use std::rc::Rc;
use std::task::Context;

use crate::cancel::{FrameRef, WakerId, keep_waker};
use crate::event_loop::{frame, is_waker_of, ticket};

/// The waiting of one direction of a socket that is polled.
#[derive(Default)]
pub(crate) struct PolledLeaf {
    /// Where the waker of a combinator is kept, if there is one.
    kept: Cell<Option<(FrameRef, WakerId)>>,
}

impl PolledLeaf {
    /// Notes who is to be called by a request. The caller returns `Pending`.
    pub(crate) fn park(&self, context: &Context<'_>) {
        let Some(current) = ticket() else { return };
        let foreign = !is_waker_of(context.waker(), current);
        let Some(frame) = frame().filter(|_| foreign) else {
            return self.resume();
        };
        if let Some((old, id)) = self.kept.take() {
            if Rc::ptr_eq(&old, &frame) {
                old.exchange_waker(id, context.waker());
                return self.kept.set(Some((old, id)));
            }
            old.forget_waker(id);
        }
        let id = keep_waker(&frame, context.waker(), false);
        self.kept.set(Some((frame, id)));
    }

    /// Forgets whom to call: what was waited for is there.
    pub(crate) fn resume(&self) {
        if let Some((frame, id)) = self.kept.take() {
            frame.forget_waker(id);
        }
    }
}

impl Drop for PolledLeaf {
    fn drop(&mut self) {
        self.resume();
    }
}
