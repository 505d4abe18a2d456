//! The core: what an event loop consists of.
//!
//! One struct, one field for each of the modules above, and nothing that decides anything.
//! Every part keeps its own cell, so no borrow of one part lasts while another part works. The
//! turn in `turn.rs` is what sets them in motion.
//!
//! What asyncio hangs on the loop object beyond scheduling (a default executor, say) does not
//! belong here: it is kept under its type in [`Core::attachment`], and its own module knows
//! what it is.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use super::clock::{Clock, LoopClock};
use super::contexts::Contexts;
use super::handle::Callback;
use super::inbox::{self, Inbox};
use super::observer::{Observer, Observing};
use super::reactor::Reactor;
use super::ready::{Errand, ReadyQueue};
use super::report::Reporter;
use super::tasks::Tasks;
use super::ticket::{LoopNumber, TaskId, Ticket};
use super::timers::{TimerAction, TimerKey, Timers};
use super::watch::Watch;

/// How a loop is set up.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The name, if it was given one.
    pub(crate) name: Option<String>,
    pub(crate) clock: Clock,
    /// Entries that may run between two looks at the kernel while more are ready.
    pub(crate) io_interval: u32,
    /// Whether tasks make their first step at once.
    pub(crate) eager: bool,
    /// Whether debug mode is on; `None`: if the environment says so.
    pub(crate) debug: Option<bool>,
}

/// The parts of a loop.
pub(crate) struct Core {
    pub(crate) number: LoopNumber,
    pub(crate) settings: Settings,
    pub(crate) clock: LoopClock,
    pub(crate) ready: ReadyQueue,
    pub(crate) timers: Timers,
    pub(crate) tasks: Tasks,
    pub(crate) contexts: Contexts,
    pub(crate) reactor: Reactor,
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) reporter: Reporter,
    pub(crate) watch: Watch,
    pub(crate) observing: Observing,
    pub(crate) phase: Cell<Phase>,
    /// Whether `stop` was called for the run that is going on, or for the next one.
    pub(crate) stopping: Cell<bool>,
    /// Entries run since the kernel was asked last. A new loop has not asked yet, and does so in
    /// its first turn, as asyncio's.
    pub(crate) since_poll: Cell<u32>,
    /// Where the callback was scheduled that has panicked, until that is reported.
    pub(crate) culprit: Cell<Option<&'static Location<'static>>>,
    /// What other modules keep for this loop: at most one of each type, and a handful in all.
    attachments: RefCell<Vec<Rc<dyn Any>>>,
}

/// What a loop is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits to be run.
    Idle,
    /// A `run_…` call is in progress.
    Running,
    /// It takes nothing any more.
    Closed,
}

impl Core {
    pub(crate) fn new(
        settings: Settings,
        observer: Option<Rc<dyn Observer>>,
    ) -> io::Result<Rc<Self>> {
        let (reactor, bell) = Reactor::new()?;
        let inbox = Arc::new(Inbox::new(bell));
        let number = inbox::enlist(inbox.clone())?;
        let clock = LoopClock::new(settings.clock);
        Ok(Rc::new(Self {
            number,
            ready: ReadyQueue::new(),
            timers: Timers::new(clock.now()),
            clock,
            tasks: Tasks::new(),
            contexts: Contexts::default(),
            reactor,
            inbox,
            reporter: Reporter::default(),
            watch: Watch::new(settings.debug, observer.is_some()),
            observing: Observing::new(observer),
            settings,
            phase: Cell::new(Phase::Idle),
            stopping: Cell::new(false),
            since_poll: Cell::new(u32::MAX),
            culprit: Cell::new(None),
            attachments: RefCell::default(),
        }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.phase.get() == Phase::Closed
    }

    /// Queues a task, unless it is queued or gone.
    pub(crate) fn schedule(&self, task: TaskId) {
        self.tasks.schedule(task, &self.ready);
    }

    /// Queues a callback; on a closed loop it is cancelled instead.
    pub(crate) fn call_soon(&self, callback: Rc<dyn Callback>) {
        if self.is_closed() {
            callback.cancel();
        } else {
            self.ready.push(Errand::Call(callback));
        }
    }

    /// Sets a timer; on a closed loop there is none.
    pub(crate) fn set_timer(&self, deadline: u64, action: TimerAction) -> Option<TimerKey> {
        (!self.is_closed()).then(|| self.timers.insert(deadline, action))
    }

    /// Sets a timer that wakes a task; on a closed loop there is none.
    #[inline]
    pub(crate) fn set_wake(&self, deadline: u64, task: Ticket) -> Option<TimerKey> {
        (!self.is_closed()).then(|| self.timers.insert_wake(deadline, task))
    }

    /// What some other module keeps for this loop, made at the first use.
    pub(crate) fn attachment<T: Any>(&self, make: impl FnOnce() -> T) -> Rc<T> {
        if let Some(found) = self.find_attachment() {
            return found;
        }
        let made = Rc::new(make());
        self.attachments.borrow_mut().push(made.clone());
        made
    }

    /// What some other module keeps for this loop, if it was made.
    pub(crate) fn find_attachment<T: Any>(&self) -> Option<Rc<T>> {
        let attachments = self.attachments.borrow();
        let found = attachments.iter().find(|kept| kept.is::<T>())?;
        found.clone().downcast().ok()
    }

    /// Takes everything that other modules keep for this loop, the oldest first, for the caller to
    /// drop.
    pub(crate) fn detach_all(&self) -> Vec<Rc<dyn Any>> {
        self.attachments.take()
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        inbox::strike(self.number);
    }
}

/// Marks the time of a run, however it ends.
pub(super) struct Running<'a>(&'a Core);

impl<'a> Running<'a> {
    pub(super) fn start(core: &'a Core) -> Self {
        core.phase.set(Phase::Running);
        Self(core)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.stopping.set(false);
        self.0.phase.set(Phase::Idle);
    }
}
