//! UNIX streams and listeners: sockets that are found by a path.

use std::io::{self, IoSlice, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::endpoint::Endpoint;
use super::listener::{BACKLOG, SocketListener};
use super::socket_file::{SocketFile, address_of};
use super::stream::{Family, SocketStream, sealed::Sealed};
use crate::event_loop::get_running_loop;
use crate::task::sleep;

/// How long a client waits for a place in the queue of a server. The kernel does not tell when
/// there is one.
const QUEUE_RETRY: Duration = Duration::from_millis(1);

/// The family of UNIX sockets.
///
/// It only names it: there are no values. asyncio has no counterpart.
///
/// ```
/// use looplet::{SocketStream, Unix, UnixStream};
///
/// // An alias: the two are the same type.
/// let _same: fn(SocketStream<Unix>) -> UnixStream = |stream| stream;
/// ```
#[derive(Debug)]
pub enum Unix {}

/// A connection through a UNIX socket.
///
/// In asyncio, a socket with `loop.sock_recv` and `loop.sock_sendall`.
///
/// ```
/// use looplet::{UnixStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = UnixStream::pair()?;
///     one.write_all(b"hello").await?;
///     assert_eq!(two.read(&mut [0; 16]).await?, 5);
///     Ok(())
/// })
/// # }
/// ```
pub type UnixStream = SocketStream<Unix>;

/// A UNIX socket that takes connections.
///
/// In asyncio, a socket and `loop.sock_accept`.
///
/// ```
/// use looplet::{UnixListener, UnixStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("looplet-listener-{}", std::process::id()));
/// run(async move {
///     let listener = UnixListener::bind(&path)?;
///     let _client = UnixStream::connect(&path).await?;
///     let (_connection, _) = listener.accept().await?;
///     std::fs::remove_file(&path)
/// })
/// # }
/// ```
pub type UnixListener = SocketListener<Unix>;

impl Sealed for Unix {}

impl Family for Unix {
    type Address = Endpoint;
    type Stream = mio::net::UnixStream;
    type Listener = mio::net::UnixListener;

    fn read(mut socket: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read(buffer)
    }

    fn write(mut socket: &Self::Stream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match parts {
            [part] => socket.write(part),
            parts => socket.write_vectored(parts),
        }
    }

    fn accept(socket: &Self::Listener) -> io::Result<(Self::Stream, Endpoint)> {
        let (stream, _) = socket.accept()?;
        let peer = Endpoint::peer(&stream).unwrap_or(Endpoint::Unnamed);
        Ok((stream, peer))
    }

    fn prepare(_: &Self::Stream) {}

    fn address(name: Endpoint) -> io::Result<Endpoint> {
        Ok(name)
    }
}

impl SocketStream<Unix> {
    /// Connects to the socket at `path`. On Linux, a path that begins with a zero is an
    /// abstract name.
    ///
    /// If the queue of the server is full, it waits for a place.
    ///
    /// # Errors
    ///
    /// If there is no socket, or if nobody listens on it; if the path is empty, too long, or has
    /// a zero in its middle.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let socket = connect_unix(path.as_ref()).await?;
        Self::register(OwnedFd::from(socket).into())
    }

    /// Makes two streams that are connected to each other.
    ///
    /// # Errors
    ///
    /// If the system has no more descriptors.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = mio::net::UnixStream::pair()?;
        Ok((Self::register(a)?, Self::register(b)?))
    }
}

/// Makes a socket that is connected to the one at `path`.
pub(crate) async fn connect_unix(path: &Path) -> io::Result<Socket> {
    let connected = connect(path).await;
    connected.map_err(|error| about(&error, "cannot connect to", path))
}

async fn connect(path: &Path) -> io::Result<Socket> {
    let (socket, address) = (new_socket()?, address_of(path)?);
    loop {
        match socket.connect(&address) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(QUEUE_RETRY).await,
            result => return result.map(|()| socket),
        }
    }
}

fn new_socket() -> io::Result<Socket> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Makes a socket that is bound to `path`, as servers do: a file that a dead one has left is
/// replaced. If the new one is to be removed, that is returned beside the socket.
pub(crate) fn bind_unix_file(
    path: &Path,
    cleanup: bool,
) -> io::Result<(Socket, Option<SocketFile>)> {
    SocketFile::make_way(path)?;
    let socket = bind_unix(path)?;
    let file = cleanup.then(|| SocketFile::of_bound(path)).flatten();
    Ok((socket, file))
}

/// Makes a socket that is bound to `path`, and does not listen yet.
fn bind_unix(path: &Path) -> io::Result<Socket> {
    let bind = || {
        let socket = new_socket()?;
        socket.bind(&address_of(path)?)?;
        Ok(socket)
    };
    bind().map_err(|error: io::Error| about(&error, "cannot listen on", path))
}

fn about(error: &io::Error, what: &str, path: &Path) -> io::Error {
    let path = path.display();
    io::Error::new(error.kind(), format!("{what} {path}: {error}"))
}

impl SocketListener<Unix> {
    /// Listens on a new socket at `path`, whose file stays when the listener is dropped.
    /// [`start_unix_server`](crate::start_unix_server) cleans up.
    ///
    /// # Errors
    ///
    /// If there is a file at `path`, or its folder does not let one be made; if the path is
    /// empty, too long, or has a zero in its middle.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::listen(&get_running_loop(), bind_unix(path.as_ref())?, BACKLOG)
    }
}
