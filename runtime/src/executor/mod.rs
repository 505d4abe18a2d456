//! Threads for what would block the loop.
//!
//! A [`ThreadPool`] runs closures on threads of its own, as Python's `ThreadPoolExecutor`. The
//! [`JobHandle`] it gives back can be waited for by blocking, or awaited in a loop. "Executor"
//! means a thread pool here, as in asyncio, not what polls futures.
//!
//! Each loop has a pool of its own, made by the first [`to_thread`]; files and name resolution
//! use it. Before that, a program has one thread.
//!
//! # Rules
//!
//! 1. Jobs begin in the order in which they were submitted; each is run once or cancelled.
//! 2. Dropping a handle detaches the job. Cancelling or dropping its *await* cancels it: a job
//!    that has not begun never runs; one that runs goes on, since no thread can be stopped from
//!    outside, and finds its [`JobToken`] marked.
//! 3. A panic in a job goes to whoever waits for it, and the thread lives on.
//! 4. As long as a job is awaited, the loop does not call itself deadlocked, and a virtual
//!    clock does not jump.
//! 5. A panic that nobody waits for is told by the panic hook alone: a job has no loop.

mod error;
mod token;
mod crew;
mod job;
mod map;
mod pool;
mod default;

pub use self::default::{to_thread, to_thread_with};
pub use self::error::{JobCancelled, SubmitError};
pub use self::job::{JobHandle, JobWait};
pub use self::map::{JobsCompleted, Map};
pub use self::pool::{PoolConfig, ThreadPool};
pub use self::token::JobToken;

pub(crate) use self::default::try_on_default;
