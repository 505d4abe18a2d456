//! Two tasks on one thread, taking turns at their awaits.
//!
//! What to look at: `create_task` runs nothing yet; the first step of a task is in the next
//! turn. From then on the two interleave, and only at an `.await`: between two awaits, nobody
//! else runs. Awaiting a task gives what its coroutine returned.
//!
//! ```text
//! main: two tasks created, done: false, false
//! hare: step 1
//! tortoise: step 1
//! hare: step 2
//! hare: step 3
//! tortoise: step 2
//! tortoise: step 3
//! main: the hare took 0.3 s, the tortoise 0.9 s
//! ```

mod common;

use std::time::Duration;

use looplet::{create_task, current_task, get_running_loop, sleep};

fn main() {
    common::run(async {
        let hare = create_task(walk(Duration::from_millis(100)));
        let tortoise = create_task(walk(Duration::from_millis(300)));
        hare.set_name("hare");
        tortoise.set_name("tortoise");

        println!(
            "main: two tasks created, done: {}, {}",
            hare.done(),
            tortoise.done()
        );
        let (fast, slow) = (hare.await, tortoise.await);
        println!("main: the hare took {fast:.1} s, the tortoise {slow:.1} s");
    });
}

/// Makes three steps and returns how many seconds they took.
async fn walk(pause: Duration) -> f64 {
    let start = get_running_loop().time();
    for step in 1..=3 {
        let name = current_task().expect("a coroutine runs in a task").name();
        println!("{name}: step {step}");
        sleep(pause).await;
    }
    (get_running_loop().time() - start).as_secs_f64()
}
