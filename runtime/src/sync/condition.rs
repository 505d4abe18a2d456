//! A condition: tasks that hold a lock wait until another one says that something has changed.
//!
//! # Rules
//!
//! 1. Whoever waits gives the lock back meanwhile, and has it again when the wait is over, in
//!    whatever way: a cancel is raised only once the lock is held.
//! 2. Waiters are notified first come, first served; a notified one still has to get the lock.
//! 3. A notification to a waiter that was cancelled, or dropped before it had the lock again,
//!    goes to the next one.

use std::fmt;
use std::rc::Rc;

use super::home::Home;
use super::lock::{Lock, LockGuard, NotAcquired};
use super::waiters::WaitQueue;
use crate::cancel::{Note, Plain};
use crate::task::catch_cancel;

/// A lock, and tasks that wait for a change of what it guards.
///
/// Clones stand for the same condition. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Condition, create_task, run};
/// use std::{cell::Cell, rc::Rc};
///
/// run(async {
///     let (condition, ripe) = (Condition::new(), Rc::new(Cell::new(false)));
///     let waiter = create_task({
///         let (condition, ripe) = (condition.clone(), ripe.clone());
///         async move {
///             let mut guard = condition.acquire().await;
///             condition.wait_for(&mut guard, || ripe.get()).await.expect("the lock is held");
///         }
///     });
///     looplet::yield_now().await;
///     let _guard = condition.acquire().await;
///     ripe.set(true);
///     condition.notify(1).expect("the lock is held");
///     drop(_guard);
///     waiter.await;
/// });
/// ```
#[derive(Clone, Default)]
pub struct Condition {
    lock: Lock,
    line: Rc<Line>,
}

/// What the clones of a condition share beside the lock.
#[derive(Default)]
struct Line {
    waiters: WaitQueue,
    home: Home,
}

impl Condition {
    /// Makes a condition with a lock of its own.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a condition on a lock that others may share.
    pub fn with_lock(lock: &Lock) -> Self {
        Self {
            lock: lock.clone(),
            line: Rc::default(),
        }
    }

    /// Takes the lock. See [`Lock::acquire`].
    ///
    /// # Panics
    ///
    /// As [`Lock::acquire`].
    ///
    /// # Cancel safety
    ///
    /// As [`Lock::acquire`].
    pub async fn acquire(&self) -> LockGuard {
        self.lock.acquire().await
    }

    /// Gives the lock back that somebody holds, without its guard. See [`Lock::release`].
    ///
    /// # Errors
    ///
    /// [`NotAcquired`] if nobody holds the lock.
    pub fn release(&self) -> Result<(), NotAcquired> {
        self.lock.release()
    }

    /// Returns whether somebody holds the lock.
    pub fn locked(&self) -> bool {
        self.lock.locked()
    }

    /// Gives the lock back, waits to be notified, and takes the lock again.
    ///
    /// # Errors
    ///
    /// [`NotAcquired`] if `guard` does not hold the lock of this condition.
    ///
    /// # Panics
    ///
    /// If the condition is bound to a different event loop: the first one on which anybody
    /// waited for it, until that is closed. `guard` keeps the lock then.
    ///
    /// # Cancel safety
    ///
    /// A cancel is raised once the lock is held again, so that whoever catches it around this
    /// call still has the lock. Dropping the wait leaves `guard` without the lock.
    pub async fn wait(&self, guard: &mut LockGuard) -> Result<(), NotAcquired> {
        if !guard.is_of(&self.lock) {
            return Err(NotAcquired);
        }
        self.line.home.enter(self);
        guard.give_back();
        let pass_on = || self.notify_waiters(1);
        let mut cancelled = catch_cancel(
            self.line
                .waiters
                .wait(&pass_on, Note::Plain(Plain::Notification)),
        )
        .await
        .err();
        let mut notified = Notified(Some(self));
        let again = loop {
            match catch_cancel(self.lock.acquire()).await {
                Ok(again) => break again,
                Err(cause) => cancelled = Some(cause),
            }
        };
        guard.adopt(again);
        if let Some(cause) = cancelled {
            drop(notified);
            cause.raise().await;
        }
        notified.0 = None;
        Ok(())
    }

    /// Waits until `predicate` is true, looking whenever it is notified.
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// As [`wait`](Self::wait).
    ///
    /// ```
    /// use looplet::{Condition, create_task, run, yield_now};
    /// use std::{cell::Cell, rc::Rc};
    ///
    /// run(async {
    ///     let (condition, ready) = (Condition::new(), Rc::new(Cell::new(false)));
    ///     let (waiting, seen) = (condition.clone(), ready.clone());
    ///     let waiter = create_task(async move {
    ///         let mut guard = waiting.acquire().await;
    ///         waiting.wait_for(&mut guard, || seen.get()).await
    ///     });
    ///     yield_now().await;
    ///     let guard = condition.acquire().await;
    ///     ready.set(true);
    ///     condition.notify_all().expect("the lock is held");
    ///     drop(guard);
    ///     waiter.await.expect("its guard was the right one");
    /// });
    /// ```
    pub async fn wait_for(
        &self,
        guard: &mut LockGuard,
        mut predicate: impl FnMut() -> bool,
    ) -> Result<(), NotAcquired> {
        while !predicate() {
            self.wait(guard).await?;
        }
        Ok(())
    }

    /// Notifies the first `count` tasks that wait.
    ///
    /// # Errors
    ///
    /// [`NotAcquired`] if nobody holds the lock.
    pub fn notify(&self, count: usize) -> Result<(), NotAcquired> {
        if !self.locked() {
            return Err(NotAcquired);
        }
        self.notify_waiters(count);
        Ok(())
    }

    /// Notifies all tasks that wait.
    ///
    /// # Errors
    ///
    /// [`NotAcquired`] if nobody holds the lock.
    pub fn notify_all(&self) -> Result<(), NotAcquired> {
        self.notify(self.line.waiters.len())
    }

    fn notify_waiters(&self, count: usize) {
        for _ in 0..count {
            if !self.line.waiters.wake_next() {
                break;
            }
        }
    }
}

/// A notification that nobody has used. Whoever leaves with it hands it on.
struct Notified<'a>(Option<&'a Condition>);

impl Drop for Notified<'_> {
    fn drop(&mut self) {
        if let Some(condition) = self.0 {
            condition.notify_waiters(1);
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Condition")
            .field("locked", &self.locked())
            .field("waiters", &self.line.waiters.len())
            .finish()
    }
}
