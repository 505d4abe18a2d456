//! Accepting: a task for every listening socket, and a task for every client.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::clients::Clients;
use super::connect::pair;
use super::reader::StreamReader;
use super::sender::{Ending, Sender};
use super::writer::StreamWriter;
use crate::event_loop::{ErrorContext, get_running_loop};
use crate::net::{Family, SocketListener, SocketStream};
use crate::task::{create_task, sleep, yield_now};

/// How long a server that has run out of descriptors or memory waits before it accepts again.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);
/// What a handler's failure is reported as; the words are asyncio's.
const UNHANDLED: &str = "Unhandled exception in client_connected_cb";

/// How a handler of connections ends: with nothing, or with a `Result`, whose error is reported
/// to the exception handler of the loop.
///
/// asyncio has no counterpart: there a handler raises.
///
/// ```
/// use looplet::ClientOutcome;
///
/// assert_eq!(().failure(), None);
/// assert_eq!(Err::<(), _>("bad luck").failure(), Some("bad luck".to_string()));
/// ```
pub trait ClientOutcome {
    /// Returns what to report.
    fn failure(self) -> Option<String>;
}

impl ClientOutcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<T, E: fmt::Display> ClientOutcome for Result<T, E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// What is done with the connections of a server.
pub(super) struct Service<H> {
    pub(super) handler: H,
    pub(super) clients: Rc<Clients>,
    /// The limit of the readers.
    pub(super) limit: usize,
    /// Connections that are accepted before others get their turn.
    pub(super) burst: u32,
}

/// Accepts until the task is aborted.
pub(super) async fn accept<F, H, O>(listener: Rc<SocketListener<F>>, service: Rc<Service<H>>)
where
    F: Family,
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let mut accepted = 0;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => serve(stream, peer, &service),
            Err(error) if is_about_one_client(&error) => {}
            Err(error) => pause(&error, &listener.local_addr()).await,
        }
        accepted += 1;
        if accepted >= service.burst {
            accepted = 0;
            yield_now().await;
        }
    }
}

/// Whether an accept failed because the client went away meanwhile.
fn is_about_one_client(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionReset, HostUnreachable, NetworkDown, NetworkUnreachable,
    };
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionReset | HostUnreachable | NetworkDown | NetworkUnreachable
    )
}

/// No descriptors, no memory: those who are served may give some back. To try again at once
/// would keep the loop busy, and to give up would end the server over a bad minute.
async fn pause<A: fmt::Debug>(error: &io::Error, address: &io::Result<A>) {
    let what = format!("a server cannot accept, and waits for a second: {error}");
    report(&ErrorContext {
        socket: address.as_ref().ok().map(|address| format!("{address:?}")),
        ..ErrorContext::new(what)
    });
    sleep(ACCEPT_RETRY).await;
}

/// Starts the task of a client.
fn serve<F, H, O>(stream: SocketStream<F>, peer: F::Address, service: &Rc<Service<H>>)
where
    F: Family,
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let (reader, writer) = pair(stream, service.limit);
    service.clients.attach(writer.sender());
    let (service, failure) = (service.clone(), Failure(Some(writer.sender().clone())));
    create_task(async move {
        let handling = (service.handler)(reader, writer);
        let context = match contain(handling).await.map(O::failure) {
            Ok(None) => return failure.averted(),
            Ok(Some(cause)) => ErrorContext {
                cause: Some(cause),
                ..ErrorContext::new(UNHANDLED)
            },
            Err(payload) => ErrorContext::of_panic(UNHANDLED, payload.as_ref()),
        };
        report(&ErrorContext {
            transport: Some(format!("{peer:?}")),
            ..context
        });
    });
}

/// Awaits `handling`; a panic of it is a value.
async fn contain<T>(handling: impl Future<Output = T>) -> Result<T, Box<dyn Any + Send>> {
    let mut handling = pin!(handling);
    let poll = |context: &mut Context<'_>| {
        let polled = catch_unwind(AssertUnwindSafe(|| handling.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    };
    poll_fn(poll).await
}

fn report(context: &ErrorContext) {
    get_running_loop().call_exception_handler(context);
}

/// Closes the connection of a handler that fails, panics or is cancelled, even if the handler
/// has handed its writer on. That is asyncio's rule.
struct Failure(Option<Rc<Sender>>);

impl Failure {
    fn averted(mut self) {
        self.0 = None;
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        if let Some(sender) = &self.0 {
            sender.end(Ending::Closed);
        }
    }
}
