//! A limit on the time that something may take.
//!
//! What to look at: a timeout cancels what it runs, and only that. The body may catch the
//! cancel and come back with a value after all, which then is the result. `timeout` is
//! `asyncio.timeout` and `wait_for` in one.
//!
//! ```text
//! 0.1 s  quick: Ok("quick is done")
//! 0.6 s  slow: the deadline passed before the work was done
//! 1.1 s  reasonable: Ok("what I have so far")
//! 1.6 s  inner and outer: Err(TimedOut)
//! ```

mod common;

use std::time::{Duration, Instant};

use looplet::{catch_cancel, get_running_loop, sleep, timeout};

const LIMIT: Duration = Duration::from_millis(500);

fn main() {
    common::run(async {
        let start = get_running_loop().time();

        let quick = timeout(LIMIT, work("quick", 100)).await;
        say(start, &format!("quick: {quick:?}"));

        match timeout(LIMIT, work("slow", 3_600_000)).await {
            Ok(done) => say(start, &done),
            Err(error) => say(start, &format!("slow: {error}")),
        }

        let reasonable = timeout(LIMIT, async {
            match catch_cancel(work("reasonable", 3_600_000)).await {
                Ok(done) => done,
                Err(_cancelled) => "what I have so far".to_string(),
            }
        });
        say(start, &format!("reasonable: {:?}", reasonable.await));

        // The outer one is the first to pass, and the inner one is not to blame.
        let inner = timeout(LIMIT * 2, work("inner", 3_600_000));
        let outer = timeout(LIMIT, inner).await;
        say(start, &format!("inner and outer: {outer:?}"));
    });
}

async fn work(name: &str, milliseconds: u64) -> String {
    sleep(Duration::from_millis(milliseconds)).await;
    format!("{name} is done")
}

fn say(start: Instant, what: &str) {
    let passed = get_running_loop().time() - start;
    println!("{:.1} s  {what}", passed.as_secs_f64());
}
