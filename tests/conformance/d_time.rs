//! Group D, time: sleep, timeouts, `wait_for`.

use std::time::Duration;

use looplet::{
    Promise, TimedOut, Timeout, TimeoutStateError, catch_cancel, create_task, current_task,
    get_running_loop, sleep, wait_for,
};

use crate::programs::{cancelling, ended, ms, val};
use crate::raised::{Raised, key_error, runtime_error, value_error};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("D19", d19),
        Case::new("D20", d20),
        Case::new("D21", d21),
        Case::new("D22", d22),
        Case::real("D23", d23),
        Case::new("D24", d24),
        Case::new("D25", d25),
        Case::new("D26", d26),
        Case::new("D27", d27),
        Case::new("D28", d28),
        Case::new("D29", d29),
        Case::new("D30", d30),
        Case::new("D44", d44),
    ]
}

async fn d19(trace: Trace) {
    let task = create_task(async move {
        let slept = catch_cancel(sleep(ms(9000))).await;
        trace.say("cleanup 1");
        sleep(ms(10)).await;
        trace.say("cleanup 2");
        if let Err(cancelled) = slept {
            cancelled.raise().await;
        }
    });
    if let Err(timed_out) = wait_for(task.clone(), ms(10)).await {
        trace.say((timed_out, task.cancelled()));
    }
}

async fn d20(trace: Trace) {
    let work = async move { trace.say("started") };
    if let Err(timed_out) = wait_for(work, ms(0)).await {
        trace.say(timed_out);
    }
    let promise = get_running_loop().create_promise();
    promise.set_result("ready").expect("it is new");
    trace.say(wait_for(promise, ms(0)).await);
}

async fn d21(trace: Trace) {
    let task = create_task(async {
        match catch_cancel(sleep(ms(9000))).await {
            Ok(()) => "slept",
            Err(_) => "suppressed",
        }
    });
    trace.say(wait_for(task, ms(10)).await);
}

async fn d22(trace: Trace) {
    let inner = create_task(val(trace, "inner", ms(9000)));
    let outer = create_task(wait_for(inner.clone(), ms(5000)));
    sleep(ms(0)).await;
    sleep(ms(0)).await;
    outer.cancel();
    ended([&outer]).await;
    trace.say((outer.cancelled(), inner.cancelled()));
}

/// Something blocks the loop for so long that both timers are due in one turn.
async fn d23(trace: Trace) {
    let event_loop = get_running_loop();
    let promise: Promise<&str> = event_loop.create_promise();
    let task = create_task(wait_for(promise.clone(), ms(50)));
    sleep(ms(0)).await;
    // The loop is held up until both are overdue, so that they come in one turn.
    event_loop.call_soon(|| std::thread::sleep(ms(60)));
    let set = promise.clone();
    event_loop.call_later(ms(1), move || set.set_result("ok").expect("it is new"));
    match task.await {
        Ok(value) => trace.say(value),
        Err(timed_out) => {
            trace.say((timed_out, "but the future holds", value_of(&promise)));
        }
    }
    let early = event_loop.create_promise();
    let set = early.clone();
    event_loop.call_soon(move || set.set_result("early").expect("it is new"));
    trace.say(wait_for(early, ms(200)).await);
}

/// The value of a promise that has one.
fn value_of<T: Clone + 'static>(promise: &Promise<T>) -> Option<T> {
    promise.result().ok()?.ok()
}

/// Runs a body that is new.
async fn within<T>(limit: &Timeout, body: impl Future<Output = T>) -> Result<T, TimedOut> {
    limit.run(body).expect("it has not been run").await
}

async fn d24(trace: Trace) {
    let limit = Timeout::after(ms(10));
    let body = async {
        if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
            trace.say("inside");
            cancelled.raise().await;
        }
    };
    if let Err(timed_out) = within(&limit, body).await {
        trace.say((timed_out, limit.expired(), cancelling()));
    }
}

async fn d25(trace: Trace) {
    let (outer, inner) = (Timeout::after(ms(10)), Timeout::after(ms(5000)));
    let body = async {
        let slept = within(&inner, sleep(ms(9000)));
        match catch_cancel(slept).await {
            Ok(slept) => trace.say(("inner block saw", slept)),
            Err(cancelled) => {
                trace.say(("inner block saw", &cancelled));
                cancelled.raise().await
            }
        }
    };
    if let Err(TimedOut) = within(&outer, body).await {
        trace.say((outer.expired(), inner.expired()));
    }
}

async fn d26(trace: Trace) {
    let limit = Timeout::after(ms(0));
    let one = within(&limit, async { 1 }).await;
    trace.say(limit.expired() || one.is_err());
    let limit = Timeout::after(ms(0));
    if let Err(timed_out) = within(&limit, sleep(ms(0))).await {
        trace.say((timed_out, limit.expired()));
    }
}

async fn d27(trace: Trace) {
    let later = Some(get_running_loop().time() + ms(2000));
    let limit = Timeout::after(ms(1000));
    trace.say(limit.reschedule(later).map_err(state));
    let body = async {
        let again = limit.run(async {});
        trace.say(again.map(drop).map_err(state));
    };
    within(&limit, body).await.expect("there was time");
    trace.say(limit.reschedule(later).map_err(state));
}

fn state(error: TimeoutStateError) -> Raised {
    runtime_error(match error {
        TimeoutStateError::NotEntered => "Timeout has not been entered",
        TimeoutStateError::AlreadyEntered => "Timeout has already been entered",
        TimeoutStateError::Expiring => "Cannot change state of expiring Timeout",
        TimeoutStateError::Finished => "Cannot change state of finished Timeout",
    })
}

async fn d28(trace: Trace) {
    let limit = Timeout::after(ms(10));
    let body = async {
        let later = get_running_loop().time() + ms(500);
        let moved = limit.reschedule(Some(later));
        sleep(ms(30)).await;
        moved
    };
    let ran = within(&limit, body).await;
    trace.say((limit.expired() || ran != Ok(Ok(())), limit.when().is_some()));
}

/// Errors have no context here. What stands in the third place is whether the time was over.
async fn d29(trace: Trace) {
    let limit = Timeout::after(ms(10));
    let body = async {
        match catch_cancel(sleep(ms(9000))).await {
            Ok(()) => Ok(()),
            Err(_) => Err(key_error("mine")),
        }
    };
    if let Ok(Err(error)) = within(&limit, body).await {
        let context = limit.expired().then_some(TimedOut);
        trace.say((error, limit.expired(), context));
    }
}

async fn d30(trace: Trace) {
    let task = create_task(async move {
        let limit = Timeout::after(ms(10));
        let body = async {
            if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
                current_task().expect("in a task").cancel();
                cancelled.raise().await;
            }
        };
        match catch_cancel(within(&limit, body)).await {
            Ok(ran) => trace.say((ran, cancelling())),
            Err(cancelled) => {
                trace.say((&cancelled, cancelling()));
                cancelled.raise().await
            }
        }
    });
    ended([&task]).await;
    trace.say(task.cancelled());
}

/// A sleep takes a `Duration`, which is a number. Who has a float must convert it, and what is
/// no number is refused there.
async fn d44(trace: Trace) {
    let slept = async {
        sleep(ms(1)).await;
        "res"
    };
    trace.say(slept.await);
    match Duration::try_from_secs_f64(f64::NAN) {
        Ok(delay) => sleep(delay).await,
        Err(_) => trace.say(value_error("Invalid delay: NaN (not a number)")),
    }
    let event_loop = get_running_loop();
    let before = event_loop.stats().timers;
    let task = create_task(sleep(ms(99_000)));
    sleep(ms(0)).await;
    trace.say(event_loop.stats().timers - before);
    task.cancel();
    ended([&task]).await;
    trace.say(event_loop.stats().timers - before);
}
