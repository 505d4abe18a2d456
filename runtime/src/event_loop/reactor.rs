//! The reactor: asks the kernel which sources are ready, and says what to run.
//!
//! mio reports edges: a socket is announced when it *becomes* readable, once. So a direction
//! keeps a mark that it is ready, everybody tries first and waits only after `WouldBlock`, and
//! the mark is cleared by the one who saw `WouldBlock`. A source is registered once, for both
//! directions, for all of its life.
//!
//! A descriptor that somebody else reads from has no mark, since nobody here sees its
//! `WouldBlock`. It is registered anew whenever the kernel is to be asked about it: that makes
//! an edge if it is ready, see [`Reactor::rearm`].
//!
//! # Rules
//!
//! 1. The reactor returns errands (a waker to call, a callback to run); it never runs them.
//! 2. A new source counts as ready: the first try finds out.
//! 3. A short read also means that a source is drained, and saves the read that would say
//!    `WouldBlock`. Not so for a direction that was closed or has failed: no edge will
//!    announce it again, and the next read is the one that tells.

use std::cell::{Cell, RefCell};
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use mio::event::{Event, Source};
use mio::{Events, Interest, Registry, Token};
use slab::Slab;

use super::handle::Callback;
use super::ready::Errand;
use super::waits::{Wait, Waiting};

pub(crate) use super::waits::WaitId;

/// Events fetched with one call.
const BATCH: usize = 256;
/// How often the kernel is not asked while entries are ready, if it could tell only of what is
/// in the background.
const BACKGROUND_INTERVAL: u32 = 64;
/// How many new sources in a row are tried before the kernel has announced them.
const HURRIES_IN_A_ROW: u32 = 32;
/// The token of the bell that other threads ring.
const BELL: Token = Token(usize::MAX);

/// Names a registered source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SourceId(usize);

/// A direction of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Something can be read or accepted.
    Read,
    /// Something can be written, or a connect has ended.
    Write,
}

/// One direction of one source.
#[derive(Default)]
struct Side {
    /// Whether the next try is worth making.
    ready: bool,
    /// Whether it was closed or has failed, so that no further edge will come.
    closed: bool,
    /// What is run when it becomes ready.
    waiting: Waiting,
}

impl Side {
    fn new(ready: bool) -> Self {
        Side {
            ready,
            ..Side::default()
        }
    }

    fn announce(&mut self, closed: bool, woken: &mut Vec<Errand>) {
        self.ready = true;
        self.closed |= closed;
        match mem::take(&mut self.waiting) {
            Waiting::Nobody => {}
            Waiting::One(wait) => woken.push(wait.errand),
            Waiting::Several(waits) => woken.extend(waits.into_iter().map(|wait| wait.errand)),
        }
    }
}

struct Sides {
    read: Side,
    write: Side,
    /// Whether a wait for it does not keep the loop from a deadlock.
    background: bool,
}

impl Sides {
    fn new(ready: bool, background: bool) -> Self {
        Self {
            read: Side::new(ready),
            write: Side::new(ready),
            background,
        }
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }

    fn waits(&self) -> usize {
        self.read.waiting.all().len() + self.write.waiting.all().len()
    }

    fn announce(&mut self, event: &Event, woken: &mut Vec<Errand>) {
        let failed = event.is_error();
        if event.is_readable() || event.is_read_closed() || failed {
            self.read.announce(event.is_read_closed() || failed, woken);
        }
        if event.is_writable() || event.is_write_closed() || failed {
            self.write
                .announce(event.is_write_closed() || failed, woken);
        }
    }
}

/// The reactor of one loop.
pub(crate) struct Reactor {
    poll: RefCell<Poller>,
    registry: Registry,
    sources: RefCell<Slab<Sides>>,
    /// How many of them are in the background.
    background: Cell<usize>,
    /// How often it was not worth asking since it was.
    declined: Cell<u32>,
    /// How often somebody has asked whether to wait.
    hurries: Cell<u32>,
    /// Waits there have been; the name of the next.
    waits: Cell<u64>,
}

struct Poller {
    poll: mio::Poll,
    events: Events,
}

impl Reactor {
    /// Opens the kernel's queue, and the bell that other threads ring.
    pub(crate) fn new() -> io::Result<(Self, mio::Waker)> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let bell = mio::Waker::new(&registry, BELL)?;
        let poller = Poller {
            poll,
            events: Events::with_capacity(BATCH),
        };
        let sources = RefCell::new(Slab::new());
        Ok((
            Self {
                poll: RefCell::new(poller),
                registry,
                sources,
                background: Cell::new(0),
                declined: Cell::new(0),
                hurries: Cell::new(0),
                waits: Cell::new(0),
            },
            bell,
        ))
    }

    /// Whether who has made a source may try it before the kernel has announced it. Mostly; but who
    /// does nothing else would keep all others from running, so it is not for ever.
    pub(crate) fn may_hurry(&self) -> bool {
        let count = self.hurries.get().wrapping_add(1);
        self.hurries.set(count);
        !count.is_multiple_of(HURRIES_IN_A_ROW)
    }

    /// Waits for events, at most for `timeout`, and appends what is to be run to `woken`.
    pub(crate) fn poll(
        &self,
        timeout: Option<Duration>,
        woken: &mut Vec<Errand>,
    ) -> io::Result<()> {
        let mut poller = self.poll.borrow_mut();
        let Poller { poll, events } = &mut *poller;
        match poll.poll(events, timeout) {
            Ok(()) => {}
            // A signal came in between. The next turn polls again.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        let mut sources = self.sources.borrow_mut();
        for event in events.iter() {
            if let Some(sides) = sources.get_mut(event.token().0) {
                sides.announce(event, woken);
            }
        }
        Ok(())
    }

    /// Registers a source for both directions. In the background it is of no interest by
    /// itself: a loop in which nobody waits for anything else is in a deadlock.
    pub(crate) fn register(
        &self,
        source: &mut dyn Source,
        background: bool,
    ) -> io::Result<SourceId> {
        let both = Interest::READABLE | Interest::WRITABLE;
        self.add_source(source, both, Sides::new(true, background))
    }

    /// Registers what somebody else reads from or writes to, for the directions of `interest`.
    /// It has no marks: the kernel announces what is ready now.
    pub(crate) fn register_foreign(
        &self,
        source: &mut dyn Source,
        interest: Interest,
    ) -> io::Result<SourceId> {
        self.add_source(source, interest, Sides::new(false, false))
    }

    fn add_source(
        &self,
        source: &mut dyn Source,
        interest: Interest,
        sides: Sides,
    ) -> io::Result<SourceId> {
        let mut sources = self.sources.borrow_mut();
        let vacant = sources.vacant_entry();
        let key = vacant.key();
        self.registry.register(source, Token(key), interest)?;
        let background = usize::from(sides.background);
        vacant.insert(sides);
        self.background.set(self.background.get() + background);
        Ok(SourceId(key))
    }

    /// Registers a source anew. If it is ready, that is announced once more, to whoever waits
    /// from now on.
    pub(crate) fn rearm(
        &self,
        id: SourceId,
        source: &mut dyn Source,
        interest: Interest,
    ) -> io::Result<()> {
        self.clear_ready(id, Direction::Read);
        self.clear_ready(id, Direction::Write);
        match self.registry.reregister(source, Token(id.0), interest) {
            // Closing a descriptor takes it off the list, and its number may be used again.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.registry.register(source, Token(id.0), interest)
            }
            result => result,
        }
    }

    /// Removes a source. Whoever waits for it is forgotten.
    pub(crate) fn deregister(&self, id: SourceId, source: &mut dyn Source) {
        // An error here means that the kernel has forgotten the source already.
        let _ = self.registry.deregister(source);
        let sides = self.sources.borrow_mut().try_remove(id.0);
        if sides.is_some_and(|sides| sides.background) {
            self.background.set(self.background.get() - 1);
        }
    }

    /// Returns `Ready` if a try is worth making; otherwise the task is woken when it is.
    /// `wait` is where the caller keeps the name of its wait.
    pub(crate) fn poll_ready(
        &self,
        id: SourceId,
        direction: Direction,
        wait: &mut Option<WaitId>,
        context: &Context<'_>,
    ) -> Poll<()> {
        // It may be that of another library, and do anything when it is cloned or dropped.
        let waker = context.waker().clone();
        let mut sources = self.sources.borrow_mut();
        let Some(sides) = sources.get_mut(id.0) else {
            return Poll::Ready(());
        };
        let side = sides.side(direction);
        if side.ready {
            return Poll::Ready(());
        }
        let old = match wait.and_then(|wait| side.waiting.find(wait)) {
            Some(known) => Some(mem::replace(&mut known.errand, Errand::Wake(waker))),
            None => {
                *wait = Some(self.add(side, Errand::Wake(waker)));
                None
            }
        };
        drop(sources);
        drop(old);
        Poll::Pending
    }

    /// Keeps `callback` until a try is worth making. `None`: it is now.
    pub(crate) fn call_when_ready(
        &self,
        id: SourceId,
        direction: Direction,
        callback: &Rc<dyn Callback>,
    ) -> Option<WaitId> {
        let mut sources = self.sources.borrow_mut();
        let side = sources.get_mut(id.0)?.side(direction);
        (!side.ready).then(|| self.add(side, Errand::Call(callback.clone())))
    }

    fn add(&self, side: &mut Side, errand: Errand) -> WaitId {
        let id = WaitId(self.waits.get());
        self.waits.set(id.0 + 1);
        side.waiting.push(Wait { id, errand });
        id
    }

    /// Whether a try is worth making.
    pub(crate) fn is_ready(&self, id: SourceId, direction: Direction) -> bool {
        let mut sources = self.sources.borrow_mut();
        sources
            .get_mut(id.0)
            .is_none_or(|sides| sides.side(direction).ready)
    }

    /// Forgets a wait: its future was dropped.
    pub(crate) fn forget(&self, id: SourceId, direction: Direction, wait: WaitId) {
        let mut sources = self.sources.borrow_mut();
        let Some(sides) = sources.get_mut(id.0) else {
            return;
        };
        let removed = sides.side(direction).waiting.remove(wait);
        drop(sources);
        drop(removed);
    }

    /// Marks a direction as drained, after `WouldBlock`.
    pub(crate) fn clear_ready(&self, id: SourceId, direction: Direction) {
        if let Some(sides) = self.sources.borrow_mut().get_mut(id.0) {
            sides.side(direction).ready = false;
        }
    }

    /// Marks a direction as drained, after a read or write that was shorter than asked for.
    pub(crate) fn clear_ready_if_open(&self, id: SourceId, direction: Direction) {
        if let Some(sides) = self.sources.borrow_mut().get_mut(id.0) {
            let side = sides.side(direction);
            side.ready = side.closed;
        }
    }

    /// How many sources there are.
    pub(crate) fn sources(&self) -> usize {
        self.sources.borrow().len()
    }

    /// Whether the kernel could tell of anything that would not have more time. What is in the
    /// background (that Ctrl-C may come) has: it counts every 64th time.
    pub(crate) fn is_worth_asking(&self) -> bool {
        let sources = self.sources.borrow().len();
        if sources > self.background.get() {
            return true;
        }
        let declined = (self.declined.get() + 1) % BACKGROUND_INTERVAL;
        self.declined.set(declined);
        sources > 0 && declined == 0
    }

    /// How many waits there are for a direction of a source.
    pub(crate) fn waits(&self) -> usize {
        let sources = self.sources.borrow();
        let waits = sources.iter().map(|(_, sides)| sides.waits());
        waits.sum()
    }

    /// Whether anybody waits for a source that is not in the background.
    pub(crate) fn is_awaited(&self) -> bool {
        let sources = self.sources.borrow();
        let mut all = sources.iter();
        all.any(|(_, sides)| !sides.background && sides.waits() > 0)
    }
}

/// The kernel's queue. The registry has a descriptor of its own for it, which can be lent out
/// while the other one is being waited for.
impl AsFd for Reactor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.registry.as_fd()
    }
}
