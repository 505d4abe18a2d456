//! Servers: what a program holds of them. How they begin is in `start.rs`.
//!
//! ```text
//!            start_serving              close, drop
//!   Bound ─────────────────► Serving ────────────────► Closed
//!     └──────────────────────────────────────────────────▲
//! ```
//!
//! A server that is closed has no sockets any more; the connections it has accepted go on, and
//! `wait_closed` waits for them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use socket2::{SockRef, Socket};

use super::accept::{ClientOutcome, Service, accept};
use super::clients::Clients;
use super::error::{ServeError, ZeroLimit};
use super::options::ServerOptions;
use super::reader::StreamReader;
use super::sender::Ending;
use super::writer::StreamWriter;
use crate::event_loop::{EventLoop, WeakLoop, get_running_loop};
use crate::net::{Endpoint, Family, SocketFile, SocketListener};
use crate::sync::Event;
use crate::task::{Task, catch_cancel, create_task};

/// A server that accepts connections until it is closed or dropped.
///
/// Clones stand for the same server. Connections that are open when it is closed go on. The
/// asyncio counterpart has the same name.
///
/// ```
/// use looplet::{open_connection, run, start_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = start_server("127.0.0.1:0", async |_, writer| writer.write(b"hello")).await?;
///     let (reader, _writer) = open_connection(server.local_addr()).await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     server.close();
///     server.wait_closed().await;
///     assert!(!server.is_serving());
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
#[must_use = "the server stops as soon as it is dropped"]
pub struct Server<A = SocketAddr> {
    shared: Rc<Shared<A>>,
}

struct Shared<A> {
    event_loop: WeakLoop,
    /// Where it listens, or has listened.
    addresses: Vec<A>,
    state: RefCell<State>,
    clients: Rc<Clients>,
    /// Whether a task is in `serve_forever`.
    awaited: Cell<bool>,
    /// Set when the server is closed.
    closed: Event,
    /// The file of a UNIX socket.
    file: RefCell<Option<SocketFile>>,
}

enum State {
    /// The sockets are bound; this lets them listen.
    Bound(Box<dyn FnOnce() -> io::Result<Vec<Accepting>>>),
    Serving(Vec<Accepting>),
    Closed,
}

/// A socket that takes connections, and the task that does.
struct Accepting {
    socket: Rc<dyn AsFd>,
    task: Task<()>,
}

impl Drop for Accepting {
    fn drop(&mut self) {
        // The task gives the socket back in its next step. Until then nobody is to connect; an
        // error means that this system cannot stop a socket from listening.
        let _ = SockRef::from(&self.socket).shutdown(Shutdown::Both);
        self.task.abort();
    }
}

impl<A: fmt::Debug + 'static> Server<A> {
    pub(super) fn new(addresses: Vec<A>, file: Option<SocketFile>) -> Self {
        let shared = Shared {
            event_loop: get_running_loop().downgrade(),
            addresses,
            state: RefCell::new(State::Closed),
            clients: Rc::default(),
            awaited: Cell::new(false),
            closed: Event::new(),
            file: RefCell::new(file),
        };
        Self {
            shared: Rc::new(shared),
        }
    }

    /// Says what is to be done with connections, and starts if the options say so.
    pub(super) fn prepare<F, H, O>(
        &self,
        sockets: Vec<Socket>,
        options: ServerOptions,
        handler: H,
    ) -> io::Result<()>
    where
        F: Family,
        H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
        O: ClientOutcome + 'static,
    {
        if options.limit == 0 {
            return Err(ZeroLimit.into());
        }
        let service = Rc::new(Service {
            handler,
            clients: self.shared.clients.clone(),
            limit: options.limit,
            burst: options.backlog.saturating_add(1),
        });
        let name = format!("server {:?}", self.shared.addresses);
        let start = move || {
            let listen = |socket| listen::<F, H, O>(socket, options.backlog, &service, &name);
            sockets.into_iter().map(listen).collect()
        };
        self.shared.state.replace(State::Bound(Box::new(start)));
        if options.start_serving {
            self.start_serving()?;
        }
        Ok(())
    }

    /// Returns the loop that it runs on; `None` when that is gone.
    pub fn get_loop(&self) -> Option<EventLoop> {
        self.shared.event_loop.upgrade()
    }

    /// Returns how many connections are open.
    pub fn clients(&self) -> usize {
        self.shared.clients.count()
    }

    /// Returns whether the server accepts connections.
    pub fn is_serving(&self) -> bool {
        matches!(*self.shared.state.borrow(), State::Serving(_))
    }

    /// Starts to accept connections, if the server was made not to. A second call does nothing.
    ///
    /// # Errors
    ///
    /// [`ServeError::Closed`] if the server was closed, and what the kernel says; then the
    /// server is closed.
    pub fn start_serving(&self) -> Result<(), ServeError> {
        let state = self.shared.state.replace(State::Closed);
        let started = match state {
            State::Bound(start) => start(),
            State::Serving(accepting) => Ok(accepting),
            State::Closed => return Err(ServeError::Closed),
        };
        match started {
            Ok(accepting) => {
                self.shared.state.replace(State::Serving(accepting));
                Ok(())
            }
            Err(error) => {
                self.shared.wind_up();
                Err(ServeError::Io(error))
            }
        }
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
    /// Dropping it leaves the server as it is: it serves until it is closed or dropped.
    pub async fn serve_forever(&self) -> Result<(), ServeError> {
        let awaited = Awaited::begin(&self.shared.awaited)?;
        self.start_serving()?;
        let served = catch_cancel(self.shared.closed.wait()).await;
        if let Err(cancelled) = served {
            self.close();
            self.close_clients();
            self.wait_closed().await;
            drop(awaited);
            cancelled.raise().await;
        }
        Ok(())
    }

    /// Stops listening. Connections that are open go on; those that were not accepted yet are
    /// reset. The file of a UNIX socket is removed.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Closes every connection once everything written to it has been sent.
    pub fn close_clients(&self) {
        let all = self.shared.clients.all();
        all.iter().for_each(|sender| sender.end(Ending::Closed));
    }

    /// Closes every connection now. What was not sent is lost.
    pub fn abort_clients(&self) {
        let all = self.shared.clients.all();
        all.iter().for_each(|sender| sender.abort());
    }

    /// Waits until the server is closed and its last connection is.
    ///
    /// Handlers may still run then, for what they do when their connection is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it only ends the wait.
    pub async fn wait_closed(&self) {
        self.shared.clients.gone.wait().await;
    }
}

impl Server<SocketAddr> {
    /// Returns the address it listens on, or the first of several.
    pub fn local_addr(&self) -> SocketAddr {
        self.shared.addresses[0]
    }

    /// Returns all addresses it listens on. None when it is closed.
    #[doc(alias = "sockets")]
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        if self.shared.closed.is_set() {
            return Vec::new();
        }
        self.shared.addresses.clone()
    }
}

impl Server<Endpoint> {
    /// Returns the address or the path of the socket.
    #[doc(alias = "sockets")]
    pub fn local_addr(&self) -> &Endpoint {
        &self.shared.addresses[0]
    }
}

impl Server<PathBuf> {
    /// Returns the path of the socket.
    #[doc(alias = "sockets")]
    pub fn path(&self) -> &Path {
        &self.shared.addresses[0]
    }
}

impl<A> Shared<A> {
    fn close(&self) {
        let state = self.state.replace(State::Closed);
        drop(state);
        self.wind_up();
    }

    /// What is left to do when nobody listens any more.
    fn wind_up(&self) {
        let file = self.file.take();
        drop(file);
        self.closed.set();
        self.clients.close();
    }
}

impl<A> Drop for Shared<A> {
    fn drop(&mut self) {
        self.close();
    }
}

impl<A: fmt::Debug + 'static> fmt::Debug for Server<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.shared.addresses)
            .field("serving", &self.is_serving())
            .field("clients", &self.clients())
            .finish()
    }
}

/// Lets a bound socket listen, and accepts what comes.
fn listen<F, H, O>(
    socket: Socket,
    backlog: u32,
    service: &Rc<Service<H>>,
    name: &str,
) -> io::Result<Accepting>
where
    F: Family,
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let listener = Rc::new(SocketListener::<F>::listen(
        &get_running_loop(),
        socket,
        backlog,
    )?);
    let task = create_task(accept(listener.clone(), service.clone()));
    task.set_name(name);
    Ok(Accepting {
        socket: listener,
        task,
    })
}

/// The time in which a task is in `serve_forever`.
pub(crate) struct Awaited<'a>(&'a Cell<bool>);

impl<'a> Awaited<'a> {
    /// An error means that a task is in there.
    pub(crate) fn begin(awaited: &'a Cell<bool>) -> Result<Self, ServeError> {
        match awaited.replace(true) {
            true => Err(ServeError::AlreadyServing),
            false => Ok(Self(awaited)),
        }
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
