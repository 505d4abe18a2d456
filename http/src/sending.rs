//! Sending a request, with an ear for the answer.
//!
//! A server may answer before it has heard everything, and may take no more before its answer
//! is read. So what it says meanwhile is received and looked at, though not yet understood:
//! that is left to whoever reads the answer.
//!
//! # Rules
//!
//! 1. Bytes of the caller are written from where they lie.
//! 2. Of a stream, one piece is in memory: the next is asked for when the kernel has taken the
//!    last one.
//! 3. A refusal (a final answer that is no success) ends the sending, and so does a server
//!    that hears no more. A success does not, as long as the server takes what comes: it may
//!    answer while it reads. An answer that came before the body, to a request that asked
//!    whether it may send one, always ends it.
//! 4. A request that was not sent to its end is nobody's error if there is an answer to it;
//!    but nothing can follow it on its connection.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use looplet::yield_now;

use crate::codec::{CHUNK_END, Event, LAST_CHUNK, ResponseReader, Step, chunk_start};
use crate::error::{Error, Phase};
use crate::message::{Body, BodyStream, NextPiece, Pieces, StatusCode};
use crate::pace::Pace;
use crate::progress::WireEvent;
use crate::socket::Layer;
use crate::stream::Stream;
use crate::terms::Terms;
use crate::timeouts::in_phase;
use crate::unread::Unread;

/// What is received at most of an answer that comes while the request is being sent.
const HEARD_WHILE_SENDING: usize = 1024 * 1024;
/// How long a server that has said so much may take nothing.
const STALL_AFTER_ANSWER: Duration = Duration::from_secs(1);
/// Pieces and writes after which others get their turn.
const STEPS_IN_A_ROW: u32 = 8;

/// A request on its way out.
pub(crate) struct Sending<'x> {
    stream: &'x Stream,
    /// As it stands before the answer; copies of it look ahead.
    reader: &'x ResponseReader,
    /// Takes what the server says.
    unread: &'x mut Unread,
    terms: &'x Terms,
    /// Whether a success, too, ends the sending: none of the body was sent, or all of it.
    any_answer_ends: bool,
    /// Pieces and writes since others had their turn.
    steps: u32,
    /// How fast the server takes the body.
    pace: Pace,
    /// Bytes to be written next that are not of the body.
    frame: usize,
}

/// What the server has said so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// No final head; perhaps interim ones.
    Nothing,
    /// That the body may come.
    Leave,
    /// A final head with a status below 300.
    Success,
    /// Any other final head.
    Refusal,
}

impl<'x> Sending<'x> {
    pub(crate) fn new(
        stream: &'x Stream,
        reader: &'x ResponseReader,
        unread: &'x mut Unread,
        terms: &'x Terms,
    ) -> Self {
        Self {
            stream,
            reader,
            unread,
            terms,
            any_answer_ends: false,
            steps: 0,
            pace: Pace::new(terms.timeouts.min_speed),
            frame: 0,
        }
    }

    /// Sends head and body; waits in between if the server `is_asked` first.
    pub(crate) async fn send(
        &mut self,
        head: &[u8],
        body: &Body,
        is_asked: bool,
    ) -> Result<(), Error> {
        let bytes = body.as_bytes().unwrap_or_default();
        self.terms.progress.tell(|| WireEvent::RequestHead(head));
        self.frame = head.len();
        if is_asked {
            self.write(&mut [IoSlice::new(head)]).await?;
            self.wait_for_leave().await?;
            self.write(&mut [IoSlice::new(bytes)]).await?;
        } else {
            let mut both = [IoSlice::new(head), IoSlice::new(bytes)];
            // One part costs the kernel less than two, even if one of them is empty.
            let parts = if bytes.is_empty() { 1 } else { 2 };
            self.write(&mut both[..parts]).await?;
        }
        match body {
            // It needs much room that no other body does.
            Body::Stream(stream) => Box::pin(self.send_stream(stream)).await,
            Body::Empty | Body::Bytes(_) => Ok(()),
        }
    }

    /// Returns why not all of it was sent, if there may be an answer nevertheless.
    pub(crate) fn why_unsent(&self, sent: Result<(), Error>) -> Result<Option<Error>, Error> {
        match sent {
            Ok(()) => Ok(None),
            Err(error) if is_closed_ear(&error) => Ok(Some(error)),
            Err(error) if is_stall(&error) && self.is_answered() => Ok(Some(error)),
            Err(error) => Err(error),
        }
    }

    async fn send_stream(&mut self, stream: &BodyStream) -> Result<(), Error> {
        let mut pieces = stream.open().ok_or(Error::BodyNotReplayable)?;
        match stream.length() {
            Some(length) => self.send_announced(&mut *pieces, length).await,
            None => self.send_chunked(&mut *pieces).await,
        }
    }

    async fn send_chunked(&mut self, pieces: &mut dyn Pieces) -> Result<(), Error> {
        while let Some(piece) = self.next_piece(pieces).await? {
            // A chunk without data would be the last one.
            if !piece.is_empty() {
                let start = chunk_start(piece.len());
                self.frame = start.len() + CHUNK_END.len();
                let parts = [start.as_bytes(), &piece, CHUNK_END];
                self.write(&mut parts.map(IoSlice::new)).await?;
            }
        }
        self.frame = LAST_CHUNK.len();
        self.write(&mut [IoSlice::new(LAST_CHUNK)]).await
    }

    async fn send_announced(
        &mut self,
        pieces: &mut dyn Pieces,
        announced: u64,
    ) -> Result<(), Error> {
        let mut given = 0;
        while let Some(piece) = self.next_piece(pieces).await? {
            given += piece.len() as u64;
            if given > announced {
                break;
            }
            self.write(&mut [IoSlice::new(&piece)]).await?;
            self.any_answer_ends = given == announced;
        }
        match given == announced {
            true => Ok(()),
            false => Err(Error::BodyLengthMismatch { announced, given }),
        }
    }

    /// Waits for a piece. It may take its time, but not when the server wants no more.
    async fn next_piece(&mut self, pieces: &mut dyn Pieces) -> Result<Option<Vec<u8>>, Error> {
        self.breathe().await?;
        let mut piece = pieces.next_piece();
        loop {
            self.check_answer().map_err(in_phase(Phase::Send))?;
            let waiting = piece_or_news(&mut piece, self.stream, self.can_listen());
            let waited = self
                .terms
                .deadline
                .within(Phase::Send, None, waiting)
                .await?;
            match waited {
                Poll::Ready(None) => return Ok(None),
                Poll::Ready(Some(Ok(piece))) => return Ok(Some(piece)),
                Poll::Ready(Some(Err(error))) => {
                    return Err(Error::BodySource {
                        kind: error.kind(),
                        message: error.to_string(),
                    });
                }
                Poll::Pending => self.listen()?,
            }
        }
    }

    /// Waits until the server asks for the body. One that says nothing gets it after a while.
    async fn wait_for_leave(&mut self) -> Result<(), Error> {
        self.any_answer_ends = true;
        let Terms {
            timeouts, deadline, ..
        } = self.terms;
        let asking = async {
            // What fills the buffer without an end is found out by whoever reads it.
            while self.heard() != Heard::Leave && self.can_listen() {
                let readable = self.stream.readable().await;
                readable.map_err(in_phase(Phase::Send))?;
                self.listen()?;
            }
            Ok::<(), Error>(())
        };
        let waited = deadline.within(Phase::Send, timeouts.continue_wait, asking);
        match waited.await {
            Err(error) if !is_stall(&error) => return Err(error),
            Err(_silence) => {}
            Ok(asked) => asked?,
        }
        self.any_answer_ends = false;
        Ok(())
    }

    /// Writes all parts, and listens whenever no more is taken.
    async fn write(&mut self, mut parts: &mut [IoSlice<'_>]) -> Result<(), Error> {
        IoSlice::advance_slices(&mut parts, 0);
        while !parts.is_empty() {
            match self.stream.try_write(parts) {
                Ok(0) => return Err(in_phase(Phase::Send)(io::ErrorKind::WriteZero.into())),
                Ok(written) => {
                    IoSlice::advance_slices(&mut parts, written);
                    self.count(written);
                    self.breathe().await?;
                }
                Err(error) => self.make_way(&error).await?,
            }
        }
        while let Err(error) = self.stream.try_flush() {
            self.make_way(&error).await?;
        }
        Ok(())
    }

    /// Counts what was written. What frames the body goes first.
    fn count(&mut self, written: usize) {
        let of_the_frame = written.min(self.frame);
        self.frame -= of_the_frame;
        self.terms.progress.count_sent(written - of_the_frame);
        self.pace.moved(written);
    }

    /// Waits until a write that has failed is worth another try.
    async fn make_way(&mut self, error: &io::Error) -> Result<(), Error> {
        match error.kind() {
            io::ErrorKind::WouldBlock => {
                // It needs more room than all that comes before, and most requests do not need it.
                Box::pin(self.wait_to_write()).await?;
                self.listen()
            }
            io::ErrorKind::Interrupted => Ok(()),
            _ => Err(Error::io(Phase::Send, error)),
        }
    }

    /// Lets others run, looks at the clock and listens, now and then. Nothing else would, if
    /// the source has everything and the server takes everything at once.
    async fn breathe(&mut self) -> Result<(), Error> {
        self.steps += 1;
        if self.steps < STEPS_IN_A_ROW {
            return Ok(());
        }
        self.steps = 0;
        yield_now().await;
        self.terms.deadline.check()?;
        self.listen()
    }

    async fn wait_to_write(&mut self) -> Result<(), Error> {
        let idle = self.terms.timeouts.write_idle;
        let limit = match self.can_listen() {
            true => idle,
            false => Some(STALL_AFTER_ANSWER.min(idle.unwrap_or(Duration::MAX))),
        };
        let waiting = writable_or_news(self.stream, self.can_listen());
        let waited = self.pace.wait(self.terms, Phase::Send, limit, waiting);
        waited.await?.map_err(in_phase(Phase::Send))
    }

    fn can_listen(&self) -> bool {
        self.unread.get().len() < HEARD_WHILE_SENDING
    }

    /// Receives what is there. An answer that ends the sending, or the end of the stream, is a
    /// broken pipe: the server wants no more of the request.
    fn listen(&mut self) -> Result<(), Error> {
        if !self.can_listen() || !self.stream.has_news() {
            return Ok(());
        }
        let heard = match self.stream.try_read(self.unread.room()) {
            Ok(0) => Err(io::ErrorKind::BrokenPipe.into()),
            Ok(received) => {
                self.unread.received(received);
                self.check_answer()
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {
                    self.unread.lay_down();
                    Ok(())
                }
                // The end, without the farewell of TLS.
                io::ErrorKind::UnexpectedEof => Err(io::ErrorKind::BrokenPipe.into()),
                _ => Err(error),
            },
        };
        heard.map_err(in_phase(Phase::Send))
    }

    fn check_answer(&self) -> io::Result<()> {
        match self.heard() {
            Heard::Refusal => Err(io::ErrorKind::BrokenPipe.into()),
            Heard::Success if self.any_answer_ends => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }
    }

    fn is_answered(&self) -> bool {
        matches!(self.heard(), Heard::Success | Heard::Refusal)
    }

    /// Looks at what was received without using it up.
    fn heard(&self) -> Heard {
        let mut input = self.unread.get();
        let mut heard = Heard::Nothing;
        if input.is_empty() {
            return heard;
        }
        let mut reader = self.reader.clone();
        while let Ok(Step { consumed, event }) = reader.read(input) {
            input = &input[consumed..];
            match event {
                Event::Interim(head) if head.status() == StatusCode::CONTINUE => {
                    heard = Heard::Leave;
                }
                Event::Interim(_) => {}
                Event::Head(head) if head.status().as_u16() < 300 => return Heard::Success,
                Event::Head(_) => return Heard::Refusal,
                _ => break,
            }
        }
        heard
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

/// Whether it is the server for which was waited in vain.
fn is_stall(error: &Error) -> bool {
    let phase = Phase::Send;
    matches!(error, Error::Timeout { phase: waited, .. } if *waited == phase)
}

/// Waits until something can be written, or read if that is of interest.
async fn writable_or_news(stream: &Stream, listening: bool) -> io::Result<()> {
    let (mut writable, mut readable) = (pin!(stream.writable()), pin!(stream.readable()));
    let ready = poll_fn(|context| match writable.as_mut().poll(context) {
        Poll::Pending if listening => readable.as_mut().poll(context),
        polled => polled,
    });
    ready.await
}

/// Waits for a piece of a body, or until something can be read: then it is still pending.
async fn piece_or_news(
    piece: &mut NextPiece<'_>,
    stream: &Stream,
    listening: bool,
) -> Poll<Option<io::Result<Vec<u8>>>> {
    let mut readable = pin!(stream.readable());
    let either = poll_fn(|context| match Pin::new(&mut *piece).poll(context) {
        Poll::Pending if listening => readable.as_mut().poll(context).map(|_news| Poll::Pending),
        polled => polled.map(Poll::Ready),
    });
    either.await
}
