//! An event: something that has happened or not, and tasks that wait for it.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use super::home::Home;
use super::waiters::WaitQueue;
use crate::cancel::{Note, Plain};

/// A flag that tasks can wait for.
///
/// The asyncio counterpart has the same name.
///
/// ```
/// use looplet::{Event, create_task, run};
///
/// run(async {
///     let event = Event::new();
///     let waiter = create_task({
///         let event = event.clone();
///         async move { event.wait().await }
///     });
///     event.set();
///     waiter.await;
/// });
/// ```
#[derive(Clone, Default)]
pub struct Event {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    set: Cell<bool>,
    waiters: WaitQueue,
    home: Home,
}

impl Event {
    /// Makes an event that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the event and wakes everybody who waits for it now, even if it is cleared before
    /// they run.
    pub fn set(&self) {
        if !self.inner.set.replace(true) {
            self.inner.waiters.wake_all();
        }
    }

    /// Clears the event: from now on, `wait` waits again.
    pub fn clear(&self) {
        self.inner.set.set(false);
    }

    /// Returns whether the event is set.
    pub fn is_set(&self) -> bool {
        self.inner.set.get()
    }

    /// Waits until the event is set; returns at once if it is.
    ///
    /// # Panics
    ///
    /// If it has to wait and the event is bound to a different event loop: the first one on
    /// which anybody waited for it, until that is closed.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on the event.
    pub async fn wait(&self) {
        if !self.is_set() {
            self.inner.home.enter(self);
            self.inner
                .waiters
                .wait(&|| {}, Note::Plain(Plain::Event))
                .await;
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("set", &self.is_set())
            .field("waiters", &self.inner.waiters.len())
            .finish()
    }
}
