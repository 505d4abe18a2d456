//! All charsets of the Encoding Standard, by `encoding_rs`.
//!
//! Labels mean what browsers make of them: Latin-1, for one, is windows-1252, and `gb2312` is
//! GBK.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::content_type::charset_of;
use super::meta;
use crate::error::Error;

/// Decodes a body as `content_type`, or its own beginning, says.
pub(crate) fn decode(body: Vec<u8>, content_type: &str) -> String {
    let declared = charset_of(content_type);
    let declared = declared.and_then(|label| Encoding::for_label(label.as_bytes()));
    decode_in(body, declared, || in_html(content_type))
}

/// A charset that a program has named.
pub(crate) struct Charset(&'static Encoding);

impl Charset {
    /// Finds the charset of a label.
    pub(crate) fn named(label: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownCharset {
            label: label.to_owned(),
        };
        let encoding = Encoding::for_label(label.as_bytes());
        encoding.map(Self).ok_or_else(unknown)
    }

    /// Decodes a body.
    pub(crate) fn decode(self, body: Vec<u8>) -> String {
        decode_in(body, Some(self.0), || false)
    }
}

/// Decodes a body for which this charset is declared.
fn decode_in(
    body: Vec<u8>,
    declared: Option<&'static Encoding>,
    is_html: impl FnOnce() -> bool,
) -> String {
    let marked = Encoding::for_bom(&body).map(|(encoding, _)| encoding);
    let encoding = match (declared, marked) {
        (Some(declared), Some(marked)) if is_utf16(declared) && is_utf16(marked) => marked,
        (Some(declared), _) => declared,
        (None, Some(marked)) => marked,
        (None, None) if is_html() => meta::charset(&body).unwrap_or(UTF_8),
        (None, None) => UTF_8,
    };
    text(encoding, body)
}

/// Decodes, and takes the byte order mark off. What is UTF-8 already is not copied.
fn text(encoding: &'static Encoding, body: Vec<u8>) -> String {
    if encoding == UTF_8 && !body.starts_with(b"\xef\xbb\xbf") {
        return match String::from_utf8(body) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
    }
    encoding.decode_with_bom_removal(&body).0.into_owned()
}

fn is_utf16(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

/// Whether a body of this type is HTML.
fn in_html(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["text/html", "application/xhtml+xml"]
        .iter()
        .any(|html| essence.eq_ignore_ascii_case(html))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word in GBK.
    const GBK: &[u8] = b"\xd6\xd0\xce\xc4";
    const TEXT: &str = "\u{4e2d}\u{6587}";

    fn html(charset: &str, body: &[&[u8]]) -> String {
        decode(body.concat(), &format!("text/html{charset}"))
    }

    #[test]
    fn the_header_goes_before_the_mark_the_mark_before_meta_and_meta_before_utf8() {
        let meta: &[u8] = b"<meta charset=koi8-r>";
        let mark: &[u8] = b"\xef\xbb\xbf";
        let utf8 = TEXT.as_bytes();
        assert_eq!(html("; charset=gbk", &[GBK]), TEXT);
        assert!(html("; charset=gbk", &[meta, GBK]).ends_with(TEXT));
        assert!(html("; charset=latin1", &[mark, utf8]).starts_with("\u{ef}"));
        assert!(html("", &[mark, meta, utf8]).ends_with(TEXT));
        assert!(html("", &[meta, b"\xc1"]).ends_with('\u{430}'));
        assert_eq!(html("", &[utf8]), TEXT);
    }

    #[test]
    fn only_html_is_searched_for_meta() {
        let body = b"<meta charset=koi8-r>\xc1".to_vec();
        assert!(decode(body.clone(), "text/plain").ends_with('\u{fffd}'));
        assert!(decode(body, "Application/XHTML+xml ; x").ends_with('\u{430}'));
    }

    #[test]
    fn a_label_that_is_not_known_decides_nothing() {
        let meta: &[u8] = b"<meta charset=gbk>";
        assert!(html("; charset=no-such", &[meta, GBK]).ends_with(TEXT));
        assert_eq!(html("; charset=no-such", &[TEXT.as_bytes()]), TEXT);
        let error = Charset::named("no-such").err().unwrap();
        assert_eq!(error.to_string(), r#"unknown charset "no-such""#);
    }

    #[test]
    fn a_mark_of_utf16_corrects_the_byte_order() {
        assert_eq!(
            html("; charset=utf-16", &[b"\xfe\xff\x4e\x2d\x65\x87"]),
            TEXT
        );
        assert_eq!(html("; charset=utf-16", &[b"\x2d\x4e\x87\x65"]), TEXT);
        assert_eq!(html("", &[b"\xff\xfe\x2d\x4e\x87\x65"]), TEXT);
    }

    #[test]
    fn what_is_malformed_becomes_a_replacement_character() {
        assert_eq!(html("; charset=utf-8", &[b"a\xffb"]), "a\u{fffd}b");
        assert_eq!(html("; charset=gbk", &[b"a\xff"]), "a\u{fffd}");
        assert_eq!(html("; charset=utf-16le", &[b"a\0b"]), "a\u{fffd}");
    }

    #[test]
    fn a_label_may_have_white_space_around_it_and_another_name() {
        let named = Charset::named(" GB2312 ").ok().unwrap();
        assert_eq!(named.decode(GBK.to_vec()), TEXT);
    }
}
