//! `wait`: until the first task has ended, or all have, or the time is over.
//!
//! It never raises what a task raises, and never cancels one: it says which have ended. So it
//! is what the other waits are made of where they need to look at several tasks.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::into_task::{IntoTask, ensure_all};
use crate::cancel::{Awaitable, note_of};
use crate::event_loop::{TimerHandle, get_running_loop};
use crate::leaf::noted;
use crate::promise::{CallbackId, Promise};
use crate::task::Task;

/// When [`wait`] returns, at the latest when all tasks have ended.
///
/// The asyncio counterparts are the constants `FIRST_COMPLETED`, `ALL_COMPLETED` and
/// `FIRST_EXCEPTION`.
///
/// ```
/// use looplet::{ReturnWhen, run, wait};
/// use std::future::ready;
///
/// run(async {
///     let tasks = [ready(Ok(1)), ready(Err("no"))];
///     let (done, _) = wait(tasks, ReturnWhen::first_exception(), None).await.expect("two");
///     assert!(done.iter().any(|task| matches!(task.result(), Ok(Ok(Err("no"))))));
/// });
/// ```
#[non_exhaustive]
pub enum ReturnWhen<T> {
    /// When one task has ended, in whatever way.
    #[doc(alias = "FIRST_COMPLETED")]
    FirstCompleted,
    /// When all tasks have ended.
    #[doc(alias = "ALL_COMPLETED")]
    AllCompleted,
    /// When one task has ended with a value like this; made by [`first`](Self::first).
    First(Predicate<T>),
}

/// What [`ReturnWhen::first`] looks for.
///
/// It can be made only there. asyncio has no counterpart.
///
/// ```
/// use looplet::ReturnWhen;
///
/// let even = ReturnWhen::first(|n: &i32| n % 2 == 0);
/// assert!(matches!(even, ReturnWhen::First(_)));
/// ```
pub struct Predicate<T>(Box<dyn Fn(&T) -> bool>);

impl<T> ReturnWhen<T> {
    /// When one task has ended with a value for which `predicate` holds, or has panicked. A
    /// task that was cancelled does not count.
    pub fn first(predicate: impl Fn(&T) -> bool + 'static) -> Self {
        ReturnWhen::First(Predicate(Box::new(predicate)))
    }
}

impl<T: 'static, E: 'static> ReturnWhen<Result<T, E>> {
    /// When one task has ended with an error, or has panicked. The asyncio counterpart is
    /// `FIRST_EXCEPTION`.
    #[doc(alias = "FIRST_EXCEPTION")]
    pub fn first_exception() -> Self {
        Self::first(Result::is_err)
    }
}

impl<T: 'static> ReturnWhen<T> {
    /// Whether a task that has ended ends the wait for all.
    fn is_met_by(&self, task: &Task<T>) -> bool {
        match self {
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::AllCompleted => false,
            ReturnWhen::First(Predicate(holds)) => {
                task.panicked() || task.look(|value| holds(value)) == Some(true)
            }
        }
    }
}

impl<T> fmt::Debug for ReturnWhen<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ReturnWhen::FirstCompleted => "FirstCompleted",
            ReturnWhen::AllCompleted => "AllCompleted",
            ReturnWhen::First(_) => "First(..)",
        })
    }
}

impl<T> fmt::Debug for Predicate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate(..)")
    }
}

/// There is nothing to wait for. asyncio raises `ValueError('Set of Tasks/Futures is empty.')`.
///
/// ```
/// use looplet::{NoTasks, ReturnWhen, Task, run, wait};
///
/// let nothing: [Task<()>; 0] = [];
/// let refused = run(wait(nothing, ReturnWhen::AllCompleted, None));
/// assert_eq!(refused.unwrap_err(), NoTasks);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTasks;

impl fmt::Display for NoTasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the set of tasks to wait for is empty")
    }
}

impl Error for NoTasks {}

/// The tasks that have ended and those that have not, each in the order of the arguments.
///
/// Given by [`wait`]; in asyncio, two sets.
///
/// ```
/// use looplet::{DoneAndPending, ReturnWhen, create_task, run, wait};
///
/// run(async {
///     let tasks = [create_task(async { 1 }), create_task(std::future::pending())];
///     let (done, pending): DoneAndPending<i32> =
///         wait(tasks, ReturnWhen::FirstCompleted, None).await.expect("there are two");
///     assert_eq!((done.len(), pending.len()), (1, 1));
/// });
/// ```
pub type DoneAndPending<T> = (Vec<Task<T>>, Vec<Task<T>>);

/// Waits for tasks, and returns those that have ended and those that have not.
///
/// Returns when `return_when` says so, or when `timeout` has passed. Futures are started when
/// the wait is first polled. If there is nothing to wait for, no turn passes. The asyncio
/// counterpart has the same name.
///
/// # Errors
///
/// [`NoTasks`] if there are none.
///
/// # Cancel safety
///
/// Cancelling or dropping it leaves the tasks running.
///
/// # Panics
///
/// When polled outside a running loop. A panic in a predicate goes to the exception handler of
/// the loop, and counts as "no".
///
/// ```
/// use looplet::{Clock, ReturnWhen, Runner, sleep, wait};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// Runner::with_clock(Clock::Virtual)?.run(async {
///     let work = [5, 1].map(|time| async move {
///         sleep(Duration::from_millis(time)).await;
///         time
///     });
///     let (done, pending) = wait(work, ReturnWhen::FirstCompleted, None).await?;
///     assert_eq!((done.len(), pending.len()), (1, 1));
///     assert_eq!((&done[0]).await, 1);
///     assert_eq!((&pending[0]).await, 5);
///     Ok::<_, looplet::NoTasks>(())
/// })??;
/// # Ok(())
/// # }
/// ```
pub async fn wait<I: IntoTask>(
    tasks: impl IntoIterator<Item = I>,
    return_when: ReturnWhen<I::Output>,
    timeout: Option<Duration>,
) -> Result<DoneAndPending<I::Output>, NoTasks> {
    let tasks = ensure_all(tasks);
    if tasks.is_empty() {
        return Err(NoTasks);
    }
    let mut done = tasks.iter().filter(|task| task.done());
    if !tasks.iter().all(Task::done) && !done.any(|task| return_when.is_met_by(task)) {
        return Ok(Waited::wait(tasks, return_when, timeout).await);
    }
    Ok(tasks.into_iter().partition(Task::done))
}

/// The tasks of a wait, as a report sees them.
struct Waited<T> {
    tasks: Vec<Task<T>>,
}

impl<T: 'static> Waited<T> {
    async fn wait(
        tasks: Vec<Task<T>>,
        return_when: ReturnWhen<T>,
        timeout: Option<Duration>,
    ) -> DoneAndPending<T> {
        let waited = Rc::new(Self { tasks });
        let watch = Watch::start(&waited.tasks, return_when, timeout);
        let end = watch.end.clone().into_future();
        noted(end, || note_of(&waited)).await;
        drop(watch);
        let waited = Rc::into_inner(waited).expect("a report looks at it and lets go");
        waited.tasks.into_iter().partition(Task::done)
    }
}

impl<T: 'static> Awaitable for Waited<T> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.tasks.iter().filter(|task| !task.done()).count();
        write!(f, "a wait for {left} tasks")
    }

    fn decided_by(&self) -> Vec<usize> {
        let deciders = |task: &Task<T>| task.as_cancel_target().decided_by();
        self.tasks.iter().flat_map(deciders).collect()
    }
}

/// The done-callbacks of one wait, and its timer. Dropping it takes all of them back.
struct Watch<'a, T: 'static> {
    tasks: &'a [Task<T>],
    callbacks: Vec<CallbackId>,
    timer: Option<TimerHandle>,
    end: Promise<()>,
}

impl<'a, T> Watch<'a, T> {
    fn start(tasks: &'a [Task<T>], when: ReturnWhen<T>, timeout: Option<Duration>) -> Self {
        let event_loop = get_running_loop();
        let end = event_loop.create_promise();
        let timer = timeout.map(|delay| {
            let end = end.clone();
            event_loop.call_later(delay, move || set(&end))
        });
        let count = Rc::new(Count {
            left: Cell::new(tasks.len()),
            when,
            end: end.clone(),
        });
        let watch = |task: &Task<T>| {
            let count = count.clone();
            task.add_done_callback(move |task| count.ended(task))
        };
        Self {
            tasks,
            callbacks: tasks.iter().map(watch).collect(),
            timer,
            end,
        }
    }
}

impl<T> Drop for Watch<'_, T> {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.cancel();
        }
        for (task, callback) in self.tasks.iter().zip(&self.callbacks) {
            task.remove_done_callback(*callback);
        }
    }
}

/// What the done-callbacks share.
struct Count<T> {
    /// Tasks that have not ended.
    left: Cell<usize>,
    when: ReturnWhen<T>,
    end: Promise<()>,
}

impl<T: 'static> Count<T> {
    fn ended(&self, task: &Task<T>) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 || self.when.is_met_by(task) {
            set(&self.end);
        }
    }
}

/// Ends the wait, unless it has ended.
fn set(end: &Promise<()>) {
    let _ = end.set_result(());
}
