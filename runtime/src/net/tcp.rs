//! TCP streams and listeners.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use super::endpoint::Endpoint;
use super::listener::{BACKLOG, SocketListener};
use super::race::{HAPPY_EYEBALLS_DELAY, first_of};
use super::resolve::Address;
use super::source::Source;
use super::stream::{Family, SocketStream, sealed::Sealed};
use crate::event_loop::{Direction, get_running_loop};

/// What a connect says that is under way. The standard library has no stable name for it, as for
/// the other one below.
const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    115
} else {
    36
};

/// What the kernel says of a family of addresses that it was built without.
const NO_SUCH_FAMILY: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    97
} else {
    47
};

/// The family of TCP.
///
/// It only names it: there are no values. asyncio has no counterpart.
///
/// ```
/// use looplet::{SocketStream, Tcp, TcpStream};
///
/// // An alias: the two are the same type.
/// let _same: fn(SocketStream<Tcp>) -> TcpStream = |stream| stream;
/// ```
#[derive(Debug)]
pub enum Tcp {}

/// A TCP connection. `TCP_NODELAY` is set on every one, as in asyncio.
///
/// ```
/// use looplet::{TcpListener, TcpStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     client.write_all(b"hello").await?;
///     let (connection, _) = listener.accept().await?;
///     assert_eq!(connection.read(&mut [0; 16]).await?, 5);
///     Ok(())
/// })
/// # }
/// ```
pub type TcpStream = SocketStream<Tcp>;

/// A TCP socket that takes connections.
///
/// In asyncio, a socket and `loop.sock_accept`.
///
/// ```
/// use looplet::{TcpListener, TcpStream, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let client = TcpStream::connect(listener.local_addr()?).await?;
///     let (_connection, peer) = listener.accept().await?;
///     assert_eq!(peer, client.local_addr()?);
///     Ok(())
/// })
/// # }
/// ```
pub type TcpListener = SocketListener<Tcp>;

impl Sealed for Tcp {}

impl Family for Tcp {
    type Address = SocketAddr;
    type Stream = mio::net::TcpStream;
    type Listener = mio::net::TcpListener;

    fn read(mut socket: &Self::Stream, buffer: &mut [u8]) -> io::Result<usize> {
        socket.read(buffer)
    }

    fn write(mut socket: &Self::Stream, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match parts {
            [part] => socket.write(part),
            parts => socket.write_vectored(parts),
        }
    }

    fn listener(socket: OwnedFd) -> Self::Listener {
        mio::net::TcpListener::from_std(socket.into())
    }

    fn accept(socket: &Self::Listener) -> io::Result<(Self::Stream, SocketAddr)> {
        socket.accept()
    }

    fn prepare(socket: &Self::Stream) {
        // An error means that the peer is gone. The first read says so.
        let _ = socket.set_nodelay(true);
    }

    fn address(name: Endpoint) -> io::Result<SocketAddr> {
        let other = || io::Error::new(io::ErrorKind::Unsupported, "the socket is not one of TCP");
        name.ip().ok_or_else(other)
    }
}

/// How a connection is to be made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RouteOptions {
    /// Where it is to come from.
    pub(crate) local_addr: Option<SocketAddr>,
    /// When the next address is tried beside those that take long.
    pub(crate) happy_eyeballs_delay: Option<Duration>,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self {
            local_addr: None,
            happy_eyeballs_delay: Some(HAPPY_EYEBALLS_DELAY),
        }
    }
}

impl SocketStream<Tcp> {
    /// Connects to the address of `address` that answers first.
    ///
    /// Addresses are tried in order, IPv6 and IPv4 in turns. One that has not answered after
    /// 250 ms gets company by the next (RFC 8305, "happy eyeballs").
    ///
    /// # Errors
    ///
    /// If the name is not known, or if no address answers: then the error names each.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the sockets that were being connected.
    pub async fn connect(address: impl Into<Address>) -> io::Result<Self> {
        Self::connect_by(&address.into(), RouteOptions::default()).await
    }

    /// Connects as the options say.
    pub(crate) async fn connect_by(address: &Address, options: RouteOptions) -> io::Result<Self> {
        let targets = address.resolve().await?;
        let attempt = move |target| connect_from(options.local_addr, target);
        let connected = first_of(targets, options.happy_eyeballs_delay, attempt).await;
        connected.map_err(|failures| describe_failures(address, &failures))
    }

    /// Connects to one address.
    ///
    /// # Errors
    ///
    /// What the kernel says: refused, unreachable, and so on.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the socket.
    pub async fn connect_to(address: SocketAddr) -> io::Result<Self> {
        connect_from(None, address).await
    }
}

async fn connect_from(local: Option<SocketAddr>, target: SocketAddr) -> io::Result<TcpStream> {
    let socket = match local {
        None => mio::net::TcpStream::connect(target)?,
        Some(local) => begin_connect(local, target)?,
    };
    let source = Source::new(&get_running_loop(), socket)?;
    // A connect that is under way is not ready before the kernel says so.
    source.clear_ready(Direction::Write);
    source.attempt(Direction::Write, connected).await?;
    Ok(TcpStream::new(source))
}

/// Begins to connect a socket that is bound to `local`.
fn begin_connect(local: SocketAddr, target: SocketAddr) -> io::Result<mio::net::TcpStream> {
    let socket = new_socket(target)?;
    let bound = socket.bind(&local.into());
    bound.map_err(|error| about(&error, &format!("cannot use {local} as the local address")))?;
    match socket.connect(&target.into()) {
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
        result => result?,
    }
    Ok(mio::net::TcpStream::from_std(socket.into()))
}

fn new_socket(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
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
    failures: &[(SocketAddr, io::Error)],
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

/// The same error with more to say.
fn about(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

/// How a listening socket is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BindOptions {
    /// Whether a port may be taken over from connections that are being closed.
    pub(crate) reuse_address: bool,
    /// Whether several sockets may share a port.
    pub(crate) reuse_port: bool,
    /// Whether the kernel probes connections that are silent.
    pub(crate) keep_alive: bool,
    /// Whether an IPv6 socket leaves the IPv4 port to others.
    pub(crate) only_v6: bool,
}

/// Makes a socket that is bound, and does not listen yet.
pub(crate) fn bind_tcp(target: SocketAddr, options: BindOptions) -> io::Result<Socket> {
    let bind = || {
        let socket = new_socket(target)?;
        socket.set_reuse_address(options.reuse_address)?;
        socket.set_reuse_port(options.reuse_port)?;
        socket.set_keepalive(options.keep_alive)?;
        if options.only_v6 && target.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&target.into())?;
        Ok(socket)
    };
    bind().map_err(|error: io::Error| {
        let error = match error.raw_os_error() {
            Some(NO_SUCH_FAMILY) => io::Error::new(io::ErrorKind::AddrNotAvailable, error),
            _ => error,
        };
        about(&error, &format!("cannot listen on {target}"))
    })
}

impl SocketListener<Tcp> {
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
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the socket.
    pub async fn bind(address: impl Into<Address>) -> io::Result<Self> {
        let target = address.into().resolve().await?.into_iter().next();
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        let options = BindOptions {
            reuse_address: true,
            reuse_port: false,
            keep_alive: false,
            only_v6: false,
        };
        let listening = Self::listen(bind_tcp(target, options)?, BACKLOG);
        listening.map_err(|error| about(&error, &format!("cannot listen on {target}")))
    }
}
