//! A connection, and one exchange on it.
//!
//! A [`Connection`] that is idle is a socket and nothing else: buffers belong to the exchange.
//! The life of an exchange, top to bottom:
//!
//! 1. [`Connection::send`] writes head and body together, in one write if the kernel takes
//!    it, and makes the [`Exchange`].
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

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use looplet::{TcpStream, yield_now};

use crate::codec::{Event, Expected, Limits, ResponseReader, Step};
use crate::error::{Error, Phase};
use crate::message::ResponseHead;
use crate::timeouts::{Deadline, Timeouts, in_phase};
use crate::unread::{READ_SIZE, Unread};

/// What is received at most of an answer that comes while the request is being sent.
const HEARD_WHILE_SENDING: usize = 1024 * 1024;
/// Memory reserved for a body on the word of the server alone.
const TRUSTED_LENGTH: u64 = 1024 * 1024;
/// Reads after which others get their turn.
const READS_IN_A_ROW: u32 = 8;

/// A socket that speaks HTTP, between two exchanges.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
}

/// What an exchange needs to know beside the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) timeouts: Timeouts,
    pub(crate) deadline: Deadline,
    pub(crate) limits: Limits,
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

    /// Sends a request: `wire` is its head and body.
    pub(crate) async fn send(
        self,
        wire: &[u8],
        expected: Expected,
        terms: Terms,
    ) -> Result<Exchange, Error> {
        let mut exchange = Exchange {
            connection: self,
            reader: ResponseReader::new(expected, terms.limits),
            unread: Unread::new(),
            phase: Phase::FirstByte,
            unsent: None,
            reads: 0,
            terms,
        };
        match exchange.write(wire).await {
            // A server that has heard enough may close its ear and still answer.
            Err(error) if is_closed_ear(&error) => exchange.unsent = Some(error),
            result => result?,
        }
        Ok(exchange)
    }
}

/// Whether a write failed because the server takes no more.
fn is_closed_ear(error: &Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionReset};
    matches!(
        error,
        Error::Io {
            kind: BrokenPipe | ConnectionReset,
            ..
        }
    )
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
    /// Sends `data`. A server may answer before it has heard everything, and may not hear on
    /// before its answer is read; so what it says meanwhile is received.
    async fn write(&mut self, mut data: &[u8]) -> Result<(), Error> {
        while !data.is_empty() {
            match self.connection.stream.try_write(data) {
                Ok(written) => data = &data[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.wait_to_write().await?;
                    self.listen().map_err(in_phase(Phase::Send))?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io(Phase::Send, &error)),
            }
        }
        Ok(())
    }

    async fn wait_to_write(&self) -> Result<(), Error> {
        let waiting = ready(&self.connection.stream, self.can_listen());
        let (deadline, limit) = (self.terms.deadline, self.terms.timeouts.write_idle);
        let waited = deadline.within(Phase::Send, limit, waiting).await?;
        waited.map_err(in_phase(Phase::Send))
    }

    fn can_listen(&self) -> bool {
        self.unread.get().len() < HEARD_WHILE_SENDING
    }

    /// Receives what is there. A refusal, or the end, is a broken pipe: the server wants no
    /// more of the request.
    fn listen(&mut self) -> io::Result<()> {
        let stream = &self.connection.stream;
        if !self.can_listen() || !stream.has_news() {
            return Ok(());
        }
        match stream.try_read(self.unread.room()) {
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(received) => {
                self.unread.received(received);
                self.phase = Phase::Head;
                match is_refusal(self.reader.clone(), self.unread.get()) {
                    true => Err(io::ErrorKind::BrokenPipe.into()),
                    false => Ok(()),
                }
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Reads up to the final head. Interim responses are skipped.
    pub(crate) async fn head(&mut self) -> Result<ResponseHead, Error> {
        loop {
            let step = self.reader.read(self.unread.get())?;
            self.unread.consume(step.consumed);
            match step.event {
                Event::Head(head) => {
                    self.phase = Phase::Body;
                    return Ok(head);
                }
                Event::Interim(_) => {}
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

/// Waits until something can be written, or read if that is of interest.
async fn ready(stream: &TcpStream, listening: bool) -> io::Result<()> {
    let (mut writable, mut readable) = (pin!(stream.writable()), pin!(stream.readable()));
    let ready = poll_fn(|context| match writable.as_mut().poll(context) {
        Poll::Pending if listening => readable.as_mut().poll(context),
        polled => polled,
    });
    ready.await
}

/// Whether the head of a final answer that is no success has arrived.
fn is_refusal(mut reader: ResponseReader, mut input: &[u8]) -> bool {
    loop {
        match reader.read(input) {
            Ok(Step {
                event: Event::Head(head),
                ..
            }) => return head.status().as_u16() >= 300,
            Ok(Step {
                event: Event::Interim(_),
                consumed,
            }) => input = &input[consumed..],
            _ => return false,
        }
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
