//! What a program holds of a task, and what it can ask of it.

use std::fmt;
use std::future::Pending;
use std::panic::Location;
use std::rc::Rc;

use super::cell::{TaskObject, stillborn};
use super::of_promise::of_promise;
use super::task_ref::Shown;
use crate::cancel::{CancelReason, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{Coroutine, EventLoop, Ticket, callback, in_context};
use crate::promise::{CallbackId, Outcome, Promise, TaskError, value_of};

/// A coroutine that the loop runs, and the promise of what it returns.
///
/// Clones stand for the same task. Dropping a handle detaches the task: it goes on, and the
/// loop owns it. Awaiting a task by value moves its result out; awaiting `&task` clones it.
///
/// A panic that nobody has looked at is reported when the last handle is gone. An `Err` is a value,
/// and is dropped without a word unless [`report_unread`](Self::report_unread) was called.
///
/// The asyncio counterpart has the same name.
///
/// # Panics
///
/// Awaiting a task panics if the task panicked (with its payload), if its value was moved out by an
/// earlier await, or if it is the task itself that awaits.
///
/// ```
/// use looplet::{create_task, run};
///
/// let sum = run(async {
///     let two = create_task(async { 2 });
///     let three = create_task(async { 3 });
///     two.await + three.await
/// });
/// assert_eq!(sum, 5);
/// ```
pub struct Task<T> {
    pub(super) object: Rc<dyn TaskObject<T>>,
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Self {
            object: self.object.clone(),
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Task {}>", Shown(self.object.coroutine()))
    }
}

impl<T: 'static> Task<T> {
    /// Asks the task to end. Returns `false` if it has ended already.
    ///
    /// If the task waits for another task or a promise, that is cancelled, and its outcome
    /// decides. Otherwise the await the task stands at is cancelled in its next step: the
    /// innermost [`catch_cancel`](crate::catch_cancel()) around it catches, or the task ends. A
    /// task that was never run never will. The asyncio counterpart has the same name.
    ///
    /// ```
    /// use looplet::{create_task, run, yield_now};
    ///
    /// run(async {
    ///     let task = create_task(std::future::pending::<()>());
    ///     assert!(task.cancel());
    ///     yield_now().await;
    ///     assert!(task.cancelled());
    ///     assert!(!task.cancel());
    /// });
    /// ```
    #[track_caller]
    pub fn cancel(&self) -> bool {
        Coroutine::cancel(&*self.object, Cancelled::new(CancelReason::Requested))
    }

    /// Asks the task to end, with a message for whoever catches it. See
    /// [`cancel`](Self::cancel).
    #[track_caller]
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        Coroutine::cancel(&*self.object, Cancelled::with_message(message))
    }

    /// Ends the task in its next step, whatever it waits for, without a chance to clean up:
    /// its future is dropped. Returns `false` if it has ended already.
    pub fn abort(&self) -> bool {
        self.object.abort()
    }

    /// Returns whether the task has ended, in whatever way.
    pub fn done(&self) -> bool {
        self.object.promise().is_done()
    }

    /// Returns whether the task ended by a cancel.
    pub fn cancelled(&self) -> bool {
        self.object.promise().is_cancelled()
    }

    /// Returns how many requests to end were made, to the task or to a timeout inside it, and
    /// not taken back with [`uncancel`](Self::uncancel). The asyncio counterpart has the same name.
    pub fn cancelling(&self) -> u32 {
        self.object.frame().cancelling_inside()
    }

    /// Takes one request to end back and returns how many are left; with the last, one that
    /// was not delivered yet is forgotten. A request that has ended a wait counts as delivered,
    /// also before the task's next step. The asyncio counterpart has the same name.
    pub fn uncancel(&self) -> u32 {
        self.object.frame().uncancel()
    }

    /// Returns the name: `Task-N`, unless it was given another.
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.object.name()
    }

    /// Gives the task a name, for reports.
    pub fn set_name(&self, name: impl Into<String>) {
        self.object.set_name(name.into());
    }

    /// Runs `callback` through `call_soon` when the task has ended, or now if it has.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&Task<T>) + 'static) -> CallbackId {
        let task = self.clone();
        let call = self::callback(in_context(move || callback(&task)));
        self.object.promise().add_done_callback(call)
    }

    /// Takes a callback out again. Returns whether it was waiting.
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.object.promise().leave(id)
    }
}

/// What the combinators need, and the threads.
impl<T: 'static> Task<T> {
    /// Gives a promise the shape of a task.
    #[track_caller]
    pub(crate) fn of_promise(promise: &Promise<T>) -> Self {
        Self {
            object: of_promise(promise.cell()),
        }
    }

    /// What stands for the task on other threads.
    pub(crate) fn ticket(&self) -> Ticket {
        self.object.ticket()
    }

    /// Makes a task that was cancelled at birth.
    #[track_caller]
    pub(crate) fn refused(event_loop: &EventLoop, cause: Cancelled) -> Self {
        let object = stillborn::<Pending<T>>(event_loop, cause, Location::caller());
        Self { object }
    }

    pub(crate) fn as_cancel_target(&self) -> Rc<dyn CancelTarget> {
        self.object.clone()
    }

    /// How the task failed, if it has ended without a value.
    pub(crate) fn failure(&self) -> Option<TaskError> {
        self.object.promise().failure()
    }

    /// Whether the task has ended with a panic.
    pub(crate) fn panicked(&self) -> bool {
        self.object.promise().is_panicked()
    }

    /// Looks at the value of a task that has one. `None`: it has not, or not any more.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let promise = self.object.promise();
        let seen = promise.look(InvalidState::ResultNotSet, look);
        seen.ok().and_then(Outcome::ok)
    }

    /// Moves the outcome of a task out that has ended. `None`: it has not, or somebody else
    /// has moved its value out.
    pub(crate) fn take_outcome(&self) -> Option<Outcome<T>> {
        self.object.promise().take_if_there()
    }

    /// Moves the outcome of a task out that has ended.
    ///
    /// # Panics
    ///
    /// If the value was moved out before.
    pub(crate) fn into_outcome(self) -> Outcome<T> {
        match self.object.promise().take_outcome() {
            Some(outcome) => outcome,
            None => unreachable!("the combinators take values of tasks that have ended"),
        }
    }

    /// Moves the value of a task out that has one.
    pub(crate) fn take_value(&self) -> T {
        value_of(self.clone().into_outcome())
    }
}
