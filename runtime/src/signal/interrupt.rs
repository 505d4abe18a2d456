//! Ctrl-C: the one signal that the runtime has an answer to by itself.

use std::ffi::c_int;
use std::io::{self, Write};

use signal_hook::consts::SIGINT;
use signal_hook::low_level::emulate_default_handler;

use super::table::{Role, enter, was_taken};
use super::watch::{Subscription, is_listened_to, subscribe};
use crate::event_loop::EventLoop;

/// What a shell says of a program that Ctrl-C has ended.
const STATUS: c_int = 128 + SIGINT;

/// Has `call` made at every Ctrl-C that the program does not listen to on this loop.
///
/// `None`: the program has set something for `SIGINT` outside this crate, or the system has no
/// descriptors left. Then the signal does what it did before.
pub(crate) fn on_interrupt(
    event_loop: &EventLoop,
    call: impl Fn() + 'static,
) -> Option<Subscription> {
    enter(SIGINT).ok()?;
    if was_taken(SIGINT) {
        return None;
    }
    let weak = event_loop.downgrade();
    let unless_listened_to = move || {
        if weak.upgrade().is_some_and(|l| !is_listened_to(&l, SIGINT)) {
            call();
        }
    };
    subscribe(event_loop, SIGINT, Role::Background, unless_listened_to).ok()
}

/// Ends the process as Ctrl-C does by default, so that whoever waits for it sees that it was
/// interrupted. What was printed is printed.
pub(crate) fn end_by_interrupt() -> ! {
    // Whoever reads it may be gone, and the process is about to be.
    let _ = io::stdout().flush();
    let _ = emulate_default_handler(SIGINT);
    std::process::exit(STATUS)
}
