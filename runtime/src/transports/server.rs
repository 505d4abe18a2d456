//! Servers that make a protocol for every connection. How they begin is in `start.rs`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::{Rc, Weak};
use std::time::Duration;

use slab::Slab;
use socket2::Socket;

use super::connect::start;
use super::connection::Connection;
use super::link::Link;
use super::protocol::StreamProtocol;
use crate::event_loop::{Direction, ErrorContext, EventLoop, TimerHandle, WeakLoop};
use crate::net::{BACKLOG, Family, Listening, SocketFile, SocketListener, Watch, adopt};
use crate::sync::Event;
use crate::task::catch_cancel;

/// Connections accepted in a row before others get their turn.
const ACCEPT_BURST: usize = 64;
/// How long a server that has run out of descriptors waits before it accepts again.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

pub(super) type Factory = Box<dyn FnMut() -> StreamProtocol>;

/// A server that makes a protocol for every connection, until it is closed or dropped.
///
/// Made by [`EventLoop::create_server`] and [`EventLoop::create_unix_server`]. Closing it leaves open connections alone. The asyncio
/// counterpart is `Server`.
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

/// The part that callbacks and connections share.
pub(super) struct Shared {
    event_loop: WeakLoop,
    /// Where it listens; empty once it is closed.
    listeners: RefCell<Vec<Rc<Listener>>>,
    /// `None` while it runs.
    factory: Cell<Option<Factory>>,
    clients: RefCell<Slab<Weak<Connection>>>,
    closed: Event,
    /// Closed, and the last connection has ended.
    finished: Event,
    /// The file of a UNIX socket.
    file: Cell<Option<SocketFile>>,
}

/// A socket that listens.
pub(super) struct Listener {
    socket: Box<dyn Listening>,
    watch: Cell<Option<Watch>>,
    /// The wait after an error.
    retry: Cell<Option<TimerHandle>>,
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

impl<A> TransportServer<A> {
    pub(super) fn new(shared: Rc<Shared>, addresses: Vec<A>) -> Self {
        let listeners = shared.listeners.borrow().clone();
        for listener in &listeners {
            shared.listen(listener);
        }
        Self { shared, addresses }
    }

    /// Returns whether it accepts connections.
    pub fn is_serving(&self) -> bool {
        !self.shared.closed.is_set()
    }

    /// Returns how many connections are open.
    pub fn clients(&self) -> usize {
        self.shared.clients.borrow().len()
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

    /// Serves until the server is closed. If the task is cancelled, that closes the server.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves the server as it is.
    pub async fn serve_forever(&self) {
        if let Err(cancelled) = catch_cancel(self.shared.closed.wait()).await {
            self.close();
            cancelled.raise().await
        }
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

impl Listener {
    /// Lets a bound socket listen.
    pub(super) fn new<F: Family>(event_loop: &EventLoop, socket: Socket) -> io::Result<Rc<Self>> {
        let socket = SocketListener::<F>::listen(event_loop, socket, BACKLOG)?;
        Ok(Self::of(Box::new(socket)))
    }

    /// What listens already.
    pub(super) fn of(socket: Box<dyn Listening>) -> Rc<Self> {
        Rc::new(Self {
            socket,
            watch: Cell::new(None),
            retry: Cell::new(None),
        })
    }
}

impl Shared {
    pub(super) fn new(
        event_loop: &EventLoop,
        listeners: Vec<Rc<Listener>>,
        factory: Factory,
        file: Option<SocketFile>,
    ) -> Rc<Self> {
        Rc::new(Self {
            event_loop: event_loop.downgrade(),
            listeners: RefCell::new(listeners),
            factory: Cell::new(Some(factory)),
            clients: RefCell::default(),
            closed: Event::new(),
            finished: Event::new(),
            file: Cell::new(file),
        })
    }

    fn listen(self: &Rc<Self>, listener: &Rc<Listener>) {
        if self.closed.is_set() {
            return;
        }
        let (shared, own) = (self.clone(), listener.clone());
        let accept = move || shared.accept(&own);
        let registration = listener.socket.registration();
        let watch = registration.call_when_ready(Direction::Read, accept);
        listener.watch.set(Some(watch));
    }

    fn accept(self: &Rc<Self>, listener: &Rc<Listener>) {
        drop(listener.watch.take());
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        for _ in 0..ACCEPT_BURST {
            match listener.socket.try_accept() {
                Ok(socket) => {
                    let shared = self.clone();
                    event_loop.call_soon(move || shared.serve(socket));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let registration = listener.socket.registration();
                    registration.clear_ready(Direction::Read);
                    break;
                }
                Err(error) if is_about_one_client(&error) => {}
                Err(error) => return self.retry(&event_loop, listener, &error),
            }
        }
        self.listen(listener);
    }

    fn retry(self: &Rc<Self>, event_loop: &EventLoop, listener: &Rc<Listener>, error: &io::Error) {
        let (shared, own) = (self.clone(), listener.clone());
        let again = move || shared.listen(&own);
        let retry = event_loop.call_later(ACCEPT_RETRY, again);
        listener.retry.set(Some(retry));
        let text = format!("a server cannot accept: {error}");
        event_loop.call_exception_handler(&ErrorContext::new(text));
    }

    fn serve(self: &Rc<Self>, socket: OwnedFd) {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return;
        };
        let Some(protocol) = self.make_protocol(&event_loop) else {
            return;
        };
        let adopted = adopt(&event_loop, socket);
        match adopted.and_then(|wire| Link::of_socket(&event_loop, wire)) {
            Ok(link) => {
                let transport = start(&event_loop, link, protocol, || {});
                let connection = transport.connection();
                connection.accompany(Box::new(Presence::new(self, connection)));
            }
            Err(error) => {
                let text = format!("a server cannot serve a connection: {error}");
                event_loop.call_exception_handler(&ErrorContext::new(text));
            }
        }
    }

    fn make_protocol(&self, event_loop: &EventLoop) -> Option<StreamProtocol> {
        let mut factory = self.factory.take()?;
        let mut protocol = None;
        let what = "a protocol factory panicked";
        let make = || protocol = Some(factory());
        event_loop.core().reporter.contain(what, make);
        self.factory.set(Some(factory));
        protocol
    }

    fn close(&self) {
        let listeners = self.listeners.take();
        for listener in &listeners {
            drop(listener.watch.take());
            if let Some(retry) = listener.retry.take() {
                retry.cancel();
            }
        }
        drop(listeners);
        let file = self.file.take();
        drop(file);
        self.closed.set();
        self.settle();
    }

    fn settle(&self) {
        if self.closed.is_set() && self.clients.borrow().is_empty() {
            self.finished.set();
        }
    }

    fn open_clients(&self) -> Vec<Rc<Connection>> {
        let clients = self.clients.borrow();
        clients.iter().filter_map(|(_, it)| it.upgrade()).collect()
    }
}

/// Whether an accept failed because the client went away meanwhile, or a signal came.
fn is_about_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Counts a connection among the clients for as long as it lives.
struct Presence {
    server: Rc<Shared>,
    key: usize,
}

impl Presence {
    fn new(server: &Rc<Shared>, connection: &Rc<Connection>) -> Self {
        let mut clients = server.clients.borrow_mut();
        Self {
            server: server.clone(),
            key: clients.insert(Rc::downgrade(connection)),
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let client = self.server.clients.borrow_mut().try_remove(self.key);
        drop(client);
        self.server.settle();
    }
}
