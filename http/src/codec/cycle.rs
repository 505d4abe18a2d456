//! Reads one response, from the first byte to the verdict on the connection.
//!
//! ```text
//!        ┌──1xx──┐
//!        ▼       │                        last byte
//!  ───▶ Head ────┴──final──▶ Body ─────────────────────▶ Done
//!        │                    │ (or the end of the stream, for UntilClose)
//!        └───────error────────┴──▶ Failed
//! ```
//!
//! # How to drive it
//!
//! The connection keeps unread bytes in a buffer. It calls [`ResponseReader::read`] with
//! them, drops what was consumed, acts on the event, and calls again; on
//! [`Event::Partial`] it reads from the socket first. When the socket has ended it calls
//! [`ResponseReader::end_of_stream`].
//!
//! A small response that arrives whole costs one read of the socket. Of a large one, the
//! connection may read up to [`ResponseReader::body_ahead`] bytes straight into the final
//! buffer and only report their number to [`ResponseReader::skip_body`].
//!
//! # Rules
//!
//! 1. The head is parsed where it lies; an incomplete one consumes nothing, so the
//!    connection must present its bytes again, together with new ones.
//! 2. Interim responses come out as events, because a request with `Expect` waits for one;
//!    who does not care ignores them. Their number is limited.
//! 3. Every call after an error gives the same error again.
//! 4. A connection is reusable only if the response ended, nobody said `close`, and not a
//!    single byte follows.

use std::ops::Range;

use super::chunked::{ChunkedDecoder, Progress};
use super::encode::Expected;
use super::framing::{Framing, body_framing};
use super::head::{HeadParser, begins_like_http};
use super::limits::Limits;
use crate::error::Error;
use crate::message::{Fields, Method, ResponseHead, StatusCode, Version};

/// What [`ResponseReader::read`] found, and how much of the input it used for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The bytes of the input that are done with. The next call gets the rest.
    pub consumed: usize,
    /// What they were.
    pub event: Event,
}

/// A piece of a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// More bytes are needed.
    Partial,
    /// An interim (1xx) response. The final one is still to come.
    Interim(ResponseHead),
    /// The final head. The body follows.
    Head(ResponseHead),
    /// This range of the input is data of the body, and not empty.
    Data(Range<usize>),
    /// The response has ended. Now [`ResponseReader::is_reusable`] can be asked.
    End,
}

/// Where the reader is; the transitions are drawn above.
#[derive(Clone, Debug)]
enum State {
    /// Before the end of a head; `interim` responses have passed.
    Head { parser: HeadParser, interim: u32 },
    /// In a body that ends after `left` of its `total` bytes.
    Length { left: u64, total: u64 },
    /// In a chunked body.
    Chunked(Box<ChunkedDecoder>),
    /// In a body that ends with the connection.
    UntilClose,
    /// After the last byte.
    Done,
    /// After an error.
    Failed(Error),
}

/// The state machine of one response.
///
/// ```
/// use looplet_http::codec::{Event, Expected, Limits, ResponseReader};
/// use looplet_http::message::Method;
///
/// let mut reader = ResponseReader::new(Expected::answer_to(Method::GET), Limits::default());
/// let mut unread = &b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..];
/// let mut body = Vec::new();
/// loop {
///     let step = reader.read(unread)?;
///     match step.event {
///         Event::Head(head) => assert_eq!(head.status(), 200),
///         Event::Data(range) => body.extend_from_slice(&unread[range]),
///         Event::End => break,
///         Event::Interim(_) | Event::Partial => unreachable!("the response is whole"),
///     }
///     unread = &unread[step.consumed..];
/// }
/// assert_eq!(body, b"hello");
/// assert!(reader.is_reusable(unread));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ResponseReader {
    /// Where the reader is.
    state: State,
    /// What the request was, as far as it matters.
    expected: Expected,
    /// The caps.
    limits: Limits,
    /// Whether both sides have let the connection live so far.
    persistent: bool,
    /// The trailers, once a chunked body has ended.
    trailers: Fields,
}

impl ResponseReader {
    /// Makes a reader for the answer to a request that [`encode_head`](super::encode_head)
    /// has written.
    pub fn new(expected: Expected, limits: Limits) -> Self {
        ResponseReader {
            state: State::Head {
                parser: HeadParser::new(),
                interim: 0,
            },
            persistent: !expected.last,
            expected,
            limits,
            trailers: Fields::default(),
        }
    }

    /// Goes through `input`, the unread bytes, up to the next event.
    ///
    /// # Errors
    ///
    /// Any error about a response in [`Error`]. The connection must be closed then.
    pub fn read(&mut self, input: &[u8]) -> Result<Step, Error> {
        let step = self.advance(input);
        self.keep_error(step)
    }

    /// Takes notice that the stream has ended, with `unread` bytes left over. `Ok` if the
    /// response was complete or ends this way.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyReply`], [`Error::NoFinalResponse`], [`Error::HeadTruncated`],
    /// [`Error::BodyTruncated`], [`Error::ChunkedTruncated`]; or what is wrong with an
    /// incomplete head.
    pub fn end_of_stream(&mut self, unread: &[u8]) -> Result<(), Error> {
        self.persistent = false;
        let verdict = match &self.state {
            State::Head { interim: 0, .. } if unread.is_empty() => Err(Error::EmptyReply),
            State::Head { .. } if unread.is_empty() => Err(Error::NoFinalResponse),
            State::Head { parser, .. } => Err(parser.truncated(unread, &self.limits)),
            State::Length { left: 0, .. } | State::UntilClose | State::Done => Ok(State::Done),
            State::Chunked(decoder)
                if decoder.is_behind_last_chunk() && self.limits.tolerance.missing_last_line =>
            {
                Ok(State::Done)
            }
            State::Length { left, total } => Err(Error::BodyTruncated {
                got: total - left,
                want: *total,
            }),
            State::Chunked(decoder) => Err(Error::ChunkedTruncated {
                got: decoder.delivered(),
            }),
            State::Failed(error) => Err(error.clone()),
        };
        self.state = self.keep_error(verdict)?;
        Ok(())
    }

    /// The bytes of the body that are still to come, if the head announced its length.
    /// Worth reserving room for, with a cap: the number is the server's.
    pub fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length { left, .. } => Some(left),
            _ => None,
        }
    }

    /// Whether the response ends, soundly, within `input`: what comes next on the wire.
    pub(crate) fn ends_within(&self, mut input: &[u8]) -> bool {
        if let Some(length) = self.remaining() {
            return length <= input.len() as u64;
        }
        let mut reader = self.clone();
        loop {
            match reader.read(input).map(|step| (step.event, step.consumed)) {
                Ok((Event::End, _)) => return true,
                Ok((Event::Partial, _)) | Err(_) => return false,
                Ok((_, consumed)) => input = &input[consumed..],
            }
        }
    }

    /// The number of bytes, next on the wire, that are data of the body whatever they are:
    /// the rest of a body of known length, the rest of a chunk, or no end for a body that
    /// ends with the connection.
    pub fn body_ahead(&self) -> u64 {
        match &self.state {
            State::Length { left, .. } => *left,
            State::Chunked(decoder) => decoder.data_ahead(),
            State::UntilClose => u64::MAX,
            State::Head { .. } | State::Done | State::Failed(_) => 0,
        }
    }

    /// Whether the body is one that ends with the connection.
    pub(crate) fn ends_with_the_connection(&self) -> bool {
        matches!(self.state, State::UntilClose)
    }

    /// Notes that the next `count` bytes of data were read elsewhere.
    ///
    /// # Panics
    ///
    /// If `count` is larger than [`body_ahead`](Self::body_ahead).
    pub fn skip_body(&mut self, count: u64) {
        assert!(
            count <= self.body_ahead(),
            "only data of the body can be skipped"
        );
        match &mut self.state {
            State::Length { left, .. } => *left -= count,
            State::Chunked(decoder) => decoder.skip_data(count),
            _ => {}
        }
    }

    /// Whether the connection can carry another exchange, given the bytes that were
    /// received behind the response.
    pub fn is_reusable(&self, unread: &[u8]) -> bool {
        matches!(self.state, State::Done) && self.persistent && unread.is_empty()
    }

    /// The trailers of a chunked body. Empty before its end.
    pub fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// One step; `read` keeps the error.
    fn advance(&mut self, input: &[u8]) -> Result<Step, Error> {
        match &mut self.state {
            State::Head { .. } => self.advance_head(input),
            State::Length { left: 0, .. } => Ok(self.end(0)),
            State::Length { left, .. } => {
                let length = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(input.len());
                *left -= length as u64;
                Ok(data(length))
            }
            State::Chunked(decoder) => {
                let decoded = decoder.decode(input)?;
                let consumed = decoded.consumed;
                match decoded.progress {
                    Progress::Partial => Ok(Step {
                        consumed,
                        event: Event::Partial,
                    }),
                    Progress::Data(range) => Ok(Step {
                        consumed,
                        event: Event::Data(range),
                    }),
                    Progress::End => {
                        self.trailers = decoder.take_trailers();
                        Ok(self.end(consumed))
                    }
                }
            }
            State::UntilClose => Ok(data(input.len())),
            State::Done => Ok(Step {
                consumed: 0,
                event: Event::End,
            }),
            State::Failed(error) => Err(error.clone()),
        }
    }

    /// Looks for a head and decides what follows it.
    fn advance_head(&mut self, input: &[u8]) -> Result<Step, Error> {
        if self.is_headless(input) {
            return Ok(self.take_as_body());
        }
        let State::Head { parser, interim } = &mut self.state else {
            unreachable!("only called before the end of a head")
        };
        let Some((head, consumed)) = parser.parse(input, &self.limits)? else {
            return Ok(Step {
                consumed: 0,
                event: Event::Partial,
            });
        };
        let switching = head.status() == StatusCode::SWITCHING_PROTOCOLS;
        if switching && !self.expected.upgrade {
            return Err(Error::UnexpectedUpgrade);
        }
        if head.status().is_informational() && !switching {
            if *interim == self.limits.interim {
                return Err(Error::TooManyInterim {
                    limit: self.limits.interim,
                });
            }
            (*interim, *parser) = (*interim + 1, HeadParser::new());
            return Ok(Step {
                consumed,
                event: Event::Interim(head),
            });
        }
        let plan = body_framing(&self.expected, &head, &self.limits)?;
        self.persistent &= plan.persistent && !switching;
        self.state = match plan.framing {
            Framing::Empty => State::Done,
            Framing::Length(total) => State::Length { left: total, total },
            Framing::Chunked => State::Chunked(Box::new(ChunkedDecoder::new(&self.limits))),
            Framing::UntilClose => State::UntilClose,
        };
        Ok(Step {
            consumed,
            event: Event::Head(head),
        })
    }

    /// Whether the input is a body without a head, where that is tolerated. Asked as soon as a
    /// byte tells, so that how many come at once decides nothing.
    fn is_headless(&self, input: &[u8]) -> bool {
        let may_have_a_body = ![Method::HEAD, Method::CONNECT].contains(&self.expected.method);
        self.limits.tolerance.headless
            && may_have_a_body
            && matches!(self.state, State::Head { interim: 0, .. })
            && !begins_like_http(input)
    }

    /// Takes everything for a body without a head.
    fn take_as_body(&mut self) -> Step {
        self.persistent = false;
        self.state = State::UntilClose;
        let fields = Fields::default();
        let head = ResponseHead::new(Version::Http10, StatusCode::OK, (0, 0), fields);
        Step {
            consumed: 0,
            event: Event::Head(head),
        }
    }

    /// Ends the response.
    fn end(&mut self, consumed: usize) -> Step {
        self.state = State::Done;
        Step {
            consumed,
            event: Event::End,
        }
    }

    /// Goes to `Failed` with an error.
    fn keep_error<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &outcome {
            self.state = State::Failed(error.clone());
        }
        outcome
    }
}

/// The event for that many bytes of data at the start of the input.
fn data(length: usize) -> Step {
    let event = if length == 0 {
        Event::Partial
    } else {
        Event::Data(0..length)
    };
    Step {
        consumed: length,
        event,
    }
}
