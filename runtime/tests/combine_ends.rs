//! Every combinator, ended from outside at every turn of its life: it ends, its children end,
//! and nothing is left in the loop.
//!
//! The virtual clock makes that a loop over numbers: some milliseconds, and then some turns,
//! so that the end falls into every wait and between any two. What is left would show: a task or
//! a waiter in the list of the deadlock, a timer as a jump of the clock.

mod common;

use std::rc::Rc;

use common::{Boxed, join, ms, turns, unordered, virtual_loop};
use looplet::{
    Lock, Race, ReturnWhen, RunError, all_tasks, as_completed, catch_cancel, create_task, gather,
    map_concurrent, shield, sleep, staggered_race, timeout, timeout_lossless, try_gather,
    try_map_concurrent, wait, wait_for, wait_for_lossless,
};

/// Longer than any program here lives, in quarters of a millisecond.
const PLACES: usize = 100;

/// How the task that awaits the combinator is ended.
#[derive(Clone, Copy, Debug)]
enum End {
    Cancel,
    CancelTwice,
    Abort,
}

/// Waits in several ways, cleans up when it is cancelled, and holds a lock all the time.
async fn child(lock: Lock, number: u64) -> Result<u64, u64> {
    let guard = lock.acquire().await;
    let body = async {
        turns(1).await;
        sleep(ms(1 + number)).await;
    };
    if let Err(cancelled) = catch_cancel(body).await {
        turns(2).await;
        sleep(ms(1)).await;
        cancelled.raise().await
    }
    drop(guard);
    if number == 3 { Err(number) } else { Ok(number) }
}

fn boxed<F: Future + 'static>(future: F) -> Boxed<()>
where
    F::Output: 'static,
{
    Box::pin(async move {
        future.await;
    })
}

/// Makes a program from the lock that its children share, so that they wait for each other.
type Make = Rc<dyn Fn(Lock) -> Boxed<()>>;

fn of<F: Future<Output: 'static> + 'static>(make: impl Fn(Lock) -> F + 'static) -> Make {
    Rc::new(move |lock| boxed(make(lock)))
}

fn pair(lock: &Lock) -> [impl Future<Output = Result<u64, u64>> + use<>; 2] {
    [1, 3].map(|number| child(lock.clone(), number))
}

async fn waits(lock: Lock) -> bool {
    let first = ReturnWhen::first_exception();
    wait(pair(&lock), first, Some(ms(9))).await.is_ok()
}

async fn arrives(lock: Lock) {
    let mut completed = as_completed(pair(&lock)).timeout(ms(3));
    while completed.next().await.is_some() {}
}

fn maps(lock: Lock, count: u64) -> impl Future<Output = Vec<Result<u64, u64>>> {
    map_concurrent(0..count, 2, move |number| child(lock.clone(), number))
}

fn races(lock: Lock) -> impl Future<Output = Race<u64, u64>> {
    let futures = [3, 3, 1, 2].map(|number| child(lock.clone(), number));
    staggered_race(futures, Some(ms(2)))
}

async fn nested(lock: Lock) -> bool {
    let limited = |number| timeout(ms(2), child(lock.clone(), number));
    let map = map_concurrent(0..3, 2, limited);
    timeout(ms(8), join(map, staggered_race(pair(&lock), None)))
        .await
        .is_ok()
}

/// With a combinator of somebody else around.
async fn foreign(lock: Lock) {
    let limited = wait_for(child(lock.clone(), 2), ms(4));
    let gathered = gather(pair(&lock)).into_future();
    unordered(vec![boxed(maps(lock, 2)), boxed(limited), boxed(gathered)]).await;
}

/// The programs, each with a name.
fn programs() -> Vec<(&'static str, Make)> {
    vec![
        ("gather", of(|l| async move { gather(pair(&l)).await })),
        (
            "try_gather",
            of(|l| async move { try_gather(pair(&l)).await }),
        ),
        ("wait", of(waits)),
        ("as_completed", of(arrives)),
        ("wait_for", of(|l| wait_for(child(l, 1), ms(9)))),
        ("wait_for at once", of(|l| wait_for(child(l, 1), ms(0)))),
        (
            "wait_for a task",
            of(|l| async move { wait_for(create_task(child(l, 5)), ms(3)).await }),
        ),
        ("lossless", of(|l| timeout_lossless(ms(2), child(l, 1)))),
        (
            "lossless shield",
            of(|l| async move { wait_for_lossless(shield(child(l, 1)), ms(3)).await }),
        ),
        ("map_concurrent", of(|l| maps(l, 4))),
        (
            "try_map_concurrent",
            of(|l| try_map_concurrent(1..9, 2, move |number| child(l.clone(), number))),
        ),
        ("staggered_race", of(races)),
        ("nested", of(nested)),
        ("foreign", of(foreign)),
    ]
}

/// Runs a program and ends it at a place in its life. Returns whether that was before its end.
fn end_at(name: &str, make: &Make, end: End, place: usize) -> bool {
    let event_loop = virtual_loop();
    let lock = Lock::new();
    let shared = lock.clone();
    let program = make(shared);
    let main = async move {
        let task = create_task(program);
        sleep(ms(place as u64 / 4)).await;
        turns(place % 4).await;
        let early = match end {
            End::Cancel => task.cancel(),
            End::Abort => task.abort(),
            End::CancelTwice => {
                let early = task.cancel();
                turns(2).await;
                task.cancel();
                early
            }
        };
        let _ = task.join().await;
        // Those that were left running end by themselves.
        sleep(ms(50)).await;
        (early, all_tasks().len())
    };
    let case = || format!("{name}, {end:?} at {place}");
    let ran = event_loop.run_until_complete(main);
    let (early, left) = ran.unwrap_or_else(|error| panic!("{}: {error}", case()));
    assert_eq!(left, 1, "{}: tasks are left", case());
    assert!(!lock.locked(), "{}: the lock is held", case());
    let before = event_loop.time();
    let Err(RunError::Deadlock(deadlock)) = event_loop.run_forever() else {
        panic!("{}: something is left", case())
    };
    assert!(deadlock.tasks.is_empty(), "{}", case());
    assert!(event_loop.time() - before < ms(1), "{}: a timer", case());
    early
}

#[test]
fn a_combinator_that_is_ended_at_any_turn_leaves_nothing() {
    for (name, make) in programs() {
        for end in [End::Cancel, End::CancelTwice, End::Abort] {
            let early = (0..PLACES).filter(|&place| end_at(name, &make, end, place));
            let early = early.count();
            // Otherwise too little was tried, or not all of its life.
            assert!((2..PLACES).contains(&early), "{name}: {early}");
        }
    }
}
