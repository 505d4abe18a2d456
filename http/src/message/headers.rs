//! The header fields of a request, as the caller builds them.
//!
//! Servers and their bot filters look at the order and the spelling of header names, so
//! both are kept. And since they are kept, the cheapest way to store the fields is the way
//! they will be sent: [`Headers`] *is* its wire form, `Name: value` lines with CRLF, in one
//! buffer, and beside it where the lines and the names in them end. Encoding a request copies
//! that buffer; a lookup walks the lines. A request has a dozen of them at most, and a walk over
//! one buffer beats a hash of every name.
//!
//! # Rules
//!
//! 1. Every name and value passes [`syntax::check_field`] on its way in, so no line can
//!    hold a line break of the caller's.
//! 2. Names are compared without regard to ASCII case and sent with the case given.
//! 3. `remove` and `insert` act on *all* fields of the name. A credential that was given
//!    twice is gone after one `remove`.
//!
//! Values are bytes: RFC 9110 leaves the bytes above 0x7f opaque, and so does this type.

use std::fmt;
use std::slice;

use super::lengths::Lengths;
use super::syntax::{self, list_members};
use crate::error::Error;

/// An ordered multimap of header fields, ready for the wire.
///
/// ```
/// use looplet_http::message::Headers;
///
/// let mut headers = Headers::new();
/// headers.append("X-Tag", "one")?;
/// headers.append("x-tag", "two")?;
/// assert_eq!(headers.get("X-TAG"), Some(&b"one"[..]));
/// assert_eq!(headers.get_all("x-tag").count(), 2);
/// assert!(headers.append("X-Tag", "one\r\nEvil: yes").is_err());
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Headers {
    /// `Name: value` lines, each ended by CRLF.
    wire: Vec<u8>,
    /// Where each line is, in order; a line begins where the one before ends.
    spans: Vec<Span>,
    /// Which lengths the names have had. Most names that are looked for are not there, and mostly
    /// this says so.
    lengths: Lengths,
}

/// One line in the buffer.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Span {
    /// How long the name is.
    name: usize,
    /// Where the line ends.
    end: usize,
}

/// What stands between a name and its value.
const SEPARATOR: &[u8] = b": ";

/// What ends a field line.
const LINE_END: &[u8] = b"\r\n";

impl Headers {
    /// Makes an empty one, without allocating.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a field at the end, beside others of the same name. White space around the
    /// value is dropped.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidHeader`] if the name is not a token or the value holds a control
    /// byte. Nothing is changed then.
    pub fn append(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
        let value = syntax::check_field(name, value.as_ref())?;
        self.push(name, value);
        Ok(())
    }

    /// Replaces all fields of this name by one, which takes the place of the first of
    /// them, or stands at the end if there was none.
    ///
    /// # Errors
    ///
    /// As [`append`](Self::append).
    pub fn insert(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), Error> {
        let value = syntax::check_field(name, value.as_ref())?;
        let mut replaced = Headers {
            wire: Vec::with_capacity(self.wire.len() + name.len() + value.len() + 4),
            spans: Vec::with_capacity(self.spans.len() + 1),
            lengths: Lengths::default(),
        };
        let mut pending = Some(value);
        for line in self.lines() {
            if !line.is_named(name.as_bytes()) {
                replaced.push(line.name(), line.value);
            } else if let Some(value) = pending.take() {
                replaced.push(name, value);
            }
        }
        if let Some(value) = pending {
            replaced.push(name, value);
        }
        *self = replaced;
        Ok(())
    }

    /// Removes all fields of this name and says whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        if !self.contains(name) {
            return false;
        }
        let mut kept = Headers::new();
        for line in self.lines().filter(|line| !line.is_named(name.as_bytes())) {
            kept.push(line.name(), line.value);
        }
        *self = kept;
        true
    }

    /// Whether there is a field of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.lengths.may_have(name.len()) && self.named(name.as_bytes()).next().is_some()
    }

    /// The value of the first field of this name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.named(name.as_bytes()).next().map(|line| line.value)
    }

    /// The values of all fields of this name, in order.
    pub fn get_all<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.named(name.as_bytes()).map(|line| line.value)
    }

    /// All fields in order: name as given, value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lines().map(|line| (line.name(), line.value))
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.wire.is_empty()
    }

    /// The fields as they are sent: `Name: value` lines with CRLF, without the empty line
    /// that ends a head.
    pub fn as_wire(&self) -> &[u8] {
        &self.wire
    }

    /// Appends one line, of what was checked.
    fn push(&mut self, name: &str, value: &[u8]) {
        let wire = &mut self.wire;
        wire.reserve(name.len() + SEPARATOR.len() + value.len() + LINE_END.len());
        wire.extend_from_slice(name.as_bytes());
        wire.extend_from_slice(SEPARATOR);
        wire.extend_from_slice(value);
        wire.extend_from_slice(LINE_END);
        let (name, end) = (name.len(), wire.len());
        self.spans.push(Span { name, end });
        self.lengths.add(name);
    }

    /// The members of a comma-separated list. Mostly it is not there, and nothing is looked at.
    pub(crate) fn members(&self, name: &str) -> Vec<&[u8]> {
        match self.contains(name) {
            true => self.get_all(name).flat_map(list_members).collect(),
            false => Vec::new(),
        }
    }

    /// The lines of a name.
    fn named<'h>(&'h self, name: &[u8]) -> impl Iterator<Item = Line<'h>> {
        let mut lines = self.lines();
        if !self.lengths.may_have(name.len()) {
            lines.spans = [].iter();
        }
        lines.filter(move |line| line.is_named(name))
    }

    /// Whether there is a field of the name of `line`.
    pub(crate) fn has(&self, line: &Line<'_>) -> bool {
        self.named(line.name).next().is_some()
    }

    /// The lines in their order.
    pub(crate) fn lines(&self) -> Lines<'_> {
        Lines {
            wire: &self.wire,
            start: 0,
            spans: self.spans.iter(),
        }
    }
}

/// One field of the buffer.
pub(crate) struct Line<'h> {
    /// All of it, with the line end.
    pub(crate) whole: &'h [u8],
    /// The name as it was given, which is ASCII.
    name: &'h [u8],
    /// The value.
    pub(crate) value: &'h [u8],
}

impl<'h> Line<'h> {
    /// Whether this is a field of that name.
    pub(crate) fn is_named(&self, name: &[u8]) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn name(&self) -> &'h str {
        std::str::from_utf8(self.name).expect("names are ASCII tokens")
    }
}

/// Walks over the lines.
pub(crate) struct Lines<'h> {
    wire: &'h [u8],
    /// Where the next line begins.
    start: usize,
    spans: slice::Iter<'h, Span>,
}

impl<'h> Iterator for Lines<'h> {
    type Item = Line<'h>;

    fn next(&mut self) -> Option<Line<'h>> {
        let span = self.spans.next()?;
        let whole = &self.wire[self.start..span.end];
        self.start = span.end;
        let (name, rest) = whole.split_at(span.name);
        let value = &rest[SEPARATOR.len()..rest.len() - LINE_END.len()];
        Some(Line { whole, name, value })
    }
}

impl fmt::Debug for Headers {
    /// Lists the fields. Values that carry credentials are not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::fields::debug_fields(f, self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Excerpt, HeaderPart};

    fn sample() -> Headers {
        let mut headers = Headers::new();
        headers.append("Authorization", "one").unwrap();
        headers.append("X-Middle", "m: with colon").unwrap();
        headers.append("AUTHORIZATION", "two").unwrap();
        headers
    }

    #[test]
    fn the_wire_form_keeps_order_and_case() {
        let wire = b"Authorization: one\r\nX-Middle: m: with colon\r\nAUTHORIZATION: two\r\n";
        assert_eq!(sample().as_wire(), wire);
    }

    #[test]
    fn remove_leaves_none_of_several_values() {
        let mut headers = sample();
        assert!(headers.remove("authorization"));
        assert_eq!(headers.as_wire(), b"X-Middle: m: with colon\r\n");
        assert!(!headers.remove("authorization"));
    }

    #[test]
    fn insert_replaces_all_values_at_the_place_of_the_first() {
        let mut headers = sample();
        headers.insert("authorization", "new").unwrap();
        assert_eq!(
            headers.as_wire(),
            b"authorization: new\r\nX-Middle: m: with colon\r\n"
        );
        headers.insert("Last", " \tz ").unwrap();
        assert_eq!(headers.get("last"), Some(&b"z"[..]));
        assert_eq!(headers.len(), 3);
    }

    #[test]
    fn an_invalid_field_changes_nothing_and_names_the_byte() {
        type Row = (&'static str, &'static [u8], HeaderPart, Option<(u8, usize)>);
        let bad: [Row; 8] = [
            ("", b"v", HeaderPart::Name, None),
            ("X Y", b"v", HeaderPart::Name, Some((b' ', 1))),
            ("X:", b"v", HeaderPart::Name, Some((b':', 1))),
            ("X\r\n", b"v", HeaderPart::Name, Some((b'\r', 1))),
            ("Ä", b"v", HeaderPart::Name, Some((0xc3, 0))),
            ("X", b"a\r\nEvil: 1", HeaderPart::Value, Some((b'\r', 1))),
            ("X", b"a\nEvil: 1", HeaderPart::Value, Some((b'\n', 1))),
            ("X", b"ab\0", HeaderPart::Value, Some((0, 2))),
        ];
        for (name, value, part, byte) in bad {
            let mut headers = sample();
            let expected = Error::InvalidHeader {
                name: Excerpt::start_of(name.as_bytes()),
                part,
                byte,
            };
            assert_eq!(headers.append(name, value), Err(expected.clone()));
            assert_eq!(headers.insert(name, value), Err(expected));
            assert_eq!(headers, sample());
        }
    }

    #[test]
    fn empty_values_and_high_bytes_are_kept() {
        let mut headers = Headers::new();
        headers.append("Empty", "").unwrap();
        headers.append("High", [0xff, b'\t', 0x80]).unwrap();
        let all: Vec<_> = headers.iter().collect();
        assert_eq!(
            all,
            [("Empty", &b""[..]), ("High", &[0xff, b'\t', 0x80][..])]
        );
    }

    #[test]
    fn debug_hides_credentials() {
        let text = format!("{:?}", sample());
        assert!(!text.contains("one") && !text.contains("two"), "{text}");
        assert!(text.contains("with colon"), "{text}");
    }
}
