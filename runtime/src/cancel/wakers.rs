//! The wakers that combinators of other libraries have put between a task and its leaves.
//!
//! A combinator such as `FuturesUnordered` polls only those children whose own waker was
//! called. So a request must call the waker of a leaf inside the frame it is addressed to, or
//! no leaf will ever see it. They are kept in one list a task, the youngest last, each beside
//! the innermost frame around its leaf. Almost every task has none.

use std::collections::BTreeMap;
use std::task::Waker;

/// Names a waker in the list of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WakerId(u64);

/// The list of one task; `P` says where a leaf is.
pub(super) struct ForeignWakers<P> {
    leaves: BTreeMap<WakerId, (P, Waker)>,
    next: u64,
}

impl<P> Default for ForeignWakers<P> {
    fn default() -> Self {
        Self {
            leaves: BTreeMap::new(),
            next: 0,
        }
    }
}

impl<P> ForeignWakers<P> {
    /// Adds the waker of a leaf.
    pub(super) fn add(&mut self, place: P, waker: Waker) -> WakerId {
        let id = WakerId(self.next);
        self.next += 1;
        self.leaves.insert(id, (place, waker));
        id
    }

    /// Exchanges a waker, and returns the old one for the caller to drop.
    pub(super) fn replace(&mut self, id: WakerId, waker: &Waker) -> Option<Waker> {
        let (_, old) = self.leaves.get_mut(&id)?;
        if old.will_wake(waker) {
            return None;
        }
        Some(std::mem::replace(old, waker.clone()))
    }

    /// Removes a waker, and returns it for the caller to drop.
    pub(super) fn remove(&mut self, id: WakerId) -> Option<(P, Waker)> {
        self.leaves.remove(&id)
    }

    /// The waker of the youngest leaf that is where it should be.
    pub(super) fn youngest(&self, is_there: impl Fn(&P) -> bool) -> Option<Waker> {
        let mut leaves = self.leaves.values().rev();
        let leaf = leaves.find(|(place, _)| is_there(place))?;
        Some(leaf.1.clone())
    }
}
