//! From an address, or from a socket that is connected, to a reader and a writer.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::rc::Rc;

use super::error::ZeroLimit;
use super::options::ConnectOptions;
use super::reader::{LIMIT, StreamReader};
use super::writer::StreamWriter;
use crate::event_loop::get_running_loop;
use crate::net::{Address, Connection, Family, SocketStream, TcpStream, UnixStream, adopt};

/// Connects to `address` and returns the connection as a reader and a writer.
///
/// The asyncio counterpart has the same name.
///
/// # Errors
///
/// If the name is not known, or if no address answers: then the error names each.
///
/// # Panics
///
/// If no loop is running.
///
/// # Cancel safety
///
/// Dropping or cancelling it closes the sockets that were being connected.
///
/// ```
/// use looplet::{open_connection, run, start_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = start_server("127.0.0.1:0", async |reader, writer| {
///         let line = reader.read_line().await.unwrap_or_default();
///         writer.write(&line);
///         writer.close();
///     })
///     .await?;
///     let (reader, writer) = open_connection(server.local_addr()).await?;
///     writer.write(b"hello\n");
///     assert_eq!(reader.read_line().await.expect("an echo"), b"hello\n");
///     Ok(())
/// })
/// # }
/// ```
pub async fn open_connection(
    address: impl Into<Address>,
) -> io::Result<(StreamReader, StreamWriter)> {
    open_connection_with(address, ConnectOptions::default()).await
}

/// Connects to `address` as the options say; see [`open_connection`].
///
/// The asyncio counterparts are the keyword arguments of `open_connection`.
///
/// # Errors
///
/// As [`open_connection`]; also if the limit is 0, or the local address is not to be had.
///
/// # Panics
///
/// If no loop is running.
///
/// # Cancel safety
///
/// As [`open_connection`].
///
/// ```
/// use looplet::{ConnectOptions, open_connection_with, run, start_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = start_server("127.0.0.1:0", async |_, writer| writer.write(b"hello")).await?;
///     let options = ConnectOptions { limit: 1024, ..Default::default() };
///     let (reader, _writer) = open_connection_with(server.local_addr(), options).await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     Ok(())
/// })
/// # }
/// ```
pub async fn open_connection_with(
    address: impl Into<Address>,
    options: ConnectOptions,
) -> io::Result<(StreamReader, StreamWriter)> {
    if options.limit == 0 {
        return Err(ZeroLimit.into());
    }
    let stream = TcpStream::connect_by(&address.into(), options.route()).await?;
    Ok(pair(stream, options.limit))
}

/// Takes over a socket that is connected already, and returns the connection as a reader and a
/// writer.
///
/// It is a stream socket, of TCP or UNIX, and becomes non-blocking. In asyncio, the argument
/// `sock` of `open_connection`; there, a host beside it is an error.
///
/// # Errors
///
/// `InvalidInput` if it is not a stream socket; what the kernel says.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{open_connection_on, run};
/// use std::os::unix::net::UnixStream;
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let (one, two) = UnixStream::pair()?;
///     let (_reader, writer) = open_connection_on(one)?;
///     let (reader, _writer) = open_connection_on(two)?;
///     writer.write(b"hello");
///     writer.close();
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     Ok(())
/// })
/// # }
/// ```
#[doc(alias = "sock")]
pub fn open_connection_on(socket: impl Into<OwnedFd>) -> io::Result<(StreamReader, StreamWriter)> {
    let connection = adopt(&get_running_loop(), socket.into())?;
    Ok(pair_of(Rc::from(connection), LIMIT))
}

/// Connects to the UNIX socket at `path` and returns the connection as a reader and a writer.
///
/// The asyncio counterpart has the same name.
///
/// # Errors
///
/// If there is no socket, or if nobody listens on it.
///
/// # Panics
///
/// If no loop is running.
///
/// # Cancel safety
///
/// Dropping or cancelling it closes the socket.
///
/// ```
/// use looplet::{open_unix_connection, run, start_unix_server};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("looplet-open-{}.sock", std::process::id()));
/// run(async move {
///     let _server = start_unix_server(&path, async |_, writer| writer.write(b"hello"))?;
///     let (reader, _writer) = open_unix_connection(&path).await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     Ok(())
/// })
/// # }
/// ```
pub async fn open_unix_connection(
    path: impl AsRef<Path>,
) -> io::Result<(StreamReader, StreamWriter)> {
    Ok(UnixStream::connect(path).await?.into_streams())
}

impl<F: Family> SocketStream<F> {
    /// Makes a reader and a writer of the stream.
    ///
    /// ```
    /// use looplet::{UnixStream, run};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (here, there) = UnixStream::pair()?;
    ///     let (_reader, writer) = here.into_streams();
    ///     let (reader, _writer) = there.into_streams();
    ///     writer.write(b"hello");
    ///     writer.close();
    ///     assert_eq!(reader.read_to_end().await?, b"hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn into_streams(self) -> (StreamReader, StreamWriter) {
        pair(self, LIMIT)
    }
}

/// Makes a reader and a writer of a connection.
pub(super) fn pair<F: Family>(
    stream: SocketStream<F>,
    limit: usize,
) -> (StreamReader, StreamWriter) {
    pair_of(Rc::new(stream), limit)
}

fn pair_of(connection: Rc<dyn Connection>, limit: usize) -> (StreamReader, StreamWriter) {
    let mut reader = StreamReader::new(connection.clone());
    reader.limit = limit;
    (reader, StreamWriter::new(connection))
}
