//! Between a socket and a protocol: a link is the socket on its loop, and an inlet is what a
//! protocol reads from.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;

use super::base::Callbacks;
use crate::event_loop::{Direction, EventLoop};
use crate::net::{Connection, Owned, Watch};

/// A socket on its loop, of whatever family.
pub(super) struct Link {
    wire: Box<dyn Connection>,
    /// Nobody else may watch it.
    _owned: Owned,
}

impl Link {
    /// An error means that the loop is closed.
    pub(super) fn new(event_loop: &EventLoop, wire: Box<dyn Connection>) -> io::Result<Self> {
        let socket = wire.socket().ok_or(io::ErrorKind::InvalidInput)?;
        let owned = Owned::new(event_loop, socket.as_raw_fd())?;
        Ok(Self {
            wire,
            _owned: owned,
        })
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
