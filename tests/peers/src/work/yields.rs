//! Tasks that do nothing but give the turn away.
//!
//! The yield is the same for all, a future that wakes its own task and is ready the next time.
//! What runtimes offer for it differs in what it means: tokio's, for one, asks the kernel.

use std::future::{IntoFuture, poll_fn};
use std::task::Poll;

use super::warmed;
use crate::meters::Figure;
use crate::runtimes::Runtime;

pub(super) fn yields<R: Runtime>(tasks: u64, each: u64) -> Vec<Figure> {
    let spent = R::run(warmed(move || async move {
        let tasks: Vec<_> = (0..tasks).map(|_| R::spawn(often(each))).collect();
        for task in tasks {
            R::value(task.into_future().await);
        }
    }));
    vec![spent.cpu_each(tasks * each)]
}

async fn often(count: u64) {
    for _ in 0..count {
        let mut yielded = false;
        poll_fn(|context| {
            if yielded {
                return Poll::Ready(());
            }
            yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
