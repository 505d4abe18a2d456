//! Waiting for several things at once.
//!
//! The combinators work on tasks and hear of their ends through done-callbacks, as asyncio's
//! do. So the order in which things happen does not depend on how a combinator polls, and the
//! number of turns between a child's end and the awaiter's next step is asyncio's.

mod into_task;
mod gather;
mod shield;
mod group;
mod async_with;

pub use self::async_with::async_with;
pub use self::gather::{Gather, GatherWait, Gatherable, gather};
pub use self::group::{ErrorGroup, GroupScope, GroupStateError, TaskGroup};
pub use self::into_task::IntoTask;
pub use self::shield::shield;
