//! The settings of connecting.

use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::policy::AddrPolicy;
use super::resolve::{Resolver, SystemResolver};
use crate::replay::Replay;

/// How a session connects. Part of [`SessionConfig`](crate::SessionConfig).
///
/// The aiohttp counterpart is `TCPConnector`.
///
/// ```
/// use looplet_http::{AddrPolicy, ConnectConfig, SessionConfig};
///
/// let connect = ConnectConfig { addr_policy: AddrPolicy::PublicOnly, ..ConnectConfig::default() };
/// let config = SessionConfig { connect, ..SessionConfig::default() };
/// # drop(config);
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "TCPConnector")]
pub struct ConnectConfig {
    /// Who finds addresses. Default: the system, with a memory of ten seconds.
    pub resolver: Rc<dyn Resolver>,
    /// Which addresses may be used. Default: all.
    pub addr_policy: AddrPolicy,
    /// Where connections come from. Addresses of the other family are not tried then. Default:
    /// the kernel decides.
    pub local_addr: Option<IpAddr>,
    /// A UNIX socket that every connection goes to, whatever the host. Nothing is looked up
    /// then. Default: none.
    #[doc(alias = "UnixConnector")]
    pub unix_socket: Option<PathBuf>,
    /// Answers that stand for all servers, for tests. Nothing is looked up or connected to then.
    /// Default: none.
    pub replay: Option<Replay>,
    /// How long an address is tried alone before the next is tried beside it (RFC 8305).
    /// `None`: one after the other, in the order of the resolver. Default 250 ms.
    pub happy_eyeballs_delay: Option<Duration>,
}

impl Default for ConnectConfig {
    fn default() -> Self {
        ConnectConfig {
            resolver: Rc::new(SystemResolver::new()),
            addr_policy: AddrPolicy::default(),
            local_addr: None,
            unix_socket: None,
            replay: None,
            happy_eyeballs_delay: Some(Duration::from_millis(250)),
        }
    }
}
