//! `catch_cancel`: the scope, Python's `try … except CancelledError`.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cancel::Cancelled;
use crate::event_loop::with_step;

/// Runs `future` and catches a cancel that unwinds through it.
///
/// On a cancel, `future` is dropped where it stands, and the code after the scope goes on: it
/// may await, clean up, and either pass the cancel on with [`Cancelled::raise`] or swallow it
/// and return a value. The asyncio counterpart is `except CancelledError`.
///
/// # Errors
///
/// [`Cancelled`] if the task, or a frame around this scope, was cancelled.
///
/// # Cancel safety
///
/// Dropping it drops `future`.
///
/// ```
/// use looplet::{catch_cancel, create_task, run, sleep, yield_now};
/// use std::time::Duration;
///
/// let answer = run(async {
///     let task = create_task(async {
///         match catch_cancel(sleep(Duration::from_secs(60))).await {
///             Ok(()) => "slept",
///             Err(_cancelled) => "woken up early",
///         }
///     });
///     yield_now().await;
///     task.cancel();
///     task.await
/// });
/// assert_eq!(answer, "woken up early");
/// ```
pub fn catch_cancel<F: IntoFuture>(future: F) -> CatchCancel<F::IntoFuture> {
    CatchCancel {
        child: Some(Box::pin(future.into_future())),
    }
}

/// The future of [`catch_cancel`].
///
/// asyncio has no name for it: there it is `try` with `except CancelledError`.
///
/// # Cancel safety
///
/// As the future in it.
///
/// ```
/// use looplet::{CatchCancel, catch_cancel, run};
/// use std::future::{Ready, ready};
///
/// let caught: CatchCancel<Ready<i32>> = catch_cancel(ready(7));
/// assert_eq!(run(caught).expect("nobody cancels it"), 7);
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct CatchCancel<F> {
    /// What is being run; `None` once it was cancelled.
    child: Option<Pin<Box<F>>>,
}

impl<F: Future> std::future::Future for CatchCancel<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if with_step(|step| step.is_unwinding()) {
            return Poll::Pending;
        }
        let Some(child) = &mut self.child else {
            return Poll::Pending;
        };
        if let Poll::Ready(value) = child.as_mut().poll(context) {
            return Poll::Ready(Ok(value));
        }
        match with_step(|step| step.catch().or_else(|| step.untaken())) {
            Some(cause) => {
                let child = self.child.take();
                drop(child);
                Poll::Ready(Err(cause))
            }
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for CatchCancel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchCancel")
            .field("caught", &self.child.is_none())
            .finish()
    }
}
