//! The ready queue: what the loop will run, in the order in which it became ready.
//!
//! There is one queue for everything, as in asyncio, because the order between a callback and
//! a task is part of what a program can observe. A task is in it at most once: whoever
//! schedules one sets its `queued` mark (see `tasks.rs`) and pushes only if it was not set.
//!
//! The queue never runs anything. The turn takes the entries out, and no borrow is held while
//! one runs.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;

use super::handle::Callback;
use super::ticket::TaskId;
use super::timers::TimerKey;

/// One thing to run.
pub(crate) enum Entry {
    /// Make a step of a task.
    Task(TaskId),
    /// Run a callback.
    Call(Rc<dyn Callback>),
    /// Do what a timer is for, unless it was cancelled meanwhile.
    Timer(TimerKey),
    /// Wake whoever waited for a source. The task it wakes runs in the next turn.
    Wake(Waker),
}

/// The queue of one loop.
///
/// Two lists that change places: a turn takes the whole list and leaves an empty one for what
/// becomes ready meanwhile. So "exactly what is ready now" needs no counting, and the memory
/// of both is used again and again.
pub(crate) struct ReadyQueue {
    entries: RefCell<Vec<Entry>>,
}

impl ReadyQueue {
    pub(crate) fn new() -> Self {
        Self {
            entries: RefCell::new(Vec::new()),
        }
    }

    #[inline]
    pub(crate) fn push(&self, entry: Entry) {
        self.entries.borrow_mut().push(entry);
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Takes everything out, and leaves `empty` in its place.
    #[inline]
    pub(crate) fn replace(&self, empty: Vec<Entry>) -> Vec<Entry> {
        debug_assert!(empty.is_empty());
        self.entries.replace(empty)
    }
}
