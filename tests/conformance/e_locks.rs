//! Group E, first half: locks, events, conditions, semaphores, barriers.

use std::cell::Cell;
use std::rc::Rc;

use looplet::{
    Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, NotAcquired,
    ReleaseError, Semaphore, Task, catch_cancel, create_task, gather, sleep,
};

use crate::programs::{Tick, ended, ms};
use crate::raised::{Raised, runtime_error, value_error};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("E01", e01),
        Case::new("E02", e02),
        Case::new("E03", e03),
        Case::new("E04", e04),
        Case::new("E05", e05),
        Case::new("E06", e06),
        Case::new("E07", e07),
        Case::new("E08", e08),
        Case::new("E09", e09),
        Case::new("E10", e10),
        Case::new("E11", e11),
        Case::new("E12", e12),
        Case::new("E13", e13),
        Case::new("E14", e14),
        Case::new("E15", e15),
        Case::new("E16", e16),
    ]
}

async fn e01(trace: Trace) {
    let lock = Lock::new();
    let work = |number: u32| {
        let lock = lock.clone();
        async move {
            let _guard = lock.acquire().await;
            trace.say(number);
            sleep(ms(0)).await;
        }
    };
    gather([0, 1, 2, 3].map(work)).await;
}

async fn e02(trace: Trace) {
    let lock = Lock::new();
    let tick = Tick::start();
    sleep(ms(0)).await;
    let before = tick.count();
    let guard = lock.acquire().await;
    trace.say((guard.is_held(), tick.count() - before, lock.locked()));
    drop(guard);
    trace.say(lock.locked());
    tick.stop();
    if let Err(NotAcquired) = lock.release() {
        trace.say(runtime_error("Lock is not acquired."));
    }
}

async fn e03(trace: Trace) {
    let lock = Lock::new();
    let held = lock.acquire().await;
    let work = |name: &'static str| {
        let lock = lock.clone();
        create_task(async move {
            let guard = lock.acquire().await;
            trace.say(name);
            drop(guard);
        })
    };
    let waiter = work("waiter");
    sleep(ms(0)).await;
    drop(held);
    trace.say(("locked()", lock.locked()));
    let newcomer = work("newcomer-task");
    let guard = lock.acquire().await;
    trace.say("main got it");
    drop(guard);
    gather([waiter, newcomer]).await;
}

async fn e04(trace: Trace) {
    let lock = Lock::new();
    let held = lock.acquire().await;
    let work = |name: &'static str| {
        let lock = lock.clone();
        create_task(async move {
            let locked = catch_cancel(async {
                let _guard = lock.acquire().await;
                trace.say(("got", name));
            });
            if let Err(cancelled) = locked.await {
                trace.say(("cancelled", name));
                cancelled.raise().await;
            }
        })
    };
    let tasks = ["a", "b"].map(work);
    sleep(ms(0)).await;
    drop(held);
    tasks[0].cancel();
    ended(&tasks).await;
    trace.say(lock.locked());
}

async fn e05(trace: Trace) {
    let event = Event::new();
    let tick = Tick::start();
    let work = |name: &'static str| {
        let event = event.clone();
        create_task(async move {
            event.wait().await;
            trace.say((name, event.is_set()));
        })
    };
    let tasks = ["a", "b", "c"].map(work);
    sleep(ms(0)).await;
    event.set();
    gather(tasks).await;
    let before = tick.count();
    event.wait().await;
    trace.say(tick.count() - before);
    tick.stop();
}

/// Python's `wait` returns `True`, always. Here to come back from it is all it says.
async fn e06(trace: Trace) {
    let event = Event::new();
    let waited = event.clone();
    let task = create_task(async move {
        waited.wait().await;
        trace.say(("woke", true, waited.is_set()));
    });
    sleep(ms(0)).await;
    event.set();
    event.clear();
    task.await;
}

async fn e07(trace: Trace) {
    let condition = Condition::new();
    let work = |number: u32| {
        let condition = condition.clone();
        create_task(async move {
            let mut guard = condition.acquire().await;
            condition.wait(&mut guard).await.expect("it is held");
            trace.say(("woke", number));
        })
    };
    let tasks = [0, 1, 2].map(work);
    sleep(ms(0)).await;
    let guard = condition.acquire().await;
    condition.notify(2).expect("it is held");
    trace.say("notified, still holding");
    sleep(ms(0)).await;
    trace.say("still holding");
    drop(guard);
    sleep(ms(10)).await;
    trace.say("--");
    let guard = condition.acquire().await;
    condition.notify_all().expect("it is held");
    drop(guard);
    gather(tasks).await;
}

/// To wait takes a guard, so the misuse is the guard of another lock.
async fn e08(trace: Trace) {
    let condition = Condition::new();
    let mut strange = Lock::new().acquire().await;
    if let Err(NotAcquired) = condition.wait(&mut strange).await {
        trace.say(runtime_error("cannot wait on un-acquired lock"));
    }
    if let Err(NotAcquired) = condition.notify(1) {
        trace.say(runtime_error("cannot notify on un-acquired lock"));
    }
}

async fn e09(trace: Trace) {
    let condition = Condition::new();
    let waited = condition.clone();
    let task = create_task(async move {
        let mut guard = waited.acquire().await;
        if let Err(cancelled) = catch_cancel(waited.wait(&mut guard)).await {
            trace.say(("holding lock:", guard.is_held() && waited.locked()));
            cancelled.raise().await;
        }
    });
    sleep(ms(0)).await;
    let guard = condition.acquire().await;
    task.cancel();
    sleep(ms(0)).await;
    sleep(ms(0)).await;
    trace.say(("done while contested:", task.done()));
    drop(guard);
    ended([&task]).await;
    trace.say((task.cancelled(), condition.locked()));
}

async fn e10(trace: Trace) {
    let condition = Condition::new();
    let work = |name: &'static str| {
        let condition = condition.clone();
        create_task(async move {
            let mut guard = condition.acquire().await;
            match catch_cancel(condition.wait(&mut guard)).await {
                Ok(_) => trace.say(("woke", name)),
                Err(cancelled) => {
                    trace.say(("cancelled", name));
                    cancelled.raise().await
                }
            }
        })
    };
    let tasks = ["a", "b"].map(work);
    sleep(ms(0)).await;
    let guard = condition.acquire().await;
    condition.notify(1).expect("it is held");
    tasks[0].cancel();
    drop(guard);
    ended(&tasks).await;
    trace.say(tasks[1].done());
}

async fn e11(trace: Trace) {
    let condition = Condition::new();
    let count: Rc<Cell<u32>> = Rc::default();
    let (waited, counted) = (condition.clone(), count.clone());
    let task = create_task(async move {
        let mut guard = waited.acquire().await;
        let predicate = || {
            trace.say(("check", counted.get()));
            counted.get() >= 2
        };
        let held = waited.wait_for(&mut guard, predicate).await;
        trace.say(("pred", held.is_ok() && counted.get() >= 2));
    });
    sleep(ms(0)).await;
    for _ in 0..2 {
        let guard = condition.acquire().await;
        count.set(count.get() + 1);
        condition.notify(1).expect("it is held");
        drop(guard);
        sleep(ms(5)).await;
    }
    task.await;
}

async fn e12(trace: Trace) {
    let semaphore = Semaphore::new(1);
    let work = |name: &'static str| {
        let semaphore = semaphore.clone();
        async move {
            for time in ["first", "second"] {
                let permit = semaphore.acquire().await;
                trace.say((name, time));
                sleep(ms(10)).await;
                drop(permit);
            }
        }
    };
    gather(["a", "b", "c"].map(work)).await;
}

async fn e13(trace: Trace) {
    let semaphore = Semaphore::new(0);
    let work = |name: &'static str| {
        let semaphore = semaphore.clone();
        create_task(async move {
            match catch_cancel(semaphore.acquire()).await {
                Ok(permit) => {
                    permit.forget();
                    trace.say(("got", name));
                }
                Err(cancelled) => {
                    trace.say(("cancelled", name));
                    cancelled.raise().await
                }
            }
        })
    };
    let tasks = ["a", "b", "c", "d"].map(work);
    sleep(ms(0)).await;
    tasks[0].cancel();
    tasks[1].cancel();
    semaphore.release();
    semaphore.release();
    sleep(ms(10)).await;
    trace.say((tasks.each_ref().map(Task::done), semaphore.locked()));
}

/// A semaphore takes a number that cannot be negative. Who has one that can must convert it,
/// and is refused there.
async fn e14(trace: Trace) {
    match usize::try_from(-1_i32) {
        Ok(permits) => trace.say(Semaphore::new(permits).available()),
        Err(_) => trace.say(value_error("Semaphore initial value must be >= 0")),
    }
    if let Err(ReleaseError) = BoundedSemaphore::new(1).release() {
        trace.say(value_error("BoundedSemaphore released too many times"));
    }
    let semaphore = Semaphore::new(2);
    semaphore.acquire().await.forget();
    trace.say(semaphore.locked());
    semaphore.acquire().await.forget();
    trace.say(semaphore.locked());
    for _ in 0..3 {
        semaphore.release();
    }
    trace.say(semaphore.available());
}

async fn e15(trace: Trace) {
    let barrier = Barrier::new(3);
    let work = |name: &'static str| {
        let barrier = barrier.clone();
        create_task(async move {
            let place = barrier.wait().await;
            trace.say((name, place.ok()));
        })
    };
    let mut tasks = vec![work("a"), work("b")];
    sleep(ms(0)).await;
    trace.say((barrier.n_waiting(), barrier.broken()));
    tasks.push(work("c"));
    gather(tasks).await;
    trace.say(barrier.n_waiting());
}

async fn e16(trace: Trace) {
    let barrier = Barrier::new(2);
    let work = |name: &'static str| {
        let barrier = barrier.clone();
        async move {
            let waited = barrier.wait().await;
            trace.say((name, waited.map_err(broken)));
        }
    };
    let first = create_task(work("a"));
    sleep(ms(0)).await;
    barrier.reset().await;
    first.await;
    trace.say(barrier.broken());
    let second = create_task(work("b"));
    sleep(ms(0)).await;
    barrier.abort().await;
    second.await;
    work("c").await;
    trace.say(barrier.broken());
}

fn broken(error: BrokenBarrierError) -> Raised {
    let text = match error {
        BrokenBarrierError::Reset => "Abort or reset of barrier",
        BrokenBarrierError::Aborted => "Barrier aborted",
    };
    Raised::new("BrokenBarrierError", text)
}
