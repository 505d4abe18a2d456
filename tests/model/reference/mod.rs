//! What asyncio does with a program, as obviously as it can be said:
//!
//! 1. A turn forgets cancelled timers; if nothing is ready, the time jumps to the next timer;
//!    timers that are due become ready; what is ready now is run, unless it is cancelled.
//! 2. What is scheduled runs once, in the order of its scheduling.
//! 3. Timers become ready by deadline, then by age.
//! 4. A stop ends the loop after the turn; before a run, after its first, without a jump.
//! 5. A future that ends schedules its callbacks in their order. A task that waits is one.
//! 6. Awaiting what is done does not wait.
//! 7. A new task has a step scheduled. A step goes on until the task waits or gives its turn away.
//! 8. So who awaits a task goes on one turn after its end.
//! 9. A cancel of a task is counted, and cancels what it waits for or is thrown in its next step.
//! 10. It is thrown where the task waited, and may be caught. A task is cancelled if a cancel
//!     leaves it, or is still to be thrown when it returns.
//! 11. To uncancel counts down; at zero, a cancel that is still to be thrown is forgotten.
//! 12. A task that is cancelled before its first step never begins.

mod timeouts;

use std::cell::RefCell;
use std::collections::HashMap;
use std::mem::take;

use crate::program::{Op, PROMISES, Program};
use crate::world::{Action, Call, Name, Stage, State, World};

/// Runs a program and returns its trace.
pub(crate) fn trace(program: &Program) -> Vec<String> {
    let mut model = Model::default();
    model.stage.replace(Stage::new(program));
    model.play()
}

/// What can be ready, or wait for its time or for a future: it runs, steps or ends what it names.
#[derive(Clone, Copy, PartialEq)]
enum Entry {
    Call(Call),
    Step(usize),
    WakeUp(Name),
    TimeOut(usize),
}

/// What a task has left to do.
enum Frame {
    Do(Op),
    DoAll(Vec<Op>),
    Await(Name),
    /// Catches a cancel, does this, and lets the cancel go on if it is true.
    Catch(Vec<Op>, bool),
    RaiseIf(bool),
    LeaveTimeout(usize),
}

/// A promise; or a task, which has the rest too.
#[derive(Default)]
struct Future {
    state: State,
    callbacks: Vec<Entry>,
    /// What is next is the last.
    stack: Vec<Frame>,
    waits_for: Option<Name>,
    /// Whether a cancel is to be thrown in the next step.
    must_cancel: bool,
    cancelling: usize,
}

#[derive(Default)]
struct Model {
    stage: RefCell<Stage>,
    now: u64,
    stopping: bool,
    ready: Vec<Entry>,
    timers: Vec<(u64, Entry)>,
    cancelled: Vec<Entry>,
    /// Each is made when it is first named. A sleep has a promise of its own, with a new name.
    futures: HashMap<Name, Future>,
    timeouts: Vec<timeouts::Timeout>,
}

impl World for Model {
    fn stage(&self) -> &RefCell<Stage> {
        &self.stage
    }

    /// Rule 4.
    fn run_forever(&mut self) -> &'static str {
        while self.turn() {
            if take(&mut self.stopping) {
                return "stopped";
            }
        }
        "idle"
    }

    fn act(&mut self, action: Action) -> String {
        match action {
            Action::Soon(call) => self.ready.push(Entry::Call(call)),
            Action::Later(delay, call) => self.timers.push((self.now + delay, Entry::Call(call))),
            Action::At(when, call) => self.timers.push((when, Entry::Call(call))),
            Action::CancelHandle(call) => self.cancelled.push(Entry::Call(call)),
            Action::Stop => self.stopping = true,
            Action::Set(name, value) => return self.end(name, State::Value(value)).to_string(),
            Action::Cancel(name) => return self.cancel(name).to_string(),
            Action::Watch(name, call) => match self.future(name).state {
                State::Pending => self.future(name).callbacks.push(Entry::Call(call)),
                _ => self.ready.push(Entry::Call(call)),
            },
            Action::Unwatch(name, call) => {
                let is_it = |entry: &mut Entry| *entry == Entry::Call(call);
                let found = self.future(name).callbacks.extract_if(.., is_it).count();
                return (found > 0).to_string();
            }
            Action::Spawn(task, body) => {
                let body = self.stage.borrow().program.tasks[body].clone();
                self.future(Name::Task(task)).stack.push(Frame::DoAll(body));
                self.ready.push(Entry::Step(task));
            }
            Action::Uncancel(task) => {
                let task = self.future(Name::Task(task));
                task.cancelling = task.cancelling.saturating_sub(1);
                task.must_cancel &= task.cancelling > 0;
                return task.cancelling.to_string();
            }
            Action::Now => return self.now.to_string(),
            Action::State(name) => return format!("{:?}", self.future(name).state),
            Action::Cancelling(name) => return self.future(name).cancelling.to_string(),
        }
        "done".to_string()
    }
}

impl Model {
    /// Rules 1 to 3. Returns whether anything can ever happen.
    fn turn(&mut self) -> bool {
        let is_alive = |entry: &Entry| !self.cancelled.contains(entry);
        self.timers.retain(|(_, entry)| is_alive(entry));
        self.timers.sort_by_key(|timer| timer.0);
        if self.ready.is_empty() && !self.stopping {
            match self.timers.first() {
                Some(next) => self.now = self.now.max(next.0),
                None => return false,
            }
        }
        let due = self.timers.partition_point(|timer| timer.0 <= self.now);
        let due = self.timers.drain(..due).map(|timer| timer.1);
        self.ready.extend(due);
        let duration = u64::from(!self.ready.is_empty());
        for entry in take(&mut self.ready) {
            match entry {
                _ if self.cancelled.contains(&entry) => {}
                Entry::Call(call) => self.call(call),
                Entry::Step(task) => self.step(task),
                Entry::WakeUp(promise) => _ = self.end(promise, State::Value(0)),
                Entry::TimeOut(timeout) => self.expire(timeout),
            }
        }
        self.now += duration;
        true
    }

    fn future(&mut self, name: Name) -> &mut Future {
        self.futures.entry(name).or_default()
    }

    /// Rule 5. Returns whether the future was pending.
    fn end(&mut self, name: Name, state: State) -> bool {
        let future = self.future(name);
        let pending = future.state == State::Pending;
        if pending {
            future.state = state;
            let callbacks = take(&mut future.callbacks);
            self.ready.extend(callbacks);
        }
        pending
    }

    /// Rule 9. Returns whether the future was pending.
    fn cancel(&mut self, name: Name) -> bool {
        if let Name::Promise(_) = name {
            self.cancelled.push(Entry::WakeUp(name));
            return self.end(name, State::Cancelled);
        }
        let task = self.future(name);
        let pending = task.state == State::Pending;
        if pending {
            task.cancelling += 1;
            let passed_on = task.waits_for.is_some_and(|name| self.cancel(name));
            self.future(name).must_cancel |= !passed_on;
        }
        pending
    }

    /// Rules 6, 7, 10 and 12.
    fn step(&mut self, number: usize) {
        let task = Name::Task(number);
        let who = format!("task {number}");
        self.future(task).waits_for = None;
        let mut thrown = take(&mut self.future(task).must_cancel);
        while let Some(frame) = self.future(task).stack.pop() {
            let stack = &mut self.future(task).stack;
            match frame {
                Frame::Do(_) | Frame::DoAll(_) | Frame::Await(_) if thrown => {}
                Frame::Do(Op::Yield | Op::Sleep(0)) => return self.ready.push(Entry::Step(number)),
                Frame::Do(Op::Sleep(time)) => {
                    let promise = Name::Promise(PROMISES + self.futures.len());
                    self.timers.push((self.now + time, Entry::WakeUp(promise)));
                    self.future(task).stack.push(Frame::Await(promise));
                }
                Frame::Do(op @ (Op::AwaitPromise(_) | Op::AwaitTask(_))) => {
                    let awaited = self.stage.borrow().awaited(number, &op);
                    self.future(task).stack.extend(awaited.map(Frame::Await));
                }
                Frame::Do(Op::Catch(body, cleanup, raise)) => {
                    stack.extend([Frame::Catch(cleanup, raise), Frame::DoAll(body)]);
                }
                Frame::Do(Op::Timeout(time, body)) => self.enter_timeout(number, time, body),
                Frame::Do(Op::CancelSelf) => self.perform(&who, &Op::Cancel(number)),
                Frame::Do(op) => self.perform(&who, &op),
                Frame::DoAll(ops) => stack.extend(ops.into_iter().rev().map(Frame::Do)),
                Frame::Await(name) => match self.future(name).state {
                    State::Pending => return self.wait(number, name),
                    State::Value(value) => self.say(&who, "got", &value.to_string()),
                    State::Cancelled => thrown = true,
                },
                Frame::Catch(cleanup, raise) if thrown => {
                    thrown = false;
                    stack.extend([Frame::RaiseIf(raise), Frame::DoAll(cleanup)]);
                    self.say(&who, "caught", "");
                }
                Frame::Catch(..) => {}
                Frame::RaiseIf(raise) => thrown |= raise,
                Frame::LeaveTimeout(timeout) => thrown = self.leave_timeout(timeout, thrown),
            }
        }
        self.say(&who, "ends", "");
        thrown |= self.future(task).must_cancel;
        let value = State::Value(number);
        self.end(task, if thrown { State::Cancelled } else { value });
    }

    fn wait(&mut self, number: usize, name: Name) {
        self.future(name).callbacks.push(Entry::Step(number));
        let task = self.future(Name::Task(number));
        task.stack.push(Frame::Await(name));
        task.waits_for = Some(name);
        if take(&mut task.must_cancel) {
            self.cancel(name);
        }
    }
}
