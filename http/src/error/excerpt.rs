//! A few bytes of what was wrong, safe to print.
//!
//! "Invalid header" helps nobody. An error that involves bytes from the network carries
//! the first of them, so that one can see that the port speaks SSH, or that a backend
//! wrote a NUL into a cookie.
//!
//! # Rules
//!
//! 1. At most [`Excerpt::MAX`] bytes are kept, whatever the peer sent.
//! 2. Printed, it is one line of ASCII in quotes: control bytes, quotes, backslashes and
//!    everything above 0x7e are escaped. A terminal cannot be attacked through it.
//! 3. Three dots outside the quotes mark an end that was cut off.

use std::fmt;

/// The first bytes of something that was wrong; see the module for what it keeps.
///
/// ```
/// use looplet_http::error::Excerpt;
///
/// let start = Excerpt::start_of(b"SSH-2.0-Open\r\n");
/// assert_eq!(start.to_string(), r#""SSH-2.0-Open\x0d\x0a""#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// What is shown.
    bytes: Box<[u8]>,
    /// Whether bytes before or after the shown ones were left out.
    cut: (bool, bool),
}

impl Excerpt {
    /// The most bytes that an excerpt keeps.
    pub const MAX: usize = 64;

    /// Keeps the beginning of `bytes`.
    pub fn start_of(bytes: &[u8]) -> Self {
        Self::around(bytes, 0)
    }

    /// Keeps the bytes around `offset`.
    pub fn around(bytes: &[u8], offset: usize) -> Self {
        let last_start = bytes.len().saturating_sub(Self::MAX);
        let start = offset.saturating_sub(Self::MAX / 2).min(last_start);
        let end = bytes.len().min(start + Self::MAX);
        Excerpt {
            bytes: bytes[start..end].into(),
            cut: (start > 0, end < bytes.len()),
        }
    }

    /// The bytes that are kept.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (before, after) = self.cut;
        f.write_str(if before { "...\"" } else { "\"" })?;
        for &byte in &self.bytes {
            match byte {
                b'"' | b'\\' => write!(f, "\\{}", char::from(byte))?,
                0x20..=0x7e => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        f.write_str(if after { "\"..." } else { "\"" })
    }
}

impl fmt::Debug for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_unprintable_is_escaped() {
        let text = Excerpt::start_of(b"a\"\\\0\x1b[2J\xff").to_string();
        assert_eq!(text, r#""a\"\\\x00\x1b[2J\xff""#);
    }

    #[test]
    fn both_ends_show_that_they_were_cut() {
        let long = vec![b'x'; 1000];
        let middle = Excerpt::around(&long, 500);
        assert_eq!(middle.as_bytes().len(), Excerpt::MAX);
        assert!(middle.to_string().starts_with("...\"x"));
        assert!(middle.to_string().ends_with("x\"..."));
        assert!(Excerpt::around(&long, 1000).to_string().ends_with("x\""));
        assert!(Excerpt::start_of(&long).to_string().starts_with("\"x"));
    }
}
