//! The values that a callback runs with: a copy of the context of whoever has scheduled it.
//!
//! A callback has that copy for itself, also if it is empty: what it sets is seen by what it
//! starts, and by nobody else.
//!
//! A thread on which nobody has ever set a value pays nothing for this. There a callback runs
//! with the values of the thread, of which there are none; should it set the first one, that is
//! taken away when it ends.

use super::context::{current_vars, forget_thread_vars, is_vars_used, with_vars};
use crate::vars::{SharedVars, Vars};

/// Returns a copy of the values that hold for whoever runs. It may go to another thread.
pub(crate) fn copy_values() -> Vars {
    let vars = current_vars().map(|vars| vars.snapshot());
    vars.unwrap_or_default()
}

/// Makes a callback run with the values that hold now, in a copy of its own.
pub(crate) fn in_context(call: impl FnOnce() + 'static) -> impl FnOnce() + 'static {
    with_values(copy_values(), call)
}

/// Makes a callback run with these values, in a copy of its own.
pub(super) fn with_values(values: Vars, call: impl FnOnce() + 'static) -> impl FnOnce() + 'static {
    move || {
        if !values.is_empty() || is_vars_used() {
            return with_vars(Some(SharedVars::new(values)), call);
        }
        let _unwritten = Unwritten;
        call();
    }
}

/// A thread that has no values yet, while a callback runs.
struct Unwritten;

impl Drop for Unwritten {
    fn drop(&mut self) {
        if is_vars_used() {
            forget_thread_vars();
        }
    }
}
