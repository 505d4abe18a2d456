//! The handle of a connection that calls its protocol back.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

use super::connection::Connection;
use super::flow::BufferLimitsError;
use super::link::Ways;

/// A connection that calls a [`Protocol`](crate::Protocol): a socket, or the end of a pipe.
///
/// A `Transport` is a cheap handle: clones stand for the same connection. Dropping it does not
/// close anything; the loop owns the connection until it is lost. No method waits, and none
/// calls the protocol but for [`write`](Self::write), which may ask it to pause.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Protocol, get_running_loop, run};
///
/// struct Quiet;
/// impl Protocol for Quiet {}
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = std::os::unix::net::UnixStream::pair()?;
///     let event_loop = get_running_loop();
///     let transport = event_loop.connect_accepted_socket(Quiet, one).await?;
///     transport.write(b"hello");
///     transport.close();
///     assert!(transport.is_closing());
///     drop(two);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct Transport {
    connection: Rc<Connection>,
}

impl Transport {
    pub(super) fn new(connection: Rc<Connection>) -> Self {
        Self { connection }
    }

    pub(super) fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Sends `data`: now as far as the kernel takes it, the rest in the background.
    ///
    /// If more than the high limit waits to be sent then, the protocol is asked to
    /// [pause](crate::Protocol::pause_writing), from within this call; or at the end of the
    /// callback that is running, if this is called from one.
    ///
    /// Once the transport is closing, the data is dropped. Five such writes go without a word,
    /// then the exception handler hears of it. So it does if this comes after
    /// [`write_eof`](Self::write_eof), where asyncio raises `RuntimeError`.
    pub fn write(&self, data: &[u8]) {
        self.connection.write(data);
    }

    /// Sends several pieces of data, as one.
    pub fn writelines(&self, pieces: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        let mut data = Vec::new();
        for piece in pieces {
            data.extend_from_slice(piece.as_ref());
        }
        self.write(&data);
    }

    /// Ends this direction once everything is sent: the peer reads an end, and may go on
    /// sending.
    pub fn write_eof(&self) {
        self.connection.write_eof();
    }

    /// Returns whether [`write_eof`](Self::write_eof) works. It does for all sockets, and for a
    /// pipe that is written to, which it closes.
    pub fn can_write_eof(&self) -> bool {
        self.connection.ways != Ways::In
    }

    /// Closes the connection once everything is sent. Nothing more is read.
    ///
    /// [`connection_lost`](crate::Protocol::connection_lost) is called later, from the loop.
    pub fn close(&self) {
        self.connection.close();
    }

    /// Closes the connection; what is not sent yet is dropped.
    ///
    /// [`connection_lost`](crate::Protocol::connection_lost) is called later, from the loop.
    pub fn abort(&self) {
        self.connection.fail(None);
    }

    /// Returns whether the transport is closing or closed.
    pub fn is_closing(&self) -> bool {
        !self.connection.base.is_open()
    }

    /// Stops reading: no data arrives until [`resume_reading`](Self::resume_reading), also
    /// none that is there already. Doing it twice is fine.
    pub fn pause_reading(&self) {
        self.connection.pause_reading();
    }

    /// Reads on after [`pause_reading`](Self::pause_reading).
    pub fn resume_reading(&self) {
        self.connection.resume_reading();
    }

    /// Returns whether data may arrive: the transport is not paused, not closing, and the peer
    /// has not ended its direction.
    pub fn is_reading(&self) -> bool {
        self.connection.is_reading()
    }

    /// Returns how many bytes wait to be sent.
    #[doc(alias = "get_write_buffer_size")]
    pub fn write_buffer_size(&self) -> usize {
        self.connection.unsent()
    }

    /// Returns the low and the high limit for bytes that wait to be sent.
    #[doc(alias = "get_write_buffer_limits")]
    pub fn write_buffer_limits(&self) -> (usize, usize) {
        self.connection.base.flow.limits()
    }

    /// Sets the limits, in bytes: with more than `high` to send, the protocol is asked to
    /// pause; with no more than `low`, to resume.
    ///
    /// One that is not told follows from the other: the high limit is four times the low one.
    /// Default: 64 KiB and 16 KiB. Zero for both means that a protocol pauses whenever
    /// something could not be sent at once.
    ///
    /// # Errors
    ///
    /// If `high` is less than `low`; the limits stay as they were.
    pub fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), BufferLimitsError> {
        self.connection.base.flow.set_limits(high, low)?;
        self.connection.update_flow();
        Ok(())
    }

    /// Returns the address of this end, also after the connection is lost. `None` for UNIX
    /// sockets.
    #[doc(alias = "get_extra_info")]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.connection.base.local_addr
    }

    /// Returns the address of the other end, also after the connection is lost. `None` for
    /// UNIX sockets.
    #[doc(alias = "get_extra_info")]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.base.peer_addr
    }

    /// Lets `use_socket` set options of the socket, which stays the transport's: who reads
    /// from it or writes to it takes data away from the protocol or mixes it up.
    ///
    /// # Errors
    ///
    /// `NotConnected` once the connection is lost; `Unsupported` for a pipe.
    #[doc(alias = "get_extra_info")]
    pub fn with_socket<R>(&self, use_socket: impl FnOnce(BorrowedFd<'_>) -> R) -> io::Result<R> {
        let link = self.connection.link().ok_or(io::ErrorKind::NotConnected)?;
        let socket = link.wire().socket().ok_or(io::ErrorKind::Unsupported)?;
        Ok(use_socket(socket))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("stage", &self.connection.base.stage.get())
            .field("reading", &self.is_reading())
            .field("unsent", &self.write_buffer_size())
            .field("peer", &self.peer_addr())
            .finish()
    }
}
