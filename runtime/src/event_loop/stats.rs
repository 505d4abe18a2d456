//! What is on a loop, in numbers.
//!
//! For tests that look for leaks, and for programs that show how busy they are. The numbers are
//! read, not kept: asking costs something, not asking nothing.

use std::fmt;

use super::EventLoop;
use super::core::Core;

/// What is on a loop at one moment; made by [`EventLoop::stats`](crate::EventLoop::stats).
///
/// The numbers that stay the same from one request to the next tell of a steady state; those
/// that only grow tell of a leak. asyncio has no counterpart but `len(all_tasks())`.
///
/// ```
/// use looplet::{create_task, get_running_loop, run, sleep, yield_now};
/// use std::time::Duration;
///
/// run(async {
///     let nap = create_task(sleep(Duration::from_secs(60)));
///     yield_now().await;
///     let stats = get_running_loop().stats();
///     assert_eq!((stats.tasks, stats.timers), (2, 1));
///     nap.cancel();
///     assert!(nap.join().await.is_err());
///     let stats = get_running_loop().stats();
///     assert_eq!((stats.tasks, stats.timers), (1, 0));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoopStats {
    /// Tasks that have not ended, with the one that asks.
    pub tasks: usize,
    /// Entries that wait for the next turn: tasks, callbacks, timers that are due.
    pub ready: usize,
    /// Timers that have neither gone off nor been cancelled.
    pub timers: usize,
    /// Sockets and other sources that the kernel is asked about.
    pub sources: usize,
    /// Waits for a source to become ready; two for one that is read and written.
    pub source_waits: usize,
    /// Waits for the result of a thread.
    pub jobs: usize,
}

impl LoopStats {
    fn of(core: &Core) -> Self {
        Self {
            tasks: core.tasks.len(),
            ready: core.ready.len(),
            timers: core.timers.len(),
            sources: core.reactor.sources(),
            source_waits: core.reactor.waits(),
            jobs: core.inbox.jobs(),
        }
    }
}

impl EventLoop {
    /// Counts what is on the loop.
    pub fn stats(&self) -> LoopStats {
        LoopStats::of(&self.core)
    }
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("EventLoop");
        if let Some(name) = self.name() {
            shown.field("name", &name);
        }
        shown
            .field("phase", &self.core.phase.get())
            .field("ready", &self.core.ready.len())
            .field("tasks", &self.core.tasks.len())
            .finish()
    }
}
