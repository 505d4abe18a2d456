//! In which order a queue gives its items out.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Where a queue keeps its items; it decides which one is next.
///
/// A store of one's own makes a queue with [`Queue::with_store`](super::Queue::with_store). In
/// asyncio, a subclass overrides `_put` and `_get`.
///
/// ```
/// use looplet::{Queue, Store};
///
/// /// Keeps the last item only.
/// #[derive(Default)]
/// struct Latest(Option<i32>);
///
/// impl Store<i32> for Latest {
///     fn push(&mut self, item: i32) { self.0 = Some(item) }
///     fn pop(&mut self) -> Option<i32> { self.0.take() }
///     fn len(&self) -> usize { self.0.iter().len() }
/// }
///
/// let queue: Queue<i32, Latest> = Queue::with_store(0);
/// queue.put_nowait(1).expect("there is no limit");
/// queue.put_nowait(2).expect("there is no limit");
/// assert_eq!(queue.get_nowait(), Ok(2));
/// ```
pub trait Store<T>: Default {
    /// Takes an item in.
    fn push(&mut self, item: T);
    /// Gives the next item out.
    fn pop(&mut self) -> Option<T>;
    /// Returns how many there are.
    fn len(&self) -> usize;
    /// Returns whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// First in, first out: the order of a [`Queue`](super::Queue).
///
/// asyncio has no counterpart: a subclass overrides `_put` and `_get` there.
///
/// ```
/// use looplet::{Fifo, Store};
///
/// let mut store = Fifo::default();
/// store.push(1);
/// store.push(2);
/// assert_eq!(store.pop(), Some(1));
/// ```
#[derive(Debug)]
pub struct Fifo<T>(VecDeque<T>);

/// Last in, first out: the order of a [`LifoQueue`](super::LifoQueue).
///
/// asyncio has no counterpart: a subclass overrides `_put` and `_get` there.
///
/// ```
/// use looplet::{Lifo, Store};
///
/// let mut store = Lifo::default();
/// store.push(1);
/// store.push(2);
/// assert_eq!(store.pop(), Some(2));
/// ```
#[derive(Debug)]
pub struct Lifo<T>(Vec<T>);

/// The smallest first: the order of a [`PriorityQueue`](super::PriorityQueue).
///
/// asyncio has no counterpart: a subclass overrides `_put` and `_get` there.
///
/// ```
/// use looplet::{Smallest, Store};
///
/// let mut store = Smallest::default();
/// store.push(2);
/// store.push(1);
/// assert_eq!(store.pop(), Some(1));
/// ```
#[derive(Debug)]
pub struct Smallest<T>(BinaryHeap<Reverse<T>>);

impl<T> Default for Fifo<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Default for Lifo<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Default for Smallest<T> {
    fn default() -> Self {
        Self(BinaryHeap::new())
    }
}

impl<T> Store<T> for Fifo<T> {
    fn push(&mut self, item: T) {
        self.0.push_back(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop_front()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T> Store<T> for Lifo<T> {
    fn push(&mut self, item: T) {
        self.0.push(item);
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl<T: Ord> Store<T> for Smallest<T> {
    fn push(&mut self, item: T) {
        self.0.push(Reverse(item));
    }

    fn pop(&mut self) -> Option<T> {
        self.0.pop().map(|Reverse(item)| item)
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}
