//! One exchange on a connection.
//!
//! Its life, top to bottom:
//!
//! 1. [`Exchange::send`] sends head and body (how, is in `sending`).
//! 2. [`Exchange::head`] reads up to the final head.
//! 3. [`Exchange::chunk`] or [`Exchange::collect`] read the body, until the codec says that it
//!    has ended.
//! 4. [`Exchange::into_connection`] gives the connection back if it can carry another one.
//!
//! Dropping an exchange anywhere in between closes the connection: that is what dropping a
//! half-read response does on the wire.
//!
//! # Rules
//!
//! 1. Bytes move here, meaning is the codec's: how a body is framed and coded, nothing in this
//!    file knows.
//! 2. What the reactor has not announced is waited for, not tried: a try in vain costs as much as
//!    one that is not, and a request that never waits would keep all others from running. What it
//!    has announced is tried at once, and no timer is set for it.
//! 3. After any error, the connection is closed.

use std::io;
use std::rc::Rc;
use std::time::Instant;

use looplet::yield_now;

use crate::codec::{Event, Expected, ResponseReader};
use crate::collected::Collected;
use crate::connection::Connection;
use crate::error::{Error, Phase};
use crate::message::{Body, Fields, ResponseHead};
use crate::pace::Pace;
use crate::progress::{Ending, WireEvent};
use crate::sending::Sending;
use crate::socket::Layer;
use crate::stream::Stream;
use crate::terms::Terms;
use crate::timeouts::in_phase;
use crate::unread::Unread;

/// Reads after which others get their turn.
const READS_IN_A_ROW: u32 = 8;

/// One request on a connection, and its answer as far as it was read. It lies in a box, since it goes
/// from hand to hand with every step towards the program.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Box<Connection>,
    reader: ResponseReader,
    unread: Unread,
    /// Where it is: at sending, or waiting for the first byte, the rest of the head, or the body. It
    /// may be ahead of the record, where a head that comes in one piece is no phase.
    phase: Phase,
    /// When the head was there.
    answered: Option<Instant>,
    /// When the body had ended.
    ended: Option<Instant>,
    /// Why the request was not sent to its end. No other can follow half a one.
    unsent: Option<Error>,
    /// Reads since others had their turn.
    reads: u32,
    /// How fast the body comes.
    pace: Pace,
    terms: Rc<Terms>,
    /// Ends the last phase together with the exchange.
    _ending: Ending,
}

impl Exchange {
    /// Makes ready to send a request on `connection`, with what its answer has to be like.
    pub(crate) fn new(
        connection: Box<Connection>,
        expected: Expected,
        terms: Rc<Terms>,
    ) -> Box<Self> {
        Box::new(Self {
            reader: ResponseReader::new(expected, terms.limits),
            unread: Unread::new(&connection.spare),
            connection,
            phase: Phase::Send,
            answered: None,
            ended: None,
            unsent: None,
            reads: 0,
            pace: Pace::new(terms.timeouts.min_speed),
            _ending: terms.progress.ending(),
            terms,
        })
    }

    /// Sends a request: the encoded `head`, and `body` behind it, for which the server may have to
    /// be asked first.
    pub(crate) async fn send(
        &mut self,
        head: &[u8],
        body: &Body,
        is_asked: bool,
    ) -> Result<(), Error> {
        self.terms.progress.begin_sending();
        let (stream, terms) = (&self.connection.stream, &*self.terms);
        let mut sending = Sending::new(stream, &self.reader, &mut self.unread, terms);
        let sent = sending.send(head, body, is_asked).await;
        self.unsent = sending.why_unsent(sent)?;
        self.enter(match self.unread.get() {
            [] => Phase::FirstByte,
            _ => Phase::Head,
        });
        Ok(())
    }

    /// Reads up to the final head. Interim responses are shown to `inform`.
    pub(crate) async fn head(
        &mut self,
        inform: Option<&dyn Fn(&ResponseHead)>,
    ) -> Result<ResponseHead, Error> {
        loop {
            match self.received_head(inform) {
                Ok(Some(head)) => return Ok(head),
                // A head that comes in one piece is no phase of its own.
                Ok(None) => _ = self.terms.progress.enter(self.phase),
                Err(error) => return Err(self.broken_head(error)),
            }
            if let Err(error) = self.receive().await {
                let error = self.reason(error);
                return Err(self.broken_head(error));
            }
        }
    }

    /// Reads the final head if it has been received, and what comes before it.
    fn received_head(
        &mut self,
        inform: Option<&dyn Fn(&ResponseHead)>,
    ) -> Result<Option<ResponseHead>, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            if let (Event::Head(_) | Event::Interim(_), 1..) = (&step.event, step.consumed) {
                let raw = &self.unread.get()[..step.consumed];
                self.terms.progress.tell(|| WireEvent::ResponseHead(raw));
            }
            self.unread.consume(step.consumed);
            match step.event {
                Event::Head(head) => {
                    self.answered = self.enter(Phase::Body);
                    self.connection.keep_alive_as_said(&head);
                    self.terms.progress.expect(self.reader.remaining());
                    return Ok(Some(head));
                }
                Event::Interim(head) => {
                    self.terms.progress.enter(self.phase);
                    if let Some(inform) = inform {
                        inform(&head);
                    }
                }
                _ => return Ok(None),
            }
        }
    }

    /// Shows the bytes of a head that cannot be read.
    #[cold]
    fn broken_head(&self, error: Error) -> Error {
        let unread = self.unread.get();
        if !unread.is_empty() {
            let progress = &self.terms.progress;
            progress.tell(|| WireEvent::BrokenHead(unread));
        }
        error
    }

    fn enter(&mut self, phase: Phase) -> Option<Instant> {
        self.phase = phase;
        self.terms.progress.enter(phase)
    }

    /// A server that says nothing to half a request gives the reason of the broken write.
    fn reason(&mut self, error: Error) -> Error {
        match (error, self.unsent.take()) {
            (Error::EmptyReply, Some(unsent)) => unsent,
            (error, _) => error,
        }
    }

    /// Reads the next piece of the body. `None` at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            let data = match &step.event {
                Event::Data(range) => Some(self.unread.get()[range.clone()].to_vec()),
                _ => None,
            };
            self.unread.consume(step.consumed);
            match step.event {
                Event::Data(range) => {
                    self.terms.progress.count_received(range.len());
                    return Ok(data);
                }
                Event::End => {
                    self.end(self.terms.progress.end());
                    return Ok(None);
                }
                _ => self.receive().await?,
            }
        }
    }

    /// Notes that the body has ended, and when.
    fn end(&mut self, at: Option<Instant>) {
        self.ended = at;
        let trailers = self.reader.trailers().received();
        if !trailers.is_empty() {
            self.terms.progress.tell(|| WireEvent::Trailers(trailers));
        }
    }

    /// Goes through the part of the body that has arrived already. Returns `true` if that was
    /// all of it.
    fn collect_received(&mut self, body: &mut Collected) -> Result<bool, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            if let Event::Data(range) = &step.event {
                body.push(&self.unread.get()[range.clone()]);
                self.terms.progress.count_received(range.len());
            }
            self.unread.consume(step.consumed);
            match step.event {
                Event::End => return Ok(true),
                Event::Partial if self.unread.get().is_empty() || step.consumed == 0 => {
                    return Ok(false);
                }
                _ => {}
            }
        }
    }

    /// Takes the body if all of it has arrived; otherwise leaves it where it is.
    pub(crate) fn take_whole_body(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut body = Collected::default();
        let is_whole = self.reader.ends_within(self.unread.get());
        if !is_whole || !self.collect_received(&mut body)? {
            return Ok(None);
        }
        // It came with the head.
        self.end(self.terms.progress.end_at(self.answered));
        Ok(Some(body.into_bytes()))
    }

    /// Reads the rest of the body, at most `limit` bytes.
    pub(crate) async fn collect(&mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let mut body = Collected::default();
        loop {
            let ended = self.collect_received(&mut body)?;
            if ended {
                self.end(self.terms.progress.end());
            }
            let announced = body
                .len()
                .saturating_add(self.reader.remaining().unwrap_or(0));
            if announced > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            if ended {
                return Ok(body.into_bytes());
            }
            let ahead = self.reader.body_ahead();
            if ahead > 0 && self.unread.get().is_empty() {
                self.receive_into(&mut body, ahead).await?;
            } else {
                self.receive().await?;
            }
        }
    }

    /// Lets others run and looks at the clock now and then. A server that sends faster than
    /// the program reads is never waited for, so nothing else would.
    pub(crate) async fn breathe(&mut self) -> Result<(), Error> {
        self.reads += 1;
        if self.reads < READS_IN_A_ROW {
            return Ok(());
        }
        self.reads = 0;
        yield_now().await;
        self.terms.deadline.check()
    }

    /// Receives into the buffer, behind what is in it. While it waits, there is none.
    async fn receive(&mut self) -> Result<(), Error> {
        self.breathe().await?;
        let received = loop {
            let read = read_now(&self.connection.stream, self.unread.room(), self.phase);
            match read.or_else(|error| self.forgive(error))? {
                Some(received) => break received,
                None => self.unread.lay_down(),
            }
            self.until_readable().await?;
        };
        self.pace.moved(received);
        self.unread.received(received);
        match received {
            0 => self.reader.end_of_stream(self.unread.get())?,
            _ if self.phase == Phase::FirstByte => self.phase = Phase::Head,
            _ => {}
        }
        Ok(())
    }

    /// Receives data of the body, of which `ahead` bytes come next, straight into `body`.
    async fn receive_into(&mut self, body: &mut Collected, ahead: u64) -> Result<(), Error> {
        self.breathe().await?;
        let received = loop {
            let read = read_now(&self.connection.stream, body.room(ahead), self.phase);
            if let Some(received) = read.or_else(|error| self.forgive(error))? {
                break received;
            }
            self.until_readable().await?;
        };
        if received == 0 {
            return self.reader.end_of_stream(&[]);
        }
        self.pace.moved(received);
        body.received(received);
        self.terms.progress.count_received(received);
        self.reader.skip_body(received as u64);
        Ok(())
    }

    /// Waits, within the limit of the phase, until there may be something to read.
    async fn until_readable(&mut self) -> Result<(), Error> {
        let (phase, terms) = (self.phase, &*self.terms);
        let stream = &self.connection.stream;
        let limit = match phase {
            Phase::FirstByte => terms.timeouts.first_byte,
            _ => terms.timeouts.read_idle,
        };
        if phase == Phase::Body && self.pace.is_ruled() {
            // It has room for more than most exchanges need.
            let waited = Box::pin(self.pace.wait(terms, phase, limit, stream.readable()));
            return waited.await?.map_err(in_phase(phase));
        }
        let Some(cut) = terms.deadline.cut(phase, limit) else {
            return stream.readable().await.map_err(in_phase(phase));
        };
        let waited = stream.readable_within(cut.left).await;
        waited.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => cut.error(),
            _ => in_phase(phase)(error),
        })
    }

    /// A peer that leaves without the farewell of TLS is at fault only if its leaving would have
    /// been the end of the body. Where the end is known otherwise, it is missed otherwise.
    fn forgive(&self, error: Error) -> Result<Option<usize>, Error> {
        match error {
            Error::Io {
                kind: io::ErrorKind::UnexpectedEof,
                ..
            } if self.reader.ends_with_the_connection() => Err(Error::TlsTruncated {
                got: self.terms.progress.received(),
            }),
            Error::Io {
                kind: io::ErrorKind::UnexpectedEof,
                ..
            } => Ok(Some(0)),
            error => Err(error),
        }
    }

    /// The trailers of a chunked body, once it has ended.
    pub(crate) fn trailers(&self) -> &Fields {
        self.reader.trailers()
    }

    /// When the body had ended, if that is known.
    pub(crate) fn ended(&self) -> Option<Instant> {
        self.ended
    }

    /// Gives the connection back if it can carry another exchange.
    pub(crate) fn into_connection(self: Box<Self>) -> Option<Box<Connection>> {
        let reusable = self.reader.is_reusable(self.unread.get()) && self.unsent.is_none();
        reusable.then_some(self.connection)
    }
}

/// Reads what is there. `None`: nothing is.
fn read_now(stream: &Stream, offer: &mut [u8], phase: Phase) -> Result<Option<usize>, Error> {
    while stream.has_news() {
        match stream.try_read(offer) {
            Ok(received) => return Ok(Some(received)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(in_phase(phase)(error)),
        }
    }
    Ok(None)
}
