//! What the feature `digest` adds to [`Auth`].

use super::credentials::Auth;
use super::login::Login;

impl Auth {
    /// Proves knowledge of the password when the server asks, and never sends it (RFC 7616).
    ///
    /// MD5, SHA-256 and SHA-512-256 are known, with and without `-sess`; the strongest that
    /// the server offers is taken. What it has said is remembered: requests that share this
    /// value, to the same origin, are not refused first.
    ///
    /// A request with a body that must expect to be refused is first sent without it, with
    /// `Content-Length: 0`, as curl does; so a stream is not used up before it is wanted. If
    /// the server does not ask but takes that (2xx), the request is sent again as it is.
    pub fn digest(user: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        let (user, password) = (user.into(), password.into());
        Self::when_asked(Login { user, password }, false)
    }
}
