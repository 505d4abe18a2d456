//! What it costs to start a task and to await it: all at once, and one by one.
//!
//! "All at once" keeps every task alive until the last one was spawned; "one by one" reuses the
//! place of the one before. The figures of the former depend on what the allocator does with the
//! memory between the rounds: if it goes back to the system, it comes again page fault by page
//! fault. The same binary gives medians that are up to twice its best round.
//!
//! ```text
//! cargo bench -p looplet --bench spawn
//! ```

mod measure;

use std::cell::RefCell;
use std::rc::Rc;

use looplet::{Task, create_task};
use measure::Bench;

fn main() {
    let bench = Bench::new();
    for (name, count) in [
        ("spawn + join, 100 000 tasks", 100_000),
        ("spawn + join, 1 000 000 tasks", 1_000_000),
    ] {
        let handles = Rc::new(RefCell::new(Vec::with_capacity(count as usize)));
        bench.figure(name, count, |count| all_at_once(count, handles.clone()));
    }
    bench.figure(
        "spawn + join, 100 000 tasks, handles freed each time",
        100_000,
        |count| all_at_once(count, Rc::default()),
    );
    bench.figure("spawn, await, one by one", 1_000_000, one_by_one);
}

/// The list of handles may be kept between rounds: to free so large a piece lets the allocator
/// give the memory of all tasks back to the system.
async fn all_at_once(count: u32, handles: Rc<RefCell<Vec<Task<u32>>>>) {
    let mut tasks = handles.take();
    tasks.extend((0..count).map(|number| create_task(async move { number })));
    let mut sum = 0;
    for task in tasks.drain(..) {
        sum += u64::from(task.await);
    }
    assert_eq!(sum, u64::from(count) * u64::from(count - 1) / 2);
    handles.replace(tasks);
}

async fn one_by_one(count: u32) {
    for number in 0..count {
        let same = create_task(async move { number }).await;
        assert_eq!(same, number);
    }
}
