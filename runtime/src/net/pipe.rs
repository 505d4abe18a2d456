//! One end of a pipe.
//!
//! It has one direction, and closing that is closing the descriptor: the peer of a pipe sees
//! an end only when nobody holds the other end any more.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::FileTypeExt;

use mio::unix::SourceFd;
use socket2::SockRef;

use super::source::Registration;
use super::stream::Connection;
use crate::event_loop::{Direction, EventLoop};

/// The end of a pipe that this program holds.
pub(crate) struct Pipe {
    /// `None` once it was closed.
    file: RefCell<Option<File>>,
    registration: Registration,
}

impl Pipe {
    /// Registers an end with `event_loop`, and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// If it cannot be waited for: a file on a disk, for example.
    pub(crate) fn new(event_loop: &EventLoop, end: OwnedFd) -> io::Result<Self> {
        // What it sets is a mark of the descriptor, and not one of sockets alone.
        SockRef::from(&end).set_nonblocking(true)?;
        let registration = Registration::new(event_loop, &mut SourceFd(&end.as_raw_fd()));
        let registration = registration.map_err(explain)?;
        Ok(Self {
            file: RefCell::new(Some(File::from(end))),
            registration,
        })
    }

    /// Its number, unless it is closed.
    pub(crate) fn fd(&self) -> io::Result<RawFd> {
        self.with_file(|file| Ok(file.as_raw_fd()))
    }

    /// Whether it is a pipe indeed, and not a socket or a device that stands for one.
    pub(crate) fn is_fifo(&self) -> io::Result<bool> {
        self.with_file(|file| Ok(file.metadata()?.file_type().is_fifo()))
    }

    fn with_file<R>(&self, act: impl FnOnce(&File) -> io::Result<R>) -> io::Result<R> {
        match &*self.file.borrow() {
            Some(file) => act(file),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn close(&self) {
        if let Some(file) = self.file.take() {
            self.registration.remove(&mut SourceFd(&file.as_raw_fd()));
        }
    }
}

/// The kernel says "not permitted" of a file that is always ready.
fn explain(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::PermissionDenied => io::Error::new(
            io::ErrorKind::InvalidInput,
            "only pipes, sockets and character devices can be waited for",
        ),
        _ => error,
    }
}

impl Connection for Pipe {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.with_file(|mut file| file.read(buffer));
        self.registration
            .note(Direction::Read, &result, buffer.len());
        result
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = self.with_file(|mut file| file.write_vectored(parts));
        let asked = parts.iter().map(|part| part.len()).sum();
        self.registration.note(Direction::Write, &result, asked);
        result
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.close();
        Ok(())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.close();
    }
}
