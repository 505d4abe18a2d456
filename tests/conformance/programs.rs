//! What the programs of the cases share: loops, a counter of turns, two coroutines.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use looplet::{Clock, EventLoop, Task, catch_cancel, current_task, get_running_loop, sleep};

use crate::raised::{Raised, value_error};
use crate::trace::Trace;

/// How a coroutine of a case ends: a word, or an error that it raises.
pub(crate) type Ended = Result<&'static str, Raised>;

/// Python counts in seconds, the cases here in milliseconds.
pub(crate) const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Makes a loop on `clock` that asks the kernel every turn, as asyncio does.
pub(crate) fn loop_on(clock: Clock) -> EventLoop {
    let builder = EventLoop::builder().clock(clock).io_interval(1);
    builder.build().expect("the system gives a loop")
}

/// Makes a loop for a case that drives it by hand. Its time is virtual, and it reports to
/// nobody.
pub(crate) fn new_loop() -> EventLoop {
    let event_loop = loop_on(Clock::Virtual);
    event_loop.set_exception_handler(Some(Rc::new(|_| {})));
    event_loop
}

/// Stops the running loop; a callback.
pub(crate) fn stop() {
    get_running_loop().stop();
}

/// Runs `event_loop` until something stops it.
pub(crate) fn run(event_loop: &EventLoop) {
    event_loop.run_forever().expect("something stops the loop");
}

/// Counts the turns of the running loop: a callback that stays at the head of the queue.
#[derive(Clone)]
pub(crate) struct Tick {
    count: Rc<Cell<u32>>,
    on: Rc<Cell<bool>>,
}

impl Tick {
    pub(crate) fn start() -> Self {
        let tick = Self {
            count: Rc::default(),
            on: Rc::new(Cell::new(true)),
        };
        let first = tick.clone();
        get_running_loop().call_soon(move || first.tick());
        tick
    }

    fn tick(self) {
        self.count.set(self.count.get() + 1);
        if self.on.get() {
            get_running_loop().call_soon(move || self.tick());
        }
    }

    pub(crate) fn count(&self) -> u32 {
        self.count.get()
    }

    pub(crate) fn stop(&self) {
        self.on.set(false);
    }
}

/// Sleeps and gives its name; says which of both ends it came to.
pub(crate) async fn val(trace: Trace, name: &'static str, delay: Duration) -> Ended {
    match catch_cancel(sleep(delay)).await {
        Ok(()) => {
            trace.say(("end", name));
            Ok(name)
        }
        Err(cancelled) => {
            trace.say(("cancelled", name));
            cancelled.raise().await
        }
    }
}

/// Sleeps and raises `ValueError(name)`.
pub(crate) async fn bad(trace: Trace, name: &'static str, delay: Duration) -> Ended {
    sleep(delay).await;
    trace.say(("raise", name));
    Err(value_error(name))
}

/// Waits for the end of all of `tasks`, whatever it is.
pub(crate) async fn ended<'a, T: 'static>(tasks: impl IntoIterator<Item = &'a Task<T>>) {
    for task in tasks {
        let end = task.join().await;
        drop(end);
    }
}

/// What a piece of code panicked with, if it did.
pub(crate) fn panic_of(run: impl FnOnce()) -> Option<String> {
    let payload = catch_unwind(AssertUnwindSafe(run)).err()?;
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
}

/// Requests to end that the running task has on its account.
pub(crate) fn cancelling() -> u32 {
    let task = current_task().expect("a coroutine runs in a task");
    task.cancelling()
}
