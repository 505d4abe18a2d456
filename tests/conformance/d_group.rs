//! Group D, task groups.

use looplet::{GroupStateError, TaskGroup, catch_cancel, create_task, sleep};

use crate::programs::{bad, cancelling, ended, ms, val};
use crate::raised::{Raised, key_error, runtime_error, value_error};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("D31", d31),
        Case::new("D32", d32),
        Case::new("D33", d33),
        Case::new("D34", d34),
        Case::new("D35", d35),
        Case::new("D36", d36),
        Case::new("D37", d37),
        Case::new("D38", d38),
        Case::new("D39", d39),
    ]
}

/// What most groups here are: whatever fails in them raises the same kind of error.
type Group = TaskGroup<Raised>;

/// Waits until it is cancelled, and then fails with `error`.
async fn fails_when_cancelled(error: Raised) -> Result<(), Raised> {
    match catch_cancel(sleep(ms(9000))).await {
        Ok(()) => Ok(()),
        Err(_) => Err(error),
    }
}

async fn d31(trace: Trace) {
    let ran = Group::scope(async |group| {
        let a = group.create_task(val(trace, "a", ms(20)));
        let b = group.create_task(val(trace, "b", ms(10)));
        trace.say("body end");
        Ok((a, b))
    });
    if let Ok((a, b)) = ran.await {
        trace.say(("after", a.await, b.await));
    }
}

async fn d32(trace: Trace) {
    let ran = Group::scope(async |group| {
        group.create_task(val(trace, "a", ms(9000)));
        group.create_task(bad(trace, "b", ms(10)));
        if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
            trace.say("body cancelled");
            cancelled.raise().await;
        }
        Ok(())
    });
    if let Err(errors) = ran.await {
        let text = match errors.errors().len() {
            1 => "1 sub-exception".to_string(),
            count => format!("{count} sub-exceptions"),
        };
        let text = format!("unhandled errors in a TaskGroup ({text})");
        trace.say((errors, text));
    }
    trace.say(("cancelling", cancelling()));
}

async fn d33(trace: Trace) {
    let ran = Group::scope(async |group| {
        group.create_task(bad(trace, "one", ms(10)));
        group.create_task(fails_when_cancelled(key_error("two")));
        Ok(())
    });
    if let Err(errors) = ran.await {
        trace.say(errors);
    }
}

async fn d34(trace: Trace) {
    let ran = Group::scope(async |group| {
        let a = group.create_task(val(trace, "a", ms(9000)));
        group.create_task(val(trace, "b", ms(20)));
        sleep(ms(0)).await;
        a.cancel();
        Ok(a)
    });
    if let Ok(a) = ran.await {
        trace.say(a.cancelled());
    }
}

async fn d35(trace: Trace) {
    let task = create_task(async move {
        let ran = Group::scope(async |group| {
            group.create_task(val(trace, "a", ms(9000)));
            group.create_task(val(trace, "b", ms(9000)));
            Ok(())
        });
        ran.await.expect("nothing fails");
    });
    sleep(ms(10)).await;
    task.cancel();
    if let Err(cancelled) = catch_cancel(task.clone()).await {
        trace.say((cancelled, task.cancelled(), task.cancelling()));
    }
}

async fn d36(trace: Trace) {
    let ran = Group::scope(async |group| {
        group.create_task(val(trace, "a", ms(9000)));
        sleep(ms(0)).await;
        Err::<(), _>(key_error("body"))
    });
    if let Err(errors) = ran.await {
        trace.say(errors);
    }
}

async fn d37(trace: Trace) {
    let group = Group::new();
    let refused = |group: &Group| {
        let created = group.try_create_task(async { Ok(()) });
        created.err().map(state)
    };
    trace.say(refused(&group));
    let body = async |group: Group| {
        group.create_task(bad(trace, "b", ms(0)));
        if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
            trace.say(refused(&group));
            cancelled.raise().await;
        }
        Ok(())
    };
    let ran = group.run(body).expect("it has not been run").await;
    drop(ran);
    trace.say(refused(&group));
}

fn state(error: GroupStateError) -> Raised {
    let state = match error {
        GroupStateError::NotEntered => "has not been entered",
        GroupStateError::AlreadyEntered => "has already been entered",
        GroupStateError::ShuttingDown => "is shutting down",
        GroupStateError::Finished => "is finished",
    };
    runtime_error(&format!("TaskGroup <TG> {state}"))
}

async fn d38(trace: Trace) {
    let task = create_task(async move {
        let ran = Group::scope(async |group| {
            group.create_task(fails_when_cancelled(value_error("child")));
            sleep(ms(9000)).await;
            Ok(())
        });
        if let Err(errors) = ran.await {
            trace.say((errors, cancelling()));
        }
        match catch_cancel(sleep(ms(0))).await {
            Ok(()) => trace.say("not reached"),
            Err(cancelled) => {
                trace.say("cancel delivered later");
                cancelled.raise().await
            }
        }
    });
    sleep(ms(10)).await;
    task.cancel();
    ended([&task]).await;
    trace.say(task.cancelled());
}

/// The errors of the outer group are groups.
async fn d39(trace: Trace) {
    let ran = TaskGroup::scope(async |outer| {
        outer.create_task(async move { Ok(val(trace, "sib", ms(9000)).await.ok()) });
        let inner = Group::scope(async |inner| {
            inner.create_task(bad(trace, "deep", ms(10)));
            Ok(())
        });
        inner.await
    });
    if let Err(errors) = ran.await {
        trace.say(errors);
    }
}
