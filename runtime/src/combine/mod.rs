//! Waiting for several things at once.
//!
//! The combinators work on tasks (and on promises, which count as such), and hear of their ends
//! through done-callbacks, as asyncio's do. So the order in which things happen does not depend
//! on how a combinator polls, and the number of turns between a child's end and the awaiter's
//! next step is asyncio's: one for `wait_for`, two for all others, none for what has ended.
//!
//! They differ in what a cancel of the awaiter, and a drop, does to the children:
//!
//! | | cancel | drop |
//! |---|---|---|
//! | `gather`, `try_gather` | cancels them | leaves them running |
//! | `wait`, `as_completed`, `shield` | leaves them running | leaves them running |
//! | `wait_for`, `wait_for_lossless` | cancels it | leaves a task running, drops a future |
//! | `map_concurrent`, `staggered_race`, `TaskGroup` | cancels them and waits for them | cancels them |

mod into_task;
mod gathering;
mod gather;
mod shield;
mod wait;
mod wait_for;
mod lossless;
mod arrivals;
mod as_completed;
mod crew;
mod map_concurrent;
mod staggered_race;
mod group;
mod async_with;

pub use self::as_completed::{AsCompleted, Completed, as_completed};
pub use self::async_with::async_with;
pub use self::gather::{Gatherable, TryGatherable, gather, try_gather};
pub use self::gathering::{Gather, GatherWait};
pub use self::group::{ErrorGroup, GroupScope, GroupStateError, TaskGroup};
pub use self::into_task::{IntoTask, ensure_future};
pub use self::lossless::{Lossless, timeout_lossless, wait_for_lossless};
pub use self::map_concurrent::{map_concurrent, try_map_concurrent};
pub use self::shield::shield;
pub use self::staggered_race::{Race, RaceError, staggered_race};
pub use self::wait::{DoneAndPending, NoTasks, Predicate, ReturnWhen, wait};
pub use self::wait_for::wait_for;
