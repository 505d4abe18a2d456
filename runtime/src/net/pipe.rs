//! One end of a pipe.
//!
//! It has one direction, and closing that is closing the descriptor: the peer of a pipe sees
//! an end only when nobody holds the other end any more.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use mio::unix::SourceFd;

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
        rustix::io::ioctl_fionbio(&end, true)?;
        let registration = Registration::new(event_loop, &mut SourceFd(&end.as_raw_fd()));
        let registration = registration.map_err(explain)?;
        Ok(Self {
            file: RefCell::new(Some(File::from(end))),
            registration,
        })
    }

    /// Waits, on the end to write to, until nobody holds the end to read from.
    ///
    /// # Errors
    ///
    /// If the loop is closed.
    pub(crate) async fn wait_for_reader_to_leave(&self) -> io::Result<()> {
        // There is never anything to read. What ends the wait is the error that the kernel
        // announces in both directions; it may have come already.
        self.registration.drained(Direction::Read);
        self.registration.ready(Direction::Read).await
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
