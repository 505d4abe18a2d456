//! How datagram endpoints begin: from addresses, or from a socket of the program's own.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

use super::datagram::{DatagramProtocol, DatagramTransport};
use super::endpoint::DatagramEndpoint;
use crate::event_loop::{Direction, EventLoop};
use crate::net::{Address, AddressFamily, UdpSocket};
use crate::promise::Promise;

/// How a datagram endpoint is made; for
/// [`create_datagram_endpoint_with`](EventLoop::create_datagram_endpoint_with).
///
/// The asyncio counterparts are the keyword arguments of `create_datagram_endpoint`.
///
/// ```
/// use looplet::DatagramOptions;
///
/// let options = DatagramOptions { allow_broadcast: true, ..Default::default() };
/// assert!(options.remote_addr.is_none() && !options.reuse_port);
/// ```
#[derive(Debug, Default)]
pub struct DatagramOptions {
    /// Where to receive. Default: wherever the system chooses.
    pub local_addr: Option<Address>,
    /// The only peer. Default: every datagram is sent with an address.
    pub remote_addr: Option<Address>,
    /// Which addresses of the names are used; without any name, of which family the socket is.
    pub family: AddressFamily,
    /// Whether other sockets that say so, too, may have the same port. Default: false.
    pub reuse_port: bool,
    /// Whether datagrams may be sent to a broadcast address. Default: false.
    pub allow_broadcast: bool,
    /// A socket that is set up already; it becomes non-blocking. Nothing else may be told then.
    pub sock: Option<std::net::UdpSocket>,
}

impl DatagramOptions {
    /// Whether something is told that a socket which is there has settled.
    fn has_modifiers(&self) -> bool {
        self.local_addr.is_some()
            || self.remote_addr.is_some()
            || self.family != AddressFamily::Any
            || self.reuse_port
            || self.allow_broadcast
    }
}

impl EventLoop {
    /// Opens a UDP socket, and calls `protocol` about it from then on.
    ///
    /// `local` is where to receive; `None`: wherever the system chooses. `remote` is the only
    /// peer; `None`: every datagram is sent with an address. One of them must be there. When
    /// this returns, `connection_made` has been called. The asyncio counterpart has the same
    /// name.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if neither address is there; if a name is not known, the port is taken or
    /// not allowed, or the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the socket; a protocol that was told of it is told that
    /// it is lost.
    ///
    /// ```
    /// use looplet::{DatagramProtocol, DatagramTransport, UdpSocket, get_running_loop, run};
    /// use std::net::SocketAddr;
    ///
    /// /// Sends every datagram back.
    /// struct Echo;
    ///
    /// impl DatagramProtocol for Echo {
    ///     fn datagram_received(&mut self, own: &DatagramTransport, data: &[u8], from: SocketAddr) {
    ///         own.send_to(data, from).expect("it has no peer");
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let local = Some("127.0.0.1:0".into());
    ///     let echo = get_running_loop().create_datagram_endpoint(Echo, local, None).await?;
    ///
    ///     let client = UdpSocket::bind("127.0.0.1:0").await?;
    ///     client.send_to(b"hello", echo.local_addr().expect("it is open")).await?;
    ///     let mut buffer = [0; 64];
    ///     assert_eq!(client.recv(&mut buffer).await?, 5);
    ///     echo.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_datagram_endpoint(
        &self,
        protocol: impl DatagramProtocol + 'static,
        local: Option<Address>,
        remote: Option<Address>,
    ) -> io::Result<DatagramTransport> {
        let options = DatagramOptions {
            local_addr: local,
            remote_addr: remote,
            ..DatagramOptions::default()
        };
        self.create_datagram_endpoint_with(protocol, options).await
    }

    /// Opens a UDP socket as the options say, and calls `protocol` about it from then on; see
    /// [`create_datagram_endpoint`](Self::create_datagram_endpoint).
    ///
    /// If the names have several addresses, the first pair of one family that works is taken.
    /// The asyncio counterparts are the keyword arguments of `create_datagram_endpoint`.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if neither an address nor a family nor a socket is told, where asyncio
    /// raises `ValueError('unexpected address family')`; if something is told beside a socket,
    /// where it raises `ValueError` too; or if the two names have no family in common. In all
    /// else as [`create_datagram_endpoint`](Self::create_datagram_endpoint).
    ///
    /// # Cancel safety
    ///
    /// As [`create_datagram_endpoint`](Self::create_datagram_endpoint).
    ///
    /// ```
    /// use looplet::{DatagramOptions, DatagramProtocol, get_running_loop, run};
    /// use std::net::UdpSocket;
    ///
    /// struct Quiet;
    /// impl DatagramProtocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let socket = UdpSocket::bind("127.0.0.1:0")?;
    ///     let address = socket.local_addr()?;
    ///     let options = DatagramOptions { sock: Some(socket), ..Default::default() };
    ///     let event_loop = get_running_loop();
    ///     let endpoint = event_loop.create_datagram_endpoint_with(Quiet, options).await?;
    ///     assert_eq!(endpoint.local_addr(), Some(address));
    ///     endpoint.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_datagram_endpoint_with(
        &self,
        protocol: impl DatagramProtocol + 'static,
        options: DatagramOptions,
    ) -> io::Result<DatagramTransport> {
        let socket = UdpSocket::register(self, open(options).await?)?;
        // Not the first try but the kernel says that there is something to read.
        socket.source().clear_ready(Direction::Read);
        let endpoint = DatagramEndpoint::new(self, socket)?;
        let transport = DatagramTransport::new(endpoint.clone());
        transport.set_protocol(protocol);
        let unclaimed = Unclaimed(&transport);
        let made: Promise<()> = self.create_promise();
        let (setter, first) = (made.clone(), endpoint.clone());
        self.call_soon(move || first.begin());
        self.call_soon(move || {
            // An error means that the task was cancelled meanwhile.
            let _ = setter.set_result(());
            endpoint.keep_reading();
        });
        made.await;
        std::mem::forget(unclaimed);
        Ok(transport)
    }
}

/// Makes the socket, or takes the one that is there.
async fn open(mut options: DatagramOptions) -> io::Result<std::net::UdpSocket> {
    if let Some(socket) = options.sock.take() {
        return match options.has_modifiers() {
            true => Err(invalid(
                "beside a socket, no address and no option of it can be told",
            )),
            false => Ok(socket),
        };
    }
    let locals = find(&options.local_addr, options.family).await?;
    let remotes = find(&options.remote_addr, options.family).await?;
    let mut failure = None;
    for (local, remote) in pairs(locals, remotes, options.family)? {
        match open_one(local, remote, &options) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.unwrap_or_else(|| invalid("the two addresses have no family in common")))
}

async fn find(
    name: &Option<Address>,
    family: AddressFamily,
) -> io::Result<Option<Vec<SocketAddr>>> {
    match name {
        Some(name) => name.resolve_in(family).await.map(Some),
        None => Ok(None),
    }
}

/// What can be tried: where to receive, and the peer.
fn pairs(
    locals: Option<Vec<SocketAddr>>,
    remotes: Option<Vec<SocketAddr>>,
    family: AddressFamily,
) -> io::Result<Vec<(SocketAddr, Option<SocketAddr>)>> {
    let any_v4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let any_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    let any_like = |remote: &SocketAddr| if remote.is_ipv4() { any_v4 } else { any_v6 };
    let pairs = match (locals, remotes, family) {
        (Some(locals), Some(remotes), _) => {
            let with = |local: SocketAddr| {
                let same = move |remote: &&SocketAddr| remote.is_ipv4() == local.is_ipv4();
                remotes
                    .iter()
                    .filter(same)
                    .map(move |remote| (local, Some(*remote)))
            };
            locals.into_iter().flat_map(with).collect()
        }
        (Some(locals), None, _) => locals.into_iter().map(|local| (local, None)).collect(),
        (None, Some(remotes), _) => remotes.iter().map(|it| (any_like(it), Some(*it))).collect(),
        (None, None, AddressFamily::Ipv4) => vec![(any_v4, None)],
        (None, None, AddressFamily::Ipv6) => vec![(any_v6, None)],
        (None, None, AddressFamily::Any) => {
            let text = "a datagram endpoint needs a local or a remote address, or a family";
            return Err(invalid(text));
        }
    };
    Ok(pairs)
}

fn open_one(
    local: SocketAddr,
    remote: Option<SocketAddr>,
    options: &DatagramOptions,
) -> io::Result<std::net::UdpSocket> {
    let about = |what: &str, address: SocketAddr| {
        let what = what.to_string();
        move |error: io::Error| io::Error::new(error.kind(), format!("{what} {address}: {error}"))
    };
    let socket = Socket::new(Domain::for_address(local), Type::DGRAM, None)?;
    socket.set_reuse_port(options.reuse_port)?;
    socket.set_broadcast(options.allow_broadcast)?;
    socket
        .bind(&local.into())
        .map_err(about("cannot bind to", local))?;
    if let Some(remote) = remote {
        let connected = socket.connect(&remote.into());
        connected.map_err(about("cannot connect to", remote))?;
    }
    Ok(socket.into())
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// A transport that nobody has got yet.
struct Unclaimed<'a>(&'a DatagramTransport);

impl Drop for Unclaimed<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}
