//! Connected sockets: what TCP and UNIX have in common, which is nearly everything.
//!
//! A [`Family`] says which socket of mio's is behind a stream; [`SocketStream`] is written once
//! for all of them. How a connection comes about is the affair of `tcp.rs` and `unix.rs`.
//!
//! [`Connection`] is what streams and transports need of any of them, without its type.

use std::fmt;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::SockRef;

use super::endpoint::Endpoint;
use super::source::{Registration, Source};
use crate::event_loop::{Direction, EventLoop, get_running_loop};

/// A family of sockets: [`Tcp`](super::Tcp) or [`Unix`](super::Unix). Nobody else can have one.
///
/// asyncio has no counterpart: its sockets are those of Python's `socket`.
///
/// ```
/// use looplet::{Family, SocketStream, UnixStream, run};
///
/// /// Works with whatever connection there is.
/// async fn greet<F: Family>(stream: &SocketStream<F>) -> std::io::Result<()> {
///     stream.write_all(b"hello").await
/// }
///
/// run(async {
///     let (one, _two) = UnixStream::pair().expect("the system gives sockets");
///     greet(&one).await.expect("the other end is there");
/// });
/// ```
pub trait Family: sealed::Sealed + Sized + 'static {
    /// What names an end of a connection.
    type Address: fmt::Debug + 'static;
    #[doc(hidden)]
    type Stream: mio::event::Source + AsFd + From<OwnedFd> + Into<OwnedFd> + fmt::Debug + 'static;
    #[doc(hidden)]
    type Listener: mio::event::Source + AsFd + From<OwnedFd> + fmt::Debug + 'static;

    #[doc(hidden)]
    fn read(socket: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize>;
    #[doc(hidden)]
    fn write(socket: &Self::Stream, parts: &[IoSlice<'_>]) -> io::Result<usize>;
    #[doc(hidden)]
    fn accept(socket: &Self::Listener) -> io::Result<(Self::Stream, Self::Address)>;
    /// Sets what every stream of the family has set.
    #[doc(hidden)]
    fn prepare(socket: &Self::Stream);
    #[doc(hidden)]
    fn address(name: Endpoint) -> io::Result<Self::Address>;
}

pub(super) mod sealed {
    /// What keeps the families few.
    pub trait Sealed {}
}

/// A connected socket: [`TcpStream`](super::TcpStream) or [`UnixStream`](super::UnixStream).
///
/// Reading and writing take `&self`, so that one task can read while another writes. Dropping the
/// stream closes the connection. In asyncio, a socket with `loop.sock_recv` and
/// `loop.sock_sendall`.
///
/// # Cancel safety
///
/// All methods, unless they say otherwise: one that is dropped or cancelled has neither read
/// nor written anything.
///
/// ```
/// use looplet::{UnixStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = UnixStream::pair()?;
///     one.write_all(b"hello").await?;
///     let mut buffer = [0; 16];
///     assert_eq!(two.read(&mut buffer).await?, 5);
///     drop(one);
///     assert_eq!(two.read(&mut buffer).await?, 0);
///     Ok(())
/// })
/// # }
/// ```
pub struct SocketStream<F: Family> {
    source: Source<F::Stream>,
}

impl<F: Family> SocketStream<F> {
    pub(super) fn new(source: Source<F::Stream>) -> Self {
        F::prepare(source.socket());
        Self { source }
    }

    /// Registers a socket that is connected with the running loop.
    pub(super) fn register(socket: F::Stream) -> io::Result<Self> {
        Self::register_with(&get_running_loop(), socket)
    }

    /// Registers a socket that is connected with `event_loop`.
    pub(super) fn register_with(event_loop: &EventLoop, socket: F::Stream) -> io::Result<Self> {
        Ok(Self::new(Source::new(event_loop, socket)?))
    }

    /// Reads what is there into `buffer`, waiting until something is. 0 means the end.
    ///
    /// # Errors
    ///
    /// What the kernel says: reset by the peer, and so on.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has read nothing.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let once = |socket: &F::Stream| F::read(socket, buffer);
        let result = self.source.attempt(Direction::Read, once).await;
        self.source.note(Direction::Read, &result, buffer.len());
        result
    }

    /// Reads what is there without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is there, and what the kernel says.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = F::read(self.source.socket(), buffer);
        self.source.note(Direction::Read, &result, buffer.len());
        result
    }

    /// Writes as much of `data` as the kernel takes, waiting until it takes something.
    ///
    /// # Errors
    ///
    /// What the kernel says: reset by the peer, and so on.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has written nothing.
    pub async fn write(&self, data: &[u8]) -> io::Result<usize> {
        let once = |socket: &F::Stream| F::write(socket, &[IoSlice::new(data)]);
        let result = self.source.attempt(Direction::Write, once).await;
        self.source.note(Direction::Write, &result, data.len());
        result
    }

    /// Writes as much of `data` as the kernel takes at once.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it takes nothing, and what the kernel says.
    pub fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        self.try_write_vectored(&[IoSlice::new(data)])
    }

    /// Writes as much of `parts`, one after the other, as the kernel takes at once.
    ///
    /// # Errors
    ///
    /// As [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = F::write(self.source.socket(), parts);
        let asked = parts.iter().map(|part| part.len()).sum();
        self.source.note(Direction::Write, &result, asked);
        result
    }

    /// Writes all of `data`.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it may leave a part written.
    pub async fn write_all(&self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let written = self.write(data).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            data = &data[written..];
        }
        Ok(())
    }

    /// Waits until something can be read, or the peer has closed.
    ///
    /// On a new stream it returns at once: the first read finds out.
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    pub async fn readable(&self) -> io::Result<()> {
        self.source.ready(Direction::Read).await
    }

    /// Waits as [`readable`](Self::readable) does, but no longer than `limit`, counted from the
    /// first poll.
    ///
    /// `timeout(limit, stream.readable())` does nearly the same. That is a scope in which anything
    /// can be awaited; this is one wait, at a fraction of the price, and in a turn that brings both
    /// news and the end of the time, the news counts. In asyncio, `asyncio.timeout`.
    ///
    /// # Errors
    ///
    /// `TimedOut` if there was nothing to read in time. If the loop that the stream belongs to is
    /// closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing, and removes the timer.
    ///
    /// # Panics
    ///
    /// When polled outside a running loop.
    ///
    /// ```
    /// use looplet::{UnixStream, run};
    /// use std::io::ErrorKind;
    /// use std::time::Duration;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (one, two) = UnixStream::pair()?;
    ///     // Until the first try, a socket counts as readable.
    ///     assert!(one.try_read(&mut [0]).is_err());
    ///     let silence = one.readable_within(Duration::from_millis(5)).await;
    ///     assert_eq!(silence.unwrap_err().kind(), ErrorKind::TimedOut);
    ///     two.write_all(b"hello").await?;
    ///     one.readable_within(Duration::from_secs(60)).await
    /// })
    /// # }
    /// ```
    pub async fn readable_within(&self, limit: Duration) -> io::Result<()> {
        self.source.ready_within(Direction::Read, limit).await
    }

    /// Waits until something can be written, or the connection has failed.
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    pub async fn writable(&self) -> io::Result<()> {
        self.source.ready(Direction::Write).await
    }

    /// Returns `Ready` when [`readable`](Self::readable) would, for a future written by hand.
    ///
    /// One caller at a time: of several tasks that poll the same direction, only the last one
    /// is woken. A task that is cancelled meanwhile gets `Pending` and takes it out, as from an
    /// await.
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
    ///
    /// # Cancel safety
    ///
    /// Who has got `Pending` may lose interest at any time. The wait is kept in the stream until
    /// it is over or the stream is dropped; the worst that comes of it is a wake too many.
    pub fn poll_readable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.source.poll(Direction::Read, context)
    }

    /// Returns `Ready` when [`writable`](Self::writable) would. See
    /// [`poll_readable`](Self::poll_readable).
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
    pub fn poll_writable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.source.poll(Direction::Write, context)
    }

    /// Whether something may be there to read: data, an end or an error. Costs no system call.
    ///
    /// `false` is what the loop knew when it asked the kernel last.
    pub fn has_news(&self) -> bool {
        self.source.is_ready(Direction::Read)
    }

    /// Whether the stream belongs to the loop that is running. On another one it is of no use.
    pub fn is_on_running_loop(&self) -> bool {
        self.source.is_on_running_loop()
    }

    /// Closes one or both directions.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that the connection is gone already.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        SockRef::from(self).shutdown(how)
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<F::Address> {
        F::address(Endpoint::local(self)?)
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that the connection is gone already.
    pub fn peer_addr(&self) -> io::Result<F::Address> {
        F::address(Endpoint::peer(self)?)
    }
}

impl<F: Family> AsFd for SocketStream<F> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.socket().as_fd()
    }
}

impl<F: Family> fmt::Debug for SocketStream<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// What streams and transports need of a connection, whatever is behind it.
pub(crate) trait Connection {
    /// The socket, if it is one.
    fn socket(&self) -> Option<BorrowedFd<'_>>;
    /// Where to wait.
    fn registration(&self) -> &Registration;
    /// Reads what is there without waiting.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes what is taken without waiting.
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Closes one or both directions.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
}

impl<F: Family> Connection for SocketStream<F> {
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.as_fd())
    }

    fn registration(&self) -> &Registration {
        &self.source
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.try_read(buffer)
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(parts)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}
