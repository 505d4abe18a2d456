//! Streams: a connection as a reader and a writer, with buffers and back-pressure.
//!
//! [`open_connection`] makes a pair of them, [`start_server`] calls a coroutine with a pair
//! for every client; [`open_unix_connection`] and [`start_unix_server`] do so for UNIX sockets.
//! Who owns which bytes: the reader has what came in and was not asked for yet. Lines and
//! separated pieces have a limit; what is asked for by its length, or to the end, has none. The
//! writer has what the kernel did not take, and [`drain`](StreamWriter::drain) is where a
//! program waits for that to become less.
//!
//! What a reader reads may also be fed by hand ([`StreamReader::fed`]), and with the feature
//! `process`, both may have an end of a pipe instead of a connection.
//!
//! Both are handles, as locks and queues are: a clone stands for the same stream. So a task can
//! write while another drains, and a server can close what its handlers hold.

mod error;
mod incoming;
mod supply;
mod reader;
mod feed;
mod sender;
mod writer;
mod send_file;
mod options;
mod connect;
mod clients;
mod accept;
mod server;
mod start;
mod pipe;
#[cfg(feature = "futures")]
mod futures_io;

pub use self::accept::ClientOutcome;
pub use self::connect::{
    open_connection, open_connection_on, open_connection_with, open_unix_connection,
};
pub use self::error::{
    AlreadyReading, InvalidWaterMarks, ReadError, ServeError, WriteError, ZeroLimit,
};
pub use self::feed::StreamFeed;
pub use self::options::{ConnectOptions, ServerOptions};
pub use self::pipe::{open_read_pipe, open_write_pipe};
pub use self::reader::{Lines, StreamReader};
pub use self::server::Server;
pub use self::start::{
    start_server, start_server_on, start_server_with, start_unix_server, start_unix_server_with,
};
pub use self::writer::StreamWriter;

pub(crate) use self::server::Awaited;
