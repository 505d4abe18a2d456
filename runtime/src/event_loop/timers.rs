//! The timers of a loop: a wheel for the order, a slab for what to do.
//!
//! The wheel only knows deadlines. What happens at one, a task woken or a callback run, is
//! kept here, under a key that the owner of the timer holds. The deadline is a part of the key, so
//! that it is not kept twice: a million sleepers are a million timers.
//!
//! A timer that is due leaves the wheel and gets a number, by which it is in the ready queue. It
//! stays in the slab until the turn gets to it. So it can still be cancelled by an entry that runs before it in the same turn, as in asyncio.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

use slab::Slab;

use super::handle::Callback;
use super::wheel::Wheel;

pub(crate) use super::wheel::TimerKey;

/// What to do when a timer is due.
pub(crate) enum TimerAction {
    /// Wake whoever sleeps.
    Wake(Waker),
    /// Run a callback.
    Call(Rc<dyn Callback>),
}

struct Timer {
    sequence: u64,
    action: TimerAction,
}

const _: () = assert!(
    size_of::<Timer>() <= 32,
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
        let sequence = inner.made;
        inner.made += 1;
        let index = inner.timers.insert(Timer { sequence, action }) as u32;
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
        let Inner {
            wheel,
            timers,
            expired,
            ..
        } = &mut *inner;
        let timer = remove(timers, key)?;
        self.count.set(timers.len());
        if !expired.contains(key) {
            wheel.cancel(key.deadline, |entry| is_alive(timers, *entry));
        }
        Some(timer.action)
    }

    /// The same for the `number`-th of those that are due: it goes off.
    pub(crate) fn take_due(&self, number: u32) -> Option<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        let key = *inner.due.get(number as usize)?;
        let timer = remove(&mut inner.timers, key)?;
        inner.latest = inner.latest.max(Some(key));
        self.count.set(inner.timers.len());
        Some(timer.action)
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

    /// Looks at what the `number`-th of those that are due is going to do.
    pub(super) fn look<R>(&self, number: u32, look: impl FnOnce(&TimerAction) -> R) -> Option<R> {
        let inner = self.inner.borrow();
        let key = inner.due.get(number as usize)?;
        let timer = inner.timers.get(key.index as usize)?;
        (timer.sequence == key.sequence).then(|| look(&timer.action))
    }

    /// Where the callback of the `number`-th that is due was scheduled, if it is one of a program.
    pub(super) fn site(&self, number: u32) -> Option<&'static Location<'static>> {
        self.look(number, |action| match action {
            TimerAction::Wake(_) => None,
            TimerAction::Call(callback) => callback.site(),
        })?
    }

    /// Lets a sleeping timer wake somebody else from now on. Returns whether it is there.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: Waker) -> bool {
        let mut inner = self.inner.borrow_mut();
        let timer = inner.timers.get_mut(key.index as usize);
        let Some(timer) = timer.filter(|timer| timer.sequence == key.sequence) else {
            return false;
        };
        let old = match &mut timer.action {
            TimerAction::Wake(old) => std::mem::replace(old, waker),
            TimerAction::Call(_) => waker,
        };
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

    /// Removes all timers and returns what they would have done, for the caller to drop.
    pub(crate) fn clear(&self) -> Vec<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        inner.wheel = Wheel::new(0);
        inner.due.clear();
        self.count.set(0);
        std::mem::take(&mut inner.timers)
            .into_iter()
            .map(|(_, timer)| timer.action)
            .collect()
    }
}

fn is_alive(timers: &Slab<Timer>, key: TimerKey) -> bool {
    timers
        .get(key.index as usize)
        .is_some_and(|timer| timer.sequence == key.sequence)
}

fn remove(timers: &mut Slab<Timer>, key: TimerKey) -> Option<Timer> {
    is_alive(timers, key).then(|| timers.remove(key.index as usize))
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
    fn a_waker_is_set_only_where_its_timer_is() {
        let timers = Timers::new(0);
        let set_waker = |key| timers.set_waker(key, Waker::noop().clone());
        let [gone, there] = [5, 6].map(|deadline| set(&timers, deadline * MS));
        assert!(set_waker(gone) && set_waker(there));
        timers.take(gone);
        assert!(!set_waker(gone) && set_waker(there));
        let in_its_place = set(&timers, 7 * MS);
        assert_eq!(in_its_place.index, gone.index);
        assert!(!set_waker(gone) && set_waker(in_its_place));
        timers.clear();
        assert!(!set_waker(there));
    }
}
