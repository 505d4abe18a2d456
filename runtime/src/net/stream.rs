//! What a reader reads from and a writer writes to: a connection, or a pipe.
//!
//! A try never waits; whoever is told `WouldBlock` waits at the registration.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::task::{Context, Poll};

use super::source::Registration;

/// A source of bytes, a place for them, or both.
pub(crate) trait Stream {
    /// Where to wait for the next try.
    fn registration(&self) -> &Registration;
    /// Reads what is there. 0 means the end.
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes as much as the kernel takes.
    fn try_write(&self, data: &[u8]) -> io::Result<usize>;
    /// Returns `Ready` if a try to read is worth making. The wait is kept in the stream.
    #[cfg_attr(
        not(feature = "futures"),
        expect(dead_code, reason = "`futures_io` polls")
    )]
    fn poll_readable(&self, context: &Context<'_>) -> Poll<io::Result<()>>;
    /// Returns `Ready` if a try to write is worth making. The wait is kept in the stream.
    #[cfg_attr(
        not(feature = "futures"),
        expect(dead_code, reason = "`futures_io` polls")
    )]
    fn poll_writable(&self, context: &Context<'_>) -> Poll<io::Result<()>>;
    /// Closes one or both directions.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
    /// The address of the other end.
    fn peer_addr(&self) -> io::Result<SocketAddr>;
}
