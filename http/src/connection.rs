//! A connection between two exchanges.
//!
//! An idle connection is a stream and nothing else: a buffer belongs to who reads, so that
//! thousands of idle ones cost little.

use std::io;
use std::time::Duration;

use crate::message::ResponseHead;
use crate::message::syntax::list_members;
use crate::socket::{Ends, Layer};
use crate::stream::Stream;
use crate::terms::Terms;
use crate::unread::Spare;

/// A stream that speaks HTTP.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    /// How long the server keeps it while it is idle, if it has said so.
    pub(crate) keep_alive: Option<Duration>,
    /// Where it leads. Requests do not ask the kernel for it again.
    ends: Ends,
    /// What is received into.
    pub(crate) spare: Spare,
}

impl Connection {
    /// Makes one in a box: it goes from hand to hand, several times for each request.
    pub(crate) fn new(stream: Stream, ends: Ends, spare: Spare) -> Box<Self> {
        Box::new(Self {
            stream,
            keep_alive: None,
            ends,
            spare,
        })
    }

    /// Notes that this connection, which is not new, is used.
    pub(crate) fn is_used_again(&self, terms: &Terms) {
        terms.progress.connected(self.ends, true);
    }

    /// Believes the head of an answer about how long the server keeps it.
    pub(crate) fn keep_alive_as_said(&mut self, head: &ResponseHead) {
        self.keep_alive = keep_alive(head);
    }

    /// Whether an idle connection still stands. Anything to read, even an end, means that it
    /// does not.
    ///
    /// For a request that can be repeated, what the reactor has announced is enough. For one
    /// that cannot, the kernel is asked.
    pub(crate) fn is_alive(&self, repeatable: bool) -> bool {
        if !self.stream.socket().is_on_running_loop() {
            return false;
        }
        if repeatable && !self.stream.has_news() {
            return true;
        }
        let probe = self.stream.try_read(&mut [0]);
        matches!(probe, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

/// How long the server keeps an idle connection: the `timeout` of `Keep-Alive`, in seconds.
fn keep_alive(head: &ResponseHead) -> Option<Duration> {
    let mut members = head.headers_all("Keep-Alive").flat_map(list_members);
    let seconds = members.find_map(|member| {
        let (name, value) = std::str::from_utf8(member).ok()?.split_once('=')?;
        let is_timeout = name.trim().eq_ignore_ascii_case("timeout");
        value.trim().parse().ok().filter(|_| is_timeout)
    });
    seconds.map(Duration::from_secs)
}
