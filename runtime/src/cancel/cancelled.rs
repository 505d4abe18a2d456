//! The value that says *this was cancelled, and why*.
//!
//! `Cancelled` is deliberately not a `std::error::Error`: the `?` of a function that returns
//! `Box<dyn Error>` must not turn a cancel into an ordinary error by accident. It is
//! `#[must_use]`, because who catches a cancel owes an answer: pass it on with `raise`, or
//! drop it knowingly and return a value.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// Why something was cancelled.
///
/// asyncio has no counterpart: a `CancelledError` there has a message and no reason.
///
/// ```
/// use looplet::{CancelReason, TaskError, create_task, run, yield_now};
///
/// run(async {
///     let task = create_task(yield_now());
///     task.cancel();
///     let Err(TaskError::Cancelled(cancelled)) = task.join().await else { panic!("it ended") };
///     assert_eq!(cancelled.reason(), CancelReason::Requested);
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// Somebody called `cancel` on a task or a promise.
    Requested,
    /// The deadline of a `timeout` passed.
    TimedOut,
    /// Another task of the same group has failed.
    SiblingFailed,
    /// The task itself has failed: its error is with its group.
    Failed,
    /// The group was cancelled, or its scope was.
    GroupCancelled,
    /// The loop is ending and cancels what is left.
    LoopClosing,
    /// The main task of a run was cancelled by Ctrl-C.
    Interrupted,
    /// `abort` was called: the coroutine was dropped without a chance to clean up.
    Aborted,
}

impl CancelReason {
    fn text(self) -> &'static str {
        match self {
            CancelReason::Requested => "cancelled",
            CancelReason::TimedOut => "cancelled by a timeout",
            CancelReason::SiblingFailed => "cancelled because a task of its group failed",
            CancelReason::Failed => "ended by an error, which its group has",
            CancelReason::GroupCancelled => "cancelled with its group",
            CancelReason::LoopClosing => "cancelled because the loop is ending",
            CancelReason::Interrupted => "cancelled by Ctrl-C",
            CancelReason::Aborted => "aborted",
        }
    }
}

/// Says that an await was cancelled, by whom, and why.
///
/// It comes out of [`catch_cancel`](crate::catch_cancel) and, inside
/// [`TaskError`](crate::TaskError), out of `task.join().await`. It is `Clone` and cheap to
/// clone. The asyncio counterpart is `CancelledError`.
///
/// ```
/// use looplet::{catch_cancel, create_task, run, sleep};
/// use std::time::Duration;
///
/// let words = run(async {
///     let task = create_task(async {
///         match catch_cancel(sleep(Duration::from_secs(60))).await {
///             Ok(()) => "slept".to_string(),
///             Err(cancelled) => format!("caught: {cancelled}"),
///         }
///     });
///     looplet::yield_now().await;
///     task.cancel_with("too late");
///     task.await
/// });
/// assert!(words.starts_with("caught: cancelled: too late"));
/// ```
#[derive(Clone)]
#[must_use = "a caught cancel is either passed on with `raise` or dropped knowingly"]
#[doc(alias = "CancelledError")]
pub struct Cancelled {
    details: Arc<Details>,
}

struct Details {
    reason: CancelReason,
    site: &'static Location<'static>,
    message: Option<String>,
    /// The cancel that this one follows from.
    cause: Option<Cancelled>,
}

impl Cancelled {
    /// Makes a request; the caller's place in the source becomes its site.
    #[track_caller]
    pub(crate) fn new(reason: CancelReason) -> Self {
        Self::build(reason, None, None)
    }

    /// Makes a request that follows from another one.
    #[track_caller]
    pub(crate) fn because(reason: CancelReason, cause: Cancelled) -> Self {
        Self::build(reason, None, Some(cause))
    }

    /// Makes a request that carries a message for whoever catches it.
    #[track_caller]
    pub(crate) fn with_message(message: impl Into<String>) -> Self {
        Self::build(CancelReason::Requested, Some(message.into()), None)
    }

    #[track_caller]
    fn build(reason: CancelReason, message: Option<String>, cause: Option<Cancelled>) -> Self {
        let site = Location::caller();
        Self {
            details: Arc::new(Details {
                reason,
                site,
                message,
                cause,
            }),
        }
    }

    /// Returns why the cancel happened.
    pub fn reason(&self) -> CancelReason {
        self.details.reason
    }

    /// Returns the message given to `cancel_with`, if there was one.
    pub fn message(&self) -> Option<&str> {
        self.details.message.as_deref()
    }

    /// Returns the cancel that this one follows from, if there is one: that of the group, for its
    /// tasks.
    pub fn cause(&self) -> Option<&Cancelled> {
        self.details.cause.as_ref()
    }

    /// Returns the place in the source that asked for the cancel.
    pub fn site(&self) -> &'static Location<'static> {
        self.details.site
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason().text())?;
        if let Some(message) = self.message() {
            write!(f, ": {message}")?;
        }
        write!(f, " (at {})", self.site())?;
        match self.cause() {
            Some(cause) => write!(f, ", because: {cause}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled")
            .field("reason", &self.reason())
            .field("message", &self.message())
            .field("site", &format_args!("{}", self.site()))
            .field("cause", &self.cause())
            .finish()
    }
}
