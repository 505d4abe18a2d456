//! Locks, events, conditions, barriers and semaphores for tasks of one loop.
//!
//! Why are there locks on a single thread? Because a task that awaits in the middle of a
//! change lets others in. Nothing here guards memory; it guards an invariant across awaits.
//!
//! All of them, and the queues of `queue/`, stand on one [wait queue](waiters), which is first
//! come, first served. What they have in common:
//!
//! 1. Clones stand for the same object.
//! 2. What can be had at once does not give the turn away.
//! 3. Nobody barges in: a newcomer waits behind those who wait, even if the thing is free for
//!    a moment. (Queues differ: there a woken getter may find that somebody was faster.)
//! 4. A waiter that is cancelled, or dropped, hands its turn on. Nothing is lost.
//! 5. The first wait binds it to the loop of the waiter. To wait for it on another loop is a
//!    mistake, and panics, until the first one is closed.

mod waiters;
mod home;
mod event;
mod lock;
mod semaphore;
mod condition;
mod barrier;

pub use self::barrier::{Barrier, BrokenBarrierError};
pub use self::condition::Condition;
pub use self::event::Event;
pub use self::lock::{Lock, LockGuard, NotAcquired};
pub use self::semaphore::{BoundedSemaphore, Permit, ReleaseError, Semaphore};

pub(crate) use self::home::Home;
pub(crate) use self::waiters::WaitQueue;
