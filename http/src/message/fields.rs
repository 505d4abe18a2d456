//! The header fields that a server sent: ranges into the bytes that were received.
//!
//! A response head is parsed once, looked into a few times and dropped. Turning every name
//! and value into a string of its own costs more than all the rest of the parsing, so the
//! head is copied out of the read buffer in one piece and the fields are offsets into it.
//! Trailers have the same form.
//!
//! # Rules
//!
//! 1. Order and case are as received. Lookups ignore ASCII case.
//! 2. Values are bytes, without the white space around them. What a byte above 0x7f means
//!    is not defined by HTTP; the reader chooses ([`Fields::get_str`], [`Fields::get_latin1`]).
//! 3. [`Fields::get`] gives the first of several fields; for fields where a second value is
//!    an attack, ask [`Fields::unique`].

use std::fmt;

use super::lengths::Lengths;
use crate::error::{Error, Excerpt};

/// Received header fields, in order.
#[derive(Clone, Default)]
pub struct Fields {
    /// The received bytes; obsolete line folds are already replaced in it.
    buffer: Vec<u8>,
    /// Where the fields are in it, in order.
    spans: Vec<FieldSpan>,
    /// Which lengths the names have.
    lengths: Lengths,
}

/// The place of one field in the buffer. Heads are capped below 4 GiB, so 32 bits do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpan {
    /// Offsets of the first byte of the name and of the one behind its last.
    pub(crate) name: (u32, u32),
    /// The same for the value.
    pub(crate) value: (u32, u32),
}

impl FieldSpan {
    fn name_length(self) -> usize {
        (self.name.1 - self.name.0) as usize
    }
}

impl Fields {
    /// Takes parsed bytes over. The names must be ASCII.
    pub(crate) fn new(buffer: Vec<u8>, spans: Vec<FieldSpan>) -> Self {
        let mut lengths = Lengths::default();
        for span in &spans {
            lengths.add(span.name_length());
        }
        Fields {
            buffer,
            spans,
            lengths,
        }
    }

    /// The bytes between two offsets.
    pub(crate) fn slice(&self, (start, end): (u32, u32)) -> &[u8] {
        &self.buffer[start as usize..end as usize]
    }

    /// All the bytes that were parsed.
    pub(crate) fn received(&self) -> &[u8] {
        &self.buffer
    }

    /// Keeps only the fields whose name passes.
    pub(crate) fn retain(&mut self, keep: impl Fn(&[u8]) -> bool) {
        let buffer = &self.buffer;
        self.spans
            .retain(|span| keep(&buffer[span.name.0 as usize..span.name.1 as usize]));
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// All fields in order: name as received, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.spans.iter().map(|span| {
            let name = std::str::from_utf8(self.slice(span.name)).expect("names are ASCII");
            (name, self.slice(span.value))
        })
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all<'f>(&'f self, name: &str) -> impl Iterator<Item = &'f [u8]> {
        let spans = match self.lengths.may_have(name.len()) {
            true => &self.spans[..],
            false => &[],
        };
        spans
            .iter()
            .filter(move |span| span.name_length() == name.len())
            .filter(move |span| self.slice(span.name).eq_ignore_ascii_case(name.as_bytes()))
            .map(|span| self.slice(span.value))
    }

    /// The first value of this name as text; `None` also if it is not plain ASCII.
    pub fn get_str(&self, name: &str) -> Option<&str> {
        let value = self.get(name)?;
        if value.is_ascii() {
            std::str::from_utf8(value).ok()
        } else {
            None
        }
    }

    /// The first value of this name with every byte read as one character, which is what
    /// HTTP meant before it stopped defining it.
    pub fn get_latin1(&self, name: &str) -> Option<String> {
        Some(
            self.get(name)?
                .iter()
                .map(|&byte| char::from(byte))
                .collect(),
        )
    }

    /// The value of a field that can have only one, such as `Location`. The same value
    /// given twice counts as one.
    ///
    /// # Errors
    ///
    /// [`Error::ConflictingHeader`] if two values differ.
    pub fn unique(&self, name: &str) -> Result<Option<&[u8]>, Error> {
        let mut values = self.get_all(name);
        let first = values.next();
        if values.any(|value| Some(value) != first) {
            return Err(Error::ConflictingHeader {
                name: name.to_owned(),
            });
        }
        Ok(first)
    }
}

impl PartialEq for Fields {
    /// Compares names and values, not the bytes between them.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Fields {}

impl fmt::Debug for Fields {
    /// Lists the fields. Values that carry credentials are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_fields(f, self.iter())
    }
}

/// The fields whose values must not end up in a log.
const SECRET: [&str; 4] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Prints fields as a map, without the secret values.
pub(super) fn debug_fields<'f>(
    f: &mut fmt::Formatter<'_>,
    fields: impl Iterator<Item = (&'f str, &'f [u8])>,
) -> fmt::Result {
    let shown = fields.map(|(name, value)| {
        let secret = SECRET
            .iter()
            .any(|secret| secret.eq_ignore_ascii_case(name));
        (
            name,
            Excerpt::start_of(if secret { b"[hidden]" } else { value }),
        )
    });
    f.debug_map().entries(shown).finish()
}
