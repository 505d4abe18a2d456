//! What a task weighs that sleeps.

use std::time::Duration;

use crate::meters::{Figure, resident};
use crate::runtimes::Runtime;

/// Longer than any sample lives.
const LONG: Duration = Duration::from_secs(3600);
/// Enough for all tasks to have begun.
const SHORT: Duration = Duration::from_millis(100);

/// Bytes of memory for each of `count` tasks that sleep, their handles included.
pub(super) fn bytes<R: Runtime>(count: u64) -> Vec<Figure> {
    let held = R::run(async move {
        R::sleep(SHORT).await;
        let mut tasks = Vec::with_capacity(count as usize);
        let before = resident();
        tasks.extend((0..count).map(|_| {
            R::spawn(async {
                R::sleep(LONG).await;
            })
        }));
        R::sleep(SHORT).await;
        let held = resident().saturating_sub(before);
        // To cancel so many takes time, and nobody measures it.
        std::mem::forget(tasks);
        held
    });
    vec![Figure::new("bytes", held as f64 / count as f64)]
}
