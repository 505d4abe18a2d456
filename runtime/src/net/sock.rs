//! asyncio's calls on sockets that the program owns.
//!
//! Each tries first, as everything here does. A call that has to wait watches the descriptor
//! for the time of the wait only, so a socket that is not in use is unknown to the loop.

use std::future::poll_fn;
use std::io::{self, Read};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::task::{Context, Poll};

use socket2::SockRef;

use super::descriptors::{Descriptors, Use};
use super::source::{awaited, loop_is_gone, open};
use super::tcp::{IN_PROGRESS, is_connected};
use crate::cancel::Note;
use crate::event_loop::{Direction, EventLoop, SourceId, WaitId, WeakLoop};
use crate::leaf::{Leaf, interrupted};

/// How much is received at once at most: memory is made for it before anybody knows how much
/// comes.
const LARGEST_RECEIVE: usize = 1 << 20;

/// The calls on sockets of the program's own. All of them take any socket of the standard
/// library or of the crate `socket2`, and all give an error if
///
/// - the socket is not set to be non-blocking,
/// - it is used by a transport or a stream, or by a callback for the same direction,
/// - the loop is closed.
impl EventLoop {
    /// Receives up to `size` bytes, and a mebibyte at most; none means the end. The asyncio
    /// counterpart has the same name.
    ///
    /// # Errors
    ///
    /// What the kernel says, and see above: the socket must not block nor be in use.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing: what arrives later stays in the socket.
    ///
    /// ```
    /// use looplet::{get_running_loop, run};
    /// use std::io::Write;
    /// use std::os::unix::net::UnixStream;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (ours, mut theirs) = UnixStream::pair()?;
    ///     ours.set_nonblocking(true)?;
    ///     theirs.write_all(b"data")?;
    ///     assert_eq!(get_running_loop().sock_recv(&ours, 9).await?, b"data");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn sock_recv(&self, socket: &impl AsFd, size: usize) -> io::Result<Vec<u8>> {
        let mut buffer = vec![0; size.min(LARGEST_RECEIVE)];
        let length = self.sock_recv_into(socket, &mut buffer).await?;
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Receives into `buffer` and returns how much; 0 means the end. The asyncio counterpart
    /// has the same name.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// As [`sock_recv`](Self::sock_recv).
    pub async fn sock_recv_into(&self, socket: &impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
        let socket = SockRef::from(socket);
        let receive = || (&*socket).read(buffer);
        attempt(self, &socket, Direction::Read, receive).await
    }

    /// Receives a datagram of up to `size` bytes; what is longer is cut off.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// As [`sock_recv`](Self::sock_recv).
    #[doc(alias = "sock_recvfrom")]
    pub async fn sock_recv_from(
        &self,
        socket: &UdpSocket,
        size: usize,
    ) -> io::Result<(Vec<u8>, SocketAddr)> {
        let mut buffer = vec![0; size.min(LARGEST_RECEIVE)];
        let (length, peer) = self.sock_recv_from_into(socket, &mut buffer).await?;
        buffer.truncate(length);
        Ok((buffer, peer))
    }

    /// Receives a datagram into `buffer`; what does not fit is cut off.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// As [`sock_recv`](Self::sock_recv).
    #[doc(alias = "sock_recvfrom_into")]
    pub async fn sock_recv_from_into(
        &self,
        socket: &UdpSocket,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        let receive = || socket.recv_from(buffer);
        attempt(self, &SockRef::from(socket), Direction::Read, receive).await
    }

    /// Sends all of `data`.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv). A part may have been sent by then.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it may leave a part sent, and does not tell how much.
    #[doc(alias = "sock_sendall")]
    pub async fn sock_send_all(&self, socket: &impl AsFd, mut data: &[u8]) -> io::Result<()> {
        let socket = SockRef::from(socket);
        while !data.is_empty() {
            let send = || socket.send(data);
            let sent = attempt(self, &socket, Direction::Write, send).await?;
            data = &data[sent..];
        }
        Ok(())
    }

    /// Sends a datagram to `target`.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has sent nothing.
    #[doc(alias = "sock_sendto")]
    pub async fn sock_send_to(
        &self,
        socket: &UdpSocket,
        data: &[u8],
        target: SocketAddr,
    ) -> io::Result<usize> {
        let send = || socket.send_to(data, target);
        attempt(self, &SockRef::from(socket), Direction::Write, send).await
    }

    /// Connects a socket to `target`. The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// What the kernel says: refused, unreachable, and so on. In all else as
    /// [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the kernel connecting; close the socket to stop it.
    pub async fn sock_connect(&self, socket: &impl AsFd, target: SocketAddr) -> io::Result<()> {
        let socket = SockRef::from(socket);
        let mut begun = false;
        let connect = || {
            if begun {
                return is_connected(&socket);
            }
            begun = true;
            match socket.connect(&target.into()) {
                Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => {
                    Err(io::ErrorKind::WouldBlock.into())
                }
                result => result,
            }
        };
        attempt(self, &socket, Direction::Write, connect).await
    }

    /// Waits for a connection. The new socket does not block. The asyncio counterpart has the
    /// same name.
    ///
    /// # Errors
    ///
    /// As [`sock_recv`](Self::sock_recv).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no connection.
    pub async fn sock_accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let accept = || listener.accept();
        let (socket, peer) =
            attempt(self, &SockRef::from(listener), Direction::Read, accept).await?;
        socket.set_nonblocking(true)?;
        Ok((socket, peer))
    }
}

/// Tries until the kernel does not say `WouldBlock`.
pub(super) async fn attempt<T>(
    event_loop: &EventLoop,
    socket: &SockRef<'_>,
    direction: Direction,
    mut once: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let fd = socket.as_raw_fd();
    if !socket.nonblocking()? {
        let text = format!("the socket must be non-blocking, and file descriptor {fd} is not");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Descriptors::of(event_loop)?.check(fd)?;
    let mut wait = FdWait {
        event_loop: event_loop.downgrade(),
        fd,
        direction,
        source: None,
        wait: None,
        leaf: Leaf::new(),
    };
    poll_fn(|context| wait.poll(context, &mut once)).await
}

/// The wait for one direction of a descriptor.
struct FdWait {
    event_loop: WeakLoop,
    fd: RawFd,
    direction: Direction,
    /// The name of the descriptor at the reactor, once it is watched.
    source: Option<SourceId>,
    /// The name of the wait there.
    wait: Option<WaitId>,
    leaf: Leaf,
}

impl FdWait {
    fn poll<T>(
        &mut self,
        context: &Context<'_>,
        once: &mut impl FnMut() -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        if interrupted() {
            return Poll::Pending;
        }
        loop {
            match once() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => {
                    self.leaf.resume();
                    return Poll::Ready(result);
                }
            }
            return match self.wait(context) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            };
        }
    }

    /// Has the task woken when the direction is ready.
    fn wait(&mut self, context: &Context<'_>) -> io::Result<()> {
        let event_loop = open(self.event_loop).ok_or_else(loop_is_gone)?;
        let descriptors = Descriptors::of(&event_loop)?;
        let core = event_loop.core();
        let source = match self.source {
            Some(source) if !core.reactor.is_ready(source, self.direction) => source,
            // It was ready, and somebody else was faster.
            Some(_) => descriptors.rearm(core, self.fd)?,
            None => {
                descriptors
                    .claim(core, self.fd, self.direction, Use::Waits(1))?
                    .0
            }
        };
        self.source = Some(source);
        let polled = core
            .reactor
            .poll_ready(source, self.direction, &mut self.wait, context);
        debug_assert!(
            polled.is_pending(),
            "a direction that was armed has no mark"
        );
        self.leaf
            .park(context, || Note::Plain(awaited(self.direction)));
        Ok(())
    }
}

impl Drop for FdWait {
    fn drop(&mut self) {
        let (Some(source), Some(event_loop)) = (self.source, self.event_loop.upgrade()) else {
            return;
        };
        let core = event_loop.core();
        if let Some(wait) = self.wait {
            core.reactor.forget(source, self.direction, wait);
        }
        if let Some(descriptors) = core.find_attachment::<Descriptors>() {
            descriptors.release_wait(core, self.fd, self.direction);
        }
    }
}
