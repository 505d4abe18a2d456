//! What is known of a request while it is under way, and afterwards.
//!
//! One record goes with a request through all layers. Each notes in it what it knows: the phase
//! that begins, the peer, the bytes. Whoever holds a clone can look at any time; a progress bar
//! is a task that does.
//!
//! # Rules
//!
//! 1. There is one phase at a time, and the clock is read when it changes, unless the one before
//!    took no time because there was nothing to wait for. So the phases add up to the whole, but for
//!    what is done with a body that came with its head.
//! 2. Bytes of a body are counted as they are on the wire, without the framing.
//! 3. Whoever taps the wire sees heads as they were sent and received, byte for byte, before
//!    anybody has understood them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use looplet::try_get_running_loop;

use crate::error::Phase;
use crate::socket::Ends;
use crate::timings::Timings;

/// Something that happened on the wire, for [`RequestBuilder::on_wire`].
///
/// [`RequestBuilder::on_wire`]: crate::RequestBuilder::on_wire
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum WireEvent<'e> {
    /// There is a connection.
    Connected {
        /// The address of the server or the proxy; `None` for UNIX sockets.
        peer: Option<SocketAddr>,
        /// The address of this end.
        local: Option<SocketAddr>,
        /// Whether it has served another request before.
        reused: bool,
    },
    /// A TLS handshake has ended.
    Secured {
        /// The host whose certificate was accepted: the server, or an https proxy.
        host: &'e str,
        /// Version and cipher suite.
        description: &'e str,
    },
    /// A head was sent, also that of a CONNECT to a proxy: all its bytes.
    RequestHead(&'e [u8]),
    /// A head was received, also an interim one and that of a proxy: all its bytes. An answer
    /// without a head, where one is tolerated, has none.
    ResponseHead(&'e [u8]),
    /// A head was received in part, or cannot be understood: the bytes that are here. The error
    /// comes next.
    BrokenHead(&'e [u8]),
    /// The trailers of a chunked body were received: their lines, and the empty one behind them.
    Trailers(&'e [u8]),
}

/// Who is told of what happens on the wire.
pub(crate) type Tap = Rc<dyn Fn(&WireEvent<'_>)>;

/// How far a request is: phases, addresses, bytes.
///
/// Made before the request and given to [`RequestBuilder::progress`], it can be watched by
/// another task. Every [`Response`](crate::Response) has one too.
///
/// ```
/// use looplet_http::{Progress, Session};
/// use looplet_http::runtime::{run, start_server};
///
/// run(async {
///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
///     #     let _head = reader.read_until(b"\r\n\r\n").await;
///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
///     # }).await?;
///     # let url = format!("http://{}/", server.local_addr());
///     let progress = Progress::new();
///     let mut response = Session::new().get(url).progress(&progress).send().await?;
///     response.bytes().await?;
///     assert_eq!((progress.received(), progress.expected()), (5, Some(5)));
///     assert!(progress.timings().total() > progress.timings().connect);
///     Ok::<(), std::io::Error>(())
/// }).unwrap();
/// ```
///
/// [`RequestBuilder::progress`]: crate::RequestBuilder::progress
#[derive(Clone, Default)]
pub struct Progress(Rc<Record>);

/// What a [`Progress`] holds.
#[derive(Default)]
struct Record {
    /// Hops that have begun.
    hops: Cell<u32>,
    /// The phase that it is in, and since when. `None` before the request and after its end.
    phase: Cell<Option<(Phase, Instant)>>,
    timings: RefCell<Timings>,
    /// Both ends of the connection.
    ends: Cell<Ends>,
    reused: Cell<bool>,
    /// Bytes of the body of the request that were sent, and how many there are to be.
    sent: Cell<u64>,
    to_send: Cell<Option<u64>>,
    /// Bytes of the body of the answer that have arrived, and how many there are to be.
    received: Cell<u64>,
    expected: Cell<Option<u64>>,
    tap: RefCell<Option<Tap>>,
}

impl Progress {
    /// Makes the record of a request to come.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long each phase took; the one that is under way, up to now. While no loop is running,
    /// no time is added.
    pub fn timings(&self) -> Timings {
        self.timings_until(now())
    }

    fn timings_until(&self, now: Option<Instant>) -> Timings {
        let mut timings = *self.0.timings.borrow();
        self.add_until(now, &mut timings);
        timings
    }

    /// Adds the phase that is under way.
    fn add_until(&self, now: Option<Instant>, timings: &mut Timings) {
        if let Some(((phase, since), now)) = self.0.phase.get().zip(now) {
            timings.add(phase, now.saturating_duration_since(since));
        }
    }

    /// The phase that is under way; `None` before the request and after its end.
    pub fn phase(&self) -> Option<Phase> {
        self.0.phase.get().map(|(phase, _)| phase)
    }

    /// Hops that have begun: the first one, and one more for each redirect, each retry, and each
    /// answer to a question of the server.
    ///
    /// ```
    /// use looplet_http::{Progress, Retry, Session, SessionConfig, runtime::run};
    /// use std::time::Duration;
    ///
    /// let retry = Retry { attempts: 2, first_pause: Duration::ZERO, ..Retry::default() };
    /// let session = Session::with(SessionConfig { retry: Some(retry), ..SessionConfig::default() });
    /// let progress = Progress::new();
    /// let refused = run(session.get("http://127.0.0.1:1/").progress(&progress).send());
    /// assert!(refused.is_err());
    /// assert_eq!(progress.hops(), 3);
    /// ```
    pub fn hops(&self) -> u32 {
        self.0.hops.get()
    }

    /// The address of the server or proxy; `None` as long as there is no connection, and for
    /// UNIX sockets.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.0.ends.get().peer
    }

    /// The address of this end of the connection.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.0.ends.get().local
    }

    /// Whether the connection has served another request before.
    pub fn is_reused(&self) -> bool {
        self.0.reused.get()
    }

    /// Bytes of the request's body that the kernel has taken, in the current hop.
    pub fn sent(&self) -> u64 {
        self.0.sent.get()
    }

    /// Bytes that the body of the request has, if that is known.
    pub fn to_send(&self) -> Option<u64> {
        self.0.to_send.get()
    }

    /// Bytes of the answer's body that have arrived, before decoding, in the current hop.
    pub fn received(&self) -> u64 {
        self.0.received.get()
    }

    /// Bytes that the body of the answer has on the wire, if the server has said so.
    pub fn expected(&self) -> Option<u64> {
        self.0.expected.get()
    }

    /// Begins a phase, which ends the one before. Returns when that was; `None`: it is under way
    /// already.
    pub(crate) fn enter(&self, phase: Phase) -> Option<Instant> {
        match self.phase() == Some(phase) {
            true => None,
            false => self.begin(phase),
        }
    }

    /// Counts the phase that is under way up to now, and goes on with it.
    pub(crate) fn catch_up(&self) {
        if let Some(phase) = self.phase() {
            self.begin(phase);
        }
    }

    fn begin(&self, phase: Phase) -> Option<Instant> {
        let now = now();
        self.settle(now);
        self.0.phase.set(now.map(|now| (phase, now)));
        now
    }

    /// Begins a phase in place of the one that has just begun, and took no time.
    pub(crate) fn enter_instead(&self, phase: Phase) {
        let since = self.since();
        self.0.phase.set(since.map(|since| (phase, since)));
    }

    /// Since when it is in its phase.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.0.phase.get().map(|(_, since)| since)
    }

    /// Ends the last phase. Time goes on for the next hop only. Returns when that was.
    pub(crate) fn end(&self) -> Option<Instant> {
        self.end_at(None)
    }

    /// The same at a time that was read just now; `None`: now.
    pub(crate) fn end_at(&self, time: Option<Instant>) -> Option<Instant> {
        self.0.phase.get()?;
        let time = time.or_else(now);
        self.settle(time);
        self.0.phase.set(None);
        time
    }

    /// Counts the phase that is under way.
    fn settle(&self, now: Option<Instant>) {
        self.add_until(now, &mut self.0.timings.borrow_mut());
    }

    /// Begins a hop whose body has `to_send` bytes.
    pub(crate) fn begin_hop(&self, to_send: Option<u64>) {
        let _ = self.end();
        let record = &*self.0;
        record.hops.set(record.hops.get().saturating_add(1));
        record.timings.borrow_mut().next_hop();
        record.ends.set(Ends::default());
        record.reused.set(false);
        record.sent.set(0);
        record.to_send.set(to_send);
        record.received.set(0);
        record.expected.set(None);
        self.enter(Phase::PoolWait);
    }

    /// Notes which connection is used.
    pub(crate) fn connected(&self, ends: Ends, reused: bool) {
        self.0.ends.set(ends);
        self.0.reused.set(reused);
        let Ends { peer, local } = ends;
        self.tell(|| WireEvent::Connected {
            peer,
            local,
            reused,
        });
    }

    /// Both ends of the connection that is used.
    pub(crate) fn ends(&self) -> Ends {
        self.0.ends.get()
    }

    /// Begins to send the request, perhaps not for the first time.
    pub(crate) fn begin_sending(&self) {
        self.0.sent.set(0);
        self.enter(Phase::Send);
    }

    /// Sees that the last phase ends, whatever becomes of the request.
    pub(crate) fn ending(&self) -> Ending {
        Ending(Some(self.clone()))
    }

    /// Counts bytes of the body of the request.
    pub(crate) fn count_sent(&self, count: usize) {
        self.0.sent.set(self.0.sent.get() + count as u64);
    }

    /// Takes back what was counted, since the same body goes out again within the hop.
    pub(crate) fn forget_sent(&self) {
        self.0.sent.set(0);
    }

    /// Counts bytes of the body of the answer.
    pub(crate) fn count_received(&self, count: usize) {
        self.0.received.set(self.0.received.get() + count as u64);
    }

    pub(crate) fn expect(&self, length: Option<u64>) {
        self.0.expected.set(length);
    }

    pub(crate) fn set_tap(&self, tap: Option<Tap>) {
        let before = self.0.tap.replace(tap);
        drop(before);
    }

    /// Tells whoever taps the wire.
    pub(crate) fn tell<'e>(&self, event: impl FnOnce() -> WireEvent<'e>) {
        let tap = self.0.tap.borrow().clone();
        if let Some(tap) = tap {
            tap(&event());
        }
    }
}

/// Ends the last phase of a request when it is dropped, so that nobody watches a request that was
/// given up for ever.
#[derive(Debug)]
pub(crate) struct Ending(Option<Progress>);

impl Ending {
    /// Leaves it to somebody else.
    pub(crate) fn hand_over(mut self) {
        self.0 = None;
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(progress) = &self.0 {
            let _ = progress.end();
        }
    }
}

/// The time of the loop; `None` where none is running, as after the end of one.
fn now() -> Option<Instant> {
    try_get_running_loop().map(|event_loop| event_loop.time())
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("phase", &self.phase())
            .field("peer", &self.peer_addr())
            .field("sent", &self.sent())
            .field("received", &self.received())
            .finish_non_exhaustive()
    }
}
