//! The byte classes of RFC 9110, and the one validator of header fields.
//!
//! Header injection is always the same story: a byte from the caller reaches the wire
//! without having been looked at. So there is one function, [`check_field`], and every
//! name and value of every request passes through it.
//!
//! # Rules
//!
//! 1. A name is a token: `1*tchar` (RFC 9110, section 5.1 and 5.6.2).
//! 2. A value holds HTAB, SP, visible ASCII and bytes above 0x7f (section 5.5). The RFC
//!    forbids a sender every other byte, not only CR, LF and NUL; so does this client.
//! 3. A request target holds visible ASCII only.
//! 4. The first offending byte and its place are reported.

use crate::error::{Error, Excerpt, HeaderPart};

/// Whether the byte may stand in a token (RFC 9110, section 5.6.2).
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether the byte may stand in a field value (RFC 9110, section 5.5).
pub(crate) fn is_value_byte(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Whether the byte may stand in a request target.
pub(crate) fn is_target_byte(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// Whether the byte is optional white space (RFC 9110, section 5.6.3).
pub(crate) fn is_ows(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Cuts optional white space off both ends.
pub(crate) fn trim_ows(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_ows(*first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_ows(*last)
    {
        bytes = rest;
    }
    bytes
}

/// The members of a comma-separated list (RFC 9110, section 5.6.1), without the white
/// space around them. Empty members are kept: the caller knows whether they are allowed.
pub(crate) fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(trim_ows)
}

/// Checks that a field may be sent, and returns its value without the white space around.
///
/// # Errors
///
/// [`Error::InvalidHeader`] with the name and the first byte that is not allowed.
pub(crate) fn check_field<'v>(name: &str, value: &'v [u8]) -> Result<&'v [u8], Error> {
    let invalid = |part, byte| Error::InvalidHeader {
        name: Excerpt::start_of(name.as_bytes()),
        part,
        byte,
    };
    if name.is_empty() {
        return Err(invalid(HeaderPart::Name, None));
    }
    if let Some(found) = first_not(name.as_bytes(), is_token_byte) {
        return Err(invalid(HeaderPart::Name, Some(found)));
    }
    let value = trim_ows(value);
    match first_not(value, is_value_byte) {
        Some(found) => Err(invalid(HeaderPart::Value, Some(found))),
        None => Ok(value),
    }
}

/// The first byte that is not `allowed`, and its offset.
pub(crate) fn first_not(bytes: &[u8], allowed: impl Fn(u8) -> bool) -> Option<(u8, usize)> {
    let offset = bytes.iter().position(|&byte| !allowed(byte))?;
    Some((bytes[offset], offset))
}

/// Appends a number in decimal digits, without allocating.
pub(crate) fn push_decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_trimmed_on_both_ends_only() {
        assert_eq!(trim_ows(b" \t a b\t "), b"a b");
        assert_eq!(trim_ows(b" \t "), b"");
    }

    #[test]
    fn numbers_become_digits() {
        for number in [0, 9, 10, 65_535, u64::MAX] {
            let mut out = Vec::new();
            push_decimal(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }

    #[test]
    fn every_byte_has_its_class() {
        for byte in 0..=u8::MAX {
            let control = byte < b' ' || byte == 0x7f;
            assert_eq!(
                is_value_byte(byte),
                !control || byte == b'\t',
                "0x{byte:02x}"
            );
            assert_eq!(
                is_target_byte(byte),
                byte > b' ' && byte < 0x7f,
                "0x{byte:02x}"
            );
            let delimiter = b"\"(),/:;<=>?@[\\]{}".contains(&byte);
            let visible = byte > b' ' && byte < 0x7f;
            assert_eq!(is_token_byte(byte), visible && !delimiter, "0x{byte:02x}");
        }
    }
}
