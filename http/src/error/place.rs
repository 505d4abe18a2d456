//! Where in an exchange something went wrong.
//!
//! Errors share these answers, so that a program can ask for the place without knowing the
//! situation. How they read is in `display`.

use std::io;
use std::net::SocketAddr;

/// One address that did not accept a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectAttempt {
    /// The address.
    pub address: SocketAddr,
    /// The kind of the `io::Error`.
    pub kind: io::ErrorKind,
    /// Its message.
    pub message: String,
}

/// The part of an exchange in which an error happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Waiting for a free connection of the pool.
    PoolWait,
    /// Looking the name up.
    Resolve,
    /// Connecting, the TLS handshake included.
    Connect,
    /// The handshake with a proxy.
    Proxy,
    /// Sending the head and the body of the request.
    Send,
    /// Waiting for the first byte of the answer.
    FirstByte,
    /// Reading the rest of the head.
    Head,
    /// Reading the body.
    Body,
    /// The whole exchange, redirects included.
    Total,
}

/// The two parts of a header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderPart {
    /// The name before the colon.
    Name,
    /// The value after the colon.
    Value,
}

/// The two places where a response has header fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    /// Before the body.
    Head,
    /// After the last chunk.
    Trailers,
}
