//! What asyncio does with a program, as obviously as it can be said.
//!
//! A list of what is ready, a list of timers, futures with callbacks, and tasks that are
//! little interpreters of their operations. Nothing here is fast, and nothing is shared with
//! the runtime. The rules are asyncio's:
//!
//! 1. A turn: forget dead timers; if nothing is ready, the time jumps to the next one; timers
//!    that are due become ready, by deadline and then by age; what is ready now is run.
//! 2. What is scheduled runs in the order of its scheduling.
//! 3. A future that is done schedules its callbacks in the order in which they were added. A
//!    task that awaits is such a callback. Awaiting what is done does not wait.
//! 4. A cancel of a task cancels what it waits for. If that is not possible, it is thrown in
//!    the task's next step.
//! 5. A timeout cancels its task. On the way out it takes that back, and if there are not more
//!    requests than when it was entered, the cancel was its own and ends here.
//! 6. A task that returns with a cancel not yet thrown is cancelled.

mod coroutine;

use std::cell::RefCell;

use self::coroutine::{Task, Timeout};
use crate::program::{PROMISES, Program};
use crate::world::{Call, Log, World};

/// Runs a program and returns its trace.
pub(crate) fn trace(program: &Program) -> Vec<String> {
    let mut model = Model::new(program);
    for setup in &program.setups {
        setup.iter().for_each(|op| model.perform("main", op));
        model.run_forever();
    }
    model.say_states();
    model.log.into_inner().lines
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Pending,
    Value(usize),
    Cancelled,
}

/// What can be ready, or wait for a timer or for a future.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Entry {
    /// A callback.
    Call(Call),
    /// A step of a task that gave its turn away, or is new.
    Step(usize),
    /// A step of a task that waited for a future.
    Wakeup(usize),
    /// The end of a sleep.
    Elapse(usize),
    /// The end of the time of a timeout.
    Expire(usize),
}

/// A promise, half of a task, or what a sleep waits for.
struct Future {
    state: State,
    callbacks: Vec<Entry>,
}

impl Future {
    fn pending() -> Self {
        Self {
            state: State::Pending,
            callbacks: Vec::new(),
        }
    }
}

struct Model<'p> {
    program: &'p Program,
    log: RefCell<Log>,
    now: u64,
    stopping: bool,
    ready: Vec<Entry>,
    /// Deadline and what to do, by age.
    timers: Vec<(u64, Entry)>,
    /// The numbers of the callbacks that were cancelled.
    cancelled: Vec<usize>,
    /// The promises first.
    futures: Vec<Future>,
    tasks: Vec<Task<'p>>,
    timeouts: Vec<Timeout>,
}

impl<'p> Model<'p> {
    fn new(program: &'p Program) -> Self {
        let mut model = Self {
            program,
            log: RefCell::default(),
            now: 0,
            stopping: false,
            ready: Vec::new(),
            timers: Vec::new(),
            cancelled: Vec::new(),
            futures: Vec::new(),
            tasks: Vec::new(),
            timeouts: Vec::new(),
        };
        model.futures.resize_with(PROMISES, Future::pending);
        model
    }

    fn say_states(&mut self) {
        for promise in 0..PROMISES {
            let state = self.futures[promise].state;
            self.say("promise", &promise.to_string(), &format!("{state:?}"));
        }
        for (number, task) in self.tasks.iter().enumerate() {
            let state = self.futures[task.future].state;
            let result = format!("{state:?}, cancelling {}", task.cancelling);
            self.say("task", &number.to_string(), &result);
        }
    }

    fn run_forever(&mut self) {
        let mut end = "stopped";
        loop {
            if !self.turn() {
                end = "idle";
                break;
            }
            if self.stopping {
                break;
            }
        }
        self.say("loop", end, "");
        self.stopping = false;
    }

    /// Rule 1. Returns whether anything can ever happen.
    fn turn(&mut self) -> bool {
        let mut timers = std::mem::take(&mut self.timers);
        timers.retain(|&(_, entry)| self.is_alive(entry));
        if self.ready.is_empty() && !self.stopping {
            let Some(next) = timers.iter().map(|timer| timer.0).min() else {
                return false;
            };
            self.now = self.now.max(next);
        }
        let (mut due, later): (Vec<_>, Vec<_>) =
            timers.into_iter().partition(|timer| timer.0 <= self.now);
        due.sort_by_key(|timer| timer.0);
        self.ready.extend(due.into_iter().map(|timer| timer.1));
        self.timers = later;
        let batch = std::mem::take(&mut self.ready);
        batch.iter().for_each(|&entry| self.run(entry));
        self.now += u64::from(!batch.is_empty());
        true
    }

    fn is_alive(&self, entry: Entry) -> bool {
        match entry {
            Entry::Call(call) => !self.cancelled.contains(&call.number),
            Entry::Elapse(future) => self.futures[future].state == State::Pending,
            Entry::Expire(timeout) => !self.timeouts[timeout].left,
            Entry::Step(_) | Entry::Wakeup(_) => true,
        }
    }

    fn run(&mut self, entry: Entry) {
        match entry {
            _ if !self.is_alive(entry) => {}
            Entry::Call(call) => {
                let who = format!("call {}", call.number);
                self.say(&who, "runs", "");
                let body = &self.program.calls[call.body];
                body.iter().for_each(|op| self.perform(&who, op));
            }
            Entry::Step(task) => self.step(task, false),
            Entry::Wakeup(task) => self.wake_up(task),
            Entry::Elapse(future) => self.settle(future, State::Value(0)),
            Entry::Expire(timeout) => self.expire(timeout),
        }
    }

    fn new_future(&mut self) -> usize {
        self.futures.push(Future::pending());
        self.futures.len() - 1
    }

    /// Rule 3.
    fn settle(&mut self, future: usize, state: State) {
        self.futures[future].state = state;
        self.ready.append(&mut self.futures[future].callbacks);
    }

    /// Rule 3.
    fn add_callback(&mut self, future: usize, callback: Entry) {
        match self.futures[future].state {
            State::Pending => self.futures[future].callbacks.push(callback),
            _ => self.ready.push(callback),
        }
    }

    /// Rule 4. Returns whether the future was pending.
    fn cancel_future(&mut self, future: usize) -> bool {
        if self.futures[future].state != State::Pending {
            return false;
        }
        let Some(task) = self.tasks.iter().position(|task| task.future == future) else {
            self.settle(future, State::Cancelled);
            return true;
        };
        self.tasks[task].cancelling += 1;
        let waits_for = self.tasks[task].waits_for;
        let forwarded = waits_for.is_some_and(|future| self.cancel_future(future));
        self.tasks[task].must_cancel |= !forwarded;
        true
    }
}

impl World for Model<'_> {
    fn log(&self) -> &RefCell<Log> {
        &self.log
    }

    fn now(&self) -> u64 {
        self.now
    }

    fn call_soon(&mut self, call: Call) {
        self.ready.push(Entry::Call(call));
    }

    fn call_later(&mut self, delay: u64, call: Call) {
        self.call_at(self.now + delay, call);
    }

    fn call_at(&mut self, when: u64, call: Call) {
        self.timers.push((when, Entry::Call(call)));
    }

    fn cancel_handle(&mut self, number: usize) {
        self.cancelled.push(number);
    }

    fn stop(&mut self) {
        self.stopping = true;
    }

    fn set(&mut self, promise: usize, value: usize) -> bool {
        let pending = self.futures[promise].state == State::Pending;
        if pending {
            self.settle(promise, State::Value(value));
        }
        pending
    }

    fn cancel_promise(&mut self, promise: usize) -> bool {
        self.cancel_future(promise)
    }

    fn watch_promise(&mut self, promise: usize, call: Call) {
        self.add_callback(promise, Entry::Call(call));
    }

    fn watch_task(&mut self, task: usize, call: Call) {
        self.add_callback(self.tasks[task].future, Entry::Call(call));
    }

    fn unwatch(&mut self, number: usize) -> bool {
        let is_it = |entry: &Entry| matches!(entry, Entry::Call(call) if call.number == number);
        let mut lists = self.futures.iter_mut().map(|future| &mut future.callbacks);
        let found = lists.find_map(|list| Some((list.iter().position(is_it)?, list)));
        found.map(|(at, list)| list.remove(at)).is_some()
    }

    fn spawn(&mut self, body: usize) {
        let future = self.new_future();
        let number = self.tasks.len();
        self.tasks
            .push(Task::new(future, &self.program.tasks[body]));
        self.ready.push(Entry::Step(number));
    }

    fn cancel(&mut self, task: usize) -> bool {
        self.cancel_future(self.tasks[task].future)
    }

    fn uncancel(&mut self, task: usize) -> usize {
        let task = &mut self.tasks[task];
        if task.cancelling > 0 {
            task.cancelling -= 1;
            task.must_cancel &= task.cancelling > 0;
        }
        task.cancelling
    }
}
