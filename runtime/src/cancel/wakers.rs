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
    leaves: Slab<Leaf<P>>,
    /// Leaves there have been.
    made: u64,
}

struct Leaf<P> {
    place: P,
    waker: Waker,
    /// How many leaves there had been before it.
    number: u64,
}

impl<P> Default for ForeignWakers<P> {
    fn default() -> Self {
        Self {
            leaves: Slab::new(),
            made: 0,
        }
    }
}

impl<P> ForeignWakers<P> {
    /// Adds the waker of a leaf.
    pub(super) fn add(&mut self, place: P, waker: Waker) -> WakerId {
        let number = self.made;
        self.made += 1;
        let leaf = Leaf {
            place,
            waker,
            number,
        };
        WakerId(self.leaves.insert(leaf) as u32)
    }

    /// Exchanges a waker, and returns the old one for the caller to drop.
    pub(super) fn replace(&mut self, id: WakerId, waker: &Waker) -> Option<Waker> {
        let leaf = self.leaves.get_mut(id.0 as usize)?;
        if leaf.waker.will_wake(waker) {
            return None;
        }
        Some(std::mem::replace(&mut leaf.waker, waker.clone()))
    }

    /// Removes a waker, and returns it for the caller to drop.
    pub(super) fn remove(&mut self, id: WakerId) -> Option<(P, Waker)> {
        let leaf = self.leaves.try_remove(id.0 as usize)?;
        Some((leaf.place, leaf.waker))
    }

    /// The waker of the youngest leaf that is where it should be.
    pub(super) fn youngest(&self, is_there: impl Fn(&P) -> bool) -> Option<Waker> {
        let leaves = self.leaves.iter().map(|(_, leaf)| leaf);
        let inside = leaves.filter(|leaf| is_there(&leaf.place));
        let youngest = inside.max_by_key(|leaf| leaf.number)?;
        Some(youngest.waker.clone())
    }
}
