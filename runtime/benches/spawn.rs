//! What it costs to start a task and to await it: all at once, and one by one.
//!
//! "All at once" keeps every task alive until the last one was spawned; "one by one" reuses the
//! place of the one before. Memory that comes fresh from the system costs as much again, page
//! fault by page fault, so that has a line of its own.
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
    bench.figure(
        "spawn + join, 100 000 tasks, fresh memory each time",
        100_000,
        |count| all_at_once(count, Rc::default()),
    );
    for (name, count) in [
        ("spawn + join, 100 000 tasks", 100_000),
        ("spawn + join, 1 000 000 tasks", 1_000_000),
    ] {
        let handles = Rc::new(RefCell::new(Vec::with_capacity(count as usize)));
        bench.figure(name, count, |count| all_at_once(count, handles.clone()));
    }
    bench.figure("spawn, await, one by one", 1_000_000, one_by_one);
}

/// The list of handles is kept between rounds: to free it would make the allocator give all the
/// memory of the tasks back to the system, and the next round would ask for it page by page.
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
