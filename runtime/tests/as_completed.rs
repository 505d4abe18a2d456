//! `as_completed`: the recorded cases D14 to D16, and waits that are given up.

mod common;

use common::{Trace, ms, panic_in, traced};
use looplet::{
    AsCompleted, AsyncIterator, TimedOut, as_completed, catch_cancel, create_task,
    get_running_loop, sleep, timeout, yield_now,
};

async fn val(t: Trace, name: &'static str, time: u64) -> &'static str {
    sleep(ms(time)).await;
    t.say(format!("end {name}"));
    name
}

async fn next<T: 'static>(completed: &mut AsCompleted<T>) -> Option<Result<T, TimedOut>> {
    match completed.next().await? {
        Ok(next) => Some(Ok(next.task.await)),
        Err(error) => Some(Err(error)),
    }
}

#[test]
fn tasks_come_in_the_order_in_which_they_end() {
    // D14
    let trace = traced(|t| async move {
        let work = |name, time| val(t.clone(), name, time);
        let mut completed = as_completed([work("a", 30), work("b", 10), work("c", 20)]);
        while let Some(name) = next(&mut completed).await {
            t.say(format!("got {name:?}"));
        }
    });
    assert_eq!(
        trace,
        [
            "end b",
            "got Ok(\"b\")",
            "end c",
            "got Ok(\"c\")",
            "end a",
            "got Ok(\"a\")"
        ]
    );
}

#[test]
fn what_is_missing_when_the_time_is_over_times_out_and_goes_on() {
    // D15
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 10));
        let b = create_task(val(t.clone(), "b", 40));
        let c = create_task(val(t.clone(), "c", 50));
        let mut completed = as_completed([a, b.clone(), c]).timeout(ms(20));
        while let Some(name) = next(&mut completed).await {
            t.say(format!("got {name:?} {}", b.done()));
        }
        t.say(format!("{completed:?}"));
        t.say(b.await);
        sleep(ms(20)).await;
    });
    assert_eq!(
        trace,
        [
            "end a",
            "got Ok(\"a\") false",
            "got Err(TimedOut) false",
            "got Err(TimedOut) false",
            "AsCompleted { left: 0, expired: true }",
            "end b",
            "b",
            "end c",
        ]
    );
}

#[test]
fn the_time_is_over_also_for_tasks_that_end_before_anybody_asks() {
    let trace = traced(|t| async move {
        let work = |name, time| val(t.clone(), name, time);
        let mut completed = as_completed([work("a", 10), work("b", 30)]).timeout(ms(20));
        sleep(ms(50)).await;
        t.say(format!("{:?}", next(&mut completed).await));
        t.say(format!("{:?}", next(&mut completed).await));
        t.say(format!("{:?}", next(&mut completed).await));
    });
    assert_eq!(
        trace,
        [
            "end a",
            "end b",
            "Some(Ok(\"a\"))",
            "Some(Err(TimedOut))",
            "None"
        ]
    );
}

#[test]
fn the_tasks_that_come_out_are_those_that_went_in() {
    // D16
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 20));
        let b = create_task(val(t.clone(), "b", 10));
        a.set_name("A");
        b.set_name("B");
        let mut completed = as_completed(vec![a, b]);
        while let Some(Ok(next)) = completed.next().await {
            t.say(format!("{} {}", next.task.name(), next.index));
        }
    });
    assert_eq!(trace, ["end b", "B 1", "end a", "A 0"]);
}

#[test]
fn it_is_an_asynchronous_iterator() {
    let trace = traced(|t| async move {
        let work = |name, time| val(t.clone(), name, time);
        let completed = as_completed([work("a", 20), work("b", 10)]);
        let indices = AsyncIterator::map(completed, |next| next.expect("there is no limit").index);
        t.say(format!("{:?}", indices.collect::<Vec<_>>().await));
    });
    assert_eq!(trace, ["end b", "end a", "[1, 0]"]);
}

#[test]
fn failures_are_outcomes_or_are_raised_by_the_await() {
    let trace = traced(|t| async move {
        let broken = || create_task(async { panic!("broken") });
        let cancelled = create_task(sleep(ms(9)));
        yield_now().await;
        cancelled.cancel();
        let mut completed = as_completed([broken(), cancelled, broken()]);
        for _ in 0..2 {
            let next = completed.next().await.expect("there are three");
            let next = next.expect("there is no limit");
            let index = next.index;
            t.say(format!("{index} {}", next.outcome().is_err()));
        }
        let last = completed.next().await.expect("there are three");
        let last = last.expect("there is no limit").task;
        t.say(panic_in(last.into_future()).await);
        t.say(completed.next().await.is_none());
    });
    assert_eq!(trace, ["1 true", "0 true", "broken", "true"]);
}

#[test]
fn a_next_that_is_cancelled_or_given_up_loses_nothing() {
    let trace = traced(|t| async move {
        let work = |name, time| val(t.clone(), name, time);
        let mut completed = as_completed([work("a", 10), work("b", 30)]);
        t.say(timeout(ms(5), completed.next()).await.is_err());
        // The first ends in the turn in which its awaiter is cancelled.
        let task = looplet::current_task().expect("in a task");
        get_running_loop().call_later(ms(5), move || {
            let task = task.clone();
            get_running_loop().call_soon(move || {
                task.cancel();
            });
        });
        t.say(catch_cancel(completed.next()).await.is_err());
        t.say(format!("{:?}", next(&mut completed).await));
        t.say(format!("{:?}", next(&mut completed).await));
    });
    assert_eq!(
        trace,
        [
            "true",
            "end a",
            "true",
            "Some(Ok(\"a\"))",
            "end b",
            "Some(Ok(\"b\"))"
        ]
    );
}

#[test]
fn dropping_it_leaves_the_tasks_running_and_nothing_in_their_lines() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<u32>();
        let completed = as_completed([promise.clone()]).timeout(ms(5));
        t.say(format!("{promise:?}"));
        drop(completed);
        t.say(format!("{promise:?}"));
        let task = create_task(val(t.clone(), "task", 1));
        drop(as_completed([task.clone()]));
        t.say(task.await);
    });
    assert_eq!(
        trace,
        [
            "<Promise pending cb=[callback]>",
            "<Promise pending>",
            "end task",
            "task"
        ]
    );
}
