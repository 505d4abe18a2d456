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

/// Turns an error of the parser into one of ours. `head` begins with the status line.
pub(super) fn explain(error: httparse::Error, head: &[u8], max_fields: usize) -> Error {
    match error {
        httparse::Error::TooManyHeaders => Error::TooManyHeaders { limit: max_fields },
        httparse::Error::HeaderName | httparse::Error::HeaderValue => bad_fields(head),
        httparse::Error::NewLine if !head.starts_with(b"\r") => bad_fields(head),
        _ => bad_start(head),
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
fn bad_fields(head: &[u8]) -> Error {
    let status_line = first_line(head).len();
    bad_field_line(
        Section::Head,
        head.get(status_line + 1..).unwrap_or_default(),
    )
}

/// The error for the first bad line among `lines`.
pub(super) fn bad_field_line(section: Section, lines: &[u8]) -> Error {
    let mut first = true;
    for line in lines.split(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some((offset, reason)) = fault(line, first || section == Section::Trailers) {
            return Error::BadHeaderLine {
                section,
                line: Excerpt::around(line, offset),
                reason,
            };
        }
        first = false;
    }
    Error::BadHeaderLine {
        section,
        line: Excerpt::start_of(lines),
        reason: "malformed",
    }
}

/// Where a line breaks the grammar, and how. `None` also for an empty line.
fn fault(line: &[u8], fold_forbidden: bool) -> Option<(usize, &'static str)> {
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
fn value_fault(line: &[u8], start: usize) -> Option<(usize, &'static str)> {
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
