//! A server made of answers, for the tests of programs.
//!
//! A program that fetches is tested against a server that says what the test wants. [`Replay`] is
//! one without a port: a session that is given one connects to nothing else. Each connection
//! plays the next conversation, answer after answer, and what was asked is kept.
//!
//! # Rules
//!
//! 1. An answer is sent when a whole request has come, and the connection ends with the last.
//! 2. Nothing leaves the process, nothing is looked up, and no clock is read, so that a test has
//!    the same outcome each time. Delays are those of the loop's clock, which may be virtual.
//! 3. What is asked beyond the answers is refused as a server that is not there would: so a
//!    test that asks too much fails.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use looplet::{UnixStream, sleep};

use crate::background::start;

/// A server that answers what it was told to, in the order of the connections.
///
/// Clones are the same server.
///
/// ```
/// use looplet_http::{Conversation, Replay, Session, SessionConfig, runtime::run};
///
/// let replay = Replay::new([
///     Conversation::new().answer("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"),
/// ]);
/// let mut config = SessionConfig::default();
/// config.connect.replay = Some(replay.clone());
/// let response = run(Session::with(config).get("http://a.example/x").send()).unwrap();
/// assert_eq!(response.status(), 503);
/// assert!(replay.requests()[0].starts_with(b"GET /x HTTP/1.1\r\nHost: a.example\r\n"));
/// ```
#[derive(Clone, Default)]
pub struct Replay(Rc<Script>);

/// What is to be played, and what was asked.
#[derive(Default)]
struct Script {
    left: RefCell<VecDeque<Conversation>>,
    requests: RefCell<Vec<Vec<u8>>>,
}

/// What one connection hears: answers, one for each request.
///
/// ```
/// use looplet_http::Conversation;
/// use std::time::Duration;
///
/// let late = Conversation::new()
///     .answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
///     .answer_after(Duration::from_secs(5), "HTTP/1.1 204 No Content\r\n\r\n");
/// # drop(late);
/// ```
#[derive(Clone, Default)]
pub struct Conversation {
    answers: VecDeque<(Duration, Vec<u8>)>,
}

impl Conversation {
    /// Makes a conversation that ends at the first request.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer: all its bytes, head and body.
    pub fn answer(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.answer_after(Duration::ZERO, bytes)
    }

    /// Adds an answer that comes so long after its request.
    pub fn answer_after(mut self, delay: Duration, bytes: impl Into<Vec<u8>>) -> Self {
        self.answers.push_back((delay, bytes.into()));
        self
    }
}

impl Replay {
    /// Makes a server whose connections have these conversations.
    pub fn new(conversations: impl IntoIterator<Item = Conversation>) -> Self {
        let left = conversations.into_iter().collect();
        Replay(Rc::new(Script {
            left: RefCell::new(left),
            requests: RefCell::default(),
        }))
    }

    /// The requests that came, in their order: all their bytes, head and body. The last one may
    /// be incomplete.
    pub fn requests(&self) -> Vec<Vec<u8>> {
        self.0.requests.borrow().clone()
    }

    /// How many conversations no connection has begun.
    pub fn left(&self) -> usize {
        self.0.left.borrow().len()
    }

    /// Begins the next conversation. Its other end is played by a task.
    pub(crate) fn connect(&self) -> io::Result<UnixStream> {
        let next = self.0.left.borrow_mut().pop_front();
        let Some(conversation) = next else {
            let text = "no conversation is left";
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, text));
        };
        let (here, there) = UnixStream::pair()?;
        let playing = play(self.0.clone(), conversation, there);
        start("replay".to_owned(), playing);
        Ok(here)
    }
}

/// Plays the server. A client that leaves ends it.
async fn play(script: Rc<Script>, conversation: Conversation, stream: UnixStream) {
    let mut unread = Vec::new();
    for (delay, answer) in conversation.answers {
        let request = read_request(&stream, &mut unread).await;
        let is_whole = request.is_ok();
        let bytes = request.unwrap_or_else(|partial| partial);
        if !bytes.is_empty() {
            script.requests.borrow_mut().push(bytes);
        }
        if !is_whole {
            return;
        }
        sleep(delay).await;
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// Reads a request to its end; what comes behind it stays in `unread`. An error holds what came
/// before the client has left.
async fn read_request(stream: &UnixStream, unread: &mut Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
    loop {
        if let Some(length) = length_of_request(unread) {
            let rest = unread.split_off(length);
            return Ok(std::mem::replace(unread, rest));
        }
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => unread.extend_from_slice(&buffer[..count]),
            _ => return Err(std::mem::take(unread)),
        }
    }
}

/// Where the request at the front of `bytes` ends, if all of it is there. What the client sends
/// is well framed, so a look at the head is enough.
fn length_of_request(bytes: &[u8]) -> Option<usize> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if text.contains("\r\ntransfer-encoding: chunked\r\n") {
        return find(&bytes[head..], b"0\r\n\r\n").map(|at| head + at + 5);
    }
    let length = text
        .split_once("\r\ncontent-length: ")
        .and_then(|(_, rest)| rest.split_once("\r\n"))
        .and_then(|(length, _)| length.parse().ok())
        .unwrap_or(0);
    (bytes.len() >= head + length).then_some(head + length)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("left", &self.left())
            .field("requests", &self.0.requests.borrow().len())
            .finish()
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation")
            .field("answers", &self.answers.len())
            .finish()
    }
}
