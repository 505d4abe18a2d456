//! The timers of a loop: a wheel for the order, a slab for what to do.
//!
//! The wheel only knows deadlines. What happens at one, a task woken or a callback run, is
//! kept here, under a key that the owner of the timer holds. The deadline is a part of the key, so
//! that it is not kept twice: a million sleepers are a million timers.
//!
//! Nearly all timers wake a task, and those are plain data. What others do lies beside them.
//!
//! A timer that is due leaves the wheel and gets a number, by which it is in the ready queue. It
//! stays in the slab until the turn gets to it. So it can still be cancelled by an entry that runs
//! before it in the same turn, as in asyncio.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

use slab::Slab;

use super::handle::Callback;
use super::ticket::Ticket;
use super::wheel::Wheel;

pub(crate) use super::wheel::TimerKey;

/// What to do when a timer is due.
pub(crate) enum TimerAction {
    /// Wake a task.
    Task(Ticket),
    /// Wake whoever sleeps with a waker of another library.
    Wake(Waker),
    /// Run a callback.
    Call(Rc<dyn Callback>),
}

/// A timer, as it lies in memory.
#[derive(Clone, Copy)]
struct Timer {
    sequence: u64,
    deed: Deed,
}

/// What a timer does, or where that lies. Nothing in it has to be dropped, so it is put together
/// in registers; where it was put together in memory, a processor had to wait for all that it had
/// written before.
#[derive(Clone, Copy)]
enum Deed {
    Task(Ticket),
    Other(u32),
}

const _: () = assert!(
    size_of::<Timer>() <= 24,
    "a timer is small, for there is one for every sleeper"
);

/// All timers of one loop.
pub(crate) struct Timers {
    inner: RefCell<Inner>,
    /// How many timers there are, so that a loop without any never reads the clock.
    count: Cell<usize>,
}

struct Inner {
    wheel: Wheel,
    timers: Slab<Timer>,
    /// What those do that do not wake a task.
    others: Slab<TimerAction>,
    /// Timers made so far.
    made: u64,
    /// What has left the wheel.
    expired: Expired,
    /// The greatest key that has gone off: how far in their order timers have.
    latest: Option<TimerKey>,
    /// What was due at the last look, in order.
    due: Vec<TimerKey>,
}

/// All that was due at a time, of the timers that had been made by then.
#[derive(Default)]
struct Expired {
    at: u64,
    made: u64,
}

impl Expired {
    fn contains(&self, key: TimerKey) -> bool {
        key.deadline <= self.at && key.sequence < self.made
    }
}

impl Timers {
    /// Makes an empty store for a loop on whose clock it is `now`.
    pub(crate) fn new(now: u64) -> Self {
        let inner = Inner {
            wheel: Wheel::new(now),
            timers: Slab::new(),
            others: Slab::new(),
            made: 0,
            expired: Expired::default(),
            latest: None,
            due: Vec::new(),
        };
        Self {
            inner: RefCell::new(inner),
            count: Cell::new(0),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count.get() == 0
    }

    /// How many have neither gone off nor been cancelled.
    pub(crate) fn len(&self) -> usize {
        self.count.get()
    }

    /// Sets a timer for `deadline`.
    pub(crate) fn insert(&self, deadline: u64, action: TimerAction) -> TimerKey {
        let mut inner = self.inner.borrow_mut();
        let deed = inner.deed(action);
        self.put(&mut inner, deadline, deed)
    }

    /// The same for one that wakes a task.
    #[inline]
    pub(crate) fn insert_wake(&self, deadline: u64, task: Ticket) -> TimerKey {
        self.put(&mut self.inner.borrow_mut(), deadline, Deed::Task(task))
    }

    #[inline]
    fn put(&self, inner: &mut Inner, deadline: u64, deed: Deed) -> TimerKey {
        let sequence = inner.made;
        inner.made += 1;
        let index = inner.timers.insert(Timer { sequence, deed }) as u32;
        let key = TimerKey {
            deadline,
            sequence,
            index,
        };
        inner.wheel.insert(key);
        self.count.set(inner.timers.len());
        key
    }

    /// Removes a timer and returns what it would have done, for the caller to drop or to do.
    pub(crate) fn take(&self, key: TimerKey) -> Option<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        let action = inner.remove(key)?;
        let Inner {
            wheel,
            timers,
            expired,
            ..
        } = &mut *inner;
        self.count.set(timers.len());
        if !expired.contains(key) {
            wheel.cancel(key.deadline, |entry| is_alive(timers, *entry));
        }
        Some(action)
    }

    /// The same for the `number`-th of those that are due: it goes off.
    pub(crate) fn take_due(&self, number: u32) -> Option<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        let key = *inner.due.get(number as usize)?;
        let action = inner.remove(key)?;
        inner.latest = inner.latest.max(Some(key));
        self.count.set(inner.timers.len());
        Some(action)
    }

    /// Whether a timer has gone off.
    ///
    /// Only for one whose deadline was ahead when it was set, and that nobody has taken: of others
    /// it may say anything. Such timers go off in the order of their keys, so the latest knows of
    /// all of them. To look at the timer itself would be to wait for memory, where there are a
    /// million.
    pub(crate) fn has_gone_off(&self, key: TimerKey) -> bool {
        self.inner.borrow().latest >= Some(key)
    }

    /// Whether the `number`-th of those that are due was not cancelled.
    pub(super) fn is_due(&self, number: u32) -> bool {
        self.inner.borrow().due(number).is_some()
    }

    /// The task that the `number`-th of those that are due wakes, if it does.
    pub(super) fn task(&self, number: u32) -> Option<Ticket> {
        match self.inner.borrow().due(number)? {
            Deed::Task(ticket) => Some(ticket),
            Deed::Other(_) => None,
        }
    }

    /// Where the callback of the `number`-th that is due was scheduled, if it is one of a program.
    pub(super) fn site(&self, number: u32) -> Option<&'static Location<'static>> {
        let inner = self.inner.borrow();
        match inner.due(number)? {
            Deed::Other(at) => match &inner.others[at as usize] {
                TimerAction::Call(callback) => callback.site(),
                TimerAction::Task(_) | TimerAction::Wake(_) => None,
            },
            Deed::Task(_) => None,
        }
    }

    /// Lets a timer do something else from now on. Returns whether it is there.
    pub(crate) fn change(&self, key: TimerKey, action: TimerAction) -> bool {
        let mut inner = self.inner.borrow_mut();
        let Some(deed) = inner.deed_of(key) else {
            return false;
        };
        let old = inner.take_deed(deed);
        let deed = inner.deed(action);
        inner.timers[key.index as usize].deed = deed;
        drop(inner);
        drop(old);
        true
    }

    /// No timer is due before this time. `None`: there are no timers on the wheel.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.inner.borrow().wheel.next_deadline()
    }

    /// Takes what is due at `now` off the wheel, and forgets what was due before. Returns how many
    /// are due now. No `now` lies before that of an earlier call.
    pub(crate) fn expire(&self, now: u64) -> u32 {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            wheel,
            timers,
            made,
            expired,
            due,
            ..
        } = &mut *inner;
        debug_assert!(now >= expired.at, "a clock does not go back");
        due.clear();
        wheel.advance(now, due, |entry| is_alive(timers, *entry));
        *expired = Expired {
            at: now,
            made: *made,
        };
        due.len() as u32
    }

    /// Removes all timers and returns what they would have done, for the caller to drop or to
    /// cancel.
    pub(crate) fn clear(&self) -> Vec<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        inner.wheel = Wheel::new(0);
        inner.due.clear();
        inner.timers = Slab::new();
        self.count.set(0);
        let others = std::mem::take(&mut inner.others).into_iter();
        others.map(|(_, action)| action).collect()
    }
}

impl Inner {
    fn deed(&mut self, action: TimerAction) -> Deed {
        match action {
            TimerAction::Task(ticket) => Deed::Task(ticket),
            other => Deed::Other(self.others.insert(other) as u32),
        }
    }

    fn take_deed(&mut self, deed: Deed) -> TimerAction {
        match deed {
            Deed::Task(ticket) => TimerAction::Task(ticket),
            Deed::Other(at) => self.others.remove(at as usize),
        }
    }

    fn deed_of(&self, key: TimerKey) -> Option<Deed> {
        let timer = self.timers.get(key.index as usize)?;
        (timer.sequence == key.sequence).then_some(timer.deed)
    }

    /// What the `number`-th of those that are due does, unless it was cancelled.
    fn due(&self, number: u32) -> Option<Deed> {
        self.deed_of(*self.due.get(number as usize)?)
    }

    fn remove(&mut self, key: TimerKey) -> Option<TimerAction> {
        let deed = self.deed_of(key)?;
        self.timers.remove(key.index as usize);
        Some(self.take_deed(deed))
    }
}

fn is_alive(timers: &Slab<Timer>, key: TimerKey) -> bool {
    timers
        .get(key.index as usize)
        .is_some_and(|timer| timer.sequence == key.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn set(timers: &Timers, deadline: u64) -> TimerKey {
        timers.insert(deadline, TimerAction::Wake(Waker::noop().clone()))
    }

    fn expire(timers: &Timers, now: u64) -> Vec<TimerKey> {
        timers.expire(now);
        timers.inner.borrow().due.clone()
    }

    #[test]
    fn a_timer_that_is_due_is_cancelled_without_a_harm_to_those_on_the_wheel() {
        let timers = Timers::new(0);
        let due = set(&timers, 5 * MS);
        assert_eq!(expire(&timers, 5 * MS), [due]);
        let later = set(&timers, 5 * MS + 9);
        assert!(timers.take(due).is_some());
        assert!(timers.take_due(0).is_none(), "it does not go off");
        assert_eq!(timers.next_deadline(), Some(5 * MS + 9));
        assert_eq!(expire(&timers, 6 * MS), [later]);
        timers.clear();
        assert!(
            timers.take_due(0).is_none(),
            "nor one of a loop that is closed"
        );
    }

    #[test]
    fn a_timer_that_is_not_due_yet_is_cancelled_on_the_wheel() {
        let timers = Timers::new(0);
        let [due, ahead] = [5, 8].map(|deadline| set(&timers, deadline * MS));
        assert_eq!(expire(&timers, 6 * MS), [due]);
        assert!(timers.take(ahead).is_some());
        assert_eq!(timers.next_deadline(), None);
    }

    #[test]
    fn a_timer_for_a_time_that_has_passed_is_on_the_wheel_until_the_next_look() {
        let timers = Timers::new(0);
        let before = set(&timers, 7 * MS);
        assert_eq!(expire(&timers, 7 * MS), [before]);
        let past = set(&timers, 3 * MS);
        assert_eq!(timers.next_deadline(), Some(3 * MS));
        assert!(timers.take(past).is_some());
        assert_eq!(timers.next_deadline(), None);
    }

    #[test]
    fn a_timer_has_gone_off_when_its_turn_has_come_and_not_when_it_is_due() {
        let timers = Timers::new(0);
        let [first, second, third] = [5, 5, 7].map(|deadline| set(&timers, deadline * MS));
        assert_eq!(expire(&timers, 6 * MS), [first, second]);
        let gone_off = || [first, second, third].map(|key| timers.has_gone_off(key));
        assert_eq!(gone_off(), [false, false, false]);
        timers.take_due(0);
        assert_eq!(gone_off(), [true, false, false]);
        timers.take_due(1);
        assert_eq!(gone_off(), [true, true, false]);
        let past = set(&timers, 2 * MS);
        assert_eq!(expire(&timers, 6 * MS), [past]);
        timers.take_due(0);
        assert_eq!(
            gone_off(),
            [true, true, false],
            "one from the past tells nothing new"
        );
        assert_eq!(expire(&timers, 9 * MS), [third]);
        timers.take_due(0);
        assert_eq!(gone_off(), [true, true, true]);
    }

    #[test]
    fn a_timer_is_changed_only_where_it_is() {
        let timers = Timers::new(0);
        let change = |key| timers.change(key, TimerAction::Wake(Waker::noop().clone()));
        let [gone, there] = [5, 6].map(|deadline| set(&timers, deadline * MS));
        assert!(change(gone) && change(there));
        timers.take(gone);
        assert!(!change(gone) && change(there));
        let in_its_place = set(&timers, 7 * MS);
        assert_eq!(in_its_place.index, gone.index);
        assert!(!change(gone) && change(in_its_place));
        timers.clear();
        assert!(!change(there));
    }

    #[test]
    fn a_timer_does_what_it_was_changed_to_and_what_it_did_before_is_gone() {
        let timers = Timers::new(0);
        let ticket = Ticket::from_word(7).expect("a word that is not 0");
        let key = timers.insert_wake(5 * MS, ticket);
        for _ in 0..3 {
            assert!(timers.change(key, TimerAction::Wake(Waker::noop().clone())));
        }
        assert_eq!(timers.inner.borrow().others.len(), 1);
        assert!(matches!(timers.take(key), Some(TimerAction::Wake(_))));
        let key = timers.insert(6 * MS, TimerAction::Wake(Waker::noop().clone()));
        assert!(timers.change(key, TimerAction::Task(ticket)));
        assert!(matches!(timers.take(key), Some(TimerAction::Task(it)) if it == ticket));
        assert_eq!(timers.inner.borrow().others.len(), 0);
    }

    #[test]
    fn what_a_timer_does_is_gone_with_it() {
        let timers = Timers::new(0);
        let others = || timers.inner.borrow().others.len();
        for deadline in [5, 5, 7] {
            set(&timers, deadline * MS);
        }
        let due = expire(&timers, 6 * MS);
        assert_eq!((due.len(), others()), (2, 3));
        assert!(timers.take_due(0).is_some(), "it goes off");
        assert_eq!(others(), 2);
        assert!(
            timers.take(due[1]).is_some(),
            "it is cancelled while it is due"
        );
        assert_eq!(others(), 1);
        assert_eq!(timers.clear().len(), 1);
        assert_eq!(others(), 0);
    }
}
