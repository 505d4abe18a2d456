//! The writing half of a connection.
//!
//! `write` offers the data to the kernel at once. What the kernel does not take is kept, and a
//! small task sends it on as soon as the kernel takes more: so a program may write and go on,
//! as in asyncio. One that writes more than the peer reads must `drain` now and then.
//!
//! ```text
//!            write, close                          flushed
//!   idle ─────────────────► flushing (a task runs) ────────► idle, or closed
//! ```

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::rc::Rc;

use crate::event_loop::{Direction, try_get_running_loop};
use crate::net::Stream;
use crate::sync::Event;

/// Above this many bytes, `drain` waits: 64 KiB, as in asyncio.
pub(super) const HIGH_WATER: usize = 64 * 1024;
/// Until there are no more than this many: 16 KiB.
const LOW_WATER: usize = 16 * 1024;

/// Writes to a connection.
///
/// Dropping it closes the connection once everything that was written has been sent. The
/// asyncio counterpart has the same name.
pub struct StreamWriter {
    pub(super) sender: Rc<Sender>,
}

/// The part that the flushing task shares.
pub(super) struct Sender {
    pub(super) stream: Rc<dyn Stream>,
    /// What the kernel has not taken yet.
    unsent: RefCell<VecDeque<u8>>,
    flushing: Cell<bool>,
    ending: Cell<Ending>,
    /// Set while there is less than the low-water mark to send.
    relaxed: Event,
    /// Set when nothing will be sent any more.
    closed: Event,
    /// Why sending failed.
    failure: RefCell<Option<(io::ErrorKind, String)>>,
}

/// What is to happen when everything has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ending {
    /// Nothing: more may come.
    Open,
    /// The direction is closed; the peer may go on sending.
    Eof,
    /// The connection is closed.
    Closed,
}

impl StreamWriter {
    pub(crate) fn new(stream: Rc<dyn Stream>) -> Self {
        let relaxed = Event::new();
        relaxed.set();
        let sender = Sender {
            stream,
            unsent: RefCell::default(),
            flushing: Cell::new(false),
            ending: Cell::new(Ending::Open),
            relaxed,
            closed: Event::new(),
            failure: RefCell::default(),
        };
        Self {
            sender: Rc::new(sender),
        }
    }

    /// Sends `data`, now as far as the kernel takes it, the rest in the background.
    ///
    /// It never waits. After an error or a close, data is dropped; [`drain`](Self::drain)
    /// says why.
    pub fn write(&mut self, data: &[u8]) {
        let sender = &self.sender;
        if sender.ending.get() != Ending::Open || sender.has_failed() {
            return;
        }
        let sent = if sender.unsent.borrow().is_empty() {
            sender.send(data)
        } else {
            0
        };
        if sent < data.len() && !sender.has_failed() {
            sender.unsent.borrow_mut().extend(&data[sent..]);
            sender.flush();
        }
    }

    /// Waits while there is much to send: above 64 KiB, until it is 16 KiB.
    ///
    /// # Errors
    ///
    /// If the connection has failed, or was closed for writing.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on what is being sent.
    pub async fn drain(&mut self) -> io::Result<()> {
        self.sender.check()?;
        if self.sender.unsent() > HIGH_WATER {
            self.sender.relaxed.clear();
        }
        self.sender.relaxed.wait().await;
        self.sender.check()
    }

    /// Sends `data` and waits while there is much to send: `write` and [`drain`](Self::drain).
    ///
    /// # Errors
    ///
    /// As [`drain`](Self::drain).
    pub async fn write_all(&mut self, data: &[u8]) -> io::Result<()> {
        self.write(data);
        self.drain().await
    }

    /// Closes the writing direction once everything has been sent; the peer reads an end.
    pub fn write_eof(&mut self) {
        self.sender.end(Ending::Eof);
    }

    /// Closes the connection once everything has been sent.
    pub fn close(&mut self) {
        self.sender.end(Ending::Closed);
    }

    /// Returns whether it was closed for writing.
    pub fn is_closing(&self) -> bool {
        self.sender.ending.get() == Ending::Closed
    }

    /// Waits until everything has been sent and the connection is closed.
    ///
    /// # Errors
    ///
    /// If sending failed.
    pub async fn wait_closed(&mut self) -> io::Result<()> {
        self.closing().await
    }

    /// Waits as `wait_closed` does, without keeping the writer.
    pub(crate) fn closing(&self) -> impl Future<Output = io::Result<()>> + 'static {
        let sender = self.sender.clone();
        async move {
            sender.closed.wait().await;
            sender.failure()
        }
    }

    /// Returns the address of the other end.
    ///
    /// # Errors
    ///
    /// What the kernel says, or that a pipe has no address.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.sender.stream.peer_addr()
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        self.sender.end(Ending::Closed);
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter")
            .field("unsent", &self.sender.unsent())
            .field("ending", &self.sender.ending.get())
            .finish_non_exhaustive()
    }
}

impl Sender {
    /// Offers data to the kernel. Returns how much it took.
    fn send(&self, data: &[u8]) -> usize {
        let mut sent = 0;
        while sent < data.len() {
            match self.stream.try_write(&data[sent..]) {
                Ok(written) => sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    if error.kind() != io::ErrorKind::WouldBlock {
                        self.fail(&error);
                    }
                    break;
                }
            }
        }
        sent
    }

    /// Starts the task that sends the rest.
    fn flush(self: &Rc<Self>) {
        if self.flushing.replace(true) {
            return;
        }
        let sender = self.clone();
        match try_get_running_loop() {
            Some(event_loop) => drop(event_loop.create_task(async move { sender.run().await })),
            // Outside a run there is nobody to send it.
            None => self.flushing.set(false),
        }
    }

    async fn run(&self) {
        let flushing = Flushing(self);
        while self.has_unsent() && !self.has_failed() {
            if let Err(error) = self.stream.registration().ready(Direction::Write).await {
                self.fail(&error);
                break;
            }
            self.send_unsent();
        }
        drop(flushing);
        self.finish();
    }

    /// How many bytes the kernel has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.unsent.borrow().len()
    }

    fn has_unsent(&self) -> bool {
        self.unsent() > 0
    }

    /// Sends what the kernel takes now. What it does not take never leaves `unsent` across an
    /// await: a `write` meanwhile must see that it comes second, and a `drain` how much there
    /// is.
    pub(super) fn send_unsent(&self) {
        let mut unsent = self.unsent.take();
        let sent = self.send(unsent.as_slices().0);
        if self.has_failed() {
            return;
        }
        unsent.drain(..sent);
        let relaxed = unsent.len() <= LOW_WATER;
        self.unsent.replace(unsent);
        if relaxed {
            self.relaxed.set();
        }
    }

    fn end(self: &Rc<Self>, ending: Ending) {
        if ending > self.ending.get() {
            self.ending.set(ending);
            if !self.flushing.get() {
                self.finish();
            }
        }
    }

    /// Everything has been sent, or nothing can be.
    fn finish(&self) {
        let how = match self.ending.get() {
            Ending::Open => return,
            Ending::Eof => Shutdown::Write,
            Ending::Closed => Shutdown::Both,
        };
        // An error means that the peer was faster.
        let _ = self.stream.shutdown(how);
        if how == Shutdown::Both {
            self.relaxed.set();
            self.closed.set();
        }
    }

    fn fail(&self, error: &io::Error) {
        self.failure
            .replace(Some((error.kind(), error.to_string())));
        self.unsent.take();
        self.relaxed.set();
        self.closed.set();
    }

    fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    pub(super) fn failure(&self) -> io::Result<()> {
        match &*self.failure.borrow() {
            Some((kind, text)) => Err(io::Error::new(*kind, text.clone())),
            None => Ok(()),
        }
    }

    /// Whether writing still makes sense.
    pub(super) fn check(&self) -> io::Result<()> {
        self.failure()?;
        match self.ending.get() {
            Ending::Open => Ok(()),
            Ending::Eof | Ending::Closed => Err(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "the connection was closed for writing by this program",
            )),
        }
    }
}

/// The time in which the flushing task runs. If it is cancelled, which only happens to a
/// program that cancels all tasks, what is unsent will not be sent, and whoever waits is told.
struct Flushing<'a>(&'a Sender);

impl Drop for Flushing<'_> {
    fn drop(&mut self) {
        self.0.flushing.set(false);
        if self.0.has_unsent() && !self.0.has_failed() {
            let aborted = io::ErrorKind::ConnectionAborted;
            self.0.fail(&io::Error::new(
                aborted,
                "the loop ended before everything was sent",
            ));
        }
    }
}
