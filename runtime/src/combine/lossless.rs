//! Waits that lose no value to a deadline.
//!
//! A leaf that is ready and cancelled in the same turn is cancelled, as in asyncio: the value
//! stays in the promise or the queue, and is lost to the one who waited. The scope here lets
//! its future make one ordinary step before a request is thrown at it. A future that ends in
//! that step hands its value out. If the request was the deadline around it, that is the end
//! of the matter; any other request is put back and thrown at the next await.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use super::into_task::IntoTask;
use super::wait_for::wait_for;
use crate::cancel::{Cancelled, Step};
use crate::error::TimedOut;
use crate::event_loop::{frame, with_step};
use crate::task::{WithTimeout, timeout};

/// Runs `future` for at most `delay`, as [`timeout`] does, but loses no value: if `future` can
/// end in the very turn in which it is to be cancelled, it does, and its value is the result.
///
/// That holds for the deadline and for a cancel from outside. The latter is not swallowed: it
/// is thrown at the next await. It does not hold for a promise that was still without a value
/// when the time was over: that is cancelled, and tells so to whoever sets it. asyncio has no
/// counterpart.
///
/// # Errors
///
/// [`TimedOut`] if `future` was cancelled because its time was over.
///
/// # Cancel safety
///
/// As [`timeout`].
///
/// # Panics
///
/// When polled outside a running loop.
///
/// ```
/// use looplet::{get_running_loop, run, timeout_lossless};
/// use std::time::Duration;
///
/// let answer = run(async {
///     let promise = get_running_loop().create_promise();
///     let (setter, both) = (promise.clone(), Duration::from_millis(1));
///     get_running_loop().call_later(both, move || setter.set_result(42).expect("it is new"));
///     timeout_lossless(both, promise).await
/// });
/// assert_eq!(answer, Ok(42));
/// ```
pub fn timeout_lossless<F: IntoFuture>(
    delay: Duration,
    future: F,
) -> WithTimeout<Lossless<F::IntoFuture>> {
    let child = Box::pin(future.into_future());
    timeout(delay, Lossless { child })
}

/// Waits for a task, a promise or a future for at most `delay`, as [`wait_for`] does, but
/// loses no value; see [`timeout_lossless`].
///
/// asyncio has no counterpart: its `wait_for` drops such a value.
///
/// # Errors
///
/// [`TimedOut`] if what it waited for was cancelled because its time was over.
///
/// # Cancel safety
///
/// As [`wait_for`], except that a value which came in the same turn as the cancel is returned,
/// and the cancel is thrown at the next await.
///
/// # Panics
///
/// As [`wait_for`].
///
/// ```
/// use looplet::{TimedOut, create_task, run, wait_for_lossless, yield_now};
/// use std::time::Duration;
///
/// run(async {
///     let minute = Duration::from_secs(60);
///     let task = create_task(async { yield_now().await; 7 });
///     assert_eq!(wait_for_lossless(task, minute).await, Ok(7));
///     let never = std::future::pending::<()>();
///     assert_eq!(wait_for_lossless(never, Duration::from_millis(1)).await, Err(TimedOut));
/// });
/// ```
pub async fn wait_for_lossless<I, T>(task: I, delay: Duration) -> Result<T, TimedOut>
where
    I: IntoTask<Output = T> + IntoFuture<Output = T>,
    T: 'static,
{
    if delay.is_zero() {
        return wait_for(task, delay).await;
    }
    timeout_lossless(delay, task).await
}

/// The body of a [`timeout_lossless`].
///
/// It returns a value that comes in the turn in which the time is over. asyncio has no
/// counterpart.
///
/// # Cancel safety
///
/// As the future in it.
///
/// ```
/// use looplet::{Lossless, WithTimeout, run, timeout_lossless};
/// use std::future::{Ready, ready};
/// use std::time::Duration;
///
/// let limited: WithTimeout<Lossless<Ready<i32>>> =
///     timeout_lossless(Duration::from_secs(1), ready(7));
/// assert_eq!(run(limited), Ok(7));
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Lossless<F> {
    child: Pin<Box<F>>,
}

impl<F: Future> std::future::Future for Lossless<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(cause) = with_step(Step::untaken) else {
            return self.child.as_mut().poll(context);
        };
        if let Poll::Ready(value) = self.child.as_mut().poll(context) {
            put_back(cause);
            return Poll::Ready(value);
        }
        if !with_step(Step::is_normal) {
            // It is on its way out already.
            return Poll::Pending;
        }
        with_step(|step| step.throw(cause));
        self.child.as_mut().poll(context)
    }
}

/// Stores a request that was taken where it came from: in the innermost frame that one was
/// made to. The owner of that frame looks when it has polled its child.
fn put_back(cause: Cancelled) {
    let mut next = frame();
    while let Some(owner) = next {
        if owner.frame().cancelling() > 0 || owner.parent().is_none() {
            return owner.frame().store(cause);
        }
        next = owner.parent().cloned();
    }
}

impl<F> fmt::Debug for Lossless<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lossless")
    }
}
