//! Waiting for a socket by polling it, for futures that are written by hand.
//!
//! [`TcpStream::readable`](super::TcpStream::readable) is a future, and dropping it ends the
//! wait. Here the wait is kept in the socket: one for each direction, so of two tasks that poll
//! the same direction only the last one is woken, as is the custom of `poll` functions. It ends
//! when the socket is ready, or dropped. Until then the loop takes it for a wait like any
//! other, and does not report a deadlock.

use std::cell::Cell;
use std::io;
use std::task::{Context, Poll};

use crate::event_loop::WaitId;
use crate::leaf::interrupted;
use crate::polled_leaf::PolledLeaf;

/// The wait for one direction of a socket that is polled.
#[derive(Default)]
pub(super) struct PolledWait {
    /// The name of the wait at the reactor, if it ever waited.
    wait: Cell<Option<WaitId>>,
    leaf: PolledLeaf,
}

impl PolledWait {
    /// Returns `Ready` if a try is worth making. `ready` asks the reactor, and waits there under
    /// the name that it is given or gives.
    pub(super) fn poll(
        &self,
        context: &Context<'_>,
        ready: impl FnOnce(&mut Option<WaitId>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if interrupted() {
            return Poll::Pending;
        }
        let mut wait = self.wait.take();
        let polled = ready(&mut wait);
        if polled.is_ready() {
            self.leaf.resume();
        } else {
            self.wait.set(wait);
            self.leaf.park(context);
        }
        polled
    }
}
