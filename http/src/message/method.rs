//! The request method.
//!
//! Nine methods are common and have a constant each; any other token is a method as well
//! (RFC 9110, section 9.1). A `Method` is valid by construction, because it is the first
//! thing on the request line: a space in it would smuggle a second target in.
//!
//! Methods are case-sensitive. `get` is a valid method and not `GET`; the client does not
//! guess.
//!
//! Cloning is cheap: the common methods are static text, the others are counted. The
//! counter is atomic although the client runs on one thread, so that a method can be part
//! of a job for another.

use std::fmt;
use std::sync::Arc;

use super::syntax::is_token_byte;
use crate::error::{Error, Excerpt};

/// A request method: a token, case-sensitive (RFC 9110, section 9).
///
/// ```
/// use looplet_http::message::Method;
///
/// assert_eq!(Method::new("GET")?, Method::GET);
/// assert_eq!(Method::new("PURGE")?.as_str(), "PURGE");
/// assert!(Method::new("GET /admin HTTP/1.1\r\n").is_err());
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Method(Token);

/// Where the text of a method is kept. A common method is always `Common`, so that the
/// derived comparison is right.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Token {
    /// One of [`COMMON`].
    Common(&'static str),
    /// Any other token.
    Other(Arc<str>),
}

/// The methods that have a constant.
const COMMON: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT",
];

impl Method {
    /// Transfers a representation of the target.
    pub const GET: Method = Method(Token::Common("GET"));
    /// Like GET, without the body of the response.
    pub const HEAD: Method = Method(Token::Common("HEAD"));
    /// Has the target process the body.
    pub const POST: Method = Method(Token::Common("POST"));
    /// Replaces the target by the body.
    pub const PUT: Method = Method(Token::Common("PUT"));
    /// Removes the target.
    pub const DELETE: Method = Method(Token::Common("DELETE"));
    /// Changes the target as the body describes (RFC 5789).
    pub const PATCH: Method = Method(Token::Common("PATCH"));
    /// Asks what the target can do.
    pub const OPTIONS: Method = Method(Token::Common("OPTIONS"));
    /// Asks for the request as it arrived.
    pub const TRACE: Method = Method(Token::Common("TRACE"));
    /// Asks a proxy for a tunnel.
    pub const CONNECT: Method = Method(Token::Common("CONNECT"));

    /// Takes a method from text, as it is.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidMethod`] if the text is not a token.
    pub fn new(text: &str) -> Result<Self, Error> {
        if let Some(common) = COMMON.into_iter().find(|common| *common == text) {
            return Ok(Method(Token::Common(common)));
        }
        if text.is_empty() || !text.bytes().all(is_token_byte) {
            return Err(Error::InvalidMethod {
                method: Excerpt::start_of(text.as_bytes()),
            });
        }
        Ok(Method(Token::Other(text.into())))
    }

    /// The method as it stands on the request line.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Token::Common(text) => text,
            Token::Other(text) => text,
        }
    }

    /// Whether the method is defined not to change anything (RFC 9110, section 9.2.1).
    pub fn is_safe(&self) -> bool {
        matches!(self.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
    }

    /// Whether sending it twice is defined to have the effect of sending it once (RFC 9110,
    /// section 9.2.2). Only such a request is sent again without being asked to.
    pub fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self.as_str(), "PUT" | "DELETE")
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_methods_equal_their_constants() {
        for text in COMMON {
            assert_eq!(Method::new(text).unwrap().0, Token::Common(text));
        }
    }

    #[test]
    fn case_is_kept_and_matters() {
        assert_ne!(Method::new("get").unwrap(), Method::GET);
        assert_eq!(Method::new("get").unwrap().as_str(), "get");
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for text in ["", "GE T", "GET\r\n", "GET\0", "G:T", "GÉT"] {
            let refused = Method::new(text).unwrap_err();
            assert_eq!(
                refused,
                Error::InvalidMethod {
                    method: Excerpt::start_of(text.as_bytes())
                }
            );
        }
    }

    #[test]
    fn post_patch_and_unknown_methods_are_not_repeated() {
        for text in ["POST", "PATCH", "CONNECT", "PURGE", "get"] {
            assert!(!Method::new(text).unwrap().is_idempotent(), "{text}");
        }
        for text in ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
            assert!(Method::new(text).unwrap().is_idempotent(), "{text}");
        }
        assert!(!Method::PUT.is_safe());
    }
}
