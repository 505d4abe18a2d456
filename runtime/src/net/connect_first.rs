//! Connecting to addresses that the program has looked up, or looked at, on its own.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::race::alternate;
use super::source::Source;
use super::stream::SocketStream;
use super::tcp::{Attempt, Tcp, begin_connect, end_connect, first_connected};
use crate::event_loop::{Direction, get_running_loop};

impl SocketStream<Tcp> {
    /// Connects to the first of `addresses` that answers, from `local` if that is given.
    ///
    /// With a `delay`, they are tried as [`connect`](Self::connect) does it, doubles left out;
    /// without one, one after the other in their order. This is for programs that look names up
    /// on their own, or must see each address before it is used.
    ///
    /// # Errors
    ///
    /// What the kernel said of each address that was tried.
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
    /// use looplet::{TcpListener, TcpStream, run};
    ///
    /// run(async {
    ///     let listener = TcpListener::bind("127.0.0.1:0").await?;
    ///     let here = listener.local_addr()?;
    ///     let stream = TcpStream::connect_first(vec![here], None, None).await.expect("it listens");
    ///     assert_eq!(stream.peer_addr()?, here);
    ///     Ok::<(), std::io::Error>(())
    /// }).expect("loopback works");
    /// ```
    pub async fn connect_first(
        addresses: Vec<SocketAddr>,
        local: Option<SocketAddr>,
        delay: Option<Duration>,
    ) -> Result<Self, Vec<(SocketAddr, io::Error)>> {
        let attempt = move |target| {
            Attempt::new(async move {
                let socket = match local {
                    None => mio::net::TcpStream::connect(target)?,
                    Some(local) => begin_connect(local, target)?,
                };
                let source = Source::new(&get_running_loop(), socket)?;
                // Nothing has come yet. Said before the next turn, which sets it for what has.
                source.clear_ready(Direction::Read);
                end_connect(&source).await?;
                Ok(source)
            })
        };
        let order = match delay {
            Some(_) => alternate(addresses, 1),
            None => addresses,
        };
        let connected = first_connected(order, delay, Box::new(attempt)).await;
        connected.map(Self::new)
    }
}
