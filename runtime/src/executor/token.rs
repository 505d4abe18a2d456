//! The token: how a job that runs learns that nobody waits for it any more.
//!
//! No thread can be stopped from outside, so a cancel of the await leaves the job running. A
//! job that takes long can ask its token from time to time and end by itself.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::error::JobCancelled;

/// What a running job asks whether it was cancelled.
///
/// Clones stand for the same job and may go to other threads. asyncio has no counterpart: its
/// jobs cannot learn of a cancel.
///
/// ```
/// use looplet::ThreadPool;
/// use std::time::Duration;
///
/// # fn main() -> Result<(), looplet::SubmitError> {
/// let pool = ThreadPool::new(1);
/// let job = pool.submit_with(|token| {
///     let mut rounds = 0;
///     while !token.wait_timeout(Duration::from_millis(1)) {
///         rounds += 1;
///     }
///     rounds
/// })?;
/// let job = job.wait_timeout(Duration::from_millis(5)).expect_err("it goes on");
/// job.cancel();
/// assert!(job.wait().is_ok_and(|rounds: u32| rounds < 1000));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JobToken {
    shared: Arc<Shared>,
}

struct Shared {
    cancelled: Mutex<bool>,
    /// Rung when it is marked.
    marked: Condvar,
}

impl JobToken {
    pub(super) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                cancelled: Mutex::new(false),
                marked: Condvar::new(),
            }),
        }
    }

    /// Returns whether the job was cancelled: by its handle, or because the await of it was
    /// cancelled or dropped.
    pub fn is_cancelled(&self) -> bool {
        *self.shared.lock()
    }

    /// Lets a job end with `?` when it was cancelled.
    ///
    /// # Errors
    ///
    /// [`JobCancelled`] if it was.
    pub fn check(&self) -> Result<(), JobCancelled> {
        if self.is_cancelled() {
            Err(JobCancelled)
        } else {
            Ok(())
        }
    }

    /// Blocks for `duration`, or until the job is cancelled. Returns whether it was.
    ///
    /// For a job that would otherwise sleep.
    pub fn wait_timeout(&self, duration: Duration) -> bool {
        let waited =
            self.shared
                .marked
                .wait_timeout_while(self.shared.lock(), duration, |cancelled| !*cancelled);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn mark(&self) {
        *self.shared.lock() = true;
        self.shared.marked.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.cancelled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for JobToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobToken")
            .field("cancelled", &self.is_cancelled())
            .finish()
    }
}
