//! Locks, events, semaphores and queues: who gets a turn, and that no turn is lost.

mod common;

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use common::{Ticks, Trace, ms, traced, turns};
use looplet::{
    Event, GetError, LifoQueue, Lock, PriorityQueue, PutError, Queue, Semaphore, Task,
    TaskDoneError, catch_cancel, create_task, gather, sleep, yield_now,
};

/// Polls `future` once and drops it.
async fn poll_and_drop<F: Future>(future: F) {
    let mut future = pin!(future);
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending(), "it has to wait");
        Poll::Ready(())
    })
    .await;
}

/// Takes the lock, says so and gives it back; says when it was cancelled instead.
fn locker(lock: &Lock, trace: &Trace, name: &'static str) -> Task<()> {
    let (lock, trace) = (lock.clone(), trace.clone());
    create_task(async move {
        match catch_cancel(lock.acquire()).await {
            Ok(_guard) => trace.say(format!("got {name}")),
            Err(cancelled) => {
                trace.say(format!("cancelled {name}"));
                cancelled.raise().await
            }
        }
    })
}

#[test]
fn a_lock_goes_from_hand_to_hand_in_order() {
    // E01
    let trace = traced(|t| async move {
        let lock = Lock::new();
        let work = |number: u32| {
            let (lock, t) = (lock.clone(), t.clone());
            async move {
                let _guard = lock.acquire().await;
                t.say(number);
                yield_now().await;
            }
        };
        gather((0..4).map(work).collect::<Vec<_>>()).await;
        t.say(format!("{lock:?}"));
    });
    assert_eq!(
        trace,
        ["0", "1", "2", "3", "Lock { locked: false, waiters: 0 }"]
    );
}

#[test]
fn taking_a_free_lock_does_not_give_the_turn_away() {
    // E02
    let trace = traced(|t| async move {
        let lock = Lock::new();
        let ticks = Ticks::start();
        yield_now().await;
        let before = ticks.count();
        let guard = lock.acquire().await;
        t.say(format!("{} {}", ticks.count() - before, lock.locked()));
        t.say(lock.try_acquire().is_none());
        drop(guard);
        t.say(lock.locked());
        t.say(lock.try_acquire().is_some());
    });
    assert_eq!(trace, ["0 true", "true", "false", "true"]);
}

#[test]
fn nobody_takes_the_lock_from_a_waiter_that_was_woken() {
    // E03
    let trace = traced(|t| async move {
        let lock = Lock::new();
        let guard = lock.acquire().await;
        let _waiter = locker(&lock, &t, "waiter");
        yield_now().await;
        drop(guard);
        t.say(format!(
            "{} {}",
            lock.locked(),
            lock.try_acquire().is_some()
        ));
        let newcomer = locker(&lock, &t, "newcomer");
        let guard = lock.acquire().await;
        t.say("main got it");
        drop(guard);
        newcomer.await;
    });
    assert_eq!(
        trace,
        ["false false", "got waiter", "main got it", "got newcomer"]
    );
}

#[test]
fn a_woken_waiter_that_is_cancelled_hands_the_lock_on() {
    // E04, and the same by an abort.
    for abort in [false, true] {
        let trace = traced(move |t| async move {
            let lock = Lock::new();
            let guard = lock.acquire().await;
            let (a, b) = (locker(&lock, &t, "a"), locker(&lock, &t, "b"));
            yield_now().await;
            drop(guard);
            let _ = if abort { a.abort() } else { a.cancel() };
            b.await;
            t.say(format!("{lock:?}"));
        });
        let expected = ["cancelled a", "got b", "Lock { locked: false, waiters: 0 }"];
        assert_eq!(trace, expected[usize::from(abort)..], "abort: {abort}");
    }
}

#[test]
fn a_waiter_in_the_middle_leaves_the_line_without_a_trace() {
    let trace = traced(|t| async move {
        let lock = Lock::new();
        let guard = lock.acquire().await;
        let tasks = ["a", "b", "c"].map(|name| locker(&lock, &t, name));
        yield_now().await;
        t.say(format!("{lock:?}"));
        tasks[1].cancel();
        turns(2).await;
        t.say(format!("{lock:?}"));
        drop(guard);
        let [a, _, c] = tasks;
        a.await;
        c.await;
    });
    assert_eq!(
        trace,
        [
            "Lock { locked: true, waiters: 3 }",
            "cancelled b",
            "Lock { locked: true, waiters: 2 }",
            "got a",
            "got c",
        ]
    );
}

#[test]
fn an_event_wakes_everybody_in_order_and_a_set_one_nobody_waits_for() {
    // E05
    let trace = traced(|t| async move {
        let event = Event::new();
        let work = |name: &'static str| {
            let (event, t) = (event.clone(), t.clone());
            create_task(async move {
                event.wait().await;
                t.say(name);
            })
        };
        let all = gather(["a", "b", "c"].map(work));
        yield_now().await;
        t.say(format!("{event:?}"));
        event.set();
        all.await;
        let ticks = Ticks::start();
        let before = ticks.count();
        event.wait().await;
        t.say(format!("{} {event:?}", ticks.count() - before));
    });
    assert_eq!(
        trace,
        [
            "Event { set: false, waiters: 3 }",
            "a",
            "b",
            "c",
            "0 Event { set: true, waiters: 0 }",
        ]
    );
}

#[test]
fn an_event_that_is_set_and_cleared_releases_those_who_wait() {
    // E06
    let trace = traced(|t| async move {
        let event = Event::new();
        let (inner, words) = (event.clone(), t.clone());
        let task = create_task(async move {
            inner.wait().await;
            words.say(format!("woke {}", inner.is_set()));
        });
        yield_now().await;
        event.set();
        event.clear();
        task.await;
    });
    assert_eq!(trace, ["woke false"]);
}

#[test]
fn a_semaphore_is_first_come_first_served() {
    // E12
    let trace = traced(|t| async move {
        let semaphore = Semaphore::new(1);
        let work = |name: &'static str| {
            let (semaphore, t) = (semaphore.clone(), t.clone());
            async move {
                for round in ["first", "second"] {
                    let _permit = semaphore.acquire().await;
                    t.say(format!("{name} {round}"));
                    sleep(ms(10)).await;
                }
            }
        };
        gather(["a", "b", "c"].map(work)).await;
    });
    assert_eq!(
        trace,
        [
            "a first", "b first", "c first", "a second", "b second", "c second"
        ]
    );
}

fn taker(semaphore: &Semaphore, trace: &Trace, name: &'static str) -> Task<()> {
    let (semaphore, trace) = (semaphore.clone(), trace.clone());
    create_task(async move {
        match catch_cancel(semaphore.acquire()).await {
            Ok(permit) => {
                trace.say(format!("got {name}"));
                sleep(ms(100)).await;
                drop(permit);
            }
            Err(cancelled) => {
                trace.say(format!("cancelled {name}"));
                cancelled.raise().await
            }
        }
    })
}

#[test]
fn a_cancelled_waiter_gives_its_permit_to_the_next() {
    // E13: two waiters are cancelled before they are woken, one after.
    let trace = traced(|t| async move {
        let semaphore = Semaphore::new(2);
        let held = (semaphore.acquire().await, semaphore.acquire().await);
        let tasks = ["a", "b", "c", "d", "e"].map(|name| taker(&semaphore, &t, name));
        yield_now().await;
        tasks[0].cancel();
        tasks[1].cancel();
        drop(held);
        tasks[2].cancel();
        sleep(ms(10)).await;
        t.say(format!("{semaphore:?} {}", semaphore.locked()));
        sleep(ms(200)).await;
        t.say(format!("{semaphore:?} {}", semaphore.locked()));
    });
    assert_eq!(
        trace,
        [
            "cancelled a",
            "cancelled b",
            "cancelled c",
            "got d",
            "got e",
            "Semaphore { free: 0, waiters: 0 } true",
            "Semaphore { free: 2, waiters: 0 } false",
        ]
    );
}

#[test]
fn a_newcomer_behind_a_woken_waiter_gets_the_permit_that_is_left() {
    let trace = traced(|t| async move {
        let semaphore = Semaphore::new(2);
        let held = (semaphore.acquire().await, semaphore.acquire().await);
        taker(&semaphore, &t, "waiter");
        yield_now().await;
        // One permit goes to the waiter, which has not run yet; the other one is free.
        drop(held);
        t.say(format!("{semaphore:?} {}", semaphore.locked()));
        t.say(semaphore.try_acquire().is_some());
        let start = looplet::get_running_loop().time();
        let permit = semaphore.acquire().await;
        t.say(format!("main at {}", common::elapsed_ms(start)));
        drop(permit);
    });
    assert_eq!(
        trace,
        [
            "Semaphore { free: 1, waiters: 1 } true",
            "false",
            "got waiter",
            "main at 0",
        ]
    );
}

#[test]
fn a_newcomer_gets_the_permit_that_is_left_when_the_woken_waiter_is_cancelled() {
    let trace = traced(|t| async move {
        let semaphore = Semaphore::new(2);
        let held = (semaphore.acquire().await, semaphore.acquire().await);
        let waiter = taker(&semaphore, &t, "waiter");
        yield_now().await;
        drop(held);
        let (b, c) = (taker(&semaphore, &t, "b"), taker(&semaphore, &t, "c"));
        waiter.cancel();
        sleep(ms(10)).await;
        t.say(format!("{semaphore:?}"));
        drop((b, c));
    });
    assert_eq!(
        trace,
        [
            "cancelled waiter",
            "got b",
            "got c",
            "Semaphore { free: 0, waiters: 0 }",
        ]
    );
}

fn getter(queue: &Queue<u32>, trace: &Trace, name: &'static str) -> Task<()> {
    let (queue, trace) = (queue.clone(), trace.clone());
    create_task(async move {
        match catch_cancel(queue.get()).await {
            Ok(item) => trace.say(format!("{name} {}", item.expect("it is open"))),
            Err(cancelled) => {
                trace.say(format!("cancelled {name}"));
                cancelled.raise().await
            }
        }
    })
}

#[test]
fn getters_and_items_are_in_order() {
    // E17
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        let tasks = ["a", "b", "c"].map(|name| getter(&queue, &t, name));
        yield_now().await;
        for item in 1..=3 {
            t.say(format!("{:?}", queue.put_nowait(item)));
        }
        gather(tasks).await;
        t.say(format!("{queue:?}"));
    });
    assert_eq!(
        trace,
        [
            "Ok(())",
            "Ok(())",
            "Ok(())",
            "a 1",
            "b 2",
            "c 3",
            "Queue { qsize: 0, maxsize: 0, getters: 0, putters: 0 }",
        ]
    );
}

#[test]
fn a_get_lets_exactly_one_putter_in() {
    // E18
    let trace = traced(|t| async move {
        let queue = Queue::new(1);
        for item in [1, 2, 3] {
            let (queue, t) = (queue.clone(), t.clone());
            create_task(async move {
                queue.put(item).await.expect("it is open");
                t.say(format!("put {item}"));
            });
        }
        sleep(ms(5)).await;
        t.say(format!("{queue:?} {}", queue.full()));
        t.say(queue.put_nowait(9) == Err(PutError::Full(9)));
        for _ in 0..3 {
            t.say(format!("get {}", queue.get().await.expect("it is open")));
            sleep(ms(5)).await;
        }
        t.say(queue.get_nowait() == Err(GetError::Empty) && queue.empty());
    });
    assert_eq!(
        trace,
        [
            "put 1",
            "Queue { qsize: 1, maxsize: 1, getters: 0, putters: 2 } true",
            "true",
            "get 1",
            "put 2",
            "get 2",
            "put 3",
            "get 3",
            "true",
        ]
    );
}

#[test]
fn a_getter_whose_item_was_stolen_waits_again_at_the_end() {
    // E19
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        let tasks = ["a", "b"].map(|name| getter(&queue, &t, name));
        yield_now().await;
        t.say(queue.put_nowait(1).is_ok());
        t.say(format!("stolen {:?}", queue.get_nowait()));
        yield_now().await;
        t.say(queue.put_nowait(2).is_ok() && queue.put_nowait(3).is_ok());
        gather(tasks).await;
    });
    assert_eq!(trace, ["true", "stolen Ok(1)", "true", "b 2", "a 3"]);
}

#[test]
fn a_getter_cancelled_after_it_was_woken_loses_no_item() {
    // E20
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        let (a, b) = (getter(&queue, &t, "a"), getter(&queue, &t, "b"));
        yield_now().await;
        t.say(queue.put_nowait(7).is_ok());
        a.cancel();
        sleep(ms(100)).await;
        t.say(format!("{} {}", b.done(), queue.qsize()));
    });
    assert_eq!(trace, ["true", "cancelled a", "b 7", "true 0"]);
}

#[test]
fn a_putter_cancelled_after_it_was_woken_leaves_its_room_to_the_next() {
    let trace = traced(|t| async move {
        let queue = Queue::new(1);
        queue.put(0).await.expect("it is open");
        let putter = |item| {
            let (queue, t) = (queue.clone(), t.clone());
            create_task(async move {
                queue.put(item).await.expect("it is open");
                t.say(format!("put {item}"));
            })
        };
        let (a, b) = (putter(1), putter(2));
        yield_now().await;
        t.say(format!("{:?}", queue.get_nowait()));
        a.cancel();
        b.await;
        t.say(format!("{queue:?}"));
    });
    assert_eq!(
        trace,
        [
            "Ok(0)",
            "put 2",
            "Queue { qsize: 1, maxsize: 1, getters: 0, putters: 0 }",
        ]
    );
}

#[test]
fn join_waits_until_every_item_is_done() {
    // E21
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        queue.join().await;
        t.say("an empty join returns");
        queue.put(1).await.expect("it is open");
        queue.put(2).await.expect("it is open");
        let (inner, words) = (queue.clone(), t.clone());
        let worker = create_task(async move {
            loop {
                let item = inner.get().await.expect("it is open");
                sleep(ms(5)).await;
                words.say(format!("did {item}"));
                inner.task_done().expect("as often as there were puts");
            }
        });
        queue.join().await;
        t.say("joined");
        worker.cancel();
        t.say(format!("{:?}", queue.task_done() == Err(TaskDoneError)));
    });
    assert_eq!(
        trace,
        ["an empty join returns", "did 1", "did 2", "joined", "true"]
    );
}

#[test]
fn a_ready_queue_does_not_give_the_turn_away() {
    // E25
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        let ticks = Ticks::start();
        yield_now().await;
        let before = ticks.count();
        for item in 0..1000 {
            queue.put(item).await.expect("it is open");
            queue.get().await.expect("it is open");
        }
        t.say(ticks.count() - before);
    });
    assert_eq!(trace, ["0"]);
}

#[test]
fn a_dropped_wait_leaves_no_waiter() {
    let trace = traced(|t| async move {
        let (lock, event) = (Lock::new(), Event::new());
        let (semaphore, queue) = (Semaphore::new(0), Queue::new(1));
        let _guard = lock.acquire().await;
        poll_and_drop(lock.acquire()).await;
        t.say(format!("{lock:?}"));
        poll_and_drop(event.wait()).await;
        t.say(format!("{event:?}"));
        poll_and_drop(semaphore.acquire()).await;
        t.say(format!("{semaphore:?}"));
        poll_and_drop(queue.get()).await;
        queue.put(1).await.expect("it is open");
        poll_and_drop(queue.put(2)).await;
        poll_and_drop(queue.join()).await;
        t.say(format!("{queue:?}"));
    });
    assert_eq!(
        trace,
        [
            "Lock { locked: true, waiters: 0 }",
            "Event { set: false, waiters: 0 }",
            "Semaphore { free: 0, waiters: 0 }",
            "Queue { qsize: 1, maxsize: 1, getters: 0, putters: 0 }",
        ]
    );
}

#[test]
fn random_cancels_lose_no_permit_and_no_item() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    for round in 0..200 {
        let plan: Vec<_> = (0..12).map(|_| (random(4), random(8), random(6))).collect();
        let trace = traced(move |t| async move {
            let (semaphore, lock, queue) = (Semaphore::new(2), Lock::new(), Queue::new(2));
            let mut tasks = Vec::new();
            for (start, stop, hold) in plan {
                let (semaphore, lock, queue) = (semaphore.clone(), lock.clone(), queue.clone());
                let task = create_task(async move {
                    turns(start as usize).await;
                    let _permit = semaphore.acquire().await;
                    queue.put(()).await.expect("it is open");
                    let _guard = lock.acquire().await;
                    turns(hold as usize).await;
                });
                let stopped = task.clone();
                create_task(async move {
                    turns((start + stop) as usize).await;
                    if stop < 6 {
                        stopped.cancel();
                    }
                });
                tasks.push(task);
            }
            let drain = queue.clone();
            let drainer = create_task(async move {
                loop {
                    drain.get().await.expect("it is open");
                }
            });
            for task in tasks {
                let _ = task.join().await;
            }
            drainer.cancel();
            turns(2).await;
            t.say(format!("{semaphore:?} {lock:?} {}", queue.full()));
        });
        assert_eq!(
            trace,
            ["Semaphore { free: 2, waiters: 0 } Lock { locked: false, waiters: 0 } false"],
            "round {round}"
        );
    }
}

#[test]
fn a_queue_that_is_shut_down_gives_out_what_it_has_and_refuses_more() {
    // E22
    let trace = traced(|t| async move {
        let queue = Queue::new(1);
        t.say(queue.put_nowait("x").is_ok());
        let (full, seen) = (queue.clone(), t.clone());
        let putter = create_task(async move { seen.say(format!("{:?}", full.put("y").await)) });
        yield_now().await;
        queue.shutdown();
        putter.await;
        t.say(format!("{:?}", queue.get().await));
        t.say(format!(
            "{:?} {:?}",
            queue.get().await,
            queue.put("z").await
        ));
        t.say(format!(
            "{:?} {:?}",
            queue.get_nowait(),
            queue.put_nowait("z")
        ));
    });
    let expected = [
        "true",
        "Err(QueueShutDown)",
        "Ok(\"x\")",
        "Err(QueueShutDown) Err(QueueShutDown)",
        "Err(ShutDown) Err(ShutDown(..))",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_shutdown_wakes_every_getter_of_an_empty_queue() {
    let trace = traced(|t| async move {
        let queue: Queue<u32> = Queue::new(0);
        let getters = [0, 1].map(|_| {
            let queue = queue.clone();
            create_task(async move { queue.get().await })
        });
        yield_now().await;
        queue.shutdown();
        for getter in getters {
            t.say(format!("{:?}", getter.await));
        }
        t.say(format!("{queue:?}"));
    });
    assert_eq!(
        trace,
        [
            "Err(QueueShutDown)",
            "Err(QueueShutDown)",
            "Queue { qsize: 0, maxsize: 0, getters: 0, putters: 0 }"
        ]
    );
}

#[test]
fn a_shutdown_wakes_also_the_getters_that_no_item_is_left_for() {
    let trace = traced(|t| async move {
        let queue: Queue<u32> = Queue::new(0);
        let getters = [0, 1, 2].map(|_| {
            let queue = queue.clone();
            create_task(async move { queue.get().await })
        });
        yield_now().await;
        queue.put_nowait(7).expect("it has no limit");
        queue.shutdown();
        for getter in getters {
            t.say(format!("{:?}", getter.await));
        }
    });
    let expected = ["Ok(7)", "Err(QueueShutDown)", "Err(QueueShutDown)"];
    assert_eq!(trace, expected);
}

#[test]
fn an_immediate_shutdown_drops_the_items_and_releases_join() {
    // E23
    let trace = traced(|t| async move {
        let queue = Queue::new(0);
        (0..3).for_each(|item| queue.put_nowait(item).expect("it has no limit"));
        let joined = queue.clone();
        let join = create_task(async move { joined.join().await });
        yield_now().await;
        queue.shutdown_now();
        join.await;
        t.say(format!("{} joined {:?}", queue.qsize(), queue.get_nowait()));
    });
    assert_eq!(trace, ["0 joined Err(ShutDown)"]);
}

#[test]
fn a_priority_queue_gives_the_smallest_and_a_lifo_queue_the_youngest() {
    // E24
    let smallest = PriorityQueue::new(0);
    for item in [3, 1, 2] {
        smallest.put_nowait(item).expect("it has no limit");
    }
    assert_eq!([0; 3].map(|_| smallest.get_nowait()), [Ok(1), Ok(2), Ok(3)]);
    let youngest = LifoQueue::new(2);
    for item in [1, 2] {
        youngest.put_nowait(item).expect("there is room for two");
    }
    assert_eq!(youngest.put_nowait(3), Err(PutError::Full(3)));
    assert_eq!([0; 2].map(|_| youngest.get_nowait()), [Ok(2), Ok(1)]);
    assert_eq!(youngest.get_nowait(), Err(GetError::Empty));
}

#[test]
fn a_wait_that_another_task_takes_over_wakes_that_task() {
    let trace = traced(|t| async move {
        let event = Event::new();
        let waited = event.clone();
        let mut wait = Box::pin(async move { waited.wait().await });
        let first = poll_fn(|context| Poll::Ready(wait.as_mut().poll(context))).await;
        assert!(first.is_pending());
        let taker = create_task(wait);
        yield_now().await;
        event.set();
        taker.await;
        t.say("set");
    });
    assert_eq!(trace, ["set"]);
}
