//! What is taken from a server although it is wrong.
//!
//! A client that reads on where the grammar ends guesses, and two parties that guess
//! differently read each other's bodies as heads. So nothing is tolerated by default but the one
//! thing that the standard lets a client read. A program that reads for one person, and passes
//! nothing on, may want the answers of old and broken servers more than it fears that.
//!
//! # Rules
//!
//! 1. Each switch is one fault, so that a program can take one without the others.
//! 2. What comes of a tolerated fault depends on the bytes alone and not on how they are cut.
//! 3. Three faults have no switch, because nobody could say what was meant: NUL in a head, a
//!    CR that is not in front of LF, and a body whose announced length is no number.
//! 4. Trailers are read strictly, apart from the ends of their lines.

/// Which faults of a server are tolerated. A plain struct: change the fields that matter and
/// take the rest from [`Default`], which tolerates [`length_beside_coding`] alone.
///
/// ```
/// use looplet_http::codec::{Limits, Tolerance};
/// use looplet_http::{Session, SessionConfig};
///
/// let tolerance = Tolerance { headless: true, ..Tolerance::default() };
/// let limits = Limits { tolerance, ..Limits::default() };
/// let session = Session::with(SessionConfig { limits, ..SessionConfig::default() });
/// # drop(session);
/// ```
///
/// [`length_beside_coding`]: Tolerance::length_beside_coding
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// An answer that does not begin like HTTP is a body without a head, as in HTTP/0.9: its
    /// status is 200, it has no fields, its version is called 1.0, and it ends with the
    /// connection. Not for HEAD and CONNECT, and not behind an interim response.
    ///
    /// The risk: whatever listens there, a mail server or the rest of another answer, has
    /// succeeded. Without, it is [`Error::NotHttp`](crate::Error::NotHttp).
    pub headless: bool,
    /// White space before the name of the first field is skipped.
    ///
    /// The risk: others take that line for a part of the status line, and do not see the field.
    pub indented_first_field: bool,
    /// Lines behind the status line that are no field, for want of a colon or because of a byte
    /// in the name or the value, are dropped; not those whose name is that of a framing field.
    ///
    /// The risk: a misspelled field, such as a cookie or a redirect, is missed without a word.
    pub broken_fields: bool,
    /// Control bytes in values are kept as they are.
    ///
    /// The risk: a program that prints them hands its terminal to the server.
    pub control_bytes: bool,
    /// Lines of a chunked body may end with a bare LF.
    ///
    /// The risk: others go on to the next CRLF, and see another body. Only for who passes
    /// nothing on.
    pub bare_line_feeds: bool,
    /// `identity` in `Transfer-Encoding` means nothing, and `chunked` said again is said once.
    ///
    /// The risk: others take the chunks for data, or take the coding off twice. The connection
    /// is not used again.
    pub redundant_codings: bool,
    /// A chunked body may end with the connection right behind the line of its last chunk,
    /// without the empty line.
    ///
    /// The risk: trailers that were cut off are not missed.
    pub missing_last_line: bool,
    /// `Content-Length` beside `Transfer-Encoding` is ignored (RFC 9112, section 6.3, rule 3).
    /// Default: yes, as real servers do that. The connection is not used again.
    ///
    /// The risk: it may be an attack on whatever stands in between. Without, it is
    /// [`Error::ConflictingFraming`](crate::Error::ConflictingFraming).
    pub length_beside_coding: bool,
}

impl Tolerance {
    /// Tolerates nothing.
    pub const fn strict() -> Self {
        Tolerance {
            headless: false,
            indented_first_field: false,
            broken_fields: false,
            control_bytes: false,
            bare_line_feeds: false,
            redundant_codings: false,
            missing_last_line: false,
            length_beside_coding: false,
        }
    }

    /// Tolerates every fault of an answer that is recognizably HTTP: everything but
    /// [`headless`](Self::headless).
    pub const fn lenient() -> Self {
        Tolerance {
            headless: false,
            indented_first_field: true,
            broken_fields: true,
            control_bytes: true,
            bare_line_feeds: true,
            redundant_codings: true,
            missing_last_line: true,
            length_beside_coding: true,
        }
    }
}

impl Default for Tolerance {
    fn default() -> Self {
        Tolerance {
            length_beside_coding: true,
            ..Tolerance::strict()
        }
    }
}
