//! Coroutines that other threads start on a loop: their values, their ends, and the loop's end.

mod common;

use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{Trace, ms, report_to, run_virtual, text_of, traced, turns, virtual_loop};
use looplet::{
    CancelReason, ContextVar, CoroutineError, EventLoop, Runner, catch_cancel, current_task,
    get_running_loop, sleep, to_thread, yield_now,
};

#[test]
fn a_value_a_timeout_and_a_cancel_as_in_python() {
    // D42
    let trace = traced(|t| async move {
        let handle = get_running_loop().handle();
        let (report, reported) = mpsc::channel();
        let lines = to_thread(move || {
            let mut lines = Vec::new();
            let quick = handle.run_coroutine_threadsafe(|| async {
                yield_now().await;
                "v"
            });
            lines.push(quick.wait().expect("a value").to_string());
            let slow = handle.run_coroutine_threadsafe(move || async move {
                let caught = catch_cancel(sleep(Duration::from_secs(9))).await;
                report.send("coro cancelled").expect("the test waits");
                caught.expect_err("it is cancelled").raise().await
            });
            let slow = slow.wait_timeout(ms(10)).expect_err("it sleeps");
            lines.push("timeout".to_string());
            lines.push(slow.cancel().to_string());
            assert!(matches!(slow.wait(), Err(CoroutineError::Cancelled(_))));
            lines
        });
        lines.await.into_iter().for_each(|line| t.say(line));
        t.say(reported.try_recv().expect("it was cancelled"));
    });
    assert_eq!(trace, ["v", "timeout", "true", "coro cancelled"]);
}

#[test]
fn the_future_need_not_be_send_and_is_made_on_the_loop_in_a_task() {
    let own = thread::current().id();
    let ran = run_virtual(async {
        let handle = get_running_loop().handle();
        to_thread(move || {
            let coroutine = handle.run_coroutine_threadsafe(|| {
                let place = (thread::current().id(), current_task().is_some());
                let shared = Rc::new(place);
                async move {
                    yield_now().await;
                    *shared
                }
            });
            coroutine.wait()
        })
        .await
    });
    assert_eq!(ran.expect("a value"), (own, true));
}

#[test]
fn a_coroutine_sees_the_context_of_the_thread_that_started_it() {
    static VARIABLE: ContextVar<&str> = ContextVar::new("v");
    let seen = run_virtual(async {
        VARIABLE.set("of the loop");
        let handle = get_running_loop().handle();
        let work = move || {
            VARIABLE.set("of the thread");
            let coroutine = handle.run_coroutine_threadsafe(|| async { VARIABLE.get() });
            coroutine.wait()
        };
        (to_thread(work).await, VARIABLE.get())
    });
    assert_eq!(seen.0.expect("a value"), Some("of the thread"));
    assert_eq!(seen.1, Some("of the loop"));
}

#[test]
fn a_panic_arrives_at_whoever_waits() {
    let trace = traced(|t| async move {
        let handle = get_running_loop().handle();
        let errors = to_thread(move || {
            let in_body = handle.run_coroutine_threadsafe(|| async {
                yield_now().await;
                if true {
                    panic!("in the coroutine");
                }
            });
            #[expect(unreachable_code, reason = "the future is never made")]
            let in_make = handle.run_coroutine_threadsafe(|| {
                panic!("in the making");
                async {}
            });
            [in_body.wait(), in_make.wait()]
        });
        for error in errors.await {
            let Err(CoroutineError::Panicked(payload)) = error else {
                panic!("it was expected to panic: {error:?}")
            };
            t.say(text_of(payload));
        }
    });
    assert_eq!(trace, ["in the coroutine", "in the making"]);
}

#[test]
fn a_panic_that_nobody_waits_for_is_reported_once() {
    let trace = traced(|_| async move {
        let handle = get_running_loop().handle();
        // One handle is dropped before the panic, one after it.
        drop(handle.run_coroutine_threadsafe(|| async { assert!(current_task().is_none()) }));
        let late = handle.run_coroutine_threadsafe(|| async { assert!(current_task().is_none()) });
        turns(4).await;
        assert!(late.done());
        drop(late);
        turns(4).await;
    });
    let report = "HANDLER a panic was never retrieved: assertion failed: current_task().is_none()";
    assert_eq!(trace, [report, report]);
}

#[test]
fn a_coroutine_may_swallow_the_cancel_and_return_a_value() {
    let value = run_virtual(async {
        let handle = get_running_loop().handle();
        to_thread(move || {
            let (begin, begun) = mpsc::channel();
            let stubborn = handle.run_coroutine_threadsafe(move || async move {
                begin.send(()).expect("the test waits");
                catch_cancel(sleep(Duration::from_secs(9))).await.is_err()
            });
            begun.recv().expect("it begins");
            assert!(stubborn.cancel());
            stubborn.wait()
        })
        .await
    });
    assert!(value.expect("a value"));
}

#[test]
fn a_coroutine_that_is_cancelled_before_its_first_step_never_runs() {
    let trace = traced(|t| async move {
        let handle = get_running_loop().handle();
        let coroutine = handle.run_coroutine_threadsafe(|| async { panic!("it runs") });
        assert!(coroutine.cancel());
        turns(5).await;
        t.say(coroutine.done());
        t.say(coroutine.cancel());
        let error: CoroutineError = coroutine.wait().map(|()| "").expect_err("cancelled");
        t.say(
            error
                .to_string()
                .starts_with("the coroutine was cancelled (at "),
        );
    });
    assert_eq!(trace, ["true", "false", "true"]);
}

#[test]
fn dropping_the_handle_lets_the_coroutine_go_on() {
    let trace = traced(|t| async move {
        let handle = get_running_loop().handle();
        let (report, reported) = mpsc::channel();
        drop(handle.run_coroutine_threadsafe(move || async move {
            turns(2).await;
            report.send("done").expect("the test waits");
        }));
        turns(5).await;
        t.say(reported.try_recv().expect("it goes on"));
    });
    assert_eq!(trace, ["done"]);
}

#[test]
fn a_wait_on_the_loops_own_thread_is_an_error_and_not_a_hang() {
    let trace = traced(|t| async move {
        let handle = get_running_loop().handle();
        let coroutine = handle.run_coroutine_threadsafe(|| async { 1 });
        t.say(coroutine.wait().expect_err("it would wait for itself"));
        let coroutine = handle.run_coroutine_threadsafe(|| async { 2 });
        let waited = coroutine.wait_timeout(Duration::MAX);
        t.say(waited.expect("at once").expect_err("the same"));
        let coroutine = handle.run_coroutine_threadsafe(|| async { 3 });
        turns(5).await;
        t.say(coroutine.wait().expect("it is done"));
    });
    let refusal = "a wait on the loop's own thread would never end";
    assert_eq!(trace, [refusal, refusal, "3"]);
}

#[test]
fn a_closed_loop_gives_an_error() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let handle = event_loop.handle();
    event_loop.close();
    let other = thread::spawn(move || {
        let coroutine = handle.run_coroutine_threadsafe(|| async {});
        assert!(coroutine.done());
        assert!(!coroutine.cancel());
        coroutine
            .wait()
            .expect_err("the loop is closed")
            .to_string()
    });
    assert_eq!(other.join().expect("no panic"), "the event loop is closed");
}

#[test]
fn a_loop_that_closes_before_the_coroutine_begins_gives_an_error() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let handle = event_loop.handle();
    let coroutine = thread::spawn(move || handle.run_coroutine_threadsafe(|| async {}));
    let coroutine = coroutine.join().expect("no panic");
    let waiter = thread::spawn(move || coroutine.wait());
    event_loop.close();
    let error = waiter.join().expect("no panic").expect_err("it is closed");
    assert!(matches!(error, CoroutineError::LoopClosed), "{error:?}");
}

#[test]
fn a_loop_that_closes_while_the_coroutine_runs_cancels_it() {
    let event_loop = virtual_loop();
    let trace = Trace::default();
    report_to(&event_loop, &trace);
    let handle = event_loop.handle();
    let stopper = event_loop.clone();
    let waiter = thread::spawn(move || {
        let coroutine = handle.run_coroutine_threadsafe(|| async {
            get_running_loop().stop();
            std::future::pending::<()>().await;
        });
        coroutine.wait()
    });
    stopper.run_forever().expect("it is stopped");
    event_loop.close();
    match waiter.join().expect("no panic") {
        Err(CoroutineError::Cancelled(cause)) => {
            assert_eq!(cause.reason(), CancelReason::LoopClosing);
        }
        other => panic!("it was expected to be cancelled: {other:?}"),
    }
    let said = trace.take();
    assert!(said.len() == 1 && said[0].contains("Task-1"), "{said:?}");
}

#[test]
fn a_value_that_came_in_the_last_turn_is_not_lost() {
    let runner = Runner::with_loop(virtual_loop());
    let (finish, finished) = mpsc::channel();
    let handle = runner.get_loop().handle();
    let waiter = thread::spawn(move || {
        let coroutine = handle.run_coroutine_threadsafe(move || async move {
            get_running_loop().stop();
            finish.send(()).expect("the test waits");
            "last"
        });
        coroutine.wait()
    });
    runner.get_loop().run_forever().expect("it is stopped");
    finished.try_recv().expect("the coroutine has ended");
    runner.get_loop().close();
    let value = waiter.join().expect("no panic");
    assert_eq!(value.expect("a value"), "last");
}
