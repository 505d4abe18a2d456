//! Why a queue does not take or give an item.

use std::error::Error;
use std::fmt;

/// The queue was shut down. asyncio has an exception of the same name.
///
/// ```
/// use looplet::{Queue, QueueShutDown, run};
///
/// run(async {
///     let queue = Queue::<i32>::new(0);
///     queue.shutdown();
///     assert_eq!(queue.get().await, Err(QueueShutDown));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueShutDown;

impl fmt::Display for QueueShutDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the queue was shut down")
    }
}

impl Error for QueueShutDown {}

/// Why `get_nowait` has no item.
///
/// asyncio raises `QueueEmpty` or `QueueShutDown`.
///
/// ```
/// use looplet::{GetError, Queue};
///
/// let queue = Queue::<i32>::new(0);
/// assert_eq!(queue.get_nowait(), Err(GetError::Empty));
/// queue.shutdown();
/// assert_eq!(queue.get_nowait(), Err(GetError::ShutDown));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "QueueEmpty")]
pub enum GetError {
    /// There are no items. asyncio raises `QueueEmpty`.
    Empty,
    /// There are none, and there will be none: the queue was shut down.
    ShutDown,
}

impl fmt::Display for GetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GetError::Empty => f.write_str("the queue is empty"),
            GetError::ShutDown => QueueShutDown.fmt(f),
        }
    }
}

impl Error for GetError {}

/// Why `put_nowait` does not take an item. Carries it back.
///
/// asyncio raises `QueueFull` or `QueueShutDown`.
///
/// ```
/// use looplet::{PutError, Queue};
///
/// let queue = Queue::new(1);
/// queue.put_nowait("first").expect("there is room");
/// assert_eq!(queue.put_nowait("second"), Err(PutError::Full("second")));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[doc(alias = "QueueFull")]
pub enum PutError<T> {
    /// There is no room. asyncio raises `QueueFull`.
    Full(T),
    /// The queue was shut down.
    ShutDown(T),
}

impl<T> fmt::Debug for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PutError::Full(_) => "Full(..)",
            PutError::ShutDown(_) => "ShutDown(..)",
        })
    }
}

impl<T> fmt::Display for PutError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PutError::Full(_) => f.write_str("the queue is full"),
            PutError::ShutDown(_) => QueueShutDown.fmt(f),
        }
    }
}

impl<T> Error for PutError<T> {}

/// `task_done` was called more often than items were put.
///
/// asyncio raises `ValueError`.
///
/// ```
/// use looplet::{Queue, TaskDoneError};
///
/// assert_eq!(Queue::<i32>::new(0).task_done(), Err(TaskDoneError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskDoneError;

impl fmt::Display for TaskDoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("task_done was called more often than items were put")
    }
}

impl Error for TaskDoneError {}
