//! A semaphore: a number of permits, and tasks that wait for one.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use super::waiters::WaitQueue;

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
}

impl Inner {
    fn release(&self) {
        self.free.set(self.free.get() + 1);
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
        };
        Self {
            inner: Rc::new(inner),
        }
    }

    /// Takes a permit, waiting for those who came before.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it gives its place in the line to the next.
    pub async fn acquire(&self) -> Permit {
        let inner = &*self.inner;
        if self.locked() {
            inner.waiters.wait(&|| inner.release()).await;
            // Who came while this waiter was woken and had not run had to stand behind it,
            // even if there was a permit for both.
            inner.distribute();
        } else {
            inner.free.set(inner.free.get() - 1);
        }
        Permit {
            semaphore: self.clone(),
        }
    }

    /// Takes a permit if one is free and nobody waits for it.
    pub fn try_acquire(&self) -> Option<Permit> {
        if self.locked() {
            return None;
        }
        self.inner.free.set(self.inner.free.get() - 1);
        Some(Permit {
            semaphore: self.clone(),
        })
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
#[derive(Debug)]
#[must_use = "the permit is given back as soon as it is dropped"]
pub struct Permit {
    semaphore: Semaphore,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.semaphore.inner.release();
    }
}
