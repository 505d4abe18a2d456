//! Who one is: user and password from `-u`, from the URL, and where they may go.

use crate::address::Address;
use crate::failure::Failure;
use crate::options::Operation;
use crate::request::Hop;

/// What is known about the user at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// The value of `Authorization`, ready to be sent.
    Ready(String),
}

/// Credentials for the URL itself. What the URL says counts more than `-u`.
pub(crate) fn of_first(
    operation: &Operation,
    address: &Address,
) -> Result<Option<Credentials>, Failure> {
    if let Some(token) = &operation.oauth2_bearer {
        return Ok(Some(Credentials::Ready(format!("Bearer {token}"))));
    }
    Ok(of_url(address).or_else(|| {
        let (user, password) = split(operation.user.as_deref()?);
        Some(basic(user.as_bytes(), password.as_bytes()))
    }))
}

/// Credentials for where a redirect leads: what the `Location` says, or those of before if it
/// stays with the same origin.
pub(crate) fn of_redirect(
    operation: &Operation,
    address: &Address,
    before: &Hop,
) -> Result<Option<Credentials>, Failure> {
    if let Some(own) = of_url(address) {
        return Ok(Some(own));
    }
    let there = Hop {
        address: address.clone(),
        ..before.clone()
    };
    match there.is_trusted(operation) {
        true => of_first(operation, &before.first),
        false => Ok(None),
    }
}

fn of_url(address: &Address) -> Option<Credentials> {
    let (user, password) = address.user.as_ref()?;
    if user.is_empty() && password.is_none() {
        return None;
    }
    Some(basic(user, password.as_deref().unwrap_or_default()))
}

fn split(text: &str) -> (&str, &str) {
    text.split_once(':').unwrap_or((text, ""))
}

fn basic(user: &[u8], password: &[u8]) -> Credentials {
    let both = [user, b":", password].concat();
    Credentials::Ready(format!("Basic {}", base64(&both)))
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three_become_groups_of_four() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
