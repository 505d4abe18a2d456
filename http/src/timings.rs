//! Where the time of a request went.

use std::time::Duration;

use crate::error::Phase;

/// How long each phase of a request took. Phases that were not needed took no time, such as the
/// handshake on a connection that was there already, or the body where it came with the head.
///
/// The phases do not overlap, and together they are the [`total`](Self::total). They are those
/// of the last hop; the time of redirects and retries before it is [`earlier`](Self::earlier).
///
/// aiohttp has the same in `TraceConfig`, as events.
///
/// ```
/// use looplet_http::Timings;
/// use std::time::Duration;
///
/// let timings = Timings { resolve: Duration::from_millis(2), ..Timings::default() };
/// assert_eq!(timings.total(), Duration::from_millis(2));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Hops before the last one, the pauses before a retry included.
    pub earlier: Duration,
    /// Waiting for leave: politeness, and a place in the pool.
    pub pool_wait: Duration,
    /// Looking the name up.
    pub resolve: Duration,
    /// Connecting to an address.
    pub connect: Duration,
    /// Asking a proxy for a connection.
    pub proxy: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// Sending the request.
    pub send: Duration,
    /// From the end of the request to the first byte of the answer.
    pub first_byte: Duration,
    /// From the first byte of the answer to the end of its head, if that came in pieces.
    pub head: Duration,
    /// From the end of the head to that of the body, as the program read it.
    pub body: Duration,
}

impl Timings {
    /// The sum of all phases.
    pub fn total(&self) -> Duration {
        let before = self.earlier + self.pool_wait + self.resolve + self.connect;
        let sending = self.proxy + self.tls + self.send;
        before + sending + self.first_byte + self.head + self.body
    }

    /// Adds to a phase.
    pub(crate) fn add(&mut self, phase: Phase, spent: Duration) {
        let sum = match phase {
            Phase::PoolWait => &mut self.pool_wait,
            Phase::Resolve => &mut self.resolve,
            Phase::Connect => &mut self.connect,
            Phase::Proxy => &mut self.proxy,
            Phase::Tls => &mut self.tls,
            Phase::Send => &mut self.send,
            Phase::FirstByte => &mut self.first_byte,
            Phase::Head => &mut self.head,
            Phase::Body => &mut self.body,
            Phase::Total => &mut self.earlier,
        };
        *sum += spent;
    }

    /// Begins the next hop: all that was is earlier now.
    pub(crate) fn next_hop(&mut self) {
        *self = Timings {
            earlier: self.total(),
            ..Timings::default()
        };
    }
}
