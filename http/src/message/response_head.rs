//! The head of a response: status line and header fields.
//!
//! The head owns one buffer with the bytes as they were received and hands out slices of
//! it; see [`Fields`] for why. It outlives the read buffer of the connection, which is
//! shared and already used for something else when the caller looks at a header.
//!
//! A head can only be made by the parser, so its invariants are the parser's: names are
//! tokens, values hold no control bytes and no line breaks, the status has three digits.
//!
//! What a header *means* is deliberately absent. The length of the body is decided in
//! [`codec::body_framing`](crate::codec::body_framing) and nowhere else.

use std::fmt;

use super::{Fields, StatusCode};
use crate::error::Excerpt;

/// The version in the status line. Others are refused when the head is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// HTTP/1.0: the connection ends with the response unless the server says otherwise.
    Http10,
    /// HTTP/1.1: the connection persists unless the server says otherwise.
    Http11,
}

impl Version {
    /// `HTTP/1.0` or `HTTP/1.1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::Http10 => "HTTP/1.0",
            Version::Http11 => "HTTP/1.1",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The head of a response.
///
/// Order and case of the header fields are kept; the lookups ignore case.
#[derive(Clone)]
pub struct ResponseHead {
    /// The version in the status line.
    version: Version,
    /// The status code.
    status: StatusCode,
    /// Where the reason phrase is in the buffer of the fields.
    reason: (u32, u32),
    /// The header fields, and the buffer.
    fields: Fields,
}

impl ResponseHead {
    /// Puts the parts together; `reason` are offsets into the buffer of `fields`.
    pub(crate) fn new(
        version: Version,
        status: StatusCode,
        reason: (u32, u32),
        fields: Fields,
    ) -> Self {
        ResponseHead {
            version,
            status,
            reason,
            fields,
        }
    }

    /// The version in the status line.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase as it was received, often empty. It means nothing (RFC 9112,
    /// section 4).
    pub fn reason(&self) -> &[u8] {
        self.fields.slice(self.reason)
    }

    /// The header fields.
    pub fn fields(&self) -> &Fields {
        &self.fields
    }

    /// All header fields in order: name as received, value.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter()
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.fields.get(name)
    }

    /// The value of the first header of this name; `None` also if it is not plain ASCII.
    pub fn header_str(&self, name: &str) -> Option<&str> {
        self.fields.get_str(name)
    }

    /// The values of all headers of this name, in order.
    pub fn headers_all<'h>(&'h self, name: &str) -> impl Iterator<Item = &'h [u8]> {
        self.fields.get_all(name)
    }
}

impl PartialEq for ResponseHead {
    /// Compares what was said, not where in the buffer it stands.
    fn eq(&self, other: &Self) -> bool {
        (self.version, self.status, self.reason(), &self.fields)
            == (other.version, other.status, other.reason(), &other.fields)
    }
}

impl Eq for ResponseHead {}

impl fmt::Debug for ResponseHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseHead")
            .field("version", &self.version)
            .field("status", &self.status)
            .field("reason", &Excerpt::start_of(self.reason()))
            .field("headers", &self.fields)
            .finish()
    }
}
