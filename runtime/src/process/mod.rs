//! Subprocesses.
//!
//! A [`Command`] says what to run, a [`Child`] is what runs, with the ends of its pipes as the
//! readers and writers of `streams/`. `EventLoop::subprocess_exec` is the same with callbacks.
//!
//! # Rules
//!
//! 1. Every child is reaped by the loop that started it, whether anybody waits for it or not:
//!    `SIGCHLD` makes the loop ask each of its own children. Other children of the process are
//!    none of its business. What still runs when its loop closes is reaped when the next child
//!    is started.
//! 2. The end of a process and the end of its pipes are two things: a process that it has
//!    started may hold a pipe open for longer.
//! 3. While the end of a child is awaited, the loop is not in a deadlock, and a virtual clock
//!    stands still, as for a job on a thread. Reading and writing alone do not hold it.
//!
//! Absent: pseudo-terminals, and passing descriptors other than the first three.

mod reaper;
mod child;
mod command;
mod transport;

pub use self::child::Child;
pub use self::command::Command;
pub use self::transport::{SubprocessProtocol, SubprocessTransport};
pub use std::process::{ExitStatus, Output, Stdio};
