//! TCP streams and listeners.

use std::io::{self, IoSlice, Read, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use socket2::{SockRef, Socket};

use super::bind::{BindOptions, about, bind_tcp, new_socket};
use super::endpoint::Endpoint;
use super::listener::{BACKLOG, SocketListener};
use super::race::{ConnectErrors, HAPPY_EYEBALLS_DELAY, Trying, alternate, first_of};
use super::resolve::{Address, AddressFamily};
use super::source::Source;
use super::stream::{Family, SocketStream, sealed::Sealed};
use crate::event_loop::{Direction, EventLoop, get_running_loop};

/// What a connect says that is under way. The standard library has no stable name for it.
pub(super) const IN_PROGRESS: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    115
} else {
    36
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
    /// Which addresses of a name count.
    pub(crate) family: AddressFamily,
    /// Where it is to come from.
    pub(crate) local_addr: Option<SocketAddr>,
    /// When the next address is tried beside those that take long.
    pub(crate) happy_eyeballs_delay: Option<Duration>,
    /// How many addresses of the first family come before the families take turns; 0: they do
    /// not. `None`: 1 if there is a delay, else 0.
    pub(crate) interleave: Option<usize>,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self {
            family: AddressFamily::Any,
            local_addr: None,
            happy_eyeballs_delay: Some(HAPPY_EYEBALLS_DELAY),
            interleave: None,
        }
    }
}

impl SocketStream<Tcp> {
    /// Connects to the address of `address` that answers first.
    ///
    /// Addresses are tried in order, IPv6 and IPv4 in turns. One that has not answered after
    /// 250 ms gets company by the next (RFC 8305, "happy eyeballs"). As with
    /// [`connect_to`](Self::connect_to), not every connect gives others a turn.
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
        let register = |socket| Source::new(&get_running_loop(), socket);
        let source = connect_tcp(address, options, register).await?;
        Ok(Self::new(source))
    }

    /// Connects a transport of `event_loop`. Not the first try but the kernel says when there is
    /// something to read.
    pub(crate) async fn connect_with(
        event_loop: &EventLoop,
        address: &Address,
        options: RouteOptions,
    ) -> io::Result<Self> {
        let event_loop = event_loop.clone();
        let register = move |socket| {
            let source = Source::new(&event_loop, socket)?;
            // Cleared before the next turn, which sets it for what has come by then.
            source.clear_ready(Direction::Read);
            Ok(source)
        };
        let source = connect_tcp(address, options, register).await?;
        Ok(Self::new(source))
    }

    /// Connects to one address. Within one machine, that may end without a turn for others; of many
    /// in a row, each 32nd at the latest waits for one.
    ///
    /// # Errors
    ///
    /// What the kernel says: refused, unreachable, and so on.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the socket.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub async fn connect_to(address: SocketAddr) -> io::Result<Self> {
        let source = Source::new(&get_running_loop(), mio::net::TcpStream::connect(address)?)?;
        end_connect(&source).await?;
        Ok(Self::new(source))
    }
}

/// Connects to the first address of `address` that answers. `register` is given the socket when
/// the connect is under way.
async fn connect_tcp<R>(
    address: &Address,
    options: RouteOptions,
    register: R,
) -> io::Result<Source<mio::net::TcpStream>>
where
    R: Fn(mio::net::TcpStream) -> io::Result<Source<mio::net::TcpStream>> + Clone + 'static,
{
    let targets = address.resolve_in(options.family).await?;
    let order = in_order(targets, options);
    let attempt = move |target| {
        let register = register.clone();
        Attempt::new(async move {
            let socket = match options.local_addr {
                None => mio::net::TcpStream::connect(target)?,
                Some(local) => begin_connect(local, target)?,
            };
            let source = register(socket)?;
            end_connect(&source).await?;
            Ok(source)
        })
    };
    let connected = first_connected(order, options.happy_eyeballs_delay, Box::new(attempt)).await;
    connected.map_err(|failures| ConnectErrors::new(address, failures).into())
}

type Connected = io::Result<Source<mio::net::TcpStream>>;

/// An attempt to connect to one address. Reports show this name where it is a task.
pub(super) struct Attempt(Pin<Box<dyn Future<Output = Connected>>>);

impl Attempt {
    pub(super) fn new(work: impl Future<Output = Connected> + 'static) -> Self {
        Self(Box::pin(work))
    }
}

impl Future for Attempt {
    type Output = Connected;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Connected> {
        self.0.as_mut().poll(context)
    }
}

/// [`first_of`], for connections. It has no types that are open, so it is compiled here.
pub(super) fn first_connected(
    order: Vec<SocketAddr>,
    delay: Option<Duration>,
    attempt: Box<dyn Fn(SocketAddr) -> Attempt>,
) -> Trying<Source<mio::net::TcpStream>> {
    first_of(order, delay, attempt)
}

fn in_order(targets: Vec<SocketAddr>, options: RouteOptions) -> Vec<SocketAddr> {
    let by_default = usize::from(options.happy_eyeballs_delay.is_some());
    match options.interleave.unwrap_or(by_default) {
        0 => targets,
        head => alternate(targets, head),
    }
}

/// Waits until a connect that is under way has ended. Within one machine it mostly has, when the
/// call that began it returns, so a look is worth its call. What it waits for is borrowed, lest the
/// future have room for it twice.
pub(super) async fn end_connect(source: &Source<mio::net::TcpStream>) -> io::Result<()> {
    if !source.may_hurry() {
        // It is not ready before the kernel says so.
        source.clear_ready(Direction::Write);
    }
    let connected = |socket: &mio::net::TcpStream| is_connected(&SockRef::from(socket));
    source.attempt(Direction::Write, connected).await
}

/// Begins to connect a socket that is bound to `local`.
pub(super) fn begin_connect(
    local: SocketAddr,
    target: SocketAddr,
) -> io::Result<mio::net::TcpStream> {
    let socket = new_socket(target)?;
    let bound = socket.bind(&local.into());
    bound.map_err(|error| about(&error, &format!("cannot use {local} as the local address")))?;
    match socket.connect(&target.into()) {
        Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {}
        result => result?,
    }
    Ok(mio::net::TcpStream::from_std(socket.into()))
}

/// Whether a connect has ended, and how.
pub(super) fn is_connected(socket: &Socket) -> io::Result<()> {
    // Nearly always it has succeeded, so that is asked first: by one call. An error is asked for
    // only where there is no peer.
    let Err(error) = socket.peer_addr() else {
        return Ok(());
    };
    if let Some(cause) = socket.take_error()? {
        return Err(cause);
    }
    match error.kind() {
        io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        _ => Err(error),
    }
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
        let socket = bind_tcp(target, BindOptions::default())?;
        let listening = Self::listen(&get_running_loop(), socket, BACKLOG);
        listening.map_err(|error| about(&error, &format!("cannot listen on {target}")))
    }
}
