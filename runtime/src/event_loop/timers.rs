//! The timers of a loop: a wheel for the order, a slab for what to do.
//!
//! The wheel only knows deadlines. What happens at one, a task woken or a callback run, is
//! kept here, under a key that the owner of the timer holds. A key is never reused: its
//! sequence number is the count of timers made before it. The deadline is a part of the key, so
//! that it is not kept twice: a million sleepers are a million timers.
//!
//! A timer that is due leaves the wheel but stays in the slab until the turn gets to it. So it
//! can still be cancelled by an entry that runs before it in the same turn, as in asyncio.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

use slab::Slab;

use super::handle::Callback;
use super::wheel::{Wheel, WheelEntry};

/// What to do when a timer is due.
pub(crate) enum TimerAction {
    /// Wake whoever sleeps.
    Wake(Waker),
    /// Run a callback.
    Call(Rc<dyn Callback>),
}

/// Names a timer. A key outlives its timer without harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerKey {
    deadline: u64,
    id: TimerId,
}

impl TimerKey {
    /// When the timer is due, on the loop's clock.
    pub(crate) fn deadline(self) -> u64 {
        self.deadline
    }
}

/// Names a timer that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimerId {
    index: u32,
    sequence: u64,
}

struct Timer {
    mark: Mark,
    action: TimerAction,
}

const _: () = assert!(
    size_of::<Timer>() <= 32,
    "a timer is small, for there is one for every sleeper"
);

/// The sequence number of a timer, and in the lowest bit, whether it has left the wheel and waits
/// in the ready queue.
#[derive(Clone, Copy)]
struct Mark(u64);

impl Mark {
    fn new(sequence: u64) -> Self {
        Self(sequence << 1)
    }

    fn is_of(self, sequence: u64) -> bool {
        self.0 >> 1 == sequence
    }

    fn is_due(self) -> bool {
        self.0 & 1 == 1
    }

    fn set_due(&mut self) {
        self.0 |= 1;
    }
}

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
    /// Kept between calls of `expire`, for its memory.
    due: Vec<WheelEntry>,
}

impl Timers {
    /// Makes an empty store for a loop on whose clock it is `now`.
    pub(crate) fn new(now: u64) -> Self {
        let inner = Inner {
            wheel: Wheel::new(now),
            timers: Slab::new(),
            made: 0,
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
        let mark = Mark::new(sequence);
        let index = inner.timers.insert(Timer { mark, action }) as u32;
        inner.wheel.insert(WheelEntry {
            deadline,
            sequence,
            index,
        });
        self.count.set(inner.timers.len());
        TimerKey {
            deadline,
            id: TimerId { index, sequence },
        }
    }

    /// Removes a timer and returns what it would have done, for the caller to drop or to do.
    pub(crate) fn take(&self, key: TimerKey) -> Option<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        let Inner { wheel, timers, .. } = &mut *inner;
        let timer = remove(timers, key.id)?;
        self.count.set(timers.len());
        if !timer.mark.is_due() {
            wheel.cancel(key.deadline, |entry| is_alive(timers, id_of(entry)));
        }
        Some(timer.action)
    }

    /// The same for one that is due.
    pub(crate) fn take_due(&self, id: TimerId) -> Option<TimerAction> {
        let timers = &mut self.inner.borrow_mut().timers;
        let timer = remove(timers, id)?;
        self.count.set(timers.len());
        Some(timer.action)
    }

    /// Whether the timer has neither run nor been cancelled.
    pub(crate) fn contains(&self, key: TimerKey) -> bool {
        is_alive(&self.inner.borrow().timers, key.id)
    }

    /// Where the callback of a timer that is due was scheduled, if it is one of a program.
    pub(super) fn site(&self, id: TimerId) -> Option<&'static Location<'static>> {
        match self.inner.borrow().timers.get(id.index as usize)? {
            Timer {
                mark,
                action: TimerAction::Call(callback),
            } if mark.is_of(id.sequence) => callback.site(),
            _ => None,
        }
    }

    /// Lets a sleeping timer wake somebody else from now on.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: &Waker) {
        let mut inner = self.inner.borrow_mut();
        let timer = inner.timers.get_mut(key.id.index as usize);
        let old = match timer {
            Some(Timer {
                mark,
                action: TimerAction::Wake(old),
            }) if mark.is_of(key.id.sequence) && !old.will_wake(waker) => {
                Some(std::mem::replace(old, waker.clone()))
            }
            _ => None,
        };
        drop(inner);
        drop(old);
    }

    /// No timer is due before this time. `None`: there are no timers on the wheel.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.inner.borrow().wheel.next_deadline()
    }

    /// Takes what is due at `now` off the wheel and hands it to `each`, in order.
    pub(crate) fn expire(&self, now: u64, mut each: impl FnMut(TimerId)) {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            wheel, timers, due, ..
        } = &mut *inner;
        wheel.advance(now, due, |entry| is_alive(timers, id_of(entry)));
        for entry in due.drain(..) {
            if let Some(timer) = timers.get_mut(entry.index as usize) {
                timer.mark.set_due();
            }
            each(id_of(&entry));
        }
    }

    /// Removes all timers and returns what they would have done, for the caller to drop.
    pub(crate) fn clear(&self) -> Vec<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        inner.wheel = Wheel::new(0);
        self.count.set(0);
        std::mem::take(&mut inner.timers)
            .into_iter()
            .map(|(_, timer)| timer.action)
            .collect()
    }
}

fn id_of(entry: &WheelEntry) -> TimerId {
    TimerId {
        index: entry.index,
        sequence: entry.sequence,
    }
}

fn is_alive(timers: &Slab<Timer>, id: TimerId) -> bool {
    timers
        .get(id.index as usize)
        .is_some_and(|timer| timer.mark.is_of(id.sequence))
}

fn remove(timers: &mut Slab<Timer>, id: TimerId) -> Option<Timer> {
    is_alive(timers, id).then(|| timers.remove(id.index as usize))
}
