//! Datagrams that call back.

use std::any::{Any, type_name};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::rc::Rc;

use super::base::Callbacks;
use super::endpoint::{DatagramCallbacks, DatagramEndpoint, SendToError};
use super::flow::BufferLimitsError;

/// What is told about a datagram endpoint, as it happens.
///
/// As with [`Protocol`](crate::Protocol), every callback is given the transport and may call
/// it, all come from the loop, and a panic in one closes the endpoint.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{DatagramProtocol, DatagramTransport, Event, UdpSocket, get_running_loop, run};
/// use std::net::SocketAddr;
///
/// struct Hear(Event);
///
/// impl DatagramProtocol for Hear {
///     fn datagram_received(&mut self, _: &DatagramTransport, data: &[u8], _: SocketAddr) {
///         assert_eq!(data, b"hello");
///         self.0.set();
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let heard = Event::new();
///     let (protocol, local) = (Hear(heard.clone()), Some("127.0.0.1:0".into()));
///     let ear = get_running_loop().create_datagram_endpoint(protocol, local, None).await?;
///     let mouth = UdpSocket::bind("127.0.0.1:0").await?;
///     mouth.send_to(b"hello", ear.local_addr().expect("it is open")).await?;
///     heard.wait().await;
///     ear.close();
///     Ok(())
/// })
/// # }
/// ```
pub trait DatagramProtocol {
    /// The endpoint stands. Datagrams may be sent; none has been received.
    fn connection_made(&mut self, transport: &DatagramTransport) {
        let _ = transport;
    }

    /// A datagram has come. It may be empty.
    fn datagram_received(&mut self, transport: &DatagramTransport, data: &[u8], from: SocketAddr) {
        let _ = (transport, data, from);
    }

    /// Sending or receiving has failed, for example because an earlier datagram was refused.
    /// The endpoint goes on.
    fn error_received(&mut self, transport: &DatagramTransport, error: &io::Error) {
        let _ = (transport, error);
    }

    /// The endpoint is closed. `None`: by the program. Then the protocol is dropped.
    fn connection_lost(&mut self, error: Option<&io::Error>) {
        let _ = error;
    }

    /// As [`Protocol::pause_writing`](crate::Protocol::pause_writing).
    fn pause_writing(&mut self, transport: &DatagramTransport) {
        let _ = transport;
    }

    /// As [`Protocol::resume_writing`](crate::Protocol::resume_writing).
    fn resume_writing(&mut self, transport: &DatagramTransport) {
        let _ = transport;
    }
}

/// A datagram endpoint that calls a [`DatagramProtocol`].
///
/// A cheap handle: clones stand for the same endpoint. Dropping it closes nothing; the loop
/// owns the endpoint until it is closed. No method waits.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{DatagramProtocol, UdpSocket, get_running_loop, run};
///
/// struct Quiet;
/// impl DatagramProtocol for Quiet {}
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let ear = UdpSocket::bind("127.0.0.1:0").await?;
///     let peer = Some(ear.local_addr()?.into());
///     let mouth = get_running_loop().create_datagram_endpoint(Quiet, None, peer).await?;
///     mouth.send_to(b"hello", None).expect("it has a peer");
///     assert_eq!(ear.recv(&mut [0; 16]).await?, 5);
///     mouth.close();
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct DatagramTransport {
    endpoint: Rc<DatagramEndpoint>,
}

impl DatagramTransport {
    pub(super) fn new(endpoint: Rc<DatagramEndpoint>) -> Self {
        Self { endpoint }
    }

    /// Sends a datagram: at once if the kernel takes it, otherwise in the background. `target`
    /// is an address, or `None` if the endpoint has a peer.
    ///
    /// What fails on the way goes to
    /// [`error_received`](DatagramProtocol::error_received), later. Once the transport is
    /// closing, datagrams are dropped: five without a word, then the exception handler hears of
    /// it.
    ///
    /// # Errors
    ///
    /// If the endpoint has a peer and `target` is another address, or if there is neither.
    #[doc(alias = "sendto")]
    pub fn send_to(
        &self,
        data: &[u8],
        target: impl Into<Option<SocketAddr>>,
    ) -> Result<(), SendToError> {
        self.endpoint.send_to(data, target.into())
    }

    /// Closes the endpoint once everything is sent. Nothing more is received, and
    /// [`connection_lost`](DatagramProtocol::connection_lost) is called later, from the loop.
    pub fn close(&self) {
        self.endpoint.close();
    }

    /// Closes the endpoint; what is not sent yet is dropped.
    pub fn abort(&self) {
        self.endpoint.fail(None);
    }

    /// Returns whether the endpoint is closing or closed.
    pub fn is_closing(&self) -> bool {
        !self.endpoint.base.is_open()
    }

    /// Returns how much waits to be sent: its bytes, and 8 for each datagram.
    #[doc(alias = "get_write_buffer_size")]
    pub fn write_buffer_size(&self) -> usize {
        self.endpoint.unsent()
    }

    /// Returns the low and the high limit for what waits to be sent.
    #[doc(alias = "get_write_buffer_limits")]
    pub fn write_buffer_limits(&self) -> (usize, usize) {
        self.endpoint.base.flow.limits()
    }

    /// Sets the limits, as
    /// [`Transport::set_write_buffer_limits`](crate::Transport::set_write_buffer_limits).
    ///
    /// # Errors
    ///
    /// If `high` is less than `low`; the limits stay as they were.
    pub fn set_write_buffer_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), BufferLimitsError> {
        self.endpoint.base.flow.set_limits(high, low)?;
        self.endpoint.update_flow();
        Ok(())
    }

    /// Puts another protocol in the place of the present one, as
    /// [`Transport::set_protocol`](crate::Transport::set_protocol).
    pub fn set_protocol(&self, protocol: impl DatagramProtocol + 'static) {
        let transport = self.clone();
        let bound = Box::new(Bound {
            protocol,
            transport,
        });
        self.endpoint.base.set_protocol(bound);
    }

    /// Lets `use_protocol` look at the protocol, if that is a `P`; as
    /// [`Transport::with_protocol`](crate::Transport::with_protocol).
    #[doc(alias = "get_protocol")]
    pub fn with_protocol<P: 'static, R>(
        &self,
        use_protocol: impl FnOnce(&mut P) -> R,
    ) -> Option<R> {
        let result = self.endpoint.base.with_protocol(use_protocol);
        self.endpoint.update_flow();
        result
    }

    /// Returns the address of this end, also after it is closed.
    #[doc(alias = "get_extra_info")]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.endpoint.base.local_addr
    }

    /// Returns the address of the peer, if the endpoint has one.
    #[doc(alias = "get_extra_info")]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.endpoint.base.peer_addr
    }

    /// Lets `use_socket` set options of the socket, which stays the transport's.
    ///
    /// # Errors
    ///
    /// `NotConnected` once the endpoint is closed.
    #[doc(alias = "get_extra_info")]
    pub fn with_socket<R>(&self, use_socket: impl FnOnce(BorrowedFd<'_>) -> R) -> io::Result<R> {
        let link = self.endpoint.link().ok_or(io::ErrorKind::NotConnected)?;
        Ok(use_socket(link.socket.as_fd()))
    }
}

impl fmt::Debug for DatagramTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramTransport")
            .field("stage", &self.endpoint.base.stage.get())
            .field("unsent", &self.write_buffer_size())
            .field("local", &self.local_addr())
            .field("peer", &self.peer_addr())
            .finish()
    }
}

/// A protocol and the transport that it is given in its callbacks.
struct Bound<P> {
    protocol: P,
    transport: DatagramTransport,
}

impl<P: DatagramProtocol + 'static> Callbacks for Bound<P> {
    fn protocol(&mut self) -> &mut dyn Any {
        &mut self.protocol
    }

    fn name(&self) -> &'static str {
        type_name::<P>()
    }

    fn made(&mut self) {
        self.protocol.connection_made(&self.transport);
    }

    fn lost(&mut self, error: Option<&io::Error>) {
        self.protocol.connection_lost(error);
    }

    fn pause(&mut self) {
        self.protocol.pause_writing(&self.transport);
    }

    fn resume(&mut self) {
        self.protocol.resume_writing(&self.transport);
    }
}

impl<P: DatagramProtocol + 'static> DatagramCallbacks for Bound<P> {
    fn datagram(&mut self, data: &[u8], from: SocketAddr) {
        self.protocol.datagram_received(&self.transport, data, from);
    }

    fn error(&mut self, error: &io::Error) {
        self.protocol.error_received(&self.transport, error);
    }
}
