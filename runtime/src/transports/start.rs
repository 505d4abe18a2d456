//! How servers begin: the sockets are bound, then they listen.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::accept::Shared;
use super::protocol::StreamProtocol;
use super::server::TransportServer;
use crate::event_loop::EventLoop;
use crate::net::{
    Address, Bound, Endpoint, SocketFile, adopt_bound, bind_all, bind_unix_file, loop_is_gone,
};
use crate::streams::ServerOptions;

impl EventLoop {
    /// Listens on every address of `address`, and calls `protocol_factory` for the protocol of
    /// each connection.
    ///
    /// The server accepts until it is closed or dropped. Port 0 lets the system choose a port;
    /// [`TransportServer::local_addr`] tells which. A panic in the factory is reported, and
    /// that connection is closed. The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// If the name is not known, the port is taken or not allowed, or the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves nothing that listens.
    ///
    /// ```
    /// use looplet::{Protocol, Transport, get_running_loop, open_connection, run};
    ///
    /// struct Greet;
    ///
    /// impl Protocol for Greet {
    ///     fn connection_made(&mut self, transport: &Transport) {
    ///         transport.write(b"hello");
    ///         transport.close();
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let server = get_running_loop().create_server(|| Greet, "127.0.0.1:0").await?;
    ///     let (reader, _writer) = open_connection(server.local_addr()).await?;
    ///     assert_eq!(reader.read_to_end().await?, b"hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_server<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        address: impl Into<Address>,
    ) -> io::Result<TransportServer> {
        let options = ServerOptions::default();
        self.create_server_with(protocol_factory, address, options)
            .await
    }

    /// Listens on `address` as the options say; see [`create_server`](Self::create_server).
    ///
    /// The asyncio counterparts are the keyword arguments of `create_server`.
    ///
    /// # Errors
    ///
    /// As [`create_server`](Self::create_server).
    ///
    /// # Cancel safety
    ///
    /// As [`create_server`](Self::create_server).
    ///
    /// ```
    /// use looplet::{Protocol, ServerOptions, get_running_loop, run};
    ///
    /// struct Quiet;
    /// impl Protocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (event_loop, address) = (get_running_loop(), "127.0.0.1:0");
    ///     let options = ServerOptions { start_serving: false, ..Default::default() };
    ///     let server = event_loop.create_server_with(|| Quiet, address, options).await?;
    ///     assert!(!server.is_serving());
    ///     server.start_serving()?;
    ///     assert!(server.is_serving());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_server_with<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        address: impl Into<Address>,
        options: ServerOptions,
    ) -> io::Result<TransportServer> {
        let bound = bind_all(&address.into(), options.binding()).await?;
        let names = bound.iter().filter_map(|bound| bound.name.ip()).collect();
        let shared = prepare(self, bound, None, protocol_factory, &options)?;
        Ok(TransportServer::new(shared, names))
    }

    /// Listens on a socket that the program has bound; see
    /// [`create_server`](Self::create_server).
    ///
    /// It is a stream socket, of TCP or UNIX. It becomes non-blocking, and it need not listen
    /// yet. With a path, its file is removed when the server is closed, unless the options say
    /// otherwise. In asyncio, the argument `sock` of `create_server` and `create_unix_server`;
    /// there, a host or a path beside it is an error.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is not a stream socket; what the kernel says, for example that the
    /// socket is connected; if the loop is closed.
    ///
    /// ```
    /// use looplet::{Protocol, ServerOptions, get_running_loop, run};
    /// use std::net::TcpListener;
    ///
    /// struct Quiet;
    /// impl Protocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let socket = TcpListener::bind("127.0.0.1:0")?;
    ///     let (event_loop, address) = (get_running_loop(), socket.local_addr()?);
    ///     let server = event_loop.create_server_on(|| Quiet, socket, ServerOptions::default())?;
    ///     assert_eq!(server.local_addr().ip(), Some(address));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "sock")]
    pub fn create_server_on<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        socket: impl Into<OwnedFd>,
        options: ServerOptions,
    ) -> io::Result<TransportServer<Endpoint>> {
        let (bound, file) = adopt_bound(socket.into(), options.cleanup_socket)?;
        let names = vec![bound.name.clone()];
        let shared = prepare(self, vec![bound], file, protocol_factory, &options)?;
        Ok(TransportServer::new(shared, names))
    }

    /// Listens on a UNIX socket at `path`, and calls `protocol_factory` for the protocol of
    /// each connection.
    ///
    /// The file of a socket that a dead server has left at `path` is replaced. When the server
    /// is closed or dropped, it removes its file. In all else as
    /// [`create_server`](Self::create_server). The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// `AddrInUse` if another server listens at `path`, or if there is a file of another kind;
    /// what the system says of the folder; or if the loop is closed.
    ///
    /// ```
    /// use looplet::{Protocol, Transport, get_running_loop, open_unix_connection, run};
    ///
    /// struct Greet;
    ///
    /// impl Protocol for Greet {
    ///     fn connection_made(&mut self, transport: &Transport) {
    ///         transport.write(b"hello");
    ///         transport.close();
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let path = std::env::temp_dir().join(format!("looplet-greet-{}", std::process::id()));
    ///     let server = get_running_loop().create_unix_server(|| Greet, &path)?;
    ///     let (reader, _writer) = open_unix_connection(server.path()).await?;
    ///     assert_eq!(reader.read_to_end().await?, b"hello");
    ///     server.close();
    ///     assert!(!path.exists());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn create_unix_server<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        path: impl AsRef<Path>,
    ) -> io::Result<TransportServer<PathBuf>> {
        self.create_unix_server_with(protocol_factory, path, ServerOptions::default())
    }

    /// Listens on a UNIX socket as the options say; see
    /// [`create_unix_server`](Self::create_unix_server).
    ///
    /// The asyncio counterparts are the keyword arguments of `create_unix_server`.
    ///
    /// # Errors
    ///
    /// As [`create_unix_server`](Self::create_unix_server).
    ///
    /// ```
    /// use looplet::{Protocol, ServerOptions, get_running_loop, run};
    ///
    /// struct Quiet;
    /// impl Protocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("looplet-quiet-{}", std::process::id()));
    /// run(async move {
    ///     let (event_loop, file) = (get_running_loop(), path.clone());
    ///     let options = ServerOptions { cleanup_socket: false, ..Default::default() };
    ///     let server = event_loop.create_unix_server_with(|| Quiet, &path, options)?;
    ///     server.close();
    ///     assert!(file.exists());
    ///     std::fs::remove_file(file)
    /// })
    /// # }
    /// ```
    pub fn create_unix_server_with<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        path: impl AsRef<Path>,
        options: ServerOptions,
    ) -> io::Result<TransportServer<PathBuf>> {
        let path = path.as_ref().to_path_buf();
        let (socket, file) = bind_unix_file(&path, options.cleanup_socket)?;
        let name = Endpoint::Path(path.clone());
        let bound = vec![Bound { socket, name }];
        let shared = prepare(self, bound, file, protocol_factory, &options)?;
        Ok(TransportServer::new(shared, vec![path]))
    }

    /// Listens on a UNIX socket at `path`, for which the loop does not wait. `protect` is called
    /// with the path before anybody can connect.
    pub(crate) fn serve_in_background<P: Into<StreamProtocol>>(
        &self,
        protocol_factory: impl FnMut() -> P + 'static,
        path: &Path,
        protect: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<TransportServer<PathBuf>> {
        let (socket, file) = bind_unix_file(path, true)?;
        if file.is_none() {
            let text = "a socket without a file cannot be protected";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        protect(path)?;
        let name = Endpoint::Path(path.to_path_buf());
        let options = ServerOptions {
            start_serving: false,
            ..ServerOptions::default()
        };
        let bound = vec![Bound { socket, name }];
        let shared = prepare(self, bound, file, protocol_factory, &options)?;
        shared.start_in_background()?;
        Ok(TransportServer::new(shared, vec![path.to_path_buf()]))
    }
}

/// Makes a server of sockets that are bound, and starts it if the options say so.
fn prepare<P: Into<StreamProtocol>>(
    event_loop: &EventLoop,
    bound: Vec<Bound>,
    file: Option<SocketFile>,
    mut factory: impl FnMut() -> P + 'static,
    options: &ServerOptions,
) -> io::Result<Rc<Shared>> {
    if event_loop.is_closed() {
        return Err(loop_is_gone());
    }
    let factory = Box::new(move || factory().into());
    let shared = Shared::new(event_loop, bound, options.backlog, factory, file);
    if options.start_serving {
        shared.start_serving()?;
    }
    Ok(shared)
}
