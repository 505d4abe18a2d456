//! Servers: a listener, a task that accepts, and a task for every client.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::reader::StreamReader;
use super::split;
use super::writer::StreamWriter;
use crate::cancel::CancelReason;
use crate::event_loop::{ErrorContext, get_running_loop};
use crate::net::{Address, TcpListener};
use crate::task::{Task, create_task, sleep};

/// How long a server that has run out of descriptors waits before it accepts again.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);
/// Connections accepted in a row before others get their turn.
const ACCEPT_BURST: usize = 64;

/// Listens on `address` and calls `client_connected` with a reader and a writer for every
/// connection, each in a task of its own.
///
/// The server accepts until it is closed or dropped. Port 0 lets the system choose a port;
/// [`Server::local_addr`] tells which. The asyncio counterpart has the same name.
///
/// # Errors
///
/// If the name is not known, the port is taken or not allowed.
///
/// # Panics
///
/// If no loop is running.
pub async fn start_server<F>(address: impl Into<Address>, client_connected: F) -> io::Result<Server>
where
    F: AsyncFn(StreamReader, StreamWriter) + 'static,
{
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let clients = Rc::new(Cell::new(0));
    let accepting = create_task(accept(listener, Rc::new(client_connected), clients.clone()));
    accepting.set_name(format!("server {address}"));
    Ok(Server {
        accepting,
        address,
        clients,
    })
}

async fn accept<F>(listener: TcpListener, client_connected: Rc<F>, clients: Rc<Cell<usize>>)
where
    F: AsyncFn(StreamReader, StreamWriter) + 'static,
{
    let mut burst = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (reader, writer) = split(stream);
                let (callback, presence) = (client_connected.clone(), Presence::new(&clients));
                create_task(async move {
                    callback(reader, writer).await;
                    drop(presence);
                });
            }
            Err(error) if is_about_one_client(&error) => {}
            Err(error) => {
                let context = ErrorContext::new(format!("a server cannot accept: {error}"));
                get_running_loop().call_exception_handler(&context);
                sleep(ACCEPT_RETRY).await;
            }
        }
        burst += 1;
        if burst == ACCEPT_BURST {
            burst = 0;
            crate::task::yield_now().await;
        }
    }
}

/// Whether an accept failed because the client went away meanwhile.
fn is_about_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// Counts a client for as long as its task lives.
struct Presence(Rc<Cell<usize>>);

impl Presence {
    fn new(clients: &Rc<Cell<usize>>) -> Self {
        clients.set(clients.get() + 1);
        Self(clients.clone())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// A server that accepts connections until it is closed or dropped.
///
/// Connections that are open go on. The asyncio counterpart has the same name.
#[must_use = "the server stops as soon as it is dropped"]
pub struct Server {
    accepting: Task<()>,
    address: SocketAddr,
    clients: Rc<Cell<usize>>,
}

impl Server {
    /// Returns the address it listens on.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Returns how many connections are being served.
    pub fn clients(&self) -> usize {
        self.clients.get()
    }

    /// Stops accepting. Connections that are open go on.
    pub fn close(&self) {
        self.accepting.abort();
    }

    /// Serves until the server is closed or the task is cancelled.
    pub async fn serve_forever(&self) {
        use crate::promise::TaskError;
        match self.accepting.join().await {
            Err(TaskError::Cancelled(cause)) if cause.reason() != CancelReason::Aborted => {
                cause.raise().await
            }
            _ => {}
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("clients", &self.clients())
            .finish()
    }
}
