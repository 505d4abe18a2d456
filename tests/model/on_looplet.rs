//! The runtime as a world: each operation is the call that a program would make.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use looplet::{
    CallbackId, Clock, EventLoop, Handle, InvalidState, Promise, RunError, Task, TimerHandle,
    catch_cancel, sleep, timeout, yield_now,
};

use crate::program::{Op, PROMISES, Program};
use crate::world::{Action, Call, Name, Stage, State, World};

/// Runs a program on a loop of its own, with virtual time, and returns its trace.
pub(crate) fn trace(program: &Program) -> Vec<String> {
    let mut world = OnLooplet::new(program);
    let trace = world.play();
    world.0.event_loop.close();
    // A promise with a callback keeps itself alive, and a handle what never ran; both have the
    // world.
    for promise in &world.0.promises {
        promise.cancel();
    }
    drop(world.0.made.take());
    assert_eq!(
        Rc::strong_count(&world.0),
        1,
        "nothing is left of {program}"
    );
    trace
}

/// What may be cancelled or removed: a callback, by its number.
enum Made {
    Soon(Handle),
    Timer(TimerHandle),
    DoneCallback(CallbackId),
}

struct Shared {
    stage: RefCell<Stage>,
    event_loop: EventLoop,
    start: Instant,
    promises: Vec<Promise<usize>>,
    tasks: RefCell<Vec<Task<usize>>>,
    made: RefCell<Vec<Made>>,
}

/// Shared with the callbacks and the tasks of the program.
#[derive(Clone)]
struct OnLooplet(Rc<Shared>);

impl OnLooplet {
    fn new(program: &Program) -> Self {
        let builder = EventLoop::builder().clock(Clock::Virtual).io_interval(1);
        let event_loop = builder.build().expect("the system gives a loop");
        let promises = (0..PROMISES).map(|_| event_loop.create_promise());
        Self(Rc::new(Shared {
            stage: RefCell::new(Stage::new(program)),
            start: event_loop.time(),
            promises: promises.collect(),
            event_loop,
            tasks: RefCell::default(),
            made: RefCell::default(),
        }))
    }

    fn task(&self, number: usize) -> Task<usize> {
        self.0.tasks.borrow()[number].clone()
    }

    fn keep(&self, call: Call, made: Made) {
        let mut all = self.0.made.borrow_mut();
        assert_eq!(all.len(), call.number, "each callback is kept");
        all.push(made);
    }

    fn callback(&self, call: Call) -> impl FnOnce() + 'static {
        let mut world = self.clone();
        move || world.call(call)
    }

    fn call_at(&self, when: u64, call: Call) {
        let when = self.0.start + Duration::from_micros(when);
        let handle = self.0.event_loop.call_at(when, self.callback(call));
        self.keep(call, Made::Timer(handle));
    }

    fn call_later(&self, delay: u64, call: Call) {
        let delay = Duration::from_micros(delay);
        let handle = self.0.event_loop.call_later(delay, self.callback(call));
        self.keep(call, Made::Timer(handle));
    }

    fn call_soon(&self, call: Call) {
        let handle = self.0.event_loop.call_soon(self.callback(call));
        self.keep(call, Made::Soon(handle));
    }

    fn cancel_handle(&self, call: Call) {
        match &self.0.made.borrow()[call.number] {
            Made::Soon(handle) => handle.cancel(),
            Made::Timer(handle) => handle.cancel(),
            Made::DoneCallback(_) => unreachable!("it has no handle"),
        }
    }

    fn set(&self, name: Name, value: usize) -> bool {
        match name {
            Name::Promise(promise) => self.0.promises[promise].set_result(value).is_ok(),
            Name::Task(_) => unreachable!("a task has its own result"),
        }
    }

    fn cancel(&self, name: Name) -> bool {
        match name {
            Name::Promise(promise) => self.0.promises[promise].cancel(),
            Name::Task(task) => self.task(task).cancel(),
        }
    }

    fn watch(&self, name: Name, call: Call) {
        let callback = self.callback(call);
        let id = match name {
            Name::Promise(promise) => self.0.promises[promise].add_done_callback(|_| callback()),
            Name::Task(task) => self.task(task).add_done_callback(|_| callback()),
        };
        self.keep(call, Made::DoneCallback(id));
    }

    fn unwatch(&self, name: Name, call: Call) -> bool {
        let Made::DoneCallback(id) = self.0.made.borrow()[call.number] else {
            unreachable!("it watches nothing");
        };
        match name {
            Name::Promise(promise) => self.0.promises[promise].remove_done_callback(id),
            Name::Task(task) => self.task(task).remove_done_callback(id),
        }
    }

    fn spawn(&self, number: usize, body: usize) {
        let ends = SayEnds(self.clone(), number);
        let world = self.clone();
        let task = self.0.event_loop.create_task(async move {
            let ends = ends;
            let program = world.0.stage.borrow().program.clone();
            run_all(world, number, &program.tasks[body]).await;
            ends.1
        });
        self.0.tasks.borrow_mut().push(task);
    }

    fn cancelling(&self, name: Name) -> u32 {
        match name {
            Name::Promise(_) => 0,
            Name::Task(task) => self.task(task).cancelling(),
        }
    }

    fn state(&self, name: Name) -> State {
        let result = match name {
            Name::Promise(promise) => self.0.promises[promise].result(),
            Name::Task(task) => self.task(task).result(),
        };
        match result {
            Ok(Ok(value)) => State::Value(value),
            Ok(Err(_)) => State::Cancelled,
            Err(InvalidState::ResultNotSet) => State::Pending,
            Err(error) => panic!("a promise or a task has a result or none: {error}"),
        }
    }
}

impl World for OnLooplet {
    fn stage(&self) -> &RefCell<Stage> {
        &self.0.stage
    }

    fn run_forever(&mut self) -> &'static str {
        match self.0.event_loop.run_forever() {
            Ok(()) => "stopped",
            Err(RunError::Deadlock(_)) => "idle",
            Err(error) => panic!("the loop failed: {error}"),
        }
    }

    fn act(&mut self, action: Action) -> String {
        match action {
            Action::Soon(call) => self.call_soon(call),
            Action::Later(delay, call) => self.call_later(delay, call),
            Action::At(when, call) => self.call_at(when, call),
            Action::CancelHandle(call) => self.cancel_handle(call),
            Action::Stop => self.0.event_loop.stop(),
            Action::Set(promise, value) => return self.set(promise, value).to_string(),
            Action::Cancel(name) => return self.cancel(name).to_string(),
            Action::Watch(name, call) => self.watch(name, call),
            Action::Unwatch(name, call) => return self.unwatch(name, call).to_string(),
            Action::Spawn(task, body) => self.spawn(task, body),
            Action::Uncancel(task) => return self.task(task).uncancel().to_string(),
            Action::Now => {
                let passed = self.0.event_loop.time() - self.0.start;
                return passed.as_micros().to_string();
            }
            Action::State(name) => return format!("{:?}", self.state(name)),
            Action::Cancelling(name) => return self.cancelling(name).to_string(),
        }
        "done".to_string()
    }
}

/// Says that a task ends, when its future is dropped, in whatever way.
struct SayEnds(OnLooplet, usize);

impl Drop for SayEnds {
    fn drop(&mut self) {
        self.0.say(&format!("task {}", self.1), "ends", "");
    }
}

type Running<'p> = Pin<Box<dyn Future<Output = ()> + 'p>>;

/// Runs operations of a task.
fn run_all(mut world: OnLooplet, number: usize, ops: &[Op]) -> Running<'_> {
    Box::pin(async move {
        for op in ops {
            run_one(&mut world, number, op).await;
        }
    })
}

async fn run_one(world: &mut OnLooplet, number: usize, op: &Op) {
    let who = format!("task {number}");
    let got = |world: &mut OnLooplet, value: usize| world.say(&who, "got", &value.to_string());
    match op {
        Op::Yield => yield_now().await,
        Op::Sleep(time) => {
            sleep(Duration::from_micros(*time)).await;
            if *time > 0 {
                got(world, 0);
            }
        }
        Op::AwaitPromise(_) | Op::AwaitTask(_) => {
            let awaited = world.0.stage.borrow().awaited(number, op);
            match awaited {
                Some(Name::Promise(promise)) => got(world, (&world.0.promises[promise]).await),
                Some(Name::Task(task)) => got(world, (&world.task(task)).await),
                None => {}
            }
        }
        Op::Catch(body, cleanup, raise) => {
            let caught = catch_cancel(run_all(world.clone(), number, body)).await;
            if let Err(cancelled) = caught {
                world.say(&who, "caught", "");
                run_all(world.clone(), number, cleanup).await;
                if *raise {
                    cancelled.raise().await;
                }
            }
        }
        Op::Timeout(time, body) => {
            let body = run_all(world.clone(), number, body);
            let outcome = timeout(Duration::from_micros(*time), body).await;
            let result = outcome.map_or("timed out", |()| "in time");
            world.say(&who, "timeout", result);
        }
        Op::CancelSelf => world.perform(&who, &Op::Cancel(number)),
        op => world.perform(&who, op),
    }
}
