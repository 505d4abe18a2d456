//! `-d` and its relatives: data on the command line or in files.

use std::fmt::Write as _;

use crate::failure::Failure;
use crate::options::value::{Value, read_file};

/// Adds to what is posted.
pub(crate) fn add(data: &mut Option<Vec<u8>>, more: &[u8], separator: &[u8]) {
    match data {
        Some(data) => {
            if !data.is_empty() {
                data.extend_from_slice(separator);
            }
            data.extend_from_slice(more);
        }
        None => *data = Some(more.to_vec()),
    }
}

/// `-d`: a file loses its line ends and zeros.
pub(crate) fn plain(value: Value<'_>) -> Result<Vec<u8>, Failure> {
    let mut data = value.or_file()?;
    if value.bytes.starts_with(b"@") {
        data.retain(|byte| !b"\r\n\0".contains(byte));
    }
    Ok(data)
}

/// `--data-urlencode`: `content`, `=content`, `name=content`, `@file` or `name@file`.
pub(crate) fn urlencoded(value: Value<'_>) -> Result<Vec<u8>, Failure> {
    let text = value.bytes;
    let Some(end) = text.iter().position(|byte| b"=@".contains(byte)) else {
        return Ok(encode(text).into_bytes());
    };
    let (name, rest) = (&text[..end], &text[end + 1..]);
    let content = if text[end] == b'=' {
        encode(rest)
    } else {
        let file = Value {
            option: value.option,
            bytes: rest,
        }
        .text()?;
        encode(&read_file(&file)?)
    };
    let mut data = name.to_vec();
    if !name.is_empty() {
        data.push(b'=');
    }
    data.extend_from_slice(content.as_bytes());
    Ok(data)
}

/// `--url-query`: as `--data-urlencode`, but as it is behind a `+`.
pub(crate) fn query(value: Value<'_>) -> Result<String, Failure> {
    match value.bytes.strip_prefix(b"+") {
        Some(bytes) => Value {
            option: value.option,
            bytes,
        }
        .text(),
        None => {
            let bytes = urlencoded(value)?;
            Value {
                option: value.option,
                bytes: &bytes,
            }
            .text()
        }
    }
}

/// `-H`: one line, or those in a file.
pub(crate) fn lines(value: Value<'_>) -> Result<Vec<Vec<u8>>, Failure> {
    if !value.bytes.starts_with(b"@") {
        return Ok(vec![value.bytes.to_vec()]);
    }
    let file = value.or_file()?;
    let lines = file.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    Ok(lines.filter(|line| !line.is_empty()).collect())
}

fn encode(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value<'_> {
        Value {
            option: "-d",
            bytes: text.as_bytes(),
        }
    }

    #[test]
    fn data_are_joined_by_ampersands_and_json_by_nothing() {
        let mut data = None;
        add(&mut data, b"a", b"&");
        add(&mut data, b"b", b"&");
        add(&mut data, b"c", b"");
        assert_eq!(data.as_deref(), Some(&b"a&bc"[..]));
    }

    #[test]
    fn an_empty_text_is_data_too() {
        let mut data = None;
        add(&mut data, b"", b"&");
        assert_eq!(data.as_deref(), Some(&b""[..]));
    }

    #[test]
    fn names_are_kept_and_contents_encoded() {
        for (given, expected) in [
            ("a b&c", "a%20b%26c"),
            ("=a=b", "a%3Db"),
            ("n&m=a b", "n&m=a%20b"),
        ] {
            assert_eq!(
                urlencoded(value(given)),
                Ok(expected.as_bytes().to_vec()),
                "{given}"
            );
        }
        assert_eq!(query(value("+a b")), Ok("a b".to_string()));
    }

    #[test]
    fn a_missing_file_is_told_with_code_26() {
        let failure = plain(value("@/no/such/file")).expect_err("it is not there");
        assert_eq!(failure.code, 26);
    }
}
