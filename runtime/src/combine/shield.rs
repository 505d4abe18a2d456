//! `shield`: a wait that can be cancelled without cancelling what it waits for.
//!
//! The task runs on; what is given back is a promise that mirrors it. Cancelling the awaiter
//! cancels the promise, and nothing else.

use super::into_task::IntoTask;
use crate::event_loop::get_running_loop;
use crate::promise::Promise;

/// Starts `task`, if it is not started, and returns a promise of its result that can be
/// cancelled without cancelling it.
///
/// The promise takes the value of the task when that ends; if the promise was cancelled by
/// then, the value stays with the task. A task that is cancelled cancels the promise, and one
/// that panics goes on panicking in whoever awaits it. The asyncio counterpart has the same
/// name.
///
/// # Cancel safety
///
/// This is what it is for: the task goes on when its awaiter is cancelled, or dropped.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{create_task, run, shield, sleep, timeout};
/// use std::time::Duration;
///
/// run(async {
///     let slow = create_task(async { sleep(Duration::from_millis(5)).await; "done" });
///     let waited = timeout(Duration::from_millis(1), shield(slow.clone())).await;
///     assert!(waited.is_err());
///     assert_eq!(slow.await, "done");
/// });
/// ```
#[track_caller]
pub fn shield<I: IntoTask>(task: I) -> Promise<I::Output> {
    let outer = get_running_loop().create_promise();
    let inner = task.into_task();
    if inner.done() {
        outer.settle_as(inner.take_outcome());
    } else {
        let mirror = outer.clone();
        let callback = inner.add_done_callback(move |inner| {
            if !mirror.done() {
                mirror.settle_as(inner.take_outcome());
            }
        });
        // A task that is shielded again and again, each time for a while, must not collect
        // mirrors that nobody looks into.
        outer.add_done_callback(move |_| {
            inner.remove_done_callback(callback);
        });
    }
    outer
}
