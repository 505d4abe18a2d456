//! From a socket to a transport.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use super::connection::Connection;
use super::link::Link;
use super::protocol::StreamProtocol;
use super::transport::Transport;
use crate::event_loop::EventLoop;
use crate::net::{Address, TcpStream, adopt, connect_unix};
use crate::promise::Promise;
use crate::streams::ConnectOptions;

impl EventLoop {
    /// Connects to `address`, and calls `protocol` about the connection from then on.
    ///
    /// The addresses of a name are tried in order. When this returns, `connection_made` has
    /// been called. The asyncio counterpart has the same name; it takes a function that makes
    /// the protocol, and returns what that made. Here, the protocol belongs to its transport:
    /// what a program wants to look at, it shares with the protocol.
    ///
    /// # Errors
    ///
    /// If the name is not known, if no address answers, or if the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the connection; a protocol that was told of it is told
    /// that it is lost.
    ///
    /// ```
    /// use looplet::{Protocol, Queue, Transport, get_running_loop, run, start_server};
    ///
    /// struct Collect(Queue<Vec<u8>>);
    ///
    /// impl Protocol for Collect {
    ///     fn data_received(&mut self, _: &Transport, data: &[u8]) {
    ///         self.0.put_nowait(data.to_vec()).expect("it has no bound");
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let server = start_server("127.0.0.1:0", async |_, writer| writer.write(b"hi")).await?;
    ///     let queue = Queue::new(0);
    ///     let protocol = Collect(queue.clone());
    ///     let event_loop = get_running_loop();
    ///     let transport = event_loop.create_connection(protocol, server.local_addr()).await?;
    ///     assert_eq!(queue.get().await.expect("it is open"), b"hi");
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_connection(
        &self,
        protocol: impl Into<StreamProtocol>,
        address: impl Into<Address>,
    ) -> io::Result<Transport> {
        let options = ConnectOptions {
            happy_eyeballs_delay: None,
            ..ConnectOptions::default()
        };
        self.create_connection_with(protocol, address, options)
            .await
    }

    /// Connects to `address` as the options say; see
    /// [`create_connection`](Self::create_connection).
    ///
    /// The asyncio counterparts are the keyword arguments of `create_connection`. Unlike there,
    /// and unlike without options, several addresses may race by default.
    ///
    /// # Errors
    ///
    /// As [`create_connection`](Self::create_connection); also if the local address is not to be
    /// had.
    ///
    /// # Cancel safety
    ///
    /// As [`create_connection`](Self::create_connection).
    ///
    /// ```
    /// use looplet::{ConnectOptions, Protocol, get_running_loop, run, start_server};
    ///
    /// struct Quiet;
    /// impl Protocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let server = start_server("127.0.0.1:0", async |_, _| ()).await?;
    ///     let (event_loop, address) = (get_running_loop(), server.local_addr());
    ///     let local_addr = Some("127.0.0.1:0".parse().expect("it is an address"));
    ///     let options = ConnectOptions { local_addr, ..Default::default() };
    ///     let transport = event_loop.create_connection_with(Quiet, address, options).await?;
    ///     assert_eq!(transport.peer_addr(), Some(address));
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_connection_with(
        &self,
        protocol: impl Into<StreamProtocol>,
        address: impl Into<Address>,
        options: ConnectOptions,
    ) -> io::Result<Transport> {
        let socket = TcpStream::connect_with(self, &address.into(), options.route()).await?;
        let link = Link::of_socket(self, Box::new(socket))?;
        self.make_transport(link, protocol.into()).await
    }

    /// Connects to the UNIX socket at `path`, and calls `protocol` about the connection from
    /// then on.
    ///
    /// In all else as [`create_connection`](Self::create_connection). On Linux, a path that
    /// begins with a zero is an abstract name. If the queue of the server is full, it waits for
    /// a place. The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// If there is no socket, if nobody listens on it, or if the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`create_connection`](Self::create_connection).
    ///
    /// ```
    /// use looplet::{Protocol, get_running_loop, run, start_unix_server};
    ///
    /// struct Quiet;
    /// impl Protocol for Quiet {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("looplet-to-{}", std::process::id()));
    /// run(async move {
    ///     let server = start_unix_server(&path, async |reader, _| {
    ///         reader.read_to_end().await.map(drop)
    ///     })?;
    ///     let transport = get_running_loop().create_unix_connection(Quiet, server.path()).await?;
    ///     transport.write(b"hello");
    ///     transport.close();
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn create_unix_connection(
        &self,
        protocol: impl Into<StreamProtocol>,
        path: impl AsRef<Path>,
    ) -> io::Result<Transport> {
        let socket = connect_unix(path.as_ref()).await?;
        self.connect_accepted_socket(protocol, socket).await
    }

    /// Makes a transport of a stream socket that is connected already, such as one that was
    /// accepted without the loop, or connected by the program.
    ///
    /// It becomes non-blocking. The asyncio counterpart has the same name; it is also the argument
    /// `sock` of `create_connection` and `create_unix_connection`, beside which a host or a path
    /// is an error.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if it is not a stream socket; if the loop is closed.
    ///
    /// # Cancel safety
    ///
    /// As [`create_connection`](Self::create_connection).
    ///
    /// ```
    /// use looplet::{Protocol, Transport, get_running_loop, run};
    /// use std::io::Read;
    /// use std::os::unix::net::UnixStream;
    ///
    /// struct Greet;
    ///
    /// impl Protocol for Greet {
    ///     fn connection_made(&mut self, transport: &Transport) {
    ///         transport.write(b"hello");
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     get_running_loop().connect_accepted_socket(Greet, ours).await?;
    ///     let mut buffer = [0; 5];
    ///     theirs.read_exact(&mut buffer)?;
    ///     assert_eq!(&buffer, b"hello");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "sock")]
    pub async fn connect_accepted_socket(
        &self,
        protocol: impl Into<StreamProtocol>,
        socket: impl Into<OwnedFd>,
    ) -> io::Result<Transport> {
        let link = Link::of_socket(self, adopt(self, socket.into())?)?;
        self.make_transport(link, protocol.into()).await
    }

    pub(super) async fn make_transport(
        &self,
        link: Link,
        protocol: StreamProtocol,
    ) -> io::Result<Transport> {
        let made: Promise<()> = self.create_promise();
        let setter = made.clone();
        let transport = start(self, link, protocol, move || {
            // An error means that the task was cancelled meanwhile.
            let _ = setter.set_result(());
        });
        let unclaimed = Unclaimed(&transport);
        made.await;
        std::mem::forget(unclaimed);
        Ok(transport)
    }
}

/// A transport that nobody has got yet.
struct Unclaimed<'a>(&'a Transport);

impl Drop for Unclaimed<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Makes a transport. The next turn tells the protocol, then runs `told`, and then begins to
/// read; so whoever waits for the transport has it before the first data comes, as in asyncio.
pub(crate) fn start(
    event_loop: &EventLoop,
    link: Link,
    protocol: StreamProtocol,
    told: impl FnOnce() + 'static,
) -> Transport {
    let connection = Connection::new(event_loop, link);
    let transport = Transport::new(connection.clone());
    transport.set_protocol(protocol);
    let first = connection.clone();
    event_loop.call_soon(move || first.begin());
    event_loop.call_soon(move || {
        told();
        connection.begin_reading();
    });
    transport
}
