//! Who in this process listens to which signal, and what happens when nobody does any more.
//!
//! What a signal does is set for the whole process, so this is the one thing beside the table
//! of loops that all threads share. `signal-hook` has the handler that runs in signal context;
//! it calls a list of actions, and ours are, for every signal that was ever listened to:
//!
//! 1. *if `unheard` is set*, do what the system does by default (for most: end the process);
//! 2. write a byte to the pipe of every loop that listens (see `watch.rs`);
//! 3. if only the runtime itself listens (a run, to Ctrl-C), set `unheard`: the first time is
//!    a request, and the second gets rule 1, even if the loop is stuck in a computation.
//!
//! # Rules
//!
//! 1. Once installed, the handler stays: `signal-hook` never takes it back, since others may
//!    have been installed on top. `unheard` is how the default action comes back.
//! 2. Whatever the program had set for a signal before (a handler of its own, or that it is
//!    ignored, as `nohup` does) comes first: then there is no rule 1, and a run leaves Ctrl-C
//!    alone. This is known on Linux only, from `/proc`.
//! 3. `signal-hook` does not know the default action of real-time signals. One of those that
//!    nobody listens to any more is ignored.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use signal_hook::consts::FORBIDDEN;
use signal_hook::{SigId, flag, low_level};

use super::error::SignalError;

/// Signals have the numbers from 1 to this.
pub(super) const LAST: c_int = 64;

static TABLE: Mutex<BTreeMap<c_int, Entry>> = Mutex::new(BTreeMap::new());

/// What there is for a signal that was ever listened to.
struct Entry {
    /// Whether the default action is to happen, as if nobody had ever listened.
    unheard: Arc<AtomicBool>,
    /// Whether the program had set something for the signal before us.
    taken: bool,
    /// Those who wait for it, or have an answer to it.
    listeners: usize,
    /// Those who only want to know of it.
    background: usize,
    /// Rule 3 of the list above, while there is background and no listener.
    arming: Option<SigId>,
}

/// Why somebody wants a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// The program waits for it.
    Listener,
    /// The program has an answer to it, and nobody waits for it alone.
    Standing,
    /// The runtime wants to know of it; nobody waits for it alone.
    Background,
}

/// Enters a signal into the table, so that it can be claimed.
///
/// # Errors
///
/// If the number is none of a signal, or of one that cannot be caught.
pub(super) fn enter(signal: c_int) -> Result<(), SignalError> {
    if !(1..=LAST).contains(&signal) {
        return Err(SignalError::Invalid(signal));
    }
    if FORBIDDEN.contains(&signal) {
        return Err(SignalError::Uncatchable(signal));
    }
    lock().entry(signal).or_insert_with(|| Entry::new(signal));
    Ok(())
}

/// Whether the program has an answer of its own to a signal that is in the table.
pub(super) fn was_taken(signal: c_int) -> bool {
    lock().get(&signal).is_some_and(|entry| entry.taken)
}

impl Entry {
    fn new(signal: c_int) -> Self {
        let taken = is_taken(signal);
        // Set until the first claim: a signal on the way in must not be lost.
        let unheard = Arc::new(AtomicBool::new(true));
        if !taken {
            // It fails for real-time signals, and for numbers that are none; about the latter
            // the registration of the pipe will say so.
            let _ = flag::register_conditional_default(signal, unheard.clone());
        }
        Self {
            unheard,
            taken,
            listeners: 0,
            background: 0,
            arming: None,
        }
    }

    fn count(&mut self, role: Role) -> &mut usize {
        match role {
            Role::Listener | Role::Standing => &mut self.listeners,
            Role::Background => &mut self.background,
        }
    }

    /// Brings the actions in line with the counts.
    fn settle(&mut self, signal: c_int) {
        let (heard, armed) = (
            self.listeners > 0,
            self.listeners == 0 && self.background > 0,
        );
        if armed && self.arming.is_none() {
            self.arming = flag::register(signal, self.unheard.clone()).ok();
        }
        if !armed && let Some(arming) = self.arming.take() {
            low_level::unregister(arming);
        }
        self.unheard.store(!heard && !armed, Ordering::SeqCst);
    }
}

/// A stake in a signal, until it is dropped.
pub(super) struct Claim {
    signal: c_int,
    role: Role,
}

impl Claim {
    /// Claims a signal that is in the table.
    pub(super) fn new(signal: c_int, role: Role) -> Self {
        change(signal, role, |count| *count += 1);
        Self { signal, role }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        change(self.signal, self.role, |count| *count -= 1);
    }
}

fn change(signal: c_int, role: Role, change: impl FnOnce(&mut usize)) {
    if let Some(entry) = lock().get_mut(&signal) {
        change(entry.count(role));
        entry.settle(signal);
    }
}

/// Nothing in here panics while it holds the lock.
fn lock() -> MutexGuard<'static, BTreeMap<c_int, Entry>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the signal is ignored, or handled by somebody. `false` where there is no `/proc`.
fn is_taken(signal: c_int) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
    };
    let ignored = mask("SigIgn:").unwrap_or(0);
    let caught = mask("SigCgt:").unwrap_or(0);
    (ignored | caught) >> (signal - 1) & 1 == 1
}
