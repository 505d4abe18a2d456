//! Says what exactly is wrong with a head that did not parse.
//!
//! The parser is built for the good case and reports only a kind of error. An error that
//! reaches a person must show the bytes, so this module looks again at what was received,
//! line by line and slowly, for the first place that breaks the grammar. It runs once per
//! failed connection.
//!
//! It never decides *whether* something is an error; the parser has done that. If the two
//! should ever disagree, the message is less precise and the verdict still stands.

use crate::error::{Error, Excerpt, Section};
use crate::message::syntax::{first_not, is_ows, is_token_byte, is_value_byte};

/// A text that is at fault: as the parser has read it, and as it was received. Both have the
/// same lines.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    pub(super) readable: &'t [u8],
    pub(super) received: &'t [u8],
}

impl<'t> Text<'t> {
    /// Its first bytes.
    pub(super) fn start(self, length: usize) -> Self {
        Text {
            readable: &self.readable[..length],
            received: &self.received[..length],
        }
    }

    /// A text that was read as it was received.
    pub(super) fn plain(received: &'t [u8]) -> Self {
        Text {
            readable: received,
            received,
        }
    }
}

/// Turns an error of the parser into one of ours. `head` begins with the status line.
pub(super) fn explain(error: httparse::Error, head: Text<'_>, max_fields: usize) -> Error {
    match error {
        httparse::Error::TooManyHeaders => Error::TooManyHeaders { limit: max_fields },
        httparse::Error::HeaderName | httparse::Error::HeaderValue => bad_fields(head),
        httparse::Error::NewLine if !head.received.starts_with(b"\r") => bad_fields(head),
        _ => bad_start(head.received),
    }
}

/// The error for a first line that is no status line of a version we speak.
pub(super) fn bad_start(head: &[u8]) -> Error {
    if head.starts_with(b"HTTP/") {
        Error::BadStatusLine {
            line: Excerpt::start_of(first_line(head)),
        }
    } else {
        Error::NotHttp {
            start: Excerpt::start_of(head),
        }
    }
}

/// The error for the first bad line behind the status line.
pub(super) fn bad_fields(head: Text<'_>) -> Error {
    let start = first_line(head.received).len() + 1;
    let lines = Text {
        readable: head.readable.get(start..).unwrap_or_default(),
        received: head.received.get(start..).unwrap_or_default(),
    };
    bad_field_line(Section::Head, lines)
}

/// The error for the first bad line among `lines`.
pub(super) fn bad_field_line(section: Section, lines: Text<'_>) -> Error {
    let mut first = true;
    for (line, received) in split_lines(lines.readable).zip(split_lines(lines.received)) {
        if let Some(fault) = fault(line, first || section == Section::Trailers) {
            return bad_line(section, received, fault);
        }
        first = false;
    }
    Error::BadHeaderLine {
        section,
        line: Excerpt::start_of(lines.received),
        reason: "malformed",
    }
}

/// The lines of a text, without their ends.
pub(super) fn split_lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|&byte| byte == b'\n');
    lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The error for a line with a fault.
pub(super) fn bad_line(section: Section, line: &[u8], (offset, reason): Fault) -> Error {
    Error::BadHeaderLine {
        section,
        line: Excerpt::around(line, offset),
        reason,
    }
}

/// Where a line breaks the grammar, and how.
pub(super) type Fault = (usize, &'static str);

/// The first fault of a line. `None` also for an empty line.
pub(super) fn fault(line: &[u8], fold_forbidden: bool) -> Option<Fault> {
    if line.first().is_some_and(|&byte| is_ows(byte)) {
        return if fold_forbidden {
            Some((0, "folded line"))
        } else {
            value_fault(line, 0)
        };
    }
    let end = first_not(line, is_token_byte);
    match end {
        None if line.is_empty() => None,
        None => Some((line.len(), "no colon")),
        Some((b':', 0)) => Some((0, "empty name")),
        Some((b':', colon)) => value_fault(line, colon + 1),
        Some((b' ' | b'\t', at)) => Some((at, "white space in or after the name")),
        Some((_, at)) => Some((at, "byte not allowed in a name")),
    }
}

/// The first byte from `start` on that cannot stand in a value.
fn value_fault(line: &[u8], start: usize) -> Option<Fault> {
    let (byte, offset) = first_not(&line[start..], is_value_byte)?;
    let reason = match byte {
        b'\r' => "carriage return without line feed",
        0 => "NUL in a value",
        _ => "control byte in a value",
    };
    Some((start + offset, reason))
}

/// The bytes up to the first line feed.
fn first_line(head: &[u8]) -> &[u8] {
    let end = head
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(head.len());
    &head[..end]
}
