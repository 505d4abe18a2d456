//! The two queues that do not give the oldest item out first.
//!
//! They are the same queue with another store. Each is a type of its own, so that `new` knows
//! which store is meant; everything else they have from [`Queue`].

use std::fmt;
use std::ops::Deref;

use super::fifo::Queue;
use super::store::{Lifo, Smallest};

/// A queue that gives the youngest item out first.
///
/// It has all methods of [`Queue`]. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::LifoQueue;
///
/// let queue = LifoQueue::new(0);
/// queue.put_nowait("old").expect("there is no limit");
/// queue.put_nowait("young").expect("there is no limit");
/// assert_eq!(queue.get_nowait(), Ok("young"));
/// ```
pub struct LifoQueue<T>(Queue<T, Lifo<T>>);

impl<T> LifoQueue<T> {
    /// Makes a queue that holds at most `maxsize` items; 0 means no limit.
    pub fn new(maxsize: usize) -> Self {
        Self(Queue::with_store(maxsize))
    }
}

impl<T> Clone for LifoQueue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Deref for LifoQueue<T> {
    type Target = Queue<T, Lifo<T>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T> fmt::Debug for LifoQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A queue that gives the smallest item out first; of equal ones, any.
///
/// It has all methods of [`Queue`]. Items are compared while they are put and got; the
/// comparison must not touch the queue. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::PriorityQueue;
///
/// let queue = PriorityQueue::new(0);
/// for number in [3, 1, 2] {
///     queue.put_nowait(number).expect("there is no limit");
/// }
/// assert_eq!(queue.get_nowait(), Ok(1));
/// ```
pub struct PriorityQueue<T: Ord>(Queue<T, Smallest<T>>);

impl<T: Ord> PriorityQueue<T> {
    /// Makes a queue that holds at most `maxsize` items; 0 means no limit.
    pub fn new(maxsize: usize) -> Self {
        Self(Queue::with_store(maxsize))
    }
}

impl<T: Ord> Clone for PriorityQueue<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Ord> Deref for PriorityQueue<T> {
    type Target = Queue<T, Smallest<T>>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<T: Ord> fmt::Debug for PriorityQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
