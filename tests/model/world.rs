//! What a program can do to a world, and how that is said in a trace.
//!
//! There are two worlds, the runtime and the reference, and they share this file only: what a
//! number in an operation names, and how a line of a trace looks. What an operation *does* each
//! world says for itself.

use std::cell::RefCell;
use std::rc::Rc;

use crate::program::{MAX_CALLS, MAX_TASKS, Op, PROMISES, Program, pick};

/// A callback: how many were made before it, and which of the bodies it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) number: usize,
    body: usize,
}

/// Something that has an end, by its number.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Name {
    Promise(usize),
    Task(usize),
}

/// How something that has an end is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum State {
    #[default]
    Pending,
    Value(usize),
    Cancelled,
}

/// What anybody may do, with the names of what there is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// `call_soon`.
    Soon(Call),
    /// `call_later`, after so long.
    Later(u64, Call),
    /// `call_at` that time.
    At(u64, Call),
    /// Cancels the handle of a callback of those three.
    CancelHandle(Call),
    Stop,
    /// Sets the result of a promise.
    Set(Name, usize),
    Cancel(Name),
    /// Adds a done-callback.
    Watch(Name, Call),
    /// Takes a done-callback out.
    Unwatch(Name, Call),
    /// Starts the task with this number, with that body.
    Spawn(usize, usize),
    Uncancel(usize),
    /// Tells the time.
    Now,
    /// Tells the [`State`] of something.
    State(Name),
    /// Tells how many cancels of a task were not taken back.
    Cancelling(Name),
}

impl Action {
    /// The number of the callback or the task that it makes.
    fn makes(self) -> Option<usize> {
        match self {
            Action::Soon(call) | Action::Later(_, call) | Action::At(_, call) => Some(call.number),
            Action::Watch(_, call) => Some(call.number),
            Action::Spawn(task, _) => Some(task),
            _ => None,
        }
    }
}

/// What a program has in every world: its text, what was said, and what there is to name.
#[derive(Default)]
pub(crate) struct Stage {
    pub(crate) program: Rc<Program>,
    lines: Vec<String>,
    /// How many tasks were started.
    tasks: usize,
    /// How many callbacks were made.
    calls: usize,
    /// The callbacks that have a handle.
    handles: Vec<Call>,
    /// The callbacks that wait for a promise or a task.
    watches: Vec<(Name, Call)>,
}

impl Stage {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            program: Rc::new(program.clone()),
            ..Self::default()
        }
    }

    /// What a task awaits in an operation. `None`: there is no such task.
    pub(crate) fn awaited(&self, own: usize, op: &Op) -> Option<Name> {
        match *op {
            Op::AwaitPromise(promise) => Some(Name::Promise(promise)),
            Op::AwaitTask(which) => {
                let awaited = self.program.awaited(own, which, self.tasks);
                awaited.map(Name::Task)
            }
            _ => None,
        }
    }

    /// What an operation means. `None`: nothing, there is too much or too little.
    fn action(&mut self, op: &Op) -> Option<Action> {
        Some(match *op {
            Op::Soon(body) => Action::Soon(self.make_scheduled(body)?),
            Op::Later(delay, body) => Action::Later(delay, self.make_scheduled(body)?),
            Op::At(when, body) => Action::At(when, self.make_scheduled(body)?),
            Op::CancelHandle(which) => {
                let at = pick(which, self.handles.len())?;
                Action::CancelHandle(self.handles[at])
            }
            Op::Stop => Action::Stop,
            Op::Set(promise) => Action::Set(Name::Promise(promise), self.lines.len()),
            Op::CancelPromise(promise) => Action::Cancel(Name::Promise(promise)),
            Op::Watch(promise, body) => self.watch(Name::Promise(promise), body)?,
            Op::WatchTask(which, body) => {
                let task = self.task(which)?;
                self.watch(Name::Task(task), body)?
            }
            Op::Unwatch(which) => {
                let at = pick(which, self.watches.len())?;
                let (name, call) = self.watches[at];
                Action::Unwatch(name, call)
            }
            Op::Spawn(body) if self.tasks < MAX_TASKS => {
                self.tasks += 1;
                Action::Spawn(self.tasks - 1, body)
            }
            Op::Cancel(which) => Action::Cancel(Name::Task(self.task(which)?)),
            Op::Uncancel(which) => Action::Uncancel(self.task(which)?),
            _ => return None,
        })
    }

    fn make(&mut self, body: usize) -> Option<Call> {
        let number = self.calls;
        self.calls += usize::from(number < MAX_CALLS);
        (number < MAX_CALLS).then_some(Call { number, body })
    }

    fn make_scheduled(&mut self, body: usize) -> Option<Call> {
        let call = self.make(body)?;
        self.handles.push(call);
        Some(call)
    }

    fn watch(&mut self, name: Name, body: usize) -> Option<Action> {
        let call = self.make(body)?;
        self.watches.push((name, call));
        Some(Action::Watch(name, call))
    }

    fn task(&self, which: usize) -> Option<usize> {
        pick(which, self.tasks)
    }
}

/// Where a program runs. All times are microseconds since the beginning.
pub(crate) trait World {
    fn stage(&self) -> &RefCell<Stage>;
    /// Runs until the loop is stopped or idle, and returns which.
    fn run_forever(&mut self) -> &'static str;
    /// Returns what came of it.
    fn act(&mut self, action: Action) -> String;

    /// Runs the program and returns its trace.
    fn play(&mut self) -> Vec<String> {
        let program = self.stage().borrow().program.clone();
        for setup in &program.setups {
            setup.iter().for_each(|op| self.perform("main", op));
            let end = self.run_forever();
            self.say("loop", end, "");
        }
        for promise in 0..PROMISES {
            let state = self.act(Action::State(Name::Promise(promise)));
            self.say("promise", &promise.to_string(), &state);
        }
        let tasks = self.stage().borrow().tasks;
        for task in 0..tasks {
            let state = self.act(Action::State(Name::Task(task)));
            let cancelling = self.act(Action::Cancelling(Name::Task(task)));
            let result = format!("{state}, cancelling {cancelling}");
            self.say("task", &task.to_string(), &result);
        }
        std::mem::take(&mut self.stage().borrow_mut().lines)
    }

    /// Runs a callback.
    fn call(&mut self, call: Call) {
        let who = format!("call {}", call.number);
        self.say(&who, "runs", "");
        let program = self.stage().borrow().program.clone();
        let body = &program.calls[call.body];
        body.iter().for_each(|op| self.perform(&who, op));
    }

    /// Does what anybody may do, and says what came of it.
    fn perform(&mut self, who: &str, op: &Op) {
        let action = self.stage().borrow_mut().action(op);
        let result = action.map(|action| {
            let done = self.act(action);
            action.makes().map_or(done, |number| number.to_string())
        });
        self.say(who, op.name(), &result.unwrap_or_default());
    }

    /// Adds a line: when, who, what, and what came of it.
    fn say(&mut self, who: &str, what: &str, result: &str) {
        let line = format!("{} {who}: {what} {result}", self.act(Action::Now));
        self.stage().borrow_mut().lines.push(line);
    }
}
