//! The wakers that combinators of other libraries have put between a task and its leaves.
//!
//! A combinator such as `FuturesUnordered` polls only those children whose own waker was
//! called. So a request must call the waker of a leaf inside the frame it is addressed to, or
//! no leaf will ever see it. They are kept in one list a task, each beside the innermost frame
//! around its leaf. Almost every task has none; one that joins thousands of futures has
//! thousands, so adding and removing must cost nothing, and looking through them may.
//!
//! A leaf that is a future takes its waker out when it is dropped: as long as the waker is here,
//! so is the leaf. Code that polls a socket keeps no future (`polled_leaf.rs`), and may have
//! lost interest since. Its waker is *unsure*, and calling it may reach nobody.

use std::task::Waker;

use slab::Slab;

/// Names a waker in the list of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WakerId(u32);

/// The list of one task; `P` says where a leaf is.
pub(super) struct ForeignWakers<P> {
    leaves: Slab<Kept<P>>,
}

struct Kept<P> {
    place: P,
    waker: Waker,
    /// Whether the leaf is there as long as its waker is.
    sure: bool,
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
    pub(super) fn add(&mut self, place: P, waker: Waker, sure: bool) -> WakerId {
        let kept = Kept { place, waker, sure };
        WakerId(self.leaves.insert(kept) as u32)
    }

    /// Exchanges a waker, and returns the old one for the caller to drop.
    pub(super) fn replace(&mut self, id: WakerId, waker: &Waker) -> Option<Waker> {
        let old = &mut self.leaves.get_mut(id.0 as usize)?.waker;
        if old.will_wake(waker) {
            return None;
        }
        Some(std::mem::replace(old, waker.clone()))
    }

    /// Removes a waker, and returns it for the caller to drop.
    pub(super) fn remove(&mut self, id: WakerId) -> Option<(P, Waker)> {
        let kept = self.leaves.try_remove(id.0 as usize)?;
        Some((kept.place, kept.waker))
    }

    /// Whom to wake so that some leaf that is where it should be is polled: one is enough if it
    /// is sure; otherwise all that are unsure.
    pub(super) fn find(&self, is_there: impl Fn(&P) -> bool) -> Found {
        let mut unsure = Vec::new();
        for (_, kept) in &self.leaves {
            if !is_there(&kept.place) {
                continue;
            }
            if kept.sure {
                return Found::Sure(kept.waker.clone());
            }
            unsure.push(kept.waker.clone());
        }
        Found::Unsure(unsure)
    }
}

/// What there is to wake.
pub(super) enum Found {
    /// The waker of a leaf that is there.
    Sure(Waker),
    /// The wakers of all leaves that may be there. Often none.
    Unsure(Vec<Waker>),
}
