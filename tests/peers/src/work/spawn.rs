//! Starting tasks and awaiting them: all at once, and one by one.

use std::future::IntoFuture;

use super::{pin_heap, repeats, warmed};
use crate::meters::Figure;
use crate::runtimes::Runtime;

/// Every task is alive until the last one was spawned.
pub(super) fn all_at_once<R: Runtime>(count: u64) -> Vec<Figure> {
    let rounds = repeats(count);
    let spent = R::run(warmed(move || async move {
        for _ in 0..rounds {
            round::<R>(count).await;
        }
    }));
    vec![spent.cpu_each(rounds * count)]
}

async fn round<R: Runtime>(count: u64) {
    let tasks: Vec<_> = (0..count)
        .map(|number| R::spawn(async move { number }))
        .collect();
    pin_heap();
    let mut sum = 0;
    for task in tasks {
        sum += R::value(task.into_future().await);
    }
    assert_eq!(sum, count * (count - 1) / 2);
}

/// Each task takes the place of the one before.
pub(super) fn one_by_one<R: Runtime>(count: u64) -> Vec<Figure> {
    let spent = R::run(warmed(move || async move {
        for number in 0..count {
            let task = R::spawn(async move { number });
            assert_eq!(R::value(task.into_future().await), number);
        }
    }));
    vec![spent.cpu_each(count)]
}
