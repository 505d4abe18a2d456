//! What servers have said, so that the next request need not be refused first.
//!
//! # Rules
//!
//! 1. A challenge is kept under the origin that has sent it, and given out for no other.
//! 2. What is kept is shared: two requests that answer the same challenge count together.
//! 3. There is one challenge for an origin, the last, and a few origins; the oldest is dropped.

use std::cell::RefCell;
use std::rc::Rc;

use super::digest::Digest;
use crate::message::Origin;

/// Origins that are remembered.
const ORIGINS: usize = 32;

/// The last challenge of each origin, the oldest first.
#[derive(Default)]
pub(super) struct Memory {
    challenges: RefCell<Vec<(Origin, Rc<Digest>)>>,
}

impl Memory {
    /// The last challenge of an origin.
    pub(super) fn of(&self, origin: &Origin) -> Option<Rc<Digest>> {
        let challenges = self.challenges.borrow();
        let found = challenges.iter().find(|(own, _)| own == origin);
        found.map(|(_, digest)| digest.clone())
    }

    /// Keeps a challenge in place of the last one. The same again goes on where it was.
    pub(super) fn keep(&self, origin: &Origin, digest: Rc<Digest>) -> Rc<Digest> {
        let known = self.of(origin).filter(|known| *known == digest);
        let digest = known.unwrap_or(digest);
        self.forget(origin);
        let mut challenges = self.challenges.borrow_mut();
        if challenges.len() == ORIGINS {
            challenges.remove(0);
        }
        challenges.push((origin.clone(), digest.clone()));
        digest
    }

    /// Drops what an origin has said.
    pub(super) fn forget(&self, origin: &Origin) {
        self.challenges
            .borrow_mut()
            .retain(|(own, _)| own != origin);
    }
}
