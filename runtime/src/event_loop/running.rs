//! Which loop runs on this thread.
//!
//! Everything public asks here, once, at its edge; what is below is handed the loop.

use super::EventLoop;
use super::context;

/// Returns the loop that runs on this thread.
///
/// The asyncio counterpart has the same name.
///
/// # Panics
///
/// If none is running; [`try_get_running_loop`] asks first.
///
/// ```
/// use looplet::{get_running_loop, run};
///
/// run(async { assert!(get_running_loop().is_running()) });
/// ```
#[track_caller]
pub fn get_running_loop() -> EventLoop {
    match try_get_running_loop() {
        Some(event_loop) => event_loop,
        None => panic!("no running event loop: this works only inside looplet::run"),
    }
}

/// Returns the loop that runs on this thread, if one does.
///
/// In asyncio, [`get_running_loop`] raises `RuntimeError` where this gives `None`.
///
/// ```
/// use looplet::{run, try_get_running_loop};
///
/// assert!(try_get_running_loop().is_none());
/// run(async { assert!(try_get_running_loop().is_some()) });
/// ```
pub fn try_get_running_loop() -> Option<EventLoop> {
    context::running().map(|core| EventLoop { core })
}
