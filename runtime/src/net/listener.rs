//! Listening sockets of either family.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use socket2::Socket;

use super::endpoint::Endpoint;
use super::source::{Registration, Source, loop_is_gone};
use super::stream::{Family, SocketStream};
use crate::event_loop::{Direction, EventLoop};

/// Connections that may wait to be accepted, unless told otherwise. asyncio's 100 loses
/// connections when hundreds come at once.
pub(crate) const BACKLOG: u32 = 1024;

/// A socket that takes connections: [`TcpListener`](super::TcpListener) or
/// [`UnixListener`](super::UnixListener).
///
/// Dropping it closes the socket; connections that were taken go on. In asyncio, a socket and
/// `loop.sock_accept`.
///
/// ```
/// use looplet::{Family, SocketListener, SocketStream, TcpListener, TcpStream, run};
///
/// async fn next<F: Family>(listener: &SocketListener<F>) -> SocketStream<F> {
///     listener.accept().await.expect("it listens").0
/// }
///
/// run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
///     let address = listener.local_addr().expect("it has one");
///     let _client = TcpStream::connect(address).await.expect("it listens");
///     next(&listener).await;
/// });
/// ```
pub struct SocketListener<F: Family> {
    source: Source<F::Listener>,
}

impl<F: Family> SocketListener<F> {
    /// Lets a bound socket take connections, `backlog` of which may wait. An error may mean that
    /// the loop is closed.
    pub(crate) fn listen(event_loop: &EventLoop, socket: Socket, backlog: u32) -> io::Result<Self> {
        let socket = begin(event_loop, socket, backlog)?;
        let source = Source::new(event_loop, socket.into())?;
        Ok(Self { source })
    }

    /// The same for a socket that keeps no loop from a deadlock.
    pub(crate) fn listen_in_background(event_loop: &EventLoop, socket: Socket) -> io::Result<Self> {
        let socket = begin(event_loop, socket, BACKLOG)?;
        let source = Source::in_background(event_loop, socket.into())?;
        Ok(Self { source })
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
    pub async fn accept(&self) -> io::Result<(SocketStream<F>, F::Address)> {
        let (socket, peer) = self.source.attempt(Direction::Read, F::accept).await?;
        Ok((SocketStream::register(socket)?, peer))
    }

    /// Returns the address it listens on; with the port that the system chose.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<F::Address> {
        F::address(Endpoint::local(self)?)
    }
}

fn begin(event_loop: &EventLoop, socket: Socket, backlog: u32) -> io::Result<OwnedFd> {
    if event_loop.is_closed() {
        return Err(loop_is_gone());
    }
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

impl<F: Family> AsFd for SocketListener<F> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.socket().as_fd()
    }
}

impl<F: Family> fmt::Debug for SocketListener<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

/// What servers that call back need of a listener, whatever its family.
pub(crate) trait Listening {
    /// Where to wait.
    fn registration(&self) -> &Registration;
    /// Takes a connection without waiting. It does not block, and belongs to no loop yet.
    fn try_accept(&self) -> io::Result<OwnedFd>;
}

impl<F: Family> Listening for SocketListener<F> {
    fn registration(&self) -> &Registration {
        &self.source
    }

    fn try_accept(&self) -> io::Result<OwnedFd> {
        let (socket, _) = F::accept(self.source.socket())?;
        Ok(socket.into())
    }
}
