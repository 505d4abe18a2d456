//! A loop by its number: what a task, a promise or a socket knows of its own.

use super::EventLoop;
use super::context;
use super::core::Core;
use super::report::{ErrorContext, report_by_default};
use super::ticket::{LoopNumber, Ticket};

/// A loop that may be gone, by its number. What waits keeps one of these: a task must not keep
/// its own loop alive.
#[derive(Clone, Copy)]
pub(crate) struct WeakLoop(LoopNumber);

impl WeakLoop {
    pub(super) fn new(number: LoopNumber) -> Self {
        Self(number)
    }

    pub(crate) fn upgrade(self) -> Option<EventLoop> {
        context::find_loop(self.0).map(|core| EventLoop { core })
    }

    /// Looks at the loop without a handle of it, if it is there. `look` runs no user code.
    #[inline]
    pub(crate) fn look<R>(self, look: impl FnOnce(&Core) -> R) -> Option<R> {
        context::with_loop(self.0, look)
    }

    pub(crate) fn number(self) -> LoopNumber {
        self.0
    }

    /// Reports to the loop; as a loop without a handler does, if it is gone.
    pub(crate) fn report(self, context: &ErrorContext) {
        match self.upgrade() {
            Some(event_loop) => event_loop.call_exception_handler(context),
            None => report_by_default(context),
        }
    }
}

/// Returns the loop that a ticket is of, if it is on this thread.
pub(crate) fn loop_of(ticket: Ticket) -> Option<EventLoop> {
    WeakLoop(ticket.number()).upgrade()
}
