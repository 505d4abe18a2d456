//! The charset that an HTML document names for itself.
//!
//! ```text
//! <meta charset="gbk">
//! <meta http-equiv="Content-Type" content="text/html; charset=gbk">
//! ```
//!
//! What is read is the first 1024 bytes, as the HTML standard has it for its own scan before
//! parsing ("prescan a byte stream"), and what is done with them is a small version of that:
//! comments are skipped, and each `<meta` up to its `>` is searched for one of the two forms.
//! The difference shows only in scripts that write `<meta`, and attributes with a `>`.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How far a document is read.
const SCANNED: usize = 1024;

/// The charset of the first `<meta>` that names a known one.
pub(super) fn charset(document: &[u8]) -> Option<&'static Encoding> {
    let start = document[..document.len().min(SCANNED)].to_ascii_lowercase();
    let mut rest = start.as_slice();
    while let Some(at) = rest.iter().position(|&byte| byte == b'<') {
        rest = &rest[at..];
        if rest.starts_with(b"<!--") {
            // A comment that does not end hides everything.
            rest = &rest[2..];
            rest = &rest[find(rest, b"-->")?..];
        } else if let Some(tag) = rest.strip_prefix(b"<meta") {
            let end = tag.iter().position(|&byte| byte == b'>')?;
            if let Some(encoding) = in_tag(&tag[..end]) {
                return Some(encoding);
            }
            rest = &tag[end..];
        } else {
            rest = &rest[1..];
        }
    }
    None
}

/// The charset that the attributes of a tag name.
fn in_tag(tag: &[u8]) -> Option<&'static Encoding> {
    // Another element, such as `<metadata>`.
    tag.first().filter(|byte| b" \t\r\n\x0c/".contains(byte))?;
    let at = find(tag, b"charset")? + b"charset".len();
    let value = trim_start(&tag[at..]).strip_prefix(b"=")?;
    let value = match trim_start(value) {
        [b'"' | b'\'', quoted @ ..] => quoted,
        bare => bare,
    };
    let ends = |byte: &u8| b"\"'; \t\r\n\x0c/".contains(byte);
    let end = value.iter().position(ends).unwrap_or(value.len());
    Encoding::for_label(&value[..end]).map(as_read)
}

/// What the label of a document that could be read this far must mean.
fn as_read(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    let mut windows = bytes.windows(wanted.len());
    windows.position(|window| window == wanted)
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    bytes.trim_ascii_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meta_element_names_the_charset() {
        for (document, expected) in [
            ("<html><META Charset=GBK>", Some("GBK")),
            ("<meta charset = 'gbk' />", Some("GBK")),
            ("<meta\tcharset=gbk/>", Some("GBK")),
            (
                "<meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">",
                Some("GBK"),
            ),
            (
                "<meta name=x><meta charset=no-such><meta charset=gbk>",
                Some("GBK"),
            ),
            (
                "<!-- <meta charset=koi8-r> --><meta charset=gbk>",
                Some("GBK"),
            ),
            ("<!--><meta charset=gbk>", Some("GBK")),
            ("<!-- <meta charset=gbk>", None),
            ("<metadata charset=gbk>", None),
            ("<meta charset=gbk", None),
            ("<meta charset>", None),
            ("<meta charset=utf-16>", Some("UTF-8")),
            ("<meta charset=x-user-defined>", Some("windows-1252")),
            ("charset=gbk", None),
            ("", None),
        ] {
            let found = charset(document.as_bytes()).map(Encoding::name);
            assert_eq!(found, expected, "{document}");
        }
    }

    #[test]
    fn only_the_first_1024_bytes_are_read() {
        let meta = "<meta charset=gbk>";
        let document = |padding| format!("{:padding$}{meta}", "");
        assert!(charset(document(SCANNED - meta.len()).as_bytes()).is_some());
        assert!(charset(document(SCANNED - meta.len() + 1).as_bytes()).is_none());
    }
}
