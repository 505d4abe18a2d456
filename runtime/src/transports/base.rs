//! What transports for streams and for datagrams have in common.
//!
//! # Rules
//!
//! 1. A protocol is told that its connection is made once, and that it is lost once, and
//!    nothing after that. Both come from the loop, never from within a call of the program.
//! 2. A panic in a callback is reported and ends the connection.
//! 3. The loop owns a transport until its connection is lost, as it owns its tasks.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::panic::resume_unwind;
use std::rc::Rc;

use slab::Slab;

use super::flow::Flow;
use super::place::Place;
use crate::event_loop::{ErrorContext, EventLoop, WeakLoop, panic_text};

/// The most that is read at once: 256 KiB.
const READ_SIZE: usize = 256 * 1024;
/// Writes to a connection that is lost which go without a word.
const LOST_WRITES: u32 = 5;

/// What every protocol can be told.
pub(super) trait Callbacks {
    /// The type of the protocol, for reports.
    fn name(&self) -> &'static str;
    /// The protocol itself.
    fn protocol(&mut self) -> &mut dyn Any;
    fn made(&mut self);
    fn lost(&mut self, error: Option<&io::Error>);
    fn pause(&mut self);
    fn resume(&mut self);
}

/// How far a transport is on its way to its end.
///
/// ```text
///          close          all is sent
///   Open ─────────► Closing ─────────► Lost: `connection_lost` is scheduled or was called
///     └───────────────────────────────►
///       abort, an error, a panic, or close with nothing to send
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    Closing,
    Lost,
}

/// The common part of a transport.
pub(super) struct Base<P: ?Sized> {
    pub(super) event_loop: WeakLoop,
    pub(super) place: Place<P>,
    pub(super) stage: Cell<Stage>,
    pub(super) flow: Flow,
    pub(super) local_addr: Option<SocketAddr>,
    pub(super) peer_addr: Option<SocketAddr>,
    /// The type of the protocol.
    protocol: Cell<Option<&'static str>>,
    /// Writes that came too late.
    lost_writes: Cell<u32>,
    /// Where the loop keeps the transport.
    key: Cell<Option<usize>>,
}

impl<P: ?Sized + Callbacks> Base<P> {
    pub(super) fn new(
        event_loop: &EventLoop,
        local_addr: Option<SocketAddr>,
        peer_addr: Option<SocketAddr>,
    ) -> Self {
        Self {
            event_loop: event_loop.downgrade(),
            place: Place::empty(),
            stage: Cell::new(Stage::Open),
            flow: Flow::new(),
            local_addr,
            peer_addr,
            protocol: Cell::new(None),
            lost_writes: Cell::new(0),
            key: Cell::new(None),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.stage.get() == Stage::Open
    }

    /// Has the loop own the transport.
    pub(super) fn keep(&self, event_loop: &EventLoop, transport: Rc<dyn Transporting>) {
        let key = OpenTransports::of(event_loop)
            .list
            .borrow_mut()
            .insert(transport);
        self.key.set(Some(key));
    }

    /// Puts a protocol in the place of the present one.
    pub(super) fn set_protocol(&self, protocol: Box<P>) {
        self.protocol.set(Some(protocol.name()));
        let old = self.place.set(protocol);
        drop(old);
    }

    /// Calls the protocol. `Ok(None)` if there is none to call; an error is a panic, which was
    /// reported and should end the connection.
    pub(super) fn call<T>(
        &self,
        name: &Cell<&'static str>,
        call: impl FnOnce(&mut P) -> T,
    ) -> io::Result<Option<T>> {
        let Some(outcome) = self.place.call(call) else {
            return Ok(None);
        };
        outcome
            .map(Some)
            .map_err(|payload| self.report_panic(name.get(), payload.as_ref()))
    }

    /// Reports a panic of the protocol. Returns it as the error that ends the connection.
    #[cold]
    fn report_panic(&self, name: &str, payload: &(dyn Any + Send)) -> io::Error {
        let message = format!("fatal error: a protocol panicked in {name}");
        self.report(ErrorContext::of_panic(message, payload));
        let text = panic_text(payload);
        io::Error::other(format!("the protocol panicked: {text}"))
    }

    /// Lets the program look at the protocol, if it is home and of that type. A panic goes on.
    pub(super) fn with_protocol<T: 'static, R>(
        &self,
        use_protocol: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let look = |protocol: &mut P| protocol.protocol().downcast_mut().map(use_protocol);
        let outcome = self.place.call(look)?;
        outcome.unwrap_or_else(|payload| resume_unwind(payload))
    }

    /// Tells the protocol to pause or to resume, if that is due. If it is being called, it is
    /// told at the end of that.
    pub(super) fn settle(&self) -> io::Result<()> {
        while self.stage.get() != Stage::Lost
            && self.place.is_home()
            && let Some(paused) = self.flow.news()
        {
            match paused {
                true => self.call(&Cell::new("pause_writing"), P::pause)?,
                false => self.call(&Cell::new("resume_writing"), P::resume)?,
            };
        }
        Ok(())
    }

    /// Tells the protocol that the connection is lost, and drops it.
    pub(super) fn lose(&self, error: Option<&io::Error>) {
        // A panic has been reported, and there is nothing more to end.
        let _ = self.call(&Cell::new("connection_lost"), |protocol| {
            protocol.lost(error)
        });
        self.vacate();
        if let Some(event_loop) = self.event_loop.upgrade()
            && let Some(key) = self.key.take()
        {
            let open = OpenTransports::of(&event_loop);
            let transport = open.list.borrow_mut().try_remove(key);
            drop(transport);
        }
    }

    /// Drops the protocol.
    pub(super) fn vacate(&self) {
        let protocol = self.place.vacate();
        if let Some(event_loop) = self.event_loop.upgrade() {
            let what = "a protocol panicked while it was dropped";
            event_loop.core().reporter.contain(what, || drop(protocol));
        }
    }

    /// Notes a write that came too late.
    pub(super) fn lose_write(&self) {
        let before = self.lost_writes.get();
        self.lost_writes.set(before.saturating_add(1));
        if before == LOST_WRITES {
            let count = before + 1;
            let text = format!("{count} writes to a transport that is closed: their data is lost");
            self.report(ErrorContext::new(text));
        }
    }

    /// Tells the exception handler what happened, and to whom.
    pub(super) fn report(&self, context: ErrorContext) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop.call_exception_handler(&ErrorContext {
                transport: Some(self.describe()),
                protocol: self.protocol.get(),
                ..context
            });
        }
    }

    fn describe(&self) -> String {
        match (self.local_addr, self.peer_addr) {
            (Some(local), Some(peer)) => format!("{local} to {peer}"),
            (Some(local), None) => local.to_string(),
            (None, _) => "a UNIX socket or a pipe".to_string(),
        }
    }
}

/// What the loop can do with a transport.
pub(super) trait Transporting {
    /// Drops everything it has: the loop is closed.
    fn discard(&self);
}

/// The transports of a loop that are open; kept with the loop. When it closes, they are dropped
/// one by one: a protocol that holds its own transport would keep both alive for ever.
struct OpenTransports {
    event_loop: WeakLoop,
    list: RefCell<Slab<Rc<dyn Transporting>>>,
}

impl OpenTransports {
    fn of(event_loop: &EventLoop) -> Rc<Self> {
        event_loop.core().attachment(|| Self {
            event_loop: event_loop.downgrade(),
            list: RefCell::default(),
        })
    }
}

impl Drop for OpenTransports {
    fn drop(&mut self) {
        for (_, transport) in self.list.take() {
            let discard = || transport.discard();
            match self.event_loop.upgrade() {
                Some(event_loop) => {
                    let what = "a protocol panicked while it was dropped";
                    event_loop.core().reporter.contain(what, discard);
                }
                None => discard(),
            }
        }
    }
}

/// Where transports read to, one at a time; kept with the loop.
#[derive(Default)]
struct ReadBuffer(Cell<Vec<u8>>);

/// Lends the loop's read buffer.
pub(super) fn with_read_buffer<T>(event_loop: &EventLoop, read: impl FnOnce(&mut [u8]) -> T) -> T {
    let home = event_loop.core().attachment(ReadBuffer::default);
    let mut buffer = home.0.take();
    buffer.resize(READ_SIZE, 0);
    let result = read(&mut buffer);
    home.0.set(buffer);
    result
}
