//! Makes broken heads readable, where that is tolerated.
//!
//! The parser knows one grammar. Where [`Tolerance`] is wider, the parser gets a copy of the
//! head in which the tolerated bytes are replaced by harmless ones, one for one; the places that
//! it finds are then the places in the head as it was received.

use std::borrow::Cow;

use super::diagnose::{self, Text, split_lines};
use super::tolerance::Tolerance;
use crate::error::{Error, Section};
use crate::message::syntax::{is_ows, is_token_byte, is_value_byte};

/// What stands for a control byte: allowed in a value, and nowhere else.
const MASK: u8 = 0x80;

/// The names that decide where a body ends.
const FRAMING: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];

/// What the parser reads for `head`, which begins with the status line: bytes of the same
/// number, with the same lines.
pub(super) fn readable<'h>(head: &'h [u8], tolerance: &Tolerance) -> Cow<'h, [u8]> {
    let status_line = head.iter().position(|&byte| byte == b'\n');
    let fields = status_line.filter(|_| tolerance.control_bytes);
    let first = fields.and_then(|start| head[start..].iter().position(is_masked));
    match (fields, first) {
        (Some(start), Some(first)) => {
            let mut masked = head.to_vec();
            let rest = masked[start + first..].iter_mut();
            rest.filter(|byte| is_masked(byte))
                .for_each(|byte| *byte = MASK);
            Cow::Owned(masked)
        }
        _ => Cow::Borrowed(head),
    }
}

fn is_masked(byte: &u8) -> bool {
    !is_value_byte(*byte) && !b"\0\r\n".contains(byte)
}

/// Refuses to drop a line of `head` that decides where the body ends.
///
/// # Errors
///
/// [`Error::BadHeaderLine`].
pub(super) fn refuse_broken_framing(head: Text<'_>, tolerance: &Tolerance) -> Result<(), Error> {
    let mut name: &[u8] = b"";
    let mut may_be_fold = false;
    let lines = split_lines(head.readable).zip(split_lines(head.received));
    for (line, received) in lines.skip(1) {
        if !(may_be_fold && line.first().is_some_and(|&byte| is_ows(byte))) {
            name = first_word(line);
        }
        let fault = diagnose::fault(line, !may_be_fold && !tolerance.indented_first_field);
        let frames = FRAMING.iter().any(|it| it.eq_ignore_ascii_case(name));
        if let Some(fault) = fault.filter(|_| frames) {
            return Err(diagnose::bad_line(Section::Head, received, fault));
        }
        may_be_fold = true;
    }
    Ok(())
}

/// What the name of a broken line would be.
fn first_word(line: &[u8]) -> &[u8] {
    let mut words = line.split(|&byte| !is_token_byte(byte));
    words.find(|word| !word.is_empty()).unwrap_or_default()
}
