//! Runs that know nothing of Ctrl-C: what there is without the feature `signal`.

use crate::event_loop::{EventLoop, RunError};

/// Runs `main`. Ctrl-C does what the program, or the system, has set for it.
#[track_caller]
pub(super) fn run_main<F: Future + 'static>(
    event_loop: &EventLoop,
    main: F,
) -> Result<F::Output, RunError> {
    event_loop.run_until_complete(main)
}

/// Ends a program whose `run` has failed.
#[track_caller]
pub(super) fn give_up(error: &RunError) -> ! {
    panic!("looplet::run: {error}")
}
