//! Sockets: thin wrappers that turn `WouldBlock` into an await.
//!
//! Everything here follows one pattern, in [`source`]: try; if the socket is not ready, wait
//! for the reactor to say that it is, and try again. There are no buffers on this level;
//! `streams/` has them.

mod source;
mod polled;
mod stream;
mod resolve;
mod tcp;
#[cfg(feature = "process")]
mod pipe;
#[cfg(feature = "futures")]
mod futures_io;

pub use self::resolve::{Address, resolve};
pub use self::tcp::{TcpListener, TcpStream};

#[cfg(feature = "process")]
pub(crate) use self::pipe::Pipe;
pub(crate) use self::stream::Stream;
