//! From a URL to a connection: proxies, addresses, TLS.

#[cfg(feature = "socks")]
mod socks;
#[cfg(not(feature = "socks"))]
mod no_socks;
mod tunnels;
mod forwarding;
mod addresses;
#[cfg(feature = "tls")]
mod tls_peer;
#[cfg(feature = "tls")]
mod tls;

use looplet_http::proxy::Proxies;
use looplet_http::{Error, Session, SessionConfig};

use crate::server::TestServer;

/// A session that goes to all servers through a proxy.
fn session_through(proxy: &str) -> Session {
    Session::with(SessionConfig {
        proxies: Proxies::all(proxy.parse().unwrap()),
        ..config()
    })
}

/// The settings of a session that adds nothing to what it is told.
fn config() -> SessionConfig {
    SessionConfig {
        headers: looplet_http::Headers::new(),
        decode: false,
        ..SessionConfig::default()
    }
}

/// What is wrong, as it reads, with the address of the server replaced.
fn text_of(error: &Error, server: &TestServer) -> String {
    error.to_string().replace(&server.authority(), "PROXY")
}
