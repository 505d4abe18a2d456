//! Work handed out through a queue: two producers, three workers, room for two orders.
//!
//! What to look at: producers wait while the queue is full (back-pressure), and the fastest
//! worker gets most of the work. `join` returns when every order was reported as done; the
//! workers would wait for more, so they are cancelled.
//!
//! ```text
//! 0.1 s  worker 1 has made tea 1
//! 0.2 s  worker 1 has made coffee 1
//! 0.2 s  worker 2 has made tea 2
//! 0.3 s  worker 1 has made coffee 2
//! 0.3 s  worker 3 has made tea 3
//! 0.5 s  worker 2 has made coffee 3
//! 0.5 s  nothing is left, 3 workers go home
//! ```

mod common;

use std::time::{Duration, Instant};

use looplet::{Queue, create_task, gather, get_running_loop, sleep};

fn main() {
    common::run(async {
        let start = get_running_loop().time();
        let orders = Queue::new(2);
        let workers = [(1, 100), (2, 240), (3, 340)]
            .map(|(id, pace)| create_task(work(id, pace, orders.clone(), start)));
        gather(["tea", "coffee"].map(|what| produce(what, orders.clone()))).await;
        orders.join().await;
        let stopped = workers.iter().filter(|worker| worker.cancel()).count();
        say(
            start,
            &format!("nothing is left, {stopped} workers go home"),
        );
    });
}

async fn produce(what: &str, orders: Queue<String>) {
    for number in 1..=3 {
        orders.put(format!("{what} {number}")).await;
    }
}

async fn work(id: u32, milliseconds: u64, orders: Queue<String>, start: Instant) {
    loop {
        let order = orders.get().await;
        sleep(Duration::from_millis(milliseconds)).await;
        say(start, &format!("worker {id} has made {order}"));
        orders.task_done().expect("one report for each order");
    }
}

fn say(start: Instant, what: &str) {
    let passed = get_running_loop().time() - start;
    println!("{:.1} s  {what}", passed.as_secs_f64());
}
