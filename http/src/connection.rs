//! A connection, and one exchange on it.
//!
//! A [`Connection`] that is idle is a socket and nothing else: buffers belong to the exchange.
//! The life of an exchange, top to bottom:
//!
//! 1. [`Connection::send`] sends head and body (how, is in `sending`), and makes the
//!    [`Exchange`].
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
//! 1. Bytes move here, meaning is the codec's: nothing in this file knows what a header is.
//! 2. Try first, wait afterwards: a timer is only set when there is really something to wait
//!    for.
//! 3. After any error, the connection is closed.

use std::io;

use looplet::{TcpStream, yield_now};

use crate::codec::{Event, Expected, ResponseReader, Step};
use crate::error::{Error, Phase};
use crate::message::{Body, ResponseHead};
use crate::sending::{Sending, Terms};
use crate::timeouts::in_phase;
use crate::unread::{READ_SIZE, Unread};

/// Memory reserved for a body on the word of the server alone.
const TRUSTED_LENGTH: u64 = 1024 * 1024;
/// Reads after which others get their turn.
const READS_IN_A_ROW: u32 = 8;

/// A socket that speaks HTTP, between two exchanges.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream }
    }

    /// Whether an idle connection still stands. Anything to read, even an end, means that it
    /// does not.
    ///
    /// For a request that can be repeated, what the reactor has announced is enough. For one
    /// that cannot, the kernel is asked.
    pub(crate) fn is_alive(&self, repeatable: bool) -> bool {
        if !self.stream.is_on_running_loop() {
            return false;
        }
        if repeatable && !self.stream.has_news() {
            return true;
        }
        let probe = self.stream.try_read(&mut [0]);
        matches!(probe, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Sends a request: the encoded `head`, and `body` behind it.
    pub(crate) async fn send(
        self,
        head: &[u8],
        body: &Body,
        expected: Expected,
        terms: Terms,
    ) -> Result<Exchange, Error> {
        let is_asked = expected.continues;
        let reader = ResponseReader::new(expected, terms.limits);
        let mut unread = Unread::new();
        let sending = Sending::new(&self.stream, &reader, &mut unread, terms);
        let unsent = sending.send(head, body, is_asked).await?;
        let phase = match unread.get() {
            [] => Phase::FirstByte,
            _ => Phase::Head,
        };
        Ok(Exchange {
            connection: self,
            reader,
            unread,
            phase,
            unsent,
            reads: 0,
            terms,
        })
    }
}

/// One request that was sent, and its answer as far as it was read.
#[derive(Debug)]
pub(crate) struct Exchange {
    connection: Connection,
    reader: ResponseReader,
    unread: Unread,
    /// What it waits for next: the first byte, the rest of the head, or the body.
    phase: Phase,
    /// Why the request was not sent to its end. No other can follow half a one.
    unsent: Option<Error>,
    /// Reads since others had their turn.
    reads: u32,
    terms: Terms,
}

impl Exchange {
    /// Reads up to the final head. Interim responses are shown to `inform`.
    pub(crate) async fn head(
        &mut self,
        inform: impl Fn(&ResponseHead),
    ) -> Result<ResponseHead, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            self.unread.consume(step.consumed);
            match step.event {
                Event::Head(head) => {
                    self.phase = Phase::Body;
                    return Ok(head);
                }
                Event::Interim(head) => inform(&head),
                _ => self.receive().await.map_err(|error| self.reason(error))?,
            }
        }
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
                Event::Data(_) => return Ok(data),
                Event::End => return Ok(None),
                _ => self.receive().await?,
            }
        }
    }

    /// Goes through the part of the body that has arrived already. Returns `true` if that was
    /// all of it.
    pub(crate) fn collect_received(&mut self, body: &mut Vec<u8>) -> Result<bool, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            if let Event::Data(range) = &step.event {
                body.extend_from_slice(&self.unread.get()[range.clone()]);
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
    pub(crate) fn take_whole_body(&mut self, body: &mut Vec<u8>) -> Result<bool, Error> {
        let here = self.unread.get().len() as u64;
        match self.reader.remaining() {
            Some(length) if length <= here => self.collect_received(body),
            Some(_) => Ok(false),
            None => {
                let mut ahead = self.reader.clone();
                let whole = is_whole(&mut ahead, self.unread.get());
                if whole {
                    self.collect_received(body)
                } else {
                    Ok(false)
                }
            }
        }
    }

    /// Reads the rest of the body, at most up to `limit` bytes in all.
    pub(crate) async fn collect(&mut self, body: &mut Vec<u8>, limit: u64) -> Result<(), Error> {
        loop {
            let ended = self.collect_received(body)?;
            let announced = body.len() as u64 + self.reader.remaining().unwrap_or(0);
            if announced > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            if ended {
                return Ok(());
            }
            let ahead = self.reader.body_ahead();
            if ahead > 0 && self.unread.get().is_empty() {
                self.receive_into(body, ahead).await?;
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

    /// Receives into the buffer, behind what is in it.
    async fn receive(&mut self) -> Result<(), Error> {
        self.breathe().await?;
        let offer = self.unread.room();
        let received = read(&self.connection.stream, offer, self.phase, self.terms).await?;
        self.unread.received(received);
        match received {
            0 => self.reader.end_of_stream(self.unread.get())?,
            _ if self.phase == Phase::FirstByte => self.phase = Phase::Head,
            _ => {}
        }
        Ok(())
    }

    /// Receives data of the body, of which `ahead` bytes come next, straight into `body`.
    async fn receive_into(&mut self, body: &mut Vec<u8>, ahead: u64) -> Result<(), Error> {
        self.breathe().await?;
        let length = body.len();
        let room = ahead.min(TRUSTED_LENGTH.min((length as u64).max(READ_SIZE as u64 * 8)));
        body.resize(length + room as usize, 0);
        let offer = &mut body[length..];
        let result = read(&self.connection.stream, offer, self.phase, self.terms).await;
        let received = *result.as_ref().unwrap_or(&0);
        body.truncate(length + received);
        result?;
        if received == 0 {
            return self.reader.end_of_stream(&[]);
        }
        self.reader.skip_body(received as u64);
        Ok(())
    }

    /// Gives the connection back if it can carry another exchange.
    pub(crate) fn into_connection(self) -> Option<Connection> {
        let reusable = self.reader.is_reusable(self.unread.get()) && self.unsent.is_none();
        reusable.then_some(self.connection)
    }
}

/// Whether a response ends within `input`.
fn is_whole(reader: &mut ResponseReader, mut input: &[u8]) -> bool {
    loop {
        match reader.read(input) {
            Ok(Step {
                event: Event::End, ..
            }) => return true,
            Ok(Step {
                event: Event::Partial,
                ..
            })
            | Err(_) => return false,
            Ok(step) => input = &input[step.consumed..],
        }
    }
}

/// Reads what is there; waits, within the limit of the phase, only if nothing is.
async fn read(
    stream: &TcpStream,
    offer: &mut [u8],
    phase: Phase,
    terms: Terms,
) -> Result<usize, Error> {
    let limit = match phase {
        Phase::FirstByte => terms.timeouts.first_byte,
        _ => terms.timeouts.read_idle,
    };
    loop {
        match stream.try_read(offer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                terms
                    .deadline
                    .within(phase, limit, stream.readable())
                    .await?
                    .map_err(in_phase(phase))?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result.map_err(in_phase(phase)),
        }
    }
}
