//! Group G: runs, their ends, and what can be asked from outside.

use std::cell::RefCell;
use std::rc::Rc;

use looplet::{
    Runner, Task, catch_cancel, create_task, current_task, get_running_loop, sleep,
    try_get_running_loop,
};

use crate::programs::{ms, new_loop, stop};
use crate::raised::{cause, division_by_zero, message, throw};
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![Case::by_hand("G01", g01), Case::by_hand("G02", g02)]
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
