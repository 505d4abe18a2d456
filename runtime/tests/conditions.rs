//! Conditions, barriers, and locks and permits that are given back by hand.

mod common;

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use common::{Trace, ms, traced};
use looplet::{
    Barrier, BoundedSemaphore, Condition, Lock, NotAcquired, ReleaseError, Semaphore, Task,
    catch_cancel, create_task, gather, sleep, yield_now,
};

fn waiter(condition: &Condition, trace: &Trace, name: &'static str) -> Task<()> {
    let (condition, trace) = (condition.clone(), trace.clone());
    create_task(async move {
        let mut guard = condition.acquire().await;
        match catch_cancel(condition.wait(&mut guard)).await {
            Ok(waited) => trace.say(format!("{name} woke {}", waited.is_ok())),
            Err(cancelled) => {
                trace.say(format!("{name} cancelled, holding {}", guard.is_held()));
                cancelled.raise().await
            }
        }
    })
}

#[test]
fn notified_waiters_run_in_order_and_only_with_the_lock() {
    // E07
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let waiters = ["0", "1", "2"].map(|name| waiter(&condition, &t, name));
        yield_now().await;
        let guard = condition.acquire().await;
        t.say(format!("{:?}", condition.notify(2)));
        yield_now().await;
        t.say("still holding");
        drop(guard);
        sleep(ms(10)).await;
        t.say("--");
        let guard = condition.acquire().await;
        t.say(format!("{:?}", condition.notify_all()));
        drop(guard);
        gather(waiters).await;
        t.say(format!("{condition:?}"));
    });
    assert_eq!(
        trace,
        [
            "Ok(())",
            "still holding",
            "0 woke true",
            "1 woke true",
            "--",
            "Ok(())",
            "2 woke true",
            "Condition { locked: false, waiters: 0 }"
        ]
    );
}

#[test]
fn a_condition_refuses_a_guard_of_another_lock_and_a_notify_without_the_lock() {
    // E08
    let trace = traced(|t| async move {
        let (condition, other) = (Condition::new(), Lock::new());
        let mut guard = other.acquire().await;
        t.say(format!("{:?}", condition.wait(&mut guard).await));
        t.say(format!("{:?}", condition.notify(1)));
        t.say(format!("{} {}", guard.is_held(), other.locked()));
    });
    assert_eq!(trace, ["Err(NotAcquired)", "Err(NotAcquired)", "true true"]);
}

#[test]
fn a_cancelled_wait_has_the_lock_again_before_the_cancel_is_raised() {
    // E09
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let task = waiter(&condition, &t, "a");
        yield_now().await;
        let guard = condition.acquire().await;
        task.cancel();
        yield_now().await;
        yield_now().await;
        t.say(format!("done while contested: {}", task.done()));
        drop(guard);
        let _ = task.join().await;
        t.say(format!("{} {}", task.cancelled(), condition.locked()));
    });
    assert_eq!(
        trace,
        [
            "done while contested: false",
            "a cancelled, holding true",
            "true false"
        ]
    );
}

#[test]
fn a_notification_to_a_cancelled_waiter_goes_to_the_next() {
    // E10
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let a = waiter(&condition, &t, "a");
        let b = waiter(&condition, &t, "b");
        yield_now().await;
        let guard = condition.acquire().await;
        condition.notify(1).expect("the lock is held");
        a.cancel();
        drop(guard);
        sleep(ms(100)).await;
        t.say(b.done().to_string());
    });
    assert_eq!(trace, ["a cancelled, holding true", "b woke true", "true"]);
}

#[test]
fn a_notification_is_passed_on_by_a_waiter_that_is_cancelled_before_it_has_the_lock() {
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let a = waiter(&condition, &t, "a");
        let b = waiter(&condition, &t, "b");
        yield_now().await;
        let guard = condition.acquire().await;
        condition.notify(1).expect("the lock is held");
        // Now "a" has run: it has its notification, and waits for the lock.
        yield_now().await;
        yield_now().await;
        a.cancel();
        yield_now().await;
        drop(guard);
        sleep(ms(100)).await;
        t.say(format!("{} {}", a.cancelled(), b.done()));
    });
    assert_eq!(
        trace,
        ["a cancelled, holding true", "b woke true", "true true"]
    );
}

#[test]
fn a_notification_is_passed_on_by_a_waiter_that_is_dropped_before_it_has_the_lock() {
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let [first, second] = ["0", "1"].map(|name| waiter(&condition, &t, name));
        yield_now().await;
        let guard = condition.acquire().await;
        condition.notify(1).expect("the lock is held");
        yield_now().await;
        first.abort();
        yield_now().await;
        drop(guard);
        second.await;
        t.say(format!("{condition:?}"));
    });
    assert_eq!(
        trace,
        ["1 woke true", "Condition { locked: false, waiters: 0 }"]
    );
}

#[test]
fn a_wait_with_a_predicate_looks_at_every_notification() {
    // E11
    let trace = traced(|t| async move {
        let (condition, number) = (Condition::new(), Rc::new(Cell::new(0)));
        let (shared, seen, say) = (condition.clone(), number.clone(), t.clone());
        let task = create_task(async move {
            let mut guard = shared.acquire().await;
            let ripe = || {
                say.say(format!("check {}", seen.get()));
                seen.get() >= 2
            };
            shared.wait_for(&mut guard, ripe).await
        });
        yield_now().await;
        for _ in 0..2 {
            let guard = condition.acquire().await;
            number.set(number.get() + 1);
            condition.notify_all().expect("the lock is held");
            drop(guard);
            sleep(ms(1)).await;
        }
        t.say(format!("{:?}", task.await));
    });
    assert_eq!(trace, ["check 0", "check 1", "check 2", "Ok(())"]);
}

#[test]
fn a_wait_that_is_dropped_leaves_its_guard_without_the_lock() {
    let trace = traced(|t| async move {
        let condition = Condition::new();
        let mut guard = condition.acquire().await;
        let waited = looplet::timeout(ms(1), condition.wait(&mut guard)).await;
        t.say(format!("{} {}", waited.is_err(), guard.is_held()));
        let mut wait = Box::pin(condition.wait(&mut guard));
        poll_fn(|context| {
            assert!(wait.as_mut().poll(context).is_pending(), "it has to wait");
            Poll::Ready(())
        })
        .await;
        drop(wait);
        t.say(format!("{} {condition:?}", guard.is_held()));
    });
    assert_eq!(
        trace,
        ["true true", "false Condition { locked: false, waiters: 0 }"]
    );
}

#[test]
fn a_lock_whose_guard_was_forgotten_is_given_back_by_hand() {
    let trace = traced(|t| async move {
        let lock = Lock::new();
        lock.acquire().await.forget();
        t.say(lock.locked().to_string());
        t.say(format!("{:?} {:?}", lock.release(), lock.release()));
    });
    assert_eq!(trace, ["true", "Ok(()) Err(NotAcquired)"]);
    assert_eq!(NotAcquired.to_string(), "the lock is not acquired");
}

#[test]
fn permits_can_be_added_and_a_bound_refuses_that() {
    // E14
    let trace = traced(|t| async move {
        let bounded = BoundedSemaphore::new(1);
        t.say(format!("{:?}", bounded.release()));
        bounded.acquire().await.forget();
        t.say(format!("{} {:?}", bounded.locked(), bounded.release()));
        let semaphore = Semaphore::new(2);
        for _ in 0..2 {
            semaphore.acquire().await.forget();
            t.say(semaphore.locked().to_string());
        }
        (0..3).for_each(|_| semaphore.release());
        t.say(semaphore.available().to_string());
    });
    assert_eq!(
        trace,
        ["Err(ReleaseError)", "true Ok(())", "false", "true", "3"]
    );
    assert_eq!(
        ReleaseError.to_string(),
        "the semaphore was released too many times"
    );
}

fn party(barrier: &Barrier, trace: &Trace, name: &'static str) -> Task<()> {
    let (barrier, trace) = (barrier.clone(), trace.clone());
    create_task(async move { trace.say(format!("{name} {:?}", barrier.wait().await)) })
}

#[test]
fn all_parties_leave_a_barrier_together_and_the_last_does_not_wait() {
    // E15
    let trace = traced(|t| async move {
        let barrier = Barrier::new(3);
        let first = ["a", "b"].map(|name| party(&barrier, &t, name));
        yield_now().await;
        t.say(format!("{} {}", barrier.n_waiting(), barrier.broken()));
        party(&barrier, &t, "c").await;
        gather(first).await;
        t.say(barrier.n_waiting().to_string());
        let again = ["d", "e", "f"].map(|name| party(&barrier, &t, name));
        gather(again).await;
    });
    assert_eq!(
        trace,
        [
            "2 false", "c Ok(2)", "a Ok(0)", "b Ok(1)", "0", "f Ok(2)", "d Ok(0)", "e Ok(1)"
        ]
    );
}

#[test]
fn an_abort_breaks_a_barrier_for_good_and_a_reset_only_for_those_who_wait() {
    // E16
    let trace = traced(|t| async move {
        let barrier = Barrier::new(2);
        let a = party(&barrier, &t, "a");
        yield_now().await;
        barrier.reset().await;
        a.await;
        t.say(barrier.broken().to_string());
        let b = party(&barrier, &t, "b");
        yield_now().await;
        barrier.abort().await;
        b.await;
        party(&barrier, &t, "c").await;
        t.say(barrier.broken().to_string());
    });
    assert_eq!(
        trace,
        [
            "a Err(Reset)",
            "false",
            "b Err(Reset)",
            "c Err(Aborted)",
            "true"
        ]
    );
}

#[test]
fn a_party_that_is_cancelled_counts_as_not_having_come() {
    let trace = traced(|t| async move {
        let barrier = Barrier::new(2);
        let a = party(&barrier, &t, "a");
        yield_now().await;
        a.cancel();
        let _ = a.join().await;
        t.say(format!("{barrier:?}"));
        gather(["b", "c"].map(|name| party(&barrier, &t, name))).await;
    });
    assert_eq!(
        trace,
        [
            "Barrier { parties: 2, count: 0, state: Filling }",
            "c Ok(1)",
            "b Ok(0)"
        ]
    );
}
