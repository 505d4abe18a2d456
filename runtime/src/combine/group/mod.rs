//! `TaskGroup`: tasks that end together.
//!
//! Who owns the children: the loop, as always; but their group waits for them, and nothing that
//! was started in its scope outlives it. What happens to the others when one fails: they are
//! cancelled, and so is the body.

mod error;
mod state;
mod scope;

use std::fmt;
use std::rc::Rc;

use self::state::{Child, GroupState, Phase};
use crate::cancel::{CancelReason, Cancelled};
use crate::event_loop::get_running_loop;
use crate::sync::Semaphore;
use crate::task::Task;

pub use self::error::{ErrorGroup, GroupStateError};
pub use self::scope::GroupScope;

/// Tasks that end together: the first failure cancels the others.
///
/// `E` is the error of its tasks and of its body. Clones stand for the same group, so a task can
/// start another one in its own group. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{TaskGroup, run, sleep};
/// use std::time::Duration;
///
/// let outcome = run(async {
///     TaskGroup::scope(async |group| {
///         let slow = group.create_task(async {
///             sleep(Duration::from_secs(60)).await;
///             Ok("slow")
///         });
///         group.create_task(async { Err::<(), _>("no luck") });
///         Ok(slow.await)
///     })
///     .await
/// });
/// assert_eq!(outcome.unwrap_err().errors(), ["no luck"]);
/// ```
pub struct TaskGroup<E> {
    state: Rc<GroupState<E>>,
}

impl<E> Clone for TaskGroup<E> {
    fn clone(&self) -> Self {
        Self {
            state: self.state.clone(),
        }
    }
}

impl<E> Default for TaskGroup<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E> TaskGroup<E> {
    /// Makes a group that [`run`](Self::run) has to enter. For one without settings,
    /// [`scope`](Self::scope) does both.
    pub fn new() -> Self {
        Self {
            state: Rc::new(GroupState::new()),
        }
    }

    /// Lets at most `count` tasks of the group run at the same time; further ones wait, in the
    /// order in which they were created. 0 counts as 1.
    #[must_use]
    pub fn limit(self, count: usize) -> Self {
        let semaphore = Semaphore::new(count.max(1));
        self.state.limit.replace(Some(semaphore));
        self
    }

    /// Runs `body` with a new group, and waits for all tasks that were started in it.
    ///
    /// What it borrows may be used in the body, but not in the tasks. The result is that of the
    /// body if nothing failed.
    ///
    /// # Errors
    ///
    /// [`ErrorGroup`] with all errors, if a task or the body failed. The first failure cancels
    /// the other tasks and the body; a task that is cancelled by itself is no failure.
    ///
    /// # Panics
    ///
    /// If a task panics, with its payload, when all tasks have ended.
    ///
    /// # Cancel safety
    ///
    /// A cancel reaches the body or, if that has returned, the scope: the tasks are cancelled, and
    /// it is raised when they have ended. A second one is passed on to what they do meanwhile. If
    /// a task fails in its clean-up, the errors are the result and the cancel is delivered at the
    /// next await. Dropping the future cancels the tasks and does not wait for them.
    pub fn scope<'a, R: 'a>(
        body: impl AsyncFnOnce(TaskGroup<E>) -> Result<R, E> + 'a,
    ) -> GroupScope<'a, R, E>
    where
        E: 'a,
    {
        let group = Self::new();
        let state = group.state.clone();
        GroupScope::new(state, Box::pin(body(group)))
    }

    /// The same as [`scope`](Self::scope) for a group that was made by [`new`](Self::new).
    ///
    /// # Errors
    ///
    /// [`GroupStateError::AlreadyEntered`] if it was called before.
    pub fn run<'a, R: 'a>(
        &self,
        body: impl AsyncFnOnce(TaskGroup<E>) -> Result<R, E> + 'a,
    ) -> Result<GroupScope<'a, R, E>, GroupStateError>
    where
        E: 'a,
    {
        if self.state.claimed.replace(true) {
            return Err(GroupStateError::AlreadyEntered);
        }
        let state = self.state.clone();
        Ok(GroupScope::new(state, Box::pin(body(self.clone()))))
    }

    /// Cancels the body and all tasks of the group, without a failure. Returns `false` if it is
    /// not running, or being aborted already.
    ///
    /// If the body has no value then, the result is an [`ErrorGroup`] without errors. The asyncio
    /// counterpart has the same name (since 3.15).
    #[track_caller]
    pub fn cancel(&self) -> bool {
        let cause = Cancelled::new(CancelReason::GroupCancelled);
        self.state.abort(&cause)
    }

    /// Returns how many tasks of the group have not ended.
    pub fn len(&self) -> usize {
        self.state.count()
    }

    /// Returns whether all tasks of the group have ended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<E: 'static> TaskGroup<E> {
    /// Starts a task in the group.
    ///
    /// Its handle gives the value. If the task fails, the error goes to the group, and who awaits
    /// the handle is cancelled. A group that is not open gives a cancelled task; where that
    /// matters, use [`try_create_task`](Self::try_create_task).
    ///
    /// # Panics
    ///
    /// If no loop is running on this thread.
    #[track_caller]
    pub fn create_task<T: 'static>(
        &self,
        future: impl Future<Output = Result<T, E>> + 'static,
    ) -> Task<T> {
        self.try_create_task(future).unwrap_or_else(|_| {
            let cause = Cancelled::new(CancelReason::GroupCancelled);
            Task::refused(&get_running_loop(), cause)
        })
    }

    /// Starts a task in the group, if that takes any.
    ///
    /// # Errors
    ///
    /// [`GroupStateError`] if the group is not entered, shutting down or finished.
    ///
    /// # Panics
    ///
    /// If no loop is running on this thread.
    #[track_caller]
    pub fn try_create_task<T: 'static>(
        &self,
        future: impl Future<Output = Result<T, E>> + 'static,
    ) -> Result<Task<T>, GroupStateError> {
        match self.state.phase.get() {
            Phase::New => return Err(GroupStateError::NotEntered),
            Phase::Aborting => return Err(GroupStateError::ShuttingDown),
            Phase::Finished => return Err(GroupStateError::Finished),
            Phase::Open => {}
        }
        let child = Child {
            future: Box::pin(future),
            group: self.state.clone(),
        };
        let event_loop = get_running_loop();
        let limit = self.state.limit.borrow().clone();
        let task = match limit {
            None => event_loop.create_task(child),
            Some(limit) => event_loop.create_task(async move {
                let _permit = limit.acquire().await;
                child.await
            }),
        };
        self.state.watch(&task);
        Ok(task)
    }
}

impl<E> fmt::Debug for TaskGroup<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match self.state.phase.get() {
            Phase::New => "created",
            Phase::Open => "open",
            Phase::Aborting => "shutting down",
            Phase::Finished => "finished",
        };
        write!(f, "<TaskGroup {phase} tasks={}>", self.len())
    }
}
