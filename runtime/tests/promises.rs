//! Promises: the states, the errors of misuse, and what is reported. The recorded cases B01 to
//! B11, and what Rust adds to them.

mod common;

use common::{ms, text_of, traced};
use looplet::{
    InvalidState, Promise, TaskError, catch_cancel, create_task, get_running_loop, shield, sleep,
    yield_now,
};

fn promise<T>() -> Promise<T> {
    get_running_loop().create_promise()
}

#[test]
fn callbacks_run_a_turn_after_the_result_in_the_order_in_which_they_were_added() {
    // B01
    let trace = traced(|t| async move {
        let promise = promise();
        for number in 1..=3 {
            let t = t.clone();
            promise.add_done_callback(move |promise: &Promise<&str>| {
                let result = promise.result().expect("done").expect("a value");
                t.say(format!("cb {number} {result}"));
            });
        }
        promise.set_result("v").expect("it is new");
        t.say("after set_result");
        yield_now().await;
        t.say("after one turn");
    });
    let all = [
        "after set_result",
        "cb 1 v",
        "cb 2 v",
        "cb 3 v",
        "after one turn",
    ];
    assert_eq!(trace, all);
}

#[test]
fn a_callback_of_a_promise_that_is_done_waits_for_the_next_turn() {
    // B02
    let trace = traced(|t| async move {
        let promise = promise();
        promise.set_result(1).expect("it is new");
        let said = t.clone();
        promise.add_done_callback(move |_| said.say("cb"));
        t.say("not yet");
        yield_now().await;
    });
    assert_eq!(trace, ["not yet", "cb"]);
}

#[test]
fn a_callback_is_removed_by_its_id_and_only_once() {
    // B03. A closure has no identity, so the id stands for one registration.
    let trace = traced(|t| async move {
        let promise = promise();
        let add = |word: &'static str| {
            let t = t.clone();
            promise.add_done_callback(move |_| t.say(word))
        };
        let (first, _b, last) = (add("a"), add("b"), add("a"));
        let remove = |id| promise.remove_done_callback(id);
        t.say(format!("{} {}", remove(first), remove(last)));
        t.say(format!("{} {}", remove(first), remove(last)));
        promise.set_result(0).expect("it is new");
        yield_now().await;
    });
    assert_eq!(trace, ["true true", "false false", "b"]);
}

#[test]
fn a_result_is_there_once_it_is_set_and_is_set_once() {
    // B04
    let trace = traced(|t| async move {
        let promise = promise::<Result<u32, &str>>();
        t.say(promise.result().expect_err("pending"));
        t.say(promise.exception().expect_err("pending"));
        promise.set_result(Ok(1)).expect("it is new");
        t.say(format!("{:?}", promise.set_result(Ok(2))));
        t.say(format!("{:?}", promise.set_exception("x")));
        t.say(format!("{:?} {:?}", promise.result(), promise.exception()));
        t.say(format!("{} {}", promise.done(), promise.cancelled()));
    });
    assert_eq!(
        trace,
        [
            "the result is not set",
            "the exception is not set",
            "Err(Done)",
            "Err(Done)",
            "Ok(Ok(Ok(1))) Ok(Ok(None))",
            "true false",
        ]
    );
}

#[test]
fn a_result_that_an_await_has_moved_out_is_taken() {
    let trace = traced(|t| async move {
        let promise = promise();
        promise.set_result("once".to_string()).expect("it is new");
        t.say(promise.clone().await);
        t.say(format!("{:?} {}", promise.result(), promise.done()));
        let task = create_task(async { Ok::<_, u32>(7) });
        t.say(format!("{:?} {:?}", task.result(), task.exception()));
        let seven = task.clone().await;
        t.say(format!("{seven:?} {:?}", task.exception()));
    });
    assert_eq!(
        trace,
        [
            "once",
            "Err(Taken) true",
            "Err(ResultNotSet) Err(ExceptionNotSet)",
            "Ok(7) Err(Taken)",
        ]
    );
}

#[test]
fn a_cancel_is_immediate_and_carries_its_message() {
    // B05
    let trace = traced(|t| async move {
        let promise = promise::<()>();
        let said = t.clone();
        promise.add_done_callback(move |p| said.say(format!("cb cancelled {}", p.cancelled())));
        let asked = (promise.cancel_with("bye"), promise.cancel());
        t.say(format!(
            "{asked:?} {} {}",
            promise.cancelled(),
            promise.done()
        ));
        let Ok(Err(TaskError::Cancelled(cause))) = promise.result() else {
            panic!("it is cancelled")
        };
        t.say(format!("{:?}", cause.message()));
        yield_now().await;
    });
    assert_eq!(
        trace,
        [
            "(true, false) true true",
            "Some(\"bye\")",
            "cb cancelled true"
        ]
    );
}

#[test]
fn an_exception_that_nobody_has_looked_at_is_reported_once_at_the_drop() {
    // B06. The error of a task is a value like any other: what an `Err` means, only its
    // receiver can say, so it is not reported.
    let trace = traced(|t| async move {
        let lost = promise::<Result<(), String>>();
        lost.set_exception("lost".to_string()).expect("it is new");
        let second = lost.clone();
        drop(lost);
        t.say("one handle left");
        drop(second);
        t.say("--");
        let seen = promise::<Result<(), &str>>();
        seen.set_exception("seen").expect("it is new");
        t.say(format!("{:?}", seen.exception()));
        drop(seen);
        t.say("--");
        let awaited = promise::<Result<(), &str>>();
        awaited.set_exception("awaited").expect("it is new");
        t.say(format!("{:?}", awaited.await));
        let value = promise::<Result<(), &str>>();
        value.set_result(Err("a value")).expect("it is new");
        drop(value);
        let task = create_task(async { Err::<(), _>("task") });
        yield_now().await;
        drop(task);
        t.say("end");
    });
    assert_eq!(
        trace,
        [
            "one handle left",
            "HANDLER an exception was never retrieved: \"lost\"",
            "--",
            "Ok(Ok(Some(\"seen\")))",
            "--",
            "Err(\"awaited\")",
            "end",
        ]
    );
}

#[test]
fn a_cancelled_promise_that_nobody_has_looked_at_is_not_reported() {
    let trace = traced(|t| async move {
        let promise = promise::<Result<(), &str>>();
        promise.cancel();
        t.say(format!("{:?}", promise.set_exception("late")));
        drop(promise);
        t.say("end");
    });
    assert_eq!(trace, ["Err(Done)", "end"]);
}

#[test]
fn a_panic_that_went_into_a_shield_which_nobody_awaits_is_reported() {
    let trace = traced(|t| async move {
        let shielded = shield(create_task(async { panic!("inner") }));
        let _: &Promise<()> = &shielded;
        yield_now().await;
        yield_now().await;
        t.say(shielded.done());
        drop(shielded);
        // A callback of its own, which takes it out of the line of the task, has it still.
        yield_now().await;
        t.say("end");
    });
    assert_eq!(
        trace,
        ["true", "HANDLER a panic was never retrieved: inner", "end"]
    );
}

#[test]
fn tasks_that_await_one_promise_wake_in_the_order_in_which_they_came() {
    // B08
    let trace = traced(|t| async move {
        let promise = promise();
        let waiter = |name: &'static str| {
            let (t, promise) = (t.clone(), promise.clone());
            create_task(async move { t.say(format!("{name} {}", (&promise).await)) })
        };
        let tasks = [waiter("a"), waiter("b"), waiter("c")];
        yield_now().await;
        promise.set_result(1).expect("it is new");
        for task in tasks {
            task.await;
        }
    });
    assert_eq!(trace, ["a 1", "b 1", "c 1"]);
}

#[test]
fn callbacks_and_awaiters_of_a_promise_share_one_line() {
    // B09
    let trace = traced(|t| async move {
        let promise = promise();
        let add = |word: &'static str| {
            let t = t.clone();
            promise.add_done_callback(move |_| t.say(word))
        };
        add("cb-before");
        let (said, awaited) = (t.clone(), promise.clone());
        let task = create_task(async move {
            awaited.await;
            said.say("task");
        });
        yield_now().await;
        add("cb-after");
        promise.set_result(()).expect("it is new");
        task.await;
        yield_now().await;
    });
    assert_eq!(trace, ["cb-before", "task", "cb-after"]);
}

#[test]
fn a_panic_in_one_callback_does_not_stop_the_others() {
    // B10
    let trace = traced(|t| async move {
        let promise = promise();
        let (first, third) = (t.clone(), t.clone());
        promise.add_done_callback(move |_| first.say("1"));
        promise.add_done_callback(|_| panic!("boom"));
        promise.add_done_callback(move |_| third.say("3"));
        promise.set_result(0).expect("it is new");
        yield_now().await;
    });
    assert_eq!(trace, ["1", "HANDLER a callback panicked: boom", "3"]);
}

#[test]
fn a_cancel_beats_a_result_of_the_same_turn_and_the_result_stays_in_the_promise() {
    // B11
    let trace = traced(|t| async move {
        let promise = promise();
        let (said, awaited) = (t.clone(), promise.clone());
        let task = create_task(async move {
            match catch_cancel(&awaited).await {
                Ok(value) => said.say(format!("got {value}")),
                Err(_caught) => said.say(format!("cancelled, result {:?}", awaited.result())),
            }
        });
        yield_now().await;
        promise.set_result(5).expect("it is new");
        t.say(task.cancel());
        task.clone().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["true", "cancelled, result Ok(Ok(5))", "false"]);
}

#[test]
fn a_promise_prints_its_state_who_waits_and_what_came_of_it() {
    let trace = traced(|t| async move {
        let pending = promise::<u32>();
        t.say(format!("{pending:?}"));
        let awaited = pending.clone();
        let task = create_task(async move { awaited.await });
        yield_now().await;
        t.say(format!("{pending:?}"));
        pending.add_done_callback(|_| {});
        t.say(format!("{pending:?}"));
        pending.add_done_callback(|_| {});
        pending.add_done_callback(|_| {});
        t.say(format!("{pending:?}"));
        pending.set_result(7).expect("it is new");
        t.say(format!("{pending:?}"));
        task.await;
        t.say(format!("{pending:?}"));
        let failed = promise::<Result<(), InvalidState>>();
        failed.set_exception(InvalidState::Done).expect("it is new");
        t.say(format!("{failed:?}"));
        t.say(format!("{:?}", failed.exception()));
        let cancelled = promise::<()>();
        cancelled.cancel();
        t.say(format!("{cancelled:?}"));
    });
    assert_eq!(
        trace,
        [
            "<Promise pending>",
            "<Promise pending cb=[task]>",
            "<Promise pending cb=[task, callback]>",
            "<Promise pending cb=[task, <2 more>, callback]>",
            "<Promise finished result=<u32>>",
            "<Promise finished>",
            "<Promise finished exception=Done>",
            "Ok(Ok(Some(Done)))",
            "<Promise cancelled>",
        ]
    );
}

#[test]
fn the_exception_of_a_task_is_its_error() {
    let trace = traced(|t| async move {
        let failed = create_task(async { Err::<(), _>("no") });
        let fine = create_task(async { Ok::<_, &str>(1) });
        let slow = create_task(async {
            sleep(ms(9)).await;
            Ok::<_, &str>(1)
        });
        let broken = create_task(async { panic!("broken") });
        let _: &looplet::Task<Result<(), ()>> = &broken;
        yield_now().await;
        slow.cancel();
        yield_now().await;
        t.say(format!("{:?} {:?}", failed.exception(), fine.exception()));
        t.say(matches!(slow.exception(), Ok(Err(TaskError::Cancelled(_)))));
        let Ok(Err(TaskError::Panicked(payload))) = broken.exception() else {
            panic!("it panicked")
        };
        t.say(text_of(payload));
    });
    assert_eq!(
        trace,
        ["Ok(Ok(Some(\"no\"))) Ok(Ok(None))", "true", "broken"]
    );
}

#[test]
fn a_promise_knows_its_loop_as_long_as_that_is_there() {
    let promise = {
        let event_loop = common::virtual_loop();
        let promise = event_loop.create_promise::<()>();
        assert!(promise.get_loop().is_some());
        promise
    };
    assert!(promise.get_loop().is_none());
}
