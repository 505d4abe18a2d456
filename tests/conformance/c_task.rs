//! Group C, tasks: when they start, how many turns an await costs, how they end.

use std::cell::Cell;
use std::rc::Rc;

use looplet::{
    ContextVar, Promise, ReturnWhen, Task, TaskGroup, TaskOptions, all_tasks, as_completed,
    create_task, create_task_with, current_task, gather, get_running_loop, shield, sleep,
    sleep_until, wait, wait_for,
};

use crate::programs::{Tick, ms, new_loop};
use crate::raised::{Raised, key_error, message, value_error};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("C01", c01),
        Case::new("C02", c02),
        Case::new("C03", c03),
        Case::new("C04", c04),
        Case::new("C05", c05),
        Case::new("C18", c18),
        Case::new("C19", c19),
        Case::new("C20", c20),
        Case::new("C21", c21),
        Case::by_hand("C22", c22),
        Case::new("C23", c23),
        Case::new("C24", c24),
        Case::new("C25", c25),
        Case::new("C26", c26),
    ]
}

async fn c01(trace: Trace) {
    let _tasks = [0, 1, 2].map(|number| create_task(async move { trace.say(("start", number)) }));
    trace.say("created");
    sleep(ms(0)).await;
    trace.say("main");
}

async fn c02(trace: Trace) {
    let work = |name: &'static str| async move {
        for number in 0..3 {
            trace.say(format_args!("{name}{number}"));
            sleep(ms(0)).await;
        }
    };
    gather([work("a"), work("b")]).await;
}

async fn c03(trace: Trace) {
    let tick = Tick::start();
    sleep(ms(0)).await;
    let before = tick.count();
    let inner = || async move {
        trace.say("inner");
        1
    };
    get_running_loop().call_soon(trace.sayer("loop"));
    inner().await;
    inner().await;
    trace.say(("iterations", tick.count() - before));
    sleep(ms(0)).await;
    tick.stop();
}

/// The second delay is negative in Python: a deadline that has passed.
async fn c04(trace: Trace) {
    let tick = Tick::start();
    sleep(ms(0)).await;
    let before = tick.count();
    sleep(ms(0)).await;
    trace.say((0, tick.count() - before));
    let before = tick.count();
    sleep_until(get_running_loop().time() - ms(1)).await;
    trace.say((-1, tick.count() - before));
    tick.stop();
}

async fn c05(trace: Trace) {
    let tick = Tick::start();
    sleep(ms(0)).await;
    let end: Rc<Cell<u32>> = Rc::default();
    let child = || {
        let (tick, end) = (tick.clone(), end.clone());
        async move {
            sleep(ms(0)).await;
            sleep(ms(0)).await;
            end.set(tick.count());
            1
        }
    };
    let task = || create_task(child());
    let say = |name: &'static str| trace.say((name, tick.count() - end.get()));
    task().await;
    say("await task");
    gather([task()]).await;
    say("gather");
    let waited = wait([task()], ReturnWhen::AllCompleted, None).await;
    waited.expect("there is a task");
    say("wait");
    wait_for(task(), ms(9000)).await.expect("there is time");
    say("wait_for");
    shield(task()).await;
    say("shield");
    let mut completed = as_completed([task()]);
    while completed.next().await.is_some() {}
    say("as_completed");
    let ran = TaskGroup::<Raised>::scope(async |group| {
        let child = child();
        group.create_task(async { Ok(child.await) });
        Ok(())
    });
    ran.await.expect("nothing fails");
    say("TaskGroup");
    tick.stop();
}

async fn c18(trace: Trace) {
    get_running_loop().call_soon(move || {
        trace.say(("in callback", current_task().map(|task| task.name())));
    });
    let work = |name: &'static str| {
        let say_name = move || trace.say(current_task().map(|task| task.name()));
        let task = create_task(async move {
            say_name();
            sleep(ms(0)).await;
            say_name();
        });
        task.set_name(name);
        task
    };
    let tasks = [work("A"), work("B")];
    let names = || {
        let names = all_tasks().into_iter().map(|task| task.name());
        let mut names: Vec<String> = names.filter(|name| ["A", "B"].contains(&&**name)).collect();
        names.sort();
        names
    };
    trace.say(names());
    gather(tasks).await;
    trace.say(names());
}

async fn c19(trace: Trace) {
    let task = create_task(sleep(ms(0)));
    task.set_result(trace);
    task.set_exception(trace);
    task.await;
}

/// What is called if a task has no methods of these names.
trait Unsupported {
    fn set_result(&self, trace: Trace) {
        trace.say("a task has no set_result");
    }

    fn set_exception(&self, trace: Trace) {
        trace.say("a task has no set_exception");
    }
}

impl<T> Unsupported for Task<T> {}

/// How an eager task is made.
fn eager(name: &str) -> TaskOptions {
    TaskOptions {
        name: Some(name.to_string()),
        eager: true,
        ..TaskOptions::default()
    }
}

fn own_name() -> Option<String> {
    current_task().map(|task| task.name())
}

async fn c20(trace: Trace) {
    let me = own_name();
    let fast = async move {
        trace.say(("fast", own_name()));
        1
    };
    let fast = create_task_with(fast, eager("F"));
    trace.say((fast.done(), own_name() == me));
    let slow = async move {
        trace.say("slow 1");
        sleep(ms(0)).await;
        trace.say("slow 2");
        2
    };
    let slow = create_task_with(slow, eager("S"));
    trace.say(slow.done());
    trace.say(slow.await);
}

async fn c21(trace: Trace) {
    let raises = async { Err::<(), Raised>(key_error("e")) };
    let task = create_task_with(raises, eager("E"));
    trace.say(task.done());
    if let Err(error) = task.await {
        trace.say(error);
    }
}

/// The loop owns its tasks. So one that is left is not collected but destroyed when the loop
/// is closed.
fn c22(trace: Trace) {
    let event_loop = new_loop();
    event_loop.set_exception_handler(Some(Rc::new(move |report| trace.say(message(report)))));
    let promise: Promise<()> = event_loop.create_promise();
    let task = event_loop.create_task(promise.into_future());
    let ran = event_loop.run_until_complete(sleep(ms(0)));
    ran.expect("it ends by itself");
    drop(task);
    event_loop.close();
}

async fn c23(_trace: Trace) {
    async fn func() {}
    drop(func());
}

async fn c24(trace: Trace) {
    static V: ContextVar<u32> = ContextVar::new("v");
    V.set(1);
    let task = create_task(async move {
        trace.say(("in", V.get()));
        V.set(2);
        sleep(ms(0)).await;
        trace.say(("in", V.get()));
    });
    V.set(3);
    get_running_loop().call_soon(move || {
        trace.say(("cb", V.get()));
        V.set(9);
    });
    task.await;
    trace.say(("out", V.get()));
}

async fn c25(trace: Trace) {
    let task = create_task(async {
        sleep(ms(0)).await;
        Err::<(), Raised>(value_error("v"))
    });
    if let Err(error) = (&task).await {
        trace.say((error, task.result()));
    }
    drop(task);
    trace.say("no report");
}

async fn c26(trace: Trace) {
    let task = create_task(async {
        sleep(ms(0)).await;
        "r"
    });
    (&task).await;
    trace.say((
        task.cancel(),
        task.cancelled(),
        task.cancelling(),
        task.result(),
    ));
}
