//! The timer structure of looplet by itself, beside the one that tokio-util offers to programs.
//!
//! The wheel is no public part of looplet, so its source file is compiled once more, here. The slab
//! beside it says which entries are alive, as that of the loop does.

#[path = "../../../../runtime/src/event_loop/wheel.rs"]
#[allow(dead_code, reason = "only what is measured is used")]
mod source;

use slab::Slab;

use self::source::{TimerKey, Wheel};

/// Deadlines in a wheel.
pub(super) struct Deadlines {
    wheel: Wheel,
    /// The sequence numbers of those that are alive.
    alive: Slab<u64>,
    made: u64,
}

impl Deadlines {
    pub(super) fn new() -> Self {
        Self {
            wheel: Wheel::new(0),
            alive: Slab::new(),
            made: 0,
        }
    }

    /// Adds a deadline, in nanoseconds. Returns what it is called.
    pub(super) fn insert(&mut self, deadline: u64) -> TimerKey {
        let sequence = self.made;
        self.made += 1;
        let index = self.alive.insert(sequence) as u32;
        let entry = TimerKey {
            deadline,
            sequence,
            index,
        };
        self.wheel.insert(entry);
        entry
    }

    /// Takes a deadline out.
    pub(super) fn remove(&mut self, entry: TimerKey) {
        let Self { wheel, alive, .. } = self;
        let removed = alive.try_remove(entry.index as usize);
        assert_eq!(removed, Some(entry.sequence));
        let is_alive = |entry: &TimerKey| alive.get(entry.index as usize) == Some(&entry.sequence);
        wheel.cancel(entry.deadline, is_alive);
    }
}
