//! UDP sockets.
//!
//! As with streams: try, and wait if the kernel says `WouldBlock`. One thing is different. A
//! datagram that is shorter than the buffer says nothing about the next one, so only
//! `WouldBlock` clears the mark of a direction.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::resolve::Address;
use super::source::Source;
use crate::event_loop::{Direction, EventLoop, get_running_loop};

/// A UDP socket.
///
/// All methods take `&self`, so that one task can receive while another sends. Every send is
/// one datagram, and every receive takes one: what does not fit into the buffer is lost. A
/// datagram of no bytes is legal, so 0 bytes do not mean an end.
///
/// asyncio has only `DatagramTransport`, which calls back.
///
/// # Cancel safety
///
/// All methods: one that is dropped or cancelled has neither sent nor received anything.
///
/// ```
/// use looplet::{UdpSocket, run};
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = UdpSocket::bind("127.0.0.1:0").await?;
///     let client = UdpSocket::bind("127.0.0.1:0").await?;
///     client.send_to(b"hello", server.local_addr()?).await?;
///
///     let mut buffer = [0; 64];
///     let (length, peer) = server.recv_from(&mut buffer).await?;
///     assert_eq!((&buffer[..length], peer), (&b"hello"[..], client.local_addr()?));
///     Ok(())
/// })
/// # }
/// ```
pub struct UdpSocket {
    source: Source<mio::net::UdpSocket>,
}

impl UdpSocket {
    /// Opens a socket at the first address of `address`. Port 0 lets the system choose one.
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
    /// Dropping or cancelling it closes the socket.
    pub async fn bind(address: impl Into<Address>) -> io::Result<Self> {
        let address = address.into();
        let target = address.resolve().await?.into_iter().next();
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        let socket = mio::net::UdpSocket::bind(target).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot bind to {address}: {error}"))
        })?;
        Ok(Self {
            source: Source::new(&get_running_loop(), socket)?,
        })
    }

    /// Registers a socket with `event_loop`, and makes it non-blocking.
    pub(crate) fn register(
        event_loop: &EventLoop,
        socket: std::net::UdpSocket,
    ) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            source: Source::new(event_loop, mio::net::UdpSocket::from_std(socket))?,
        })
    }

    /// Fixes the peer: from now on, [`send`](Self::send) goes to the first address of
    /// `address`, and only what comes from there is received.
    ///
    /// Nothing is sent. With a peer, the socket hears when a datagram was refused: the next
    /// operation fails with `ConnectionRefused`.
    ///
    /// # Errors
    ///
    /// If the name is not known, or the kernel knows no way there.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the peer as it was.
    ///
    /// ```
    /// use looplet::{UdpSocket, run};
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let one = UdpSocket::bind("127.0.0.1:0").await?;
    ///     let two = UdpSocket::bind("127.0.0.1:0").await?;
    ///     one.connect(two.local_addr()?).await?;
    ///     one.send(b"hello").await?;
    ///     assert_eq!(two.recv(&mut [0; 16]).await?, 5);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn connect(&self, address: impl Into<Address>) -> io::Result<()> {
        let target = address.into().resolve().await?.into_iter().next();
        let target = target.ok_or(io::ErrorKind::NotFound)?;
        self.source.socket().connect(target)
    }

    /// Sends a datagram to the peer that was fixed with [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// `NotConnected` or `AddrNotAvailable` without a peer; what the kernel says, for example
    /// that the datagram is too long, or that an earlier one was refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has sent nothing.
    pub async fn send(&self, data: &[u8]) -> io::Result<usize> {
        let send = |socket: &mio::net::UdpSocket| socket.send(data);
        self.source.attempt(Direction::Write, send).await
    }

    /// Sends a datagram to `target`.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that the datagram is too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has sent nothing.
    pub async fn send_to(&self, data: &[u8], target: SocketAddr) -> io::Result<usize> {
        let send = |socket: &mio::net::UdpSocket| socket.send_to(data, target);
        self.source.attempt(Direction::Write, send).await
    }

    /// Waits for a datagram and returns its length.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that something sent earlier was refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no datagram.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let receive = |socket: &mio::net::UdpSocket| socket.recv(buffer);
        self.source.attempt(Direction::Read, receive).await
    }

    /// Waits for a datagram and returns its length and where it came from.
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that something sent earlier was refused.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no datagram.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let receive = |socket: &mio::net::UdpSocket| socket.recv_from(buffer);
        self.source.attempt(Direction::Read, receive).await
    }

    /// Waits for a datagram and looks at it; the next receive gets it.
    ///
    /// # Errors
    ///
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no datagram.
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let look = |socket: &mio::net::UdpSocket| socket.peek_from(buffer);
        self.source.attempt(Direction::Read, look).await
    }

    /// Sends without waiting, to the peer if `target` is `None`.
    pub(crate) fn try_send_to(&self, data: &[u8], target: Option<SocketAddr>) -> io::Result<usize> {
        let socket = self.source.socket();
        let sent = match target {
            Some(target) => socket.send_to(data, target),
            None => socket.send(data),
        };
        self.note(Direction::Write, sent)
    }

    /// Receives without waiting.
    pub(crate) fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        let received = self.source.socket().recv_from(buffer);
        self.note(Direction::Read, received)
    }

    fn note<T>(&self, direction: Direction, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() == io::ErrorKind::WouldBlock
        {
            self.source.clear_ready(direction);
        }
        result
    }

    pub(crate) fn source(&self) -> &Source<mio::net::UdpSocket> {
        &self.source
    }

    /// Allows sending to a broadcast address. The default is no.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn set_broadcast(&self, allowed: bool) -> io::Result<()> {
        self.source.socket().set_broadcast(allowed)
    }

    /// Returns whether sending to a broadcast address is allowed.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn broadcast(&self) -> io::Result<bool> {
        self.source.socket().broadcast()
    }

    /// Sets over how many hops a datagram may go.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.source.socket().set_ttl(hops)
    }

    /// Returns over how many hops a datagram may go.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn ttl(&self) -> io::Result<u32> {
        self.source.socket().ttl()
    }

    /// Receives what is sent to a group, on the interface that has the address `interface`
    /// (0.0.0.0: the system chooses one).
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that it is not the address of a group.
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.source.socket().join_multicast_v4(&group, &interface)
    }

    /// Undoes [`join_multicast_v4`](Self::join_multicast_v4).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.source.socket().leave_multicast_v4(&group, &interface)
    }

    /// Receives what is sent to a group, on the interface with the number `interface` (0: the
    /// system chooses one).
    ///
    /// # Errors
    ///
    /// What the kernel says, for example that it is not the address of a group.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.source.socket().join_multicast_v6(group, interface)
    }

    /// Undoes [`join_multicast_v6`](Self::join_multicast_v6).
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.source.socket().leave_multicast_v6(group, interface)
    }

    /// Returns the address of this end; with the port that the system chose.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.source.socket().local_addr()
    }

    /// Returns the address of the peer that was fixed with [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// `NotConnected` without a peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.source.socket().peer_addr()
    }
}

/// For options that have no method here; reading past the loop takes datagrams from it.
impl AsFd for UdpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.socket().as_fd()
    }
}

impl AsRawFd for UdpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.source.socket().as_raw_fd()
    }
}

impl fmt::Debug for UdpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}
