//! A barrier: tasks that wait for each other.
//!
//! ```text
//!              the last party arrives              the last party has left
//!   Filling ────────────────────────────► Draining ───────────────────────► Filling
//!      │ reset                                                                 ▲
//!      └───────────► Resetting ──(the last party has left)─────────────────────┘
//!   any state ──abort──► Broken, until a reset
//! ```
//!
//! It stands on a condition, as asyncio's does: whoever arrives while the barrier empties
//! waits in front of it.

use std::cell::Cell;
use std::error::Error;
use std::fmt;
use std::rc::Rc;

use super::condition::Condition;
use super::lock::LockGuard;

/// Holds tasks up until a number of them has arrived.
///
/// Clones stand for the same barrier. It can be used again and again. The asyncio counterpart
/// has the same name.
///
/// ```
/// use looplet::{Barrier, gather, run};
///
/// let places = run(async {
///     let barrier = Barrier::new(3);
///     gather([0; 3].map(|_| {
///         let barrier = barrier.clone();
///         async move { barrier.wait().await }
///     }))
///     .await
/// });
/// assert_eq!(places, [Ok(0), Ok(1), Ok(2)]);
/// ```
#[derive(Clone)]
pub struct Barrier {
    inner: Rc<Inner>,
}

struct Inner {
    parties: usize,
    state: Cell<State>,
    /// Parties that have arrived and not left.
    count: Cell<usize>,
    changed: Condition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Filling,
    Draining,
    Resetting,
    Broken,
}

impl Barrier {
    /// Makes a barrier for `parties` tasks.
    ///
    /// 0 counts as 1, as in [`std::sync::Barrier`] and wherever else this crate is given a number
    /// that must not be 0; asyncio raises `ValueError`.
    pub fn new(parties: usize) -> Self {
        let inner = Inner {
            parties: parties.max(1),
            state: Cell::new(State::Filling),
            count: Cell::new(0),
            changed: Condition::new(),
        };
        Self {
            inner: Rc::new(inner),
        }
    }

    /// Waits for the others. Returns the place in which the task arrived: 0 for the first.
    ///
    /// The last one does not wait.
    ///
    /// # Errors
    ///
    /// [`BrokenBarrierError`] if the barrier was reset or aborted meanwhile, or is broken.
    ///
    /// # Panics
    ///
    /// As [`Condition::wait`].
    ///
    /// # Cancel safety
    ///
    /// A task that is cancelled, or drops the wait, counts as not having come.
    pub async fn wait(&self) -> Result<usize, BrokenBarrierError> {
        let inner = &*self.inner;
        let mut guard = inner.changed.acquire().await;
        inner
            .until(&mut guard, |state| {
                !matches!(state, State::Draining | State::Resetting)
            })
            .await;
        if inner.state.get() == State::Broken {
            return Err(BrokenBarrierError::Aborted);
        }
        let place = inner.count.get();
        let _party = Party::enter(inner);
        if place + 1 == inner.parties {
            inner.change(State::Draining);
            return Ok(place);
        }
        inner
            .until(&mut guard, |state| state != State::Filling)
            .await;
        match inner.state.get() {
            State::Broken | State::Resetting => Err(BrokenBarrierError::Reset),
            State::Filling | State::Draining => Ok(place),
        }
    }

    /// Empties the barrier: whoever waits gets [`BrokenBarrierError::Reset`]. A broken barrier
    /// is whole again.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it changes nothing, or all was done.
    pub async fn reset(&self) {
        let _guard = self.inner.changed.acquire().await;
        let empty = self.inner.count.get() == 0;
        self.inner.change(if empty {
            State::Filling
        } else {
            State::Resetting
        });
    }

    /// Breaks the barrier for those who wait and for those who come.
    ///
    /// # Cancel safety
    ///
    /// As [`reset`](Self::reset).
    pub async fn abort(&self) {
        let _guard = self.inner.changed.acquire().await;
        self.inner.change(State::Broken);
    }

    /// Returns how many tasks it takes.
    pub fn parties(&self) -> usize {
        self.inner.parties
    }

    /// Returns how many tasks wait at it.
    pub fn n_waiting(&self) -> usize {
        match self.inner.state.get() {
            State::Filling => self.inner.count.get(),
            State::Draining | State::Resetting | State::Broken => 0,
        }
    }

    /// Returns whether it was aborted.
    pub fn broken(&self) -> bool {
        self.inner.state.get() == State::Broken
    }
}

impl Inner {
    async fn until(&self, guard: &mut LockGuard, reached: impl Fn(State) -> bool) {
        let waited = self.changed.wait_for(guard, || reached(self.state.get()));
        waited.await.expect("the guard is that of this condition");
    }

    fn change(&self, state: State) {
        self.state.set(state);
        // Without the lock there is nobody to notify: they wait for the lock, and look then.
        let _ = self.changed.notify_all();
    }
}

/// A task that has arrived, until it leaves in whatever way.
struct Party<'a>(&'a Inner);

impl<'a> Party<'a> {
    fn enter(inner: &'a Inner) -> Self {
        inner.count.set(inner.count.get() + 1);
        Self(inner)
    }
}

impl Drop for Party<'_> {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get() - 1);
        let emptied = matches!(self.0.state.get(), State::Draining | State::Resetting);
        if emptied && self.0.count.get() == 0 {
            self.0.change(State::Filling);
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("parties", &self.parties())
            .field("count", &self.inner.count.get())
            .field("state", &self.inner.state.get())
            .finish()
    }
}

/// A task waited at a [`Barrier`] in vain. asyncio has an exception of the same name.
///
/// ```
/// use looplet::{Barrier, BrokenBarrierError, run};
///
/// run(async {
///     let barrier = Barrier::new(2);
///     barrier.abort().await;
///     assert_eq!(barrier.wait().await, Err(BrokenBarrierError::Aborted));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenBarrierError {
    /// The barrier was aborted or reset while the task waited.
    Reset,
    /// The barrier was aborted before the task came.
    Aborted,
}

impl fmt::Display for BrokenBarrierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BrokenBarrierError::Reset => "the barrier was aborted or reset",
            BrokenBarrierError::Aborted => "the barrier is aborted",
        })
    }
}

impl Error for BrokenBarrierError {}
