//! A stream socket of any family, as a transport holds one.
//!
//! A transport does not care whether its bytes go by TCP or through a UNIX socket. So it has
//! neither of mio's types but the descriptor itself, which is registered by its number.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

use mio::event;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use socket2::{Domain, SockAddr, Socket, Type};

use super::listener::BACKLOG;
use super::resolve::Address;
use super::source::Source;
use super::tcp::describe_failures;
use crate::event_loop::{Direction, EventLoop};

/// A stream socket that does not block; it is connected, or it listens.
pub(crate) struct StreamSocket(Socket);

impl StreamSocket {
    /// Prepares a socket: it does not block, and TCP sends small pieces at once.
    ///
    /// # Errors
    ///
    /// If the descriptor is not a stream socket.
    pub(crate) fn new(descriptor: impl Into<OwnedFd>) -> io::Result<Self> {
        let socket = Socket::from(descriptor.into());
        if socket.r#type()? != Type::STREAM {
            let text = "a stream socket was expected";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        socket.set_nonblocking(true)?;
        if [Domain::IPV4, Domain::IPV6].contains(&socket.domain()?) {
            // A connection that is gone already says so at the first read.
            let _ = socket.set_tcp_nodelay(true);
        }
        Ok(Self(socket))
    }

    /// Registers a socket. Not the first try but the kernel says that there is something to
    /// read; the mark is cleared here, because the next turn may set it for good.
    pub(crate) fn register(self, event_loop: &EventLoop) -> io::Result<Source<Self>> {
        let source = Source::new(event_loop, self)?;
        source.clear_ready(Direction::Read);
        Ok(source)
    }

    /// Connects to the first address of `address` that answers, trying them in order.
    pub(crate) async fn connect(
        event_loop: &EventLoop,
        address: Address,
    ) -> io::Result<Source<Self>> {
        let mut failures = Vec::new();
        for target in address.resolve().await? {
            match Self::connect_to(event_loop, target).await {
                Ok(source) => return Ok(source),
                Err(error) => failures.push((target, error)),
            }
        }
        Err(describe_failures(&address, &failures))
    }

    async fn connect_to(event_loop: &EventLoop, target: SocketAddr) -> io::Result<Source<Self>> {
        let socket = Self::new(mio::net::TcpStream::connect(target)?)?;
        let source = socket.register(event_loop)?;
        // A connect that is under way is not ready before the kernel says so.
        source.clear_ready(Direction::Write);
        let connected = |socket: &Self| is_connected(&socket.0);
        source.attempt(Direction::Write, connected).await?;
        Ok(source)
    }

    /// Listens on every address of `address`. Port 0 lets the system choose one for each.
    pub(crate) async fn listen(
        event_loop: &EventLoop,
        address: Address,
    ) -> io::Result<Vec<Source<Self>>> {
        let targets = address.resolve().await?;
        let listen = |target| Self::listen_on(event_loop, target);
        let sources: io::Result<Vec<_>> = targets.into_iter().map(listen).collect();
        sources.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })
    }

    fn listen_on(event_loop: &EventLoop, target: SocketAddr) -> io::Result<Source<Self>> {
        let socket = Self::new(mio::net::TcpListener::bind(target)?)?;
        // A second `listen` on the same socket sets the length of its queue.
        socket.0.listen(BACKLOG.cast_signed())?;
        Source::new(event_loop, socket)
    }

    /// Accepts a connection, from a socket that listens.
    pub(crate) fn accept(&self) -> io::Result<Self> {
        let (socket, _) = self.0.accept()?;
        Self::new(socket)
    }

    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    pub(crate) fn write(&self, data: &[u8]) -> io::Result<usize> {
        (&self.0).write(data)
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    /// The address of this end; `None` for a family without ports.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.0
            .local_addr()
            .ok()
            .as_ref()
            .and_then(SockAddr::as_socket)
    }

    /// The address of the other end; `None` for a family without ports.
    pub(crate) fn peer_addr(&self) -> Option<SocketAddr> {
        self.0
            .peer_addr()
            .ok()
            .as_ref()
            .and_then(SockAddr::as_socket)
    }
}

/// Whether a connect has ended, and how.
pub(super) fn is_connected(socket: &Socket) -> io::Result<()> {
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

impl AsFd for StreamSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for StreamSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl event::Source for StreamSocket {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.as_raw_fd()).deregister(registry)
    }
}

impl fmt::Debug for StreamSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
