//! Group D, waiting for some: `wait`, `as_completed`, a staggered race.

use looplet::{
    Completed, NoTasks, RaceError, ReturnWhen, Task, TaskError, TimedOut, as_completed,
    create_task, sleep, staggered_race, wait,
};

use crate::programs::{Ended, bad, ended, ms, val};
use crate::raised::{Raised, value_error};
use crate::table::Case;
use crate::trace::{Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("D10", d10),
        Case::new("D11", d11),
        Case::new("D12", d12),
        Case::new("D13", d13),
        Case::new("D14", d14),
        Case::new("D15", d15),
        Case::new("D16", d16),
        Case::new("D43", d43),
    ]
}

/// Whether these are those tasks; no two tasks of a loop have the same name here.
fn are<T: 'static>(some: &[Task<T>], others: &[&Task<T>]) -> bool {
    let names = some.iter().map(Task::name);
    names.eq(others.iter().map(|task| task.name()))
}

async fn d10(trace: Trace) {
    let a = create_task(val(trace, "a", ms(30)));
    let b = create_task(val(trace, "b", ms(10)));
    let both = [a.clone(), b.clone()];
    let waited = wait(both, ReturnWhen::FirstCompleted, None).await;
    let (done, pending) = waited.expect("there are two tasks");
    trace.say((are(&done, &[&b]), are(&pending, &[&a]), a.cancelled()));
    trace.say(a.await);
}

async fn d11(trace: Trace) {
    let a = create_task(val(trace, "a", ms(30)));
    let b = create_task(val(trace, "b", ms(10)));
    let waited = wait([a.clone(), b], ReturnWhen::AllCompleted, Some(ms(20))).await;
    let (done, pending) = waited.expect("there are two tasks");
    trace.say((done.len(), pending.len()));
    trace.say(a.await);
}

async fn d12(trace: Trace) {
    let a = create_task(val(trace, "a", ms(9000)));
    let b = create_task(bad(trace, "b", ms(20)));
    let c = create_task(val(trace, "c", ms(9000)));
    sleep(ms(0)).await;
    c.cancel();
    let all = [a.clone(), b.clone(), c.clone()];
    let waited = wait(all, ReturnWhen::first_exception(), None).await;
    let (done, pending) = waited.expect("there are three tasks");
    let is_done = |task: &Task<Ended>| done.iter().any(|done| done.name() == task.name());
    trace.say((is_done(&b), is_done(&c), are(&pending, &[&a])));
    a.cancel();
    ended([&a]).await;
}

async fn d13(trace: Trace) {
    let nothing: [Task<()>; 0] = [];
    if let Err(NoTasks) = wait(nothing, ReturnWhen::AllCompleted, None).await {
        trace.say(value_error("Set of Tasks/Futures is empty."));
    }
    let (done, _) = wait([sleep(ms(0))], ReturnWhen::AllCompleted, None)
        .await
        .expect("there is a future");
    trace.say(("a future becomes a task:", done.len()));
}

async fn d14(trace: Trace) {
    let mut completed = as_completed([
        create_task(val(trace, "a", ms(30))),
        create_task(val(trace, "b", ms(10))),
        create_task(val(trace, "c", ms(20))),
    ]);
    while let Some(Ok(Completed { task, .. })) = completed.next().await {
        trace.say(("got", task.await));
    }
}

async fn d15(trace: Trace) {
    let a = create_task(val(trace, "a", ms(10)));
    let b = create_task(val(trace, "b", ms(40)));
    let mut completed = as_completed([a, b.clone()]).timeout(ms(20));
    while let Some(next) = completed.next().await {
        match next {
            Ok(next) => trace.say(("got", next.task.await)),
            Err(TimedOut) => trace.say((TimedOut, b.done())),
        }
    }
    trace.say(b.await);
}

async fn d16(trace: Trace) {
    let a = create_task(val(trace, "a", ms(20)));
    let b = create_task(val(trace, "b", ms(10)));
    a.set_name("A");
    b.set_name("B");
    let mut completed = as_completed([a, b]);
    let names = ["A", "B"];
    while let Some(Ok(next)) = completed.next().await {
        // It is the task itself: it has the name that it was given.
        let name = next.task.name();
        trace.say((&name, names[next.index] == name));
    }
}

async fn d43(trace: Trace) {
    let dead = async move {
        sleep(ms(10)).await;
        trace.say(("raise", "a"));
        Err(Raised::new("OSError", "a"))
    };
    let racers: [Racer; 3] = [
        Box::pin(dead),
        Box::pin(val(trace, "b", ms(30))),
        Box::pin(val(trace, "c", ms(9000))),
    ];
    let race = staggered_race(racers, Some(ms(20))).await;
    let (name, place) = race.winner.unzip();
    let errors = race.errors.iter().map(|error| error.as_ref().map(label));
    trace.say((name, place, errors.collect::<Vec<_>>()));
}

type Racer = std::pin::Pin<Box<dyn Future<Output = Ended>>>;

/// A race says why it cancels the others; asyncio's does not.
fn label(error: &RaceError<Raised>) -> String {
    match error {
        RaceError::Failed(error) => error.str(),
        RaceError::Ended(TaskError::Cancelled(_)) => "CancelledError".to_string(),
        RaceError::Ended(failure) => failure.str(),
    }
}
