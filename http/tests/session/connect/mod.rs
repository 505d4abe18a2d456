//! From a URL to a connection: proxies, addresses, TLS.

mod socks;
mod tunnels;
mod forwarding;
mod addresses;
#[cfg(feature = "tls")]
mod tls_peer;
#[cfg(feature = "tls")]
mod tls;

use std::cell::RefCell;
use std::rc::Rc;

use looplet_http::proxy::Proxies;
use looplet_http::{Error, Response, Session, SessionConfig};

use crate::server::{HELLO, Peer, Sent, TestServer};

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

/// A proxy that receives so many bytes and answers, step by step, and is the server behind
/// itself after the last one. What it has received is remembered.
struct Scripted {
    server: TestServer,
    heard: Rc<RefCell<Vec<Vec<u8>>>>,
}

impl Scripted {
    async fn start<const N: usize>(steps: [(usize, &[u8]); N]) -> Self {
        let steps = steps.map(|(count, answer)| (count, answer.to_vec()));
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hearing = heard.clone();
        let script = async move |mut peer: Peer| {
            for (count, answer) in &steps {
                let Some(bytes) = peer.receive(*count).await else {
                    return;
                };
                hearing.borrow_mut().push(bytes);
                peer.send(answer);
            }
            peer.serve(HELLO).await;
        };
        Self {
            server: TestServer::start(script).await,
            heard,
        }
    }

    /// Fetches a URL through it; `proxy` has `PROXY` for its host and port.
    async fn fetch(&self, proxy: &str, url: &str) -> Result<Response, Error> {
        let proxy = proxy.replace("PROXY", &self.server.authority());
        session_through(&proxy).get(url).sent().await
    }

    fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.borrow().clone()
    }
}

/// What is wrong, as it reads, with the address of the server replaced.
fn text_of(error: &Error, server: &TestServer) -> String {
    error.to_string().replace(&server.authority(), "PROXY")
}
