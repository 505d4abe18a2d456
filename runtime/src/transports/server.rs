//! Servers that make a protocol for every connection. How they begin is in `start.rs`.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::accept::Shared;
use crate::event_loop::EventLoop;
use crate::net::Endpoint;
use crate::streams::{Awaited, ServeError};
use crate::task::catch_cancel;

/// A server that makes a protocol for every connection, until it is closed or dropped.
///
/// Made by [`EventLoop::create_server`], [`EventLoop::create_unix_server`], and what is like them.
/// Closing it leaves open connections alone. The asyncio counterpart is `Server`.
///
/// ```
/// use looplet::{Protocol, get_running_loop, run};
///
/// struct Quiet;
/// impl Protocol for Quiet {}
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = get_running_loop().create_server(|| Quiet, "127.0.0.1:0").await?;
///     assert!(server.is_serving());
///     server.close();
///     server.wait_closed().await;
///     assert!(!server.is_serving());
///     Ok(())
/// })
/// # }
/// ```
#[doc(alias = "Server")]
#[must_use = "the server stops as soon as it is dropped"]
pub struct TransportServer<A = SocketAddr> {
    shared: Rc<Shared>,
    addresses: Vec<A>,
}

impl TransportServer<SocketAddr> {
    /// Returns the address it listens on; the first one, if there are several.
    pub fn local_addr(&self) -> SocketAddr {
        let first = self.addresses.first();
        *first.expect("a name that was found has an address, and a socket that listens has a port")
    }

    /// Returns all addresses it listens on, also once it is closed.
    #[doc(alias = "sockets")]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }
}

impl TransportServer<PathBuf> {
    /// Returns the path of the socket.
    #[doc(alias = "sockets")]
    pub fn path(&self) -> &Path {
        self.addresses.first().expect("it is bound to a path")
    }
}

impl TransportServer<Endpoint> {
    /// Returns the address or the path of the socket.
    #[doc(alias = "sockets")]
    pub fn local_addr(&self) -> &Endpoint {
        self.addresses.first().expect("it was made of a socket")
    }
}

impl<A> TransportServer<A> {
    pub(super) fn new(shared: Rc<Shared>, addresses: Vec<A>) -> Self {
        Self { shared, addresses }
    }

    /// Returns the loop that it runs on; `None` when that is gone.
    pub fn get_loop(&self) -> Option<EventLoop> {
        self.shared.event_loop.upgrade()
    }

    /// Returns whether it accepts connections.
    pub fn is_serving(&self) -> bool {
        self.shared.is_serving()
    }

    /// Starts to accept connections, if the server was made not to. A second call does nothing.
    ///
    /// # Errors
    ///
    /// [`ServeError::Closed`] if the server was closed, and what the kernel says; then the
    /// server is closed.
    pub fn start_serving(&self) -> Result<(), ServeError> {
        self.shared.start_serving()
    }

    /// Returns how many connections are open.
    pub fn clients(&self) -> usize {
        self.shared.clients()
    }

    /// Stops accepting, and closes the sockets that listen. Connections that are open go on.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Closes every connection, as [`Transport::close`](crate::Transport::close) does.
    pub fn close_clients(&self) {
        for client in self.shared.open_clients() {
            client.close();
        }
    }

    /// Closes every connection, as [`Transport::abort`](crate::Transport::abort) does.
    pub fn abort_clients(&self) {
        for client in self.shared.open_clients() {
            client.fail(None);
        }
    }

    /// Waits until the server is closed and the last of its connections has ended.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it only ends the wait.
    pub async fn wait_closed(&self) {
        self.shared.finished.wait().await;
    }

    /// Serves until the server is closed. If the task is cancelled, the server and its
    /// connections are closed before the cancel goes on.
    ///
    /// # Errors
    ///
    /// [`ServeError::AlreadyServing`] if another task is in here; otherwise as
    /// [`start_serving`](Self::start_serving).
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves the server as it is.
    pub async fn serve_forever(&self) -> Result<(), ServeError> {
        let awaited = Awaited::begin(&self.shared.awaited)?;
        self.start_serving()?;
        if let Err(cancelled) = catch_cancel(self.shared.closed.wait()).await {
            self.close();
            self.close_clients();
            self.wait_closed().await;
            drop(awaited);
            cancelled.raise().await;
        }
        Ok(())
    }
}

impl<A> Drop for TransportServer<A> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<A: fmt::Debug> fmt::Debug for TransportServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportServer")
            .field("addresses", &self.addresses)
            .field("serving", &self.is_serving())
            .field("clients", &self.clients())
            .finish()
    }
}
