//! A semaphore: a number of permits, and tasks that wait for one.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use super::home::Home;
use super::waiters::WaitQueue;
use crate::cancel::{Note, Plain};

/// Limits how many tasks do something at the same time.
///
/// A permit that is given back goes straight to the first who waits. The asyncio counterpart
/// has the same name.
///
/// ```
/// use looplet::{Semaphore, run};
///
/// run(async {
///     let semaphore = Semaphore::new(2);
///     let _one = semaphore.acquire().await;
///     let _two = semaphore.acquire().await;
///     assert!(semaphore.locked());
/// });
/// ```
#[derive(Clone)]
pub struct Semaphore {
    inner: Rc<Inner>,
}

struct Inner {
    /// Permits that are neither held nor promised to a woken waiter.
    free: Cell<usize>,
    waiters: WaitQueue,
    home: Home,
}

impl Inner {
    fn release(&self) {
        self.free.set(self.free.get().saturating_add(1));
        self.distribute();
    }

    /// Promises what is free to those who wait, the first of them first.
    fn distribute(&self) {
        while self.free.get() > 0 && self.waiters.wake_next() {
            self.free.set(self.free.get() - 1);
        }
    }
}

impl Semaphore {
    /// Makes a semaphore with `permits` permits.
    pub fn new(permits: usize) -> Self {
        let inner = Inner {
            free: Cell::new(permits),
            waiters: WaitQueue::default(),
            home: Home::default(),
        };
        Self {
            inner: Rc::new(inner),
        }
    }

    /// Takes a permit, waiting for those who came before.
    ///
    /// # Panics
    ///
    /// If it has to wait and the semaphore is bound to a different event loop: the first one on
    /// which anybody waited for it, until that is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it gives its place in the line to the next.
    pub async fn acquire(&self) -> Permit {
        let inner = &*self.inner;
        if self.locked() {
            inner.home.enter(self);
            inner
                .waiters
                .wait(&|| inner.release(), Note::Plain(Plain::Permit))
                .await;
            // Who came while this waiter was woken and had not run had to stand behind it,
            // even if there was a permit for both.
            inner.distribute();
        } else {
            inner.free.set(inner.free.get() - 1);
        }
        Permit::new(self)
    }

    /// Takes a permit if one is free and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit> {
        if self.locked() {
            return None;
        }
        self.inner.free.set(self.inner.free.get() - 1);
        Some(Permit::new(self))
    }

    /// Adds a permit: one that was [forgotten](Permit::forget), or a new one. There are at most
    /// `usize::MAX` that are free.
    ///
    /// The asyncio counterpart has the same name.
    pub fn release(&self) {
        self.inner.release();
    }

    /// Returns how many permits are free.
    pub fn available(&self) -> usize {
        self.inner.free.get()
    }

    /// Returns whether `acquire` would have to wait.
    pub fn locked(&self) -> bool {
        self.inner.free.get() == 0 || !self.inner.waiters.is_empty()
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("free", &self.inner.free.get())
            .field("waiters", &self.inner.waiters.len())
            .finish()
    }
}

/// A permit of a [`Semaphore`]; dropping it gives it back.
///
/// The asyncio counterpart is the body of `async with semaphore`.
///
/// ```
/// use looplet::{Permit, Semaphore, run};
///
/// run(async {
///     let semaphore = Semaphore::new(2);
///     let permit: Permit = semaphore.acquire().await;
///     assert_eq!(semaphore.available(), 1);
///     drop(permit);
///     assert_eq!(semaphore.available(), 2);
/// });
/// ```
#[derive(Debug)]
#[must_use = "the permit is given back as soon as it is dropped"]
pub struct Permit {
    /// `None` once it was forgotten.
    semaphore: Option<Semaphore>,
}

impl Permit {
    fn new(semaphore: &Semaphore) -> Self {
        Self {
            semaphore: Some(semaphore.clone()),
        }
    }

    /// Forgets the permit without giving it back; [`Semaphore::release`] does that.
    pub fn forget(mut self) {
        self.semaphore = None;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(semaphore) = self.semaphore.take() {
            semaphore.release();
        }
    }
}

/// A semaphore that never has more permits than it began with.
///
/// It has all methods of [`Semaphore`] but `release`, which here is an error where it would
/// add a permit. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::BoundedSemaphore;
///
/// let semaphore = BoundedSemaphore::new(1);
/// assert!(semaphore.release().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct BoundedSemaphore {
    semaphore: Semaphore,
    bound: usize,
}

impl BoundedSemaphore {
    /// Makes a semaphore with `permits` permits.
    pub fn new(permits: usize) -> Self {
        Self {
            semaphore: Semaphore::new(permits),
            bound: permits,
        }
    }

    /// Takes a permit, waiting for those who came before. See [`Semaphore::acquire`].
    ///
    /// # Panics
    ///
    /// As [`Semaphore::acquire`].
    ///
    /// # Cancel safety
    ///
    /// As [`Semaphore::acquire`].
    pub async fn acquire(&self) -> Permit {
        self.semaphore.acquire().await
    }

    /// Takes a permit if one is free and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit> {
        self.semaphore.try_acquire()
    }

    /// Gives a permit back that was [forgotten](Permit::forget).
    ///
    /// # Errors
    ///
    /// [`ReleaseError`] if all permits are there.
    pub fn release(&self) -> Result<(), ReleaseError> {
        if self.semaphore.available() >= self.bound {
            return Err(ReleaseError);
        }
        self.semaphore.release();
        Ok(())
    }

    /// Returns whether `acquire` would have to wait.
    pub fn locked(&self) -> bool {
        self.semaphore.locked()
    }
}

/// A [`BoundedSemaphore`] was released too many times. asyncio raises `ValueError`.
///
/// ```
/// use looplet::{BoundedSemaphore, ReleaseError};
///
/// assert_eq!(BoundedSemaphore::new(1).release(), Err(ReleaseError));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReleaseError;

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the semaphore was released too many times")
    }
}

impl Error for ReleaseError {}
