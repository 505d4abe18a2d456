//! A task of the reference: an interpreter of its operations.
//!
//! Where Python has a stack of frames with `try` blocks, this has a list of scopes, each with
//! the operations that are left in it.

use super::{Entry, Model, State};
use crate::program::Op;
use crate::world::World;

/// A task: where it is in its operations.
pub(super) struct Task<'p> {
    pub(super) future: usize,
    /// The lists of operations it is in, the innermost last.
    scopes: Vec<Scope<'p>>,
    pub(super) waits_for: Option<usize>,
    pub(super) must_cancel: bool,
    pub(super) cancelling: usize,
}

/// A list of operations that a task is in.
struct Scope<'p> {
    rest: &'p [Op],
    kind: Kind<'p>,
}

/// What happens at the end of a scope, and when it is cancelled.
enum Kind<'p> {
    /// The body of a task, or clean-up that ends well.
    Plain,
    /// If it is cancelled, this is done, and then the cancel may go on.
    Catch(&'p [Op], bool),
    /// At its end, a cancel goes on.
    Raise,
    /// It has a time.
    Timeout(usize),
}

/// A timeout that was entered.
pub(super) struct Timeout {
    task: usize,
    /// How many requests the task had when it was entered.
    cancelling: usize,
    expired: bool,
    pub(super) left: bool,
}

impl<'p> Task<'p> {
    pub(super) fn new(future: usize, body: &'p [Op]) -> Self {
        let scope = Scope {
            rest: body,
            kind: Kind::Plain,
        };
        Self {
            future,
            scopes: vec![scope],
            waits_for: None,
            must_cancel: false,
            cancelling: 0,
        }
    }
}

impl<'p> Model<'p> {
    /// A step of a task that waited for a future which is done now.
    pub(super) fn wake_up(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        let future = task.waits_for.take().expect("something woke it");
        match self.futures[future].state {
            State::Value(_) if task.must_cancel => self.step(number, false),
            State::Value(value) => {
                self.say_of(number, "got", &value.to_string());
                self.step(number, false);
            }
            _ => self.step(number, true),
        }
    }

    fn say_of(&self, task: usize, what: &str, result: &str) {
        self.say(&format!("task {task}"), what, result);
    }

    /// Runs a task until it waits. `raised`: what it waited for was cancelled.
    pub(super) fn step(&mut self, number: usize, raised: bool) {
        let thrown = std::mem::take(&mut self.tasks[number].must_cancel);
        let mut going = !(raised || thrown) || self.unwind(number);
        while going {
            going = self.advance(number);
        }
    }

    /// Makes the next operation of a task. Returns whether it goes on in the same step.
    fn advance(&mut self, number: usize) -> bool {
        let task = &mut self.tasks[number];
        let Some(scope) = task.scopes.last_mut() else {
            let cancelled = std::mem::take(&mut task.must_cancel);
            return self.end(
                number,
                if cancelled {
                    State::Cancelled
                } else {
                    State::Value(number)
                },
            );
        };
        let Some((op, rest)) = scope.rest.split_first() else {
            return self.leave_scope(number);
        };
        scope.rest = rest;
        match op {
            Op::Yield | Op::Sleep(0) => {
                self.ready.push(Entry::Step(number));
                false
            }
            &Op::Sleep(time) => {
                let future = self.new_future();
                self.timers.push((self.now + time, Entry::Elapse(future)));
                self.wait(number, future)
            }
            &Op::AwaitPromise(promise) => self.wait(number, promise),
            &Op::AwaitTask(which) => {
                let count = self.tasks.len();
                let awaited = self.program.awaited(number, which, count);
                awaited.is_none_or(|task| self.wait(number, self.tasks[task].future))
            }
            Op::Catch(body, cleanup, raise) => {
                self.enter(number, body, Kind::Catch(cleanup, *raise));
                true
            }
            Op::Timeout(time, body) => {
                let timeout = self.start_timeout(number, *time);
                self.enter(number, body, Kind::Timeout(timeout));
                true
            }
            Op::CancelSelf => {
                self.perform(&format!("task {number}"), &Op::Cancel(number));
                true
            }
            op => {
                self.perform(&format!("task {number}"), op);
                true
            }
        }
    }

    /// Lets a task wait. Returns whether it goes on in the same step.
    fn wait(&mut self, number: usize, future: usize) -> bool {
        match self.futures[future].state {
            State::Pending => {
                self.add_callback(future, Entry::Wakeup(number));
                self.tasks[number].waits_for = Some(future);
                if self.tasks[number].must_cancel && self.cancel_future(future) {
                    self.tasks[number].must_cancel = false;
                }
                false
            }
            State::Value(value) => {
                self.say_of(number, "got", &value.to_string());
                true
            }
            State::Cancelled => self.unwind(number),
        }
    }

    /// Lets a cancel go out to the next scope that ends it. Returns whether there is one.
    fn unwind(&mut self, number: usize) -> bool {
        while let Some(scope) = self.tasks[number].scopes.pop() {
            match scope.kind {
                Kind::Plain | Kind::Raise => {}
                Kind::Catch(cleanup, raise) => {
                    self.say_of(number, "caught", "");
                    let kind = if raise { Kind::Raise } else { Kind::Plain };
                    self.enter(number, cleanup, kind);
                    return true;
                }
                Kind::Timeout(timeout) => {
                    if self.leave_timeout(timeout) {
                        self.say_of(number, "timeout", "timed out");
                        return true;
                    }
                }
            }
        }
        self.end(number, State::Cancelled)
    }

    /// The operations of a scope are done. Returns whether the task goes on in the same step.
    fn leave_scope(&mut self, number: usize) -> bool {
        match self.tasks[number].scopes.pop().map(|scope| scope.kind) {
            Some(Kind::Raise) => return self.unwind(number),
            Some(Kind::Timeout(timeout)) => {
                self.leave_timeout(timeout);
                self.say_of(number, "timeout", "in time");
            }
            _ => {}
        }
        true
    }

    fn enter(&mut self, task: usize, rest: &'p [Op], kind: Kind<'p>) {
        self.tasks[task].scopes.push(Scope { rest, kind });
    }

    fn start_timeout(&mut self, task: usize, time: u64) -> usize {
        let number = self.timeouts.len();
        self.timeouts.push(Timeout {
            task,
            cancelling: self.tasks[task].cancelling,
            expired: false,
            left: false,
        });
        match time {
            0 => self.ready.push(Entry::Expire(number)),
            _ => self.timers.push((self.now + time, Entry::Expire(number))),
        }
        number
    }

    /// Rule 5.
    pub(super) fn expire(&mut self, timeout: usize) {
        self.timeouts[timeout].expired = true;
        self.cancel(self.timeouts[timeout].task);
    }

    /// Rule 5. Returns whether a cancel that comes out is the timeout's own.
    fn leave_timeout(&mut self, timeout: usize) -> bool {
        self.timeouts[timeout].left = true;
        let Timeout {
            task,
            cancelling,
            expired,
            ..
        } = self.timeouts[timeout];
        expired && self.uncancel(task) <= cancelling
    }

    fn end(&mut self, number: usize, state: State) -> bool {
        self.say_of(number, "ends", "");
        self.settle(self.tasks[number].future, state);
        false
    }
}
