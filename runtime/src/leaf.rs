//! The protocol of a leaf: a future of ours that waits for something other than a future.
//!
//! `sleep`, a socket that is not ready, a lock that is taken, a promise that is not set: each
//! of them is the bottom of some chain of awaits, and the place where a cancel enters it. All
//! follow the same four lines, in this order:
//!
//! ```text
//! if interrupted()            a request is thrown, or on its way out: return Pending
//! if what it waits for is there   Leaf::resume, return Ready
//! register the waker with whatever will wake
//! Leaf::park                  counts the wait in the frames around, returns Pending
//! ```
//!
//! # Rules
//!
//! 1. The request is looked at first: a leaf that is cancelled and ready in the same turn is
//!    cancelled, as in asyncio.
//! 2. A leaf that has returned `Pending` because of a request is never polled again; the scope
//!    above drops it.
//! 3. Dropping a leaf takes it out of the frames; the leaf's owner takes it out of whatever
//!    would have woken it.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::cancel::{CancelTarget, Cancelled, FrameRef};
use crate::event_loop::{frame, is_own, with_step};

/// Whether a leaf has to return `Pending` at once: it takes the request that is thrown, or
/// one is on its way out already.
pub(crate) fn interrupted() -> bool {
    if with_step(|step| step.is_normal()) {
        return false;
    }
    if with_step(|step| step.take())
        && let Some(frame) = frame()
    {
        frame.frame().deliver_outward();
    }
    true
}

/// Lets a cancel go on to the scopes above. The caller returns `Pending`.
pub(crate) fn unwind(cause: Cancelled) {
    with_step(|step| step.unwind(cause));
}

/// The waiting of one leaf.
#[derive(Default)]
pub(crate) struct Leaf {
    /// The frame it is counted in; `None` while it does not wait.
    frame: Option<FrameRef>,
    /// What it waits for, if that can be cancelled.
    target: Option<Rc<dyn CancelTarget>>,
}

impl Leaf {
    /// A leaf that waits for nothing that could be cancelled.
    pub(crate) const fn new() -> Self {
        Self { frame: None, target: None }
    }

    /// A leaf that waits for `target`: a request to the task is forwarded to it.
    pub(crate) fn waiting_for(target: Rc<dyn CancelTarget>) -> Self {
        Self { frame: None, target: Some(target) }
    }

    /// Counts the leaf as waiting, in the frame that is being polled.
    pub(crate) fn park(&mut self, context: &Context<'_>) {
        let Some(current) = frame() else { return };
        if !self.frame.as_ref().is_some_and(|frame| Rc::ptr_eq(frame, &current)) {
            self.resume();
            current.frame().park(self.target.as_ref());
        }
        if !is_own(context.waker()) {
            current.frame().remember_waker(context.waker());
        }
        self.frame = Some(current);
    }

    /// Counts the leaf out. Returns whether a request had been forwarded to what it waited
    /// for.
    pub(crate) fn resume(&mut self) -> bool {
        let Some(frame) = self.frame.take() else { return false };
        let forwarding = frame.frame().is_forwarding();
        frame.frame().unpark(self.target.as_ref());
        forwarding
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.frame.is_some() { "waiting" } else { "not waiting" })
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.resume();
    }
}

impl Cancelled {
    /// Passes a caught cancel on to the next scope, or ends the task as cancelled.
    ///
    /// The counterpart of Python's `raise` in an `except CancelledError` block. Code after it
    /// does not run.
    ///
    /// ```
    /// use looplet::{TaskError, catch_cancel, create_task, run, sleep, yield_now};
    /// use std::time::Duration;
    ///
    /// let outcome = run(async {
    ///     let task = create_task(async {
    ///         if let Err(cancelled) = catch_cancel(sleep(Duration::from_secs(60))).await {
    ///             println!("cleaning up");
    ///             cancelled.raise().await
    ///         }
    ///     });
    ///     yield_now().await;
    ///     task.cancel();
    ///     task.join().await
    /// });
    /// assert!(matches!(outcome, Err(TaskError::Cancelled(_))));
    /// ```
    pub async fn raise(self) -> ! {
        let raise = Raise { cause: Some(self) };
        match raise.await {}
    }
}

struct Raise {
    cause: Option<Cancelled>,
}

impl std::future::Future for Raise {
    type Output = std::convert::Infallible;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if !interrupted()
            && let Some(cause) = self.cause.take()
        {
            unwind(cause);
        }
        Poll::Pending
    }
}
