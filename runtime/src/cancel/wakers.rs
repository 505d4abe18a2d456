//! The wakers that combinators of other libraries have put between a task and its leaves.
//!
//! A combinator such as `FuturesUnordered` polls only those children whose own waker was
//! called. So a request must call the waker of a leaf inside the frame it is addressed to, or
//! no leaf will ever see it. They are kept in one list a task, the youngest last, each beside
//! the innermost frame around its leaf. Almost every task has none.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use super::frame::{FrameOwner, FrameRef};

/// Names a waker in the list of its task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WakerId(u64);

/// The list of one task.
#[derive(Default)]
pub(super) struct ForeignWakers {
    leaves: BTreeMap<WakerId, (FrameRef, Waker)>,
    next: u64,
}

impl ForeignWakers {
    /// Adds the waker of a leaf inside `frame`.
    pub(super) fn add(&mut self, frame: FrameRef, waker: Waker) -> WakerId {
        let id = WakerId(self.next);
        self.next += 1;
        self.leaves.insert(id, (frame, waker));
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
    pub(super) fn remove(&mut self, id: WakerId) -> Option<(FrameRef, Waker)> {
        self.leaves.remove(&id)
    }

    /// The waker of the youngest leaf inside `frame`, at any depth.
    pub(super) fn youngest_inside(&self, frame: &dyn FrameOwner) -> Option<Waker> {
        let mut leaves = self.leaves.values().rev();
        let leaf = leaves.find(|(innermost, _)| is_inside(innermost, frame))?;
        Some(leaf.1.clone())
    }
}

/// Whether `frame` is `innermost` or one of those around it.
fn is_inside(innermost: &FrameRef, frame: &dyn FrameOwner) -> bool {
    let mut next: Option<&FrameRef> = Some(innermost);
    while let Some(owner) = next {
        if std::ptr::addr_eq(Rc::as_ptr(owner), frame) {
            return true;
        }
        next = owner.parent();
    }
    false
}
