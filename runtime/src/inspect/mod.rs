//! A look at the tasks of a running program, from inside and from outside.
//!
//! asyncio has `python -m asyncio ps PID` and `pstree PID`, which read the memory of another
//! process. Here a program that wants to be looked at says so: it listens on a UNIX socket, and
//! whoever connects and asks gets the answer; see `listen`, which takes the feature `protocols`.
//! `examples/ps.rs` is the program that asks. With the feature `signal`, a signal is another way
//! to ask: see `dump_on`.
//!
//! * [`ps`] is a table: each task with what it runs, where it was spawned, what it waits for
//!   and who awaits it.
//! * [`pstree`] is a drawing of who awaits whom, from those down that nobody awaits.
//!
//! # Rules
//!
//! 1. The loop itself answers, in a turn. So nothing is looked at while it changes; and while a
//!    task blocks the loop there is no answer. For that there is
//!    [`EventLoop::watch`](crate::EventLoop::watch).
//! 2. To be looked at changes nothing: there is no task for it, and a loop in which everybody
//!    waits for ever is in a deadlock also if it listens here.
//!
//! ```
//! use looplet::{create_task, get_running_loop, inspect, run, sleep, yield_now};
//! use std::time::Duration;
//!
//! run(async {
//!     create_task(sleep(Duration::from_secs(60))).set_name("nap");
//!     yield_now().await;
//!     let table = inspect::ps(&get_running_loop());
//!     assert!(table.contains("nap"));
//! });
//! ```

mod text;
mod table;
mod tree;
#[cfg(feature = "protocols")]
mod listen;
#[cfg(feature = "signal")]
mod on_signal;

#[cfg(feature = "protocols")]
pub use self::listen::{Inspector, listen};
#[cfg(feature = "signal")]
pub use self::on_signal::{SignalDump, dump_on};
pub use self::table::ps;
pub use self::tree::{AwaitCycle, pstree};

pub(crate) use self::text::plain;
