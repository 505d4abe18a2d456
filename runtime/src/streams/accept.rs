//! Accepting: a task for every listening socket, and a task for every client.

use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use super::clients::Clients;
use super::connect::pair;
use super::reader::StreamReader;
use super::sender::Ending;
use super::writer::StreamWriter;
use crate::event_loop::{ErrorContext, get_running_loop};
use crate::net::{Family, SocketListener, SocketStream};
use crate::promise::TaskError;
use crate::task::{Task, create_task, sleep, yield_now};

/// How long a server that has run out of descriptors or memory waits before it accepts again.
const ACCEPT_RETRY: Duration = Duration::from_secs(1);
/// What a handler's failure is reported as; the words are asyncio's.
const UNHANDLED: &str = "Unhandled exception in client_connected_cb";

/// How a handler of connections ends: with nothing, or with a `Result`, whose error is reported
/// to the exception handler of the loop.
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
            Ok((stream, _)) => serve(stream, &service),
            Err(error) if is_about_one_client(&error) => {}
            Err(error) => pause(&error).await,
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
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

/// No descriptors, no memory: those who are served may give some back. To try again at once
/// would keep the loop busy, and to give up would end the server over a bad minute.
async fn pause(error: &io::Error) {
    let what = format!("a server cannot accept, and waits for a second: {error}");
    get_running_loop().call_exception_handler(&ErrorContext::new(what));
    sleep(ACCEPT_RETRY).await;
}

/// Starts the task of a client.
fn serve<F, H, O>(stream: SocketStream<F>, service: &Rc<Service<H>>)
where
    F: Family,
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let (reader, writer) = pair(stream, service.limit);
    let sender = Rc::downgrade(writer.sender());
    service.clients.attach(writer.sender());
    let serving = service.clone();
    let task = create_task(async move { (serving.handler)(reader, writer).await });
    task.add_done_callback(move |task| {
        let failed = report_failure(task);
        // A writer that the handler has handed on is closed, too, as in asyncio.
        if failed && let Some(sender) = sender.upgrade() {
            sender.end(Ending::Closed);
        }
    });
}

/// Reports how a handler has failed. Returns whether it has, or was cancelled.
fn report_failure<O: ClientOutcome + 'static>(task: &Task<O>) -> bool {
    let context = match task.take_outcome() {
        Some(Ok(outcome)) => match outcome.failure() {
            Some(cause) => ErrorContext {
                cause: Some(cause),
                ..ErrorContext::new(UNHANDLED)
            },
            None => return false,
        },
        Some(Err(TaskError::Panicked(payload))) => {
            ErrorContext::of_panic(UNHANDLED, payload.as_ref())
        }
        Some(Err(TaskError::Cancelled(_))) => return true,
        None => return false,
    };
    get_running_loop().call_exception_handler(&context);
    true
}
