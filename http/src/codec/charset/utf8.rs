//! The charsets that need no tables: UTF-8 and Latin-1.

use super::content_type::charset_of;
use crate::error::Error;

/// Decodes a body as `content_type` says.
pub(crate) fn decode(body: Vec<u8>, content_type: &str) -> String {
    let named = charset_of(content_type).and_then(|label| charset(&label));
    named.unwrap_or(utf8)(body)
}

/// A charset that a program has named.
pub(crate) struct Charset(fn(Vec<u8>) -> String);

impl Charset {
    /// Finds the charset of a label.
    pub(crate) fn named(label: &str) -> Result<Self, Error> {
        let unknown = || Error::UnknownCharset {
            label: label.to_owned(),
        };
        charset(label.trim()).map(Self).ok_or_else(unknown)
    }

    /// Decodes a body.
    pub(crate) fn decode(self, body: Vec<u8>) -> String {
        (self.0)(body)
    }
}

fn charset(label: &str) -> Option<fn(Vec<u8>) -> String> {
    match label.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" => Some(utf8),
        "iso-8859-1" | "latin1" => Some(latin1),
        _ => None,
    }
}

fn utf8(mut body: Vec<u8>) -> String {
    if body.starts_with(b"\xef\xbb\xbf") {
        body.drain(..3);
    }
    match String::from_utf8(body) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

fn latin1(body: Vec<u8>) -> String {
    body.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_is_the_default_and_latin1_is_known() {
        let decode = |body: &[u8], charset: &str| {
            decode(body.to_vec(), &format!("text/plain; charset={charset}"))
        };
        assert_eq!(
            decode(b"\xef\xbb\xbf\xc3\xa9\xff", "utf-8"),
            "\u{e9}\u{fffd}"
        );
        assert_eq!(decode(b"\xc3\xa9", "gbk"), "\u{e9}");
        assert_eq!(decode(b"\xe9", "ISO-8859-1"), "\u{e9}");
    }

    #[test]
    fn a_label_that_is_not_known_is_an_error_if_it_is_asked_for() {
        let error = Charset::named("gbk").err().unwrap();
        assert_eq!(error.to_string(), r#"unknown charset "gbk""#);
        let latin1 = Charset::named(" Latin1 ").ok().unwrap();
        assert_eq!(latin1.decode(vec![0xe9]), "\u{e9}");
    }
}
