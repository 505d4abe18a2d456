//! Running a program: make a loop, run the main coroutine, leave nothing behind.
//!
//! What [`run`] does at the end is most of what it is for: it cancels the tasks that are left,
//! waits for their clean-up, reports what they failed with, ends the threads of the default
//! pool, and closes the loop.
//!
//! With the feature `signal`, Ctrl-C is a cancel of the main task: `interrupted.rs`.

#[cfg(feature = "signal")]
mod interrupted;
#[cfg(not(feature = "signal"))]
mod uninterrupted;

use std::cell::Cell;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crate::cancel::{CancelReason, Cancelled};
use crate::context_var::{Context, copy_context};
use crate::event_loop::{Clock, ErrorContext, EventLoop, RunError, callback};
use crate::promise::Promise;
use crate::task::{TaskOptions, TaskRef};

#[cfg(feature = "signal")]
use self::interrupted::{give_up, run_main};
#[cfg(not(feature = "signal"))]
use self::uninterrupted::{give_up, run_main};

/// How long the end of a run waits for threads of the default pool, as in asyncio.
const EXECUTOR_PATIENCE: Duration = Duration::from_secs(300);

/// Runs `main` on a loop of its own and returns what it returns.
///
/// At the end, tasks that are left are cancelled, and the run ends when they have. The asyncio
/// counterpart has the same name.
///
/// # Ctrl-C
///
/// On the main thread, with the feature `signal` (off by default): the first `SIGINT`
/// cancels `main`, with [`CancelReason::Interrupted`], and its clean-up runs. If `main` ends by
/// it, so do the tasks that are left, and then the process, as it would have by `SIGINT`
/// without all this: a shell sees status 130. If `main` swallows the cancel and returns a
/// value, that is returned. A second `SIGINT` ends the process at once.
///
/// A program that listens to `SIGINT` itself, with `looplet::signal` on the same loop,
/// is left alone; so is one that had set a handler before, or ignored the signal (on Linux).
/// One that installs a handler by other means afterwards, or wants none of this, calls
/// [`EventLoop::run_until_complete`], which never touches a signal.
///
/// # Panics
///
/// If `main` panics, with its payload. If a loop is running on this thread already, if the
/// system gives no loop, if `main` was cancelled, or in a deadlock, with a message that says
/// so; [`Runner`] gives these as a [`RunError`].
///
/// ```
/// let answer = looplet::run(async { 6 * 7 });
/// assert_eq!(answer, 42);
/// ```
#[track_caller]
pub fn run<F: Future + 'static>(main: F) -> F::Output {
    let runner = match Runner::new() {
        Ok(runner) => runner,
        Err(error) => give_up(&RunError::Io(error)),
    };
    let ran = runner.run(main);
    runner.close();
    ran.unwrap_or_else(|error| give_up(&error))
}

/// Runs coroutines on one loop, one after the other, and cleans up when it is dropped.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Clock, Runner, sleep};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runner = Runner::with_clock(Clock::Virtual)?;
/// runner.run(async { sleep(Duration::from_secs(3600)).await })?;
/// # Ok(())
/// # }
/// ```
pub struct Runner {
    event_loop: EventLoop,
    /// What the main coroutines share, run after run.
    context: Context,
}

impl Runner {
    /// Makes a runner with a loop on the real clock.
    ///
    /// # Errors
    ///
    /// If the system gives no loop.
    pub fn new() -> io::Result<Self> {
        Ok(Self::with_loop(EventLoop::new()?))
    }

    /// Makes a runner with a loop on `clock`.
    ///
    /// # Errors
    ///
    /// If the system gives no loop.
    pub fn with_clock(clock: Clock) -> io::Result<Self> {
        Ok(Self::with_loop(EventLoop::builder().clock(clock).build()?))
    }

    /// Makes a runner of a loop, which it will close.
    pub fn with_loop(event_loop: EventLoop) -> Self {
        Self {
            event_loop,
            context: copy_context(),
        }
    }

    /// Returns the loop.
    pub fn get_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    /// Runs `main` and returns what it returns. Tasks it leaves go on with the next run, and so do
    /// the values of context variables.
    ///
    /// Ctrl-C during it is answered as in [`run`], except that the process does not end by the
    /// first one.
    ///
    /// # Errors
    ///
    /// [`RunError::Interrupted`] if `main` was ended by Ctrl-C; and as
    /// [`EventLoop::run_until_complete`].
    ///
    /// # Panics
    ///
    /// If `main` panics, with its payload.
    #[track_caller]
    pub fn run<F: Future + 'static>(&self, main: F) -> Result<F::Output, RunError> {
        self.run_in(&self.context, main)
    }

    /// Runs `main` as [`run`](Self::run) does, in a context of its own: the values it sets are
    /// left there. asyncio's `run` has an argument for that.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    ///
    /// # Panics
    ///
    /// If `main` panics, with its payload.
    ///
    /// ```
    /// use looplet::{Context, ContextVar, Runner};
    ///
    /// static USER: ContextVar<&str> = ContextVar::new("user");
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (runner, guest) = (Runner::new()?, Context::new());
    /// runner.run_in(&guest, async { drop(USER.set("anna")) })?;
    /// assert_eq!(guest.get(&USER), Some("anna"));
    /// assert_eq!(runner.run(async { USER.get() })?, None);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "run")]
    #[track_caller]
    pub fn run_in<F: Future + 'static>(
        &self,
        context: &Context,
        main: F,
    ) -> Result<F::Output, RunError> {
        self.event_loop.check_runnable()?;
        let options = TaskOptions {
            context: Some(context.clone()),
            ..TaskOptions::default()
        };
        let task = self.event_loop.create_task_with(main, options);
        run_main(&self.event_loop, task)
    }

    /// Cancels what is left, waits for it to end, and closes the loop.
    ///
    /// Dropping the runner does the same.
    pub fn close(self) {}
}

impl Drop for Runner {
    fn drop(&mut self) {
        let event_loop = &self.event_loop;
        if event_loop.is_closed() || event_loop.is_running() {
            return;
        }
        let left = event_loop.all_tasks();
        if !left.is_empty() {
            end_all(event_loop, left);
        }
        if event_loop.has_default_executor() {
            end_executor(event_loop);
        }
        event_loop.close();
    }
}

/// Waits for the threads of the default pool; a time that is over is reported.
///
/// The loop runs meanwhile, as a job may wait for a coroutine of it, and goes on when something
/// that is left stops it.
fn end_executor(event_loop: &EventLoop) {
    let own = event_loop.downgrade();
    let ended = event_loop.create_task(async move {
        if let Some(event_loop) = own.upgrade() {
            event_loop
                .shutdown_default_executor(EXECUTOR_PATIENCE)
                .await;
        }
    });
    ended.add_done_callback(move |_| {
        own.upgrade().inspect(EventLoop::stop);
    });
    while !ended.done() && event_loop.run_forever().is_ok() {}
}

/// Cancels `tasks` and runs the loop until all of them have ended.
fn end_all(event_loop: &EventLoop, tasks: Vec<TaskRef>) {
    let all_ended: Promise<()> = event_loop.create_promise();
    let left = Rc::new(Cell::new(tasks.len()));
    let cause = Cancelled::new(CancelReason::LoopClosing);
    for task in &tasks {
        let (left, all_ended) = (left.clone(), all_ended.clone());
        task.notify_end(callback(move || {
            left.set(left.get() - 1);
            if left.get() == 0 {
                // Nobody else sets it.
                let _ = all_ended.set_result(());
            }
        }));
        task.cancel_for(cause.clone());
    }
    let awaited = all_ended.clone();
    let ran = event_loop.run_until_complete(async move { awaited.await });
    if ran.is_err() {
        // A task waits for ever in its clean-up. It is reported and dropped when the loop closes;
        // the one that waited here is to end before that.
        let _ = all_ended.set_result(());
        event_loop.stop();
        let _one_turn = event_loop.run_forever();
    }
    report_panics(event_loop, &tasks);
}

/// Tells of tasks that panicked in their clean-up, of which nobody else will hear.
fn report_panics(event_loop: &EventLoop, tasks: &[TaskRef]) {
    for task in tasks {
        let Some(cause) = task.panic_text() else {
            continue;
        };
        event_loop.call_exception_handler(&ErrorContext {
            cause: Some(cause),
            task: Some(task.name()),
            ..ErrorContext::new("a panic while the run ended")
        });
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("event_loop", &self.event_loop)
            .finish()
    }
}
