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

impl Session {
    /// Sends `request` and reads the head of the answer.
    pub(crate) async fn hop(
        &self,
        request: &Request,
        defaults: &Headers,
        terms: &Rc<Terms>,
        inform: &Inform,
    ) -> Result<Answer, Error> {
        let inner = &*self.inner;
        self.check_open()?;
        let origin = Origin::of(&request.url)?;
        if inner.config.https_only && origin.scheme() == Scheme::Http {
            let host = origin.host().to_owned();
            return Err(Error::NotSecure { host });
        }
        let route = inner.connector.route(&request.url, &origin)?;
        let (wire, expected) = self.encode(request, defaults, &route)?;
        let outgoing = Outgoing {
            wire,
            body: &request.body,
            expected,
            terms,
            inform,
        };
        let slot = self.slot(&origin, route, terms).await?;
        let (head, exchange) = self.exchange_in(&slot, &origin, &outgoing).await?;
        if outgoing.wire.capacity() <= KEPT_WIRE {
            inner.wire.set(outgoing.wire);
        }
        Ok(Answer {
            head,
            exchange,
            slot,
        })
    }

    /// Waits for its turn at the server and for a place in the pool, if they are not there.
    async fn slot(&self, origin: &Origin, route: Route, terms: &Terms) -> Result<Slot, Error> {
        let inner = &*self.inner;
        let (phase, limit) = (Phase::PoolWait, inner.config.timeouts.pool_wait);
        if let Some(turn) = inner.manners.turn(origin) {
            terms.deadline.within(phase, None, turn).await?;
        }
        let mut slot = inner.pool.join(origin, route);
        if !slot.is_here() {
            slot = terms.deadline.within(phase, limit, slot.wait()).await?;
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
        origin: &Origin,
        outgoing: &Outgoing<'_>,
    ) -> Result<(ResponseHead, Box<Exchange>), Error> {
        if let Some(connection) = slot.take_idle(outgoing.may_be_repeated()) {
            connection.is_used_again(outgoing.terms);
            match outgoing.try_on(connection).await {
                Err(error) if outgoing.may_be_repeated() && is_stale(&error) => {
                    outgoing.terms.progress.forget_sent();
                }
                result => return result,
            }
        }
        let connecting = self
            .inner
            .connector
            .connect(slot.route(), origin, outgoing.terms);
        // Most requests need none of it, and thousands that wait for their answers have room for
        // it all the same, unless it lies elsewhere.
        let stream = Box::pin(connecting).await?;
        let (ends, spare) = (outgoing.terms.progress.ends(), self.inner.spare.clone());
        let connection = Connection::new(stream, ends, spare);
        outgoing.try_on(connection).await
    }
}

/// A request as it goes out.
struct Outgoing<'r> {
    /// The head.
    wire: Vec<u8>,
    body: &'r Body,
    expected: Expected,
    terms: &'r Rc<Terms>,
    inform: &'r Inform,
}

impl Outgoing<'_> {
    fn may_be_repeated(&self) -> bool {
        self.expected.method.is_idempotent() && self.body.is_replayable()
    }

    async fn try_on(
        &self,
        connection: Box<Connection>,
    ) -> Result<(ResponseHead, Box<Exchange>), Error> {
        let expected = self.expected.clone();
        let sending = Exchange::begin(
            connection,
            &self.wire,
            self.body,
            expected,
            self.terms.clone(),
        );
        let mut exchange = sending.await?;
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
