//! Transports and protocols: connections that call back.
//!
//! This is asyncio's lower level. A *transport* moves bytes or datagrams; a *protocol* is an
//! object of the program that is told what happened. Nothing here is awaited but the making of
//! a connection. What is written as a dialog is easier with streams
//! ([`open_connection`](crate::open_connection)); what reacts, and what has to be ported from
//! asyncio, is at home here.
//!
//! A transport is a handle; the loop owns the connection behind it, until it is lost.

mod flow;
mod place;
mod base;
mod link;
mod connection;
mod transport;
mod protocol;
mod connect;
mod pipe;
mod accept;
mod server;
mod start;
mod endpoint;
mod datagram;
mod open_datagram;

pub use self::datagram::{DatagramProtocol, DatagramTransport};
pub use self::endpoint::SendToError;
pub use self::flow::BufferLimitsError;
pub use self::open_datagram::DatagramOptions;
pub use self::protocol::{Buffered, BufferedProtocol, Protocol, StreamProtocol};
pub use self::server::TransportServer;
pub use self::transport::Transport;

#[cfg(feature = "process")]
pub(crate) use self::{connect::start, link::Link};
