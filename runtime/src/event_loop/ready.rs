//! The ready queue: what the loop will run, in the order in which it became ready.
//!
//! There is one queue for everything, as in asyncio, because the order between a callback and
//! a task is part of what a program can observe. A task is in it at most once: whoever
//! schedules one sets its `queued` mark (see `tasks.rs`) and pushes only if it was not set.
//!
//! The queue never runs anything. The turn takes entries out one at a time, and no borrow is
//! held while an entry runs.

use std::cell::RefCell;
use std::collections::VecDeque;
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
pub(crate) struct ReadyQueue {
    entries: RefCell<VecDeque<Entry>>,
}

impl ReadyQueue {
    pub(crate) fn new() -> Self {
        Self { entries: RefCell::new(VecDeque::new()) }
    }

    pub(crate) fn push(&self, entry: Entry) {
        self.entries.borrow_mut().push_back(entry);
    }

    pub(crate) fn pop(&self) -> Option<Entry> {
        self.entries.borrow_mut().pop_front()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.borrow().is_empty()
    }

    /// Takes everything out, for the caller to drop.
    pub(crate) fn clear(&self) -> VecDeque<Entry> {
        self.entries.take()
    }
}
