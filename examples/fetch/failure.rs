//! What went wrong, and the exit code that curl has for it.
//!
//! Scripts look at the code, people at the line. The line says the phase, the peer, and what
//! was wrong there, with the first bytes at fault: the texts of the library do that.

use std::fmt;
use std::io;
use std::net::SocketAddr;

use looplet_http::{Error, Phase};

/// The exit codes, under curl's names.
pub(crate) mod code {
    pub(crate) const UNSUPPORTED_PROTOCOL: u8 = 1;
    pub(crate) const FAILED_INIT: u8 = 2;
    pub(crate) const URL_MALFORMAT: u8 = 3;
    pub(crate) const COULDNT_RESOLVE_PROXY: u8 = 5;
    pub(crate) const COULDNT_RESOLVE_HOST: u8 = 6;
    pub(crate) const COULDNT_CONNECT: u8 = 7;
    pub(crate) const WEIRD_SERVER_REPLY: u8 = 8;
    pub(crate) const PARTIAL_FILE: u8 = 18;
    pub(crate) const HTTP_RETURNED_ERROR: u8 = 22;
    pub(crate) const WRITE_ERROR: u8 = 23;
    pub(crate) const READ_ERROR: u8 = 26;
    pub(crate) const OPERATION_TIMEDOUT: u8 = 28;
    pub(crate) const RANGE_ERROR: u8 = 33;
    pub(crate) const SSL_CONNECT_ERROR: u8 = 35;
    pub(crate) const BAD_FUNCTION_ARGUMENT: u8 = 43;
    pub(crate) const INTERFACE_FAILED: u8 = 45;
    pub(crate) const TOO_MANY_REDIRECTS: u8 = 47;
    pub(crate) const GOT_NOTHING: u8 = 52;
    pub(crate) const SEND_ERROR: u8 = 55;
    pub(crate) const RECV_ERROR: u8 = 56;
    pub(crate) const SSL_CERTPROBLEM: u8 = 58;
    pub(crate) const PEER_FAILED_VERIFICATION: u8 = 60;
    pub(crate) const BAD_CONTENT_ENCODING: u8 = 61;
    pub(crate) const FILESIZE_EXCEEDED: u8 = 63;
    pub(crate) const SEND_FAIL_REWIND: u8 = 65;
    pub(crate) const SSL_CACERT_BADFILE: u8 = 77;
    pub(crate) const PROXY: u8 = 97;
    pub(crate) const TOO_LARGE: u8 = 100;
}

/// Why something ended without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// curl's exit code.
    pub(crate) code: u8,
    /// One line, without the name of the program.
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }

    /// Something on the command line that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(code::FAILED_INIT, message)
    }

    /// A file that cannot be written.
    pub(crate) fn writing(name: &str, error: &io::Error) -> Self {
        Self::new(code::WRITE_ERROR, format!("write {name}: {}", plain(error)))
    }

    /// An error of the library, behind the address at which it was met.
    pub(crate) fn met_at(peer: Option<SocketAddr>, error: Error) -> Self {
        let told = Self::from(error);
        match peer {
            Some(peer) => Self::new(told.code, format!("{peer}: {}", told.message)),
            None => told,
        }
    }

    /// A file that cannot be read.
    pub(crate) fn reading(name: &str, error: &io::Error) -> Self {
        Self::new(code::READ_ERROR, format!("read {name}: {}", plain(error)))
    }
}

/// The text of the system without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_string(),
        None => text,
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.code, self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = match &error {
            Error::Connect { attempts, .. } => {
                let each = attempts.iter().map(|attempt| {
                    let cause = attempt.message.split(" (os error").next();
                    format!("{}: {}", attempt.address, cause.unwrap_or_default())
                });
                format!("connect: {}", each.collect::<Vec<_>>().join("; "))
            }
            Error::Resolve { host, cause } => format!("resolve: {host}: {cause}"),
            other => other.to_string(),
        };
        Self::new(code_of(&error), message)
    }
}

impl From<looplet_http::Failure> for Failure {
    fn from(failure: looplet_http::Failure) -> Self {
        let peer = failure.peer_addr();
        Self::met_at(peer, failure.into_error())
    }
}

/// The exit code for an error of the library.
fn code_of(error: &Error) -> u8 {
    match error {
        Error::InvalidUrl { .. } | Error::InvalidTarget { .. } => code::URL_MALFORMAT,
        Error::UnsupportedScheme { .. } | Error::NotHttp { .. } => code::UNSUPPORTED_PROTOCOL,
        Error::Resolve { .. } => code::COULDNT_RESOLVE_HOST,
        Error::Connect { .. } => code::COULDNT_CONNECT,
        Error::InvalidProxy { .. } => code::COULDNT_RESOLVE_PROXY,
        Error::Proxy { .. } => code::PROXY,
        Error::TlsConfig { .. } => code::SSL_CERTPROBLEM,
        Error::Certificate { .. } => code::PEER_FAILED_VERIFICATION,
        Error::Tls { .. } => code::SSL_CONNECT_ERROR,
        Error::Timeout { .. } | Error::TooSlow { .. } => code::OPERATION_TIMEDOUT,
        Error::Io { phase, .. } => match phase {
            Phase::Connect => code::COULDNT_CONNECT,
            Phase::Send => code::SEND_ERROR,
            _ => code::RECV_ERROR,
        },
        Error::EmptyReply => code::GOT_NOTHING,
        Error::BodyTruncated { .. }
        | Error::ChunkedTruncated { .. }
        | Error::HeadTruncated { .. } => code::PARTIAL_FILE,
        Error::BadStatusLine { .. }
        | Error::BadHeaderLine { .. }
        | Error::ConflictingHeader { .. }
        | Error::FoldedFraming { .. }
        | Error::BadContentLength { .. }
        | Error::UnexpectedUpgrade => code::WEIRD_SERVER_REPLY,
        Error::HeadTooLarge { .. }
        | Error::TooManyHeaders { .. }
        | Error::TrailersTooLarge { .. } => code::TOO_LARGE,
        Error::BadTransferEncoding { .. } | Error::BadContentCoding { .. } => {
            code::BAD_CONTENT_ENCODING
        }
        Error::BodyTooLarge { .. } => code::FILESIZE_EXCEEDED,
        Error::BodySource { .. } | Error::BodyLengthMismatch { .. } => code::READ_ERROR,
        Error::BodyNotReplayable => code::SEND_FAIL_REWIND,
        Error::TooManyRedirects { .. } => code::TOO_MANY_REDIRECTS,
        Error::Status { .. } => code::HTTP_RETURNED_ERROR,
        _ if error.is_caller_mistake() => code::BAD_FUNCTION_ARGUMENT,
        _ => code::RECV_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_its_code() {
        let refused = io::Error::from_raw_os_error(2);
        let failure = Failure::reading("x.txt", &refused);
        assert_eq!(
            failure.to_string(),
            "(26) read x.txt: No such file or directory"
        );
    }

    #[test]
    fn errors_of_the_library_have_the_codes_of_curl() {
        for (error, code) in [
            (Error::EmptyReply, 52),
            (Error::BodyTruncated { got: 1, want: 2 }, 18),
            (Error::TooManyHeaders { limit: 5000 }, 100),
            (Error::BodyTooLarge { limit: 5 }, 63),
        ] {
            assert_eq!(Failure::from(error.clone()).code, code, "{error}");
        }
    }
}
