//! How a group fails, and what it refuses.

use std::error::Error;
use std::fmt;

/// The errors of the tasks of a [`TaskGroup`](crate::TaskGroup), in the order in which they came,
/// the one of the body last.
///
/// It is empty only if the group was cancelled by [`TaskGroup::cancel`](crate::TaskGroup::cancel)
/// before its body had a value. The asyncio counterpart is `ExceptionGroup`.
///
/// ```
/// use looplet::{TaskGroup, run};
///
/// let errors = run(TaskGroup::scope(async |group| {
///     group.create_task(async { Err::<(), _>("first") });
///     group.create_task(async { Err::<(), _>("second") });
///     Ok(())
/// }));
/// let errors = errors.expect_err("both fail");
/// assert_eq!(errors.errors(), ["first", "second"]);
/// assert_eq!(errors.to_string(), "2 errors in a task group: first; second");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[doc(alias = "ExceptionGroup")]
pub struct ErrorGroup<E> {
    errors: Vec<E>,
}

impl<E> ErrorGroup<E> {
    pub(super) fn new(errors: Vec<E>) -> Self {
        Self { errors }
    }

    /// Returns the errors.
    pub fn errors(&self) -> &[E] {
        &self.errors
    }

    /// Gives the errors away.
    pub fn into_errors(self) -> Vec<E> {
        self.errors
    }

    /// Returns whether nothing failed: the group was cancelled by itself.
    pub fn is_cancelled(&self) -> bool {
        self.errors.is_empty()
    }
}

impl<E: fmt::Display> fmt::Display for ErrorGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.errors.len() {
            0 => return f.write_str("the task group was cancelled"),
            1 => f.write_str("1 error in a task group")?,
            count => write!(f, "{count} errors in a task group")?,
        }
        for (number, error) in self.errors.iter().enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl<E: Error> Error for ErrorGroup<E> {}

/// Says that a [`TaskGroup`](crate::TaskGroup) is not in a state in which that could be done.
///
/// The asyncio counterparts are the texts of a `RuntimeError`.
///
/// ```
/// use looplet::{GroupStateError, TaskGroup, run};
///
/// run(async {
///     let group = TaskGroup::<()>::new();
///     let refused = group.try_create_task(async { Ok(()) });
///     assert_eq!(refused.unwrap_err(), GroupStateError::NotEntered);
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupStateError {
    /// It does not run yet.
    NotEntered,
    /// It was run before.
    AlreadyEntered,
    /// A task has failed, or the group was cancelled, and it takes no more tasks.
    ShuttingDown,
    /// It is over.
    Finished,
}

impl fmt::Display for GroupStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GroupStateError::NotEntered => "the task group has not been entered",
            GroupStateError::AlreadyEntered => "the task group has already been entered",
            GroupStateError::ShuttingDown => "the task group is shutting down",
            GroupStateError::Finished => "the task group is finished",
        })
    }
}

impl Error for GroupStateError {}
