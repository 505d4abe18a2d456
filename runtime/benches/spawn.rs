//! What it costs to start a task and to await it: all at once, and one by one.
//!
//! "All at once" keeps every task alive until the last one was spawned; "one by one" reuses the
//! place of the one before. Memory stays with the process between the rounds (`pin_heap`): the
//! figures are those of a program that has had as many tasks before.
//!
//! ```text
//! cargo bench -p looplet --bench spawn
//! ```

mod measure;

use looplet::create_task;
use measure::{Bench, pin_heap};

fn main() {
    let bench = Bench::new();
    for (name, count) in [
        ("spawn + join, 100 000 tasks", 100_000),
        ("spawn + join, 1 000 000 tasks", 1_000_000),
    ] {
        bench.figure(name, count, all_at_once);
    }
    bench.figure("spawn, await, one by one", 1_000_000, one_by_one);
}

async fn all_at_once(count: u32) {
    let spawn = |number| create_task(async move { number });
    let tasks: Vec<_> = (0..count).map(spawn).collect();
    pin_heap();
    let mut sum = 0;
    for task in tasks {
        sum += u64::from(task.await);
    }
    assert_eq!(sum, u64::from(count) * u64::from(count - 1) / 2);
}

async fn one_by_one(count: u32) {
    for number in 0..count {
        let same = create_task(async move { number }).await;
        assert_eq!(same, number);
    }
}
