//! Processes, and who asks them whether they have ended.
//!
//! The kernel keeps what a process has to say at its end until its parent asks for it; until
//! then it is a zombie. So the loop holds on to every process that it has started, and lets go
//! when it has asked.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind::InvalidInput};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child as StdChild, ExitStatus};
use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process};

use crate::event_loop::{EventLoop, JobTally, WeakLoop, get_running_loop};
use crate::signal::{Role, SIGCHLD, SIGKILL, SignalError, Subscription, subscribe};
use crate::sync::Event;

/// What a child counts as having said if somebody else has asked first; asyncio's number.
const UNKNOWN: i32 = 255;

/// Children that have outlived their loop, for the next one who starts a child to ask.
static ORPHANS: Mutex<Vec<StdChild>> = Mutex::new(Vec::new());

/// A process that was started here.
pub(super) struct Process {
    event_loop: WeakLoop,
    pid: u32,
    /// `None` once it was left to the next loop.
    child: RefCell<Option<StdChild>>,
    status: Cell<Option<ExitStatus>>,
    /// Set when there is a status.
    ended: Event,
    /// Whether it is killed when its handle, or its loop, goes.
    kill_on_drop: bool,
}

impl Process {
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended, as far as the loop knows.
    pub(super) fn status(&self) -> Option<ExitStatus> {
        self.status.get()
    }

    /// Asks whether it has ended. Returns how.
    pub(super) fn poll(&self) -> Option<ExitStatus> {
        if self.status.get().is_none() && self.ask() {
            self.ended.set();
        }
        self.status.get()
    }

    /// Asks, and tells nobody. Returns whether there is a status.
    fn ask(&self) -> bool {
        let mut child = self.child.borrow_mut();
        if let Some(child) = child.as_mut().filter(|_| self.status.get().is_none()) {
            self.status.set(match child.try_wait() {
                Ok(status) => status,
                Err(_) => Some(ExitStatus::from_raw(UNKNOWN << 8)),
            });
        }
        self.status.get().is_some()
    }

    /// Waits for the end.
    ///
    /// # Errors
    ///
    /// If the process belongs to a loop that is not the running one.
    pub(super) async fn wait(&self) -> io::Result<ExitStatus> {
        if let Some(status) = self.poll() {
            return Ok(status);
        }
        let _standing_still = self.hold_time()?;
        self.ended.wait().await;
        self.status().ok_or_else(is_of_another_loop)
    }

    /// Counts as a job of the running loop while its end is awaited.
    pub(super) fn hold_time(&self) -> io::Result<JobTally> {
        let (own, running) = (self.event_loop.upgrade(), get_running_loop());
        if own.is_none_or(|own| own.is_closed() || !own.is_same(&running)) {
            return Err(is_of_another_loop());
        }
        Ok(JobTally::new(running.core().inbox.clone()))
    }

    /// Sends a signal. As long as nobody has asked for the status, the number is not given to
    /// another process.
    pub(super) fn send_signal(&self, signal: i32) -> io::Result<()> {
        let ended = || {
            io::Error::new(
                io::ErrorKind::NotFound,
                format!("the process {} has ended", self.pid),
            )
        };
        if self.poll().is_some() {
            return Err(ended());
        }
        let signal = Signal::from_named_raw(signal)
            .ok_or_else(|| io::Error::new(InvalidInput, SignalError::Invalid(signal)))?;
        let child = self.child.borrow();
        let child = child.as_ref().ok_or_else(is_of_another_loop)?;
        Ok(kill_process(Pid::from_child(child), signal)?)
    }

    /// Ends a process whose handle has gone, if that is wanted.
    pub(super) fn abandon(&self) {
        if self.kill_on_drop {
            // An error means that it has ended.
            let _ = self.send_signal(SIGKILL);
        }
    }
}

fn is_of_another_loop() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the process was started on an event loop that is not the running one",
    )
}

/// The processes of one loop that have not ended; kept with the loop.
pub(super) struct Reaper {
    living: RefCell<Vec<Rc<Process>>>,
    _subscription: Subscription,
}

impl Reaper {
    /// Returns the reaper of a loop. It must be there before its first child is.
    pub(super) fn of(event_loop: &EventLoop) -> io::Result<Rc<Self>> {
        if let Some(reaper) = event_loop.core().find_attachment() {
            return Ok(reaper);
        }
        let weak = event_loop.downgrade();
        let reap = move || {
            let event_loop = weak.upgrade();
            let reaper = event_loop.and_then(|l| l.core().find_attachment::<Reaper>());
            reaper.inspect(|reaper| reaper.reap());
        };
        let subscription = subscribe(event_loop, SIGCHLD, Role::Background, reap);
        let reaper = Self {
            living: RefCell::default(),
            _subscription: subscription.map_err(io::Error::other)?,
        };
        Ok(event_loop.core().attachment(|| reaper))
    }

    /// Takes a child over.
    pub(super) fn adopt(
        &self,
        event_loop: &EventLoop,
        child: StdChild,
        kill_on_drop: bool,
    ) -> Rc<Process> {
        let process = Rc::new(Process {
            event_loop: event_loop.downgrade(),
            pid: child.id(),
            child: RefCell::new(Some(child)),
            status: Cell::new(None),
            ended: Event::new(),
            kill_on_drop,
        });
        self.living.borrow_mut().push(process.clone());
        process
    }

    /// Asks all that live, and tells those who wait for one that has ended.
    fn reap(&self) {
        let living = self.living.take();
        let (ended, mut living): (Vec<_>, Vec<_>) =
            living.into_iter().partition(|process| process.ask());
        self.living.borrow_mut().append(&mut living);
        ended.iter().for_each(|process| process.ended.set());
    }
}

/// The loop is closed.
impl Drop for Reaper {
    fn drop(&mut self) {
        let living = self.living.take();
        living.iter().for_each(|process| process.abandon());
        let alive = living.iter().filter(|process| !process.ask());
        let children = alive.filter_map(|process| process.child.take());
        orphans(|orphans| orphans.extend(children));
    }
}

/// Asks the children of loops that are closed.
pub(super) fn reap_orphans() {
    orphans(|orphans| orphans.retain_mut(|child| matches!(child.try_wait(), Ok(None))));
}

fn orphans(change: impl FnOnce(&mut Vec<StdChild>)) {
    change(&mut ORPHANS.lock().unwrap_or_else(PoisonError::into_inner));
}
