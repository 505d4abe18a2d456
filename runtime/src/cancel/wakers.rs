//! The wakers that combinators of other libraries have put between a task and its leaves.
//!
//! A combinator such as `FuturesUnordered` polls only those children whose own waker was
//! called. So a request must call the waker of a leaf inside the frame it is addressed to, or
//! no leaf will ever see it. They are kept in one list a task, each beside the innermost frame
//! around its leaf. Almost every task has none; one that joins thousands of futures has
//! thousands, so adding and removing must cost nothing, and looking through them may.

use std::task::Waker;

use slab::Slab;

/// Names a waker in the list of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WakerId(u32);

/// The list of one task; `P` says where a leaf is.
pub(super) struct ForeignWakers<P> {
    leaves: Slab<(P, Waker)>,
}

impl<P> Default for ForeignWakers<P> {
    fn default() -> Self {
        Self {
            leaves: Slab::new(),
        }
    }
}

impl<P> ForeignWakers<P> {
    /// Adds the waker of a leaf.
    pub(super) fn add(&mut self, place: P, waker: Waker) -> WakerId {
        WakerId(self.leaves.insert((place, waker)) as u32)
    }

    /// Exchanges a waker, and returns the old one for the caller to drop.
    pub(super) fn replace(&mut self, id: WakerId, waker: &Waker) -> Option<Waker> {
        let (_, old) = self.leaves.get_mut(id.0 as usize)?;
        if old.will_wake(waker) {
            return None;
        }
        Some(std::mem::replace(old, waker.clone()))
    }

    /// Removes a waker, and returns it for the caller to drop.
    pub(super) fn remove(&mut self, id: WakerId) -> Option<(P, Waker)> {
        self.leaves.try_remove(id.0 as usize)
    }

    /// The waker of some leaf that is where it should be: one that is polled is enough.
    pub(super) fn find(&self, is_there: impl Fn(&P) -> bool) -> Option<Waker> {
        let mut leaves = self.leaves.iter().map(|(_, leaf)| leaf);
        let (_, waker) = leaves.find(|(place, _)| is_there(place))?;
        Some(waker.clone())
    }
}
