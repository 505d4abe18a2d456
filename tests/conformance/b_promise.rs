//! Group B: promises, asyncio's futures.

use std::rc::Rc;

use looplet::{
    CallbackId, Promise, Task, catch_cancel, create_task, gather, get_running_loop, sleep,
};

use crate::programs::ms;
use crate::raised::{Raised, cause, runtime_error, throw, value_error};
use crate::table::Case;
use crate::trace::{Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("B01", b01),
        Case::new("B02", b02),
        Case::new("B03", b03),
        Case::new("B04", b04),
        Case::new("B05", b05),
        Case::new("B06", b06),
        Case::new("B07", b07),
        Case::new("B08", b08),
        Case::new("B09", b09),
        Case::new("B10", b10),
        Case::new("B11", b11),
    ]
}

/// Makes a promise of the running loop.
fn promise<T>() -> Promise<T> {
    get_running_loop().create_promise()
}

/// Sets a result that was not set before.
fn set<T: 'static>(promise: &Promise<T>, value: T) {
    promise.set_result(value).expect("it was not done");
}

async fn b01(trace: Trace) {
    let promise = promise();
    for number in 1..=3 {
        promise.add_done_callback(move |promise: &Promise<&str>| {
            trace.say(("cb", number, promise.result()));
        });
    }
    set(&promise, "v");
    trace.say("after set_result");
    sleep(ms(0)).await;
    trace.say("after one iteration");
}

async fn b02(trace: Trace) {
    let promise = promise();
    set(&promise, 1);
    promise.add_done_callback(move |_| trace.say("cb"));
    trace.say("not yet");
    sleep(ms(0)).await;
}

/// Python tells callbacks apart by their identity, looplet by the id that each was given: to
/// remove a callback that was added twice is to remove two ids.
async fn b03(trace: Trace) {
    let promise = promise();
    let add = |name: &'static str| promise.add_done_callback(move |_| trace.say(name));
    let ids = [add("a"), add("b"), add("a")];
    let remove = |ids: &[CallbackId]| {
        let removed = ids.iter().filter(|&&id| promise.remove_done_callback(id));
        removed.count()
    };
    let a = [ids[0], ids[2]];
    trace.say((remove(&a), remove(&a)));
    set(&promise, 0);
    trace.say(remove(&[ids[1]]));
    sleep(ms(0)).await;
}

async fn b04(trace: Trace) {
    let promise: Promise<Result<i32, Raised>> = promise();
    trace.say(promise.result());
    trace.say(promise.exception());
    set(&promise, Ok(1));
    let set_again = promise.set_result(Ok(2)).map_err(|error| kind(&error));
    trace.say(set_again);
    let raised = promise.set_exception(value_error(""));
    trace.say(raised.map_err(|error| kind(&error)));
    trace.say((
        promise.result(),
        promise.exception(),
        promise.done(),
        promise.cancelled(),
    ));
}

/// Only the name of an error.
fn kind(error: &impl Python) -> Raised {
    let text = error.str();
    match text.split_once('(') {
        Some(("InvalidStateError", _)) => Raised::new("InvalidStateError", ""),
        _ => Raised::new("an error of another kind", text),
    }
}

async fn b05(trace: Trace) {
    let promise: Promise<()> = promise();
    promise.add_done_callback(move |promise| {
        trace.say(("cb cancelled", promise.cancelled()));
    });
    trace.say((
        promise.cancel_with("bye"),
        promise.cancel(),
        promise.cancelled(),
        promise.done(),
    ));
    if let Ok(Err(error)) = promise.result() {
        trace.say(error);
    }
    sleep(ms(0)).await;
}

async fn b06(trace: Trace) {
    type Fallible = Promise<Result<(), Raised>>;
    let lost: Fallible = promise();
    let raised = lost.set_exception(runtime_error("lost"));
    raised.expect("it is new");
    drop(lost);
    trace.say("--");
    let seen: Fallible = promise();
    let raised = seen.set_exception(runtime_error("seen"));
    raised.expect("it is new");
    seen.exception()
        .expect("it is set")
        .expect("it was not cancelled");
    drop(seen);
    trace.say("--");
    // What a task raises that has nothing to return is a panic.
    let task = create_task(async { throw(Raised::new("OSError", "task")) as () });
    sleep(ms(0)).await;
    drop(task);
    trace.say("end");
}

async fn b07(trace: Trace) {
    let promise = promise();
    set(&promise, "x");
    get_running_loop().call_soon(trace.sayer("loop ran"));
    trace.say(promise.await);
    trace.say("still same step");
    sleep(ms(0)).await;
}

async fn b08(trace: Trace) {
    let promise = promise();
    let wait = |name: &'static str| {
        let promise = promise.clone();
        create_task(async move { trace.say((name, (&promise).await)) })
    };
    let tasks = ["a", "b", "c"].map(wait);
    sleep(ms(0)).await;
    set(&promise, 1);
    gather(tasks).await;
}

async fn b09(trace: Trace) {
    let promise = promise();
    promise.add_done_callback(move |_| trace.say("cb-before"));
    let awaited = promise.clone();
    let task = create_task(async move {
        (&awaited).await;
        trace.say("task");
    });
    sleep(ms(0)).await;
    promise.add_done_callback(move |_| trace.say("cb-after"));
    set(&promise, 1);
    task.await;
}

async fn b10(trace: Trace) {
    let promise = promise();
    promise.add_done_callback(move |_| trace.say(1));
    promise.add_done_callback(|_| throw(value_error("boom")));
    promise.add_done_callback(move |_| trace.say(3));
    set(&promise, 0);
    get_running_loop().set_exception_handler(Some(Rc::new(move |report| {
        trace.say(("HANDLER", cause(report)));
    })));
    sleep(ms(0)).await;
}

async fn b11(trace: Trace) {
    let promise = promise();
    let awaited = promise.clone();
    let task: Task<()> = create_task(async move {
        match catch_cancel(&awaited).await {
            Ok(value) => trace.say(("got", value)),
            Err(_) => trace.say(("cancelled, future result", awaited.result())),
        }
    });
    sleep(ms(0)).await;
    set(&promise, 5);
    trace.say(task.cancel());
    // The end is all that matters.
    let _ = task.join().await;
    trace.say(task.cancelled());
}
