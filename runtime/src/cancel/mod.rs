//! Cancellation as plain data: who asked, whom the request is addressed to, where it stands.
//!
//! Python throws an exception into a coroutine. Rust has no such thing: a future can only be
//! polled or dropped, and a future that is dropped cannot await its clean-up. looplet gets the
//! same effect out of `Poll::Pending`:
//!
//! 1. *Request.* `request` asks a frame (a task, a timeout, a group) to end.
//! 2. *Throwing.* The owner of the frame takes the request and polls its child. The first
//!    leaf that is polled meanwhile takes it.
//! 3. *Unwinding.* That leaf returns `Pending`, and so does everything above it, up to the
//!    innermost scope. The scope drops its child and goes on with `Err(Cancelled)`: the code
//!    after a scope may await, clean up, or pass the cancel on.
//!
//! Code that does not care about cancellation never sees it: no leaf returns a `Result` for
//! its sake, and an await that is cancelled does not come back.
//!
//! This module knows neither loops nor wakers of its own: [`Step`] is the state of the step
//! that is running, [`Frame`] is an address for requests. The protocol that a leaf follows is
//! in `leaf.rs`, the scopes are in `task/`.

mod cancelled;
mod awaited;
mod wakers;
mod frame;
mod step;

pub(crate) use awaited::{Awaitable, Note, Plain, note_of};
pub use cancelled::{CancelReason, Cancelled};
pub(crate) use frame::{CancelTarget, Frame, FrameOwner, FrameRef, TargetId, id_of, keep_waker};
pub(crate) use step::{Step, SuspendedStep};
pub(crate) use wakers::WakerId;
