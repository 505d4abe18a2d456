//! Work handed out through a queue: two producers, three workers, room for two orders.
//!
//! What to look at: producers wait while the queue is full (back-pressure), and the fastest
//! worker gets most of the work. `join` returns when every order was reported as done; then the
//! queue is shut down, and the workers see that there will be no more.
//!
//! ```text
//! 0.1 s  worker 1 has made tea 1
//! 0.2 s  worker 1 has made coffee 1
//! 0.2 s  worker 2 has made tea 2
//! 0.3 s  worker 1 has made coffee 2
//! 0.3 s  worker 3 has made tea 3
//! 0.5 s  worker 2 has made coffee 3
//! 0.5 s  nothing is left, the workers go home
//! ```

mod common;

use std::time::{Duration, Instant};

use looplet::{Queue, gather, get_running_loop, sleep};

fn main() {
    common::run(async {
        let start = get_running_loop().time();
        let orders = Queue::new(2);
        let workers = [(1, 100), (2, 240), (3, 340)];
        let working = gather(workers.map(|(id, pace)| work(id, pace, orders.clone(), start)));
        gather(["tea", "coffee"].map(|what| produce(what, orders.clone()))).await;
        orders.join().await;
        orders.shutdown();
        working.await;
        say(start, "nothing is left, the workers go home");
    });
}

async fn produce(what: &str, orders: Queue<String>) {
    for number in 1..=3 {
        let order = format!("{what} {number}");
        orders
            .put(order)
            .await
            .expect("nobody shuts it down before");
    }
}

async fn work(id: u32, pace: u64, orders: Queue<String>, start: Instant) {
    while let Ok(order) = orders.get().await {
        sleep(Duration::from_millis(pace)).await;
        say(start, &format!("worker {id} has made {order}"));
        orders.task_done().expect("one report for each order");
    }
}

fn say(start: Instant, what: &str) {
    let passed = get_running_loop().time() - start;
    println!("{:.1} s  {what}", passed.as_secs_f64());
}
