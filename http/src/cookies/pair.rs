//! A cookie that a program sends itself: a name and a value in the header `Cookie`.
//!
//! What RFC 6265 allows a server to set is narrower than what servers do set: brackets in names,
//! spaces, quotes and commas in values. So only what would change the meaning is refused here:
//! what ends a pair, what ends a line, and white space at the ends, which would be lost.

use crate::error::{Error, Excerpt};
use crate::message::Headers;

/// Adds a pair to the header `Cookie`, behind those that are in it.
///
/// # Errors
///
/// [`Error::InvalidCookie`].
pub(crate) fn append_pair(headers: &mut Headers, name: &str, value: &str) -> Result<(), Error> {
    check(name, value).map_err(|reason| Error::InvalidCookie {
        name: Excerpt::start_of(name.as_bytes()),
        reason,
    })?;
    let pair = format!("{name}={value}");
    let values = headers.get_all("cookie").chain([pair.as_bytes()]);
    let joined = values.collect::<Vec<_>>().join(&b"; "[..]);
    headers.insert("Cookie", joined)
}

fn check(name: &str, value: &str) -> Result<(), &'static str> {
    let separates = |letter: char| letter.is_ascii_control() || letter == ';';
    if name.is_empty() {
        return Err("its name is empty");
    }
    if name.contains(|letter: char| separates(letter) || letter == '=' || letter.is_whitespace()) {
        return Err("there is white space, a control byte, `=` or `;` in its name");
    }
    if value.contains(separates) {
        return Err("there is a control byte or `;` in its value");
    }
    if value.trim() != value {
        return Err("there is white space around its value");
    }
    Ok(())
}
