//! The errors of the runtime that more than one module can give.
//!
//! Each is a small type that names one situation. Errors that belong to one type (a queue that
//! is full, a line that is too long) stand beside that type.

use std::error::Error;
use std::fmt;
use std::panic::Location;

/// The event loop is closed, so nothing can be scheduled on it.
///
/// asyncio raises `RuntimeError('Event loop is closed')`.
///
/// ```
/// use looplet::{EventLoop, LoopClosed};
///
/// let event_loop = EventLoop::new().expect("the system gives a loop");
/// let handle = event_loop.handle();
/// event_loop.close();
/// assert_eq!(handle.call_soon_threadsafe(|| ()).unwrap_err(), LoopClosed);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopClosed;

impl fmt::Display for LoopClosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the event loop is closed")
    }
}

impl Error for LoopClosed {}

/// A deadline passed before the work was done. asyncio raises `TimeoutError`.
///
/// ```
/// use looplet::{TimedOut, run, timeout};
/// use std::time::Duration;
///
/// let never = std::future::pending::<()>();
/// assert_eq!(run(timeout(Duration::from_millis(1), never)), Err(TimedOut));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "TimeoutError")]
pub struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the deadline passed before the work was done")
    }
}

impl Error for TimedOut {}

/// A promise or a task was asked for something that its state does not allow.
///
/// asyncio raises `InvalidStateError` for all of these, except the last: there a result stays
/// where it is, and here an await by value moves it out.
///
/// ```
/// use looplet::{InvalidState, get_running_loop, run};
///
/// run(async {
///     let promise = get_running_loop().create_promise();
///     assert_eq!(promise.result().unwrap_err(), InvalidState::ResultNotSet);
///     promise.set_result(1).expect("it is new");
///     assert_eq!(promise.set_result(2), Err(InvalidState::Done));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "InvalidStateError")]
#[non_exhaustive]
pub enum InvalidState {
    /// The result was asked for before there was one.
    ResultNotSet,
    /// The exception was asked for before there was a result.
    ExceptionNotSet,
    /// A result was set on a promise that has one, or was cancelled.
    Done,
    /// The result was moved out by an await.
    Taken,
}

impl fmt::Display for InvalidState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            InvalidState::ResultNotSet => "the result is not set",
            InvalidState::ExceptionNotSet => "the exception is not set",
            InvalidState::Done => "the promise is done already",
            InvalidState::Taken => "the result was already taken by an earlier await",
        })
    }
}

impl Error for InvalidState {}

/// All tasks wait and nothing can ever wake them.
///
/// Nothing is ready, no timer is set, nobody waits for a socket, no job is on a thread, and no
/// [`LoopHandle`](crate::LoopHandle) is alive. asyncio would hang.
///
/// ```
/// use looplet::{Event, RunError, Runner};
///
/// let runner = Runner::new().expect("the system gives a loop");
/// let stuck = runner.run(async { Event::new().wait().await });
/// let Err(RunError::Deadlock(deadlock)) = stuck else { panic!("nobody sets it") };
/// assert_eq!(deadlock.tasks.len(), 1);
/// assert!(deadlock.to_string().starts_with("deadlock: 1 task waits"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deadlock {
    /// The tasks that wait, in the order in which they were spawned.
    pub tasks: Vec<WaitingTask>,
    /// Places in `tasks`: each of these waits for the next, and the last for the first. Empty if
    /// there is no such circle.
    pub cycle: Vec<usize>,
}

/// A task that has not ended, as a report shows it.
///
/// Found in a [`Deadlock`]; asyncio has no counterpart.
///
/// ```
/// use looplet::{Lock, RunError, Runner, current_task};
///
/// let runner = Runner::new().expect("the system gives a loop");
/// let stuck = runner.run(async {
///     current_task().expect("this is one").set_name("main");
///     let lock = Lock::new();
///     let _guard = lock.acquire().await;
///     lock.acquire().await
/// });
/// let Err(RunError::Deadlock(deadlock)) = stuck else { panic!("it waits for itself") };
/// assert_eq!(deadlock.tasks[0].name, "main");
/// assert!(deadlock.tasks[0].waits_for.is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingTask {
    /// Its name.
    pub name: String,
    /// The type of its future, for an `async fn` its path.
    pub coroutine: &'static str,
    /// Where in the source it was spawned.
    pub site: &'static Location<'static>,
    /// What it waits for, in words; `None` if it is ready to run.
    pub waits_for: Option<String>,
}

impl fmt::Display for WaitingTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, coroutine, site) = (&self.name, self.coroutine, self.site);
        write!(f, "{name} ({coroutine}), spawned at {site}")?;
        match &self.waits_for {
            Some(thing) => write!(f, ", waits for {thing}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Deadlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.tasks.len();
        let tasks = if count == 1 {
            "task waits"
        } else {
            "tasks wait"
        };
        write!(
            f,
            "deadlock: {count} {tasks} for something that can never happen"
        )?;
        for task in &self.tasks {
            write!(f, "\n  {task}")?;
        }
        if self.cycle.is_empty() {
            return Ok(());
        }
        f.write_str("\n  in a circle:")?;
        for (step, place) in self.cycle.iter().enumerate() {
            let task = &self.tasks[*place];
            let thing = task.waits_for.as_deref().unwrap_or("something");
            let comma = if step == 0 { "" } else { "," };
            write!(f, "{comma} {} waits for {thing}", task.name)?;
        }
        Ok(())
    }
}

impl Error for Deadlock {}
