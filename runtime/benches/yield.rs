//! What a turn costs: tasks that do nothing but give the turn away.
//!
//! With one task every yield is a turn of its own; with a thousand, a turn makes a thousand
//! steps. The figure is for one yield.
//!
//! ```text
//! cargo bench -p looplet --bench yield
//! ```

mod measure;

use looplet::{create_task, yield_now};
use measure::Bench;

/// Tasks that yield at the same time.
const MANY: u32 = 1000;

fn main() {
    let bench = Bench::new();
    bench.figure("yield, 1 task", 2_000_000, yield_often);
    bench.figure("yield, 1000 tasks", 2_000_000, |count| async move {
        let spawn = |_| create_task(yield_often(count / MANY));
        let tasks: Vec<_> = (0..MANY).map(spawn).collect();
        for task in tasks {
            task.await;
        }
    });
}

async fn yield_often(count: u32) {
    for _ in 0..count {
        yield_now().await;
    }
}
