//! `shield`: who is cancelled, and who is not.

mod common;

use std::rc::Rc;

use common::{Ticks, ms, traced};
use looplet::{catch_cancel, create_task, get_running_loop, shield, sleep, timeout, yield_now};

#[test]
fn cancelling_the_awaiter_leaves_the_shielded_task_running() {
    // D17
    let trace = traced(|t| async move {
        let said = t.clone();
        let inner = create_task(async move {
            sleep(ms(10)).await;
            said.say("end inner");
            "inner"
        });
        let (shielded, said) = (inner.clone(), t.clone());
        let outer = create_task(async move {
            if let Err(cancelled) = catch_cancel(shield(shielded)).await {
                said.say("outer cancelled");
                cancelled.raise().await;
            }
        });
        yield_now().await;
        outer.cancel();
        let _ = outer.join().await;
        t.say(format!("{} {}", outer.cancelled(), inner.done()));
        t.say(inner.await);
    });
    assert_eq!(
        trace,
        ["outer cancelled", "true false", "end inner", "inner"]
    );
}

#[test]
fn cancelling_the_shielded_task_cancels_the_shield() {
    // D18
    let trace = traced(|t| async move {
        let inner = create_task(sleep(ms(900)));
        let outer = shield(inner.clone());
        yield_now().await;
        inner.cancel();
        let awaiting = outer.clone();
        let waiter = create_task(async move { awaiting.await });
        let _ = waiter.join().await;
        t.say(format!("{} {}", outer.cancelled(), inner.cancelled()));
    });
    assert_eq!(trace, ["true true"]);
}

#[test]
fn the_waiter_of_a_shield_resumes_two_turns_after_the_end() {
    // C05
    let trace = traced(|t| async move {
        let ticks = Rc::new(Ticks::start());
        let (seen, counting) = (t.clone(), ticks.clone());
        let inner = create_task(async move {
            sleep(ms(5)).await;
            seen.say("end");
            counting.count()
        });
        let ended = shield(inner).await;
        t.say((ticks.count() - ended).to_string());
    });
    assert_eq!(trace, ["end", "2"]);
}

#[test]
fn a_shield_of_a_task_that_has_ended_has_its_value_at_once() {
    let trace = traced(|t| async move {
        let task = create_task(async { 7 });
        yield_now().await;
        let promise = shield(task);
        t.say(promise.done().to_string());
        t.say(promise.await.to_string());
    });
    assert_eq!(trace, ["true", "7"]);
}

#[test]
fn a_value_that_comes_after_the_shield_was_cancelled_stays_with_the_task() {
    let trace = traced(|t| async move {
        let task = create_task(async {
            sleep(ms(1)).await;
            "value"
        });
        let promise = shield(task.clone());
        t.say(promise.cancel().to_string());
        sleep(ms(2)).await;
        t.say(task.await);
    });
    assert_eq!(trace, ["true", "value"]);
}

#[test]
fn a_panic_goes_through_a_shield() {
    let trace = traced(|t| async move {
        let task = create_task(async { panic!("inner panic") });
        let waiter = create_task(async move { shield::<looplet::Task<()>>(task).await });
        t.say(format!("{:?}", waiter.join().await));
    });
    assert_eq!(trace, ["Err(Panicked(\"inner panic\"))"]);
}

#[test]
fn a_shield_that_was_cancelled_leaves_the_line_of_what_it_shields() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<()>();
        for _ in 0..3 {
            let _ = timeout(ms(1), shield(promise.clone())).await;
        }
        t.say(format!("{promise:?}"));
    });
    assert_eq!(trace, ["<Promise pending>"]);
}
