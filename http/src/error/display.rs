//! How an error reads: one line, place first, then the cause.
//!
//! The texts live apart from the enum so that the enum can be read as a list of
//! situations. Nothing here may be relied on by a program: match on the variant instead.
//!
//! A line has the form `what failed: why`. It never ends with a period and never contains
//! a line break, because it will be printed after a prefix and into logs. The texts of
//! other parties (the resolver, the operating system, the TLS layer) are passed on as they
//! are; bytes from the network only ever appear as an
//! [`Excerpt`], which escapes them.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::Path;

use super::excerpt::Excerpt;
use super::place::{ConnectAttempt, HeaderPart, Phase, Section};
use super::situation::Error;

impl Display for Error {
    #[expect(
        clippy::too_many_lines,
        reason = "a table: in one piece the compiler checks it"
    )]
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidUrl { url, reason } => write!(f, "invalid URL {url:?}: {reason}"),
            Error::UnsupportedScheme { scheme } => {
                write!(f, "unsupported scheme {scheme:?}: only http and https")
            }
            Error::InvalidProxy { proxy, reason } => write!(f, "invalid proxy {proxy:?}: {reason}"),
            Error::NotSecure { host } => {
                write!(f, "the URL of {host} is not https, as the session wants")
            }
            Error::InvalidMethod { method } => write!(f, "invalid method {method}: not a token"),
            Error::InvalidTarget { target, byte } => {
                write!(f, "invalid request target {target}: byte 0x{byte:02x}")
            }
            Error::InvalidHeader { name, part, byte } => fmt_header(f, name, *part, *byte),
            Error::InvalidCookie { name, reason } => write!(f, "invalid cookie {name}: {reason}"),
            Error::RefusedHeader { name, reason } => write!(f, "header {name} refused: {reason}"),
            Error::BodyNotAllowed { method } => write!(f, "a {method} request has no body"),
            Error::LengthUnknown => {
                f.write_str("the body of an HTTP/1.0 request must have a known length")
            }
            Error::InvalidCredentials { part, reason } => write!(f, "invalid {part}: {reason}"),
            Error::Netrc { path, line, reason } => fmt_netrc(f, path.as_deref(), *line, reason),

            Error::Resolve { host, cause } => write!(f, "cannot resolve {host}: {cause}"),
            Error::Connect { host, attempts } => fmt_connect(f, host, attempts),
            Error::AddressRefused { host, addresses } => fmt_refused(f, host, addresses),
            Error::Proxy { proxy, cause } => write!(f, "proxy {proxy}: {cause}"),
            Error::ProxyRefused { proxy, code } => {
                write!(f, "proxy {proxy} refused to connect: status {code}")
            }
            Error::TlsConfig { cause } => write!(f, "TLS cannot be set up: {cause}"),
            Error::Certificate { host, cause } => {
                write!(f, "the certificate of {host} is not accepted: {cause}")
            }
            Error::Tls { host, cause } => write!(f, "TLS with {host} failed: {cause}"),
            Error::Timeout { phase, after } => {
                write!(f, "timed out after {after:?} while {phase}")
            }
            Error::TooSlow {
                phase,
                bytes,
                within,
            } => {
                write!(f, "too slow: {bytes} bytes in {within:?} while {phase}")
            }
            Error::Io { phase, message, .. } => write!(f, "I/O error while {phase}: {message}"),

            Error::EmptyReply => f.write_str("empty reply: connection closed before any byte"),
            Error::NotHttp { start } => write!(f, "not an HTTP response: starts with {start}"),
            Error::BadStatusLine { line } => write!(f, "bad status line: {line}"),
            Error::BadHeaderLine {
                section,
                line,
                reason,
            } => {
                write!(f, "bad {section} line {line}: {reason}")
            }
            Error::HeadTooLarge { limit } => {
                write!(f, "response head is larger than {limit} bytes")
            }
            Error::TooManyHeaders { limit } => write!(f, "more than {limit} header fields"),
            Error::HeadTruncated { got } => {
                write!(
                    f,
                    "connection closed inside the response head, after {got} bytes"
                )
            }
            Error::NoFinalResponse => {
                f.write_str("connection closed after an interim response, before the final one")
            }
            Error::TooManyInterim { limit } => write!(f, "more than {limit} interim responses"),
            Error::UnexpectedUpgrade => f.write_str("status 101 without a request to upgrade"),
            Error::ConflictingHeader { name } => {
                write!(f, "header {name} has two different values")
            }
            Error::FoldedFraming { name } => write!(f, "header {name} is folded over two lines"),
            Error::BadContentLength { value } => write!(f, "bad Content-Length: {value}"),
            Error::BadTransferEncoding { value } => {
                write!(
                    f,
                    "bad Transfer-Encoding: {value} where only \"chunked\" is understood"
                )
            }
            Error::ConflictingFraming => {
                f.write_str("Content-Length and Transfer-Encoding stand together")
            }
            Error::BadChunk {
                expected,
                found,
                offset,
            } => {
                write!(
                    f,
                    "bad chunk: byte 0x{found:02x} at offset {offset}, expected {expected}"
                )
            }
            Error::ChunkExtensionsTooLarge { limit } => {
                write!(f, "chunk extensions are larger than {limit} bytes")
            }
            Error::TrailersTooLarge { limit } => {
                write!(f, "trailers are larger than {limit} bytes")
            }
            Error::BodyTruncated { got, want } => {
                write!(
                    f,
                    "connection closed inside the body: {got} of {want} bytes"
                )
            }
            Error::TlsTruncated { got } => write!(
                f,
                "connection closed without the farewell of TLS, after {got} bytes of the body"
            ),
            Error::ChunkedTruncated { got } => {
                write!(
                    f,
                    "connection closed inside a chunked body, after {got} bytes of data"
                )
            }

            Error::BodyTooLarge { limit } => write!(f, "body is larger than {limit} bytes"),
            Error::BodyAbandoned => {
                f.write_str("the body was given up: an earlier read of it was cancelled")
            }
            Error::BadContentCoding { coding, cause } => {
                write!(f, "cannot decode {coding} content: {cause}")
            }
            Error::UnknownCharset { label } => write!(f, "unknown charset {label:?}"),
            Error::TooManyRedirects { limit } => write!(f, "more than {limit} redirects"),
            Error::BadRedirect { location, reason } => {
                write!(f, "cannot follow the redirect to {location}: {reason}")
            }
            Error::BadChallenge { challenge, reason } => {
                write!(f, "cannot authenticate for {challenge}: {reason}")
            }
            Error::BodyNotReplayable => {
                f.write_str("the request must be sent again, but its body is used up")
            }
            Error::BodySource { message, .. } => {
                write!(f, "cannot read the body to send: {message}")
            }
            Error::BodyLengthMismatch { announced, given } => {
                write!(
                    f,
                    "the body to send has {given} bytes where {announced} were announced"
                )
            }
            Error::Json { cause } => write!(f, "JSON: {cause}"),
            Error::File { path, message, .. } => fmt_file(f, path, message),
            Error::BadRange { start, got } => write!(
                f,
                "the server was asked for the bytes from {start} on and sent {got:?}"
            ),
            Error::NoLoop { cause } => write!(f, "no event loop to block on: {cause}"),
            Error::SessionClosed => f.write_str("the session is closed"),
            Error::Status { code, url } => write!(f, "status {code} for {url}"),
        }
    }
}

/// Writes all addresses that were tried and what each of them said.
fn fmt_connect(f: &mut Formatter<'_>, host: &str, attempts: &[ConnectAttempt]) -> fmt::Result {
    write!(f, "cannot connect to {host}")?;
    for (index, attempt) in attempts.iter().enumerate() {
        let separator = if index == 0 { ": " } else { "; " };
        write!(f, "{separator}{}: {}", attempt.address, attempt.message)?;
    }
    Ok(())
}

/// Writes all addresses that must not be used.
fn fmt_refused(f: &mut Formatter<'_>, host: &str, addresses: &[SocketAddr]) -> fmt::Result {
    write!(f, "cannot connect to {host}: the policy forbids ")?;
    for (index, address) in addresses.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{address}")?;
    }
    Ok(())
}

/// Writes which file is at fault, once: the message may name it, too.
fn fmt_file(f: &mut Formatter<'_>, path: &Path, message: &str) -> fmt::Result {
    let path = path.display().to_string();
    match message.contains(&path) {
        true => f.write_str(message),
        false => write!(f, "{path}: {message}"),
    }
}

/// Writes which line of which file is at fault.
fn fmt_netrc(
    f: &mut Formatter<'_>,
    path: Option<&Path>,
    line: Option<usize>,
    reason: &str,
) -> fmt::Result {
    f.write_str("netrc")?;
    if let Some(path) = path {
        write!(f, " {}", path.display())?;
    }
    if let Some(line) = line {
        write!(f, " line {line}")?;
    }
    write!(f, ": {reason}")
}

/// Writes which byte of which header is at fault.
fn fmt_header(
    f: &mut Formatter<'_>,
    name: &Excerpt,
    part: HeaderPart,
    byte: Option<(u8, usize)>,
) -> fmt::Result {
    let part = match part {
        HeaderPart::Name => "name",
        HeaderPart::Value => "value",
    };
    match byte {
        Some((byte, at)) => write!(
            f,
            "invalid header {name}: byte 0x{byte:02x} at {at} in {part}"
        ),
        None => write!(f, "invalid header {name}: empty {part}"),
    }
}

impl Display for Phase {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::PoolWait => {
                "waiting for a free connection (see PoolLimits::per_host and Timeouts::pool_wait)"
            }
            Phase::Resolve => "resolving the host",
            Phase::Connect => "connecting",
            Phase::Proxy => "talking to the proxy",
            Phase::Tls => "making the TLS handshake",
            Phase::Send => "sending the request",
            Phase::FirstByte => "waiting for the response",
            Phase::Head => "reading the response head",
            Phase::Body => "reading the body",
            Phase::Total => "exchanging the whole request",
        })
    }
}

impl Display for Section {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Section::Head => "header",
            Section::Trailers => "trailer",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_refused_connection_lists_every_address() {
        let attempt = |address: &str| ConnectAttempt {
            address: address.parse::<SocketAddr>().unwrap(),
            kind: std::io::ErrorKind::ConnectionRefused,
            message: "refused".to_owned(),
        };
        let attempts = vec![attempt("[::1]:80"), attempt("127.0.0.1:80")];
        let error = Error::Connect {
            host: "localhost".to_owned(),
            attempts,
        };
        let text = "cannot connect to localhost: [::1]:80: refused; 127.0.0.1:80: refused";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_timeout_names_its_phase_and_its_time() {
        let error = Error::Timeout {
            phase: Phase::FirstByte,
            after: Duration::from_secs(30),
        };
        assert_eq!(
            error.to_string(),
            "timed out after 30s while waiting for the response"
        );
        assert!(error.is_timeout() && !error.is_caller_mistake());
    }

    #[test]
    fn an_io_error_is_printed_once_and_has_no_source() {
        let inner = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let error = Error::io(Phase::Body, &inner);
        assert_eq!(
            error.to_string(),
            format!("I/O error while reading the body: {inner}")
        );
        assert!(std::error::Error::source(&error).is_none());
    }

    #[test]
    fn a_header_error_names_the_header_and_the_byte() {
        let mut headers = crate::message::Headers::new();
        let error = headers.append("X-Tag", "ab\ncd").unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"invalid header "X-Tag": byte 0x0a at 2 in value"#
        );
        let error = headers.append("", "x").unwrap_err();
        assert_eq!(error.to_string(), r#"invalid header "": empty name"#);
        assert!(error.is_caller_mistake());
    }

    #[test]
    fn errors_can_go_to_another_thread() {
        fn is_plain_data<T: Send + Sync + Clone + 'static>() {}
        is_plain_data::<Error>();
    }
}
