//! Group G: runs, their ends, and what can be asked from outside.

use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use looplet::{
    Clock, ContextVar, RunError, Runner, Task, catch_cancel, create_task, current_task,
    format_call_graph, gather, get_running_loop, sleep, try_get_running_loop,
};

use crate::programs::{loop_on, ms, new_loop, panic_of, stop};
use crate::raised::{cause, division_by_zero, message, runtime_error, throw};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("G01", g01),
        Case::by_hand("G02", g02),
        Case::by_hand("G03", g03),
        Case::by_hand("G04", g04),
        Case::by_hand("G07", g07),
        Case::by_hand("G08", g08),
        Case::by_hand("G09", g09),
        Case::new("G10", g10),
    ]
}

/// What `run` does, with virtual time.
fn run<F: Future + 'static>(main: F) -> F::Output {
    let ran = Runner::with_loop(new_loop()).run(main);
    ran.expect("it ends by itself")
}

fn g01(trace: Trace) {
    let background = async move {
        let slept = catch_cancel(sleep(ms(99_000))).await;
        trace.say("bg finally 1");
        sleep(ms(10)).await;
        trace.say("bg finally 2");
        if let Err(cancelled) = slept {
            cancelled.raise().await;
        }
    };
    trace.say(run(async move {
        create_task(background);
        sleep(ms(0)).await;
        trace.say("main done");
        123
    }));
}

fn g02(trace: Trace) {
    let background = async {
        if catch_cancel(sleep(ms(99_000))).await.is_err() {
            throw(division_by_zero());
        }
    };
    trace.say(run(async move {
        get_running_loop().set_exception_handler(Some(Rc::new(move |report| {
            trace.say((message(report), cause(report)));
        })));
        create_task(background);
        sleep(ms(0)).await;
        "ok"
    }));
}

fn g03(trace: Trace) {
    run(async move {
        let nested = Runner::with_loop(new_loop()).run(sleep(ms(0)));
        if let Err(RunError::AlreadyRunning) = nested {
            let text = "asyncio.run() cannot be called from a running event loop";
            trace.say(runtime_error(text));
        }
    });
}

fn g04(trace: Trace) {
    static V: ContextVar<&str> = ContextVar::new("v");
    /// Tells loops apart.
    fn id() -> String {
        format!("{:?}", get_running_loop().handle())
    }
    let runner = Runner::with_loop(new_loop());
    let set = runner.run(async {
        V.set("kept");
        id()
    });
    let got = runner.run(async { (V.get(), id()) });
    let (kept, again) = got.expect("it ends by itself");
    trace.say((kept, set.ok() == Some(again)));
    runner.close();
}

/// What leaves the loop at Ctrl-C in Python is a stop here: no panic of a task ends a loop.
fn g07(trace: Trace) {
    let event_loop = new_loop();
    let tasks = [2, 3, 3].map(|seconds| {
        event_loop.create_task(async move {
            trace.say("get");
            sleep(ms(1000 * seconds)).await;
            trace.say("end");
        })
    });
    event_loop.create_task(async {
        sleep(ms(10)).await;
        stop();
    });
    event_loop.run_forever().expect("it is stopped");
    trace.say(("interrupted", event_loop.all_tasks().len()));
    for task in event_loop.all_tasks() {
        trace.say(task.cancel());
    }
    event_loop.stop();
    event_loop.run_forever().expect("it is stopped");
    trace.say(tasks.each_ref().map(Task::cancelled));
    event_loop.close();
}

fn g08(trace: Trace) {
    let (sender, done) = mpsc::channel();
    let main = async move {
        let event_loop = get_running_loop();
        let job = event_loop.run_in_executor(&event_loop.default_executor(), move || {
            thread::sleep(ms(50));
            // The receiver outlives the run.
            let _ = sender.send(1);
        });
        sleep(ms(5)).await;
        drop(job);
    };
    let runner = Runner::with_loop(loop_on(Clock::Real));
    runner.run(main).expect("it ends by itself");
    drop(runner);
    trace.say(("joined", done.try_iter().collect::<Vec<i32>>()));
}

/// What is a panic with looplet (`get_running_loop`, `create_task`) or `None` is one error in
/// Python.
fn g09(trace: Trace) {
    let no_loop = || runtime_error("no running event loop");
    if try_get_running_loop().is_none() {
        trace.say(no_loop());
    }
    let text = panic_of(|| drop(create_task(async {})));
    if text.is_some_and(|text| text.starts_with("no running event loop")) {
        trace.say(no_loop());
    }
    if current_task().is_none() {
        trace.say(no_loop());
    }
}

async fn g10(trace: Trace) {
    async fn leaf(trace: Trace) {
        sleep(ms(10)).await;
        let graph = format_call_graph(None);
        graph.lines().take(6).for_each(|line| trace.say(bare(line)));
    }
    async fn mid(trace: Trace) {
        let leaf = create_task(leaf(trace));
        leaf.set_name("leaf");
        gather([leaf]).await;
    }
    let mid = create_task(mid(trace));
    mid.set_name("mid");
    mid.await;
}

/// A line of a call graph without what differs from run to run: ids, files, modules.
fn bare(line: &str) -> String {
    if let Some((head, _)) = line.split_once(" id=0x") {
        return format!("{head} id=X)");
    }
    let Some((head, place)) = line.split_once("File ") else {
        return line.to_string();
    };
    match place.rsplit_once("::") {
        Some((_, name)) => format!("{head}async {name}"),
        None => line.to_string(),
    }
}
