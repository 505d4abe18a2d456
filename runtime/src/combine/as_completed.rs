//! `as_completed`: tasks one by one, the fastest first.
//!
//! It only watches: a task that is too slow for its timeout goes on, and dropping it leaves
//! them all running.

use std::fmt;
use std::time::Duration;

use super::arrivals::{Arrival, Arrivals};
use super::into_task::IntoTask;
use crate::error::TimedOut;
use crate::iterate::AsyncIterator;
use crate::promise::TaskError;
use crate::task::Task;

/// Starts what is not started, and gives the tasks one by one in the order in which they end.
///
/// Those that have ended already come first, in the order of the arguments, and without a
/// turn in between. A task that is given twice comes twice. The asyncio counterpart has the
/// same name.
///
/// # Panics
///
/// If futures have to be started and no loop is running.
///
/// ```
/// use looplet::{Clock, Runner, as_completed, sleep};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// Runner::with_clock(Clock::Virtual)?.run(async {
///     let work = [3, 1, 2].map(|time| async move {
///         sleep(Duration::from_millis(time)).await;
///         time
///     });
///     let mut completed = as_completed(work);
///     let mut order = Vec::new();
///     while let Some(Ok(next)) = completed.next().await {
///         order.push((next.index, next.task.await));
///     }
///     assert_eq!(order, [(1, 1), (2, 2), (0, 3)]);
/// })?;
/// # Ok(())
/// # }
/// ```
#[track_caller]
pub fn as_completed<I: IntoTask>(tasks: impl IntoIterator<Item = I>) -> AsCompleted<I::Output> {
    let mut arrivals = Arrivals::new("as_completed of");
    for (index, task) in tasks.into_iter().enumerate() {
        arrivals.watch(index, task.into_task());
    }
    AsCompleted {
        arrivals,
        expired: false,
    }
}

/// Tasks in the order in which they end. Made by [`as_completed`].
///
/// The asyncio counterpart is the iterator that `as_completed` returns.
///
/// # Cancel safety
///
/// Cancelling or dropping [`next`](Self::next) loses nothing. Dropping the whole leaves the
/// tasks running.
///
/// ```
/// use looplet::{as_completed, run, sleep};
/// use std::time::Duration;
///
/// run(async {
///     let nap = |ms| sleep(Duration::from_millis(ms));
///     let mut ended = as_completed([nap(9), nap(1), nap(5)]);
///     let mut places = Vec::new();
///     while let Some(Ok(completed)) = ended.next().await {
///         places.push(completed.index);
///     }
///     assert_eq!(places, [1, 2, 0]);
/// });
/// ```
#[must_use = "it is there to be asked for the next one"]
pub struct AsCompleted<T: 'static> {
    arrivals: Arrivals<T>,
    /// Whether the time is over.
    expired: bool,
}

/// A task that has ended.
///
/// Given by [`AsCompleted::next`]; asyncio gives the task alone.
///
/// ```
/// use looplet::{as_completed, run};
///
/// run(async {
///     let mut ended = as_completed([async { 7 }]);
///     let first = ended.next().await.expect("there is one").expect("there is no limit");
///     assert_eq!(first.index, 0);
///     assert_eq!(first.outcome().expect("it was not cancelled"), 7);
/// });
/// ```
#[derive(Debug)]
pub struct Completed<T> {
    /// Its place among the arguments.
    pub index: usize,
    /// The task itself. Awaiting it gives its value, and raises what there is to raise.
    pub task: Task<T>,
}

impl<T: 'static> Completed<T> {
    /// Moves out how the task ended.
    ///
    /// # Errors
    ///
    /// [`TaskError`] if it was cancelled or panicked.
    ///
    /// # Panics
    ///
    /// If the value was moved out by an earlier await.
    pub fn outcome(self) -> Result<T, TaskError> {
        self.task.into_outcome()
    }
}

impl<T> AsCompleted<T> {
    /// Sets a limit for all, counted from now. It replaces one that was set before.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub fn timeout(mut self, delay: Duration) -> Self {
        self.arrivals.set_timer(delay);
        self
    }

    /// Waits for the next task that ends. `None`: all have.
    ///
    /// # Errors
    ///
    /// [`TimedOut`], once for each task that had not ended when the time was over. Those
    /// tasks go on.
    ///
    /// # Cancel safety
    ///
    /// Cancelling or dropping it loses nothing.
    pub async fn next(&mut self) -> Option<Result<Completed<T>, TimedOut>> {
        if !self.expired {
            match self.arrivals.next().await? {
                Arrival::Ended(index, task) => return Some(Ok(Completed { index, task })),
                Arrival::TimeOver => self.expired = true,
            }
        }
        self.arrivals.give_one_up().then_some(Err(TimedOut))
    }
}

impl<T> AsyncIterator for AsCompleted<T> {
    type Item = Result<Completed<T>, TimedOut>;

    async fn next(&mut self) -> Option<Self::Item> {
        AsCompleted::next(self).await
    }
}

impl<T> fmt::Debug for AsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsCompleted")
            .field("left", &self.arrivals.len())
            .field("expired", &self.expired)
            .finish()
    }
}
