//! Group D, threads: what runs beside the loop, and what it may ask of it.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use looplet::{
    ContextVar, TaskError, catch_cancel, create_task, get_running_loop, sleep, to_thread,
};

use crate::programs::ms;
use crate::raised::{division_by_zero, throw};
use crate::table::Case;
use crate::trace::{Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::real("D40", d40),
        Case::real("D41", d41),
        Case::real("D42", d42),
    ]
}

async fn d40(trace: Trace) {
    let event_loop = get_running_loop();
    let pool = event_loop.default_executor();
    let ours = || {
        thread::current()
            .name()
            .map(|name| name.starts_with("looplet_"))
    };
    let job = event_loop.run_in_executor(&pool, ours);
    trace.say(job.expect("the pool is open").await);
    let job = event_loop.run_in_executor(&pool, || throw(division_by_zero()));
    let job = job.expect("the pool is open");
    if let Err(error @ TaskError::Panicked(_)) = job.join().await {
        trace.say(error);
    }
    let (sender, done) = mpsc::channel();
    let job = event_loop.run_in_executor(&pool, move || {
        thread::sleep(ms(20));
        sender.send(true).expect("the case waits for it");
    });
    let job = job.expect("the pool is open").into_promise();
    sleep(ms(5)).await;
    trace.say(job.cancel());
    let finished = done.recv_timeout(ms(5000)).is_ok();
    trace.say(("thread finished anyway", finished));
}

async fn d41(trace: Trace) {
    static V: ContextVar<&str> = ContextVar::new("v");
    V.set("ctx");
    let job = create_task(to_thread(|| {
        thread::sleep(ms(20));
        V.get()
    }));
    sleep(ms(5)).await;
    trace.say("loop alive");
    trace.say(job.await);
}

async fn d42(trace: Trace) {
    let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = seen.clone();
    let slow = || async move {
        if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
            note.lock().expect("nobody panics").push("coro cancelled");
            cancelled.raise().await;
        }
    };
    let handle = get_running_loop().handle();
    let said = to_thread(move || {
        let value = handle.run_coroutine_threadsafe(|| async {
            sleep(ms(0)).await;
            "v"
        });
        let mut said = vec![value.wait().ok().repr()];
        let slow = handle.run_coroutine_threadsafe(slow);
        if let Err(slow) = slow.wait_timeout(ms(100)) {
            said.push("timeout".repr());
            said.push(slow.cancel().repr());
        }
        said
    });
    trace.say(format_args!("[{}]", said.await.join(", ")));
    sleep(ms(10)).await;
    let seen = seen.lock().expect("nobody panics").clone();
    trace.say(seen);
}
