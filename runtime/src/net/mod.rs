//! Sockets: thin wrappers that turn `WouldBlock` into an await.
//!
//! Everything here follows one pattern, in [`source`]: try; if the socket is not ready, wait
//! for the reactor to say that it is, and try again. There are no buffers on this level;
//! `streams/` has them.
//!
//! TCP and UNIX sockets differ in how they begin ([`tcp`], [`unix`]); what they do then is
//! written once, in [`stream`] and [`listener`]. Streams, transports and servers of both kinds
//! begin here. [`udp`] has datagrams.
//!
//! [`readers`] is the other way to a socket, or a pipe: the program keeps the descriptor and is
//! called when it is ready. [`sock`] has asyncio's calls on such descriptors.

mod polled;
mod source;
mod resolve;
#[cfg(feature = "getnameinfo")]
mod nameinfo;
mod endpoint;
mod stream;
mod listener;
mod race;
mod bind;
mod tcp;
mod connect_first;
mod socket_file;
mod unix;
mod udp;
mod adopt;
mod descriptors;
mod readers;
mod file_piece;
mod sock;
mod sock_file;
mod pipe;
#[cfg(feature = "futures")]
mod futures_io;

pub use self::endpoint::Endpoint;
pub use self::listener::SocketListener;
#[cfg(feature = "getnameinfo")]
pub use self::nameinfo::getnameinfo;
pub use self::race::ConnectErrors;
pub use self::resolve::{Address, AddressFamily, resolve};
pub use self::stream::{Family, SocketStream};
pub use self::tcp::{Tcp, TcpListener, TcpStream};
pub use self::udp::UdpSocket;
pub use self::unix::{Unix, UnixListener, UnixStream};

pub(crate) use self::adopt::{adopt, adopt_bound};
pub(crate) use self::bind::{BindOptions, Bound, bind_all};
pub(crate) use self::descriptors::Owned;
pub(crate) use self::file_piece::{
    BY_KERNEL, bounds_of, offer_file, piece_of, read_piece, truncated,
};
pub(crate) use self::listener::{BACKLOG, Listening};
pub(crate) use self::pipe::Pipe;
pub(crate) use self::race::HAPPY_EYEBALLS_DELAY;
pub(crate) use self::socket_file::SocketFile;
pub(crate) use self::source::{Watch, loop_is_gone};
pub(crate) use self::stream::Connection;
pub(crate) use self::tcp::RouteOptions;
pub(crate) use self::unix::{bind_unix_file, connect_unix};
