//! Timeouts, on top of the model: they are made of its rules and two more.
//!
//! 1. When its time is over, a timeout cancels its task.
//! 2. On the way out it takes that back. If there are then no more requests than when it was
//!    entered, the cancel was its own and ends here.

use super::{Entry, Frame, Model};
use crate::program::Op;
use crate::world::{Action, Name, World};

/// A timeout that was entered.
pub(super) struct Timeout {
    task: usize,
    /// How many requests the task had when it was entered.
    cancelling: usize,
    expired: bool,
}

impl Model {
    pub(super) fn enter_timeout(&mut self, task: usize, time: u64, body: Vec<Op>) {
        let number = self.timeouts.len();
        let cancelling = self.future(Name::Task(task)).cancelling;
        self.timeouts.push(Timeout {
            task,
            cancelling,
            expired: false,
        });
        match time {
            0 => self.ready.push(Entry::TimeOut(number)),
            _ => self.timers.push((self.now + time, Entry::TimeOut(number))),
        }
        let frames = [Frame::LeaveTimeout(number), Frame::DoAll(body)];
        self.future(Name::Task(task)).stack.extend(frames);
    }

    /// Rule 1.
    pub(super) fn expire(&mut self, number: usize) {
        self.timeouts[number].expired = true;
        self.cancel(Name::Task(self.timeouts[number].task));
    }

    /// Rule 2. Returns whether a cancel that comes out goes on.
    pub(super) fn leave_timeout(&mut self, number: usize, thrown: bool) -> bool {
        self.cancelled.push(Entry::TimeOut(number));
        let Timeout {
            task,
            cancelling,
            expired,
        } = self.timeouts[number];
        if expired {
            self.act(Action::Uncancel(task));
        }
        let own = expired && self.future(Name::Task(task)).cancelling <= cancelling;
        let goes_on = thrown && !own;
        if !goes_on {
            let result = if thrown { "timed out" } else { "in time" };
            self.say(&format!("task {task}"), "timeout", result);
        }
        goes_on
    }
}
