//! How connections and servers are set up: plain structs with defaults.

use std::net::SocketAddr;
use std::time::Duration;

use super::reader::LIMIT;
use crate::net::{BACKLOG, HAPPY_EYEBALLS_DELAY};

/// How a connection is made; for [`open_connection_with`](crate::open_connection_with).
///
/// The asyncio counterparts are the keyword arguments of `open_connection`.
///
/// ```
/// use looplet::ConnectOptions;
///
/// let options = ConnectOptions { limit: 1024, ..Default::default() };
/// assert_eq!(options.local_addr, None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The limit of the reader, in bytes. Default: 64 KiB.
    pub limit: usize,
    /// The address to connect from; port 0 is any. Default: the system chooses.
    pub local_addr: Option<SocketAddr>,
    /// How long one address of several is waited for until the next is tried beside it.
    /// `None`: one address at a time, in the resolver's order. Default: 250 ms, as RFC 8305 recommends.
    pub happy_eyeballs_delay: Option<Duration>,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            limit: LIMIT,
            local_addr: None,
            happy_eyeballs_delay: Some(HAPPY_EYEBALLS_DELAY),
        }
    }
}

/// How a server is set up; for [`start_server_with`](crate::start_server_with) and
/// [`start_unix_server_with`](crate::start_unix_server_with).
///
/// What concerns addresses and ports has no meaning for UNIX sockets. The asyncio counterparts
/// are the keyword arguments of `start_server`.
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
    /// The limit of the readers, in bytes. Default: 64 KiB.
    pub limit: usize,
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
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            backlog: BACKLOG,
            limit: LIMIT,
            reuse_address: true,
            reuse_port: false,
            keep_alive: false,
            start_serving: true,
        }
    }
}
