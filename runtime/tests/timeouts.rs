//! A timeout with a handle: asked, moved, misused.

mod common;

use common::{Trace, ms, run_virtual, traced};
use looplet::{
    TimedOut, Timeout, TimeoutStateError, catch_cancel, create_task, current_task,
    get_running_loop, sleep, timeout, yield_now,
};

fn cancelling() -> u32 {
    current_task().expect("in a task").cancelling()
}

/// Sleeps long; says that it was cancelled.
async fn long(t: &Trace, name: &str) {
    if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
        t.say(name);
        cancelled.raise().await
    }
}

#[test]
fn a_timeout_that_expires_says_so_and_leaves_no_request_behind() {
    // D24
    let trace = traced(|t| async move {
        let patience = Timeout::after(ms(10));
        let outcome = patience.run(long(&t, "inside")).unwrap().await;
        t.say(format!(
            "{outcome:?} {} {}",
            patience.expired(),
            cancelling()
        ));
    });
    assert_eq!(trace, ["inside", "Err(TimedOut) true 0"]);
}

#[test]
fn of_two_timeouts_the_shorter_outer_one_expires() {
    // D25
    let trace = traced(|t| async move {
        let (outer, inner) = (Timeout::after(ms(10)), Timeout::after(ms(5000)));
        let nested = inner.run(long(&t, "inner saw it")).unwrap();
        let outcome = outer.run(nested).unwrap().await;
        t.say(format!(
            "{outcome:?} {} {}",
            outer.expired(),
            inner.expired()
        ));
    });
    assert_eq!(trace, ["inner saw it", "Err(TimedOut) true false"]);
}

#[test]
fn a_timeout_of_zero_expires_at_the_first_await_that_waits() {
    // D26
    let trace = traced(|t| async move {
        let patience = Timeout::after(ms(0));
        let outcome = patience.run(async {}).unwrap().await;
        t.say(format!("no await {outcome:?} {}", patience.expired()));
        let patience = Timeout::after(ms(0));
        let outcome = patience.run(yield_now()).unwrap().await;
        t.say(format!("{outcome:?} {}", patience.expired()));
    });
    assert_eq!(trace, ["no await Ok(()) false", "Err(TimedOut) true"]);
}

#[test]
fn a_timeout_refuses_what_its_state_does_not_allow() {
    // D27
    run_virtual(async {
        let patience = Timeout::after(ms(1000));
        let move_it = |patience: &Timeout| patience.reschedule(None);
        assert_eq!(move_it(&patience), Err(TimeoutStateError::NotEntered));
        let (inside, outside) = (patience.clone(), patience.clone());
        let body = async move {
            let again = inside.run(async {}).map(|_| ());
            assert_eq!(again, Err(TimeoutStateError::AlreadyEntered));
        };
        assert_eq!(patience.run(body).unwrap().await, Ok(()));
        assert_eq!(move_it(&outside), Err(TimeoutStateError::Finished));
        let late = Timeout::after(ms(1));
        let moved = late.clone();
        let body = async move {
            let _cancelled = catch_cancel(sleep(ms(10))).await;
            moved.reschedule(None)
        };
        let outcome = late.run(body).unwrap().await;
        assert_eq!(outcome, Ok(Err(TimeoutStateError::Expiring)));
    });
}

#[test]
fn a_timeout_that_is_moved_expires_at_its_new_time() {
    // D28
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        let patience = Timeout::after(ms(10));
        let inside = patience.clone();
        let body = async {
            inside.reschedule(Some(start + ms(500))).unwrap();
            sleep(ms(30)).await;
        };
        let outcome = patience.run(body).unwrap().await;
        let when = patience.when().unwrap() - start;
        t.say(format!("{outcome:?} {} {when:?}", patience.expired()));
        let sooner = Timeout::never();
        let inside = sooner.clone();
        let body = async {
            inside.reschedule(Some(start)).unwrap();
            sleep(ms(9000)).await;
        };
        let outcome = sooner.run(body).unwrap().await;
        let took = (get_running_loop().time() - start).as_millis();
        t.say(format!("{outcome:?} after {took} ms"));
    });
    assert_eq!(trace, ["Ok(()) false 500ms", "Err(TimedOut) after 30 ms"]);
}

#[test]
fn a_deadline_that_passed_and_was_moved_before_its_callback_ran_does_not_count() {
    run_virtual(async {
        let patience = Timeout::after(ms(0));
        let inside = patience.clone();
        let body = async {
            inside.reschedule(None).unwrap();
            sleep(ms(50)).await;
        };
        assert_eq!(patience.run(body).unwrap().await, Ok(()));
        assert!(!patience.expired());
    });
}

#[test]
fn a_body_that_returns_after_its_time_keeps_its_value() {
    // D29
    run_virtual(async {
        let patience = Timeout::after(ms(10));
        let body = async {
            let _cancelled = catch_cancel(sleep(ms(9000))).await;
            Err::<(), _>("mine")
        };
        assert_eq!(patience.run(body).unwrap().await, Ok(Err("mine")));
        assert!(patience.expired());
    });
}

#[test]
fn a_cancel_from_outside_is_stronger_than_an_expired_timeout() {
    // D30
    let trace = traced(|t| async move {
        let said = t.clone();
        let task = create_task(async move {
            let body = async {
                let cancelled = catch_cancel(sleep(ms(9000))).await.unwrap_err();
                current_task().expect("in a task").cancel();
                cancelled.raise().await
            };
            let outcome: Result<Result<(), TimedOut>, _> =
                catch_cancel(timeout(ms(10), body)).await;
            let cancelled = outcome.unwrap_err();
            said.say(format!("{:?} {}", cancelled.reason(), cancelling()));
            cancelled.raise().await
        });
        let _outcome: Result<(), _> = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["TimedOut 1", "true"]);
}
