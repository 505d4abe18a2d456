//! The table of the descriptors that a loop watches for somebody else.
//!
//! The loop never reads from them. So it cannot see when one is drained, and the edges that mio
//! reports are not enough: asyncio calls back *as long as* there is something to read. After
//! every callback the descriptor is registered anew, and if it is still ready, the kernel says
//! so again.
//!
//! # Rules
//!
//! 1. One descriptor has one entry, whoever watches it, in either direction or in both. It is
//!    registered for the directions that somebody watches, and for no others.
//! 2. In a direction there is one callback ([`readers`](super::readers)), or any number of
//!    waits ([`sock`](super::sock)).
//! 3. What a transport owns, nobody else may watch.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::os::fd::RawFd;
use std::rc::Rc;

use mio::Interest;
use mio::unix::SourceFd;

use super::source::loop_is_gone;
use crate::event_loop::{Core, Direction, EventLoop, SourceId, WeakLoop};

/// Who watches one direction of a descriptor.
pub(super) enum Use {
    Nobody,
    /// A callback of the program.
    Callback(Rc<dyn Registered>),
    /// So many `sock_…` calls.
    Waits(usize),
}

/// What has to be told that it is not registered any more.
pub(super) trait Registered {
    fn remove(&self);
}

/// A descriptor that is watched.
struct Entry {
    source: SourceId,
    read: Use,
    write: Use,
}

impl Entry {
    fn side(&mut self, direction: Direction) -> &mut Use {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.write,
        }
    }

    /// What the kernel is asked about. `None`: nothing.
    fn interest(&self) -> Option<Interest> {
        let read = !matches!(self.read, Use::Nobody);
        let write = !matches!(self.write, Use::Nobody);
        match (read, write) {
            (true, true) => Some(Interest::READABLE | Interest::WRITABLE),
            (true, false) => Some(Interest::READABLE),
            (false, true) => Some(Interest::WRITABLE),
            (false, false) => None,
        }
    }

    /// Asks the kernel anew about what is watched.
    fn rearm(&self, core: &Core, fd: RawFd) -> io::Result<()> {
        let interest = self.interest().ok_or(io::ErrorKind::NotFound)?;
        core.reactor
            .rearm(self.source, &mut SourceFd(&fd), interest)
    }
}

/// The descriptors that one loop watches; it is kept with the loop.
pub(super) struct Descriptors {
    event_loop: WeakLoop,
    watched: RefCell<HashMap<RawFd, Entry>>,
    /// What transports own.
    owned: RefCell<HashSet<RawFd>>,
}

impl Descriptors {
    /// Those of a loop. An error means that it is closed.
    pub(super) fn of(event_loop: &EventLoop) -> io::Result<Rc<Self>> {
        if event_loop.is_closed() {
            return Err(loop_is_gone());
        }
        Ok(event_loop.core().attachment(|| Self {
            event_loop: event_loop.downgrade(),
            watched: RefCell::default(),
            owned: RefCell::default(),
        }))
    }

    /// An error means that a transport owns `fd`.
    pub(super) fn check(&self, fd: RawFd) -> io::Result<()> {
        match self.owned.borrow().contains(&fd) {
            true => Err(in_use(fd, "a transport")),
            false => Ok(()),
        }
    }

    /// Gives a direction to `new`, and asks the kernel about it. Returns who had it before;
    /// waits and callbacks exclude each other.
    pub(super) fn claim(
        &self,
        core: &Core,
        fd: RawFd,
        direction: Direction,
        new: Use,
    ) -> io::Result<(SourceId, Use)> {
        self.check(fd)?;
        let mut watched = self.watched.borrow_mut();
        let Some(entry) = watched.get_mut(&fd) else {
            let source = register(core, fd, direction)?;
            let (read, write) = match direction {
                Direction::Read => (new, Use::Nobody),
                Direction::Write => (Use::Nobody, new),
            };
            watched.insert(
                fd,
                Entry {
                    source,
                    read,
                    write,
                },
            );
            return Ok((source, Use::Nobody));
        };
        let new = match (&*entry.side(direction), new) {
            (Use::Waits(count), Use::Waits(more)) => Use::Waits(count + more),
            (Use::Waits(_), _) => return Err(in_use(fd, "a sock call")),
            (Use::Callback(_), Use::Waits(_)) => return Err(in_use(fd, "a callback")),
            (_, new) => new,
        };
        let old = std::mem::replace(entry.side(direction), new);
        match entry.rearm(core, fd) {
            Ok(()) => Ok((entry.source, old)),
            Err(error) => {
                let refused = std::mem::replace(entry.side(direction), old);
                drop(watched);
                drop(refused);
                Err(error)
            }
        }
    }

    /// Asks the kernel anew. The descriptor is watched.
    pub(super) fn rearm(&self, core: &Core, fd: RawFd) -> io::Result<SourceId> {
        let watched = self.watched.borrow();
        let entry = watched.get(&fd).ok_or(io::ErrorKind::NotFound)?;
        entry.rearm(core, fd).map(|()| entry.source)
    }

    /// Takes the callback of a direction out.
    pub(super) fn release_callback(
        &self,
        core: &Core,
        fd: RawFd,
        direction: Direction,
    ) -> Option<Rc<dyn Registered>> {
        let mut watched = self.watched.borrow_mut();
        let side = watched.get_mut(&fd)?.side(direction);
        let Use::Callback(callback) = side else {
            return None;
        };
        let callback = callback.clone();
        *side = Use::Nobody;
        drop(watched);
        self.settle(core, fd);
        Some(callback)
    }

    /// Takes one wait out.
    pub(super) fn release_wait(&self, core: &Core, fd: RawFd, direction: Direction) {
        if let Some(entry) = self.watched.borrow_mut().get_mut(&fd) {
            let side = entry.side(direction);
            match side {
                Use::Waits(1) => *side = Use::Nobody,
                Use::Waits(count) => *count -= 1,
                Use::Nobody | Use::Callback(_) => return,
            }
        }
        self.settle(core, fd);
    }

    /// Tells the kernel what is watched after something was taken out.
    fn settle(&self, core: &Core, fd: RawFd) {
        let mut watched = self.watched.borrow_mut();
        let Some(entry) = watched.get(&fd) else {
            return;
        };
        if entry.interest().is_none() {
            let source = entry.source;
            watched.remove(&fd);
            drop(watched);
            core.reactor.deregister(source, &mut SourceFd(&fd));
        } else {
            // An error means that the descriptor was closed; then there is nothing to ask.
            let _ = entry.rearm(core, fd);
        }
    }
}

fn register(core: &Core, fd: RawFd, direction: Direction) -> io::Result<SourceId> {
    let interest = match direction {
        Direction::Read => Interest::READABLE,
        Direction::Write => Interest::WRITABLE,
    };
    let registered = core.reactor.register_foreign(&mut SourceFd(&fd), interest);
    registered.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => in_use(fd, "something else on this loop"),
        kind => io::Error::new(
            kind,
            format!("file descriptor {fd} cannot be watched: {error}"),
        ),
    })
}

fn in_use(fd: RawFd, by: &str) -> io::Error {
    let text = format!("file descriptor {fd} is used by {by}");
    io::Error::new(io::ErrorKind::ResourceBusy, text)
}

/// The loop is closed: no callback will run, and what they hold is dropped.
impl Drop for Descriptors {
    fn drop(&mut self) {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        for (fd, entry) in self.watched.take() {
            let reactor = &event_loop.core().reactor;
            reactor.deregister(entry.source, &mut SourceFd(&fd));
            for side in [entry.read, entry.write] {
                let Use::Callback(callback) = side else {
                    continue;
                };
                let what = "a callback panicked while it was dropped";
                event_loop
                    .core()
                    .reporter
                    .contain(what, || callback.remove());
            }
        }
    }
}

/// Says that a descriptor is a transport's, as long as this lives.
pub(crate) struct Owned {
    event_loop: WeakLoop,
    fd: RawFd,
}

impl Owned {
    pub(crate) fn new(event_loop: &EventLoop, fd: RawFd) -> io::Result<Self> {
        Descriptors::of(event_loop)?.owned.borrow_mut().insert(fd);
        Ok(Self {
            event_loop: event_loop.downgrade(),
            fd,
        })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        if let Some(descriptors) = event_loop.core().find_attachment::<Descriptors>() {
            descriptors.owned.borrow_mut().remove(&self.fd);
        }
    }
}
