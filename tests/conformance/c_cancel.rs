//! Group C, cancellation: what a request reaches, when, and what comes of it.

use std::cell::RefCell;
use std::rc::Rc;

use looplet::{
    Promise, Task, TaskError, catch_cancel, create_task, current_task, get_running_loop, sleep,
};

use crate::programs::{ended, ms};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("C06", c06),
        Case::new("C07", c07),
        Case::new("C08", c08),
        Case::new("C09", c09),
        Case::new("C10", c10),
        Case::new("C11", c11),
        Case::new("C12", c12),
        Case::new("C13", c13),
        Case::new("C14", c14),
        Case::new("C15", c15),
        Case::new("C16", c16),
        Case::new("C17", c17),
    ]
}

/// Long enough that only a cancel ends it.
async fn forever() {
    sleep(ms(10_000)).await;
}

/// Asks the task that is running to end.
fn cancel_self() {
    let task = current_task().expect("a coroutine runs in a task");
    task.cancel();
}

async fn c06(trace: Trace) {
    let task = create_task(async move { trace.say("never") });
    trace.say(task.cancel_with("m"));
    trace.say((task.cancelled(), task.done()));
    if let Err(cancelled) = catch_cancel(task.clone()).await {
        trace.say((cancelled, task.cancelled()));
    }
}

async fn c07(trace: Trace) {
    let task = create_task(async move {
        let slept = catch_cancel(forever()).await;
        trace.say("finally");
        if let Err(cancelled) = slept {
            cancelled.raise().await;
        }
    });
    sleep(ms(0)).await;
    trace.say((task.cancel(), task.cancelled(), task.cancelling()));
    sleep(ms(0)).await;
    trace.say((task.cancelled(), task.cancel()));
}

async fn c08(trace: Trace) {
    let task = create_task(async move {
        if catch_cancel(forever()).await.is_err() {
            trace.say("swallowed");
        }
        sleep(ms(0)).await;
        42
    });
    sleep(ms(0)).await;
    task.cancel();
    trace.say(((&task).await, task.cancelled(), task.cancelling()));
}

async fn c09(trace: Trace) {
    let task = create_task(async move {
        cancel_self();
        trace.say("still running");
        match catch_cancel(sleep(ms(0))).await {
            Ok(()) => trace.say("not reached"),
            Err(cancelled) => {
                trace.say("here");
                cancelled.raise().await
            }
        }
    });
    ended([&task]).await;
    trace.say(task.cancelled());
}

async fn c10(trace: Trace) {
    let task = create_task(async {
        cancel_self();
        12
    });
    ended([&task]).await;
    trace.say((task.cancelled(), task.cancelling()));
}

async fn c11(trace: Trace) {
    let task = create_task(async move {
        if let Err(cancelled) = catch_cancel(forever()).await {
            trace.say(("first", cancelled));
        }
        sleep(ms(0)).await;
        "done"
    });
    sleep(ms(0)).await;
    trace.say((
        task.cancel_with("m1"),
        task.cancel_with("m2"),
        task.cancelling(),
    ));
    trace.say(task.await);
}

async fn c12(trace: Trace) {
    let inner: Rc<RefCell<Option<Task<()>>>> = Rc::default();
    let place = inner.clone();
    let outer = create_task(async move {
        let inner = create_task(async move {
            if let Err(cancelled) = catch_cancel(forever()).await {
                trace.say(("inner", &cancelled));
                cancelled.raise().await;
            }
        });
        place.replace(Some(inner.clone()));
        if let Err(cancelled) = catch_cancel(inner).await {
            trace.say(("outer", &cancelled));
            cancelled.raise().await;
        }
    });
    sleep(ms(0)).await;
    sleep(ms(0)).await;
    trace.say(outer.cancel_with("why"));
    ended([&outer]).await;
    let inner = inner.take().expect("the outer task has run");
    trace.say((
        inner.cancelled(),
        outer.cancelled(),
        inner.cancelling(),
        outer.cancelling(),
    ));
}

async fn c13(trace: Trace) {
    let inner = async {
        match catch_cancel(forever()).await {
            Ok(()) => "inner slept",
            Err(_) => "inner survived",
        }
    };
    let outer = create_task(async move {
        trace.say(("outer got", create_task(inner).await));
        "outer ok"
    });
    sleep(ms(0)).await;
    sleep(ms(0)).await;
    outer.cancel();
    trace.say(((&outer).await, outer.cancelled(), outer.cancelling()));
}

async fn c14(trace: Trace) {
    let promise: Promise<()> = get_running_loop().create_promise();
    let task = create_task(promise.clone().into_future());
    sleep(ms(0)).await;
    task.cancel();
    trace.say((promise.cancelled(), task.done()));
    ended([&task]).await;
    trace.say(task.cancelled());
}

async fn c15(trace: Trace) {
    let me: Rc<RefCell<Option<Task<&str>>>> = Rc::default();
    let place = me.clone();
    let task = create_task(async move {
        let me = me.take().expect("it was put there");
        me.cancel();
        me.cancel();
        trace.say((me.cancelling(), me.uncancel(), me.uncancel(), me.uncancel()));
        sleep(ms(0)).await;
        "not cancelled"
    });
    place.replace(Some(task.clone()));
    trace.say(task.await);
}

async fn c16(trace: Trace) {
    let task = create_task(async move {
        if catch_cancel(forever()).await.is_ok() {
            return;
        }
        trace.say("cleanup start");
        if let Err(cancelled) = catch_cancel(forever()).await {
            trace.say("cleanup interrupted");
            cancelled.raise().await;
        }
    });
    sleep(ms(0)).await;
    task.cancel();
    sleep(ms(0)).await;
    trace.say(task.done());
    task.cancel();
    ended([&task]).await;
    trace.say((task.cancelled(), task.cancelling()));
}

async fn c17(trace: Trace) {
    let me: Rc<RefCell<Option<Task<()>>>> = Rc::default();
    let place = me.clone();
    let task = create_task(async move {
        let me = me.take().expect("it was put there");
        me.await;
    });
    place.replace(Some(task.clone()));
    if let Err(TaskError::Panicked(payload)) = task.join().await
        && let Some(text) = payload.downcast_ref::<String>()
        && text.starts_with("a task cannot await itself")
    {
        trace.say("Task cannot await on itself");
    }
}
