//! A server that follows a script and remembers what it was asked.
//!
//! ```text
//! let server = TestServer::start(async |mut peer| {
//!     peer.expect().await;
//!     peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
//! }).await;
//! ```
//!
//! The end of the script closes the connection. A script that panics ends its connection only,
//! so claims belong into the test: [`TestServer::requests`] has the raw bytes.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use looplet_http::message::Headers;
use looplet_http::runtime::{
    Server, StreamReader, StreamWriter, run, sleep, start_server, timeout, yield_now,
};
use looplet_http::{
    Error, Failure, PoolLimits, RedirectPolicy, RequestBuilder, Response, Session, SessionConfig,
    Timeouts,
};

/// An answer without a body.
pub(crate) const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/// An answer with a small body.
pub(crate) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Runs a test on a loop of its own. One that hangs fails.
#[track_caller]
pub(crate) fn on_loop(test: impl Future<Output = ()> + 'static) {
    let hangs = Duration::from_secs(60);
    let ended = run(async move { timeout(hangs, test).await });
    assert!(ended.is_ok(), "the test hangs");
}

/// Sends a request for its error alone, without the circumstances.
pub(crate) trait Sent {
    /// As `send`.
    async fn sent(self) -> Result<Response, Error>;
}

impl Sent for RequestBuilder {
    async fn sent(self) -> Result<Response, Error> {
        self.send().await.map_err(Failure::into_error)
    }
}

/// A few milliseconds, enough for everything that is under way on loopback.
pub(crate) async fn a_moment() {
    sleep(ms(5)).await;
}

/// Waits until something is true.
#[track_caller]
pub(crate) fn until(condition: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        for _ in 0..2000 {
            if condition() {
                return;
            }
            sleep(ms(1)).await;
        }
        panic!("what is waited for at {caller} does not happen");
    }
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A session with other places.
pub(crate) fn session_with_pool(pool: PoolLimits) -> Session {
    Session::with(SessionConfig {
        pool,
        ..SessionConfig::default()
    })
}

/// A session with other limits of time.
pub(crate) fn session_with_timeouts(timeouts: Timeouts) -> Session {
    Session::with(SessionConfig {
        timeouts,
        ..SessionConfig::default()
    })
}

/// A session that does not follow redirects, or only so many.
pub(crate) fn session_with_redirects(redirects: RedirectPolicy) -> Session {
    Session::with(SessionConfig {
        redirects,
        ..SessionConfig::default()
    })
}

/// What the pool of a session says about itself.
#[derive(Debug, PartialEq)]
pub(crate) struct PoolState {
    /// Origins that are in use or waited for.
    pub(crate) hosts: usize,
    /// Idle connections.
    pub(crate) idle: usize,
    /// Places of the whole session that nobody has.
    pub(crate) free: usize,
}

/// Reads the state of the pool from what a session prints.
pub(crate) fn pool_of(session: &Session) -> PoolState {
    let text = format!("{session:?}");
    let number = |name: &str| {
        let (_, rest) = text.split_once(&format!("{name}: ")).unwrap();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().unwrap()
    };
    PoolState {
        hosts: number("hosts"),
        idle: number("idle"),
        free: number("free"),
    }
}

/// A pool that nobody uses, with this many idle connections.
pub(crate) fn at_rest(idle: usize) -> PoolState {
    PoolState {
        hosts: 0,
        idle,
        free: 100,
    }
}

/// What came to a server.
#[derive(Default)]
struct Log {
    /// The requests of each connection, as they were on the wire.
    connections: RefCell<Vec<Vec<String>>>,
    /// Connections that neither side has closed.
    open: Cell<usize>,
}

/// A running server.
pub(crate) struct TestServer {
    server: Server,
    log: Rc<Log>,
}

impl TestServer {
    /// Starts a server that runs `script` for every connection.
    pub(crate) async fn start(script: impl AsyncFn(Peer) + 'static) -> Self {
        Self::start_at("127.0.0.1:0", script).await.unwrap()
    }

    /// Starts a server at another address, which this machine may not have.
    pub(crate) async fn start_at(
        address: &str,
        script: impl AsyncFn(Peer) + 'static,
    ) -> io::Result<Self> {
        let log = Rc::new(Log::default());
        let shared = log.clone();
        let server = start_server(address, async move |reader, writer| {
            script(Peer::new(reader, writer, shared.clone())).await;
        });
        Ok(Self {
            server: server.await?,
            log,
        })
    }

    /// Starts a server that gives every request this answer.
    pub(crate) async fn answering(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        Self::start(async move |mut peer: Peer| peer.serve(&answer).await).await
    }

    /// The URL of a target on this server.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.server.local_addr())
    }

    /// Host and port.
    pub(crate) fn authority(&self) -> String {
        self.server.local_addr().to_string()
    }

    /// The address that it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addr()
    }

    /// The number of connections that came, closed ones included.
    pub(crate) fn connections(&self) -> usize {
        self.log.connections.borrow().len()
    }

    /// Whether nobody has connected. Within one machine, a connect ends before the server has had a
    /// turn to notice.
    pub(crate) async fn is_untouched(&self) -> bool {
        a_moment().await;
        self.connections() == 0
    }

    /// The number of requests on each connection.
    pub(crate) fn per_connection(&self) -> Vec<usize> {
        self.log.connections.borrow().iter().map(Vec::len).collect()
    }

    /// All requests as they were on the wire, connection by connection.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.connections.borrow().concat()
    }

    /// The request lines of all requests, without the version.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |request: &String| {
            let (line, _) = request.split_once(" HTTP/1.1\r\n").unwrap();
            line.to_owned()
        };
        self.requests().iter().map(line).collect()
    }

    /// The number of connections that neither side has closed.
    pub(crate) fn open(&self) -> usize {
        self.log.open.get()
    }

    /// Waits until so many connections are open.
    pub(crate) async fn until_open(&self, count: usize) {
        until(|| self.open() == count).await;
    }

    /// Waits until so many requests have come.
    pub(crate) async fn until_asked(&self, count: usize) {
        until(|| self.requests().len() == count).await;
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.requests()).finish()
    }
}

/// One connection, seen by the server.
pub(crate) struct Peer {
    /// Connections are counted from 0.
    pub(crate) number: usize,
    reader: StreamReader,
    writer: StreamWriter,
    log: Rc<Log>,
}

impl Peer {
    fn new(reader: StreamReader, writer: StreamWriter, log: Rc<Log>) -> Self {
        let number = log.connections.borrow().len();
        log.connections.borrow_mut().push(Vec::new());
        log.open.set(log.open.get() + 1);
        Self {
            number,
            reader,
            writer,
            log,
        }
    }

    /// Receives a request, body included. `None` if the client has closed the connection.
    pub(crate) async fn expect(&mut self) -> Option<String> {
        let head = self.reader.read_until(b"\r\n\r\n").await.ok()?;
        let mut request = String::from_utf8(head).unwrap();
        let announced = request
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        let length = announced.map_or(0, |length| length.parse().unwrap());
        let body = match request.contains("\r\nTransfer-Encoding: chunked\r\n") {
            true => self.chunks().await?,
            false => self.reader.read_exactly(length).await.ok()?,
        };
        request.push_str(&String::from_utf8(body).unwrap());
        self.log.connections.borrow_mut()[self.number].push(request.clone());
        Some(request)
    }

    /// Receives a chunked body as it is on the wire.
    async fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut wire = Vec::new();
        loop {
            let line = self.reader.read_until(b"\r\n").await.ok()?;
            let digits = std::str::from_utf8(&line).unwrap().trim_end();
            let length = usize::from_str_radix(digits, 16).unwrap();
            wire.extend(line);
            wire.extend(self.reader.read_exactly(length + 2).await.ok()?);
            if length == 0 {
                return Some(wire);
            }
        }
    }

    /// Receives the head of a request and leaves the body where it is.
    pub(crate) async fn expect_head(&mut self) -> Option<String> {
        let head = self.reader.read_until(b"\r\n\r\n").await.ok()?;
        let head = String::from_utf8(head).unwrap();
        self.log.connections.borrow_mut()[self.number].push(head.clone());
        Some(head)
    }

    /// Receives this many bytes of a body. `None` if the client has closed before.
    pub(crate) async fn receive(&mut self, count: usize) -> Option<Vec<u8>> {
        self.reader.read_exactly(count).await.ok()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.writer.write(bytes.as_ref());
    }

    /// Sends pieces that arrive one by one.
    pub(crate) async fn send_slowly<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>) {
        for piece in pieces {
            self.send(piece);
            sleep(ms(1)).await;
        }
    }

    /// Receives a part of a request, and nothing of it is remembered.
    pub(crate) async fn receive_some(&mut self) {
        assert!(!self.reader.read(1024).await.unwrap().is_empty());
    }

    /// Waits until there is not much to send. Returns whether the client still listens.
    pub(crate) async fn drained(&mut self) -> bool {
        yield_now().await;
        self.writer.drain().await.is_ok()
    }

    /// Gives every request this answer until the client closes the connection.
    pub(crate) async fn serve(&mut self, answer: &str) {
        while self.expect().await.is_some() {
            self.send(answer);
        }
    }

    /// Waits until the client closes the connection. What it sends is ignored.
    pub(crate) async fn until_gone(&mut self) {
        while self
            .reader
            .read(1024)
            .await
            .is_ok_and(|data| !data.is_empty())
        {}
    }
}

/// What a peer that speaks TLS needs.
#[cfg(feature = "tls")]
impl Peer {
    /// Receives what comes next; nothing at the end.
    pub(crate) async fn read(&mut self) -> Vec<u8> {
        self.reader.read(16 * 1024).await.unwrap_or_default()
    }

    /// Remembers a request that was received otherwise.
    pub(crate) fn note(&self, request: String) {
        self.log.connections.borrow_mut()[self.number].push(request);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.log.open.set(self.log.open.get() - 1);
    }
}

/// The answer that sends a client elsewhere.
pub(crate) fn moved(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n")
}

/// The method and target of a request.
pub(crate) fn target_of(request: &str) -> &str {
    request.split(' ').nth(1).unwrap()
}

/// A session that adds nothing to what it is told.
pub(crate) fn plain_session() -> Session {
    Session::with(SessionConfig {
        headers: Headers::new(),
        decode: false,
        ..SessionConfig::default()
    })
}

/// Sends what `build` makes of a session and a server, and returns what came on the wire.
pub(crate) async fn wire(
    session: Session,
    build: impl Fn(&Session, &TestServer) -> RequestBuilder,
) -> String {
    let server = TestServer::answering(EMPTY).await;
    build(&session, &server).send().await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    requests[0].replace(&server.authority(), "SERVER")
}
