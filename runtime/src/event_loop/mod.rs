//! The event loop: one thread, one queue of what is ready, one place that runs it.
//!
//! The modules stand in the order in which they build on each other. `turn.rs` is the page to
//! read first and last: it is the loop. What is below it are the parts it moves, and
//! [`EventLoop`] here is the object that a program holds. After `turn.rs` come the other ways to
//! ask for one (`guest.rs`) and to look at the loop (`stats.rs`, `running.rs`).
//!
//! # Rules
//!
//! 1. User code (callbacks, `poll`, `wake`, and the `Drop` of a user's future) runs only from
//!    a turn or from [`EventLoop::close`], and never while a cell is borrowed.
//! 2. `wake` only queues; it never polls.
//! 3. `EventLoop` in this folder has what schedules and runs. What asyncio hangs on the loop
//!    object beyond that is an `impl EventLoop` block in the file that owns the concept.

mod ticket;
mod clock;
mod wheel;
mod handle;
mod timers;
mod ready;
mod tasks;
mod contexts;
mod waits;
mod reactor;
mod inbox;
mod report;
mod watch;
mod observer;
mod core;
mod context;
mod weak;
mod values;
mod threadsafe_handle;
mod threadsafe;
mod waker;
mod graph;
mod ahead;
mod attended;
mod close;
mod turn;
mod run_error;
mod guest;
mod stats;
mod builder;
mod of_thread;

use std::io;
use std::rc::Rc;
use std::time::{Duration, Instant};

pub use self::builder::EventLoopBuilder;
pub use self::clock::Clock;
pub use self::close::StillRunning;
pub use self::handle::{Handle, TimerHandle};
pub use self::inbox::LoopHandle;
pub use self::observer::{Actor, LoopEvent, Observer, SeenTask};
pub use self::of_thread::{get_event_loop, get_running_loop, set_event_loop, try_get_running_loop};
pub use self::report::{ErrorContext, ExceptionHandler};
pub use self::run_error::RunError;
pub use self::stats::LoopStats;
pub use self::tasks::TaskEnding;
pub use self::threadsafe_handle::ThreadsafeHandle;
pub use self::watch::{Blocked, Watchdog};

pub(crate) use self::clock::nanoseconds;
pub(crate) use self::context::{copy_vars, is_vars_used};
pub(crate) use self::context::{
    current_vars, frame, is_queued, name_of, task, ticket, vars_to_write, with_step, with_task,
    with_vars,
};
pub(crate) use self::core::Core;
pub(crate) use self::graph::{DEEPEST, Graph, Node, awaited};
pub(crate) use self::handle::{Callback, callback};
pub(crate) use self::inbox::JobTally;
pub(crate) use self::reactor::{Direction, SourceId, WaitId};
pub(crate) use self::report::panic_text;
pub(crate) use self::tasks::{Coroutine, Stepped};
pub(crate) use self::ticket::{TaskId, Ticket};
pub(crate) use self::timers::{TimerAction, TimerKey};
pub(crate) use self::turn::step_now;
pub(crate) use self::values::{copy_values, in_context};
pub(crate) use self::waker::{is_waker_of, ticket_of, waker_of};
pub(crate) use self::weak::{WeakLoop, loop_of};

use self::attended::begin_turn;
use self::close::close;
use self::core::{Phase, Running};
use self::report::report_by_default;
use self::turn::{Scratch, turn};
use self::values::with_values;
use crate::vars::Vars;

/// A single-thread event loop.
///
/// An `EventLoop` is a cheap handle: clones stand for the same loop. It cannot leave its
/// thread; [`handle`](Self::handle) gives the part that can. Most programs never name it and
/// call [`run`](crate::run).
///
/// When the last handle is dropped, the loop is gone with everything on it. A task that holds
/// a clone of its own loop keeps it alive until [`close`](Self::close).
///
/// The asyncio counterpart is `asyncio.EventLoop`.
///
/// ```
/// use looplet::EventLoop;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let event_loop = EventLoop::new()?;
/// let stopper = event_loop.clone();
/// event_loop.call_soon(|| println!("first"));
/// event_loop.call_soon(move || stopper.stop());
/// event_loop.run_forever()?;
/// event_loop.close();
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventLoop {
    core: Rc<Core>,
}

impl EventLoop {
    /// Makes a loop on the real clock.
    ///
    /// # Errors
    ///
    /// As [`EventLoopBuilder::build`].
    #[doc(alias = "new_event_loop")]
    pub fn new() -> io::Result<Self> {
        Self::builder().build()
    }

    /// Starts the settings of a loop that is not the default one.
    pub fn builder() -> EventLoopBuilder {
        EventLoopBuilder::new()
    }

    /// Returns the name, if [`EventLoopBuilder::name`] gave one.
    pub fn name(&self) -> Option<&str> {
        self.core.settings.name.as_deref()
    }

    /// Schedules `callback` for the next turn.
    ///
    /// Callbacks run in the order in which they were scheduled, each exactly once, in a copy of
    /// the context of the caller, and never within this call. On a closed loop nothing is
    /// scheduled, and the handle comes back cancelled. The asyncio counterpart is
    /// `loop.call_soon`.
    #[track_caller]
    pub fn call_soon(&self, callback: impl FnOnce() + 'static) -> Handle {
        let values = copy_values();
        let callback = self::callback(with_values(values.clone(), callback));
        self.core.call_soon(callback.clone());
        Handle::new(callback, values)
    }

    /// Schedules `callback` to run once `delay` has passed.
    ///
    /// It never runs early. Callbacks with the same deadline run in the order in which they
    /// were scheduled. On a closed loop the handle comes back cancelled. The asyncio
    /// counterpart is `loop.call_later`.
    #[track_caller]
    pub fn call_later(&self, delay: Duration, callback: impl FnOnce() + 'static) -> TimerHandle {
        let deadline = self.core.clock.now().saturating_add(nanoseconds(delay));
        let values = copy_values();
        let callback = self::callback(with_values(values.clone(), callback));
        self.call_at_nanos(deadline, callback, values)
    }

    /// Schedules `callback` to run at `when`, on the clock of [`time`](Self::time).
    ///
    /// A time that has passed is legal: the callback runs in the next turn, after those with
    /// earlier deadlines. It is what a negative delay is in asyncio. Times more than a day before
    /// the loop was made count as the same. The asyncio counterpart is `loop.call_at`.
    ///
    /// ```
    /// use looplet::EventLoop;
    /// use std::{cell::RefCell, rc::Rc, time::Duration};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// let (now, said) = (event_loop.time(), Rc::new(RefCell::new(Vec::new())));
    /// for late in [1, 2] {
    ///     let said = said.clone();
    ///     let when = now - Duration::from_secs(late);
    ///     event_loop.call_at(when, move || said.borrow_mut().push(late));
    /// }
    /// event_loop.stop(); // After one turn.
    /// event_loop.run_forever()?;
    /// assert_eq!(*said.borrow(), [2, 1]);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn call_at(&self, when: Instant, callback: impl FnOnce() + 'static) -> TimerHandle {
        let deadline = self.core.clock.nanos_at(when);
        let values = copy_values();
        let callback = self::callback(with_values(values.clone(), callback));
        self.call_at_nanos(deadline, callback, values)
    }

    fn call_at_nanos(
        &self,
        deadline: u64,
        callback: Rc<dyn Callback>,
        values: Vars,
    ) -> TimerHandle {
        let key = self
            .core
            .set_timer(deadline, TimerAction::Call(callback.clone()));
        if key.is_none() {
            callback.cancel();
        }
        let weak = self.downgrade();
        let withdraw = move || {
            drop(
                weak.upgrade()
                    .zip(key)
                    .and_then(|(l, key)| l.core.timers.take(key)),
            )
        };
        let when = self.core.clock.instant_at(deadline);
        TimerHandle::new(Handle::new(callback, values), Rc::new(withdraw), when)
    }

    /// Returns the time on the loop's clock.
    ///
    /// On the virtual clock this has nothing to do with the time on the wall. The asyncio
    /// counterpart is `loop.time`.
    pub fn time(&self) -> Instant {
        self.core.clock.instant()
    }

    /// Returns the part of the loop that other threads may use.
    pub fn handle(&self) -> LoopHandle {
        LoopHandle::new(self.core.inbox.clone(), self.core.number)
    }

    /// Makes turns until [`stop`](Self::stop) is called.
    ///
    /// If `stop` was called before, exactly one turn is made. The asyncio counterpart is
    /// `loop.run_forever`.
    ///
    /// # Errors
    ///
    /// [`RunError::Deadlock`] when nothing can ever happen any more, where asyncio would
    /// hang; [`RunError::AlreadyRunning`], [`RunError::Closed`] or [`RunError::Io`].
    pub fn run_forever(&self) -> Result<(), RunError> {
        if self.is_closed() {
            return Err(RunError::Closed);
        }
        let _entered = context::enter(&self.core).ok_or(RunError::AlreadyRunning)?;
        let _running = Running::start(&self.core);
        let mut scratch = Scratch::of(&self.core);
        // An observer is there from the start: asked once, this costs a turn nothing.
        let observed = self.core.watch.is_observed();
        loop {
            if observed {
                begin_turn(&self.core);
            }
            turn(&self.core, &mut scratch)?;
            if self.core.stopping.get() {
                return Ok(());
            }
        }
    }

    /// Ends `run_forever` after the turn that is running. Before a run, it limits that run to
    /// one turn. On a closed loop it does nothing. The asyncio counterpart is `loop.stop`.
    pub fn stop(&self) {
        self.core.stopping.set(true);
    }

    /// Returns whether a `run_…` call is in progress.
    pub fn is_running(&self) -> bool {
        self.core.phase.get() == Phase::Running
    }

    /// Returns whether the loop was closed.
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }

    /// Ends the loop: drops every task, callback and timer that is left.
    ///
    /// Tasks are dropped where they stand, without a chance to clean up;
    /// [`Runner`](crate::Runner) cancels them first. Whoever awaits them elsewhere sees them
    /// cancelled, and so does whoever has the handle of a callback. Closing twice is fine. The asyncio
    /// counterpart is `loop.close`, which leaves handles as they are.
    ///
    /// # Panics
    ///
    /// If the loop is running; [`try_close`](Self::try_close) gives that as a value.
    #[track_caller]
    pub fn close(&self) {
        if let Err(error) = self.try_close() {
            panic!("{error}");
        }
    }

    /// Ends the loop as [`close`](Self::close) does, unless it is running.
    ///
    /// # Errors
    ///
    /// [`StillRunning`] if the loop is running: then nothing changes.
    ///
    /// ```
    /// use looplet::{EventLoop, StillRunning};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// let inner = event_loop.clone();
    /// let refused = event_loop.run_until_complete(async move { inner.try_close() })?;
    /// assert_eq!(refused, Err(StillRunning));
    /// assert_eq!(event_loop.try_close(), Ok(()));
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "close")]
    pub fn try_close(&self) -> Result<(), StillRunning> {
        if self.is_running() {
            return Err(StillRunning);
        }
        close(&self.core);
        Ok(())
    }

    /// Sets what is told of panics and errors that nobody awaited; `None` restores the
    /// default, which writes to standard error. The asyncio counterpart is
    /// `loop.set_exception_handler`.
    pub fn set_exception_handler(&self, handler: Option<ExceptionHandler>) {
        self.core.reporter.set_handler(handler);
    }

    /// Returns what was set with [`set_exception_handler`](Self::set_exception_handler);
    /// `None`: the default. The asyncio counterpart is `loop.get_exception_handler`.
    #[doc(alias = "get_exception_handler")]
    pub fn exception_handler(&self) -> Option<ExceptionHandler> {
        self.core.reporter.handler()
    }

    /// Tells the exception handler. The asyncio counterpart is `loop.call_exception_handler`.
    pub fn call_exception_handler(&self, context: &ErrorContext) {
        self.core.reporter.report(context);
    }

    /// Does what is done without a handler: writes a line to standard error. For a handler that
    /// leaves some reports to it. The asyncio counterpart is `loop.default_exception_handler`.
    pub fn default_exception_handler(&self, context: &ErrorContext) {
        report_by_default(context);
    }

    pub(crate) fn core(&self) -> &Rc<Core> {
        &self.core
    }

    /// Whether both handles stand for the same loop.
    pub(crate) fn is_same(&self, other: &EventLoop) -> bool {
        Rc::ptr_eq(&self.core, &other.core)
    }

    pub(crate) fn downgrade(&self) -> WeakLoop {
        WeakLoop::new(self.core.number)
    }
}

/// The last handle closes the loop, so that what is left is dropped by the rules.
impl Drop for EventLoop {
    fn drop(&mut self) {
        if Rc::strong_count(&self.core) == 1 {
            close(&self.core);
            context::forget(&self.core);
        }
    }
}

impl LoopHandle {
    /// The loop itself, if this is its thread.
    pub(crate) fn local(&self) -> Option<EventLoop> {
        WeakLoop::new(self.number()).upgrade()
    }
}
