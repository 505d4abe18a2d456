//! Group A, the loop: errors in callbacks, runs that are refused, closing.

use std::cell::RefCell;
use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::Instant;

use looplet::{
    Clock, EventLoop, Promise, RunError, SubmitError, ThreadPool, TimerHandle, get_running_loop,
    sleep,
};

use crate::programs::{loop_on, ms, new_loop, panic_of, run, stop};
use crate::raised::{
    Raised, cause, division_by_zero, key_error, message, refusal, runtime_error, throw, value_error,
};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("A13", a13),
        Case::by_hand("A14", a14),
        Case::by_hand("A15", a15),
        Case::by_hand("A16", a16),
        Case::by_hand("A17", a17),
        Case::by_hand("A18", a18),
        Case::by_hand("A20", a20),
        Case::by_hand("A24", a24),
        Case::by_hand("A25", a25),
        Case::by_hand("A28", a28),
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

/// What the loop refuses comes back cancelled, or as an error.
fn a18(trace: Trace) {
    let event_loop = new_loop();
    let inner = event_loop.clone();
    let main = async move {
        if let Some(text) = panic_of(|| inner.close())
            && text == "cannot close a running event loop"
        {
            trace.say(runtime_error("Cannot close a running event loop"));
        }
    };
    event_loop
        .run_until_complete(main)
        .expect("it ends by itself");
    event_loop.close();
    event_loop.close();
    trace.say(event_loop.is_closed());
    let ok = |cancelled: bool| match cancelled {
        true => Err(runtime_error("Event loop is closed")),
        false => Ok("ok"),
    };
    trace.say(("call_soon", ok(event_loop.call_soon(|| {}).cancelled())));
    let called = event_loop.handle().call_soon_threadsafe(|| {}).map(drop);
    trace.say(("call_soon_threadsafe", called));
    let later = event_loop.call_later(ms(1000), || {});
    trace.say(("call_later", ok(later.cancelled())));
    let at = event_loop.call_at(event_loop.time() + ms(1000), || {});
    trace.say(("call_at", ok(at.cancelled())));
    let ran = event_loop.run_forever();
    trace.say((
        "run_forever",
        ran.map_err(|error| refusal(&event_loop, &error)),
    ));
    let pool = ThreadPool::new(1);
    let submitted = event_loop.run_in_executor(&pool, || {});
    let closed = matches!(submitted, Err(SubmitError::LoopClosed));
    trace.say(("run_in_executor", ok(closed)));
    event_loop.stop();
    trace.say(("stop", "ok"));
}

fn a20(trace: Trace) {
    trace.say((
        "a loop may go to another thread:",
        Probe(new_loop()).is_send(),
    ));
    let event_loop = loop_on(Clock::Real);
    let start = Instant::now();
    let handle = event_loop.handle();
    let other = thread::spawn(move || {
        thread::sleep(ms(20));
        handle.call_soon_threadsafe(move || {
            trace.say("ran from thread");
            stop();
        })
    });
    event_loop.call_later(ms(1500), stop);
    run(&event_loop);
    let accepted = other.join().expect("the thread does not panic").is_ok();
    let waited = start.elapsed() > ms(1400);
    trace.say(("accepted", accepted, "waited for timer", waited));
    event_loop.close();
}

/// Asks whether a type may go to another thread: what is under the condition is found first.
struct Probe<T>(T);

#[allow(dead_code, reason = "that it is not called is what the case is about")]
impl<T: Send> Probe<T> {
    fn is_send(&self) -> bool {
        true
    }
}

trait Otherwise {
    fn is_send(&self) -> bool {
        false
    }
}

impl<T> Otherwise for Probe<T> {}

/// The warning is a report to the exception handler here.
fn a24(trace: Trace) {
    let builder = EventLoop::builder().clock(Clock::Virtual).debug(true);
    let event_loop = builder.build().expect("the system gives a loop");
    trace.say(event_loop.slow_callback_duration().as_secs_f64());
    let reports: Rc<RefCell<Vec<String>>> = Rc::default();
    let record = reports.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |report| {
        record.borrow_mut().push(report.message.clone());
    })));
    event_loop.set_slow_callback_duration(ms(20));
    event_loop.call_soon(|| thread::sleep(ms(30)));
    event_loop.call_soon(stop);
    run(&event_loop);
    let reports = reports.take();
    let (_, seconds) = reports[0].split_once(" took ").unzip();
    let seconds = seconds.and_then(|text| text.strip_suffix(" s"));
    let seconds: Option<f64> = seconds.and_then(|text| text.parse().ok());
    trace.say((reports.len(), seconds.is_some_and(|took| took >= 0.03)));
    event_loop.close();
}

fn a25(trace: Trace) {
    let event_loop = new_loop();
    let later = |_| event_loop.call_later(ms(3_600_000), trace.sayer("x"));
    let handles: Vec<TimerHandle> = (0..200).map(later).collect();
    handles.iter().take(101).for_each(TimerHandle::cancel);
    trace.say(event_loop.stats().timers);
    event_loop.stop();
    run(&event_loop);
    trace.say(event_loop.stats().timers);
    event_loop.close();
}

fn a28(trace: Trace) {
    let (event_loop, other) = (new_loop(), new_loop());
    let promise: Promise<()> = other.create_promise();
    let awaited = promise.clone();
    let ran = event_loop.run_until_complete(promise.clone().into_future());
    trace.say(("nobody sets it:", matches!(ran, Err(RunError::Deadlock(_)))));
    event_loop.call_soon(move || promise.set_result(()).expect("it is not done"));
    let ran = event_loop.run_until_complete(awaited.into_future());
    trace.say(("set:", ran.is_ok()));
    event_loop.close();
    other.close();
}
