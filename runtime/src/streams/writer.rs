//! The writing half of a connection.
//!
//! A writer is a handle: clones stand for the same connection, which is closed when the last of
//! them is dropped. How things are sent is the affair of `sender.rs`.

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::rc::Rc;

use super::error::{InvalidWaterMarks, WriteError};
use super::sender::{Ending, Sender, WaterMarks};
use crate::net::{Connection, Endpoint};

/// Writes to a connection.
///
/// `write` never waits: what the kernel does not take is kept and sent in the background. A
/// program that writes more than the peer reads must [`drain`](Self::drain) now and then.
///
/// Clones stand for the same connection. Dropping the last one closes the connection once
/// everything that was written has been sent. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{UnixStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = UnixStream::pair()?;
///     let (_reader, writer) = one.into_streams();
///     writer.write(b"hello, ");
///     writer.write(b"world");
///     writer.drain().await?;
///     writer.close();
///     writer.wait_closed().await?;
///     let (reader, _writer) = two.into_streams();
///     assert_eq!(reader.read_to_end().await?, b"hello, world");
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct StreamWriter {
    owner: Rc<Owner>,
}

/// What all handles of a writer own together.
struct Owner {
    sender: Rc<Sender>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.sender.end(Ending::Closed);
        self.sender.report_refusal();
    }
}

impl StreamWriter {
    pub(crate) fn new(connection: Rc<dyn Connection>) -> Self {
        let sender = Sender::new(connection);
        Self {
            owner: Rc::new(Owner { sender }),
        }
    }

    pub(super) fn sender(&self) -> &Rc<Sender> {
        &self.owner.sender
    }

    /// Sends `data`, now as far as the kernel takes it, the rest in the background.
    ///
    /// It never waits. After [`write_eof`](Self::write_eof), and while a file is being sent,
    /// data is refused: [`drain`](Self::drain) says so, with a
    /// [`WriteError`], and if nobody drains, a report to the loop's
    /// exception handler does when the writer is dropped. After a close or an error data is
    /// dropped, as in asyncio, and `drain` says why; the fifth such write is reported.
    pub fn write(&self, data: &[u8]) {
        self.sender().write(&mut [IoSlice::new(data)]);
    }

    /// Sends several pieces as one, with one system call if the kernel takes them all. See
    /// [`write`](Self::write).
    pub fn writelines<I>(&self, pieces: I)
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        let pieces: Vec<_> = pieces.into_iter().collect();
        let mut parts: Vec<_> = pieces
            .iter()
            .map(|piece| IoSlice::new(piece.as_ref()))
            .collect();
        self.sender().write(&mut parts);
    }

    /// Waits while there is much to send: above the high-water mark, until it is down to the
    /// low one. Any number of tasks may wait.
    ///
    /// # Errors
    ///
    /// If the connection has failed or was closed, or if a write was refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on what is being sent.
    pub async fn drain(&self) -> io::Result<()> {
        self.sender().drain().await
    }

    /// Sends `data` and waits while there is much to send: `write` and [`drain`](Self::drain).
    ///
    /// # Errors
    ///
    /// As [`drain`](Self::drain).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on what is being sent: all of `data` is.
    pub async fn write_all(&self, data: &[u8]) -> io::Result<()> {
        self.write(data);
        self.drain().await
    }

    /// Closes the writing direction once everything has been sent; the peer reads an end.
    pub fn write_eof(&self) {
        if self.sender().sending_file.get() {
            self.sender().refuse(WriteError::SendFileInProgress);
        } else {
            self.sender().end(Ending::Eof);
        }
    }

    /// Returns whether [`write_eof`](Self::write_eof) works: on all sockets there are, it does.
    pub fn can_write_eof(&self) -> bool {
        true
    }

    /// Closes the connection once everything has been sent. Reading gives an end from then on.
    pub fn close(&self) {
        self.sender().end(Ending::Closed);
    }

    /// Closes the connection now. What was not sent is lost.
    pub fn abort(&self) {
        self.sender().abort();
    }

    /// Returns whether the connection was closed by this program, or sending has failed.
    pub fn is_closing(&self) -> bool {
        self.sender().ending() == Ending::Closed || self.sender().has_failed()
    }

    /// Waits until everything has been sent and the connection is closed.
    ///
    /// It closes nothing by itself: without [`close`](Self::close), it waits until sending
    /// fails.
    ///
    /// # Errors
    ///
    /// If sending failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on what is being sent.
    pub async fn wait_closed(&self) -> io::Result<()> {
        self.closing().await
    }

    /// Waits as `wait_closed` does, without keeping the writer.
    pub(crate) fn closing(&self) -> impl Future<Output = io::Result<()>> + 'static {
        let sender = self.sender().clone();
        async move { sender.wait_closed().await }
    }

    /// Returns how many bytes were written and not taken by the kernel yet.
    pub fn get_write_buffer_size(&self) -> usize {
        self.sender().unsent()
    }

    /// Returns the low-water and the high-water mark, in bytes.
    pub fn get_write_buffer_limits(&self) -> (usize, usize) {
        let WaterMarks { low, high } = self.sender().marks();
        (low, high)
    }

    /// Sets the high-water and the low-water mark of [`drain`](Self::drain), in bytes.
    ///
    /// The default is 64 KiB and a fourth of that. A mark that is not given follows from the
    /// other: the high one is four times the low one.
    ///
    /// # Errors
    ///
    /// [`InvalidWaterMarks`] if the low mark is above the high one.
    pub fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), InvalidWaterMarks> {
        self.sender().set_marks(WaterMarks::new(high, low)?);
        Ok(())
    }

    /// Returns the name of this end.
    ///
    /// # Errors
    ///
    /// What the kernel says, or that a pipe has no address.
    #[doc(alias = "get_extra_info")]
    #[doc(alias = "sockname")]
    pub fn local_addr(&self) -> io::Result<Endpoint> {
        Endpoint::local(&self.known_socket()?)
    }

    /// Returns the name of the other end.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that the connection is gone already.
    #[doc(alias = "get_extra_info")]
    #[doc(alias = "peername")]
    pub fn peer_addr(&self) -> io::Result<Endpoint> {
        Endpoint::peer(&self.known_socket()?)
    }

    /// Returns the socket itself, for its options; `None` if the writer writes to a pipe. asyncio
    /// gives it as `get_extra_info('socket')`.
    #[doc(alias = "get_extra_info")]
    pub fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.sender().connection.socket()
    }

    fn known_socket(&self) -> io::Result<BorrowedFd<'_>> {
        let pipe = || io::Error::new(io::ErrorKind::Unsupported, "a pipe has no address");
        self.socket().ok_or_else(pipe)
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter")
            .field("unsent", &self.get_write_buffer_size())
            .field("ending", &self.sender().ending())
            .finish_non_exhaustive()
    }
}
