//! x
#![deny(unsafe_code)]
mod cancel;
mod error;
mod event_loop;
mod leaf;
mod promise;
mod task;

pub use cancel::*;
pub use error::*;
pub use event_loop::{*};
pub use promise::{CallbackId, Promise, TaskError, PromiseWait};
pub use task::*;
