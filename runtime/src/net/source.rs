//! A source: a socket of mio's, registered with the reactor of a loop.
//!
//! The whole of asynchronous I/O is [`Source::attempt`]: try, and if the kernel says
//! `WouldBlock`, clear the mark, wait for the reactor, try again. Reading and writing may wait
//! at the same time, in different tasks.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cancel::{Note, Plain};
use crate::event_loop::{Direction, EventLoop, SourceId, WaitId, WeakLoop, try_get_running_loop};
use crate::leaf::{Leaf, interrupted};

/// A socket that belongs to a loop. Dropping it closes it.
pub(crate) struct Source<S: mio::event::Source> {
    socket: S,
    id: SourceId,
    event_loop: WeakLoop,
}

impl<S: mio::event::Source> Source<S> {
    /// Registers `socket` with `event_loop`.
    pub(crate) fn new(event_loop: &EventLoop, mut socket: S) -> io::Result<Self> {
        let id = event_loop.core().reactor.register(&mut socket)?;
        Ok(Self {
            socket,
            id,
            event_loop: event_loop.downgrade(),
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

    /// The loop it belongs to, unless that is closed.
    fn open_loop(&self) -> Option<EventLoop> {
        let event_loop = self.event_loop.upgrade()?;
        (!event_loop.is_closed()).then_some(event_loop)
    }

    /// Whether it belongs to the loop that is running.
    pub(crate) fn is_on_running_loop(&self) -> bool {
        let own = self.open_loop();
        own.is_some_and(|own| try_get_running_loop().is_some_and(|running| own.is_same(&running)))
    }

    /// Waits until a try is worth making. An error means that the loop is closed.
    pub(crate) fn ready(&self, direction: Direction) -> Ready<'_, S> {
        Ready {
            source: self,
            direction,
            wait: None,
            leaf: Leaf::new(),
        }
    }

    /// Returns `Ready` if a try is worth making, and wakes otherwise, under the name in `wait`.
    /// An error means that the loop is closed.
    pub(crate) fn poll_ready(
        &self,
        direction: Direction,
        wait: &mut Option<WaitId>,
        context: &Context<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(event_loop) = self.open_loop() else {
            return Poll::Ready(Err(loop_is_gone()));
        };
        let reactor = &event_loop.core().reactor;
        reactor
            .poll_ready(self.id, direction, wait, context)
            .map(Ok)
    }

    /// Whether a try is worth making now.
    pub(crate) fn is_ready(&self, direction: Direction) -> bool {
        let event_loop = self.event_loop.upgrade();
        event_loop.is_none_or(|event_loop| event_loop.core().reactor.is_ready(self.id, direction))
    }

    /// Says that a try ended in `WouldBlock`.
    pub(crate) fn clear_ready(&self, direction: Direction) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop.core().reactor.clear_ready(self.id, direction);
        }
    }

    /// Says that less came, or went, than was asked for: the next try would be in vain.
    pub(crate) fn drained(&self, direction: Direction) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop
                .core()
                .reactor
                .clear_ready_if_open(self.id, direction);
        }
    }
}

impl<S: mio::event::Source> Drop for Source<S> {
    fn drop(&mut self) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop
                .core()
                .reactor
                .deregister(self.id, &mut self.socket);
        }
    }
}

impl<S: mio::event::Source + fmt::Debug> fmt::Debug for Source<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

fn loop_is_gone() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the event loop that the socket belongs to is closed",
    )
}

/// The wait for one direction of a source.
pub(crate) struct Ready<'a, S: mio::event::Source> {
    source: &'a Source<S>,
    direction: Direction,
    /// The name of the wait at the reactor, if it ever waited.
    wait: Option<WaitId>,
    leaf: Leaf,
}

impl<S: mio::event::Source> Ready<'_, S> {
    fn forget(&mut self) {
        if let Some(wait) = self.wait.take()
            && let Some(event_loop) = self.source.event_loop.upgrade()
        {
            event_loop
                .core()
                .reactor
                .forget(self.source.id, self.direction, wait);
        }
    }
}

impl<S: mio::event::Source> std::future::Future for Ready<'_, S> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if interrupted() {
            return Poll::Pending;
        }
        let Some(event_loop) = self.source.open_loop() else {
            return Poll::Ready(Err(loop_is_gone()));
        };
        let Self {
            source,
            direction,
            wait,
            leaf,
        } = &mut *self;
        let reactor = &event_loop.core().reactor;
        let polled = reactor.poll_ready(source.id, *direction, wait, context);
        match polled {
            Poll::Ready(()) => {
                *wait = None;
                leaf.resume();
            }
            Poll::Pending => leaf.park(context, || Note::Plain(awaited(*direction))),
        }
        polled.map(Ok)
    }
}

fn awaited(direction: Direction) -> Plain {
    match direction {
        Direction::Read => Plain::Readable,
        Direction::Write => Plain::Writable,
    }
}

impl<S: mio::event::Source> Drop for Ready<'_, S> {
    fn drop(&mut self) {
        self.forget();
    }
}
