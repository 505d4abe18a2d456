//! A queue between tasks.
//!
//! There is no direct hand-over, as in asyncio: a put wakes a getter, and when that runs it
//! takes what is at the front, or waits again if somebody was faster.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use super::event::Event;
use super::waiters::WaitQueue;

/// A first-in, first-out queue between tasks, bounded or not.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Queue, create_task, run};
///
/// let sum = run(async {
///     let queue = Queue::new(2);
///     let producer = queue.clone();
///     create_task(async move {
///         for number in 1..=4 {
///             producer.put(number).await;
///         }
///     });
///     let mut sum = 0;
///     for _ in 0..4 {
///         sum += queue.get().await;
///     }
///     sum
/// });
/// assert_eq!(sum, 10);
/// ```
pub struct Queue<T> {
    inner: Rc<Inner<T>>,
}

struct Inner<T> {
    items: RefCell<VecDeque<T>>,
    /// 0: no limit.
    maxsize: usize,
    getters: WaitQueue,
    putters: WaitQueue,
    /// Items put and not yet reported with `task_done`.
    unfinished: Cell<usize>,
    /// Set while `unfinished` is 0.
    finished: Event,
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<T> Queue<T> {
    /// Makes a queue that holds at most `maxsize` items; 0 means no limit.
    pub fn new(maxsize: usize) -> Self {
        let finished = Event::new();
        finished.set();
        Self {
            inner: Rc::new(Inner {
                items: RefCell::default(),
                maxsize,
                getters: WaitQueue::default(),
                putters: WaitQueue::default(),
                unfinished: Cell::new(0),
                finished,
            }),
        }
    }

    /// Puts an item in, waiting while the queue is full.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it drops the item; the queue is as it was.
    pub async fn put(&self, item: T) {
        let inner = &*self.inner;
        while self.full() {
            inner.putters.wait(&|| self.wake_putter()).await;
        }
        self.push(item);
    }

    /// Puts an item in without waiting.
    ///
    /// # Errors
    ///
    /// [`QueueFull`], with the item.
    pub fn put_nowait(&self, item: T) -> Result<(), QueueFull<T>> {
        if self.full() {
            return Err(QueueFull(item));
        }
        self.push(item);
        Ok(())
    }

    /// Takes the first item out, waiting while the queue is empty.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    pub async fn get(&self) -> T {
        let inner = &*self.inner;
        loop {
            if let Some(item) = self.pop() {
                return item;
            }
            inner.getters.wait(&|| self.wake_getter()).await;
        }
    }

    /// Takes the first item out without waiting.
    ///
    /// # Errors
    ///
    /// [`QueueEmpty`].
    pub fn get_nowait(&self) -> Result<T, QueueEmpty> {
        self.pop().ok_or(QueueEmpty)
    }

    /// Returns the number of items.
    pub fn qsize(&self) -> usize {
        self.inner.items.borrow().len()
    }

    /// Returns whether there are no items.
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Returns whether a put would have to wait.
    pub fn full(&self) -> bool {
        self.inner.maxsize > 0 && self.qsize() >= self.inner.maxsize
    }

    /// Returns the limit; 0 means none.
    pub fn maxsize(&self) -> usize {
        self.inner.maxsize
    }

    /// Says that an item taken out before has been dealt with; [`join`](Self::join) waits for
    /// as many of these as there were puts.
    ///
    /// # Errors
    ///
    /// [`TaskDoneError`] if it was called more often than items were put.
    pub fn task_done(&self) -> Result<(), TaskDoneError> {
        let left = self
            .inner
            .unfinished
            .get()
            .checked_sub(1)
            .ok_or(TaskDoneError)?;
        self.inner.unfinished.set(left);
        if left == 0 {
            self.inner.finished.set();
        }
        Ok(())
    }

    /// Waits until every item that was put has been reported with
    /// [`task_done`](Self::task_done).
    pub async fn join(&self) {
        if self.inner.unfinished.get() > 0 {
            self.inner.finished.wait().await;
        }
    }

    fn push(&self, item: T) {
        self.inner.items.borrow_mut().push_back(item);
        self.inner.unfinished.set(self.inner.unfinished.get() + 1);
        self.inner.finished.clear();
        self.inner.getters.wake_next();
    }

    fn pop(&self) -> Option<T> {
        let item = self.inner.items.borrow_mut().pop_front();
        if item.is_some() {
            self.inner.putters.wake_next();
        }
        item
    }

    /// A woken getter will not come: wake another one if there is something to get.
    fn wake_getter(&self) {
        if !self.empty() {
            self.inner.getters.wake_next();
        }
    }

    /// A woken putter will not come: wake another one if there is room.
    fn wake_putter(&self) {
        if !self.full() {
            self.inner.putters.wake_next();
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("qsize", &self.qsize())
            .field("maxsize", &self.maxsize())
            .field("getters", &self.inner.getters.len())
            .field("putters", &self.inner.putters.len())
            .finish()
    }
}

/// The queue has no room. Carries the item back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueueFull<T>(pub T);

impl<T> fmt::Debug for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("QueueFull")
    }
}

impl<T> fmt::Display for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is full")
    }
}

impl<T> Error for QueueFull<T> {}

/// The queue has no items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueEmpty;

impl fmt::Display for QueueEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue is empty")
    }
}

impl Error for QueueEmpty {}

/// `task_done` was called more often than items were put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDoneError;

impl fmt::Display for TaskDoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task_done was called more often than items were put")
    }
}

impl Error for TaskDoneError {}
