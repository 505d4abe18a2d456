//! Queues between tasks: [`Queue`], and two that give their items out in another order.
//!
//! The three differ only in the store behind them (`store.rs`); the waiting, the limit and the
//! end are the same.

mod store;
mod error;
mod fifo;
mod kinds;
mod iterate;

pub use self::error::{GetError, PutError, QueueShutDown, TaskDoneError};
pub use self::fifo::Queue;
pub use self::kinds::{LifoQueue, PriorityQueue};
pub use self::store::{Fifo, Lifo, Smallest, Store};
