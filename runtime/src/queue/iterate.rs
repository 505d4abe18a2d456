//! A queue as an iterator: it gives items until it is shut down and empty.
//!
//! A queue is a handle, and so is its clone: several tasks may iterate over the same queue, and
//! each item goes to one of them. Iterating does not call `task_done`; a worker whose queue is
//! joined calls it for every item, as ever.

use super::fifo::Queue;
use super::kinds::{LifoQueue, PriorityQueue};
use super::store::Store;
use crate::iterate::AsyncIterator;

/// Gives what [`get`](Queue::get) gives; the shutdown is the end.
///
/// ```
/// use looplet::{AsyncIterator, Queue, create_task, run};
///
/// let doubled: Vec<u32> = run(async {
///     let queue = Queue::new(2);
///     let producer = queue.clone();
///     create_task(async move {
///         for number in 1..=4 {
///             producer.put(number).await.expect("nobody shuts it down before");
///         }
///         producer.shutdown();
///     });
///     queue.map(|number| 2 * number).collect().await
/// });
/// assert_eq!(doubled, [2, 4, 6, 8]);
/// ```
impl<T, S: Store<T>> AsyncIterator for Queue<T, S> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        self.get().await.ok()
    }
}

impl<T> AsyncIterator for LifoQueue<T> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        self.get().await.ok()
    }
}

impl<T: Ord> AsyncIterator for PriorityQueue<T> {
    type Item = T;

    async fn next(&mut self) -> Option<T> {
        self.get().await.ok()
    }
}
