//! Why a signal cannot be listened to.

use std::ffi::c_int;
use std::fmt;
use std::io;

/// Why a signal cannot be listened to.
///
/// Each variant names what asyncio raises.
///
/// ```
/// use looplet::{run, signal};
///
/// let error = run(async { signal::listen([signal::SIGKILL]).expect_err("nobody can") });
/// assert!(matches!(error, signal::SignalError::Uncatchable(signal::SIGKILL)));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum SignalError {
    /// There is no signal of this number. asyncio raises `ValueError`.
    Invalid(c_int),
    /// The signal cannot be caught: `SIGKILL`, `SIGSTOP`, and those by which the processor
    /// reports a fault in the program. asyncio raises `RuntimeError`.
    Uncatchable(c_int),
    /// The loop is closed.
    LoopClosed,
    /// The system refuses, for want of descriptors for example.
    Io(io::Error),
}

impl fmt::Display for SignalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SignalError::Invalid(signal) => write!(f, "invalid signal number {signal}"),
            SignalError::Uncatchable(signal) => write!(f, "sig {signal} cannot be caught"),
            SignalError::LoopClosed => f.write_str("the event loop is closed"),
            SignalError::Io(error) => write!(f, "cannot listen to the signal: {error}"),
        }
    }
}

impl std::error::Error for SignalError {}
