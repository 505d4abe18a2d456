//! The end of a run: what is left is cancelled, cleans up, and then the loop closes.

mod common;

use std::future::pending;

use common::{SayOnDrop, Trace, ms, panic_of, report_to, turns, virtual_loop};
use looplet::{
    CancelReason, Event, RunError, Runner, TaskError, catch_cancel, create_task, run, sleep,
};

fn traced_runner() -> (Runner, Trace) {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    report_to(&event_loop, &trace);
    (Runner::with_loop(event_loop), trace)
}

/// Sleeps until it is cancelled, and cleans up for a while.
async fn tidy(trace: Trace, name: &'static str, cleanup: u64) {
    if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
        trace.say(format!("{name} {:?}", cancelled.reason()));
        sleep(ms(cleanup)).await;
        trace.say(format!("{name} clean"));
        cancelled.raise().await
    }
}

#[test]
fn leftovers_are_cancelled_in_order_and_may_clean_up() {
    let (runner, t) = traced_runner();
    let words = t.clone();
    let main = async move {
        create_task(tidy(words.clone(), "a", 20));
        create_task(tidy(words.clone(), "b", 10));
        turns(2).await;
        // It makes its first step in the turn in which main's end stops the loop.
        create_task(tidy(words.clone(), "late", 10));
        "main is done"
    };
    t.say(runner.run(main).expect("it ends"));
    runner.close();
    assert_eq!(
        t.take(),
        [
            "main is done",
            "a LoopClosing",
            "b LoopClosing",
            "late LoopClosing",
            "b clean",
            "late clean",
            "a clean",
        ]
    );
}

#[test]
fn leftovers_may_swallow_the_request_and_go_on_to_their_end() {
    let (runner, t) = traced_runner();
    let words = t.clone();
    let main = async move {
        create_task(async move {
            let caught = catch_cancel(sleep(ms(9000))).await.is_err();
            sleep(ms(50)).await;
            words.say(format!("went on {caught}"));
        });
        turns(2).await;
    };
    runner.run(main).expect("it ends");
    drop(runner);
    assert_eq!(t.take(), ["went on true"]);
}

#[test]
fn a_clean_up_that_can_never_end_does_not_hang_the_close() {
    let (runner, t) = traced_runner();
    let words = t.clone();
    let witness = SayOnDrop(t.clone(), "dropped");
    let main = async move {
        create_task(tidy(words.clone(), "tidy", 5));
        create_task(async move {
            let _witness = witness;
            let caught = catch_cancel(sleep(ms(9000))).await.is_err();
            words.say(format!("caught {caught}"));
            pending::<()>().await;
        });
        turns(2).await;
    };
    runner.run(main).expect("it ends");
    drop(runner);
    let said = t.take();
    assert_eq!(said[..3], ["tidy LoopClosing", "caught true", "tidy clean"]);
    let report = "HANDLER a task was pending when the event loop was closed:\n  Task-3 (";
    assert!(said[3].starts_with(report), "{}", said[3]);
    assert!(said[3].ends_with(", waits for a future of another library"));
    assert_eq!(said[4..], ["dropped"]);
}

#[test]
fn a_panic_of_main_goes_on_after_the_leftovers_have_cleaned_up() {
    let (runner, t) = traced_runner();
    let words = t.clone();
    let text = panic_of(move || {
        runner.run(async move {
            create_task(tidy(words.clone(), "left", 5));
            turns(2).await;
            if true {
                panic!("main");
            }
        })
    });
    t.say(text);
    assert_eq!(t.take(), ["left LoopClosing", "left clean", "main"]);
    assert!(looplet::try_get_running_loop().is_none());
}

#[test]
fn run_passes_the_payload_of_a_panic_on() {
    assert_eq!(
        panic_of(|| run(async { panic!("payload {}", 7) })),
        "payload 7"
    );
    assert_eq!(run(async { 7 }), 7, "the thread is fit for another run");
}

#[test]
fn a_panic_in_a_leftover_is_reported() {
    let (runner, t) = traced_runner();
    let main = async {
        create_task(async {
            if catch_cancel(sleep(ms(9000))).await.is_err() {
                panic!("while cleaning up");
            }
        });
        turns(2).await;
    };
    runner.run(main).expect("it ends");
    drop(runner);
    assert_eq!(
        t.take(),
        ["HANDLER a panic while the run ended in Task-2: while cleaning up"]
    );
}

#[test]
fn a_runner_keeps_its_tasks_between_runs() {
    let (runner, t) = traced_runner();
    let event = Event::new();
    let (waited, words) = (event.clone(), t.clone());
    let start = async move {
        create_task(async move {
            waited.wait().await;
            words.say("still here");
        });
        turns(2).await;
    };
    runner.run(start).expect("it ends");
    let finish = async move {
        event.set();
        turns(2).await;
    };
    runner.run(finish).expect("it ends");
    assert_eq!(t.take(), ["still here"]);
    assert!(!runner.get_loop().is_running());
}

#[test]
fn a_main_that_is_cancelled_is_an_error() {
    let (runner, _) = traced_runner();
    let cancelled = runner.run(async {
        looplet::current_task().expect("in a task").cancel();
        sleep(ms(1)).await;
    });
    let Err(RunError::Cancelled(cause)) = cancelled else {
        panic!("main cancels itself: {cancelled:?}")
    };
    assert_eq!(cause.reason(), CancelReason::Requested);
}

#[test]
fn a_deadlock_of_main_is_an_error_and_the_tasks_are_dropped() {
    let (runner, t) = traced_runner();
    let witness = SayOnDrop(t.clone(), "main is dropped");
    let ran = runner.run(async move {
        let _witness = witness;
        Event::new().wait().await;
    });
    assert!(matches!(ran, Err(RunError::Deadlock(_))));
    t.say("the error came first");
    drop(runner);
    assert_eq!(t.take(), ["the error came first", "main is dropped"]);
}

#[test]
fn a_task_that_awaits_itself_panics_instead_of_waiting_for_ever() {
    // C17
    use std::cell::RefCell;
    use std::rc::Rc;
    for by_join in [false, true] {
        let (runner, _) = traced_runner();
        let slot: Rc<RefCell<Option<looplet::Task<()>>>> = Rc::default();
        let own = slot.clone();
        let task = runner.get_loop().create_task(async move {
            let me = own.borrow_mut().take().expect("it is there");
            match by_join {
                true => drop(me.join().await),
                false => me.await,
            }
        });
        task.set_name("self");
        slot.replace(Some(task.clone()));
        let outcome = runner
            .run(async move { task.join().await })
            .expect("it ends");
        let text = outcome.unwrap_err().to_string();
        assert_eq!(text, "the task panicked: a task cannot await itself: self");
    }
}

#[test]
fn a_run_inside_a_run_is_refused_and_the_outer_one_goes_on() {
    let (runner, t) = traced_runner();
    let words = t.clone();
    let main = async move {
        let never = words.clone();
        words.say(panic_of(move || run(async move { never.say("never") })));
        turns(2).await;
        words.say("goes on");
    };
    runner.run(main).expect("it ends");
    assert_eq!(
        t.take(),
        [
            "looplet::run: an event loop is running on this thread already",
            "goes on",
        ]
    );
}

#[test]
fn a_task_outlives_its_loop_as_cancelled() {
    let (runner, _) = traced_runner();
    let task = runner.get_loop().create_task(pending::<()>());
    runner.run(turns(2)).expect("it ends");
    drop(runner);
    let Ok(Err(TaskError::Cancelled(cause))) = task.result() else {
        panic!("the task was cancelled at the end")
    };
    assert_eq!(cause.reason(), CancelReason::LoopClosing);
    assert!(!task.cancel());
}

#[test]
fn a_loop_can_be_dropped_inside_the_task_of_another() {
    let (runner, t) = traced_runner();
    let other = virtual_loop();
    let witness = SayOnDrop(t.clone(), "inner task dropped");
    let inner = other.create_task(async move {
        let _witness = witness;
        sleep(ms(900)).await;
    });
    other.stop();
    other.run_forever().expect("it is stopped");
    let words = t.clone();
    let main = async move {
        sleep(ms(1)).await;
        drop(other);
        words.say(inner.cancelled());
        sleep(ms(1)).await;
        words.say("goes on");
    };
    runner.run(main).expect("it ends");
    assert_eq!(t.take(), ["inner task dropped", "true", "goes on"]);
}
