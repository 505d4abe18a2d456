//! The inbox: how other threads reach a loop.
//!
//! Everything else in this crate stays on its thread. A wake or a call from another thread is
//! put into a locked list, and the bell (`mio::Waker`) is rung so that the loop looks. One
//! ring is enough for any number of letters until the loop has emptied the box.
//!
//! # The table
//!
//! A ticket carries the number of its loop, and some place must know which inbox that is.
//! That table is the only global of the crate without its features. A number is given back when its loop is
//! dropped; the next loop in the same slot has another generation, so a ticket of the old one
//! goes nowhere.

use std::fmt;
use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::ticket::{LoopNumber, Ticket};
use crate::error::LoopClosed;

/// What another thread may send.
pub(crate) enum Letter {
    /// Queue this task.
    Wake(Ticket),
    /// Run this on the loop; it was sent from there.
    Call(Box<dyn FnOnce() + Send>, &'static Location<'static>),
}

/// The box of one loop.
pub(crate) struct Inbox {
    letters: Mutex<Letters>,
    /// Whether letters may be waiting. Lets the loop skip the lock.
    pending: AtomicBool,
    bell: mio::Waker,
    /// Jobs on other threads that will report to this loop.
    jobs: AtomicUsize,
    /// `LoopHandle`s that are alive.
    handles: AtomicUsize,
}

#[derive(Default)]
struct Letters {
    waiting: Vec<Letter>,
    closed: bool,
}

impl Inbox {
    pub(crate) fn new(bell: mio::Waker) -> Self {
        Self {
            letters: Mutex::default(),
            pending: AtomicBool::new(false),
            bell,
            jobs: AtomicUsize::new(0),
            handles: AtomicUsize::new(0),
        }
    }

    /// Puts a letter in and rings the bell, unless it is ringing already.
    pub(crate) fn post(&self, letter: Letter) -> Result<(), LoopClosed> {
        let mut letters = self.lock();
        if letters.closed {
            return Err(LoopClosed);
        }
        letters.waiting.push(letter);
        drop(letters);
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.ring();
        }
        Ok(())
    }

    /// Whether letters may be waiting.
    pub(crate) fn has_letters(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Takes all letters out.
    pub(crate) fn collect(&self) -> Vec<Letter> {
        self.pending.store(false, Ordering::Release);
        std::mem::take(&mut self.lock().waiting)
    }

    /// Refuses letters from now on and returns those that were waiting.
    pub(crate) fn close(&self) -> Vec<Letter> {
        let mut letters = self.lock();
        letters.closed = true;
        std::mem::take(&mut letters.waiting)
    }

    /// Whether a letter may still come from a job or from a handle.
    pub(crate) fn expects_letters(&self) -> bool {
        self.has_jobs() || self.handles.load(Ordering::Acquire) > 0 || self.has_letters()
    }

    /// Whether a job on another thread will report to this loop.
    pub(crate) fn has_jobs(&self) -> bool {
        self.jobs() > 0
    }

    /// How many thread jobs are out whose results somebody waits for.
    pub(crate) fn jobs(&self) -> usize {
        self.jobs.load(Ordering::Acquire)
    }

    fn ring(&self) {
        // It fails only when the loop's descriptor is gone, and the loop with it.
        let _ = self.bell.wake();
    }

    /// A thread that panics while it holds the lock leaves a list that is still whole.
    fn lock(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts a job on another thread: as long as it lives, the loop does not call itself
/// deadlocked, and a virtual clock does not jump.
pub(crate) struct JobTally(Arc<Inbox>);

impl JobTally {
    pub(crate) fn new(inbox: Arc<Inbox>) -> Self {
        inbox.jobs.fetch_add(1, Ordering::AcqRel);
        Self(inbox)
    }
}

impl Drop for JobTally {
    fn drop(&mut self) {
        self.0.jobs.fetch_sub(1, Ordering::AcqRel);
        self.0.ring();
    }
}

/// A loop as seen from another thread: the only part of it that is `Send` and `Sync`.
///
/// As long as a handle is alive, the loop waits for what may come through it and does not
/// report a deadlock. asyncio has no type of its own for this; there it is the loop object,
/// of which only `call_soon_threadsafe` may be used.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let event_loop = looplet::EventLoop::new()?;
/// let handle = event_loop.handle();
/// let thread = std::thread::spawn(move || {
///     handle.call_soon_threadsafe(|| looplet::get_running_loop().stop())
/// });
/// event_loop.run_forever()?;
/// thread.join().expect("the thread does not panic")?;
/// # Ok(())
/// # }
/// ```
pub struct LoopHandle {
    inbox: Arc<Inbox>,
    number: LoopNumber,
}

impl LoopHandle {
    pub(crate) fn new(inbox: Arc<Inbox>, number: LoopNumber) -> Self {
        inbox.handles.fetch_add(1, Ordering::AcqRel);
        Self { inbox, number }
    }

    pub(crate) fn number(&self) -> LoopNumber {
        self.number
    }

    /// Sends `callback` to the loop from another thread.
    #[track_caller]
    pub(crate) fn post(&self, callback: impl FnOnce() + Send + 'static) -> Result<(), LoopClosed> {
        self.inbox
            .post(Letter::Call(Box::new(callback), Location::caller()))
    }
}

impl Clone for LoopHandle {
    fn clone(&self) -> Self {
        Self::new(self.inbox.clone(), self.number)
    }
}

impl Drop for LoopHandle {
    fn drop(&mut self) {
        // The loop may have been waiting for this handle alone.
        if self.inbox.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.inbox.ring();
        }
    }
}

impl fmt::Debug for LoopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle")
            .field("number", &self.number)
            .finish()
    }
}

/// The table of loops, by slot.
static TABLE: RwLock<Vec<Tenant>> = RwLock::new(Vec::new());

struct Tenant {
    generation: u8,
    inbox: Option<Arc<Inbox>>,
}

/// Enters an inbox into the table.
///
/// # Errors
///
/// If 4096 loops are alive.
pub(crate) fn enlist(inbox: Arc<Inbox>) -> io::Result<LoopNumber> {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let free = table.iter().position(|tenant| tenant.inbox.is_none());
    let slot = free.unwrap_or(table.len());
    if slot >= LoopNumber::SLOTS {
        return Err(io::Error::other(
            "4096 event loops are alive; there is no room for more",
        ));
    }
    if slot == table.len() {
        table.push(Tenant {
            generation: 0,
            inbox: None,
        });
    }
    table[slot].inbox = Some(inbox);
    Ok(LoopNumber::new(slot, table[slot].generation))
}

/// Gives a number back.
pub(crate) fn strike(number: LoopNumber) {
    let mut table = TABLE.write().unwrap_or_else(PoisonError::into_inner);
    let tenant = &mut table[number.slot()];
    tenant.generation = tenant.generation.wrapping_add(1);
    tenant.inbox = None;
}

/// Sends a ticket to its loop, whichever thread that is on. A dead loop's ticket goes nowhere.
pub(crate) fn forward(ticket: Ticket) {
    let number = ticket.number();
    let table = TABLE.read().unwrap_or_else(PoisonError::into_inner);
    let inbox = table
        .get(number.slot())
        .filter(|tenant| LoopNumber::new(number.slot(), tenant.generation) == number)
        .and_then(|tenant| tenant.inbox.clone());
    drop(table);
    if let Some(inbox) = inbox {
        // A closed loop has no use for it.
        let _ = inbox.post(Letter::Wake(ticket));
    }
}
