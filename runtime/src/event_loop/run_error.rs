//! Why a run of the loop ended early.

use std::fmt;
use std::io;

use super::turn::TurnError;
use crate::cancel::Cancelled;
use crate::error::Deadlock;

/// Why a run of the loop ended without what it was started for.
///
/// Returned by [`Runner::run`](crate::Runner::run) and
/// [`EventLoop::run_until_complete`](crate::EventLoop::run_until_complete). asyncio raises
/// `RuntimeError`, `CancelledError` or `KeyboardInterrupt`.
///
/// ```
/// use looplet::{RunError, Runner, current_task, yield_now};
///
/// let runner = Runner::new().expect("the system gives a loop");
/// let ended = runner.run(async {
///     current_task().expect("this is one").cancel();
///     yield_now().await
/// });
/// assert!(matches!(ended, Err(RunError::Cancelled(_))));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// All tasks wait and nothing can ever wake them.
    Deadlock(Deadlock),
    /// `stop` was called before the future was done.
    Stopped,
    /// The main task was cancelled.
    Cancelled(Cancelled),
    /// Ctrl-C has ended the main task. asyncio raises `KeyboardInterrupt`.
    Interrupted,
    /// The loop is running already, or another one is running on this thread.
    AlreadyRunning,
    /// The loop is closed.
    Closed,
    /// The kernel refused to tell which sources are ready, or to make a loop.
    Io(io::Error),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Deadlock(deadlock) => deadlock.fmt(f),
            RunError::Stopped => {
                f.write_str("the event loop was stopped before the future was done")
            }
            RunError::Cancelled(cancelled) => write!(f, "the main task was {cancelled}"),
            RunError::Interrupted => f.write_str("the main task was interrupted by Ctrl-C"),
            RunError::AlreadyRunning => {
                f.write_str("an event loop is running on this thread already")
            }
            RunError::Closed => f.write_str("the event loop is closed"),
            RunError::Io(error) => write!(f, "the event loop cannot ask the kernel: {error}"),
        }
    }
}

impl std::error::Error for RunError {}

impl From<TurnError> for RunError {
    fn from(error: TurnError) -> Self {
        match error {
            TurnError::Deadlock(deadlock) => RunError::Deadlock(deadlock),
            TurnError::Poll(error) => RunError::Io(error),
        }
    }
}
