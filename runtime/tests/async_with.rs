//! `async_with` gives back what was acquired, however the body ends.

mod common;

use common::{Trace, ms, panic_in, traced};
use looplet::{async_with, catch_cancel, create_task, sleep};

async fn visit(t: Trace, body: impl AsyncFnOnce(&mut u32) -> u32) -> u32 {
    let enter = async {
        sleep(ms(1)).await;
        t.say("enter");
        7
    };
    let exit = async |held| {
        t.say(format!("exit {held}"));
        match catch_cancel(sleep(ms(50))).await {
            Ok(()) => t.say("exited"),
            Err(_cancelled) => t.say("exit cancelled"),
        }
    };
    async_with(enter, body, exit).await
}

#[test]
fn what_the_body_made_of_the_resource_is_given_back_and_its_value_returned() {
    let trace = traced(|t| async move {
        let value = visit(t.clone(), async |held| {
            *held += 1;
            100
        });
        let value = value.await;
        t.say(value);
    });
    assert_eq!(trace, ["enter", "exit 8", "exited", "100"]);
}

#[test]
fn a_cancel_of_the_body_is_raised_when_the_exit_is_done() {
    let trace = traced(|t| async move {
        let body = async |_: &mut u32| {
            sleep(ms(9000)).await;
            1
        };
        let task = create_task(visit(t.clone(), body));
        sleep(ms(10)).await;
        task.cancel();
        let outcome = task.join().await;
        t.say(outcome.is_err());
    });
    assert_eq!(trace, ["enter", "exit 7", "exited", "true"]);
}

#[test]
fn a_second_cancel_is_delivered_in_the_exit() {
    let trace = traced(|t| async move {
        let body = async |_: &mut u32| {
            sleep(ms(9000)).await;
            1
        };
        let task = create_task(visit(t.clone(), body));
        for _ in 0..2 {
            sleep(ms(10)).await;
            task.cancel();
        }
        let outcome = task.join().await;
        t.say(outcome.is_err());
    });
    assert_eq!(trace, ["enter", "exit 7", "exit cancelled", "true"]);
}

#[test]
fn a_panic_of_the_body_goes_on_when_the_exit_is_done() {
    let trace = traced(|t| async move {
        let body = async |_: &mut u32| panic!("oh no");
        let text = panic_in(visit(t.clone(), body)).await;
        t.say(text);
    });
    assert_eq!(trace, ["enter", "exit 7", "exited", "oh no"]);
}

#[test]
fn a_cancel_while_entering_leaves_nothing_to_exit_from() {
    let trace = traced(|t| async move {
        let task = create_task(visit(t.clone(), async |_| 1));
        looplet::yield_now().await;
        task.cancel();
        let outcome = task.join().await;
        t.say(outcome.is_err());
    });
    assert_eq!(trace, ["true"]);
}
