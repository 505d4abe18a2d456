//! Tasks: coroutines that the loop runs, and the scopes that catch a cancel.
//!
//! `cell/` is what a task is and how a step of it goes, `handle.rs` what a program holds,
//! [`Task`], and `spawn.rs` the functions that make one. `of_promise.rs` gives a promise the shape
//! of a task, and `task_ref.rs` is a task whose result nobody knows. The scopes
//! ([`catch_cancel()`], [`timeout()`]) build on the states drawn in `cancel/step.rs`; a [`Timeout`]
//! is the handle of a scope. [`sleep()`] is the smallest complete leaf and the one to read first.
//!
//! # Awaiting raises, joining returns
//!
//! `task.await` gives the value, as in Python. If the task was cancelled, the awaiter is
//! cancelled at that point; if it panicked, the panic goes on in the awaiter.
//! `task.join().await` gives a `Result` instead, except when the outcome answers the awaiter's
//! own request: a join must not swallow the cancel of the one who joins.

mod cell;
mod of_promise;
mod task_ref;
mod handle;
mod about;
mod options;
mod spawn;
mod wait;
mod sleep;
mod yield_now;
mod catch_cancel;
mod scope;
mod timeout;
mod deadline;

pub use self::catch_cancel::{CatchCancel, catch_cancel};
pub use self::deadline::{Timeout, TimeoutStateError};
pub use self::handle::Task;
pub use self::options::TaskOptions;
pub use self::sleep::{Sleep, sleep, sleep_until};
pub use self::spawn::{create_task, create_task_with, spawn};
pub use self::task_ref::{TaskRef, all_tasks, current_task, format_call_graph};
pub use self::timeout::{WithTimeout, timeout, timeout_at};
pub use self::wait::{Join, TaskWait};
pub use self::yield_now::{YieldNow, yield_now};

pub(crate) use self::scope::{Pending, Polled, ScopeFrame, poll_inside};
pub(crate) use self::sleep::Alarm;
