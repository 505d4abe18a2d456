//! The observer that writes down what it is told.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Instant;

use super::record::Log;
use super::{chrome, html, text};
use crate::event_loop::{LoopEvent, Observer};

/// Events that a recorder has room for, unless told otherwise.
const LIMIT: usize = 1_000_000;

/// Records what a loop does, and gives it out in three forms.
///
/// Clones stand for the same record: one goes to the loop, with
/// [`EventLoopBuilder::observer`](crate::EventLoopBuilder::observer), and one is asked. A record
/// is of one loop. It keeps the first million events, each some fifty bytes and its words, and
/// counts those that come later. asyncio has no counterpart.
///
/// ```
/// use looplet::observe::Recorder;
/// use looplet::{Clock, EventLoop, yield_now};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let recorder = Recorder::with_limit(100);
/// let builder = EventLoop::builder().clock(Clock::Virtual).observer(recorder.clone());
/// builder.build()?.run_until_complete(yield_now())?;
/// let text = recorder.text();
/// assert!(text.contains("    Task-1 wakes Task-1\n"), "{text}");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Recorder {
    log: Rc<RefCell<Log>>,
    limit: usize,
}

impl Recorder {
    /// Makes an empty record.
    pub fn new() -> Self {
        Self::with_limit(LIMIT)
    }

    /// Makes an empty record that has room for `events` events.
    pub fn with_limit(events: usize) -> Self {
        Self {
            log: Rc::default(),
            limit: events,
        }
    }

    /// Returns the record as a text: a line for each event, with the seconds since the first.
    ///
    /// The words are for people and may change.
    pub fn text(&self) -> String {
        text::write(&self.log.borrow())
    }

    /// Returns the record as JSON in the trace event format, for `chrome://tracing` or Perfetto.
    ///
    /// Each task is a thread there, and the first one is the loop itself.
    pub fn chrome_trace(&self) -> String {
        chrome::write(&self.log.borrow())
    }

    /// Returns the record as a page of HTML that loads nothing: a lane for each task that shows
    /// when it was running, ready and waiting for what, and arrows from who woke to who was woken.
    ///
    /// A page of more than some ten thousand events is slow in a browser.
    pub fn html(&self) -> String {
        html::write(&self.log.borrow())
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl Observer for Recorder {
    fn observe(&self, when: Instant, event: &LoopEvent<'_>) {
        self.log.borrow_mut().add(when, event, self.limit);
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let log = self.log.borrow();
        f.debug_struct("Recorder")
            .field("events", &log.records.len())
            .field("lost", &log.lost)
            .finish()
    }
}
