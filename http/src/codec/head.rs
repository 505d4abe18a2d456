//! Finds and parses the head of a response in the read buffer of the connection.
//!
//! The grammar is the work of `httparse`, which is fast and strict. It starts from the
//! beginning on every call, so what this module adds first is *when* to call it; then the
//! decisions that the RFC leaves to the client, and the limits.
//!
//! # When to parse
//!
//! 1. With the first bytes. Most heads arrive whole, and then nothing was searched beforehand.
//! 2. When new bytes complete an empty line, which is the only way a head can end.
//! 3. When the bytes have doubled since the last try, so that nonsense is noticed before
//!    its end. A head that drips in byte by byte is thus parsed log2(n) times, and the
//!    work stays linear.
//!
//! # What is accepted
//!
//! * HTTP/1.0 and HTTP/1.1, nothing else; up to two empty lines before the status line
//!   (RFC 9112, section 2.2, where they are the left-over of an old bug).
//! * Lines that end with a bare LF, here and nowhere else. A bare CR is an error.
//! * Obsolete line folds, replaced by one SP (section 5.2), except in `Content-Length` and
//!   `Transfer-Encoding`, where two readings would be an attack.
//! * Bytes above 0x7f in values and in the reason phrase, as they are.
//!
//! White space before a colon, control bytes, empty names: all errors, unless
//! [`Tolerance`] has a switch for it that is on.

use std::mem::MaybeUninit;

use super::diagnose::{self, Text};
use super::limits::Limits;
use super::mend;
use super::tolerance::Tolerance;
use crate::error::Error;
use crate::message::syntax::is_ows;
use crate::message::{FieldSpan, Fields, ResponseHead, StatusCode, Version};

/// The slots for fields that live on the stack. More are allocated if the limit is higher.
const STACK_SLOTS: usize = 256;

/// The empty lines that are skipped before a status line.
const LEADING_EMPTY_LINES: usize = 2;

/// Parses one head out of a buffer that grows.
///
/// ```
/// use looplet_http::codec::{HeadParser, Limits};
///
/// let (mut parser, limits) = (HeadParser::new(), Limits::default());
/// let received = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nbody";
/// assert!(parser.parse(&received[..20], &limits)?.is_none());
/// let (head, length) = parser.parse(received, &limits)?.expect("the head is complete");
/// assert_eq!(head.header("server"), Some(&b"x"[..]));
/// assert_eq!(&received[length..], b"body");
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct HeadParser {
    /// The bytes that were searched for an empty line.
    searched: usize,
    /// The number of bytes at which to try again even without an empty line.
    next_try: usize,
}

impl HeadParser {
    /// Makes a parser for the next head.
    pub fn new() -> Self {
        Self::default()
    }

    /// Looks for a head at the beginning of `input`, which holds all bytes received since
    /// the parser was made. `None` means that more are needed. With the head comes the
    /// number of bytes that it takes.
    ///
    /// # Errors
    ///
    /// [`Error::NotHttp`], [`Error::BadStatusLine`], [`Error::BadHeaderLine`],
    /// [`Error::FoldedFraming`], [`Error::TooManyHeaders`], [`Error::HeadTooLarge`].
    pub fn parse(
        &mut self,
        input: &[u8],
        limits: &Limits,
    ) -> Result<Option<(ResponseHead, usize)>, Error> {
        if !self.is_due(input, limits) {
            return Ok(None);
        }
        let found = parse_once(input, limits)?;
        self.next_try = input.len() * 2;
        Ok(found)
    }

    /// Says what is wrong with a head that will not go on: the connection has ended.
    pub fn truncated(&self, input: &[u8], limits: &Limits) -> Error {
        parse_once(input, limits)
            .err()
            .unwrap_or(Error::HeadTruncated { got: input.len() })
    }

    /// Whether parsing now can tell something new.
    fn is_due(&mut self, input: &[u8], limits: &Limits) -> bool {
        let due = (!input.is_empty() && input.len() >= self.next_try)
            || input.len() >= limits.head_bytes
            || has_empty_line(
                input
                    .get(self.searched.saturating_sub(2)..)
                    .unwrap_or(input),
            );
        self.searched = input.len();
        due
    }
}

/// Whether a line feed is followed by the end of another line.
fn has_empty_line(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|&byte| byte == b'\n') {
        rest = &rest[at + 1..];
        if rest.starts_with(b"\n") || rest.starts_with(b"\r\n") {
            return true;
        }
    }
    false
}

/// Parses from the beginning, within the limits.
fn parse_once(input: &[u8], limits: &Limits) -> Result<Option<(ResponseHead, usize)>, Error> {
    // Offsets are kept in 32 bits, so no setting can lift the limit above that.
    let limit = limits.head_bytes.min(u32::MAX as usize);
    let window = &input[..input.len().min(limit)];
    let start = skip_empty_lines(window)?;
    let (received, tolerance) = (&window[start..], &limits.tolerance);
    let readable = &*mend::readable(received, tolerance);
    let text = Text { readable, received };
    let found = if limits.fields <= STACK_SLOTS {
        let mut slots = [const { MaybeUninit::uninit() }; STACK_SLOTS];
        parse_in(text, &mut slots[..limits.fields], tolerance)?
    } else {
        let count = enough_slots(window, limits.fields);
        let mut slots = Vec::with_capacity(count);
        parse_in(text, &mut slots.spare_capacity_mut()[..count], tolerance)?
    };
    match found {
        None if input.len() >= limit => Err(Error::HeadTooLarge {
            limit: limits.head_bytes,
        }),
        None => Ok(None),
        Some((head, length)) => Ok(Some((head, start + length))),
    }
}

/// The number of slots that the fields in `bytes` can need, or the limit if that is less.
/// No field is shorter than a name of one byte, a colon and a line feed.
pub(super) fn enough_slots(bytes: &[u8], limit: usize) -> usize {
    limit.min(bytes.len() / 3 + 1)
}

/// Whether the bytes begin like a head, as far as they go.
pub(super) fn begins_like_http(bytes: &[u8]) -> bool {
    let rest = behind_empty_lines(bytes);
    let compared = rest.len().min(b"HTTP/".len());
    rest[..compared] == b"HTTP/"[..compared] || rest == b"\r"
}

/// The number of bytes of empty lines before the status line.
fn skip_empty_lines(bytes: &[u8]) -> Result<usize, Error> {
    let rest = behind_empty_lines(bytes);
    match rest {
        [b'\n', ..] | [b'\r', b'\n', ..] => Err(diagnose::bad_start(bytes)),
        _ => Ok(bytes.len() - rest.len()),
    }
}

/// The bytes behind the empty lines that are skipped.
fn behind_empty_lines(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    for _ in 0..LEADING_EMPTY_LINES {
        match rest {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => rest = after,
            _ => break,
        }
    }
    rest
}

/// The ways to read a head: whether folded lines are joined, and whether broken ones are
/// dropped.
const WAYS: [(bool, bool); 3] = [(false, false), (true, false), (true, true)];

/// Runs `httparse` over bytes that begin with the status line. A way to read them is tried only
/// if the one before fails, so that a head without folds is not searched for them.
fn parse_in<'b>(
    head: Text<'b>,
    slots: &mut [MaybeUninit<httparse::Header<'b>>],
    tolerance: &Tolerance,
) -> Result<Option<(ResponseHead, usize)>, Error> {
    let mut failed = httparse::Error::Status;
    for (folds, drops) in WAYS {
        if drops && !tolerance.broken_fields {
            break;
        }
        let mut config = httparse::ParserConfig::default();
        config.allow_space_before_first_header_name(tolerance.indented_first_field);
        config.allow_obsolete_multiline_headers_in_responses(folds);
        config.ignore_invalid_headers_in_responses(drops);
        let mut response = httparse::Response::new(&mut []);
        match config.parse_response_with_uninit_headers(&mut response, head.readable, slots) {
            Ok(httparse::Status::Partial) => return Ok(None),
            Ok(httparse::Status::Complete(length)) => {
                let head = head.start(length);
                check_end(head)?;
                if drops {
                    mend::refuse_broken_framing(head, tolerance)?;
                }
                let keep = if folds {
                    keep_folded_fields
                } else {
                    keep_fields
                };
                return Ok(Some((keep_head(&response, head, keep)?, length)));
            }
            Err(error) => failed = error,
        }
    }
    Err(diagnose::explain(failed, head, slots.len()))
}

/// Refuses a head whose last line is not empty but blank, which the parser takes for its end
/// where white space before the first name is tolerated.
fn check_end(head: Text<'_>) -> Result<(), Error> {
    match head.received {
        [.., b'\n', b'\n'] | [.., b'\n', b'\r', b'\n'] => Ok(()),
        _ => Err(diagnose::bad_fields(head)),
    }
}

/// How parsed fields are copied out of the read buffer.
type KeepFields = fn(&[httparse::Header<'_>], Text<'_>) -> Result<Fields, Error>;

/// Copies a head out of the read buffer.
fn keep_head(
    response: &httparse::Response<'_, '_>,
    head: Text<'_>,
    keep_fields: KeepFields,
) -> Result<ResponseHead, Error> {
    let status = response.code.and_then(StatusCode::new);
    let status = status.ok_or_else(|| diagnose::bad_start(head.received))?;
    let version = if response.version == Some(0) {
        Version::Http10
    } else {
        Version::Http11
    };
    let fields = keep_fields(response.headers, head)?;
    let reason = reason_span(head.received);
    Ok(ResponseHead::new(version, status, reason, fields))
}

/// Copies what was received and notes where in it the parsed fields are. None of them is folded.
pub(super) fn keep_fields(
    parsed: &[httparse::Header<'_>],
    text: Text<'_>,
) -> Result<Fields, Error> {
    let spans = spans_of(parsed, text.readable);
    Ok(Fields::new(text.received.to_vec(), spans))
}

/// Where in `bytes` the fields are that were parsed from it.
fn spans_of(parsed: &[httparse::Header<'_>], bytes: &[u8]) -> Vec<FieldSpan> {
    let base = bytes.as_ptr().addr();
    let spans = parsed.iter().map(|field| FieldSpan {
        name: span_at(field.name.as_ptr().addr() - base, field.name.len()),
        value: span_at(field.value.as_ptr().addr() - base, field.value.len()),
    });
    spans.collect()
}

/// The same where fields may be folded: joins them in the copy.
fn keep_folded_fields(parsed: &[httparse::Header<'_>], text: Text<'_>) -> Result<Fields, Error> {
    let bytes = text.received;
    let mut buffer = bytes.to_vec();
    let mut spans = spans_of(parsed, text.readable);
    for (span, field) in spans.iter_mut().zip(parsed) {
        let (start, end) = (span.value.0 as usize, span.value.1 as usize);
        if is_folded(bytes, span.name.1 as usize, end) {
            refuse_fold_in_framing(field.name)?;
            span.value.1 = span.value.0 + unfold(&mut buffer[start..end]);
        }
    }
    Ok(Fields::new(buffer, spans))
}

/// Start and end as they are stored.
fn span_at(start: usize, length: usize) -> (u32, u32) {
    let offset = |at| u32::try_from(at).expect("heads are capped below 4 GiB");
    (offset(start), offset(start + length))
}

/// The reason phrase: what stands behind the status code and one SP, up to the line end.
/// `httparse` gives no reason that holds bytes above 0x7f.
fn reason_span(bytes: &[u8]) -> (u32, u32) {
    let start = "HTTP/1.1 200 ".len();
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(bytes.len());
    let line = bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end]);
    span_at(start.min(line.len()), line.len().saturating_sub(start))
}

/// Whether the field between the end of its name and the end of its value, or the white
/// space that was cut off behind that, runs over more than one line.
fn is_folded(bytes: &[u8], name_end: usize, value_end: usize) -> bool {
    let mut behind = bytes[value_end..]
        .iter()
        .skip_while(|&&byte| byte != b'\n')
        .skip(1);
    bytes[name_end..value_end].contains(&b'\n') || behind.next().is_some_and(|&byte| is_ows(byte))
}

/// Refuses a folded field that decides where the body ends.
fn refuse_fold_in_framing(name: &str) -> Result<(), Error> {
    for framing in ["Content-Length", "Transfer-Encoding"] {
        if name.eq_ignore_ascii_case(framing) {
            return Err(Error::FoldedFraming { name: framing });
        }
    }
    Ok(())
}

/// Replaces every fold, with the white space around it, by one SP; returns the new length.
fn unfold(value: &mut [u8]) -> u32 {
    let mut length = 0;
    let mut at = 0;
    while at < value.len() {
        if !matches!(value[at], b'\r' | b'\n') {
            value[length] = value[at];
            (length, at) = (length + 1, at + 1);
            continue;
        }
        while length > 0 && is_ows(value[length - 1]) {
            length -= 1;
        }
        while at < value.len() && (is_ows(value[at]) || matches!(value[at], b'\r' | b'\n')) {
            at += 1;
        }
        value[length] = b' ';
        length += 1;
    }
    u32::try_from(length).expect("heads are capped below 4 GiB")
}
