//! A source: a socket of mio's, registered with the reactor of a loop.
//!
//! The whole of asynchronous I/O is [`Source::attempt`]: try, and if the kernel says
//! `WouldBlock`, clear the mark, wait for the reactor, try again. Reading and writing may wait
//! at the same time, in different tasks.
//!
//! The [`Registration`] is the half that does not care what the socket is: waiting is the same
//! for all of them.
//!
//! What works with callbacks instead of tasks tries in the same way and waits with
//! [`Registration::call_when_ready`].

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::polled::PolledWait;
use crate::cancel::{Note, Plain, Step};
use crate::event_loop::{
    Callback, Core, Direction, EventLoop, SourceId, WaitId, WeakLoop, callback, in_context,
    try_get_running_loop, with_step,
};
use crate::leaf::{Leaf, interrupted};
use crate::task::Alarm;

/// A socket that belongs to a loop. Dropping it closes it.
pub(crate) struct Source<S: mio::event::Source> {
    socket: S,
    registration: Registration,
}

/// The place of a source at the reactor of a loop.
pub(crate) struct Registration {
    id: SourceId,
    event_loop: WeakLoop,
    /// Whoever polls for reading, and keeps no future.
    reading: PolledWait,
    /// Whoever polls for writing.
    writing: PolledWait,
}

impl<S: mio::event::Source> Source<S> {
    /// Registers `socket` with `event_loop`.
    pub(crate) fn new(event_loop: &EventLoop, mut socket: S) -> io::Result<Self> {
        let registration = Registration::new(event_loop, &mut socket)?;
        Ok(Self {
            socket,
            registration,
        })
    }

    /// The same for a socket that keeps no loop from a deadlock.
    pub(super) fn in_background(event_loop: &EventLoop, mut socket: S) -> io::Result<Self> {
        let registration = Registration::register(event_loop, &mut socket, true)?;
        Ok(Self {
            socket,
            registration,
        })
    }

    pub(crate) fn socket(&self) -> &S {
        &self.socket
    }

    /// Tries until the kernel does not say `WouldBlock`.
    pub(crate) async fn attempt<T>(
        &self,
        direction: Direction,
        mut once: impl FnMut(&S) -> io::Result<T>,
    ) -> io::Result<T> {
        loop {
            self.ready(direction).await?;
            match once(&self.socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.clear_ready(direction);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// A source is waited for through its registration.
impl<S: mio::event::Source> Deref for Source<S> {
    type Target = Registration;

    fn deref(&self) -> &Registration {
        &self.registration
    }
}

impl Registration {
    /// Registers something that its owner takes out again with [`remove`](Self::remove).
    pub(crate) fn new(
        event_loop: &EventLoop,
        source: &mut dyn mio::event::Source,
    ) -> io::Result<Self> {
        Self::register(event_loop, source, false)
    }

    fn register(
        event_loop: &EventLoop,
        source: &mut dyn mio::event::Source,
        background: bool,
    ) -> io::Result<Self> {
        let id = event_loop.core().reactor.register(source, background)?;
        Ok(Self {
            id,
            event_loop: event_loop.downgrade(),
            reading: PolledWait::default(),
            writing: PolledWait::default(),
        })
    }

    /// Takes the source out of the reactor. Whoever waits for it is forgotten.
    pub(crate) fn remove(&self, source: &mut dyn mio::event::Source) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop.core().reactor.deregister(self.id, source);
        }
    }

    /// The loop it belongs to, unless that is closed.
    fn open_loop(&self) -> Option<EventLoop> {
        open(self.event_loop)
    }

    /// Whether it belongs to the loop that is running.
    pub(crate) fn is_on_running_loop(&self) -> bool {
        let own = self.open_loop();
        own.is_some_and(|own| try_get_running_loop().is_some_and(|running| own.is_same(&running)))
    }

    /// Waits until a try is worth making. An error means that the loop is closed.
    pub(crate) fn ready(&self, direction: Direction) -> Ready<'_> {
        Ready {
            registration: self,
            direction,
            wait: None,
            leaf: Leaf::new(),
        }
    }

    /// Waits as `ready` does, for at most `limit`: after that, it is `TimedOut`. It is one leaf,
    /// which the source or the time may wake.
    pub(crate) fn ready_within(
        &self,
        direction: Direction,
        limit: Duration,
    ) -> impl Future<Output = io::Result<()>> {
        let (mut ready, mut alarm) = (self.ready(direction), Alarm::after(limit));
        poll_fn(move |context| {
            let polled = Pin::new(&mut ready).poll(context);
            if polled.is_pending() && with_step(Step::is_normal) && alarm.rings(context) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            polled
        })
    }

    /// Waits as `ready` does, by polling: the wait is kept here.
    pub(crate) fn poll(&self, direction: Direction, context: &Context<'_>) -> Poll<io::Result<()>> {
        let polled = match direction {
            Direction::Read => &self.reading,
            Direction::Write => &self.writing,
        };
        polled.poll(context, |wait| self.poll_ready(direction, wait, context))
    }

    /// Calls `call` from the loop once a try is worth making; in the next turn, if it is now.
    /// Not at all on a closed loop.
    pub(crate) fn call_when_ready(
        &self,
        direction: Direction,
        call: impl FnOnce() + 'static,
    ) -> Watch {
        Watch::new(self.event_loop, self.id, direction, call)
    }

    /// Returns `Ready` if a try is worth making, and wakes otherwise, under the name in `wait`.
    /// An error means that the loop is closed.
    fn poll_ready(
        &self,
        direction: Direction,
        wait: &mut Option<WaitId>,
        context: &Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_open_and_ready(direction) {
            return Poll::Ready(Ok(()));
        }
        let Some(event_loop) = self.open_loop() else {
            return Poll::Ready(Err(loop_is_gone()));
        };
        let reactor = &event_loop.core().reactor;
        reactor
            .poll_ready(self.id, direction, wait, context)
            .map(Ok)
    }

    /// The commonest case, without a handle of the loop.
    fn is_open_and_ready(&self, direction: Direction) -> bool {
        let look = |core: &Core| !core.is_closed() && core.reactor.is_ready(self.id, direction);
        self.event_loop.look(look).unwrap_or(false)
    }

    /// Whether a try is worth making now.
    pub(crate) fn is_ready(&self, direction: Direction) -> bool {
        let is_ready = |core: &Core| core.reactor.is_ready(self.id, direction);
        self.event_loop.look(is_ready).unwrap_or(true)
    }

    /// Whether it may be tried before the kernel has announced it.
    pub(super) fn may_hurry(&self) -> bool {
        let may_hurry = |core: &Core| core.reactor.may_hurry();
        self.event_loop.look(may_hurry).unwrap_or(true)
    }

    /// Says that a try ended in `WouldBlock`.
    pub(crate) fn clear_ready(&self, direction: Direction) {
        let clear = |core: &Core| core.reactor.clear_ready(self.id, direction);
        self.event_loop.look(clear);
    }

    /// Says that less came, or went, than was asked for: the next try would be in vain.
    pub(crate) fn drained(&self, direction: Direction) {
        let clear = |core: &Core| core.reactor.clear_ready_if_open(self.id, direction);
        self.event_loop.look(clear);
    }

    /// Takes note of how a try to read or write `asked` bytes ended.
    pub(crate) fn note(&self, direction: Direction, result: &io::Result<usize>, asked: usize) {
        match result {
            Ok(done) if *done < asked => self.drained(direction),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.clear_ready(direction),
            _ => {}
        }
    }
}

impl<S: mio::event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        self.registration.remove(&mut self.socket);
    }
}

impl<S: mio::event::Source + fmt::Debug> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

/// The loop, unless it is closed.
pub(super) fn open(event_loop: WeakLoop) -> Option<EventLoop> {
    let event_loop = event_loop.upgrade()?;
    (!event_loop.is_closed()).then_some(event_loop)
}

pub(crate) fn loop_is_gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the event loop that the socket belongs to is closed",
    )
}

/// A callback that waits for a source. Dropping it cancels the callback.
pub(crate) struct Watch {
    event_loop: WeakLoop,
    /// Where it waits, unless it was queued at once.
    place: Option<(SourceId, Direction, WaitId)>,
    callback: Rc<dyn Callback>,
}

impl Watch {
    pub(super) fn new(
        event_loop: WeakLoop,
        source: SourceId,
        direction: Direction,
        call: impl FnOnce() + 'static,
    ) -> Self {
        let callback = callback(in_context(call));
        let mut place = None;
        if let Some(event_loop) = open(event_loop) {
            let core = event_loop.core();
            let wait = core.reactor.call_when_ready(source, direction, &callback);
            place = wait.map(|wait| (source, direction, wait));
            if place.is_none() {
                core.call_soon(callback.clone());
            }
        }
        Self {
            event_loop,
            place,
            callback,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some((source, direction, wait)) = self.place
            && let Some(event_loop) = self.event_loop.upgrade()
        {
            event_loop.core().reactor.forget(source, direction, wait);
        }
        self.callback.cancel();
    }
}

/// The wait for one direction of a source.
pub(crate) struct Ready<'a> {
    registration: &'a Registration,
    direction: Direction,
    /// The name of the wait at the reactor, if it ever waited.
    wait: Option<WaitId>,
    leaf: Leaf,
}

impl Ready<'_> {
    fn forget(&mut self) {
        if let Some(wait) = self.wait.take()
            && let Some(event_loop) = self.registration.event_loop.upgrade()
        {
            event_loop
                .core()
                .reactor
                .forget(self.registration.id, self.direction, wait);
        }
    }
}

impl std::future::Future for Ready<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if interrupted() {
            return Poll::Pending;
        }
        let Self {
            registration,
            direction,
            wait,
            leaf,
        } = &mut *self;
        let polled = registration.poll_ready(*direction, wait, context);
        match polled {
            Poll::Ready(_) => {
                *wait = None;
                leaf.resume();
            }
            Poll::Pending => leaf.park(context, || Note::Plain(awaited(*direction))),
        }
        polled
    }
}

pub(super) fn awaited(direction: Direction) -> Plain {
    match direction {
        Direction::Read => Plain::Readable,
        Direction::Write => Plain::Writable,
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        self.forget();
    }
}
