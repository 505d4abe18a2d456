//! Sockets: thin wrappers that turn `WouldBlock` into an await.
//!
//! Everything here follows one pattern, in [`source`]: try; if the socket is not ready, wait
//! for the reactor to say that it is, and try again. There are no buffers on this level;
//! `streams/` has them.
//!
//! [`readers`] is the other way to a socket, or a pipe: the program keeps the descriptor and is
//! called when it is ready. [`sock`] has asyncio's calls on such descriptors.

mod source;
mod polled;
mod stream;
mod resolve;
mod tcp;
mod udp;
mod stream_socket;
mod descriptors;
mod readers;
mod sock;
#[cfg(feature = "process")]
mod pipe;
#[cfg(feature = "futures")]
mod futures_io;

pub use self::resolve::{Address, resolve};
pub use self::tcp::{TcpListener, TcpStream};
pub use self::udp::UdpSocket;

pub(crate) use self::descriptors::Owned;
#[cfg(feature = "process")]
pub(crate) use self::pipe::Pipe;
pub(crate) use self::source::{Source, Watch};
pub(crate) use self::stream::Stream;
pub(crate) use self::stream_socket::StreamSocket;
