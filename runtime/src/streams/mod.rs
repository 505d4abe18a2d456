//! Streams: a connection as a reader and a writer, with buffers and back-pressure.
//!
//! [`open_connection`] makes a pair of them, [`start_server`] calls a coroutine with a pair
//! for every client. Who owns which bytes: the reader has what came in and was not asked for
//! yet. Lines and separated pieces have a limit; what is asked for by its length, or to the
//! end, has none. The writer has what the kernel did not take, and
//! [`drain`](StreamWriter::drain) is where a program waits for that to become less.

mod reader;
mod writer;
mod server;
#[cfg(feature = "process")]
mod pipe;
#[cfg(feature = "futures")]
mod futures_io;

use std::io;
use std::rc::Rc;

use crate::net::{Address, TcpStream};

#[cfg(feature = "process")]
pub use self::pipe::{connect_read_pipe, connect_write_pipe};
pub use self::reader::{Lines, ReadError, StreamReader};
pub use self::server::{Server, start_server};
pub use self::writer::StreamWriter;

/// Connects to `address` and returns the connection as a reader and a writer.
///
/// The asyncio counterpart has the same name.
///
/// # Errors
///
/// If the name is not known, or if no address answers.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{open_connection, run, start_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
///         let line = reader.read_line().await.unwrap_or_default();
///         writer.write(&line);
///         writer.close();
///     })
///     .await?;
///     let (mut reader, mut writer) = open_connection(server.local_addr()).await?;
///     writer.write(b"hello\n");
///     assert_eq!(reader.read_line().await.expect("an echo"), b"hello\n");
///     Ok(())
/// })
/// # }
/// ```
pub async fn open_connection(
    address: impl Into<Address>,
) -> io::Result<(StreamReader, StreamWriter)> {
    Ok(split(TcpStream::connect(address).await?))
}

/// Makes a reader and a writer of a connection.
fn split(stream: TcpStream) -> (StreamReader, StreamWriter) {
    let stream = Rc::new(stream);
    (StreamReader::new(stream.clone()), StreamWriter::new(stream))
}
