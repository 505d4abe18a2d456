//! Group A, callbacks: in which order they run, and how they are cancelled.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::thread;

use looplet::{Clock, Handle, get_running_loop, sleep};

use crate::programs::{Tick, loop_on, ms, new_loop, run, stop};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("A01", a01),
        Case::by_hand("A02", a02),
        Case::by_hand("A03", a03),
        Case::new("A04", a04),
        Case::by_hand("A05", a05),
        Case::by_hand("A06", a06),
        Case::by_hand("A07", a07),
        Case::by_hand("A08", a08),
        Case::by_hand("A09", a09),
        Case::by_hand("A10", a10),
        Case::by_hand("A11", a11),
        Case::by_hand("A12", a12),
        Case::by_hand("A19", a19),
        Case::by_hand("A22", a22),
        Case::by_hand("A23", a23),
        Case::by_hand("A26", a26),
        Case::by_hand("A27", a27),
    ]
}

fn a01(trace: Trace) {
    let event_loop = new_loop();
    for name in ["a", "b", "c"] {
        event_loop.call_soon(trace.sayer(name));
    }
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

fn a02(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_soon(move || {
        trace.say("first");
        get_running_loop().call_soon(trace.sayer("nested"));
    });
    event_loop.call_soon(trace.sayer("second"));
    event_loop.call_later(ms(10), stop);
    run(&event_loop);
    event_loop.close();
}

fn a03(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_later(ms(0), trace.sayer("later0"));
    event_loop.call_soon(trace.sayer("soon1"));
    event_loop.call_soon(trace.sayer("soon2"));
    event_loop.call_later(ms(10), stop);
    run(&event_loop);
    event_loop.close();
}

async fn a04(trace: Trace) {
    let event_loop = get_running_loop();
    let tick = Tick::start();
    sleep(ms(0)).await;
    let before = tick.count();
    let say = |name: &'static str| {
        let tick = tick.clone();
        move || trace.say(format_args!("{name} +{}", tick.count() - before))
    };
    event_loop.call_later(ms(0), say("later0"));
    event_loop.call_soon(say("soon"));
    sleep(ms(10)).await;
    tick.stop();
}

fn a05(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_later(ms(30), trace.sayer("30"));
    event_loop.call_later(ms(10), trace.sayer("10"));
    event_loop.call_later(ms(20), trace.sayer("20"));
    event_loop.call_later(ms(40), stop);
    run(&event_loop);
    event_loop.close();
}

/// A negative delay is a time that has passed. A `Duration` has no such thing, an `Instant`
/// has.
fn a06(trace: Trace) {
    let event_loop = new_loop();
    let now = event_loop.time();
    event_loop.call_at(now - ms(1000), trace.sayer("a"));
    event_loop.call_at(now - ms(2000), trace.sayer("b"));
    event_loop.call_later(ms(10), stop);
    run(&event_loop);
    event_loop.close();
}

fn a07(trace: Trace) {
    let event_loop = new_loop();
    let when = event_loop.time() + ms(10);
    for number in 1..=6 {
        event_loop.call_at(when, trace.sayer(number));
    }
    event_loop.call_at(when + ms(10), stop);
    run(&event_loop);
    event_loop.close();
}

fn a08(trace: Trace) {
    let event_loop = new_loop();
    let victim: Rc<RefCell<Option<Handle>>> = Rc::default();
    let handle = victim.clone();
    event_loop.call_soon(move || {
        let handle = handle.take().expect("it was scheduled");
        handle.cancel();
        trace.say(("killer", handle.cancelled()));
    });
    victim.replace(Some(event_loop.call_soon(trace.sayer("victim"))));
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

fn a09(trace: Trace) {
    let event_loop = new_loop();
    let fired = event_loop.call_at(event_loop.time() + ms(10), trace.sayer("fired"));
    let never = event_loop.call_later(ms(10), trace.sayer("never"));
    never.cancel();
    never.cancel();
    event_loop.call_later(ms(20), stop);
    run(&event_loop);
    fired.cancel();
    trace.say((fired.cancelled(), never.cancelled()));
    event_loop.close();
}

fn a10(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_soon(move || {
        trace.say("stopper");
        stop();
        get_running_loop().call_soon(trace.sayer("scheduled-after-stop"));
    });
    event_loop.call_soon(trace.sayer("same-batch"));
    run(&event_loop);
    trace.say("--stopped");
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

fn a11(trace: Trace) {
    let event_loop = loop_on(Clock::Real);
    event_loop.call_soon(move || {
        trace.say("one");
        get_running_loop().call_soon(trace.sayer("two"));
    });
    let timer = event_loop.call_later(ms(5000), trace.sayer("timer"));
    event_loop.stop();
    run(&event_loop);
    trace.say(("returned quickly", event_loop.time() < timer.when()));
    event_loop.close();
}

fn a12(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_at(event_loop.time() - ms(1000), trace.sayer("due"));
    event_loop.call_soon(trace.sayer("soon"));
    event_loop.stop();
    run(&event_loop);
    event_loop.close();
}

fn a19(trace: Trace) {
    let event_loop = loop_on(Clock::Real);
    let handle = event_loop.handle();
    let waker = thread::spawn(move || {
        thread::sleep(ms(50));
        handle.call_soon_threadsafe(move || {
            trace.say("woken");
            stop();
        })
    });
    let timer = event_loop.call_later(ms(5000), trace.sayer("too late"));
    run(&event_loop);
    trace.say(event_loop.time() < timer.when());
    let called = waker.join().expect("the thread does not panic");
    called.expect("the loop was open");
    event_loop.close();
}

fn a22(trace: Trace) {
    fn spin(count: Rc<Cell<u32>>) {
        count.set(count.get() + 1);
        get_running_loop().call_soon(move || spin(count));
    }
    let event_loop = new_loop();
    let count: Rc<Cell<u32>> = Rc::default();
    let spun = count.clone();
    event_loop.call_soon(move || spin(spun));
    event_loop.call_later(ms(20), move || {
        trace.say(("timer fired, spun many:", count.get() > 10));
        stop();
    });
    run(&event_loop);
    event_loop.close();
}

fn a23(trace: Trace) {
    let event_loop = new_loop();
    let quick = async move {
        get_running_loop().call_soon(move || {
            trace.say("left-over 1");
            get_running_loop().call_soon(trace.sayer("left-over 2"));
        });
        "q"
    };
    trace.say(event_loop.run_until_complete(quick).ok());
    trace.say("--");
    let last = async {
        sleep(ms(0)).await;
        "z"
    };
    trace.say(event_loop.run_until_complete(last).ok());
    event_loop.close();
}

fn a26(trace: Trace) {
    let event_loop = new_loop();
    event_loop.call_soon(trace.sayer(1));
    let called = event_loop.handle().call_soon_threadsafe(trace.sayer(2));
    called.expect("the loop is open");
    event_loop.call_soon(trace.sayer(3));
    event_loop.call_soon(stop);
    run(&event_loop);
    event_loop.close();
}

fn a27(trace: Trace) {
    let event_loop = loop_on(Clock::Real);
    let when = event_loop.time() + ms(50);
    event_loop.call_at(when, move || {
        trace.say(("not early", get_running_loop().time() >= when));
        stop();
    });
    run(&event_loop);
    event_loop.close();
}
