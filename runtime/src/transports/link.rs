//! Between a socket and a protocol: a link is the socket on its loop, and an inlet is what a
//! protocol reads from.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;

use super::base::Callbacks;
use crate::event_loop::{Direction, EventLoop};
use crate::net::{Connection, Owned, Pipe, Watch};

/// A socket on its loop, of whatever family, or the end of a pipe.
pub(crate) struct Link {
    wire: Box<dyn Connection>,
    pub(super) ways: Ways,
    /// Nobody else may watch it.
    _owned: Owned,
}

/// Which ways data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ways {
    /// A socket.
    Both,
    /// The end of a pipe to read from.
    In,
    /// The end of a pipe to write to. The kernel tells when nobody holds the other one.
    Out,
    /// The same, of something that stands for a pipe. A write finds out.
    OutBlind,
}

impl Link {
    /// An error means that the loop is closed.
    pub(super) fn of_socket(event_loop: &EventLoop, wire: Box<dyn Connection>) -> io::Result<Self> {
        let socket = wire.socket().ok_or(io::ErrorKind::InvalidInput)?;
        let owned = Owned::new(event_loop, socket.as_raw_fd())?;
        Ok(Self {
            wire,
            ways: Ways::Both,
            _owned: owned,
        })
    }

    /// The end of a pipe to read from. The kernel says when there is something.
    pub(crate) fn of_read_pipe(event_loop: &EventLoop, pipe: Pipe) -> io::Result<Self> {
        pipe.registration().clear_ready(Direction::Read);
        Self::of_pipe(event_loop, pipe, Ways::In)
    }

    /// The end of a pipe to write to.
    pub(crate) fn of_write_pipe(event_loop: &EventLoop, pipe: Pipe) -> io::Result<Self> {
        let ways = match pipe.is_fifo()? {
            true => Ways::Out,
            false => Ways::OutBlind,
        };
        Self::of_pipe(event_loop, pipe, ways)
    }

    fn of_pipe(event_loop: &EventLoop, pipe: Pipe, ways: Ways) -> io::Result<Self> {
        let owned = Owned::new(event_loop, pipe.fd()?)?;
        Ok(Self {
            wire: Box::new(pipe),
            ways,
            _owned: owned,
        })
    }

    /// Calls `call` from the loop once nobody holds the other end of a pipe to write to.
    pub(super) fn call_when_reader_left(&self, call: impl FnOnce() + 'static) -> Watch {
        // There is never anything to read. What ends the wait is the error that the kernel
        // announces in both directions; it may have come already.
        let registration = self.wire.registration();
        registration.drained(Direction::Read);
        registration.call_when_ready(Direction::Read, call)
    }

    /// Calls `call` from the loop once a try is worth making.
    pub(super) fn call_when_ready(
        &self,
        direction: Direction,
        call: impl FnOnce() + 'static,
    ) -> Watch {
        self.wire.registration().call_when_ready(direction, call)
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wire.try_read(buffer)
    }

    pub(super) fn write(&self, data: &[u8]) -> io::Result<usize> {
        self.wire.try_write(&[IoSlice::new(data)])
    }

    pub(super) fn wire(&self) -> &dyn Connection {
        &*self.wire
    }
}

/// What the protocol of a stream can be told.
pub(super) trait StreamCallbacks: Callbacks {
    /// Reads once and takes what came. Returns whether that was the end.
    fn receive(&mut self, inlet: &mut Inlet<'_>) -> io::Result<Received>;
    /// Returns whether the connection is to stay open for writing.
    fn eof(&mut self) -> bool;
}

/// What a read has brought.
pub(super) enum Received {
    Data,
    End,
    /// The protocol gave no room to read to.
    NoRoom,
}

/// What a protocol reads from.
pub(super) struct Inlet<'a> {
    link: &'a Link,
    /// A buffer for protocols that have none of their own.
    pub(super) buffer: &'a mut [u8],
    /// The callback that is running, for the report of a panic.
    pub(super) callback: &'a Cell<&'static str>,
}

impl<'a> Inlet<'a> {
    pub(super) fn new(
        link: &'a Link,
        buffer: &'a mut [u8],
        callback: &'a Cell<&'static str>,
    ) -> Self {
        Self {
            link,
            buffer,
            callback,
        }
    }

    /// Reads into the common buffer.
    pub(super) fn read(&mut self) -> io::Result<&[u8]> {
        let length = self.link.read(self.buffer)?;
        Ok(&self.buffer[..length])
    }

    /// Reads into a buffer of the protocol.
    pub(super) fn read_into(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.link.read(buffer)
    }
}
