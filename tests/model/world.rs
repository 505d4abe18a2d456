//! What a program can do to a world, and how that is said in a trace.
//!
//! There are two worlds, the runtime and the reference, and they share this file only: what a
//! number in an operation names, and how a line of a trace looks. What an operation *does* each
//! world says for itself.

use std::cell::RefCell;

use crate::program::{MAX_CALLS, MAX_TASKS, Op, pick};

/// A callback: how many were made before it, and which of the bodies it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) number: usize,
    pub(crate) body: usize,
}

/// What was said, and what there is to name.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) lines: Vec<String>,
    /// How many tasks were started.
    pub(crate) tasks: usize,
    /// How many callbacks were made.
    calls: usize,
    /// The callbacks that have a handle.
    handles: Vec<usize>,
    /// The callbacks that wait for a promise or a task.
    watches: Vec<usize>,
}

/// Where a program runs. All times are microseconds since the beginning.
pub(crate) trait World {
    fn log(&self) -> &RefCell<Log>;
    fn now(&self) -> u64;
    fn call_soon(&mut self, call: Call);
    fn call_later(&mut self, delay: u64, call: Call);
    fn call_at(&mut self, when: u64, call: Call);
    fn cancel_handle(&mut self, number: usize);
    fn stop(&mut self);
    fn set(&mut self, promise: usize, value: usize) -> bool;
    fn cancel_promise(&mut self, promise: usize) -> bool;
    fn watch_promise(&mut self, promise: usize, call: Call);
    fn watch_task(&mut self, task: usize, call: Call);
    fn unwatch(&mut self, number: usize) -> bool;
    fn spawn(&mut self, body: usize);
    fn cancel(&mut self, task: usize) -> bool;
    fn uncancel(&mut self, task: usize) -> usize;

    /// Adds a line: when, who, what, and what came of it.
    fn say(&self, who: &str, what: &str, result: &str) {
        let line = format!("{} {who}: {what} {result}", self.now());
        self.log().borrow_mut().lines.push(line);
    }

    /// Does what anybody may do, and says what came of it.
    fn perform(&mut self, who: &str, op: &Op) {
        let done = || Some("done".to_string());
        let result = match *op {
            Op::Soon(body) => self
                .make(body)
                .map(|call| self.scheduled(call, Self::call_soon)),
            Op::Later(delay, body) => self
                .make(body)
                .map(|call| self.scheduled(call, |world, call| world.call_later(delay, call))),
            Op::At(when, body) => self
                .make(body)
                .map(|call| self.scheduled(call, |world, call| world.call_at(when, call))),
            Op::CancelHandle(which) => self.handle(which).and_then(|number| {
                self.cancel_handle(number);
                done()
            }),
            Op::Stop => {
                self.stop();
                done()
            }
            Op::Set(promise) => {
                let value = self.log().borrow().lines.len();
                Some(self.set(promise, value).to_string())
            }
            Op::CancelPromise(promise) => Some(self.cancel_promise(promise).to_string()),
            Op::Watch(promise, body) => self
                .make(body)
                .map(|call| self.watched(call, |world, call| world.watch_promise(promise, call))),
            Op::WatchTask(which, body) => self.task(which).and_then(|task| {
                let call = self.make(body)?;
                Some(self.watched(call, |world, call| world.watch_task(task, call)))
            }),
            Op::Unwatch(which) => self
                .watch(which)
                .map(|number| self.unwatch(number).to_string()),
            Op::Spawn(body) => self.next_task().map(|task| {
                self.spawn(body);
                task.to_string()
            }),
            Op::Cancel(which) => self.task(which).map(|task| self.cancel(task).to_string()),
            Op::Uncancel(which) => self.task(which).map(|task| self.uncancel(task).to_string()),
            _ => None,
        };
        self.say(who, op.name(), &result.unwrap_or_default());
    }

    fn make(&self, body: usize) -> Option<Call> {
        let mut log = self.log().borrow_mut();
        let number = log.calls;
        log.calls += usize::from(number < MAX_CALLS);
        (number < MAX_CALLS).then_some(Call { number, body })
    }

    fn scheduled(&mut self, call: Call, schedule: impl FnOnce(&mut Self, Call)) -> String {
        schedule(self, call);
        self.log().borrow_mut().handles.push(call.number);
        call.number.to_string()
    }

    fn watched(&mut self, call: Call, watch: impl FnOnce(&mut Self, Call)) -> String {
        watch(self, call);
        self.log().borrow_mut().watches.push(call.number);
        call.number.to_string()
    }

    fn next_task(&self) -> Option<usize> {
        let mut log = self.log().borrow_mut();
        let number = log.tasks;
        log.tasks += usize::from(number < MAX_TASKS);
        (number < MAX_TASKS).then_some(number)
    }

    fn task(&self, which: usize) -> Option<usize> {
        pick(which, self.log().borrow().tasks)
    }

    fn handle(&self, which: usize) -> Option<usize> {
        let log = self.log().borrow();
        pick(which, log.handles.len()).map(|at| log.handles[at])
    }

    fn watch(&self, which: usize) -> Option<usize> {
        let log = self.log().borrow();
        pick(which, log.watches.len()).map(|at| log.watches[at])
    }
}
