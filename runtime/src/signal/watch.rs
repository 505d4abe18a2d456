//! What a loop listens to.
//!
//! For every signal and role there is a pipe: the handler writes to it in signal context, and
//! the loop reads from it in a turn, where everything is allowed. Nobody's task reads it. The
//! waker that the reactor calls is an [`Alarm`], two numbers, by which the turn finds the way
//! back to this file.
//!
//! # Rules
//!
//! 1. Signals that come before the loop gets to read the pipe count as one, as they do in the
//!    kernel.
//! 2. Only listeners keep the loop from a deadlock; a standing answer does not.
//! 3. The calls in here are the runtime's own; user code goes through `call_soon`.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use mio::net::UnixStream;
use signal_hook::SigId;
use signal_hook::low_level::{self, pipe};

use super::error::SignalError;
use super::table::{Claim, Role, enter};
use crate::event_loop::{Direction, EventLoop, SourceId, WeakLoop};

/// What is called in a turn when the signal has come.
type Call = Rc<dyn Fn()>;

/// The signals that one loop listens to; kept with the loop.
#[derive(Default)]
struct Watches {
    watches: RefCell<BTreeMap<(c_int, Role), Rc<Watch>>>,
    /// Subscriptions there have been; the name of the next.
    count: Cell<u64>,
}

/// One signal in one role, on one loop.
struct Watch {
    event_loop: WeakLoop,
    /// Where the loop reads what the handler writes.
    pipe: RefCell<UnixStream>,
    source: SourceId,
    /// The handler's end.
    action: SigId,
    /// Called by the reactor when there is something to read.
    alarm: Waker,
    calls: RefCell<Vec<(u64, Call)>>,
}

/// What the reactor calls: names a watch.
struct Alarm {
    event_loop: WeakLoop,
    signal: c_int,
    role: Role,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let event_loop = self.event_loop.upgrade();
        let watches = event_loop.and_then(|l| l.core().find_attachment::<Watches>());
        if let Some(watches) = watches {
            watches.deliver(self.signal, self.role);
        }
    }
}

impl Watches {
    /// Empties the pipe of a watch and makes its calls.
    fn deliver(&self, signal: c_int, role: Role) {
        let Some(watch) = self.get(signal, role) else {
            return;
        };
        if watch.drain() {
            let calls = watch.calls.borrow().clone();
            calls.into_iter().for_each(|(_, call)| call());
        }
    }

    fn get(&self, signal: c_int, role: Role) -> Option<Rc<Watch>> {
        self.watches.borrow().get(&(signal, role)).cloned()
    }

    /// Returns the watch of a signal, which is made if there is none.
    fn open(
        &self,
        event_loop: &EventLoop,
        signal: c_int,
        role: Role,
    ) -> Result<Rc<Watch>, SignalError> {
        if let Some(watch) = self.get(signal, role) {
            return Ok(watch);
        }
        enter(signal)?;
        let watch = Rc::new(Watch::new(event_loop, signal, role)?);
        let mut watches = self.watches.borrow_mut();
        watches.insert((signal, role), watch.clone());
        Ok(watch)
    }

    /// Takes a call out, and with the last one the watch.
    fn remove(&self, signal: c_int, role: Role, id: u64) {
        let Some(watch) = self.get(signal, role) else {
            return;
        };
        let mut calls = watch.calls.borrow_mut();
        let at = calls.iter().position(|(other, _)| *other == id);
        let removed = at.map(|at| calls.remove(at));
        let idle = calls.is_empty();
        drop(calls);
        if idle {
            self.watches.borrow_mut().remove(&(signal, role));
        }
        drop(removed);
    }
}

impl Watch {
    fn new(event_loop: &EventLoop, signal: c_int, role: Role) -> Result<Self, SignalError> {
        let (mut pipe, end) = UnixStream::pair().map_err(SignalError::Io)?;
        let reactor = &event_loop.core().reactor;
        let source = reactor.register(&mut pipe, role != Role::Listener);
        let source = source.map_err(SignalError::Io)?;
        let action = match pipe::register(signal, OwnedFd::from(end)) {
            Ok(action) => action,
            Err(error) => {
                reactor.deregister(source, &mut pipe);
                // What the table let through and the system does not know.
                return Err(match error.kind() {
                    io::ErrorKind::InvalidInput => SignalError::Invalid(signal),
                    _ => SignalError::Io(error),
                });
            }
        };
        let event_loop = event_loop.downgrade();
        let alarm = Waker::from(Arc::new(Alarm {
            event_loop,
            signal,
            role,
        }));
        let watch = Self {
            event_loop,
            pipe: RefCell::new(pipe),
            source,
            action,
            alarm,
            calls: RefCell::default(),
        };
        watch.drain();
        Ok(watch)
    }

    /// Reads to the bottom and sets the alarm anew. Returns whether there was anything.
    fn drain(&self) -> bool {
        let (mut any, mut bytes) = (false, [0; 64]);
        let mut pipe = self.pipe.borrow_mut();
        loop {
            match pipe.read(&mut bytes) {
                Ok(1..) => any = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => break,
            }
        }
        if let Some(event_loop) = self.event_loop.upgrade() {
            let (reactor, context) = (&event_loop.core().reactor, Context::from_waker(&self.alarm));
            reactor.clear_ready(self.source, Direction::Read);
            let set = reactor.poll_ready(self.source, Direction::Read, &mut None, &context);
            debug_assert!(set.is_pending(), "the mark was just cleared");
        }
        any
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        low_level::unregister(self.action);
        if let Some(event_loop) = self.event_loop.upgrade() {
            let pipe = self.pipe.get_mut();
            event_loop.core().reactor.deregister(self.source, pipe);
        }
    }
}

/// Has a call made at every signal, until it is dropped or the loop is closed.
pub(crate) struct Subscription {
    event_loop: WeakLoop,
    signal: c_int,
    role: Role,
    id: u64,
    _claim: Claim,
}

/// Has `call` made in a turn when the signal has come.
pub(crate) fn subscribe(
    event_loop: &EventLoop,
    signal: c_int,
    role: Role,
    call: impl Fn() + 'static,
) -> Result<Subscription, SignalError> {
    if event_loop.is_closed() {
        return Err(SignalError::LoopClosed);
    }
    let watches = event_loop.core().attachment(Watches::default);
    let watch = watches.open(event_loop, signal, role)?;
    let id = watches.count.get();
    watches.count.set(id + 1);
    watch.calls.borrow_mut().push((id, Rc::new(call)));
    Ok(Subscription {
        event_loop: event_loop.downgrade(),
        signal,
        role,
        id,
        _claim: Claim::new(signal, role),
    })
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let event_loop = self.event_loop.upgrade();
        let watches = event_loop.and_then(|l| l.core().find_attachment::<Watches>());
        if let Some(watches) = watches {
            watches.remove(self.signal, self.role, self.id);
        }
    }
}

/// Whether the program listens to `signal` on this loop.
pub(super) fn is_listened_to(event_loop: &EventLoop, signal: c_int) -> bool {
    let watches = event_loop.core().find_attachment::<Watches>();
    let roles = [Role::Listener, Role::Standing];
    watches.is_some_and(|watches| {
        roles
            .iter()
            .any(|role| watches.get(signal, *role).is_some())
    })
}
