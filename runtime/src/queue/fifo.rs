//! The queue itself.
//!
//! There is no direct hand-over, as in asyncio: a put wakes a getter, and when that runs it
//! takes what is next, or waits again if somebody was faster.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use super::error::{GetError, PutError, QueueShutDown, TaskDoneError};
use super::store::{Fifo, Store};
use crate::cancel::{Note, Plain};
use crate::sync::{Event, Home, WaitQueue};

/// A queue between tasks, bounded or not: first in, first out.
///
/// Clones stand for the same queue. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Queue, create_task, run};
///
/// let sum = run(async {
///     let queue = Queue::new(2);
///     let producer = queue.clone();
///     create_task(async move {
///         for number in 1..=4 {
///             producer.put(number).await.expect("nobody shuts it down before");
///         }
///         producer.shutdown();
///     });
///     let mut sum = 0;
///     while let Ok(number) = queue.get().await {
///         sum += number;
///     }
///     sum
/// });
/// assert_eq!(sum, 10);
/// ```
pub struct Queue<T, S = Fifo<T>> {
    inner: Rc<Inner<S>>,
    _items: PhantomData<T>,
}

struct Inner<S> {
    items: RefCell<S>,
    /// 0: no limit.
    maxsize: usize,
    shut_down: Cell<bool>,
    getters: WaitQueue,
    putters: WaitQueue,
    /// One for both lines: they wake each other.
    home: Home,
    /// Items put and not yet reported with `task_done`.
    unfinished: Cell<usize>,
    /// Set while `unfinished` is 0.
    finished: Event,
}

impl<T, S> Clone for Queue<T, S> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            _items: PhantomData,
        }
    }
}

impl<T> Queue<T> {
    /// Makes a queue that holds at most `maxsize` items; 0 means no limit.
    pub fn new(maxsize: usize) -> Self {
        Self::with_store(maxsize)
    }
}

impl<T, S: Store<T>> Queue<T, S> {
    /// Makes a queue with an order of its own.
    pub fn with_store(maxsize: usize) -> Self {
        let finished = Event::new();
        finished.set();
        let inner = Inner {
            items: RefCell::default(),
            maxsize,
            shut_down: Cell::new(false),
            getters: WaitQueue::default(),
            putters: WaitQueue::default(),
            home: Home::default(),
            unfinished: Cell::new(0),
            finished,
        };
        Self {
            inner: Rc::new(inner),
            _items: PhantomData,
        }
    }

    /// Puts an item in, waiting while the queue is full.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`]; the item is dropped.
    ///
    /// # Panics
    ///
    /// If it has to wait and the queue is bound to a different event loop: the first one on which
    /// anybody waited for it, until that is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it drops the item; the queue is as it was.
    ///
    /// ```
    /// use looplet::{Queue, run};
    ///
    /// run(async {
    ///     let queue = Queue::new(1);
    ///     queue.put("item").await.expect("it is open");
    ///     assert!(queue.full());
    /// });
    /// ```
    pub async fn put(&self, item: T) -> Result<(), QueueShutDown> {
        while self.full() && !self.is_shut_down() {
            self.inner.home.enter(self);
            self.inner
                .putters
                .wait(&|| self.wake_putter(), Note::Plain(Plain::Room))
                .await;
        }
        if self.is_shut_down() {
            return Err(QueueShutDown);
        }
        self.push(item);
        Ok(())
    }

    /// Puts an item in without waiting.
    ///
    /// # Errors
    ///
    /// [`PutError`], with the item.
    pub fn put_nowait(&self, item: T) -> Result<(), PutError<T>> {
        if self.is_shut_down() {
            return Err(PutError::ShutDown(item));
        }
        if self.full() {
            return Err(PutError::Full(item));
        }
        self.push(item);
        Ok(())
    }

    /// Takes the next item out, waiting while the queue is empty.
    ///
    /// # Errors
    ///
    /// [`QueueShutDown`] once the queue is shut down and empty.
    ///
    /// # Panics
    ///
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    ///
    /// ```
    /// use looplet::{Queue, create_task, run, yield_now};
    ///
    /// run(async {
    ///     let queue = Queue::new(0);
    ///     let getter = queue.clone();
    ///     let task = create_task(async move { getter.get().await });
    ///     yield_now().await;
    ///     queue.put_nowait(7).expect("there is no limit");
    ///     assert_eq!(task.await, Ok(7));
    /// });
    /// ```
    pub async fn get(&self) -> Result<T, QueueShutDown> {
        loop {
            if let Some(item) = self.pop() {
                return Ok(item);
            }
            if self.is_shut_down() {
                return Err(QueueShutDown);
            }
            self.inner.home.enter(self);
            self.inner
                .getters
                .wait(&|| self.wake_getter(), Note::Plain(Plain::Item))
                .await;
        }
    }

    /// Takes the next item out without waiting.
    ///
    /// # Errors
    ///
    /// [`GetError`].
    pub fn get_nowait(&self) -> Result<T, GetError> {
        match self.pop() {
            Some(item) => Ok(item),
            None if self.is_shut_down() => Err(GetError::ShutDown),
            None => Err(GetError::Empty),
        }
    }

    /// Takes no more items; those that are in can still be got.
    ///
    /// Whoever waits to put, and whoever waits to get when nothing is left, gets
    /// [`QueueShutDown`]. The asyncio counterpart has the same name.
    ///
    /// ```
    /// use looplet::{Queue, QueueShutDown, run};
    ///
    /// run(async {
    ///     let queue = Queue::new(0);
    ///     queue.put_nowait(7).expect("there is no limit");
    ///     queue.shutdown();
    ///     assert_eq!(queue.get().await, Ok(7));
    ///     assert_eq!(queue.get().await, Err(QueueShutDown));
    /// });
    /// ```
    pub fn shutdown(&self) {
        self.inner.shut_down.set(true);
        // Also if there are items: those are for the getters that were woken for them, and
        // nobody would ever wake the others.
        self.inner.getters.wake_all();
        self.inner.putters.wake_all();
    }

    /// Takes no more items and drops those that are in; [`join`](Self::join) does not wait for
    /// them. The asyncio counterpart is `shutdown(immediate=True)`.
    #[doc(alias = "shutdown")]
    pub fn shutdown_now(&self) {
        let dropped = std::mem::take(&mut *self.inner.items.borrow_mut());
        let left = self.inner.unfinished.get().saturating_sub(dropped.len());
        self.inner.unfinished.set(left);
        if left == 0 {
            self.inner.finished.set();
        }
        self.shutdown();
        drop(dropped);
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

    fn is_shut_down(&self) -> bool {
        self.inner.shut_down.get()
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
    ///
    /// # Panics
    ///
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it only ends the wait.
    ///
    /// ```
    /// use looplet::{Queue, create_task, run};
    ///
    /// run(async {
    ///     let queue = Queue::new(0);
    ///     queue.put_nowait("work").expect("there is no limit");
    ///     let worker = queue.clone();
    ///     create_task(async move {
    ///         while worker.get().await.is_ok() {
    ///             worker.task_done().expect("it was put");
    ///         }
    ///     });
    ///     queue.join().await;
    /// });
    /// ```
    pub async fn join(&self) {
        if self.inner.unfinished.get() > 0 {
            self.inner.home.enter(self);
            self.inner.finished.wait().await;
        }
    }

    fn push(&self, item: T) {
        self.inner.items.borrow_mut().push(item);
        self.inner.unfinished.set(self.inner.unfinished.get() + 1);
        self.inner.finished.clear();
        self.inner.getters.wake_next();
    }

    fn pop(&self) -> Option<T> {
        let item = self.inner.items.borrow_mut().pop();
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

impl<T, S: Store<T>> fmt::Debug for Queue<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("qsize", &self.qsize())
            .field("maxsize", &self.maxsize())
            .field("getters", &self.inner.getters.len())
            .field("putters", &self.inner.putters.len())
            .finish()
    }
}
