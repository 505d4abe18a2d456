//! Sockets that servers will listen on: made, bound to an address, and nothing more.
//!
//! A name may stand for several addresses, and a server has a socket for each. That this machine
//! does not speak the family of one of them is no error as long as another one works.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};

use super::endpoint::Endpoint;
use super::resolve::{Address, AddressFamily};

/// What the kernel says of a family of addresses that it was built without. The standard library
/// has no stable name for it.
const NO_SUCH_FAMILY: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    97
} else {
    47
};

/// A socket that is bound, and does not listen yet.
pub(crate) struct Bound {
    pub(crate) socket: Socket,
    /// Where it is bound to, with the port that the system chose.
    pub(crate) name: Endpoint,
}

/// How a listening socket is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BindOptions {
    /// Which addresses of a name count.
    pub(crate) family: AddressFamily,
    /// Whether a port may be taken over from connections that are being closed.
    pub(crate) reuse_address: bool,
    /// Whether several sockets may share a port.
    pub(crate) reuse_port: bool,
    /// Whether the kernel probes connections that are silent.
    pub(crate) keep_alive: bool,
    /// Whether an IPv6 socket leaves the IPv4 port to others.
    pub(crate) only_v6: bool,
}

impl Default for BindOptions {
    fn default() -> Self {
        Self {
            family: AddressFamily::Any,
            reuse_address: true,
            reuse_port: false,
            keep_alive: false,
            only_v6: false,
        }
    }
}

/// Binds a socket to each address of `address` that this machine has, for a server.
pub(crate) async fn bind_all(address: &Address, options: BindOptions) -> io::Result<Vec<Bound>> {
    let addresses = address.resolve_in(options.family).await?;
    let (mut all, mut absent) = (Vec::new(), None);
    for (at, address) in addresses.iter().enumerate() {
        if addresses[..at].contains(address) {
            continue;
        }
        match bind_tcp(*address, options) {
            Ok(socket) => {
                let name = Endpoint::local(&socket)?;
                all.push(Bound { socket, name });
            }
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => absent = Some(error),
            Err(error) => return Err(error),
        }
    }
    match absent {
        Some(error) if all.is_empty() => Err(error),
        _ => Ok(all),
    }
}

/// Makes a socket that is bound.
pub(super) fn bind_tcp(target: SocketAddr, options: BindOptions) -> io::Result<Socket> {
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

/// Makes a socket that does not block.
pub(super) fn new_socket(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The same error with more to say.
pub(super) fn about(error: &io::Error, what: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}
