//! An endpoint: the inner side of a datagram transport.
//!
//! # Rules
//!
//! 1. One datagram a turn is received. What is sent goes to the kernel at once; what the kernel
//!    does not take is sent when it can be, in order.
//! 2. An error of one datagram is told to the protocol, from the loop, and ends nothing.
//! 3. The order of calls is `made`, `datagram` and `error` any number of times, `lost` once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::rc::Rc;

use super::base::{Base, Callbacks, Stage, Transporting, with_read_buffer};
use super::connection::is_temporary;
use crate::event_loop::{Direction, EventLoop};
use crate::net::{Owned, UdpSocket, Watch};

/// What a datagram that waits counts beside its bytes, so that empty ones count.
const OVERHEAD: usize = 8;

/// What the protocol of an endpoint can be told.
pub(super) trait DatagramCallbacks: Callbacks {
    fn datagram(&mut self, data: &[u8], from: SocketAddr);
    fn error(&mut self, error: &io::Error);
}

/// A socket on its loop.
pub(super) struct DatagramLink {
    pub(super) socket: UdpSocket,
    /// Nobody else may watch it.
    _owned: Owned,
}

pub(super) struct DatagramEndpoint {
    pub(super) base: Base<dyn DatagramCallbacks>,
    /// `None` once the connection is lost.
    link: RefCell<Option<Rc<DatagramLink>>>,
    reader: Cell<Option<Watch>>,
    writer: Cell<Option<Watch>>,
    /// What the kernel has not taken yet, and where it goes.
    unsent: RefCell<VecDeque<(Vec<u8>, Option<SocketAddr>)>>,
    /// Its size, with what each datagram counts.
    unsent_size: Cell<usize>,
}

impl DatagramEndpoint {
    /// Makes an endpoint whose protocol is still to come.
    pub(super) fn new(event_loop: &EventLoop, socket: UdpSocket) -> io::Result<Rc<Self>> {
        let (local_addr, peer_addr) = (socket.local_addr().ok(), socket.peer_addr().ok());
        let owned = Owned::new(event_loop, socket.as_raw_fd())?;
        let link = DatagramLink {
            socket,
            _owned: owned,
        };
        let endpoint = Rc::new(Self {
            base: Base::new(event_loop, local_addr, peer_addr),
            link: RefCell::new(Some(Rc::new(link))),
            reader: Cell::new(None),
            writer: Cell::new(None),
            unsent: RefCell::default(),
            unsent_size: Cell::new(0),
        });
        endpoint.base.keep(event_loop, endpoint.clone());
        Ok(endpoint)
    }

    pub(super) fn link(&self) -> Option<Rc<DatagramLink>> {
        self.link.borrow().clone()
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent_size.get()
    }

    /// The first callback.
    pub(super) fn begin(self: &Rc<Self>) {
        self.call("connection_made", |protocol| protocol.made());
    }

    /// Calls the protocol; a panic ends the endpoint.
    fn call(
        self: &Rc<Self>,
        name: &'static str,
        call: impl FnOnce(&mut (dyn DatagramCallbacks + 'static)),
    ) {
        let called = self.base.call(&Cell::new(name), call);
        if let Err(error) = called.and_then(|_| self.base.settle()) {
            self.fail(Some(error));
        }
    }

    /// The second callback, and again after every datagram: waits for the next one.
    pub(super) fn keep_reading(self: &Rc<Self>) {
        let Some(link) = self.link().filter(|_| self.base.is_open()) else {
            return;
        };
        let endpoint = self.clone();
        let read = move || endpoint.read_ready();
        let source = link.socket.source();
        self.reader
            .set(Some(source.call_when_ready(Direction::Read, read)));
    }

    fn read_ready(self: &Rc<Self>) {
        drop(self.reader.take());
        let (Some(link), Some(event_loop)) = (self.link(), self.base.event_loop.upgrade()) else {
            return;
        };
        with_read_buffer(&event_loop, |buffer| {
            match link.socket.try_recv_from(buffer) {
                Ok((length, from)) => {
                    let data = &buffer[..length];
                    self.call("datagram_received", |protocol| {
                        protocol.datagram(data, from)
                    });
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => self.call("error_received", |protocol| protocol.error(&error)),
            }
        });
        self.keep_reading();
    }

    pub(super) fn send_to(
        self: &Rc<Self>,
        data: &[u8],
        target: Option<SocketAddr>,
    ) -> Result<(), SendToError> {
        let target = self.check(target)?;
        let Some(link) = self.link().filter(|_| self.base.is_open()) else {
            self.base.lose_write();
            return Ok(());
        };
        let sent = match self.unsent.borrow().is_empty() {
            true => link.socket.try_send_to(data, target).map(|_| ()),
            false => Err(io::ErrorKind::WouldBlock.into()),
        };
        match sent {
            Ok(()) => {}
            Err(error) if is_temporary(&error) => self.send_later(data, target),
            Err(error) => self.tell_later(error),
        }
        Ok(())
    }

    /// Where a datagram goes: `None` for the peer.
    fn check(&self, target: Option<SocketAddr>) -> Result<Option<SocketAddr>, SendToError> {
        match (self.base.peer_addr, target) {
            (Some(peer), Some(target)) if peer != target => Err(SendToError::OtherAddress { peer }),
            (Some(_), _) => Ok(None),
            (None, None) => Err(SendToError::NoAddress),
            (None, Some(target)) => Ok(Some(target)),
        }
    }

    fn send_later(self: &Rc<Self>, data: &[u8], target: Option<SocketAddr>) {
        self.unsent.borrow_mut().push_back((data.to_vec(), target));
        self.unsent_size.set(self.unsent() + data.len() + OVERHEAD);
        self.keep_writing();
        self.update_flow();
    }

    /// Tells the protocol of an error, from the loop.
    fn tell_later(self: &Rc<Self>, error: io::Error) {
        if let Some(event_loop) = self.base.event_loop.upgrade() {
            let endpoint = self.clone();
            event_loop.call_soon(move || {
                if endpoint.base.stage.get() != Stage::Lost {
                    endpoint.call("error_received", |protocol| protocol.error(&error));
                }
            });
        }
    }

    /// Tells the protocol if a water mark was crossed.
    pub(super) fn update_flow(self: &Rc<Self>) {
        self.base.flow.update(self.unsent());
        if let Err(error) = self.base.settle() {
            self.fail(Some(error));
        }
    }

    fn keep_writing(self: &Rc<Self>) {
        let Some(link) = self.link() else { return };
        let waiting = self.writer.take().unwrap_or_else(|| {
            let endpoint = self.clone();
            let write = move || endpoint.write_ready();
            link.socket
                .source()
                .call_when_ready(Direction::Write, write)
        });
        self.writer.set(Some(waiting));
    }

    fn write_ready(self: &Rc<Self>) {
        drop(self.writer.take());
        let Some(link) = self.link().filter(|_| self.base.stage.get() != Stage::Lost) else {
            return;
        };
        self.send_unsent(&link);
        self.update_flow();
        if !self.unsent.borrow().is_empty() {
            self.keep_writing();
        } else if self.base.stage.get() == Stage::Closing {
            self.base.stage.set(Stage::Lost);
            self.lose(None);
        }
    }

    /// Sends until the kernel takes no more, or one datagram fails.
    fn send_unsent(self: &Rc<Self>, link: &DatagramLink) {
        loop {
            let Some((data, target)) = self.unsent.borrow_mut().pop_front() else {
                return;
            };
            let sent = link.socket.try_send_to(&data, target);
            if let Err(error) = &sent
                && is_temporary(error)
            {
                return self.unsent.borrow_mut().push_front((data, target));
            }
            self.unsent_size.set(self.unsent() - data.len() - OVERHEAD);
            if let Err(error) = sent {
                return self.tell_later(error);
            }
        }
    }

    pub(super) fn close(self: &Rc<Self>) {
        if !self.base.is_open() {
            return;
        }
        self.base.stage.set(Stage::Closing);
        drop(self.reader.take());
        if self.unsent.borrow().is_empty() {
            self.fail(None);
        }
    }

    /// Ends the endpoint: what is unsent is dropped, and the protocol is told from the loop.
    pub(super) fn fail(self: &Rc<Self>, error: Option<io::Error>) {
        if self.base.stage.replace(Stage::Lost) == Stage::Lost {
            return;
        }
        self.clear();
        if let Some(event_loop) = self.base.event_loop.upgrade() {
            let endpoint = self.clone();
            event_loop.call_soon(move || endpoint.lose(error.as_ref()));
        }
    }

    fn clear(&self) {
        self.unsent.take();
        self.unsent_size.set(0);
        drop((self.reader.take(), self.writer.take()));
    }

    fn lose(&self, error: Option<&io::Error>) {
        self.base.lose(error);
        let link = self.link.take();
        drop(link);
    }
}

impl Transporting for DatagramEndpoint {
    fn discard(&self) {
        self.base.stage.set(Stage::Lost);
        self.clear();
        let link = self.link.take();
        drop(link);
        self.base.vacate();
    }
}

/// Why a datagram was not accepted for sending.
///
/// Each variant names what asyncio raises, where it does.
///
/// ```
/// use looplet::{DatagramProtocol, SendToError, get_running_loop, run};
///
/// struct Quiet;
/// impl DatagramProtocol for Quiet {}
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let local = Some("127.0.0.1:0".into());
///     let endpoint = get_running_loop().create_datagram_endpoint(Quiet, local, None).await?;
///     assert_eq!(endpoint.send_to(b"to whom", None), Err(SendToError::NoAddress));
///     endpoint.close();
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendToError {
    /// The endpoint has a peer, and the datagram was to go elsewhere. asyncio raises
    /// `ValueError('Invalid address: must be None or …')`.
    OtherAddress {
        /// Where the endpoint sends.
        peer: SocketAddr,
    },
    /// The endpoint has no peer, and the datagram no address.
    NoAddress,
}

impl fmt::Display for SendToError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherAddress { peer } => {
                write!(f, "invalid address: the endpoint sends to {peer} only")
            }
            Self::NoAddress => f.write_str("the endpoint has no peer, and no address was given"),
        }
    }
}

impl Error for SendToError {}
