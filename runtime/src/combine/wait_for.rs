//! `wait_for`: a limit for one task, promise or future.

use std::time::Duration;

use super::into_task::IntoTask;
use super::wait::{ReturnWhen, wait};
use crate::error::TimedOut;
use crate::task::{Task, timeout};

/// Waits for a task, a promise or a future for at most `delay`.
///
/// When the time is over, what it waits for is cancelled, and its end is waited for. If it
/// answers the cancel with a value, that is returned. A future is not made a task: it runs
/// where it is awaited. With a `delay` of zero, what has ended gives its value, and nothing is
/// started. The asyncio counterpart has the same name.
///
/// A value that comes in the same turn as the deadline stays where it is;
/// [`wait_for_lossless`](crate::wait_for_lossless) returns it.
///
/// # Errors
///
/// [`TimedOut`] if what it waited for was cancelled because its time was over.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels what it waits for. Dropping it drops a future, and leaves a
/// task running.
///
/// # Panics
///
/// When polled outside a running loop; and if the task panics, with its payload.
///
/// ```
/// use looplet::{TimedOut, create_task, run, sleep, wait_for};
/// use std::time::Duration;
///
/// run(async {
///     let slow = create_task(sleep(Duration::from_secs(60)));
///     assert_eq!(wait_for(slow.clone(), Duration::from_millis(5)).await, Err(TimedOut));
///     assert!(slow.cancelled());
/// });
/// ```
pub async fn wait_for<I, T>(task: I, delay: Duration) -> Result<T, TimedOut>
where
    I: IntoTask<Output = T> + IntoFuture<Output = T>,
    T: 'static,
{
    if delay.is_zero() {
        return at_once(task.into_task()).await;
    }
    timeout(delay, task).await
}

/// The value of a task that has ended; any other is cancelled.
async fn at_once<T: 'static>(task: Task<T>) -> Result<T, TimedOut> {
    if task.done() {
        return Ok(task.await);
    }
    task.cancel();
    let ended = wait([task.clone()], ReturnWhen::AllCompleted, None).await;
    ended.expect("there is one task");
    if task.cancelled() {
        return Err(TimedOut);
    }
    Ok(task.await)
}
