//! A lock that is held across awaits.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use super::waiters::WaitQueue;

/// A mutual-exclusion lock for tasks: fair, and held until its guard is dropped.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Lock, create_task, run, yield_now};
/// use std::{cell::RefCell, rc::Rc};
///
/// let log = run(async {
///     let lock = Lock::new();
///     let log = Rc::new(RefCell::new(Vec::new()));
///     for name in ["a", "b"] {
///         let (lock, log) = (lock.clone(), log.clone());
///         create_task(async move {
///             let _guard = lock.acquire().await;
///             log.borrow_mut().push(format!("{name} in"));
///             yield_now().await;
///             log.borrow_mut().push(format!("{name} out"));
///         });
///     }
///     for _ in 0..6 { yield_now().await }
///     log.take()
/// });
/// assert_eq!(log, ["a in", "a out", "b in", "b out"]);
/// ```
#[derive(Clone, Default)]
pub struct Lock {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    locked: Cell<bool>,
    waiters: WaitQueue,
}

impl Inner {
    /// Gives the turn to the first in the line, if the lock is free.
    fn pass_on(&self) {
        if !self.locked.get() {
            self.waiters.wake_first();
        }
    }
}

impl Lock {
    /// Makes a lock that is free.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the lock, waiting for those who came before.
    ///
    /// Taking a free lock that nobody waits for does not give the turn away.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it gives its place in the line to the next.
    pub async fn acquire(&self) -> LockGuard {
        let inner = &*self.inner;
        if inner.locked.get() || !inner.waiters.is_empty() {
            inner.waiters.wait(&|| inner.pass_on()).await;
        }
        inner.locked.set(true);
        LockGuard { lock: self.clone() }
    }

    /// Takes the lock if it is free and nobody waits for it.
    pub fn try_acquire(&self) -> Option<LockGuard> {
        if self.locked() || !self.inner.waiters.is_empty() {
            return None;
        }
        self.inner.locked.set(true);
        Some(LockGuard { lock: self.clone() })
    }

    /// Returns whether somebody holds the lock.
    pub fn locked(&self) -> bool {
        self.inner.locked.get()
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("locked", &self.locked())
            .field("waiters", &self.inner.waiters.len())
            .finish()
    }
}

/// Holds a [`Lock`] until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct LockGuard {
    lock: Lock,
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        self.lock.inner.locked.set(false);
        self.lock.inner.pass_on();
    }
}
