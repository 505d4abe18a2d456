//! The loop that a primitive belongs to: the first one on which somebody waits for it.
//!
//! A turn that is handed to a waiter is lost for all others until that waiter runs. If it stands
//! on a loop that nobody runs any more, they would wait for good, so one line does not lead
//! through two loops. A promise has no turns to hand out, and may be awaited from anywhere on
//! its thread.
//!
//! Who need not wait is not asked.

use std::cell::Cell;
use std::fmt;

use crate::event_loop::{Ticket, WeakLoop, loop_of, ticket};

/// Which loop waits for a primitive, if anybody ever has.
#[derive(Default)]
pub(crate) struct Home(Cell<Option<WeakLoop>>);

impl Home {
    /// Binds `primitive` to the loop of the task that is about to wait for it.
    ///
    /// A loop that is closed holds nobody: the next one may have what was bound to it.
    ///
    /// # Panics
    ///
    /// If it is bound to a different loop.
    pub(crate) fn enter(&self, primitive: &dyn fmt::Debug) {
        let Some(current) = ticket() else { return };
        let bound = self.0.get().map(WeakLoop::number);
        if bound != Some(current.number()) {
            self.bind(current, primitive);
        }
    }

    #[cold]
    fn bind(&self, current: Ticket, primitive: &dyn fmt::Debug) {
        let old = self.0.get().and_then(WeakLoop::upgrade);
        let free = old.is_none_or(|old| old.is_closed());
        assert!(free, "{primitive:?} is bound to a different event loop");
        self.0.set(loop_of(current).map(|now| now.downgrade()));
    }
}
