//! What can be asked of an error, whatever its situation is, and what it becomes elsewhere.

use std::io;

use super::place::Phase;
use super::situation::Error;

impl Error {
    /// Makes an [`Error::Io`] that can be cloned.
    pub fn io(phase: Phase, error: &io::Error) -> Self {
        Error::Io {
            phase,
            kind: error.kind(),
            message: error.to_string(),
        }
    }

    /// The kind of `io::Error` that this is nearest to.
    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        match self {
            Error::Io { kind, .. } | Error::File { kind, .. } => *kind,
            Error::Timeout { .. } => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Other,
        }
    }

    /// Whether a time limit ran out.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Error::Timeout { .. })
    }

    /// Whether the caller can repair it: nothing was sent yet.
    pub fn is_caller_mistake(&self) -> bool {
        matches!(
            self,
            Error::InvalidUrl { .. }
                | Error::UnsupportedScheme { .. }
                | Error::InvalidProxy { .. }
                | Error::InvalidMethod { .. }
                | Error::InvalidTarget { .. }
                | Error::InvalidHeader { .. }
                | Error::InvalidCookie { .. }
                | Error::RefusedHeader { .. }
                | Error::BodyNotAllowed { .. }
                | Error::LengthUnknown
                | Error::InvalidCredentials { .. }
                | Error::Netrc { .. }
        )
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(error.io_kind(), error)
    }
}
