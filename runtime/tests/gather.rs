//! `gather` and `try_gather`: results in order, the first failure at once. The recorded cases
//! D02, D05, D07 and D09; the others are in `tasks.rs`.

mod common;

use common::{Trace, ms, panic_in, traced, turns};
use looplet::{
    Promise, Task, catch_cancel, create_task, gather, get_running_loop, shield, sleep, try_gather,
    yield_now,
};

const NEVER: u64 = 9000;

async fn val(t: Trace, name: &'static str, time: u64) -> Result<&'static str, String> {
    match catch_cancel(sleep(ms(time))).await {
        Ok(()) => t.say(format!("end {name}")),
        Err(cancelled) => {
            t.say(format!("cancelled {name}"));
            cancelled.raise().await
        }
    }
    Ok(name)
}

async fn bad(t: Trace, name: &'static str, time: u64) -> Result<&'static str, String> {
    sleep(ms(time)).await;
    t.say(format!("raise {name}"));
    Err(name.to_string())
}

#[test]
fn the_first_error_comes_at_once_and_the_siblings_go_on() {
    // D02
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 30));
        let both = try_gather((a.clone(), bad(t.clone(), "b", 10))).await;
        t.say(format!("{both:?} {}", a.done()));
        t.say(a.await.expect("it ends well"));
    });
    assert_eq!(trace, ["raise b", "Err(\"b\") false", "end a", "a"]);
}

#[test]
fn all_values_come_in_the_order_of_the_arguments() {
    let trace = traced(|t| async move {
        let work = |name, time| val(t.clone(), name, time);
        let all = try_gather(vec![work("a", 3), work("b", 1)]).await;
        t.say(format!("{all:?}"));
        let all = try_gather([work("c", 1), work("d", 2)]).await;
        t.say(format!("{all:?}"));
        let number = async { Ok::<_, String>(7) };
        t.say(format!("{:?}", try_gather((number, work("e", 1))).await));
        let none = try_gather(Vec::<Task<Result<(), ()>>>::new());
        t.say(format!("{} {:?}", none.done(), none.await));
    });
    assert_eq!(
        trace,
        [
            "end b",
            "end a",
            "Ok([\"a\", \"b\"])",
            "end c",
            "end d",
            "Ok([\"c\", \"d\"])",
            "end e",
            "Ok((7, \"e\"))",
            "true Ok([])",
        ]
    );
}

#[test]
fn an_error_that_comes_too_late_stays_with_its_task() {
    let trace = traced(|t| async move {
        let late = create_task(bad(t.clone(), "late", 20));
        let both = try_gather([create_task(bad(t.clone(), "first", 10)), late.clone()]);
        t.say(format!("{:?}", both.await));
        t.say(format!("{:?}", late.await));
    });
    assert_eq!(
        trace,
        [
            "raise first",
            "Err(\"first\")",
            "raise late",
            "Err(\"late\")"
        ]
    );
}

#[test]
fn cancelling_a_gather_that_has_failed_does_nothing() {
    // D09
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 20));
        let promise = get_running_loop().create_promise();
        let both = gather((a.clone(), promise.clone()));
        promise.cancel();
        turns(1).await;
        t.say(format!("{} {}", both.done(), both.cancel()));
        t.say(catch_cancel(both).await.is_err());
        let _: &Promise<()> = &promise;
        t.say(format!("{:?}", a.await));
    });
    assert_eq!(trace, ["true false", "true", "end a", "Ok(\"a\")"]);
}

#[test]
fn cancelling_a_try_gather_cancels_its_children() {
    let trace = traced(|t| async move {
        let work = |name| val(t.clone(), name, NEVER);
        let both = try_gather((work("a"), work("b")));
        let task = create_task(both.into_future());
        turns(2).await;
        task.cancel();
        t.say(task.join().await.is_err());
        turns(1).await;
    });
    assert_eq!(trace, ["cancelled a", "cancelled b", "true"]);
}

#[test]
fn a_panic_and_a_cancel_end_a_try_gather_as_they_end_a_gather() {
    let trace = traced(|t| async move {
        let a = create_task(val(t.clone(), "a", 20));
        let broken: Task<Result<(), String>> = create_task(async { panic!("broken") });
        let both = try_gather((a.clone(), broken));
        t.say(panic_in(both.into_future()).await);
        let both = try_gather((shield(a.clone()), val(t.clone(), "b", 30)));
        a.cancel();
        t.say(catch_cancel(both).await.is_err());
        sleep(ms(90)).await;
    });
    assert_eq!(trace, ["broken", "cancelled a", "true", "end b"]);
}

#[test]
fn a_task_that_is_given_twice_runs_once() {
    // D05. A value has one owner here, so the second place finds it taken; a `Clone` value is
    // given twice by two shields, or by awaiting the task by reference.
    let trace = traced(|t| async move {
        let task = create_task(val(t.clone(), "x", 1));
        let twice = (task.clone(), task);
        t.say(panic_in(gather(twice).into_future()).await);
        let task = create_task(val(t.clone(), "y", 1));
        let (one, two) = (task.clone(), task);
        let twice = gather((async move { (&one).await }, async move { (&two).await }));
        t.say(format!("{:?}", twice.await));
    });
    assert_eq!(
        trace,
        [
            "end x",
            "the value was already taken by an earlier await",
            "end y",
            "(Ok(\"y\"), Ok(\"y\"))",
        ]
    );
}

#[test]
fn a_promise_is_a_child_like_a_task() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let both = gather((promise.clone(), async { 2 }));
        yield_now().await;
        t.say(promise.set_result(1).is_ok());
        t.say(format!("{:?}", both.await));
        let promise = get_running_loop().create_promise::<()>();
        let both = gather(vec![promise.clone(), shield(create_task(sleep(ms(1))))]);
        t.say(both.cancel());
        t.say(format!("{promise:?}"));
        t.say(catch_cancel(both).await.is_err());
    });
    assert_eq!(
        trace,
        ["true", "(1, 2)", "true", "<Promise cancelled>", "true"]
    );
}
