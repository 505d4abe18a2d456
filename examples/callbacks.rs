//! The loop without coroutines: functions that are called now, later, or never.
//!
//! What to look at: scheduling runs nothing, so `main` speaks first. Then everything runs in
//! the order of its time, and in the order of scheduling where that is the same.
//!
//! ```text
//! 0.0 s  main has scheduled everything and gives the thread back
//! 0.0 s  call_soon, scheduled first
//! 0.0 s  call_soon, scheduled second
//! 0.0 s  call_soon, from inside a callback: one turn later
//! 0.1 s  call_later, 100 ms
//! 0.3 s  call_at, 300 ms, set first
//! 0.3 s  call_at, 300 ms, set second
//! 0.5 s  main goes on; the cancelled one: Handle { cancelled: true }
//! ```

mod common;

use std::time::{Duration, Instant};

use looplet::{get_running_loop, sleep};

fn main() {
    common::run(async {
        let event_loop = get_running_loop();
        let start = event_loop.time();
        let in_300_ms = start + Duration::from_millis(300);

        event_loop.call_at(in_300_ms, move || say(start, "call_at, 300 ms, set first"));
        event_loop.call_at(in_300_ms, move || say(start, "call_at, 300 ms, set second"));
        let in_100_ms = Duration::from_millis(100);
        event_loop.call_later(in_100_ms, move || say(start, "call_later, 100 ms"));
        event_loop.call_soon(move || {
            say(start, "call_soon, scheduled first");
            get_running_loop().call_soon(move || {
                say(start, "call_soon, from inside a callback: one turn later");
            });
        });
        let never = event_loop.call_soon(move || say(start, "this is never printed"));
        event_loop.call_soon(move || say(start, "call_soon, scheduled second"));
        never.cancel();

        say(
            start,
            "main has scheduled everything and gives the thread back",
        );
        sleep(Duration::from_millis(500)).await;
        say(
            start,
            &format!("main goes on; the cancelled one: {never:?}"),
        );
    });
}

fn say(start: Instant, what: &str) {
    let passed = get_running_loop().time() - start;
    println!("{:.1} s  {what}", passed.as_secs_f64());
}
