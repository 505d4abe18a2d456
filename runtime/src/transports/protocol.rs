//! Protocols: what a program is told about a connection.
//!
//! asyncio hands the transport over in `connection_made`, and a protocol keeps it. Here every
//! callback is given it, so most protocols need not keep anything; one that wants to write from
//! elsewhere clones it.

use std::any::{Any, type_name};
use std::fmt;
use std::io;

use super::base::Callbacks;
use super::link::{Inlet, Received, StreamCallbacks};
use super::transport::Transport;

/// What is told about a connection, as it happens.
///
/// The calls come in this order: [`connection_made`](Self::connection_made) once,
/// [`data_received`](Self::data_received) any number of times,
/// [`eof_received`](Self::eof_received) at most once, and
/// [`connection_lost`](Self::connection_lost) once. They come from the loop, one at a time, and
/// may call the transport as they like. All have a default, which does nothing.
///
/// A panic in a callback goes to the exception handler and closes the connection.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Protocol, Transport, get_running_loop, open_connection, run};
///
/// /// Sends everything back.
/// struct Echo;
///
/// impl Protocol for Echo {
///     fn data_received(&mut self, transport: &Transport, data: &[u8]) {
///         transport.write(data);
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let server = get_running_loop().create_server(|| Echo, "127.0.0.1:0").await?;
///     let (reader, writer) = open_connection(server.local_addr()).await?;
///     writer.write(b"hello\n");
///     assert_eq!(reader.read_line().await.expect("an echo"), b"hello\n");
///     Ok(())
/// })
/// # }
/// ```
pub trait Protocol {
    /// The connection stands. Data may be written; none has been received.
    fn connection_made(&mut self, transport: &Transport) {
        let _ = transport;
    }

    /// Data has arrived: at least one byte, at most 256 KiB, cut as it happened to come.
    fn data_received(&mut self, transport: &Transport, data: &[u8]) {
        let _ = (transport, data);
    }

    /// The peer has ended its direction. Returns whether the connection is to stay open, for
    /// an answer; by default, it is closed.
    fn eof_received(&mut self, transport: &Transport) -> bool {
        let _ = transport;
        false
    }

    /// The connection has ended. `None`: as it should, by [`close`](Transport::close),
    /// [`abort`](Transport::abort) or the end of the peer. Then the protocol is dropped.
    fn connection_lost(&mut self, error: Option<&io::Error>) {
        let _ = error;
    }

    /// More waits to be sent than the high limit: writing should pause.
    fn pause_writing(&mut self, transport: &Transport) {
        let _ = transport;
    }

    /// No more waits to be sent than the low limit: writing may go on. Comes after
    /// [`pause_writing`](Self::pause_writing) only, and each of them once.
    fn resume_writing(&mut self, transport: &Transport) {
        let _ = transport;
    }
}

/// A [`Protocol`] that has data read into a buffer of its own, without a copy.
///
/// [`get_buffer`](Self::get_buffer) and [`buffer_updated`](Self::buffer_updated) take the place
/// of `data_received`; the other callbacks are those of [`Protocol`]. Where a protocol is
/// asked for, give one of these as [`Buffered`].
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Buffered, BufferedProtocol, Transport, get_running_loop, open_connection, run};
///
/// /// Sends everything back.
/// struct Echo([u8; 64]);
///
/// impl BufferedProtocol for Echo {
///     fn get_buffer(&mut self, _size_hint: usize) -> &mut [u8] { &mut self.0 }
///
///     fn buffer_updated(&mut self, transport: &Transport, length: usize) {
///         transport.write(&self.0[..length]);
///     }
/// }
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let factory = || Buffered(Echo([0; 64]));
///     let server = get_running_loop().create_server(factory, "127.0.0.1:0").await?;
///     let (reader, writer) = open_connection(server.local_addr()).await?;
///     writer.write(b"hello\n");
///     assert_eq!(reader.read_line().await?, b"hello\n");
///     Ok(())
/// })
/// # }
/// ```
pub trait BufferedProtocol {
    /// As [`Protocol::connection_made`].
    fn connection_made(&mut self, transport: &Transport) {
        let _ = transport;
    }

    /// Returns where to read to. It must not be empty: that is a fatal error. `size_hint` is a
    /// size that makes sense.
    fn get_buffer(&mut self, size_hint: usize) -> &mut [u8];

    /// The first `length` bytes of the buffer were filled; at least one.
    fn buffer_updated(&mut self, transport: &Transport, length: usize);

    /// As [`Protocol::eof_received`].
    fn eof_received(&mut self, transport: &Transport) -> bool {
        let _ = transport;
        false
    }

    /// As [`Protocol::connection_lost`].
    fn connection_lost(&mut self, error: Option<&io::Error>) {
        let _ = error;
    }

    /// As [`Protocol::pause_writing`].
    fn pause_writing(&mut self, transport: &Transport) {
        let _ = transport;
    }

    /// As [`Protocol::resume_writing`].
    fn resume_writing(&mut self, transport: &Transport) {
        let _ = transport;
    }
}

/// A [`BufferedProtocol`], where a protocol of either kind is asked for.
///
/// asyncio has no counterpart: it asks for the class.
///
/// ```
/// use looplet::{Buffered, BufferedProtocol, StreamProtocol, Transport};
///
/// struct Sink([u8; 64]);
///
/// impl BufferedProtocol for Sink {
///     fn get_buffer(&mut self, _size_hint: usize) -> &mut [u8] { &mut self.0 }
///     fn buffer_updated(&mut self, _transport: &Transport, _length: usize) {}
/// }
///
/// let _either: StreamProtocol = Buffered(Sink([0; 64])).into();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Buffered<P>(pub P);

/// A protocol of either kind: a [`Protocol`], or a [`BufferedProtocol`] as [`Buffered`].
///
/// It is made with `into`, by whatever takes a protocol. asyncio has no counterpart.
///
/// ```
/// use looplet::{Protocol, StreamProtocol};
///
/// struct Quiet;
/// impl Protocol for Quiet {}
///
/// let _protocol: StreamProtocol = Quiet.into();
/// ```
pub struct StreamProtocol(Box<dyn FnOnce(Transport) -> Box<dyn StreamCallbacks>>);

impl StreamProtocol {
    /// Gives the protocol its transport.
    pub(super) fn bind(self, transport: &Transport) -> Box<dyn StreamCallbacks> {
        (self.0)(transport.clone())
    }
}

impl fmt::Debug for StreamProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamProtocol").finish_non_exhaustive()
    }
}

impl<P: Protocol + 'static> From<P> for StreamProtocol {
    fn from(protocol: P) -> Self {
        Self(Box::new(|transport| {
            Box::new(Bound {
                protocol,
                transport,
            })
        }))
    }
}

impl<P: BufferedProtocol + 'static> From<Buffered<P>> for StreamProtocol {
    fn from(protocol: Buffered<P>) -> Self {
        Self(Box::new(|transport| {
            Box::new(Bound {
                protocol,
                transport,
            })
        }))
    }
}

impl Transport {
    /// Puts another protocol in the place of the present one, which is dropped; at the end of
    /// its callback, if one is running.
    ///
    /// The new one is not told that the connection was made. On a connection that is lost, it
    /// is dropped. The asyncio counterpart has the same name.
    pub fn set_protocol(&self, protocol: impl Into<StreamProtocol>) {
        let protocol = protocol.into().bind(self);
        self.connection().base.set_protocol(protocol);
    }

    /// Lets `use_protocol` look at the protocol, if that is a `P`: of a
    /// [`BufferedProtocol`], the `P` is inside [`Buffered`].
    ///
    /// The transport owns its protocol, so nobody can take it along. It cannot be called
    /// meanwhile, and what is due is told it afterwards. `None` if it has another type, if a
    /// callback of it is running, or if the connection is lost. In asyncio, `get_protocol`.
    ///
    /// # Panics
    ///
    /// If `use_protocol` does; the protocol stays in its place.
    ///
    /// ```
    /// use looplet::{Protocol, get_running_loop, run};
    ///
    /// struct Count(u32);
    /// impl Protocol for Count {}
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    ///     let event_loop = get_running_loop();
    ///     let transport = event_loop.connect_accepted_socket(Count(1), ours).await?;
    ///     transport.with_protocol(|count: &mut Count| count.0 += 1);
    ///     assert_eq!(transport.with_protocol(|count: &mut Count| count.0), Some(2));
    ///     assert_eq!(transport.with_protocol(|_: &mut String| ()), None);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    #[doc(alias = "get_protocol")]
    pub fn with_protocol<P: 'static, R>(
        &self,
        use_protocol: impl FnOnce(&mut P) -> R,
    ) -> Option<R> {
        self.connection().with_protocol(use_protocol)
    }
}

/// A protocol and the transport that it is given in its callbacks.
struct Bound<P> {
    protocol: P,
    transport: Transport,
}

impl<P: Protocol + 'static> Callbacks for Bound<P> {
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

impl<P: Protocol + 'static> StreamCallbacks for Bound<P> {
    fn receive(&mut self, inlet: &mut Inlet<'_>) -> io::Result<Received> {
        let data = inlet.read()?;
        if data.is_empty() {
            return Ok(Received::End);
        }
        self.protocol.data_received(&self.transport, data);
        Ok(Received::Data)
    }

    fn eof(&mut self) -> bool {
        self.protocol.eof_received(&self.transport)
    }
}

impl<P: BufferedProtocol + 'static> Callbacks for Bound<Buffered<P>> {
    fn protocol(&mut self) -> &mut dyn Any {
        &mut self.protocol.0
    }

    fn name(&self) -> &'static str {
        type_name::<P>()
    }

    fn made(&mut self) {
        self.protocol.0.connection_made(&self.transport);
    }

    fn lost(&mut self, error: Option<&io::Error>) {
        self.protocol.0.connection_lost(error);
    }

    fn pause(&mut self) {
        self.protocol.0.pause_writing(&self.transport);
    }

    fn resume(&mut self) {
        self.protocol.0.resume_writing(&self.transport);
    }
}

impl<P: BufferedProtocol + 'static> StreamCallbacks for Bound<Buffered<P>> {
    fn receive(&mut self, inlet: &mut Inlet<'_>) -> io::Result<Received> {
        inlet.callback.set("get_buffer");
        let buffer = self.protocol.0.get_buffer(inlet.buffer.len());
        if buffer.is_empty() {
            return Ok(Received::NoRoom);
        }
        let length = inlet.read_into(buffer)?;
        if length == 0 {
            return Ok(Received::End);
        }
        inlet.callback.set("buffer_updated");
        self.protocol.0.buffer_updated(&self.transport, length);
        Ok(Received::Data)
    }

    fn eof(&mut self) -> bool {
        self.protocol.0.eof_received(&self.transport)
    }
}
