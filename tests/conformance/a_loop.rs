//! Group A, the loop: errors in callbacks, runs that are refused, closing.

use std::process::Command;
use std::rc::Rc;

use looplet::{EventLoop, RunError, create_task, get_running_loop, sleep};

use crate::programs::{ms, new_loop, run, stop};
use crate::raised::{
    Raised, cause, division_by_zero, key_error, message, refusal, runtime_error, throw, value_error,
};
use crate::table::Case;
use crate::trace::{Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("A13", a13),
        Case::by_hand("A14", a14),
        Case::by_hand("A15", a15),
        Case::by_hand("A16", a16),
        Case::by_hand("A17", a17),
    ]
}

fn a13(trace: Trace) {
    let event_loop = new_loop();
    event_loop.set_exception_handler(Some(Rc::new(move |report| {
        let message = message(report);
        let words: Vec<String> = message.split(' ').take(3).map(String::from).collect();
        // Whether the report is about a callback and not about a task.
        let handle = report.task.is_none();
        trace.say(("HANDLER", words, cause(report), handle));
    })));
    event_loop.call_soon(|| throw(value_error("x")));
    event_loop.call_soon(trace.sayer("next"));
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

/// The argument with which this program is [`child`].
pub(crate) const CHILD: &str = "--with-broken-handler";

/// The default handler writes to standard error. So the case is a process of its own, and
/// this one reads what it writes.
fn a14(trace: Trace) {
    let program = std::env::current_exe().expect("a test has a path");
    let ran = Command::new(program).arg(CHILD).output();
    let ran = ran.expect("a test can be run");
    let reports = String::from_utf8_lossy(&ran.stderr);
    for report in reports.lines() {
        let broken = "looplet: the exception handler panicked: ";
        if let Some(cause) = report.strip_prefix(broken) {
            trace.say(("DEFAULT: Unhandled error in exception handler", cause));
        }
    }
    for line in String::from_utf8_lossy(&ran.stdout).lines() {
        trace.say(line);
    }
}

/// A loop whose exception handler panics.
pub(crate) fn child() {
    let event_loop = new_loop();
    event_loop.set_exception_handler(Some(Rc::new(|_| {
        throw(Raised::new("AttributeError", "spam"))
    })));
    event_loop.call_soon(|| throw(division_by_zero()));
    event_loop.call_soon(|| println!("next"));
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

fn a15(trace: Trace) {
    let event_loop = new_loop();
    trace.say(event_loop.run_until_complete(async { 7 }).ok());
    let raises = async { Err::<(), Raised>(key_error("k")) };
    if let Ok(Err(error)) = event_loop.run_until_complete(raises) {
        trace.say(error);
    }
    let stops = async {
        stop();
        sleep(ms(5000)).await;
    };
    if let Err(error) = event_loop.run_until_complete(stops) {
        trace.say(refusal(&event_loop, &error));
    }
    event_loop.close();
}

fn a16(trace: Trace) {
    let event_loop = new_loop();
    let main = async move {
        let event_loop = get_running_loop();
        let promise = event_loop.create_promise::<()>();
        let nested: [Result<(), RunError>; 2] = [
            event_loop.run_until_complete(promise.into_future()),
            event_loop.run_forever(),
        ];
        for error in nested.into_iter().filter_map(Result::err) {
            trace.say(refusal(&event_loop, &error));
        }
    };
    event_loop
        .run_until_complete(main)
        .expect("it ends by itself");
    trace.say(event_loop.is_running());
    event_loop.close();
}

fn a17(trace: Trace) {
    let (event_loop, other) = (new_loop(), new_loop());
    let inner = other.clone();
    let main = async move {
        if let Err(error) = inner.run_forever() {
            trace.say(refusal(&inner, &error));
        }
    };
    event_loop
        .run_until_complete(main)
        .expect("it ends by itself");
    event_loop.close();
    other.close();
}
