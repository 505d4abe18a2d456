//! What a writer, the task that sends its rest, and a server share of one connection.
//!
//! `write` offers the data to the kernel at once. What the kernel does not take is kept, and a
//! small task sends it on as soon as the kernel takes more: so a program may write and go on,
//! as in asyncio.
//!
//! ```text
//!            write, close                          flushed
//!   idle ─────────────────► flushing (a task runs) ────────► idle, or closed
//! ```
//!
//! # Rules
//!
//! 1. What the kernel has not taken never leaves `unsent` across an await: a `write` meanwhile
//!    must see that it comes second, and a `drain` how much there is.
//! 2. A write that leaves more than the high-water mark pauses the writers; they go on when
//!    there is no more than the low one.
//! 3. A write that is refused is told once: by the next `drain`, else by a report when the
//!    writer is dropped. After a close, writes are dropped without a word, as in asyncio; many
//!    of them are reported.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::rc::Rc;

use super::error::{InvalidWaterMarks, WriteError, again};
use crate::event_loop::{Direction, ErrorContext, try_get_running_loop};
use crate::net::Connection;
use crate::sync::Event;

/// Writes to a lost connection that are dropped before one is reported, as in asyncio.
const LOST_WRITES: u32 = 5;

/// The sending side of one connection.
pub(super) struct Sender {
    pub(super) connection: Rc<dyn Connection>,
    /// What the kernel has not taken yet.
    unsent: RefCell<VecDeque<u8>>,
    /// Whether the task that sends it runs.
    flushing: Cell<bool>,
    ending: Cell<Ending>,
    marks: Cell<WaterMarks>,
    /// Whether a file is being sent.
    pub(super) sending_file: Cell<bool>,
    /// Set while writers need not wait.
    relaxed: Event,
    /// Set while nothing is unsent, or nothing can be sent.
    flushed: Event,
    /// Set when nothing will be sent any more.
    closed: Event,
    /// Why sending failed.
    failure: RefCell<Option<io::Error>>,
    /// Why something was not written, until somebody is told.
    refused: Cell<Option<WriteError>>,
    /// Writes since the connection was lost.
    lost_writes: Cell<u32>,
    /// Something of a server's that is dropped when the connection is closed.
    until_closed: RefCell<Option<Box<dyn Any>>>,
}

/// What is to happen when everything has been sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ending {
    /// Nothing: more may come.
    Open,
    /// The direction is closed; the peer may go on sending.
    Eof,
    /// The connection is closed.
    Closed,
}

/// When writers wait, and until when.
#[derive(Clone, Copy, Debug)]
pub(super) struct WaterMarks {
    pub(super) low: usize,
    pub(super) high: usize,
}

impl WaterMarks {
    /// asyncio's rule: what is not given follows from what is.
    pub(super) fn new(high: Option<usize>, low: Option<usize>) -> Result<Self, InvalidWaterMarks> {
        let default = 64 * 1024;
        let high = high.unwrap_or_else(|| low.map_or(default, |low| low.saturating_mul(4)));
        let low = low.unwrap_or(high / 4);
        if low > high {
            return Err(InvalidWaterMarks { low, high });
        }
        Ok(Self { low, high })
    }
}

impl Sender {
    pub(super) fn new(connection: Rc<dyn Connection>) -> Rc<Self> {
        let marks = WaterMarks::new(None, None).expect("the defaults are in order");
        let sender = Self {
            connection,
            unsent: RefCell::default(),
            flushing: Cell::new(false),
            ending: Cell::new(Ending::Open),
            marks: Cell::new(marks),
            sending_file: Cell::new(false),
            relaxed: Event::new(),
            flushed: Event::new(),
            closed: Event::new(),
            failure: RefCell::default(),
            refused: Cell::new(None),
            lost_writes: Cell::new(0),
            until_closed: RefCell::default(),
        };
        sender.relaxed.set();
        sender.flushed.set();
        Rc::new(sender)
    }

    /// Keeps something until the connection is closed.
    pub(super) fn keep_until_closed(&self, what: Box<dyn Any>) {
        let old = self.until_closed.replace(Some(what));
        drop(old);
    }

    pub(super) fn ending(&self) -> Ending {
        self.ending.get()
    }

    pub(super) fn unsent(&self) -> usize {
        self.unsent.borrow().len()
    }

    pub(super) fn marks(&self) -> WaterMarks {
        self.marks.get()
    }

    pub(super) fn set_marks(&self, marks: WaterMarks) {
        self.marks.set(marks);
        self.pause_if_full();
    }

    fn pause_if_full(&self) {
        if self.unsent() > self.marks.get().high {
            self.relaxed.clear();
        }
    }

    /// Sends `parts`, now as far as the kernel takes them, the rest in the background.
    pub(super) fn write(self: &Rc<Self>, parts: &mut [IoSlice<'_>]) {
        if !self.may_write() {
            return;
        }
        let mut left = parts;
        if self.unsent() == 0 {
            self.send(&mut left);
        }
        if !left.is_empty() && !self.has_failed() {
            let mut unsent = self.unsent.borrow_mut();
            left.iter().for_each(|part| unsent.extend(&part[..]));
            drop(unsent);
            self.pause_if_full();
            self.flush();
        }
    }

    fn may_write(&self) -> bool {
        if self.ending.get() == Ending::Closed || self.has_failed() {
            self.lose();
            return false;
        }
        if self.ending.get() == Ending::Eof {
            self.refuse(WriteError::AfterEof);
            return false;
        }
        if self.sending_file.get() {
            self.refuse(WriteError::SendFileInProgress);
            return false;
        }
        true
    }

    /// Remembers that something was not written.
    pub(super) fn refuse(&self, why: WriteError) {
        self.refused.set(Some(why));
    }

    fn lose(&self) {
        self.lost_writes
            .set(self.lost_writes.get().saturating_add(1));
        if self.lost_writes.get() == LOST_WRITES {
            report(format!(
                "{LOST_WRITES} writes to a connection that is lost were dropped"
            ));
        }
    }

    /// Reports a refusal that nobody was told of, once nobody can be.
    pub(super) fn report_refusal(&self) {
        if let Some(why) = self.refused.take() {
            report(format!("something written was not sent: {why}"));
        }
    }

    /// Waits until writers need not wait. An error says why nothing more can be sent; a close
    /// during the wait is none, as in asyncio.
    pub(super) async fn drain(self: &Rc<Self>) -> io::Result<()> {
        self.check()?;
        self.flush();
        self.relaxed.wait().await;
        self.failure()
    }

    /// Waits until nothing is unsent.
    pub(super) async fn wait_flushed(self: &Rc<Self>) -> io::Result<()> {
        self.flush();
        self.flushed.wait().await;
        self.check_open()
    }

    /// Waits until the connection is closed.
    pub(super) async fn wait_closed(&self) -> io::Result<()> {
        self.closed.wait().await;
        self.failure()
    }

    /// Whether writing still makes sense.
    pub(super) fn check(&self) -> io::Result<()> {
        self.failure()?;
        match self.refused.take() {
            Some(why) => Err(why.into()),
            None => self.check_open(),
        }
    }

    fn check_open(&self) -> io::Result<()> {
        self.failure()?;
        if self.closed.is_set() {
            return Err(WriteError::ConnectionLost.into());
        }
        Ok(())
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    pub(super) fn failure(&self) -> io::Result<()> {
        self.failure
            .borrow()
            .as_ref()
            .map_or(Ok(()), |error| Err(again(error)))
    }

    /// Nothing can be sent any more, because of `error`.
    pub(super) fn fail(&self, error: io::Error) {
        self.failure.replace(Some(error));
        self.unsent.take();
        self.relaxed.set();
        self.flushed.set();
        self.closed.set();
    }

    /// Closes the connection, or its writing direction, when everything has been sent.
    pub(super) fn end(self: &Rc<Self>, ending: Ending) {
        if ending > self.ending.get() {
            self.ending.set(ending);
            self.flush();
            if !self.flushing.get() {
                self.finish();
            }
        }
    }

    /// Closes the connection now. What is unsent is lost.
    pub(super) fn abort(&self) {
        self.unsent.take();
        self.ending.set(Ending::Closed);
        self.finish();
    }

    /// Everything has been sent, or nothing can be.
    fn finish(&self) {
        let how = match self.ending.get() {
            Ending::Open => return,
            Ending::Eof => Shutdown::Write,
            Ending::Closed => Shutdown::Both,
        };
        // An error means that the peer was faster.
        let _ = self.connection.shutdown(how);
        if how == Shutdown::Both {
            self.relaxed.set();
            self.flushed.set();
            self.closed.set();
            let kept = self.until_closed.take();
            drop(kept);
        }
    }
}

/// Sending.
impl Sender {
    /// Offers parts to the kernel and leaves in `parts` what it did not take.
    fn send(&self, parts: &mut &mut [IoSlice<'_>]) {
        IoSlice::advance_slices(parts, 0);
        while !parts.is_empty() {
            match self.connection.try_write(parts) {
                Ok(0) => return self.fail(io::ErrorKind::WriteZero.into()),
                Ok(sent) => IoSlice::advance_slices(parts, sent),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Starts the task that sends the rest, if there is any and it does not run.
    fn flush(self: &Rc<Self>) {
        if self.unsent() == 0 || self.flushing.replace(true) {
            return;
        }
        self.flushed.clear();
        let sender = self.clone();
        match try_get_running_loop() {
            Some(event_loop) => drop(event_loop.create_task(async move { sender.run().await })),
            // Outside a run there is nobody to send it. Whoever waits for it starts this again.
            None => self.flushing.set(false),
        }
    }

    async fn run(&self) {
        let flushing = Flushing(self);
        while self.unsent() > 0 {
            let ready = self.connection.registration().ready(Direction::Write);
            if let Err(error) = ready.await {
                self.fail(error);
            } else {
                self.send_unsent();
            }
        }
        self.flushed.set();
        drop(flushing);
        self.finish();
    }

    /// Sends what the kernel takes now.
    pub(super) fn send_unsent(&self) {
        let mut unsent = self.unsent.take();
        let (front, back) = unsent.as_slices();
        let mut parts = [IoSlice::new(front), IoSlice::new(back)];
        let mut left = &mut parts[..];
        self.send(&mut left);
        let left = left.iter().map(|part| part.len()).sum::<usize>();
        if self.has_failed() {
            return;
        }
        unsent.drain(..unsent.len() - left);
        self.unsent.replace(unsent);
        if left <= self.marks.get().low {
            self.relaxed.set();
        }
    }
}

fn report(what: String) {
    if let Some(event_loop) = try_get_running_loop() {
        event_loop.call_exception_handler(&ErrorContext::new(what));
    }
}

/// The time in which the flushing task runs. If it is cancelled, which only happens to a
/// program that cancels all tasks, what is unsent will not be sent, and whoever waits is told.
struct Flushing<'a>(&'a Sender);

impl Drop for Flushing<'_> {
    fn drop(&mut self) {
        self.0.flushing.set(false);
        if self.0.unsent() > 0 {
            let aborted = io::ErrorKind::ConnectionAborted;
            let why = "the loop ended before everything was sent";
            self.0.fail(io::Error::new(aborted, why));
        }
    }
}
