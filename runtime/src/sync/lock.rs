//! A lock that is held across awaits.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use super::home::Home;
use super::waiters::WaitQueue;
use crate::cancel::{Awaitable, note_of};
use crate::event_loop::{Ticket, name_of, ticket};

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
    /// The task that took it last; `None`: nobody did, or a callback.
    holder: Cell<Option<Ticket>>,
    waiters: WaitQueue,
    home: Home,
}

impl Inner {
    fn take(&self) {
        self.locked.set(true);
        self.holder.set(ticket());
    }

    fn release(&self) {
        self.locked.set(false);
        self.pass_on();
    }

    /// Gives the turn to the first in the line, if the lock is free.
    fn pass_on(&self) {
        if !self.locked.get() {
            self.waiters.wake_first();
        }
    }
}

impl Awaitable for Inner {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.holder.get().and_then(name_of) {
            Some(name) => write!(f, "a Lock held by '{name}'"),
            None => f.write_str("a Lock held by no task that is there"),
        }
    }

    fn decided_by(&self) -> Vec<usize> {
        self.holder.get().map(Ticket::word).into_iter().collect()
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
    /// # Panics
    ///
    /// If it has to wait and the lock is bound to a different event loop: the first one on which
    /// anybody waited for it, until that is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it gives its place in the line to the next.
    pub async fn acquire(&self) -> LockGuard {
        let inner = &*self.inner;
        if inner.locked.get() || !inner.waiters.is_empty() {
            inner.home.enter(self);
            inner
                .waiters
                .wait(&|| inner.pass_on(), note_of(&self.inner))
                .await;
        }
        inner.take();
        LockGuard::new(self)
    }

    /// Takes the lock if it is free and nobody waits for it.
    pub fn try_acquire(&self) -> Option<LockGuard> {
        if self.locked() || !self.inner.waiters.is_empty() {
            return None;
        }
        self.inner.take();
        Some(LockGuard::new(self))
    }

    /// Gives a lock back whose guard was [forgotten](LockGuard::forget).
    ///
    /// A lock does not belong to a task: anybody may do this, at any time. Guards are the
    /// better way.
    ///
    /// # Errors
    ///
    /// [`NotAcquired`] if nobody holds it.
    pub fn release(&self) -> Result<(), NotAcquired> {
        if !self.locked() {
            return Err(NotAcquired);
        }
        self.inner.release();
        Ok(())
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
///
/// While a [`Condition`](crate::Condition) waits, it has given the lock back;
/// [`is_held`](Self::is_held) tells. The asyncio counterpart is the body of `async with lock`.
///
/// ```
/// use looplet::{Lock, LockGuard, run};
///
/// run(async {
///     let lock = Lock::new();
///     let guard: LockGuard = lock.acquire().await;
///     assert!(lock.locked() && guard.is_held());
///     drop(guard);
///     assert!(!lock.locked());
/// });
/// ```
#[derive(Debug)]
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct LockGuard {
    lock: Lock,
    held: bool,
}

impl LockGuard {
    fn new(lock: &Lock) -> Self {
        Self {
            lock: lock.clone(),
            held: true,
        }
    }

    /// Returns whether the guard holds the lock: always, except after a wait for a condition
    /// that was dropped in the middle.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Forgets the guard and keeps the lock; [`Lock::release`] gives it back.
    pub fn forget(mut self) {
        self.held = false;
    }

    pub(super) fn is_of(&self, lock: &Lock) -> bool {
        self.held && Rc::ptr_eq(&self.lock.inner, &lock.inner)
    }

    /// Gives the lock back for a time.
    pub(super) fn give_back(&mut self) {
        if std::mem::take(&mut self.held) {
            self.lock.inner.release();
        }
    }

    /// Takes over what another guard of the same lock holds.
    pub(super) fn adopt(&mut self, guard: LockGuard) {
        guard.forget();
        self.held = true;
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// The lock is not taken. asyncio raises `RuntimeError`.
///
/// ```
/// use looplet::{Lock, NotAcquired};
///
/// assert_eq!(Lock::new().release(), Err(NotAcquired));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAcquired;

impl fmt::Display for NotAcquired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lock is not acquired")
    }
}

impl Error for NotAcquired {}
