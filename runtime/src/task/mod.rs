//! Tasks: coroutines that the loop runs, and the scopes that catch a cancel.
//!
//! `cell/` is what a task is and how a step of it goes. This file has what a program holds:
//! [`Task`], and the functions that make one. The scopes ([`catch_cancel()`], [`timeout()`])
//! build on the states drawn in `cancel/step.rs`; [`sleep()`] is the smallest complete leaf and
//! the one to read first.
//!
//! # Awaiting raises, joining returns
//!
//! `task.await` gives the value, as in Python. If the task was cancelled, the awaiter is
//! cancelled at that point; if it panicked, the panic goes on in the awaiter.
//! `task.join().await` gives a `Result` instead, except when the outcome answers the awaiter's
//! own request: a join must not swallow the cancel of the one who joins.

mod cell;
mod of_promise;
mod task_ref;
mod wait;
mod sleep;
mod yield_now;
mod catch_cancel;
mod scope;
mod timeout;
mod deadline;
mod options;

use std::fmt;
use std::future::Pending;
use std::panic::Location;
use std::rc::Rc;

use crate::cancel::{CancelReason, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{
    Coroutine, EventLoop, RunError, TaskId, Ticket, callback, copy_vars, get_running_loop,
    in_context, is_vars_used, step_now, try_get_running_loop,
};
use crate::promise::{CallbackId, Outcome, Promise, TaskError, value_of};

pub use self::catch_cancel::{CatchCancel, catch_cancel};
pub use self::deadline::{Timeout, TimeoutStateError};
pub use self::options::TaskOptions;
pub use self::sleep::{Sleep, sleep, sleep_until};
pub use self::timeout::{WithTimeout, timeout, timeout_at};

pub(crate) use self::scope::{Polled, ScopeFrame, poll_inside};
pub use self::task_ref::{TaskRef, all_tasks, current_task, format_call_graph};
pub use self::wait::{Join, TaskWait};
pub use self::yield_now::{YieldNow, yield_now};

use self::cell::{TaskObject, spawned, stillborn};
use self::of_promise::of_promise;
use self::task_ref::Shown;

/// A coroutine that the loop runs, and the promise of what it returns.
///
/// Clones stand for the same task. Dropping a handle detaches the task: it goes on, and the
/// loop owns it. Awaiting a task by value moves its result out; awaiting `&task` clones it.
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
    object: Rc<dyn TaskObject<T>>,
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
        let state = self.object.promise();
        let coroutine = self.object.coroutine();
        write!(f, "<Task {state:?} {}>", Shown(coroutine))
    }
}

/// Starts a task on the running loop.
///
/// Nothing of it runs within this call: its first step is in the next turn, after what was
/// scheduled before. On a loop that is closing, the task comes back cancelled. The asyncio
/// counterpart has the same name.
///
/// # Panics
///
/// If no loop is running on this thread.
#[track_caller]
pub fn create_task<F: Future + 'static>(future: F) -> Task<F::Output> {
    get_running_loop().create_task(future)
}

/// Starts a task on the running loop: [`create_task`] under the name that Rust programs use.
///
/// # Panics
///
/// If no loop is running on this thread.
#[track_caller]
pub fn spawn<F: Future + 'static>(future: F) -> Task<F::Output> {
    create_task(future)
}

/// Starts a task on the running loop, with options. See [`create_task`].
///
/// The asyncio counterparts are the keyword arguments of `create_task`.
///
/// # Panics
///
/// If no loop is running on this thread.
///
/// ```
/// use looplet::{TaskOptions, create_task_with, run};
///
/// run(async {
///     let options = TaskOptions { eager: true, ..TaskOptions::default() };
///     let task = create_task_with(async { 7 }, options);
///     assert!(task.done());
/// });
/// ```
#[track_caller]
pub fn create_task_with<F: Future + 'static>(future: F, options: TaskOptions) -> Task<F::Output> {
    get_running_loop().create_task_with(future, options)
}

impl EventLoop {
    /// Starts a task on this loop, which need not be running. See [`create_task`].
    #[track_caller]
    pub fn create_task<F: Future + 'static>(&self, future: F) -> Task<F::Output> {
        let site = Location::caller();
        if self.is_closed() || self.core().settings.eager || is_vars_used() {
            return self.spawn_task(future, TaskOptions::default(), site);
        }
        let (id, object) = self.enlist(future, site);
        self.core().ready.push_task(id);
        Task { object }
    }

    /// Starts a task on this loop, with options. See [`create_task_with`].
    ///
    /// On a loop that is not running, there is no eager start: the first step is in the first
    /// turn.
    #[track_caller]
    pub fn create_task_with<F: Future + 'static>(
        &self,
        future: F,
        options: TaskOptions,
    ) -> Task<F::Output> {
        self.spawn_task(future, options, Location::caller())
    }

    /// What `create_task` does when there is more to it.
    #[inline(never)]
    fn spawn_task<F: Future + 'static>(
        &self,
        future: F,
        options: TaskOptions,
        site: &'static Location<'static>,
    ) -> Task<F::Output> {
        if self.is_closed() {
            drop(future);
            let cause = Cancelled::new(CancelReason::LoopClosing);
            let object = stillborn::<F>(self, cause, site);
            return Task { object };
        }
        let core = self.core();
        let (id, object) = self.enlist(future, site);
        if let Some(name) = options.name {
            object.set_name(name);
        }
        let shared = options.context.map(|context| context.vars().clone());
        if let Some(vars) = shared.or_else(copy_vars) {
            core.contexts.insert(id, vars);
        }
        if (options.eager || core.settings.eager) && self.is_running() {
            step_now(core, id);
        } else {
            core.ready.push_task(id);
        }
        Task { object }
    }

    #[inline]
    fn enlist<F: Future + 'static>(
        &self,
        future: F,
        site: &'static Location<'static>,
    ) -> (TaskId, Rc<dyn TaskObject<F::Output>>) {
        self.core().tasks.enlist(|id, number| {
            let object = spawned(future, self, (id, number), site);
            let coroutine: Rc<dyn Coroutine> = object.clone();
            (coroutine, object)
        })
    }

    /// Runs the loop until `main` is done and returns what it returns.
    ///
    /// `main` becomes a task like any other. Tasks it has started and not awaited are still
    /// there afterwards; [`Runner`](crate::Runner) cleans them up. The asyncio counterpart
    /// has the same name.
    ///
    /// # Errors
    ///
    /// [`RunError::Stopped`] if `stop` was called first; [`RunError::Cancelled`] if the task
    /// was; and those of [`run_forever`](Self::run_forever).
    ///
    /// # Panics
    ///
    /// If `main` panics, with its payload.
    #[track_caller]
    pub fn run_until_complete<F: Future + 'static>(&self, main: F) -> Result<F::Output, RunError> {
        self.check_runnable()?;
        let task = self.create_task(main);
        self.run_until_done(task)
    }

    /// Asked before `main` becomes a task, lest the loop that is running take it for its own.
    pub(crate) fn check_runnable(&self) -> Result<(), RunError> {
        if self.is_closed() {
            return Err(RunError::Closed);
        }
        match try_get_running_loop() {
            Some(_) => Err(RunError::AlreadyRunning),
            None => Ok(()),
        }
    }

    /// Runs the loop until `task` is done and returns what it returned.
    pub(crate) fn run_until_done<T: 'static>(&self, task: Task<T>) -> Result<T, RunError> {
        let stopper = self.downgrade();
        let stop = callback(move || {
            stopper.upgrade().inspect(EventLoop::stop);
        });
        let id = task.object.promise().add_done_callback(stop);
        let ran = self.run_forever();
        task.object.promise().leave(id);
        match task.object.promise().take_outcome() {
            Some(outcome) => finish(outcome),
            None => Err(ran.err().unwrap_or(RunError::Stopped)),
        }
    }
}

fn finish<T>(outcome: Outcome<T>) -> Result<T, RunError> {
    match outcome {
        Ok(value) => Ok(value),
        Err(TaskError::Cancelled(cause)) => Err(RunError::Cancelled(cause)),
        Err(TaskError::Panicked(payload)) => std::panic::resume_unwind(payload),
    }
}

impl<T: 'static> Task<T> {
    /// Asks the task to end. Returns `false` if it has ended already.
    ///
    /// If the task waits for another task or a promise, that is cancelled, and its outcome
    /// decides. Otherwise the await the task stands at is cancelled in its next step: the
    /// innermost [`catch_cancel()`] around it catches, or the task ends. A task that was never
    /// run never will. The asyncio counterpart has the same name.
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
    /// was not delivered yet is forgotten. The asyncio counterpart has the same name.
    pub fn uncancel(&self) -> u32 {
        self.object.frame().uncancel()
    }

    /// Returns the name: `Task-N`, unless it was given another.
    pub fn name(&self) -> String {
        self.object.name()
    }

    /// Gives the task a name, for reports.
    pub fn set_name(&self, name: impl Into<String>) {
        self.object.set_name(name.into());
    }

    /// Runs `callback` through `call_soon` when the task has ended, or now if it has.
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
