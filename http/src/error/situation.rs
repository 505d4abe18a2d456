//! Every situation that is an error, in the order of an exchange: the caller's mistakes, the way
//! to the server, the head, the framing, the body, and what the session decides about the whole.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::excerpt::Excerpt;
use super::place::{ConnectAttempt, HeaderPart, Phase, Section};

/// Everything that can go wrong between a URL and the last byte of a body.
///
/// The variants stand in the order of an exchange: the caller's mistakes, the way to the
/// server, the head, the framing, the body, and what the session decides about the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not a URL, or a URL without a host.
    InvalidUrl {
        /// The URL as far as it may be shown, without user and password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The URL is neither `http` nor `https`. Also the answer to a redirect to `file:`.
    UnsupportedScheme {
        /// The scheme of the URL.
        scheme: String,
    },
    /// The text of a proxy, or of an exception from proxies, cannot be read.
    InvalidProxy {
        /// The text without user and password.
        proxy: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The URL is not `https`, and
    /// [`SessionConfig::https_only`](crate::SessionConfig::https_only) wants that.
    NotSecure {
        /// The host of the URL.
        host: String,
    },
    /// The method is not a token (RFC 9110, section 9.1).
    InvalidMethod {
        /// The method as the caller gave it.
        method: Excerpt,
    },
    /// The request target holds a byte that cannot stand in a request line.
    InvalidTarget {
        /// The target as far as it is shown.
        target: Excerpt,
        /// The first byte that is not allowed.
        byte: u8,
    },
    /// A header from the caller holds a byte that must not reach the wire: anything but
    /// token bytes in a name, a control byte in a value (RFC 9110, section 5).
    InvalidHeader {
        /// The name of the header as the caller gave it.
        name: Excerpt,
        /// Whether the name or the value is at fault.
        part: HeaderPart,
        /// The first byte that is not allowed, and where it stands; `None` for an empty name.
        byte: Option<(u8, usize)>,
    },
    /// A cookie breaks a rule, such as one against bytes that end it or against its domain.
    InvalidCookie {
        /// The name of the cookie. Its value is not shown.
        name: Excerpt,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header from the caller contradicts what the client itself must say: a second
    /// `Host`, a `Content-Length` that is not the length of the body, `Transfer-Encoding`.
    RefusedHeader {
        /// The name of the header.
        name: &'static str,
        /// Why it is refused.
        reason: &'static str,
    },
    /// The method cannot carry a body: `CONNECT` and `TRACE` (RFC 9110, section 9.3).
    BodyNotAllowed {
        /// The method of the request.
        method: String,
    },

    /// A user, a password or a token holds what cannot be sent.
    InvalidCredentials {
        /// Which of them: `user`, `password`, `token`.
        part: &'static str,
        /// What is wrong with it. It is never shown itself.
        reason: String,
    },
    /// A netrc file cannot be read, or understood.
    Netrc {
        /// The file, if it is one.
        path: Option<PathBuf>,
        /// The line, if it is a line that is at fault. Lines are counted from 1.
        line: Option<usize>,
        /// What is wrong. Words of the file are not shown: they may be passwords.
        reason: String,
    },
    /// A request of HTTP/1.0 has a body whose length is not known: nothing would say where it
    /// ends.
    LengthUnknown,

    /// The name of the host could not be resolved.
    Resolve {
        /// The host that was looked up.
        host: String,
        /// What the resolver said.
        cause: String,
    },
    /// The host has no address that [`AddrPolicy`](crate::AddrPolicy) allows.
    AddressRefused {
        /// The host that was looked up.
        host: String,
        /// Its addresses.
        addresses: Vec<SocketAddr>,
    },
    /// No address of the host accepted a connection.
    Connect {
        /// The host that was tried.
        host: String,
        /// One entry for each address, in the order in which they were tried.
        attempts: Vec<ConnectAttempt>,
    },
    /// A proxy cannot or will not connect, or does not speak as a proxy should.
    Proxy {
        /// The proxy, without user and password.
        proxy: String,
        /// What it said, or what is wrong with that.
        cause: String,
    },
    /// An HTTP proxy answered CONNECT with a status other than 2xx.
    ProxyRefused {
        /// The proxy, without user and password.
        proxy: String,
        /// The status code; 407 asks for a user and a password.
        code: u16,
    },
    /// The settings of TLS cannot be used: a certificate or a key cannot be read, or a feature
    /// is missing.
    TlsConfig {
        /// What is wrong.
        cause: String,
    },
    /// The certificate of the server is not accepted.
    /// [`TlsConfig::trust`](crate::TlsConfig::trust) says which ones are.
    Certificate {
        /// The host that was spoken to.
        host: String,
        /// Why not.
        cause: String,
    },
    /// The TLS handshake or the TLS layer failed.
    Tls {
        /// The host that was spoken to.
        host: String,
        /// What was wrong.
        cause: String,
    },
    /// A phase took longer than the configured time.
    Timeout {
        /// The phase that took too long.
        phase: Phase,
        /// The time it was given.
        after: Duration,
    },
    /// Less came, or was taken, than [`Timeouts::min_speed`](crate::Timeouts::min_speed) wants.
    TooSlow {
        /// What the client was doing.
        phase: Phase,
        /// The bytes of the body that were moved in that time.
        bytes: u64,
        /// The time.
        within: Duration,
    },
    /// The operating system reported an error on the connection.
    Io {
        /// What the client was doing.
        phase: Phase,
        /// The kind of the `io::Error`.
        kind: io::ErrorKind,
        /// Its message.
        message: String,
    },

    /// The server closed the connection without a single byte of an answer. On a reused
    /// connection this is the race between our request and the server's idle timeout.
    EmptyReply,
    /// What arrived is not HTTP: the first bytes are not `HTTP/1.`.
    NotHttp {
        /// The first bytes.
        start: Excerpt,
    },
    /// The first line begins like HTTP but is no status line of HTTP/1.0 or HTTP/1.1.
    BadStatusLine {
        /// The line.
        line: Excerpt,
    },
    /// A line of the head or of the trailers is not a header field.
    BadHeaderLine {
        /// Where the line stood.
        section: Section,
        /// The line, around the place of the fault.
        line: Excerpt,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The head is larger than [`Limits::head_bytes`](crate::codec::Limits::head_bytes).
    HeadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// There are more fields than [`Limits::fields`](crate::codec::Limits::fields).
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// The connection ended inside the head.
    HeadTruncated {
        /// The bytes of the head that had arrived.
        got: usize,
    },
    /// The connection ended after an interim (1xx) response.
    NoFinalResponse,
    /// More interim (1xx) responses than [`Limits::interim`](crate::codec::Limits::interim).
    TooManyInterim {
        /// The limit.
        limit: u32,
    },
    /// The server answered 101 to a request that did not ask for an upgrade.
    UnexpectedUpgrade,
    /// A header that may have one value has two different ones.
    ConflictingHeader {
        /// The name of the header.
        name: String,
    },

    /// `Content-Length` or `Transfer-Encoding` is folded over two lines.
    FoldedFraming {
        /// Which of the two.
        name: &'static str,
    },
    /// `Content-Length` is not one decimal number below 2^63.
    BadContentLength {
        /// The value, or all the values.
        value: Excerpt,
    },
    /// `Transfer-Encoding` is neither exactly `chunked` nor what the request has offered to
    /// take off (`TE`).
    BadTransferEncoding {
        /// The value, or all the values.
        value: Excerpt,
    },
    /// `Content-Length` and `Transfer-Encoding` stand together, and
    /// [`Tolerance::length_beside_coding`](crate::codec::Tolerance::length_beside_coding) is
    /// off.
    ConflictingFraming,
    /// The chunked coding is broken.
    BadChunk {
        /// What had to stand there.
        expected: &'static str,
        /// The byte that stood there.
        found: u8,
        /// The offset in the coded body.
        offset: u64,
    },
    /// Chunk extensions sum up to more than
    /// [`Limits::chunk_extension_bytes`](crate::codec::Limits::chunk_extension_bytes).
    ChunkExtensionsTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The trailers are larger than
    /// [`Limits::trailer_bytes`](crate::codec::Limits::trailer_bytes).
    TrailersTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The connection ended before `Content-Length` bytes had arrived.
    BodyTruncated {
        /// The bytes that arrived.
        got: u64,
        /// The bytes that were announced.
        want: u64,
    },
    /// A body that ends with the connection did so without the farewell of TLS
    /// (`close_notify`), so anybody on the way may have cut it off (RFC 9112, section 9.8).
    TlsTruncated {
        /// The bytes that arrived.
        got: u64,
    },
    /// The connection ended before the last chunk and the trailers.
    ChunkedTruncated {
        /// The bytes of data that arrived.
        got: u64,
    },

    /// A body that is collected in memory is larger than the limit of the session.
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The body was given up: an earlier read of the whole of it was cancelled or dropped in
    /// the middle, and what it had received is gone.
    BodyAbandoned,
    /// A coding of the content (gzip and the like) is broken, incomplete, or, where the
    /// content must be understood, unknown.
    /// [`SessionConfig::decode`](crate::SessionConfig::decode) turns decoding off.
    BadContentCoding {
        /// The name of the coding.
        coding: String,
        /// What is wrong.
        cause: String,
    },
    /// A text was asked for in a charset that is not known, or not without the feature
    /// `charset`.
    UnknownCharset {
        /// The name of the charset.
        label: String,
    },
    /// There were more redirects than the policy allows.
    TooManyRedirects {
        /// The limit.
        limit: u32,
    },
    /// A redirect cannot be followed.
    BadRedirect {
        /// The value of `Location`.
        location: Excerpt,
        /// Why not.
        reason: String,
    },
    /// A server or a proxy asks for credentials in a way that is broken, or that the client
    /// does not know how to answer, and in no other.
    BadChallenge {
        /// What it asks for, around the place of the fault.
        challenge: Excerpt,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A request must be sent again, but its body was a stream that is used up. Also the
    /// answer to sending such a body a second time.
    BodyNotReplayable,
    /// The source of a request's body gave an error, such as a file that cannot be read.
    BodySource {
        /// The kind of the `io::Error`.
        kind: io::ErrorKind,
        /// Its message.
        message: String,
    },
    /// The source of a request's body has more or fewer bytes than were announced.
    BodyLengthMismatch {
        /// The length that the head of the request announced.
        announced: u64,
        /// The bytes of the source: up to and with the piece that was too much, or all.
        given: u64,
    },
    /// A value cannot be written as JSON, or the body of an answer is not the JSON that was
    /// asked for.
    Json {
        /// What is wrong, and where.
        cause: String,
    },
    /// A file cannot be read or written.
    File {
        /// The file.
        path: PathBuf,
        /// The kind of the `io::Error`.
        kind: io::ErrorKind,
        /// Its message.
        message: String,
    },
    /// The server sent another part of the content than was asked for.
    BadRange {
        /// Where the part was to begin.
        start: u64,
        /// The value of `Content-Range`.
        got: String,
    },
    /// A blocking session has no loop to run on: the system gives none, or one is running on
    /// this thread already, which blocking would stop.
    NoLoop {
        /// What the runtime said.
        cause: String,
    },
    /// The session is closed.
    SessionClosed,
    /// The status is 4xx or 5xx. Only `raise_for_status` makes an error of that.
    Status {
        /// The status code.
        code: u16,
        /// The URL without user and password.
        url: String,
    },
}
