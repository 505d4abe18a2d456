//! A connection: the inner side of a stream transport.
//!
//! It reads from the socket when there is something and hands it to the protocol; what is
//! written goes to the kernel at once, and what the kernel does not take is sent when it can be.
//!
//! # Rules
//!
//! 1. One read a turn, of at most 256 KiB. If more is there, the next one is queued: no socket
//!    starves the others.
//! 2. In either direction there is at most one callback waiting, in `reader` and `writer`.
//!    Dropping it there cancels it.
//! 3. The order of calls is `made`, `receive` any number of times, `eof` at most once, `lost`
//!    once.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::rc::Rc;

use super::base::{Base, Stage, Transporting, with_read_buffer};
use super::link::{Inlet, Link, Received, StreamCallbacks, Ways};
use crate::event_loop::{Direction, ErrorContext, EventLoop};
use crate::net::{Endpoint, Watch};

/// Whether data is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The protocol was not told yet that it has a connection.
    NotYet,
    Going,
    Paused,
    /// The peer has ended its direction, or there is none.
    Ended,
}

pub(super) struct Connection {
    pub(super) base: Base<dyn StreamCallbacks>,
    /// `None` once the connection is lost.
    link: RefCell<Option<Rc<Link>>>,
    pub(super) ways: Ways,
    reading: Cell<Reading>,
    reader: Cell<Option<Watch>>,
    writer: Cell<Option<Watch>>,
    /// What the kernel has not taken yet.
    unsent: RefCell<VecDeque<u8>>,
    /// Whether this direction has ended, or will when all is sent.
    ending: Cell<bool>,
    /// Dropped when the connection is lost.
    companion: Cell<Option<Box<dyn Any>>>,
}

impl Connection {
    /// Makes a connection whose protocol is still to come.
    pub(super) fn new(event_loop: &EventLoop, link: Link) -> Rc<Self> {
        let (wire, ways) = (link.wire(), link.ways);
        let local_addr = wire.socket().and_then(|it| Endpoint::local(&it).ok()?.ip());
        let peer_addr = wire.socket().and_then(|it| Endpoint::peer(&it).ok()?.ip());
        let connection = Rc::new(Self {
            base: Base::new(event_loop, local_addr, peer_addr),
            link: RefCell::new(Some(Rc::new(link))),
            ways,
            reading: Cell::new(match ways {
                Ways::Both | Ways::In => Reading::NotYet,
                Ways::Out | Ways::OutBlind => Reading::Ended,
            }),
            reader: Cell::new(None),
            writer: Cell::new(None),
            unsent: RefCell::default(),
            ending: Cell::new(ways == Ways::In),
            companion: Cell::new(None),
        });
        connection.base.keep(event_loop, connection.clone());
        connection
    }

    /// Keeps something for as long as the connection lives.
    pub(super) fn accompany(&self, companion: Box<dyn Any>) {
        let old = self.companion.replace(Some(companion));
        drop(old);
    }

    pub(super) fn link(&self) -> Option<Rc<Link>> {
        self.link.borrow().clone()
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent.borrow().len()
    }

    /// The first callback.
    pub(super) fn begin(self: &Rc<Self>) {
        self.call(&Cell::new("connection_made"), |protocol| protocol.made());
    }

    /// The second one.
    pub(super) fn begin_reading(self: &Rc<Self>) {
        if self.reading.get() == Reading::NotYet {
            self.reading.set(Reading::Going);
            self.keep_reading();
        } else if self.ways == Ways::Out {
            self.watch_reader();
        }
    }

    /// Waits until nobody reads any more what is written.
    fn watch_reader(self: &Rc<Self>) {
        let Some(link) = self.link().filter(|_| self.base.is_open()) else {
            return;
        };
        let connection = self.clone();
        let left = move || match connection.unsent() {
            0 => connection.fail(None),
            _ => connection.fail(Some(io::ErrorKind::BrokenPipe.into())),
        };
        self.reader.set(Some(link.call_when_reader_left(left)));
    }

    /// Calls the protocol; a panic ends the connection.
    fn call<T>(
        self: &Rc<Self>,
        name: &Cell<&'static str>,
        call: impl FnOnce(&mut (dyn StreamCallbacks + 'static)) -> T,
    ) -> Option<T> {
        let called = self.base.call(name, call);
        match called.and_then(|value| self.base.settle().map(|()| value)) {
            Ok(value) => value,
            Err(error) => {
                self.fail(Some(error));
                None
            }
        }
    }

    /// Lets the program look at the protocol; what it was to be told meanwhile, it is told then.
    pub(super) fn with_protocol<P: 'static, R>(
        self: &Rc<Self>,
        use_protocol: impl FnOnce(&mut P) -> R,
    ) -> Option<R> {
        let result = self.base.with_protocol(use_protocol);
        if let Err(error) = self.base.settle() {
            self.fail(Some(error));
        }
        result
    }

    pub(super) fn is_reading(&self) -> bool {
        self.base.is_open() && matches!(self.reading.get(), Reading::NotYet | Reading::Going)
    }

    pub(super) fn pause_reading(&self) {
        if self.is_reading() {
            self.reading.set(Reading::Paused);
            drop(self.reader.take());
        }
    }

    pub(super) fn resume_reading(self: &Rc<Self>) {
        if self.base.is_open() && self.reading.get() == Reading::Paused {
            self.reading.set(Reading::Going);
            self.keep_reading();
        }
    }

    /// Waits for more to read, unless that is not wanted or done already.
    fn keep_reading(self: &Rc<Self>) {
        let Some(link) = self.link().filter(|_| self.is_reading()) else {
            return;
        };
        let waiting = self.reader.take().unwrap_or_else(|| {
            let connection = self.clone();
            let read = move || connection.read_ready();
            link.call_when_ready(Direction::Read, read)
        });
        self.reader.set(Some(waiting));
    }

    fn read_ready(self: &Rc<Self>) {
        drop(self.reader.take());
        let (Some(link), Some(event_loop)) = (self.link(), self.base.event_loop.upgrade()) else {
            return;
        };
        let callback = Cell::new("data_received");
        let received = with_read_buffer(&event_loop, |buffer| {
            let mut inlet = Inlet::new(&link, buffer, &callback);
            self.call(&callback, |protocol| protocol.receive(&mut inlet))
        });
        match received {
            None | Some(Ok(Received::Data)) => {}
            Some(Ok(Received::End)) => self.end(),
            Some(Ok(Received::NoRoom)) => self.refuse_room(),
            Some(Err(error)) if is_temporary(&error) => {}
            Some(Err(error)) => self.fail(Some(error)),
        }
        self.keep_reading();
    }

    /// The peer has ended its direction.
    fn end(self: &Rc<Self>) {
        if self.reading.replace(Reading::Ended) == Reading::Ended {
            return;
        }
        let keep_open = self.call(&Cell::new("eof_received"), |protocol| protocol.eof());
        if keep_open == Some(false) || self.ways == Ways::In {
            self.close();
        }
    }

    fn refuse_room(self: &Rc<Self>) {
        let text = "get_buffer returned an empty buffer";
        let context = ErrorContext::new(format!("fatal error: {text}"));
        self.base.report(context);
        self.fail(Some(io::Error::new(io::ErrorKind::InvalidInput, text)));
    }

    pub(super) fn write(self: &Rc<Self>, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        if self.ending.get() && self.base.is_open() {
            let what = match self.ways {
                Ways::In => "write to a pipe that is read from",
                Ways::Both | Ways::Out | Ways::OutBlind => "write after write_eof",
            };
            let text = format!("{what}: {} bytes are lost", data.len());
            return self.base.report(ErrorContext::new(text));
        }
        let Some(link) = self.link().filter(|_| self.base.is_open()) else {
            return self.base.lose_write();
        };
        let sent = match self.unsent() {
            0 => link.write(data),
            _ => Ok(0),
        };
        match sent {
            Ok(sent) if sent == data.len() => {}
            Ok(sent) => self.send_later(&data[sent..]),
            Err(error) if is_temporary(&error) => self.send_later(data),
            Err(error) => self.fail(Some(error)),
        }
    }

    fn send_later(self: &Rc<Self>, data: &[u8]) {
        self.unsent.borrow_mut().extend(data);
        self.keep_writing();
        self.update_flow();
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
            let connection = self.clone();
            let write = move || connection.write_ready();
            link.call_when_ready(Direction::Write, write)
        });
        self.writer.set(Some(waiting));
    }

    fn write_ready(self: &Rc<Self>) {
        drop(self.writer.take());
        let Some(link) = self.link().filter(|_| self.base.stage.get() != Stage::Lost) else {
            return;
        };
        match self.send_unsent(&link) {
            Err(error) if !is_temporary(&error) => return self.fail(Some(error)),
            _ => self.update_flow(),
        }
        if self.unsent() > 0 {
            return self.keep_writing();
        }
        match self.base.stage.get() {
            Stage::Closing => {
                self.base.stage.set(Stage::Lost);
                self.lose(None);
            }
            Stage::Open if self.ending.get() => self.shut_down(),
            Stage::Open | Stage::Lost => {}
        }
    }

    fn send_unsent(&self, link: &Link) -> io::Result<()> {
        let mut unsent = self.unsent.borrow_mut();
        let sent = link.write(unsent.as_slices().0)?;
        unsent.drain(..sent);
        if unsent.is_empty() {
            // The memory of a flood is not kept for the life of a connection.
            *unsent = VecDeque::new();
        }
        Ok(())
    }

    pub(super) fn write_eof(self: &Rc<Self>) {
        if matches!(self.ways, Ways::Out | Ways::OutBlind) {
            return self.close();
        }
        if self.base.is_open() && !self.ending.replace(true) && self.unsent() == 0 {
            self.shut_down();
        }
    }

    fn shut_down(&self) {
        if let Some(link) = self.link() {
            // An error means that the connection is gone, and the next read says so.
            let _ = link.wire().shutdown(Shutdown::Write);
        }
    }

    pub(super) fn close(self: &Rc<Self>) {
        if !self.base.is_open() {
            return;
        }
        self.base.stage.set(Stage::Closing);
        drop(self.reader.take());
        if self.unsent() == 0 {
            self.fail(None);
        }
    }

    /// Ends the connection: what is unsent is dropped, and the protocol is told from the loop.
    pub(super) fn fail(self: &Rc<Self>, error: Option<io::Error>) {
        if self.base.stage.replace(Stage::Lost) == Stage::Lost {
            return;
        }
        self.unsent.take();
        drop((self.reader.take(), self.writer.take()));
        if let Some(event_loop) = self.base.event_loop.upgrade() {
            let connection = self.clone();
            event_loop.call_soon(move || connection.lose(error.as_ref()));
        }
    }

    fn lose(&self, error: Option<&io::Error>) {
        self.base.lose(error);
        let link = self.link.take();
        drop(link);
        drop(self.companion.take());
    }
}

impl Transporting for Connection {
    fn discard(&self) {
        self.base.stage.set(Stage::Lost);
        self.unsent.take();
        drop((self.reader.take(), self.writer.take()));
        let link = self.link.take();
        drop(link);
        self.base.vacate();
        drop(self.companion.take());
    }
}

/// Whether the kernel asks to try again.
pub(super) fn is_temporary(error: &io::Error) -> bool {
    let kinds = [io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
    kinds.contains(&error.kind())
}
