//! Runs that know nothing of Ctrl-C: what there is without the feature `signal`.

use crate::event_loop::{EventLoop, RunError};
use crate::task::Task;

/// Runs the loop until `task` is done. Ctrl-C does what the program, or the system, has set.
pub(super) fn run_main<T: 'static>(event_loop: &EventLoop, task: Task<T>) -> Result<T, RunError> {
    event_loop.run_until_done(task)
}

/// Ends a program whose `run` has failed.
#[track_caller]
pub(super) fn give_up(error: &RunError) -> ! {
    panic!("looplet::run: {error}")
}
