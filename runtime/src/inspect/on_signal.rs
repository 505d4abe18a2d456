//! The same answers at a signal, to standard error: for a program at whose keyboard somebody sits.

use std::ffi::c_int;
use std::fmt;
use std::io::{self, Write};

use super::table::ps;
use super::tree::pstree;
use crate::event_loop::{EventLoop, get_running_loop};
use crate::signal::{Role, SignalError, Subscription, subscribe};

/// Has the tasks of the running loop written to standard error whenever `signal` comes, until
/// what is returned is dropped: the table and, if there is one, the tree.
///
/// `SIGQUIT` is Ctrl-\ at a keyboard, and `SIGUSR1` is what other processes send. The loop
/// writes in a turn, and not while a task blocks it. It reports a deadlock as it would without.
/// What the signal does otherwise, the end of the process, it does not do meanwhile. asyncio has
/// no counterpart but `faulthandler`, which knows threads.
///
/// # Errors
///
/// [`SignalError::Invalid`] or [`SignalError::Uncatchable`] if nothing can be done at the
/// signal; [`SignalError::Io`] if the system refuses.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{inspect, run, signal, yield_now};
///
/// # fn main() -> Result<(), signal::SignalError> {
/// run(async {
///     let _dump = inspect::dump_on(signal::SIGUSR1)?;
///     // From now on, `kill -USR1` shows what the program is doing.
///     yield_now().await;
///     Ok(())
/// })
/// # }
/// ```
pub fn dump_on(signal: c_int) -> Result<SignalDump, SignalError> {
    let event_loop = get_running_loop();
    let own = event_loop.downgrade();
    let dump = move || {
        own.upgrade().inspect(dump);
    };
    let subscription = subscribe(&event_loop, signal, Role::Standing, dump)?;
    Ok(SignalDump {
        signal,
        _subscription: subscription,
    })
}

fn dump(event_loop: &EventLoop) {
    let table = ps(event_loop);
    let tree = pstree(event_loop).unwrap_or_else(|cycle| format!("ERROR: {cycle}\n"));
    // A program without standard error goes on.
    let _ = io::stderr().write_all(format!("{table}\n{tree}").as_bytes());
}

/// Shows the tasks of a loop at a signal; made by [`dump_on`]. Dropping it ends that.
///
/// asyncio has no counterpart.
///
/// ```
/// use looplet::inspect::{self, SignalDump};
/// use looplet::{run, signal};
///
/// run(async {
///     let dump: SignalDump = inspect::dump_on(signal::SIGUSR2).expect("it can be caught");
///     drop(dump);
/// });
/// ```
#[must_use = "the signal does what it always did once it is dropped"]
pub struct SignalDump {
    signal: c_int,
    _subscription: Subscription,
}

impl fmt::Debug for SignalDump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalDump")
            .field("signal", &self.signal)
            .finish()
    }
}
