//! What can go wrong with a pool and its jobs, besides the job itself.

use std::error::Error;
use std::fmt;
use std::io;

use crate::error::LoopClosed;

/// A pool did not take a job.
///
/// Each variant names what Python raises.
///
/// ```
/// use looplet::{SubmitError, ThreadPool};
/// use std::time::Duration;
///
/// let pool = ThreadPool::new(1);
/// assert!(pool.shutdown(Duration::from_secs(1)));
/// assert!(matches!(pool.submit(|| ()), Err(SubmitError::ShutDown)));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SubmitError {
    /// The pool was shut down. Python raises `RuntimeError('Executor shutdown has been
    /// called')`, or `'cannot schedule new futures after shutdown'`.
    ShutDown,
    /// The loop that was to wait for the job is closed. asyncio raises `RuntimeError('Event loop
    /// is closed')`.
    LoopClosed,
    /// The pool has no thread, and the system gives none.
    NoThread(io::Error),
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubmitError::ShutDown => f.write_str("executor shutdown has been called"),
            SubmitError::LoopClosed => LoopClosed.fmt(f),
            SubmitError::NoThread(error) => write!(f, "the system gives no thread: {error}"),
        }
    }
}

impl Error for SubmitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            SubmitError::ShutDown | SubmitError::LoopClosed => None,
            SubmitError::NoThread(error) => Some(error),
        }
    }
}

/// Nobody waits for the job any more; what [`JobToken::check`](crate::JobToken::check) gives.
///
/// Unlike [`Cancelled`](crate::Cancelled), it is an ordinary error: in a job, which is ordinary
/// blocking code, `?` is the way to end. asyncio has no counterpart: a thread there is not told.
///
/// ```
/// use looplet::{JobCancelled, ThreadPool};
///
/// fn work(token: &looplet::JobToken) -> Result<(), JobCancelled> {
///     loop {
///         token.check()?;
///         std::thread::yield_now();
///     }
/// }
///
/// let job = ThreadPool::new(1).submit_with(|token| work(&token)).expect("the pool is open");
/// job.cancel();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobCancelled;

impl fmt::Display for JobCancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job was cancelled")
    }
}

impl Error for JobCancelled {}
