//! The runtime as a world: each operation is the call that a program would make.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use looplet::{
    CallbackId, Clock, EventLoop, Handle, InvalidState, Promise, RunError, Task, TaskError,
    TimerHandle, catch_cancel, sleep, timeout, yield_now,
};

use crate::program::{Op, PROMISES, Program};
use crate::world::{Call, Log, World};

/// Runs a program on a loop of its own, with virtual time, and returns its trace.
pub(crate) fn trace(program: &Program) -> Vec<String> {
    let mut world = OnLooplet::new(program.clone());
    let event_loop = world.0.event_loop.clone();
    for setup in &program.setups {
        setup.iter().for_each(|op| world.perform("main", op));
        let end = match event_loop.run_forever() {
            Ok(()) => "stopped",
            Err(RunError::Deadlock(_)) => "idle",
            Err(error) => panic!("the loop failed: {error}"),
        };
        world.say("loop", end, "");
    }
    world.say_states();
    let lines = std::mem::take(&mut world.0.log.borrow_mut().lines);
    event_loop.close();
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
    lines
}

/// What may be cancelled or removed: a callback, by its number.
enum Made {
    Soon(Handle),
    Timer(TimerHandle),
    OfPromise(usize, CallbackId),
    OfTask(usize, CallbackId),
}

struct Shared {
    program: Program,
    log: RefCell<Log>,
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
    fn new(program: Program) -> Self {
        let builder = EventLoop::builder().clock(Clock::Virtual).io_interval(1);
        let event_loop = builder.build().expect("the system gives a loop");
        let promises = (0..PROMISES).map(|_| event_loop.create_promise());
        Self(Rc::new(Shared {
            program,
            log: RefCell::default(),
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
        move || {
            let who = format!("call {}", call.number);
            world.say(&who, "runs", "");
            let shared = world.0.clone();
            let body = &shared.program.calls[call.body];
            body.iter().for_each(|op| world.perform(&who, op));
        }
    }

    fn say_states(&self) {
        for (number, promise) in self.0.promises.iter().enumerate() {
            self.say("promise", &number.to_string(), &state(promise.result()));
        }
        for (number, task) in self.0.tasks.borrow().iter().enumerate() {
            let result = format!("{}, cancelling {}", state(task.result()), task.cancelling());
            self.say("task", &number.to_string(), &result);
        }
    }
}

fn state(result: Result<Result<usize, TaskError>, InvalidState>) -> String {
    match result {
        Ok(Ok(value)) => format!("Value({value})"),
        Ok(Err(_)) => "Cancelled".to_string(),
        Err(InvalidState::ResultNotSet) => "Pending".to_string(),
        Err(error) => error.to_string(),
    }
}

impl World for OnLooplet {
    fn log(&self) -> &RefCell<Log> {
        &self.0.log
    }

    fn now(&self) -> u64 {
        let passed = self.0.event_loop.time() - self.0.start;
        passed.as_micros() as u64
    }

    fn call_soon(&mut self, call: Call) {
        let handle = self.0.event_loop.call_soon(self.callback(call));
        self.keep(call, Made::Soon(handle));
    }

    fn call_later(&mut self, delay: u64, call: Call) {
        let delay = Duration::from_micros(delay);
        let handle = self.0.event_loop.call_later(delay, self.callback(call));
        self.keep(call, Made::Timer(handle));
    }

    fn call_at(&mut self, when: u64, call: Call) {
        let when = self.0.start + Duration::from_micros(when);
        let handle = self.0.event_loop.call_at(when, self.callback(call));
        self.keep(call, Made::Timer(handle));
    }

    fn cancel_handle(&mut self, number: usize) {
        match &self.0.made.borrow()[number] {
            Made::Soon(handle) => handle.cancel(),
            Made::Timer(handle) => handle.cancel(),
            Made::OfPromise(..) | Made::OfTask(..) => unreachable!("it has no handle"),
        }
    }

    fn stop(&mut self) {
        self.0.event_loop.stop();
    }

    fn set(&mut self, promise: usize, value: usize) -> bool {
        self.0.promises[promise].set_result(value).is_ok()
    }

    fn cancel_promise(&mut self, promise: usize) -> bool {
        self.0.promises[promise].cancel()
    }

    fn watch_promise(&mut self, promise: usize, call: Call) {
        let callback = self.callback(call);
        let id = self.0.promises[promise].add_done_callback(|_| callback());
        self.keep(call, Made::OfPromise(promise, id));
    }

    fn watch_task(&mut self, task: usize, call: Call) {
        let callback = self.callback(call);
        let id = self.task(task).add_done_callback(|_| callback());
        self.keep(call, Made::OfTask(task, id));
    }

    fn unwatch(&mut self, number: usize) -> bool {
        match &self.0.made.borrow()[number] {
            Made::OfPromise(promise, id) => self.0.promises[*promise].remove_done_callback(*id),
            Made::OfTask(task, id) => self.task(*task).remove_done_callback(*id),
            Made::Soon(_) | Made::Timer(_) => unreachable!("it watches nothing"),
        }
    }

    fn spawn(&mut self, body: usize) {
        let number = self.0.tasks.borrow().len();
        let ends = SayEnds(self.clone(), number);
        let world = self.clone();
        let task = self.0.event_loop.create_task(async move {
            let ends = ends;
            let shared = world.0.clone();
            run_all(world, number, &shared.program.tasks[body]).await;
            ends.1
        });
        self.0.tasks.borrow_mut().push(task);
    }

    fn cancel(&mut self, task: usize) -> bool {
        self.task(task).cancel()
    }

    fn uncancel(&mut self, task: usize) -> usize {
        self.task(task).uncancel() as usize
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
    let got = |world: &OnLooplet, value: usize| world.say(&who, "got", &value.to_string());
    match op {
        Op::Yield => yield_now().await,
        Op::Sleep(time) => {
            sleep(Duration::from_micros(*time)).await;
            if *time > 0 {
                got(world, 0);
            }
        }
        Op::AwaitPromise(promise) => {
            let value = (&world.0.promises[*promise]).await;
            got(world, value);
        }
        Op::AwaitTask(which) => {
            let count = world.0.tasks.borrow().len();
            if let Some(awaited) = world.0.program.awaited(number, *which, count) {
                let task = world.task(awaited);
                let value = (&task).await;
                got(world, value);
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
