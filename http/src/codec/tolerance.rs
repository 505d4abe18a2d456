//! What is taken from a server although it is wrong.
//!
//! A client that reads on where the grammar ends guesses, and two parties that guess
//! differently read each other's bodies as heads. So nothing is tolerated by default. A program
//! that reads for one person, and passes nothing on, may want the answers of old and broken
//! servers more than it fears that.

/// What is taken from a server although it is wrong. Default: nothing.
///
/// ```
/// use looplet_http::codec::{Limits, Tolerance};
/// use looplet_http::{Session, SessionConfig};
///
/// let tolerance = Tolerance { sloppy: true, ..Tolerance::default() };
/// let limits = Limits { tolerance, ..Limits::default() };
/// let session = Session::with(SessionConfig { limits, ..SessionConfig::default() });
/// # drop(session);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tolerance {
    /// An answer that does not begin like HTTP is a body without a head, as in HTTP/0.9. Its
    /// status is 200, and it ends with the connection. Without, it is
    /// [`Error::NotHttp`](crate::Error::NotHttp).
    pub headless: bool,
    /// Four faults that are common and can be understood: white space before the name of the
    /// first field; lines of a chunked body that end with a bare LF; `chunked` named twice; and
    /// `identity` named as a transfer coding, which means none.
    pub sloppy: bool,
}
