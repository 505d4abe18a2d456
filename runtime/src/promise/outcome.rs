//! How a task or a promise ended.
//!
//! A promise is cancelled or has a value; a task may also have panicked. One type serves both,
//! so a plain promise never uses `Panicked`.

use std::any::Any;
use std::fmt;

use crate::cancel::Cancelled;
use crate::event_loop::panic_text;

/// How a task ended without a value.
///
/// asyncio raises `CancelledError`, or the exception itself.
///
/// ```
/// use looplet::{TaskError, create_task, run};
///
/// run(async {
///     let task = create_task(std::future::pending::<()>());
///     task.cancel();
///     let ended = task.join().await;
///     assert!(matches!(ended, Err(TaskError::Cancelled(_))));
/// });
/// ```
#[non_exhaustive]
pub enum TaskError {
    /// It was cancelled.
    Cancelled(Cancelled),
    /// It panicked; this is the payload, for `std::panic::resume_unwind`.
    Panicked(Box<dyn Any + Send>),
}

impl TaskError {
    /// Returns whether the task was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, TaskError::Cancelled(_))
    }

    /// What happened, without saying to whom.
    pub(super) fn text(&self) -> String {
        match self {
            TaskError::Cancelled(cause) => cause.to_string(),
            TaskError::Panicked(payload) => panic_text(payload.as_ref()),
        }
    }

    /// The same error once more. A panic's payload cannot be cloned, but its text can.
    pub(super) fn duplicate(&self) -> Self {
        match self {
            TaskError::Cancelled(cause) => TaskError::Cancelled(cause.clone()),
            TaskError::Panicked(payload) => {
                TaskError::Panicked(Box::new(panic_text(payload.as_ref())))
            }
        }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Cancelled(cause) => f.debug_tuple("Cancelled").field(cause).finish(),
            TaskError::Panicked(payload) => f
                .debug_tuple("Panicked")
                .field(&panic_text(payload.as_ref()))
                .finish(),
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Cancelled(cause) => write!(f, "the task was {cause}"),
            TaskError::Panicked(payload) => {
                write!(f, "the task panicked: {}", panic_text(payload.as_ref()))
            }
        }
    }
}

impl std::error::Error for TaskError {}

/// How a promise or a task ended.
pub(crate) type Outcome<T> = Result<T, TaskError>;

/// Turns an outcome that is no cancel into a value; a panic goes on in the awaiter.
pub(crate) fn value_of<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Ok(value) => value,
        Err(TaskError::Panicked(payload)) => std::panic::resume_unwind(payload),
        Err(TaskError::Cancelled(_)) => unreachable!("a cancel is raised, not returned"),
    }
}

/// An outcome as it is kept: what is rare is boxed, so that it does not make the common case
/// large.
#[derive(Default)]
pub(super) enum Kept<T> {
    #[default]
    Nothing,
    /// Nothing yet; a value will be an exception.
    Demanded(Print<T>),
    Value(T),
    /// A value that somebody ought to look at.
    Exception(Box<Exception<T>>),
    Failure(Box<TaskError>),
}

/// What a report says of a value; `None`: it is no error after all.
pub(super) type Print<T> = fn(&T) -> Option<String>;

/// A value that somebody ought to look at, and how to print it if nobody does.
pub(super) struct Exception<T> {
    pub(super) value: T,
    pub(super) print: Print<T>,
}

/// Prints the error of a result.
pub(crate) fn print_error<T, E: fmt::Debug>(result: &Result<T, E>) -> Option<String> {
    let error = result.as_ref().err()?;
    Some(format!("{error:?}"))
}

impl<T> Kept<T> {
    pub(super) fn new(outcome: Outcome<T>) -> Self {
        match outcome {
            Ok(value) => Kept::Value(value),
            Err(failure) => Kept::Failure(Box::new(failure)),
        }
    }

    /// The value, if there is one.
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Kept::Value(value) => Some(value),
            Kept::Exception(exception) => Some(&exception.value),
            Kept::Nothing | Kept::Demanded(_) | Kept::Failure(_) => None,
        }
    }

    /// Makes it an exception that is reported if nobody looks at it: now, if there is a value,
    /// or when there is one. What is an exception already, or failed, stays as it is.
    pub(super) fn demand(self, print: Print<T>) -> Self {
        match self {
            Kept::Nothing | Kept::Demanded(_) => Kept::Demanded(print),
            Kept::Value(value) => Kept::Exception(Box::new(Exception { value, print })),
            Kept::Exception(_) | Kept::Failure(_) => self,
        }
    }

    /// What a report says of it, if somebody ought to look at it.
    pub(super) fn complaint(&self) -> Option<String> {
        match self {
            Kept::Exception(exception) => (exception.print)(&exception.value),
            Kept::Failure(failure) => Some(failure.text()),
            Kept::Nothing | Kept::Demanded(_) | Kept::Value(_) => None,
        }
    }
}
