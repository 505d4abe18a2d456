//! Group D, waiting for all: gather and shield.

use looplet::{catch_cancel, create_task, gather, shield, sleep, try_gather};

use crate::programs::{Ended, bad, ended, ms, val};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("D01", d01),
        Case::new("D02", d02),
        Case::new("D03", d03),
        Case::new("D04", d04),
        Case::new("D05", d05),
        Case::new("D06", d06),
        Case::new("D07", d07),
        Case::new("D08", d08),
        Case::new("D09", d09),
        Case::new("D17", d17),
        Case::new("D18", d18),
    ]
}

async fn d01(trace: Trace) {
    let a = val(trace, "a", ms(30));
    let b = val(trace, "b", ms(10));
    let c = val(trace, "c", ms(20));
    trace.say(gather(vec![create_task(a), create_task(b), create_task(c)]).await);
}

async fn d02(trace: Trace) {
    let a = create_task(val(trace, "a", ms(30)));
    let b = create_task(bad(trace, "b", ms(10)));
    if let Err(error) = try_gather([a.clone(), b]).await {
        trace.say(("caught", error, a.done()));
    }
    trace.say(a.await);
}

/// A gather gives every outcome, as with `return_exceptions=True`.
async fn d03(trace: Trace) {
    let a = create_task(val(trace, "a", ms(20)));
    let b = create_task(bad(trace, "b", ms(10)));
    trace.say(gather([a, b]).await);
}

async fn d04(trace: Trace) {
    let nothing = gather(Vec::<looplet::Task<Ended>>::new());
    trace.say((nothing.done(), nothing.await));
}

/// Awaiting by value moves a result out, so the same task twice is refused: a clone of the
/// result is what the second place gets.
async fn d05(trace: Trace) {
    let x = create_task(val(trace, "x", ms(0)));
    let again = x.clone();
    let again = async move { (&again).await };
    let y = val(trace, "y", ms(0));
    let (first, second, y) = gather((x, again, y)).await;
    trace.say([first, second, y]);
}

async fn d06(trace: Trace) {
    let a = create_task(val(trace, "a", ms(9000)));
    let b = create_task(val(trace, "b", ms(9000)));
    let c = create_task(val(trace, "c", ms(0)));
    let all = gather([a, b, c]);
    sleep(ms(10)).await;
    trace.say((all.cancel(), all.cancelled()));
    if let Err(cancelled) = catch_cancel(&all).await {
        trace.say((cancelled, all.cancelled()));
    }
}

async fn d07(trace: Trace) {
    let a = create_task(val(trace, "a", ms(9000)));
    let b = create_task(val(trace, "b", ms(20)));
    let both = gather([a.clone(), b.clone()]);
    sleep(ms(0)).await;
    a.cancel();
    if catch_cancel(&both).await.is_err() {
        trace.say(("gather raised", both.cancelled(), b.done()));
    }
    trace.say(b.await);
}

async fn d08(trace: Trace) {
    let task = create_task(async move {
        let _results = gather([create_task(val(trace, "a", ms(9000)))]).await;
        trace.say("not reached");
    });
    sleep(ms(10)).await;
    task.cancel();
    ended([&task]).await;
    trace.say(task.cancelled());
}

async fn d09(trace: Trace) {
    let a = create_task(val(trace, "a", ms(20)));
    let b = create_task(bad(trace, "b", ms(0)));
    let both = try_gather([a.clone(), b]);
    if (&both).await.is_err() {
        trace.say((both.cancel(), a.cancelled()));
    }
    trace.say(a.await);
}

async fn d17(trace: Trace) {
    let inner = create_task(val(trace, "inner", ms(20)));
    let shielded = inner.clone();
    let outer = create_task(async move {
        if let Err(cancelled) = catch_cancel(shield(shielded)).await {
            trace.say("outer cancelled");
            cancelled.raise().await;
        }
    });
    sleep(ms(0)).await;
    outer.cancel();
    ended([&outer]).await;
    trace.say((outer.cancelled(), inner.cancelled()));
    trace.say(inner.await);
}

async fn d18(trace: Trace) {
    let inner = create_task(sleep(ms(9000)));
    let outer = shield(inner.clone());
    sleep(ms(0)).await;
    inner.cancel();
    if catch_cancel(&outer).await.is_err() {
        trace.say((outer.cancelled(), inner.cancelled()));
    }
}
