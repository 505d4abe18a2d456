//! A hierarchical timer wheel.
//!
//! Most timers are timeouts, and most timeouts are cancelled before they fire. So the cheap
//! operations must be *insert* and *cancel*; keeping everything sorted, as a heap does, pays
//! for an order nobody will look at.
//!
//! The wheel has six levels of 64 slots. A slot of level 0 spans one tick of a millisecond, a
//! slot of level 1 spans 64 ticks, and so on: 795 days in all. A timer goes to the level of
//! the highest digit (base 64) in which its deadline differs from now, and moves to lower
//! levels when its slot comes up. A timer that is further away than the wheel reaches waits
//! in the last slot and is placed again when that comes up.
//!
//! A slot is a plain vector. Firing walks memory in order, where linked lists would chase
//! cold nodes. The price is that a cancel cannot unlink anything: it only counts the entry as
//! dead.
//!
//! # Rules
//!
//! 1. The wheel never reads a clock: [`advance`](Wheel::advance) is told what time it is.
//! 2. Timers come out ordered by deadline, to the nanosecond, and those with the same deadline
//!    in the order in which they went in.
//! 3. A timer never comes out before its deadline.
//! 4. A slot is compacted when its dead entries outnumber the living ones, so cancelled far
//!    deadlines do not pile up.
//! 5. Which entries are alive is the caller's knowledge; the wheel asks for it.

use std::mem;

/// Levels of the wheel.
const LEVELS: usize = 6;
/// Bits of a tick that one level stands for.
const LEVEL_BITS: u32 = 6;
/// Slots a level.
const SLOTS: usize = 1 << LEVEL_BITS;
/// Nanoseconds a tick.
const TICK: u64 = 1_000_000;
/// The bits of a tick that the whole wheel covers.
const REACH: u64 = (1 << (LEVEL_BITS * LEVELS as u32)) - 1;
/// Slots shorter than this are not worth compacting.
const COMPACT_FROM: usize = 32;
/// A slot that is emptied keeps room for this many entries.
const KEEP_CAPACITY: usize = 1024;

/// Names a timer, and says when it is due. Ordered by deadline, then by age, as timers go off. A
/// key outlives its timer without harm: its number is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerKey {
    /// When it is due, in nanoseconds.
    pub(crate) deadline: u64,
    /// How many timers went in before it; also what tells it from a later one at its index.
    pub(crate) sequence: u64,
    /// Where the caller keeps what belongs to it.
    pub(crate) index: u32,
}

/// The wheel; see the module doc.
pub(crate) struct Wheel {
    /// The tick up to which everything has come out or has been placed anew.
    elapsed: u64,
    levels: [Level; LEVELS],
}

#[derive(Default)]
struct Level {
    /// One bit a slot: whether it has entries, dead ones included.
    occupied: u64,
    /// Empty before the first entry: most loops need one or two levels.
    slots: Box<[Slot]>,
}

#[derive(Default)]
struct Slot {
    entries: Vec<TimerKey>,
    /// How many of the entries have been cancelled.
    dead: usize,
    /// No entry is due before this; cancels may leave it too low.
    earliest: u64,
}

/// Which slot a tick belongs to.
#[derive(Clone, Copy)]
struct Place {
    level: usize,
    slot: usize,
}

impl Wheel {
    /// Makes an empty wheel that stands at nanosecond `now`.
    pub(crate) fn new(now: u64) -> Self {
        Self {
            elapsed: now / TICK,
            levels: Default::default(),
        }
    }

    /// Adds an entry. One that is overdue comes out with the next `advance`.
    #[inline(always)]
    pub(crate) fn insert(&mut self, entry: TimerKey) {
        self.insert_parts(entry.deadline, entry.sequence, entry.index);
    }

    /// An entry goes in by its parts, in registers, and is put together where it stays. One that is
    /// put together beforehand is copied while its parts are still on their way to memory, and a
    /// processor waits for them.
    fn insert_parts(&mut self, deadline: u64, sequence: u64, index: u32) {
        let place = self.place_of(deadline);
        let entry = TimerKey {
            deadline,
            sequence,
            index,
        };
        self.level_of(place).insert(place.slot, entry);
    }

    /// Counts an entry as dead. The caller has already forgotten it: `is_alive` says no.
    pub(crate) fn cancel(&mut self, deadline: u64, is_alive: impl Fn(&TimerKey) -> bool) {
        let place = self.place_of(deadline);
        self.level_of(place).cancel(place.slot, is_alive);
    }

    /// Nothing is due before this. `None`: the wheel is empty.
    ///
    /// The time may be too early (a cancelled entry leaves it as it was), never too late;
    /// calling [`advance`](Self::advance) with it makes progress.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let place = self.next_occupied()?;
        Some(self.levels[place.level].slots[place.slot].earliest)
    }

    /// Moves to `now` and appends what is due, in order, to `due`.
    pub(crate) fn advance(
        &mut self,
        now: u64,
        due: &mut Vec<TimerKey>,
        is_alive: impl Fn(&TimerKey) -> bool,
    ) {
        let first = due.len();
        let now_tick = now / TICK;
        while let Some(place) = self.next_occupied() {
            let start = self.start_of(place);
            if start > now_tick {
                break;
            }
            let current = place.level == 0 && start == now_tick;
            // A slot of level 0 that lies behind is over, so nothing may be placed there again.
            let over = place.level == 0 && !current;
            self.elapsed = self.elapsed.max(start + u64::from(over));
            self.empty(place, now, due, &is_alive);
            if current {
                break;
            }
        }
        self.elapsed = self.elapsed.max(now_tick);
        due[first..].sort_unstable();
    }

    /// The first slot, in time, that has entries. Lower levels come before higher ones.
    fn next_occupied(&self) -> Option<Place> {
        (0..LEVELS).find_map(|level| {
            let from = digit(self.elapsed, level);
            let ahead = self.levels[level].occupied >> from;
            let slot = from + ahead.trailing_zeros() as usize;
            (ahead != 0).then_some(Place { level, slot })
        })
    }

    /// The first tick of a slot that lies ahead.
    fn start_of(&self, place: Place) -> u64 {
        let shift = LEVEL_BITS * place.level as u32;
        let above = self.elapsed >> (shift + LEVEL_BITS) << (shift + LEVEL_BITS);
        above | (place.slot as u64) << shift
    }

    /// Empties a slot that has come up: what is due comes out, the rest is placed again.
    fn empty(
        &mut self,
        place: Place,
        now: u64,
        due: &mut Vec<TimerKey>,
        is_alive: impl Fn(&TimerKey) -> bool,
    ) {
        let (mut entries, dead) = self.level_of(place).take(place.slot);
        for entry in entries.drain(..) {
            // To ask for each is to wait for memory, and mostly nobody was cancelled.
            if dead > 0 && !is_alive(&entry) {
                continue;
            }
            if entry.deadline <= now {
                due.push(entry);
            } else {
                self.insert(entry);
            }
        }
        self.level_of(place).give_back(place.slot, entries);
    }

    fn level_of(&mut self, place: Place) -> &mut Level {
        &mut self.levels[place.level]
    }

    /// The slot for a deadline. The same deadline has the same slot until it comes up.
    fn place_of(&self, deadline: u64) -> Place {
        let tick = (deadline / TICK).clamp(self.elapsed, self.elapsed | REACH);
        let level = match self.elapsed ^ tick {
            0 => 0,
            difference => (63 - difference.leading_zeros()) / LEVEL_BITS,
        } as usize;
        Place {
            level,
            slot: digit(tick, level),
        }
    }
}

/// The digit of `tick` that `level` stands for.
fn digit(tick: u64, level: usize) -> usize {
    (tick >> (LEVEL_BITS * level as u32)) as usize % SLOTS
}

impl Level {
    fn insert(&mut self, slot: usize, entry: TimerKey) {
        if self.slots.is_empty() {
            self.slots = (0..SLOTS).map(|_| Slot::default()).collect();
        }
        self.occupied |= 1 << slot;
        self.slots[slot].push(entry);
    }

    fn cancel(&mut self, slot: usize, is_alive: impl Fn(&TimerKey) -> bool) {
        let cancelled = &mut self.slots[slot];
        cancelled.bury(is_alive);
        if cancelled.entries.is_empty() {
            self.occupied &= !(1 << slot);
        }
    }

    /// Takes all entries of a slot out, and how many of them are dead.
    fn take(&mut self, slot: usize) -> (Vec<TimerKey>, usize) {
        self.occupied &= !(1 << slot);
        let taken = &mut self.slots[slot];
        (mem::take(&mut taken.entries), mem::take(&mut taken.dead))
    }

    /// Gives an emptied vector back, so that the next entry need not allocate. A huge one
    /// goes back to the system instead.
    fn give_back(&mut self, slot: usize, emptied: Vec<TimerKey>) {
        let entries = &mut self.slots[slot].entries;
        if entries.capacity() == 0 && emptied.capacity() <= KEEP_CAPACITY {
            *entries = emptied;
        }
    }
}

impl Slot {
    fn push(&mut self, entry: TimerKey) {
        let first = self.entries.is_empty();
        self.earliest = if first {
            entry.deadline
        } else {
            self.earliest.min(entry.deadline)
        };
        self.entries.push(entry);
    }

    /// Counts one entry as dead, and removes the dead ones when they are too many.
    fn bury(&mut self, is_alive: impl Fn(&TimerKey) -> bool) {
        self.dead += 1;
        let length = self.entries.len();
        if self.dead == length {
            self.entries.clear();
            self.entries.shrink_to(KEEP_CAPACITY);
            self.dead = 0;
        } else if length >= COMPACT_FROM && self.dead * 2 > length {
            self.entries.retain(is_alive);
            self.dead = 0;
            let deadlines = self.entries.iter().map(|entry| entry.deadline);
            self.earliest = deadlines.min().unwrap_or(self.earliest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    fn entry(deadline: u64, sequence: u64) -> TimerKey {
        TimerKey {
            deadline,
            sequence,
            index: sequence as u32,
        }
    }

    fn advance(wheel: &mut Wheel, now: u64) -> Vec<TimerKey> {
        let mut due = Vec::new();
        wheel.advance(now, &mut due, |_| true);
        due
    }

    struct Xorshift(u64);

    impl Xorshift {
        fn below(&mut self, limit: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % limit
        }
    }

    #[test]
    fn a_level_has_slots_once_it_has_an_entry() {
        let mut wheel = Wheel::new(0);
        let lengths = |wheel: &Wheel| wheel.levels.each_ref().map(|level| level.slots.len());
        assert_eq!(lengths(&wheel), [0; LEVELS]);
        wheel.insert(entry(100 * TICK, 0));
        assert_eq!(lengths(&wheel), [0, SLOTS, 0, 0, 0, 0]);
    }

    #[test]
    fn nobody_is_asked_for_where_nobody_was_cancelled() {
        let mut wheel = Wheel::new(0);
        let all = [5, 70, 5000].map(|tick| entry(tick * TICK, tick));
        all.iter().for_each(|&entry| wheel.insert(entry));
        let mut due = Vec::new();
        wheel.advance(6000 * TICK, &mut due, |_| unreachable!("all are alive"));
        assert_eq!(due, all);
    }

    #[test]
    fn equal_deadlines_come_out_in_the_order_they_went_in() {
        let mut wheel = Wheel::new(0);
        let all: Vec<_> = (0..100).map(|sequence| entry(5 * TICK, sequence)).collect();
        all.iter().for_each(|&entry| wheel.insert(entry));
        assert_eq!(advance(&mut wheel, 5 * TICK), all);
    }

    #[test]
    fn a_timer_is_never_early_even_by_a_nanosecond() {
        let mut wheel = Wheel::new(0);
        wheel.insert(entry(3 * TICK + 7, 0));
        assert_eq!(advance(&mut wheel, 3 * TICK + 6), []);
        assert_eq!(wheel.next_deadline(), Some(3 * TICK + 7));
        assert_eq!(advance(&mut wheel, 3 * TICK + 7), [entry(3 * TICK + 7, 0)]);
        assert_eq!(wheel.next_deadline(), None);
    }

    #[test]
    fn overdue_timers_are_sorted_too() {
        let mut wheel = Wheel::new(0);
        advance(&mut wheel, 1_000 * TICK);
        for (sequence, deadline) in [900, 100, 500].into_iter().enumerate() {
            wheel.insert(entry(deadline * TICK, sequence as u64));
        }
        let order: Vec<u64> = advance(&mut wheel, 1_000 * TICK)
            .iter()
            .map(|e| e.sequence)
            .collect();
        assert_eq!(order, [1, 2, 0]);
    }

    #[test]
    fn a_deadline_beyond_the_reach_of_the_wheel_is_not_early_and_not_lost() {
        let mut wheel = Wheel::new(0);
        let far = (3 * REACH + 17) * TICK;
        wheel.insert(entry(far, 0));
        for now in [1, REACH - 1, REACH, REACH + 1, 2 * REACH, 3 * REACH + 16] {
            assert_eq!(advance(&mut wheel, now * TICK), [], "at tick {now}");
        }
        assert_eq!(advance(&mut wheel, far), [entry(far, 0)]);
    }

    #[test]
    fn cancelled_far_deadlines_do_not_pile_up() {
        let mut wheel = Wheel::new(0);
        for sequence in 0..100_000 {
            wheel.insert(entry(30_000 * TICK, sequence));
            if sequence >= 10 {
                wheel.cancel(30_000 * TICK, |e| e.sequence + 10 > sequence);
            }
        }
        let kept: usize = wheel
            .levels
            .iter()
            .flat_map(|l| &l.slots[..])
            .map(|s| s.entries.len())
            .sum();
        assert!(
            kept <= COMPACT_FROM,
            "{kept} entries are kept for 10 timers"
        );
    }

    /// Random programs of insert, cancel and advance against a map ordered by deadline.
    #[test]
    fn the_wheel_agrees_with_a_sorted_map() {
        for seed in 1..=200 {
            let mut random = Xorshift(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
            let mut wheel = Wheel::new(0);
            let mut model = BTreeMap::new();
            let mut alive = HashSet::new();
            let mut now: u64 = 0;
            for sequence in 0..500 {
                match random.below(4) {
                    0 | 1 => {
                        let span = TICK << random.below(42);
                        let new = entry(now.saturating_sub(TICK) + random.below(span), sequence);
                        wheel.insert(new);
                        model.insert((new.deadline, new.sequence), new);
                        alive.insert(new.sequence);
                    }
                    2 => {
                        let at = random.below(model.len().max(1) as u64) as usize;
                        if let Some((&key, &old)) = model.iter().nth(at) {
                            model.remove(&key);
                            alive.remove(&old.sequence);
                            wheel.cancel(old.deadline, |e| alive.contains(&e.sequence));
                        }
                    }
                    _ => {
                        let span = TICK << random.below(40);
                        now += random.below(span);
                        let later = model.split_off(&(now + 1, 0));
                        let expected: Vec<_> =
                            std::mem::replace(&mut model, later).into_values().collect();
                        let mut due = Vec::new();
                        wheel.advance(now, &mut due, |e| alive.contains(&e.sequence));
                        assert_eq!(due, expected, "seed {seed}, time {now}");
                    }
                }
                let first = model.keys().next().map(|&(deadline, _)| deadline);
                let bound = wheel.next_deadline();
                assert!(
                    bound <= first || first.is_none(),
                    "seed {seed}: {bound:?} is after {first:?}"
                );
                assert_eq!(bound.is_some(), first.is_some(), "seed {seed}");
            }
        }
    }
}
