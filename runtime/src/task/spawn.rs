//! How tasks are made, and how a loop runs until one is done.

use std::panic::Location;
use std::rc::Rc;

use super::cell::{TaskObject, spawned, stillborn};
use super::handle::Task;
use super::options::TaskOptions;
use crate::cancel::{CancelReason, Cancelled};
use crate::event_loop::{
    Coroutine, EventLoop, RunError, TaskId, callback, copy_vars, get_running_loop, is_vars_used,
    step_now, try_get_running_loop,
};
use crate::promise::{Outcome, TaskError};

/// Starts a task on the running loop.
///
/// Nothing of it runs within this call: its first step is in the next turn, after what was
/// scheduled before. On a loop that is closing, the task comes back cancelled. The asyncio
/// counterpart has the same name.
///
/// Who lets the handle of a task go that may fail calls [`report_unread`](Task::report_unread)
/// first: `create_task(save()).report_unread();`. Then an `Err` is not lost.
///
/// # Panics
///
/// If no loop is running on this thread.
///
/// ```
/// use looplet::{create_task, run};
///
/// run(async {
///     let task = create_task(async { 7 });
///     assert!(!task.done());
///     assert_eq!(task.await, 7);
/// });
/// ```
#[track_caller]
pub fn create_task<F: Future + 'static>(future: F) -> Task<F::Output> {
    get_running_loop().create_task(future)
}

/// Starts a task on the running loop: [`create_task`] under the name that Rust programs use.
///
/// asyncio has no counterpart of that name.
///
/// # Panics
///
/// If no loop is running on this thread.
///
/// ```
/// use looplet::{run, spawn};
///
/// assert_eq!(run(async { spawn(async { 7 }).await }), 7);
/// ```
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
        let next = self.core().tasks.next();
        let object = self.enlist(future, next, site);
        self.core().ready.push_task(next.0);
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
        let next = self.core().tasks.next();
        let object = self.enlist(future, next, site);
        self.set_going(next.0, object.coroutine(), options);
        Task { object }
    }

    /// Starts a task that is enlisted, with options.
    fn set_going(&self, id: TaskId, task: &dyn Coroutine, options: TaskOptions) {
        let core = self.core();
        if let Some(name) = options.name {
            task.set_name(name);
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
    }

    /// Makes the next task of this loop, with its id and its number.
    #[inline]
    fn enlist<F: Future + 'static>(
        &self,
        future: F,
        next: (TaskId, u32),
        site: &'static Location<'static>,
    ) -> Rc<dyn TaskObject<F::Output>> {
        let object = spawned(future, self, next, site);
        self.core().tasks.add(next.0, object.clone());
        object
    }

    /// Runs the loop until `main` is done and returns what it returns.
    ///
    /// `main` becomes a task like any other; it may be a [`Task`] or a
    /// [`Promise`](crate::Promise), which is then awaited. Tasks it has started and not awaited
    /// are still there afterwards; [`Runner`](crate::Runner) cleans them up. The asyncio
    /// counterpart has the same name.
    ///
    /// # Errors
    ///
    /// [`RunError::Stopped`] if `stop` was called first; [`RunError::Cancelled`] if the task
    /// was; and those of [`run_forever`](Self::run_forever).
    ///
    /// # Panics
    ///
    /// If `main` panics, with its payload.
    ///
    /// ```
    /// use looplet::EventLoop;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// assert_eq!(event_loop.run_until_complete(async { 7 })?, 7);
    /// event_loop.close();
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn run_until_complete<F>(&self, main: F) -> Result<F::Output, RunError>
    where
        F: IntoFuture<Output: 'static, IntoFuture: 'static>,
    {
        self.check_runnable()?;
        let task = self.create_task(main.into_future());
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
