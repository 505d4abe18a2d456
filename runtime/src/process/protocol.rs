//! What a program with callbacks says about a process.

use std::io;

use super::transport::SubprocessTransport;

/// The callbacks of a process, for `EventLoop::subprocess_exec`.
///
/// ```text
///   connection_made ─► pipe_data_received* ─► pipe_connection_lost  for each pipe ┐
///                 └──► process_exited                                             ┴─► connection_lost
/// ```
///
/// `connection_made` is the first and `connection_lost` the last; both come once. Each pipe is
/// lost once, after its data. The process may end before its pipes or after them. All are
/// called from a turn, none from within a call of the transport. The asyncio counterpart has
/// the same name.
pub trait SubprocessProtocol {
    /// The process runs.
    fn connection_made(&self, transport: &SubprocessTransport) {
        let _ = transport;
    }

    /// The process has written `data` to its output (1) or its complaints (2).
    fn pipe_data_received(&self, fd: i32, data: &[u8]) {
        let _ = (fd, data);
    }

    /// A pipe was closed, at either end. The error says what had failed.
    fn pipe_connection_lost(&self, fd: i32, error: Option<io::Error>) {
        let _ = (fd, error);
    }

    /// The process has ended; the transport knows how.
    fn process_exited(&self) {}

    /// The process has ended and all pipes are closed. There is no error that could have
    /// caused it; the argument is there for the likeness to other protocols.
    fn connection_lost(&self, error: Option<io::Error>) {
        let _ = error;
    }
}
