//! One hop of a request: from its head to the head of the answer.
//!
//! A hop waits for its turn, gets a slot from the pool, a connection from the slot or the
//! network, sends the request and reads the head of the answer. A connection that was idle may
//! have been closed by the server just now: then the request is sent once more on a fresh one,
//! if it is idempotent and not a byte of an answer has come.

use std::rc::Rc;

use crate::codec::{Expected, encode_head, with_defaults};
use crate::connect::Route;
use crate::connection::Connection;
use crate::cookies::with_cookies;
use crate::error::{Error, Phase};
use crate::exchange::Exchange;
use crate::message::{Body, Headers, Origin, Request, ResponseHead, Scheme};
use crate::pool::Slot;
use crate::session::Session;
use crate::terms::Terms;

/// A larger buffer of a request is not kept for the next one.
const KEPT_WIRE: usize = 64 * 1024;

/// Who is told of interim responses, if anybody is.
pub(crate) type Inform = Option<Rc<dyn Fn(&ResponseHead)>>;

/// The head of an answer, and the way to its body.
pub(crate) struct Answer {
    pub(crate) head: ResponseHead,
    pub(crate) exchange: Box<Exchange>,
    pub(crate) slot: Slot,
}

/// A request as it goes out.
pub(crate) struct Outgoing {
    origin: Origin,
    route: Route,
    /// The head.
    wire: Vec<u8>,
    body: Body,
    expected: Expected,
    inform: Inform,
    terms: Rc<Terms>,
}

impl Session {
    /// Makes ready what goes out for `request`.
    pub(crate) fn make_ready(
        &self,
        request: &Request,
        defaults: &Headers,
        (terms, inform): (Rc<Terms>, Inform),
    ) -> Result<Outgoing, Error> {
        self.check_open()?;
        let origin = Origin::of(&request.url)?;
        if self.inner.config.https_only && origin.scheme() == Scheme::Http {
            let host = origin.host().to_owned();
            return Err(Error::NotSecure { host });
        }
        let route = self.inner.connector.route(&request.url, &origin)?;
        let (wire, expected) = self.encode(request, defaults, &route)?;
        Ok(Outgoing {
            origin,
            route,
            wire,
            body: request.body.clone(),
            expected,
            inform,
            terms,
        })
    }

    /// Keeps the buffer of what has gone out for the next request.
    pub(crate) fn keep_wire(&self, outgoing: Outgoing) {
        if outgoing.wire.capacity() <= KEPT_WIRE {
            self.inner.wire.set(outgoing.wire);
        }
    }

    /// Sends a request and reads the head of the answer.
    pub(crate) async fn hop(&self, outgoing: &Outgoing) -> Result<Box<Answer>, Error> {
        let slot = self.slot(outgoing).await?;
        let (head, exchange) = self.exchange_in(&slot, outgoing).await?;
        Ok(Box::new(Answer {
            head,
            exchange,
            slot,
        }))
    }

    /// Waits for its turn at the server and for a place in the pool, if they are not there.
    async fn slot(&self, outgoing: &Outgoing) -> Result<Slot, Error> {
        let (inner, origin) = (&*self.inner, &outgoing.origin);
        let deadline = outgoing.terms.deadline;
        let (phase, limit) = (Phase::PoolWait, inner.config.timeouts.pool_wait);
        if let Some(turn) = inner.manners.turn(origin) {
            deadline.within(phase, None, turn).await?;
            outgoing.terms.progress.catch_up();
        }
        let mut slot = inner.pool.join(origin, outgoing.route.clone());
        if !slot.is_here() {
            slot = deadline.within(phase, limit, slot.wait()).await?;
            outgoing.terms.progress.catch_up();
        }
        // It may have been closed meanwhile.
        self.check_open()?;
        Ok(slot)
    }

    /// Writes the head, as whoever is at the other end of the route wants it.
    fn encode(
        &self,
        request: &Request,
        defaults: &Headers,
        route: &Route,
    ) -> Result<(Vec<u8>, Expected), Error> {
        let mut wire = self.inner.wire.take();
        wire.clear();
        let request = &*with_cookies(self.inner.config.cookies.as_ref(), request, defaults)?;
        let form = route.target_form();
        let expected = match route.forwarder() {
            None => encode_head(request, defaults, form, &mut wire)?,
            Some(proxy) => {
                let both = with_defaults(&proxy.all_headers()?, defaults);
                encode_head(request, &both, form, &mut wire)?
            }
        };
        Ok((wire, expected))
    }

    /// Tries an idle connection first, and a fresh one if that turns out to be dead.
    async fn exchange_in(
        &self,
        slot: &Slot,
        outgoing: &Outgoing,
    ) -> Result<(ResponseHead, Box<Exchange>), Error> {
        let terms = &*outgoing.terms;
        if let Some(connection) = slot.take_idle(terms, outgoing.may_be_repeated()) {
            connection.is_used_again(terms);
            terms.progress.enter_instead(Phase::Send);
            match outgoing.try_on(connection).await {
                Err(error) if outgoing.may_be_repeated() && is_stale(&error) => {
                    terms.progress.forget_sent();
                }
                result => return result,
            }
        }
        let connector = &self.inner.connector;
        let stream = connector.connect(slot.route(), &outgoing.origin, terms);
        let stream = stream.await?;
        let (ends, spare) = (terms.progress.ends(), self.inner.spare.clone());
        let connection = Connection::new(stream, ends, spare);
        outgoing.try_on(connection).await
    }
}

impl Outgoing {
    fn may_be_repeated(&self) -> bool {
        self.expected.method.is_idempotent() && self.body.is_replayable()
    }

    async fn try_on(
        &self,
        connection: Box<Connection>,
    ) -> Result<(ResponseHead, Box<Exchange>), Error> {
        let (expected, terms) = (self.expected.clone(), self.terms.clone());
        let mut exchange = Exchange::new(connection, expected, terms);
        let is_asked = self.expected.continues;
        exchange.send(&self.wire, &self.body, is_asked).await?;
        let head = exchange.head(self.inform.as_deref()).await?;
        Ok((head, exchange))
    }
}

/// Whether an error on a reused connection means that the server had closed it before the
/// request came: not a byte of an answer was seen.
fn is_stale(error: &Error) -> bool {
    match error {
        Error::EmptyReply => true,
        Error::Io { phase, .. } => matches!(phase, Phase::Send | Phase::FirstByte),
        _ => false,
    }
}
