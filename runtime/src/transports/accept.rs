//! Accepting for servers that call back: what a server shares with its callbacks.
//!
//! ```text
//!            start_serving              close, drop
//!   Bound ─────────────────► Serving ────────────────► Closed
//!     └──────────────────────────────────────────────────▲
//! ```

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::rc::{Rc, Weak};
use std::time::Duration;

use slab::Slab;

use super::connect::start;
use super::connection::Connection;
use super::link::Link;
use super::protocol::StreamProtocol;
use crate::event_loop::{Direction, ErrorContext, EventLoop, TimerHandle, WeakLoop};
use crate::net::{
    Bound, Endpoint, Listening, SocketFile, SocketListener, Tcp, Unix, Watch, adopt, loop_is_gone,
};
use crate::streams::ServeError;
use crate::sync::Event;

/// Connections accepted in a row before others get their turn.
const ACCEPT_BURST: usize = 64;
/// How long a server that has run out of descriptors waits before it accepts again.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);

pub(super) type Factory = Box<dyn FnMut() -> StreamProtocol>;

/// The part that callbacks and connections share.
pub(super) struct Shared {
    pub(super) event_loop: WeakLoop,
    state: RefCell<State>,
    /// `None` while it runs.
    factory: Cell<Option<Factory>>,
    clients: RefCell<Slab<Weak<Connection>>>,
    /// Set when the server is closed.
    pub(super) closed: Event,
    /// Closed, and the last connection has ended.
    pub(super) finished: Event,
    /// Whether a task is in `serve_forever`.
    pub(super) awaited: Cell<bool>,
    /// The file of a UNIX socket.
    file: Cell<Option<SocketFile>>,
}

enum State {
    /// The sockets are bound, and these are how many may wait at each.
    Bound(Vec<Bound>, u32),
    Serving(Vec<Rc<Listener>>),
    Closed,
}

/// A socket that listens.
struct Listener {
    socket: Box<dyn Listening>,
    /// Where it listens, for reports.
    name: Endpoint,
    watch: Cell<Option<Watch>>,
    /// The wait after an error.
    retry: Cell<Option<TimerHandle>>,
}

impl Listener {
    /// Lets a bound socket listen.
    fn new(event_loop: &EventLoop, bound: Bound, backlog: u32) -> io::Result<Rc<Self>> {
        let Bound { socket, name } = bound;
        let socket: Box<dyn Listening> = match name.ip() {
            Some(_) => Box::new(SocketListener::<Tcp>::listen(event_loop, socket, backlog)?),
            None => Box::new(SocketListener::<Unix>::listen(event_loop, socket, backlog)?),
        };
        Ok(Self::of(socket, name))
    }

    /// Lets a bound UNIX socket listen, for which the loop does not wait.
    fn in_background(event_loop: &EventLoop, bound: Bound) -> io::Result<Rc<Self>> {
        let Bound { socket, name } = bound;
        let socket = SocketListener::<Unix>::listen_in_background(event_loop, socket)?;
        Ok(Self::of(Box::new(socket), name))
    }

    fn of(socket: Box<dyn Listening>, name: Endpoint) -> Rc<Self> {
        Rc::new(Self {
            socket,
            name,
            watch: Cell::new(None),
            retry: Cell::new(None),
        })
    }

    /// Waits for nothing any more.
    fn rest(&self) {
        drop(self.watch.take());
        if let Some(retry) = self.retry.take() {
            retry.cancel();
        }
    }
}

impl Shared {
    pub(super) fn new(
        event_loop: &EventLoop,
        bound: Vec<Bound>,
        backlog: u32,
        factory: Factory,
        file: Option<SocketFile>,
    ) -> Rc<Self> {
        Rc::new(Self {
            event_loop: event_loop.downgrade(),
            state: RefCell::new(State::Bound(bound, backlog)),
            factory: Cell::new(Some(factory)),
            clients: RefCell::default(),
            closed: Event::new(),
            finished: Event::new(),
            awaited: Cell::new(false),
            file: Cell::new(file),
        })
    }

    pub(super) fn is_serving(&self) -> bool {
        matches!(*self.state.borrow(), State::Serving(_))
    }

    pub(super) fn start_serving(self: &Rc<Self>) -> Result<(), ServeError> {
        self.start_with(Listener::new)
    }

    /// Starts at UNIX sockets, for which the loop does not wait.
    pub(super) fn start_in_background(self: &Rc<Self>) -> Result<(), ServeError> {
        self.start_with(|event_loop, bound, _backlog| Listener::in_background(event_loop, bound))
    }

    fn start_with(
        self: &Rc<Self>,
        listen: impl Fn(&EventLoop, Bound, u32) -> io::Result<Rc<Listener>>,
    ) -> Result<(), ServeError> {
        let started = match self.state.replace(State::Closed) {
            State::Bound(bound, backlog) => self.start(bound, |event_loop, bound| {
                listen(event_loop, bound, backlog)
            }),
            State::Serving(listeners) => Ok(listeners),
            State::Closed => return Err(ServeError::Closed),
        };
        match started {
            Ok(listeners) => {
                self.state.replace(State::Serving(listeners));
                Ok(())
            }
            Err(error) => {
                self.close();
                Err(ServeError::Io(error))
            }
        }
    }

    fn start(
        self: &Rc<Self>,
        bound: Vec<Bound>,
        listen: impl Fn(&EventLoop, Bound) -> io::Result<Rc<Listener>>,
    ) -> io::Result<Vec<Rc<Listener>>> {
        let event_loop = self.event_loop.upgrade().ok_or_else(loop_is_gone)?;
        let listen = |bound| listen(&event_loop, bound);
        let listeners: Vec<_> = bound.into_iter().map(listen).collect::<io::Result<_>>()?;
        listeners.iter().for_each(|listener| self.listen(listener));
        Ok(listeners)
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
        event_loop.call_exception_handler(&ErrorContext {
            socket: Some(listener.name.to_string()),
            ..ErrorContext::new(format!("a server cannot accept: {error}"))
        });
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

    pub(super) fn close(&self) {
        let state = self.state.replace(State::Closed);
        if let State::Serving(listeners) = &state {
            listeners.iter().for_each(|listener| listener.rest());
        }
        drop(state);
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

    pub(super) fn clients(&self) -> usize {
        self.clients.borrow().len()
    }

    pub(super) fn open_clients(&self) -> Vec<Rc<Connection>> {
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
