//! The socket at the bottom of a connection, and what every layer on it can do.
//!
//! Bytes may go through several layers: a socket, TLS to a proxy, TLS to the server behind it.
//! All of them are tried without waiting; what is waited for is always the socket. So a layer
//! is a few synchronous functions ([`Layer`]), and there is one place that waits.
//!
//! # Rules
//!
//! 1. A try either does something or says `WouldBlock`. After `WouldBlock` from a read,
//!    waiting for the socket to be readable is right, and likewise for a write or a flush.
//! 2. What a layer has taken may still be in it: [`Layer::try_flush`] moves it on.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use looplet::{TcpStream, UnixStream};

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Waits until something can be read, or the peer has closed.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.readable().await,
            Socket::Unix(stream) => stream.readable().await,
        }
    }

    /// The same, for at most `limit`: after that, it is `TimedOut`.
    pub(crate) async fn readable_within(&self, limit: Duration) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.readable_within(limit).await,
            Socket::Unix(stream) => stream.readable_within(limit).await,
        }
    }

    /// Waits until something can be written, or the connection has failed.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Socket::Tcp(stream) => stream.writable().await,
            Socket::Unix(stream) => stream.writable().await,
        }
    }

    /// Whether the socket belongs to the loop that is running.
    pub(crate) fn is_on_running_loop(&self) -> bool {
        match self {
            Socket::Tcp(stream) => stream.is_on_running_loop(),
            Socket::Unix(stream) => stream.is_on_running_loop(),
        }
    }

    /// Asks the kernel for the addresses of both ends.
    pub(crate) fn ends(&self) -> Ends {
        match self {
            Socket::Tcp(stream) => Ends {
                peer: stream.peer_addr().ok(),
                local: stream.local_addr().ok(),
            },
            Socket::Unix(_) => Ends::default(),
        }
    }
}

/// The addresses of both ends of a connection, as far as it has some.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// The server or proxy.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) local: Option<SocketAddr>,
}

/// Something that bytes go through, down to a socket.
pub(crate) trait Layer {
    /// The socket at the bottom: what is waited for.
    fn socket(&self) -> &Socket;
    /// Reads what is there. 0 is the end.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Takes some of the bytes.
    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;
    /// Hands on what was taken.
    fn try_flush(&self) -> io::Result<()>;
    /// Whether something may be there to read. Costs no system call.
    fn has_news(&self) -> bool;
    /// Whether something is there that the socket does not know of any more.
    fn has_leftovers(&self) -> bool;
}

impl Layer for Socket {
    fn socket(&self) -> &Socket {
        self
    }

    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.try_read(buffer),
            Socket::Unix(stream) => stream.try_read(buffer),
        }
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => stream.try_write_vectored(parts),
            Socket::Unix(stream) => stream.try_write_vectored(parts),
        }
    }

    fn try_flush(&self) -> io::Result<()> {
        Ok(())
    }

    fn has_news(&self) -> bool {
        match self {
            Socket::Tcp(stream) => stream.has_news(),
            Socket::Unix(stream) => stream.has_news(),
        }
    }

    fn has_leftovers(&self) -> bool {
        false
    }
}
