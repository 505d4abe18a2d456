//! The loop of a thread: which one is meant where none is named.
//!
//! Most programs ask for the loop that runs. The oldest asyncio programs begin, before one does,
//! with `loop = asyncio.get_event_loop()`, run it several times, and close it. asyncio has stopped
//! making loops there (since 3.14 that is an error), because a loop that nobody closes leaks.
//! Here one that nobody holds is gone.
//!
//! # Rules
//!
//! 1. The thread remembers a number, not a handle: it keeps no loop alive.
//! 2. A loop that runs comes first.

use std::io;

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
/// assert!(run(async { get_running_loop().is_running() }));
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
/// The asyncio counterpart is `asyncio._get_running_loop`.
///
/// ```
/// use looplet::{run, try_get_running_loop};
///
/// assert!(try_get_running_loop().is_none());
/// assert!(run(async { try_get_running_loop().is_some() }));
/// ```
pub fn try_get_running_loop() -> Option<EventLoop> {
    context::running().map(|core| EventLoop { core })
}

/// Returns the loop of this thread: the one that runs, else the one that was set, else a new
/// one, which is set from then on.
///
/// It is the way in which the oldest asyncio programs begin; a new program calls
/// [`run`](crate::run). A loop that was closed is still the one that was set, as long as a handle
/// of it lives, and its runs give [`RunError::Closed`](crate::RunError::Closed).
///
/// The thread keeps no handle: with the last one that the program has, the loop is gone, and the
/// next call makes another. The asyncio counterpart has the same name, and keeps the loop; since
/// version 3.14 it makes none.
///
/// # Errors
///
/// As [`EventLoopBuilder::build`](crate::EventLoopBuilder::build), if a loop has to be made.
///
/// ```
/// use looplet::{get_event_loop, sleep};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let event_loop = get_event_loop()?;
/// let nap = event_loop.create_task(async { sleep(Duration::from_millis(1)).await; "rested" });
/// assert_eq!(event_loop.run_until_complete(nap)?, "rested");
/// event_loop.close();
/// # Ok(())
/// # }
/// ```
pub fn get_event_loop() -> io::Result<EventLoop> {
    let chosen = || context::chosen().and_then(context::find_loop);
    if let Some(core) = context::running().or_else(chosen) {
        return Ok(EventLoop { core });
    }
    let event_loop = EventLoop::new()?;
    set_event_loop(Some(&event_loop));
    Ok(event_loop)
}

/// Sets what [`get_event_loop`] returns on this thread while no loop runs; `None` forgets it.
///
/// The thread keeps no handle: the loop lives as long as the program has one. The asyncio
/// counterpart has the same name.
///
/// ```
/// use looplet::{EventLoop, get_event_loop, set_event_loop};
///
/// # fn main() -> std::io::Result<()> {
/// let event_loop = EventLoop::builder().name("mine").build()?;
/// set_event_loop(Some(&event_loop));
/// assert_eq!(get_event_loop()?.name(), Some("mine"));
/// # Ok(())
/// # }
/// ```
pub fn set_event_loop(event_loop: Option<&EventLoop>) {
    context::choose(event_loop.map(|event_loop| event_loop.core.number));
}
