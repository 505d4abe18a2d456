//! One end of a pipe.
//!
//! It has one direction, and closing that is closing the descriptor: the peer of a pipe sees
//! an end only when nobody holds the other end any more.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll};

use mio::unix::SourceFd;

use super::polled::PolledWait;
use super::source::Registration;
use super::stream::Stream;
use crate::event_loop::{Direction, EventLoop};

/// The end of a pipe that this program holds.
pub(crate) struct Pipe {
    /// `None` once it was closed.
    file: RefCell<Option<File>>,
    registration: Registration,
    /// Whoever polls, and keeps no future.
    polled: PolledWait,
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
            polled: PolledWait::default(),
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

impl Stream for Pipe {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.with_file(|mut file| file.read(buffer));
        self.registration
            .note(Direction::Read, &result, buffer.len());
        result
    }

    fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        let result = self.with_file(|mut file| file.write(data));
        self.registration
            .note(Direction::Write, &result, data.len());
        result
    }

    fn poll_readable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.polled
            .poll(&self.registration, Direction::Read, context)
    }

    fn poll_writable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.polled
            .poll(&self.registration, Direction::Write, context)
    }

    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        self.close();
        Ok(())
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "a pipe has no address",
        ))
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.close();
    }
}
