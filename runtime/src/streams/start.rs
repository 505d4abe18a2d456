//! How servers begin: the sockets are bound, then they listen.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::accept::ClientOutcome;
use super::options::ServerOptions;
use super::reader::StreamReader;
use super::server::Server;
use super::writer::StreamWriter;
use crate::net::{Address, Endpoint, Tcp, Unix, adopt_bound, bind_all, bind_unix_file};

/// Listens on `address` and calls `client_connected` with a reader and a writer for every
/// connection, each in a task of its own.
///
/// The server accepts until it is closed or dropped. Port 0 lets the system choose a port;
/// [`Server::local_addr`] tells which. If the name has several addresses, it listens on all of
/// them. When a handler ends with an error or a panic, that is reported to the exception
/// handler of the loop, and the connection is closed. The asyncio counterpart has the same
/// name.
///
/// # Errors
///
/// If the name is not known, the port is taken or not allowed.
///
/// # Panics
///
/// If no loop is running.
///
/// # Cancel safety
///
/// Dropping or cancelling it closes what listens already.
///
/// ```
/// use looplet::{open_connection, run, start_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = start_server("127.0.0.1:0", async |reader, writer| {
///         writer.write(&reader.read_line().await?);
///         writer.drain().await
///     });
///     let server = server.await?;
///     let (reader, writer) = open_connection(server.local_addr()).await?;
///     writer.write(b"an echo\n");
///     assert_eq!(reader.read_line().await?, b"an echo\n");
///     Ok(())
/// })
/// # }
/// ```
pub async fn start_server<H, O>(
    address: impl Into<Address>,
    client_connected: H,
) -> io::Result<Server>
where
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    start_server_with(address, ServerOptions::default(), client_connected).await
}

/// Listens on `address` as the options say; see [`start_server`].
///
/// The asyncio counterparts are the keyword arguments of `start_server`.
///
/// # Errors
///
/// As [`start_server`]; also if the limit is 0.
///
/// # Panics
///
/// If no loop is running.
///
/// # Cancel safety
///
/// As [`start_server`].
///
/// ```
/// use looplet::{ServerOptions, run, start_server_with};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let options = ServerOptions { start_serving: false, ..Default::default() };
///     let server = start_server_with("127.0.0.1:0", options, async |_, _| ()).await?;
///     assert!(!server.is_serving());
///     server.start_serving()?;
///     assert!(server.is_serving());
///     Ok(())
/// })
/// # }
/// ```
pub async fn start_server_with<H, O>(
    address: impl Into<Address>,
    options: ServerOptions,
    client_connected: H,
) -> io::Result<Server>
where
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let bound = bind_all(&address.into(), options.binding()).await?;
    let names = bound.iter().filter_map(|bound| bound.name.ip()).collect();
    let sockets = bound.into_iter().map(|bound| bound.socket).collect();
    let server = Server::new(names, None);
    server.prepare::<Tcp, _, _>(sockets, options, client_connected)?;
    Ok(server)
}

/// Listens on a socket that the program has bound; see [`start_server`].
///
/// It is a stream socket, of TCP or UNIX. It becomes non-blocking, and it need not listen yet.
/// With a path, its file is removed when the server is closed, unless the options say otherwise.
/// In asyncio, the argument `sock` of `start_server`; there, a host beside it is an error.
///
/// # Errors
///
/// `InvalidInput` if it is not a stream socket or if the limit is 0; what the kernel says, for
/// example that the socket is connected.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{ServerOptions, open_connection, run, start_server_on};
/// use std::net::TcpListener;
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let socket = TcpListener::bind("127.0.0.1:0")?;
///     let address = socket.local_addr()?;
///     let options = ServerOptions::default();
///     let server = start_server_on(socket, options, async |_, writer| writer.write(b"hello"))?;
///     assert_eq!(server.local_addr().ip(), Some(address));
///     let (reader, _writer) = open_connection(address).await?;
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     Ok(())
/// })
/// # }
/// ```
#[doc(alias = "sock")]
pub fn start_server_on<H, O>(
    socket: impl Into<OwnedFd>,
    options: ServerOptions,
    client_connected: H,
) -> io::Result<Server<Endpoint>>
where
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let (bound, file) = adopt_bound(socket.into(), options.cleanup_socket)?;
    let is_ip = bound.name.ip().is_some();
    let server = Server::new(vec![bound.name], file);
    match is_ip {
        true => server.prepare::<Tcp, _, _>(vec![bound.socket], options, client_connected)?,
        false => server.prepare::<Unix, _, _>(vec![bound.socket], options, client_connected)?,
    }
    Ok(server)
}

/// Listens on a UNIX socket at `path`; see [`start_server`].
///
/// The file of a socket that a dead server has left at `path` is replaced. When the server is
/// closed or dropped, it removes its file. The asyncio counterpart has the same name.
///
/// # Errors
///
/// `AddrInUse` if another server listens at `path`, or if there is a file of another kind; and
/// what the system says of the folder.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{open_unix_connection, run, start_unix_server};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let path = std::env::temp_dir().join(format!("looplet-{}.sock", std::process::id()));
///     let server = start_unix_server(&path, async |reader, writer| {
///         writer.write(&reader.read_to_end().await?);
///         std::io::Result::Ok(())
///     })?;
///     let (reader, writer) = open_unix_connection(&path).await?;
///     writer.write(b"hello");
///     writer.write_eof();
///     assert_eq!(reader.read_to_end().await?, b"hello");
///     server.close();
///     assert!(!path.exists());
///     Ok(())
/// })
/// # }
/// ```
pub fn start_unix_server<H, O>(
    path: impl AsRef<Path>,
    client_connected: H,
) -> io::Result<Server<PathBuf>>
where
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    start_unix_server_with(path, ServerOptions::default(), client_connected)
}

/// Listens on a UNIX socket as the options say; see [`start_unix_server`].
///
/// The asyncio counterparts are the keyword arguments of `start_unix_server`.
///
/// # Errors
///
/// As [`start_unix_server`]; also if the limit is 0.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{ServerOptions, run, start_unix_server_with};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("looplet-with-{}.sock", std::process::id()));
/// run(async move {
///     let options = ServerOptions { backlog: 1, ..Default::default() };
///     let server = start_unix_server_with(&path, options, async |_, _| ())?;
///     assert!(server.is_serving());
///     Ok(())
/// })
/// # }
/// ```
pub fn start_unix_server_with<H, O>(
    path: impl AsRef<Path>,
    options: ServerOptions,
    client_connected: H,
) -> io::Result<Server<PathBuf>>
where
    H: AsyncFn(StreamReader, StreamWriter) -> O + 'static,
    O: ClientOutcome + 'static,
{
    let path = path.as_ref();
    let (socket, file) = bind_unix_file(path, options.cleanup_socket)?;
    let server = Server::new(vec![path.to_path_buf()], file);
    server.prepare::<Unix, _, _>(vec![socket], options, client_connected)?;
    Ok(server)
}
