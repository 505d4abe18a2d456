//! How connections and servers are set up: plain structs with defaults.

use std::net::SocketAddr;
use std::time::Duration;

use super::reader::LIMIT;
use crate::net::{AddressFamily, BACKLOG, BindOptions, HAPPY_EYEBALLS_DELAY, RouteOptions};

/// How a connection is made; for [`open_connection_with`](crate::open_connection_with) and
/// `EventLoop::create_connection_with`.
///
/// The asyncio counterparts are the keyword arguments of `open_connection` and
/// `create_connection`. There is no `all_errors`: the error always has those of all addresses, as
/// [`ConnectErrors`](crate::ConnectErrors). A socket that is connected already has functions of
/// its own, [`open_connection_on`](crate::open_connection_on) and
/// `EventLoop::connect_accepted_socket`.
///
/// ```
/// use looplet::ConnectOptions;
///
/// let options = ConnectOptions { limit: 1024, ..Default::default() };
/// assert_eq!(options.local_addr, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The limit of the reader, in bytes; a protocol has none. Default: 64 KiB.
    pub limit: usize,
    /// Which addresses of a name are tried. Default: all.
    pub family: AddressFamily,
    /// The address to connect from; port 0 is any. Default: the system chooses.
    pub local_addr: Option<SocketAddr>,
    /// How long one address of several is waited for until the next is tried beside it.
    /// `None`: one address at a time. Default: 250 ms, as RFC 8305 recommends.
    pub happy_eyeballs_delay: Option<Duration>,
    /// How many addresses of the first family are tried before the families take turns; 0: the
    /// resolver's order. Default (`None`): 1 if there is a delay, and 0 if there is none.
    pub interleave: Option<usize>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            limit: LIMIT,
            family: AddressFamily::Any,
            local_addr: None,
            happy_eyeballs_delay: Some(HAPPY_EYEBALLS_DELAY),
            interleave: None,
        }
    }
}

impl ConnectOptions {
    /// The part that concerns sockets.
    pub(crate) fn route(&self) -> RouteOptions {
        RouteOptions {
            family: self.family,
            local_addr: self.local_addr,
            happy_eyeballs_delay: self.happy_eyeballs_delay,
            interleave: self.interleave,
        }
    }
}

/// How a server is set up; for [`start_server_with`](crate::start_server_with),
/// `EventLoop::create_server_with`, and what is like them.
///
/// What concerns addresses and ports has no meaning for UNIX sockets, nor for a socket that the
/// program has bound ([`start_server_on`](crate::start_server_on)). The asyncio counterparts are
/// the keyword arguments of `start_server` and `create_server`.
///
/// ```
/// use looplet::ServerOptions;
///
/// let options = ServerOptions { reuse_port: true, ..Default::default() };
/// assert_eq!(options.backlog, 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Connections that may wait to be accepted, as far as the system allows. Default: 1024.
    pub backlog: u32,
    /// The limit of the readers, in bytes; protocols have none. Default: 64 KiB.
    pub limit: usize,
    /// On which addresses of a name the server listens. Default: on all.
    pub family: AddressFamily,
    /// Whether the port may be taken over from connections that are being closed. Default:
    /// true.
    pub reuse_address: bool,
    /// Whether other servers that say so, too, may share the port. Default: false.
    pub reuse_port: bool,
    /// Whether the kernel probes connections that are silent. Default: false.
    pub keep_alive: bool,
    /// Whether the server accepts at once, and not only after
    /// [`start_serving`](crate::Server::start_serving). Default: true.
    pub start_serving: bool,
    /// Whether the file of a UNIX socket is removed when the server is closed. Default: true.
    pub cleanup_socket: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            backlog: BACKLOG,
            limit: LIMIT,
            family: AddressFamily::Any,
            reuse_address: true,
            reuse_port: false,
            keep_alive: false,
            start_serving: true,
            cleanup_socket: true,
        }
    }
}

impl ServerOptions {
    /// The part that concerns addresses.
    pub(crate) fn binding(&self) -> BindOptions {
        BindOptions {
            family: self.family,
            reuse_address: self.reuse_address,
            reuse_port: self.reuse_port,
            keep_alive: self.keep_alive,
            only_v6: true,
        }
    }
}
