//! Takes the chunked coding off a body (RFC 9112, section 7.1).
//!
//! ```text
//! Size ──digits──▶ Size          Data ──last byte──▶ DataCr ─CR─▶ DataLf ─LF─▶ Start
//!  │ ▲                            ▲
//!  │ Start (a digit must come)    │ size > 0
//!  ├─SP,HTAB─▶ Padding ─┐         │
//!  ├─;───────▶ Extension ┼─CR─▶ SizeLf ─LF─┤
//!  └─CR──────────────────┘                 │ size = 0
//!                                          ▼
//!            Done ◀─LF─ EndLf ◀──CR── TrailerStart ◀──LF── TrailerLf
//!                                          └─▶ Trailer ──CR──▶ ┘
//! ```
//!
//! # Rules
//!
//! 1. Data is never copied and nothing is allocated because a size was announced: the
//!    decoder names a range of the input.
//! 2. Lines end with CRLF. A CR before anything else, or a bare LF, is an error even where a
//!    head would tolerate it: here it decides where data begins. Only
//!    [`Tolerance::bare_line_feeds`](super::Tolerance::bare_line_feeds) lets LF alone pass.
//! 3. A size has 1 to 16 hexadecimal digits and no sign, prefix or white space before it.
//!    White space behind it is tolerated.
//! 4. Extensions are skipped. All of them in one body together are capped.
//! 5. Trailers are kept apart and never mixed with the head. Those that would have changed
//!    how the message is read or routed are dropped (RFC 9110, section 6.5.1).

use std::ops::Range;

use super::diagnose::{self, Text};
use super::head::{enough_slots, keep_fields};
use super::limits::Limits;
use crate::error::{Error, Section};
use crate::message::Fields;

/// The most digits of a chunk size: what fits 64 bits.
const MAX_DIGITS: u8 = 16;

/// The fields that are dropped from trailers.
const NOT_IN_TRAILERS: [&str; 8] = [
    "content-length",
    "transfer-encoding",
    "host",
    "set-cookie",
    "trailer",
    "content-encoding",
    "content-type",
    "content-range",
];

/// Where the decoder is; the transitions are drawn above. `left` and `size` count bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first digit of a size must come.
    Start,
    /// After some digits of a size.
    Size { digits: u8, size: u64 },
    /// In white space behind a size.
    Padding { size: u64 },
    /// In an extension.
    Extension { size: u64 },
    /// The LF of a size line must come.
    SizeLf { size: u64 },
    /// In data. `left` is never zero.
    Data { left: u64 },
    /// The CR behind data must come.
    DataCr,
    /// The LF behind data must come.
    DataLf,
    /// At the start of a line behind the last chunk.
    TrailerStart,
    /// In a trailer line.
    Trailer,
    /// The LF of a trailer line must come.
    TrailerLf,
    /// The LF of the empty line must come.
    EndLf,
    /// The body has ended.
    Done,
}

/// What [`ChunkedDecoder::decode`] found, and how much of the input it used for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The bytes of the input that are done with. The next call gets the rest.
    pub consumed: usize,
    /// What they were.
    pub progress: Progress,
}

/// What a piece of a coded body was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Only coding; more bytes are needed.
    Partial,
    /// This range of the input is data, and not empty.
    Data(Range<usize>),
    /// The body has ended.
    End,
}

/// A decoder for one chunked body.
///
/// ```
/// use looplet_http::codec::{ChunkedDecoder, Limits, Progress};
///
/// let input = b"5\r\nhello\r\n0\r\n\r\n";
/// let mut decoder = ChunkedDecoder::new(&Limits::default());
/// let first = decoder.decode(input)?;
/// assert_eq!((first.consumed, first.progress), (8, Progress::Data(3..8)));
/// let last = decoder.decode(&input[8..])?;
/// assert_eq!((last.consumed, last.progress), (7, Progress::End));
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkedDecoder {
    /// Where in the coding the next byte belongs.
    state: State,
    /// The caps for extensions, trailers and fields.
    limits: Limits,
    /// The bytes of the coded body so far, for error messages.
    offset: u64,
    /// The bytes of data so far.
    delivered: u64,
    /// The bytes of extensions so far, the white space before them included.
    extension_bytes: usize,
    /// The trailer lines so far, each with its CRLF.
    trailer_lines: Vec<u8>,
    /// The trailers, once the body has ended.
    trailers: Fields,
}

impl ChunkedDecoder {
    /// Makes a decoder for the next body.
    pub fn new(limits: &Limits) -> Self {
        ChunkedDecoder {
            state: State::Start,
            limits: *limits,
            offset: 0,
            delivered: 0,
            extension_bytes: 0,
            trailer_lines: Vec::new(),
            trailers: Fields::default(),
        }
    }

    /// Goes through `input` up to the end of the next piece of data, or of the body, or of
    /// the input. After [`Progress::End`] it consumes nothing more.
    ///
    /// # Errors
    ///
    /// [`Error::BadChunk`], [`Error::ChunkExtensionsTooLarge`],
    /// [`Error::TrailersTooLarge`], [`Error::TooManyHeaders`], and
    /// [`Error::BadHeaderLine`] for a trailer. The decoder must not be used after that.
    pub fn decode(&mut self, input: &[u8]) -> Result<Decoded, Error> {
        let mut consumed = 0;
        while self.state != State::Done {
            if let State::Data { left } = self.state {
                let start = consumed;
                consumed += usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(input.len() - start);
                self.skip_data((consumed - start) as u64);
                let progress = if consumed == start {
                    Progress::Partial
                } else {
                    Progress::Data(start..consumed)
                };
                return Ok(Decoded { consumed, progress });
            }
            let Some(&byte) = input.get(consumed) else {
                return Ok(Decoded {
                    consumed,
                    progress: Progress::Partial,
                });
            };
            self.state = self.after(byte)?;
            self.offset += 1;
            consumed += 1;
        }
        Ok(Decoded {
            consumed,
            progress: Progress::End,
        })
    }

    /// The number of data bytes that come next, whatever they are. The connection may read
    /// up to that many past the decoder, if it reports them to [`skip_data`](Self::skip_data).
    pub fn data_ahead(&self) -> u64 {
        match self.state {
            State::Data { left } => left,
            _ => 0,
        }
    }

    /// Notes that the next `count` bytes, at most [`data_ahead`](Self::data_ahead), were
    /// read elsewhere.
    ///
    /// # Panics
    ///
    /// If `count` is larger.
    pub fn skip_data(&mut self, count: u64) {
        let left = self
            .data_ahead()
            .checked_sub(count)
            .expect("only data ahead can be skipped");
        self.offset += count;
        self.delivered += count;
        if let State::Data { .. } = self.state {
            self.state = if left == 0 {
                State::DataCr
            } else {
                State::Data { left }
            };
        }
    }

    /// The bytes of data so far.
    pub fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Whether the line of the last chunk was seen, and nothing behind it that is not its end.
    pub(super) fn is_behind_last_chunk(&self) -> bool {
        matches!(self.state, State::TrailerStart | State::EndLf) && self.trailer_lines.is_empty()
    }

    /// The trailers that may be believed. Empty before the end.
    pub fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// Moves the trailers out.
    pub(super) fn take_trailers(&mut self) -> Fields {
        std::mem::take(&mut self.trailers)
    }

    /// The state after one byte that is not data.
    fn after(&mut self, byte: u8) -> Result<State, Error> {
        match (self.state, byte) {
            (state, b'\n') if self.limits.tolerance.bare_line_feeds => self.after_bare_lf(state),
            (State::Start, _) => self.after_digit(0, 0, byte),
            (State::Size { size, .. }, b'\r') => Ok(State::SizeLf { size }),
            (State::Size { size, .. }, b' ' | b'\t' | b';') => self.after_size(size, byte),
            (State::Size { digits, size }, _) => self.after_digit(digits, size, byte),

            (State::Padding { size } | State::Extension { size }, b'\r') => {
                Ok(State::SizeLf { size })
            }
            (State::Padding { size }, b' ' | b'\t' | b';') => self.after_size(size, byte),
            (State::Padding { .. }, _) => Err(self.bad("a semicolon or CR after the size", byte)),
            (State::Extension { .. }, b'\n') => Err(self.bad("CR before LF in an extension", byte)),
            (State::Extension { size }, _) => {
                self.count_extension()?;
                Ok(State::Extension { size })
            }
            (State::SizeLf { size }, b'\n') => Ok(after_size_line(size)),
            (State::SizeLf { .. }, _) => Err(self.bad("LF after the CR of a size line", byte)),

            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataCr, _) => Err(self.bad("CR after the data", byte)),
            (State::DataLf, b'\n') => Ok(State::Start),
            (State::DataLf, _) => Err(self.bad("LF after the CR behind data", byte)),

            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::EndLf, b'\n') => self.end(),
            (State::EndLf, _) => Err(self.bad("LF at the end", byte)),
            (State::TrailerStart | State::Trailer, b'\n') => {
                Err(self.bad("CR before LF in a trailer", byte))
            }
            (State::TrailerStart | State::Trailer, _) => self.after_trailer_byte(byte),
            (State::TrailerLf, b'\n') => self.after_trailer_byte(byte),
            (State::TrailerLf, _) => Err(self.bad("LF after the CR of a trailer", byte)),

            (State::Data { .. } | State::Done, _) => unreachable!("decode handles both"),
        }
    }

    /// The state after a line feed where the CR before it may be missing.
    fn after_bare_lf(&mut self, state: State) -> Result<State, Error> {
        match state {
            State::Size { size, .. }
            | State::Padding { size }
            | State::Extension { size }
            | State::SizeLf { size } => Ok(after_size_line(size)),
            State::DataCr | State::DataLf => Ok(State::Start),
            State::TrailerStart | State::EndLf => self.end(),
            State::Trailer | State::TrailerLf => self.after_trailer_byte(b'\n'),
            State::Start => Err(self.bad("a hexadecimal digit of a chunk size", b'\n')),
            State::Data { .. } | State::Done => unreachable!("decode handles both"),
        }
    }

    /// Takes one more digit of a size.
    fn after_digit(&self, digits: u8, size: u64, byte: u8) -> Result<State, Error> {
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Err(self.bad("a hexadecimal digit of a chunk size", byte));
        };
        if digits == MAX_DIGITS {
            return Err(self.bad("at most 16 digits in a chunk size", byte));
        }
        Ok(State::Size {
            digits: digits + 1,
            size: size << 4 | u64::from(digit),
        })
    }

    /// Goes on behind a size: white space, or the semicolon before an extension.
    fn after_size(&mut self, size: u64, byte: u8) -> Result<State, Error> {
        self.count_extension()?;
        Ok(if byte == b';' {
            State::Extension { size }
        } else {
            State::Padding { size }
        })
    }

    /// Counts one byte of an extension.
    fn count_extension(&mut self) -> Result<(), Error> {
        let limit = self.limits.chunk_extension_bytes;
        if self.extension_bytes == limit {
            return Err(Error::ChunkExtensionsTooLarge { limit });
        }
        self.extension_bytes += 1;
        Ok(())
    }

    /// Keeps one byte of a trailer line.
    fn after_trailer_byte(&mut self, byte: u8) -> Result<State, Error> {
        // Offsets into the trailers are kept in 32 bits.
        let limit = self.limits.trailer_bytes.min(u32::MAX as usize / 2);
        if self.trailer_lines.len() >= limit {
            return Err(Error::TrailersTooLarge { limit });
        }
        self.trailer_lines.push(byte);
        Ok(match byte {
            b'\r' => State::TrailerLf,
            b'\n' => State::TrailerStart,
            _ => State::Trailer,
        })
    }

    /// Parses the trailers and ends the body.
    fn end(&mut self) -> Result<State, Error> {
        if !self.trailer_lines.is_empty() {
            let mut lines = std::mem::take(&mut self.trailer_lines);
            lines.extend_from_slice(b"\r\n");
            self.trailers = parse_trailers(&lines, self.limits.fields)?;
        }
        Ok(State::Done)
    }

    /// The error for a byte that cannot stand here.
    fn bad(&self, expected: &'static str, found: u8) -> Error {
        Error::BadChunk {
            expected,
            found,
            offset: self.offset,
        }
    }
}

/// What follows a line with a size: data, or the end.
fn after_size_line(size: u64) -> State {
    match size {
        0 => State::TrailerStart,
        left => State::Data { left },
    }
}

/// Parses trailer lines, with the empty line behind them, and drops the forbidden ones.
fn parse_trailers(lines: &[u8], max_fields: usize) -> Result<Fields, Error> {
    let mut slots = vec![httparse::EMPTY_HEADER; enough_slots(lines, max_fields)];
    let mut fields = match httparse::parse_headers(lines, &mut slots) {
        Ok(httparse::Status::Complete((_, parsed))) => keep_fields(parsed, Text::plain(lines))?,
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Error::TooManyHeaders { limit: max_fields });
        }
        _ => {
            return Err(diagnose::bad_field_line(
                Section::Trailers,
                Text::plain(lines),
            ));
        }
    };
    fields.retain(|name| {
        !NOT_IN_TRAILERS
            .iter()
            .any(|not| name.eq_ignore_ascii_case(not.as_bytes()))
    });
    Ok(fields)
}
