//! What an exchange goes over: a socket, with as many layers of TLS as the way needs.
//!
//! Everything above this file reads and writes a [`Stream`] and does not ask what it is made of.

use std::io::{self, IoSlice};
use std::time::Duration;

use crate::socket::{Layer, Socket};
use crate::tls::TlsStream;

/// A connection to a server, perhaps through a proxy.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Bytes as they are.
    Plain(Socket),
    /// TLS with the server, or with a proxy that is given whole requests.
    Tls(Box<TlsStream<Socket>>),
    /// TLS with the server inside TLS with a proxy.
    TlsInTls(Box<TlsStream<TlsStream<Socket>>>),
}

impl Stream {
    /// Waits until something can be read, or the peer has closed.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        if self.has_leftovers() {
            return Ok(());
        }
        self.socket().readable().await
    }

    /// The same, for at most `limit`: after that, it is `TimedOut`.
    pub(crate) async fn readable_within(&self, limit: Duration) -> io::Result<()> {
        if self.has_leftovers() {
            return Ok(());
        }
        self.socket().readable_within(limit).await
    }

    /// Waits until something can be written, or the connection has failed.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.socket().writable().await
    }

    /// Returns the stream as what all its kinds are.
    fn layer(&self) -> &dyn Layer {
        match self {
            Stream::Plain(socket) => socket,
            Stream::Tls(tls) => &**tls,
            Stream::TlsInTls(tls) => &**tls,
        }
    }
}

impl Layer for Stream {
    fn socket(&self) -> &Socket {
        self.layer().socket()
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.layer().try_read(buffer)
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.layer().try_write(parts)
    }

    fn try_flush(&self) -> io::Result<()> {
        self.layer().try_flush()
    }

    fn has_news(&self) -> bool {
        self.layer().has_news()
    }

    fn has_leftovers(&self) -> bool {
        self.layer().has_leftovers()
    }
}
