//! How servers begin: the sockets are bound, then they listen.

use std::io;
use std::path::{Path, PathBuf};

use super::protocol::StreamProtocol;
use super::server::{Listener, Shared, TransportServer};
use crate::event_loop::EventLoop;
use crate::net::{
    Address, BindOptions, Endpoint, Family, SocketListener, Tcp, Unix, bind_all, bind_unix_file,
};

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
    pub async fn create_server<P: Into<StreamProtocol>>(
        &self,
        mut protocol_factory: impl FnMut() -> P + 'static,
        address: impl Into<Address>,
    ) -> io::Result<TransportServer> {
        let bind_options = BindOptions {
            only_v6: true,
            ..BindOptions::default()
        };
        let sockets = bind_all(&address.into().resolve().await?, bind_options)?;
        let name = |socket| Endpoint::local(socket).and_then(Tcp::address);
        let names: io::Result<Vec<_>> = sockets.iter().map(name).collect();
        let listen = |socket| Listener::new::<Tcp>(self, socket);
        let listeners: io::Result<Vec<_>> = sockets.into_iter().map(listen).collect();
        let factory = Box::new(move || protocol_factory().into());
        let shared = Shared::new(self, listeners?, factory, None);
        Ok(TransportServer::new(shared, names?))
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
        mut protocol_factory: impl FnMut() -> P + 'static,
        path: impl AsRef<Path>,
    ) -> io::Result<TransportServer<PathBuf>> {
        let path = path.as_ref();
        let (socket, file) = bind_unix_file(path)?;
        let listeners = vec![Listener::new::<Unix>(self, socket)?];
        let factory = Box::new(move || protocol_factory().into());
        let shared = Shared::new(self, listeners, factory, file);
        Ok(TransportServer::new(shared, vec![path.to_path_buf()]))
    }
    /// Listens on a UNIX socket at `path`, for which the loop does not wait. `protect` is called
    /// with the path before anybody can connect.
    pub(crate) fn serve_in_background<P: Into<StreamProtocol>>(
        &self,
        mut protocol_factory: impl FnMut() -> P + 'static,
        path: &Path,
        protect: impl FnOnce(&Path) -> io::Result<()>,
    ) -> io::Result<TransportServer<PathBuf>> {
        let (socket, file) = bind_unix_file(path)?;
        if file.is_none() {
            let text = "a socket without a file cannot be protected";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        protect(path)?;
        let socket = SocketListener::<Unix>::listen_in_background(self, socket)?;
        let listeners = vec![Listener::of(Box::new(socket))];
        let factory = Box::new(move || protocol_factory().into());
        let shared = Shared::new(self, listeners, factory, file);
        Ok(TransportServer::new(shared, vec![path.to_path_buf()]))
    }
}
