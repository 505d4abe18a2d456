//! TCP streams and listeners.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll};

use socket2::SockRef;

use super::polled::PolledWait;
use super::resolve::Address;
use super::source::{Registration, Source};
use super::stream::Stream;
use crate::event_loop::{Direction, get_running_loop};

/// Connections that may wait to be accepted.
pub(super) const BACKLOG: i32 = 1024;

/// A TCP connection.
///
/// Reading and writing take `&self`, so that one task can read while another writes.
/// `TCP_NODELAY` is set on every stream, as in asyncio. Dropping the stream closes the
/// connection.
///
/// # Cancel safety
///
/// All methods: one that is dropped or cancelled has neither read nor written anything.
pub struct TcpStream {
    source: Source<mio::net::TcpStream>,
    /// Whoever polls for reading, and keeps no future.
    reading: PolledWait,
    /// Whoever polls for writing.
    writing: PolledWait,
}

impl TcpStream {
    /// Connects to the first address of `address` that answers, trying them in order.
    ///
    /// # Errors
    ///
    /// If the name is not known, or if no address answers: then the error has a line for each.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub async fn connect(address: impl Into<Address>) -> io::Result<Self> {
        let address = address.into();
        let mut failures = Vec::new();
        for target in address.resolve().await? {
            match Self::connect_to(target).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failures.push((target, error)),
            }
        }
        Err(describe_failures(&address, failures))
    }

    /// Connects to one address.
    ///
    /// # Errors
    ///
    /// What the kernel says: refused, unreachable, and so on.
    pub async fn connect_to(address: SocketAddr) -> io::Result<Self> {
        let socket = mio::net::TcpStream::connect(address)?;
        let source = Source::new(&get_running_loop(), socket)?;
        // A connect that is under way is not ready before the kernel says so.
        source.clear_ready(Direction::Write);
        source.attempt(Direction::Write, connected).await?;
        Self::prepare(source)
    }

    fn prepare(source: Source<mio::net::TcpStream>) -> io::Result<Self> {
        source.socket().set_nodelay(true)?;
        Ok(Self {
            source,
            reading: PolledWait::default(),
            writing: PolledWait::default(),
        })
    }

    /// Reads what is there into `buffer`, waiting until something is. 0 means the end.
    ///
    /// # Errors
    ///
    /// What the kernel says: reset by the peer, and so on.
    pub async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self
            .source
            .attempt(Direction::Read, |mut socket| socket.read(buffer))
            .await?;
        if read < buffer.len() {
            self.source.drained(Direction::Read);
        }
        Ok(read)
    }

    /// Reads what is there without waiting.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if nothing is there, and what the kernel says.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = self.source.socket().read(buffer);
        self.source.note(Direction::Read, &result, buffer.len());
        result
    }

    /// Writes as much of `data` as the kernel takes, waiting until it takes something.
    ///
    /// # Errors
    ///
    /// What the kernel says: reset by the peer, and so on.
    pub async fn write(&self, data: &[u8]) -> io::Result<usize> {
        let written = self
            .source
            .attempt(Direction::Write, |mut socket| socket.write(data))
            .await?;
        if written < data.len() {
            self.source.drained(Direction::Write);
        }
        Ok(written)
    }

    /// Writes as much of `data` as the kernel takes at once.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it takes nothing, and what the kernel says.
    pub fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        let result = self.source.socket().write(data);
        self.source.note(Direction::Write, &result, data.len());
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
    pub async fn readable(&self) -> io::Result<()> {
        self.source.ready(Direction::Read).await
    }

    /// Waits until something can be written, or the connection has failed.
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
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
        self.reading.poll(&self.source, Direction::Read, context)
    }

    /// Returns `Ready` when [`writable`](Self::writable) would. See
    /// [`poll_readable`](Self::poll_readable).
    ///
    /// # Errors
    ///
    /// If the loop that the stream belongs to is closed.
    pub fn poll_writable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        self.writing.poll(&self.source, Direction::Write, context)
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
        self.source.socket().shutdown(how)
    }

    /// Returns the address of this end.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.socket().local_addr()
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that the connection is gone already.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.socket().peer_addr()
    }
}

impl Stream for TcpStream {
    fn registration(&self) -> &Registration {
        &self.source
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        TcpStream::try_read(self, buffer)
    }

    fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        TcpStream::try_write(self, data)
    }

    fn poll_readable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_readable(self, context)
    }

    fn poll_writable(&self, context: &Context<'_>) -> Poll<io::Result<()>> {
        TcpStream::poll_writable(self, context)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        TcpStream::shutdown(self, how)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        TcpStream::peer_addr(self)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// Whether a connect has ended, and how.
fn connected(socket: &mio::net::TcpStream) -> io::Result<()> {
    if let Some(error) = socket.take_error()? {
        return Err(error);
    }
    match socket.peer_addr() {
        Err(error) if error.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

pub(super) fn describe_failures(
    address: &Address,
    failures: Vec<(SocketAddr, io::Error)>,
) -> io::Error {
    let kind = failures
        .first()
        .map_or(io::ErrorKind::NotFound, |(_, error)| error.kind());
    let each: Vec<_> = failures
        .iter()
        .map(|(target, error)| format!("{target}: {error}"))
        .collect();
    io::Error::new(
        kind,
        format!("cannot connect to {address} ({})", each.join("; ")),
    )
}

/// A TCP socket that takes connections.
pub struct TcpListener {
    source: Source<mio::net::TcpListener>,
}

impl TcpListener {
    /// Listens on the first address of `address`. Port 0 lets the system choose one. Up to
    /// 1024 connections wait to be accepted, or as many as the system allows: the default of
    /// 100 or so loses connections when hundreds come at once.
    ///
    /// # Errors
    ///
    /// If the name is not known, the port is taken or not allowed.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub async fn bind(address: impl Into<Address>) -> io::Result<Self> {
        let address = address.into();
        let target = address.resolve().await?.into_iter().next();
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        let listen = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        };
        let socket = mio::net::TcpListener::bind(target).map_err(&listen)?;
        // A second `listen` on the same socket sets the length of its queue.
        SockRef::from(&socket).listen(BACKLOG).map_err(listen)?;
        Ok(Self {
            source: Source::new(&get_running_loop(), socket)?,
        })
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that there are no more file descriptors. The
    /// listener is still good then.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no connection.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let (socket, peer) = self
            .source
            .attempt(Direction::Read, mio::net::TcpListener::accept)
            .await?;
        let source = Source::new(&get_running_loop(), socket)?;
        Ok((TcpStream::prepare(source)?, peer))
    }

    /// Returns the address it listens on; with the port that the system chose.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.socket().local_addr()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
