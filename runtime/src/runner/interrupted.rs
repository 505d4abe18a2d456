//! Runs that Ctrl-C can end.
//!
//! The first one cancels the main task, so that its clean-up runs; a second one ends the
//! process at once. asyncio raises `KeyboardInterrupt` at the second; nothing can be raised in
//! the middle of a Rust program, and one that does not answer the first Ctrl-C must be
//! stoppable.
//!
//! # Rules
//!
//! 1. Only on the main thread, as in asyncio; a thread that the program has named `main`
//!    counts as well, since its name is all that the standard library tells.
//! 2. Not if the program listens to `SIGINT` on this loop, or had set something for it before
//!    the run by other means (see `signal/table.rs`).
//! 3. A main task that swallows the cancel returns its value, and the run with it.
//! 4. If others have cancelled the main task as well, the run ends as cancelled, not as
//!    interrupted.

use std::cell::Cell;
use std::rc::Rc;
use std::thread;

use crate::cancel::{CancelReason, Cancelled};
use crate::event_loop::{EventLoop, RunError};
use crate::signal::{end_by_interrupt, on_interrupt};
use crate::task::Task;

/// Runs the loop until `task` is done, and cancels it at Ctrl-C.
pub(super) fn run_main<T: 'static>(event_loop: &EventLoop, task: Task<T>) -> Result<T, RunError> {
    if thread::current().name() != Some("main") {
        return event_loop.run_until_done(task);
    }
    let (target, weak, count) = (
        task.as_cancel_target(),
        event_loop.downgrade(),
        Rc::default(),
    );
    let counted: Rc<Cell<u32>> = Rc::clone(&count);
    let subscription = on_interrupt(event_loop, move || {
        counted.set(counted.get() + 1);
        if counted.get() == 1 {
            target.cancel(Cancelled::new(CancelReason::Interrupted));
        } else if let Some(event_loop) = weak.upgrade() {
            // Somebody on another loop listens, so the process has not ended.
            event_loop.stop();
        }
    });
    let ran = event_loop.run_until_done(task.clone());
    drop(subscription);
    match ran {
        Err(RunError::Cancelled(_)) if count.get() > 0 && task.uncancel() == 0 => {
            Err(RunError::Interrupted)
        }
        Err(RunError::Stopped) if count.get() > 1 => Err(RunError::Interrupted),
        ran => ran,
    }
}

/// Ends a program whose `run` has failed: by a panic, or as Ctrl-C ends one.
#[track_caller]
pub(super) fn give_up(error: &RunError) -> ! {
    if matches!(error, RunError::Interrupted) {
        end_by_interrupt()
    }
    panic!("looplet::run: {error}")
}
