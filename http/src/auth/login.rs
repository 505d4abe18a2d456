//! A user and a password.
//!
//! Both are bytes: programs give text, which is UTF-8 then (RFC 7617, section 2.1), but the
//! percent codes of a URL can stand for anything.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::error::Error;
use crate::message::syntax::first_not;

/// A user and a password. It has no `Debug`: nobody can print it by accident.
pub(super) struct Login {
    pub(super) user: Vec<u8>,
    pub(super) password: Vec<u8>,
}

/// The value of a header with user and password for Basic.
///
/// # Errors
///
/// [`Error::InvalidCredentials`].
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Result<Vec<u8>, Error> {
    let login = Login {
        user: user.to_vec(),
        password: password.to_vec(),
    };
    login.check()?;
    login.basic()
}

impl Login {
    /// Refuses control bytes (RFC 7617, section 2). They would be in the way of everybody,
    /// and a line break among them would be the start of another header.
    pub(super) fn check(&self) -> Result<(), Error> {
        for (part, bytes) in [("user", &self.user), ("password", &self.password)] {
            if let Some((byte, at)) = first_not(bytes, |byte| !byte.is_ascii_control()) {
                let reason = format!("byte 0x{byte:02x} at {at}");
                return Err(Error::InvalidCredentials { part, reason });
            }
        }
        Ok(())
    }

    /// The value of `Authorization` for Basic.
    pub(super) fn basic(&self) -> Result<Vec<u8>, Error> {
        if self.user.contains(&b':') {
            return Err(Error::InvalidCredentials {
                part: "user",
                reason: "a colon would end it, for Basic".to_string(),
            });
        }
        let both = [&self.user[..], &self.password].join(&b':');
        Ok(format!("Basic {}", BASE64_STANDARD.encode(both)).into_bytes())
    }
}
