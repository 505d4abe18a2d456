//! `wait`, `wait_for` and their lossless kin: the recorded cases D10 to D13 and D19 to D23, and
//! who keeps a value that comes in the turn of a deadline.

mod common;

use std::time::Duration;

use common::{Trace, join, ms, panic_in, traced, turns, unordered, virtual_loop};
use looplet::{
    NoTasks, ReturnWhen, Task, TimedOut, catch_cancel, create_task, current_task, get_running_loop,
    shield, sleep, timeout, timeout_lossless, wait, wait_for, wait_for_lossless, yield_now,
};

const NEVER: u64 = 9000;

async fn val(t: Trace, name: &'static str, time: u64) -> &'static str {
    match catch_cancel(sleep(ms(time))).await {
        Ok(()) => t.say(format!("end {name}")),
        Err(cancelled) => {
            t.say(format!("cancelled {name}"));
            cancelled.raise().await
        }
    }
    name
}

async fn bad(t: Trace, name: &'static str, time: u64) -> Result<&'static str, &'static str> {
    sleep(ms(time)).await;
    t.say(format!("raise {name}"));
    Err(name)
}

async fn good(t: Trace, name: &'static str, time: u64) -> Result<&'static str, &'static str> {
    Ok(val(t, name, time).await)
}

fn names<T: 'static>(tasks: &[Task<T>]) -> String {
    let names: Vec<_> = tasks.iter().map(Task::name).collect();
    names.join(" ")
}

fn named<F: Future + 'static>(name: &str, future: F) -> Task<F::Output> {
    let task = create_task(future);
    task.set_name(name);
    task
}

#[test]
fn the_first_to_end_ends_a_wait_and_the_others_go_on() {
    // D10
    let trace = traced(|t| async move {
        let a = named("a", val(t.clone(), "a", 30));
        let b = named("b", val(t.clone(), "b", 10));
        let both = [a.clone(), b];
        let (done, pending) = wait(both, ReturnWhen::FirstCompleted, None)
            .await
            .expect("there are tasks");
        let sets = (names(&done), names(&pending));
        t.say(format!("{sets:?} {}", a.cancelled()));
        t.say(a.await);
    });
    assert_eq!(trace, ["end b", "(\"b\", \"a\") false", "end a", "a"]);
}

#[test]
fn a_wait_that_times_out_raises_nothing_and_cancels_nothing() {
    // D11
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 30));
        let b = create_task(val(t.clone(), "b", 10));
        let both = [a.clone(), b];
        let (done, pending) = wait(both, ReturnWhen::AllCompleted, Some(ms(20)))
            .await
            .expect("there are tasks");
        t.say(format!("{} {}", done.len(), pending.len()));
        t.say(a.await);
    });
    assert_eq!(trace, ["end b", "1 1", "end a", "a"]);
}

#[test]
fn an_error_ends_a_wait_for_the_first_exception_and_a_cancelled_task_does_not() {
    // D12
    let trace = traced(|t| async move {
        let a = named("a", good(t.clone(), "a", NEVER));
        let b = named("b", bad(t.clone(), "b", 20));
        let c = named("c", good(t.clone(), "c", NEVER));
        yield_now().await;
        c.cancel();
        let all = vec![a.clone(), b.clone(), c];
        let (done, pending) = wait(all, ReturnWhen::first_exception(), None)
            .await
            .expect("there are tasks");
        t.say(format!("{} | {}", names(&done), names(&pending)));
        a.cancel();
        t.say(format!("{:?}", b.exception()));
        let _ = wait([a], ReturnWhen::AllCompleted, None).await;
    });
    assert_eq!(
        trace,
        [
            "cancelled c",
            "raise b",
            "b c | a",
            "Ok(Ok(Some(\"b\")))",
            "cancelled a",
        ]
    );
}

#[test]
fn a_wait_for_nothing_is_an_error() {
    // D13. What else asyncio refuses there does not compile here, or is allowed.
    let trace = traced(|t| async move {
        let none: [Task<()>; 0] = [];
        let waited = wait(none, ReturnWhen::AllCompleted, None).await;
        t.say(waited.expect_err("there are none"));
    });
    assert_eq!(trace, [NoTasks.to_string()]);
    assert_eq!(trace, ["the set of tasks to wait for is empty"]);
}

#[test]
fn a_wait_takes_futures_and_starts_them_when_it_is_polled() {
    // As the oldest asyncio programs do it: `loop.run_until_complete(asyncio.wait([...]))`.
    let trace = Trace::default();
    let event_loop = virtual_loop();
    let work = [20, 10].map(|time| val(trace.clone(), "work", time));
    let waiting = wait(work, ReturnWhen::AllCompleted, None);
    trace.say("not started");
    let waited = event_loop.run_until_complete(waiting).expect("it ends");
    let (done, pending) = waited.expect("there are tasks");
    trace.say(format!("{} {}", done.len(), pending.len()));
    assert_eq!(trace.take(), ["not started", "end work", "end work", "2 0"]);
}

#[test]
fn a_panic_ends_a_wait_for_the_first_of_a_kind() {
    let trace = traced(|t| async move {
        let numbers = |number: u32, time| async move {
            sleep(ms(time)).await;
            assert!(number != 0, "zero");
            number
        };
        let tasks = [5, 7, 9].map(|number| named("n", numbers(number, u64::from(number))));
        let big = ReturnWhen::first(|number: &u32| *number > 6);
        let (done, pending) = wait(tasks, big, None).await.expect("there are tasks");
        t.say(format!("{} {}", done.len(), pending.len()));
        let tasks =
            [(1, 1), (0, 2), (8, 3)].map(|(number, time)| named("n", numbers(number, time)));
        let big = ReturnWhen::first(|number: &u32| *number > 6);
        let (done, pending) = wait(tasks, big, None).await.expect("there are tasks");
        t.say(format!("{} {}", done.len(), pending.len()));
        t.say(panic_in(done[1].clone().into_future()).await);
    });
    assert_eq!(trace, ["2 1", "2 1", "zero"]);
}

#[test]
fn a_predicate_that_panics_is_reported_and_does_not_end_the_wait() {
    let trace = traced(|t| async move {
        let tasks = [1, 2].map(|time| create_task(val(t.clone(), "work", time)));
        let broken = ReturnWhen::first(|_| panic!("predicate"));
        let (done, _) = wait(tasks, broken, None).await.expect("there are tasks");
        t.say(done.len());
    });
    assert_eq!(
        trace,
        [
            "end work",
            "HANDLER a callback panicked: predicate",
            "end work",
            "2"
        ]
    );
}

#[test]
fn cancelling_a_wait_leaves_the_tasks_running() {
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 10));
        let waited = a.clone();
        let waiter =
            create_task(
                async move { wait([waited], ReturnWhen::AllCompleted, None).await.is_ok() },
            );
        yield_now().await;
        waiter.cancel();
        t.say(waiter.join().await.is_err());
        t.say(a.done());
        t.say(a.await);
    });
    assert_eq!(trace, ["true", "false", "end a", "a"]);
}

#[test]
fn a_task_that_is_given_twice_is_returned_twice() {
    let trace = traced(|t| async move {
        let a = named("a", val(t.clone(), "a", 1));
        let both = [a.clone(), a];
        let (done, _) = wait(both, ReturnWhen::AllCompleted, None)
            .await
            .expect("there are tasks");
        t.say(names(&done));
    });
    assert_eq!(trace, ["end a", "a a"]);
}

#[test]
fn a_timed_out_task_is_waited_for_until_it_has_cleaned_up() {
    // D19
    let trace = traced(|t| async move {
        let said = t.clone();
        let task = create_task(async move {
            if let Err(cancelled) = catch_cancel(sleep(ms(NEVER))).await {
                said.say("cleanup 1");
                sleep(ms(10)).await;
                said.say("cleanup 2");
                cancelled.raise().await;
            }
        });
        let waited = wait_for(task.clone(), ms(10)).await;
        t.say(format!("{waited:?} {}", task.cancelled()));
    });
    assert_eq!(trace, ["cleanup 1", "cleanup 2", "Err(TimedOut) true"]);
}

#[test]
fn with_no_time_at_all_a_future_is_never_started_and_what_is_done_has_its_value() {
    // D20
    let trace = traced(|t| async move {
        let said = t.clone();
        let never = async move { said.say("started") };
        t.say(format!("{:?}", wait_for(never, Duration::ZERO).await));
        let promise = get_running_loop().create_promise();
        promise.set_result("ready").expect("it is new");
        t.say(format!("{:?}", wait_for(promise, Duration::ZERO).await));
        let pending = get_running_loop().create_promise::<()>();
        t.say(format!(
            "{:?}",
            wait_for_lossless(pending.clone(), Duration::ZERO).await
        ));
        t.say(pending.cancelled());
        let task = create_task(async { catch_cancel(sleep(ms(NEVER))).await.is_err() });
        yield_now().await;
        t.say(format!("{:?}", wait_for(task, Duration::ZERO).await));
    });
    assert_eq!(
        trace,
        [
            "Err(TimedOut)",
            "Ok(\"ready\")",
            "Err(TimedOut)",
            "true",
            "Ok(true)"
        ]
    );
}

#[test]
fn the_value_of_a_task_that_swallows_the_deadline_is_returned() {
    // D21
    let trace = traced(|t| async move {
        let task = create_task(async {
            match catch_cancel(sleep(ms(NEVER))).await {
                Ok(()) => "slept",
                Err(_cancelled) => "suppressed",
            }
        });
        t.say(format!("{:?}", wait_for(task, ms(10)).await));
    });
    assert_eq!(trace, ["Ok(\"suppressed\")"]);
}

#[test]
fn cancelling_the_awaiter_of_a_wait_for_cancels_the_task() {
    // D22
    let trace = traced(|t| async move {
        let inner = create_task(val(t.clone(), "inner", NEVER));
        let task = create_task(wait_for(inner.clone(), ms(5000)));
        turns(2).await;
        task.cancel();
        let _ = wait([task.clone()], ReturnWhen::AllCompleted, None).await;
        t.say(format!("{} {}", task.cancelled(), inner.cancelled()));
    });
    assert_eq!(trace, ["cancelled inner", "true true"]);
}

/// A promise that is set in the batch in which a deadline of 10 ms is over, right before that.
fn set_at_the_deadline() -> looplet::Promise<&'static str> {
    let event_loop = get_running_loop();
    let promise = event_loop.create_promise();
    let setter = promise.clone();
    event_loop.call_later(ms(10), move || {
        // It may have been cancelled before.
        let _ = setter.set_result("ok");
    });
    promise
}

#[test]
fn a_value_of_the_turn_of_the_deadline_is_lost_to_the_awaiter_and_stays_in_the_promise() {
    // D23
    let trace = traced(|t| async move {
        let promise = set_at_the_deadline();
        let waited = wait_for(promise.clone(), ms(10)).await;
        t.say(format!(
            "{waited:?} but the promise holds {:?}",
            promise.result()
        ));
        let promise = get_running_loop().create_promise();
        let setter = promise.clone();
        get_running_loop().call_soon(move || setter.set_result("early").expect("it is new"));
        t.say(format!("{:?}", wait_for(promise, ms(200)).await));
    });
    assert_eq!(
        trace,
        [
            "Err(TimedOut) but the promise holds Ok(Ok(\"ok\"))",
            "Ok(\"early\")",
        ]
    );
}

#[test]
fn a_lossless_wait_returns_a_value_of_the_turn_of_the_deadline() {
    let trace = traced(|t| async move {
        let waited = wait_for_lossless(set_at_the_deadline(), ms(10)).await;
        t.say(format!("{waited:?}"));
        let promise = set_at_the_deadline();
        let inline = async move { promise.await.len() };
        t.say(format!("{:?}", timeout_lossless(ms(10), inline).await));
        let task = current_task().expect("in a task");
        t.say(task.cancelling());
        sleep(ms(1)).await;
        t.say("not cancelled");
        let late = timeout_lossless(ms(10), sleep(ms(11))).await;
        t.say(format!("{late:?}"));
    });
    assert_eq!(
        trace,
        ["Ok(\"ok\")", "Ok(2)", "0", "not cancelled", "Err(TimedOut)"]
    );
}

#[test]
fn a_promise_that_the_deadline_has_cancelled_refuses_its_value_in_a_lossless_wait_too() {
    let trace = traced(|t| async move {
        let event_loop = get_running_loop();
        let promise = event_loop.create_promise();
        let (said, setter) = (t.clone(), promise.clone());
        let waiter = create_task(wait_for_lossless(promise, ms(10)));
        yield_now().await;
        event_loop.call_at(event_loop.time() + ms(10), move || {
            said.say(format!("{:?}", setter.set_result("late")));
        });
        t.say(format!("{:?}", waiter.await));
    });
    assert_eq!(trace, ["Err(Done)", "Err(TimedOut)"]);
}

#[test]
fn a_lossless_body_goes_on_to_its_next_await_and_is_cancelled_there() {
    let trace = traced(|t| async move {
        let (said, promise) = (t.clone(), set_at_the_deadline());
        let body = async move {
            said.say(promise.await);
            match catch_cancel(sleep(ms(NEVER))).await {
                Ok(()) => said.say("slept"),
                Err(cancelled) => {
                    said.say("cancelled at the second");
                    cancelled.raise().await;
                }
            }
        };
        t.say(format!("{:?}", timeout_lossless(ms(10), body).await));
    });
    assert_eq!(trace, ["ok", "cancelled at the second", "Err(TimedOut)"]);
}

#[test]
fn a_lossless_wait_returns_a_value_of_the_turn_of_a_cancel_and_the_cancel_comes_next() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let (awaited, said) = (promise.clone(), t.clone());
        let task = create_task(async move {
            said.say(format!("{:?}", wait_for_lossless(awaited, ms(NEVER)).await));
            if let Err(cancelled) = catch_cancel(sleep(ms(NEVER))).await {
                said.say("cancelled at the next await");
                cancelled.raise().await;
            }
        });
        yield_now().await;
        promise.set_result(5).expect("it is new");
        t.say(task.cancel());
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(
        trace,
        ["true", "Ok(5)", "cancelled at the next await", "true"]
    );
}

#[test]
fn a_lossless_wait_inside_a_timeout_gives_its_value_and_the_timeout_still_expires() {
    let trace = traced(|t| async move {
        let (said, promise) = (t.clone(), set_at_the_deadline());
        let body = async move {
            said.say(format!("{:?}", wait_for_lossless(promise, ms(5000)).await));
            sleep(ms(NEVER)).await;
        };
        let outer = timeout(ms(10), timeout(ms(6000), body)).await;
        t.say(format!("{outer:?}"));
        t.say(current_task().expect("in a task").cancelling());
        sleep(ms(1)).await;
        t.say("not cancelled");
    });
    assert_eq!(trace, ["Ok(\"ok\")", "Err(TimedOut)", "0", "not cancelled"]);
}

#[test]
fn two_limits_in_one_task_hit_each_its_own() {
    // J1, J4
    let trace = traced(|t| async move {
        let first = create_task(val(t.clone(), "first", 100));
        let second = create_task(val(t.clone(), "second", 150));
        let both = join(wait_for(first.clone(), ms(10)), wait_for(second, ms(200))).await;
        t.say(format!("{both:?} {}", first.cancelled()));
        let slow = create_task(val(t.clone(), "slow", 900));
        let limited = Box::pin(wait_for(slow, ms(10)));
        let fast = Box::pin(async { Ok::<_, TimedOut>("fast") });
        t.say(format!("{:?}", unordered(vec![limited, fast]).await));
    });
    assert_eq!(
        trace,
        [
            "cancelled first",
            "end second",
            "(Err(TimedOut), Ok(\"second\")) true",
            "cancelled slow",
            "[Ok(\"fast\"), Err(TimedOut)]",
        ]
    );
}

#[test]
fn a_shield_in_a_wait_for_keeps_the_task_from_the_deadline() {
    let trace = traced(|t| async move {
        let task = create_task(val(t.clone(), "task", 20));
        let waited = wait_for(shield(task.clone()), ms(10)).await;
        t.say(format!("{waited:?} {}", task.done()));
        t.say(task.await);
    });
    assert_eq!(trace, ["Err(TimedOut) false", "end task", "task"]);
}
