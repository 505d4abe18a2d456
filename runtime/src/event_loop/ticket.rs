//! A ticket: the number that stands for a task in a waker.
//!
//! A `std::task::Waker` must be `Send + Sync` and may outlive the task and the loop, so most
//! runtimes make it a counted pointer and pay for atomics. Ours is 64 bits that name a place;
//! whoever redeems it looks whether the task is still there.
//!
//! ```text
//!   63     52 51  44 43                18 17              0
//!  ┌─────────┬──────┬────────────────────┬─────────────────┐
//!  │ loop    │ loop │ index of the task  │ generation of   │
//!  │ slot 12 │ gen 8│ in its slab     26 │ the task     18 │
//!  └─────────┴──────┴────────────────────┴─────────────────┘
//! ```
//!
//! A generation that wraps around can only cause a wake of the wrong task. The contract of
//! `Future` allows a wake for no reason at any time, so that is a lost microsecond and not an
//! error.

use std::num::NonZeroU64;

/// Bits for the generation of a task.
const GENERATION_BITS: u32 = 18;
/// Bits for the index of a task.
const INDEX_BITS: u32 = 26;
/// Bits for the number of a loop: slot and generation.
const LOOP_BITS: u32 = 20;

/// Tasks that one loop can hold: 67 million. The last place is [`TaskId::NOBODY`]'s.
pub(crate) const MAX_TASKS: usize = (1 << INDEX_BITS) - 1;

/// Which loop: a slot of the table of loops, and which of its tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LoopNumber(u32);

/// Which task of a loop: its place in the slab, and which of the place's tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TaskId {
    /// The place.
    pub(crate) index: u32,
    /// The tenant; only the low 18 bits count.
    pub(crate) generation: u32,
}

/// A task of a loop, packed into a word. Never 0, because no generation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(NonZeroU64);

impl LoopNumber {
    /// Loops that can be alive at the same time.
    pub(crate) const SLOTS: usize = 1 << 12;

    /// The number of the `generation`-th tenant of `slot`; the generation wraps at 256.
    pub(crate) fn new(slot: usize, generation: u8) -> Self {
        debug_assert!(slot < Self::SLOTS);
        Self((slot as u32) << 8 | u32::from(generation))
    }

    pub(crate) fn slot(self) -> usize {
        (self.0 >> 8) as usize
    }
}

impl TaskId {
    /// What is no task of its loop but has the shape of one: no task has this place.
    pub(crate) const NOBODY: Self = Self {
        index: MAX_TASKS as u32,
        generation: 1,
    };

    /// The `count`-th task of a loop, at `index`.
    pub(crate) fn new(index: usize, count: u32) -> Self {
        let generation = count & ((1 << GENERATION_BITS) - 1);
        Self {
            index: index as u32,
            generation: generation.max(1),
        }
    }
}

impl Ticket {
    pub(crate) fn new(number: LoopNumber, task: TaskId) -> Self {
        let place = u64::from(number.0) << INDEX_BITS | u64::from(task.index);
        let word = place << GENERATION_BITS | u64::from(task.generation);
        Self(NonZeroU64::new(word).unwrap_or(NonZeroU64::MIN))
    }

    pub(crate) fn number(self) -> LoopNumber {
        LoopNumber((self.0.get() >> (INDEX_BITS + GENERATION_BITS)) as u32)
    }

    pub(crate) fn task(self) -> TaskId {
        TaskId {
            index: (self.0.get() >> GENERATION_BITS) as u32 & ((1 << INDEX_BITS) - 1),
            generation: self.0.get() as u32 & ((1 << GENERATION_BITS) - 1),
        }
    }

    /// The word that a waker carries.
    pub(crate) fn word(self) -> usize {
        self.0.get() as usize
    }

    /// The ticket that a waker's word stands for.
    pub(crate) fn from_word(word: usize) -> Option<Self> {
        NonZeroU64::new(word as u64).map(Self)
    }
}

const _: () = {
    assert!(
        LOOP_BITS + INDEX_BITS + GENERATION_BITS == 64,
        "a ticket is one word"
    );
    assert!(
        usize::BITS == 64,
        "a ticket must fit a pointer: looplet needs a 64-bit machine"
    );
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_gives_back_what_went_in() {
        for (slot, generation, index, count) in [
            (0, 0, 0, 1),
            (4095, 255, MAX_TASKS - 1, (1 << 18) - 1),
            (17, 3, 123_456, 99),
        ] {
            let number = LoopNumber::new(slot, generation);
            let task = TaskId::new(index, count);
            let ticket = Ticket::from_word(Ticket::new(number, task).word());
            let ticket = ticket.expect("no ticket is 0");
            assert_eq!((ticket.number(), ticket.task()), (number, task));
            assert_eq!(ticket.number().slot(), slot);
        }
    }
}
