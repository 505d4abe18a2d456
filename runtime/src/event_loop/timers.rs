//! The timers of a loop: a wheel for the order, a slab for what to do.
//!
//! The wheel only knows deadlines. What happens at one, a task woken or a callback run, is
//! kept here, under a key that the owner of the timer holds. A key is never reused: its
//! sequence number is the count of timers made before it.
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
    index: u32,
    sequence: u64,
}

struct Timer {
    deadline: u64,
    sequence: u64,
    action: TimerAction,
    /// Whether it has left the wheel and waits in the ready queue.
    due: bool,
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
        let index = inner.timers.insert(Timer {
            deadline,
            sequence,
            action,
            due: false,
        }) as u32;
        inner.wheel.insert(WheelEntry {
            deadline,
            sequence,
            index,
        });
        self.count.set(inner.timers.len());
        TimerKey { index, sequence }
    }

    /// Removes a timer and returns what it would have done, for the caller to drop or to do.
    pub(crate) fn take(&self, key: TimerKey) -> Option<TimerAction> {
        let mut inner = self.inner.borrow_mut();
        let Inner { wheel, timers, .. } = &mut *inner;
        if !is_alive(timers, key.index, key.sequence) {
            return None;
        }
        let timer = timers.remove(key.index as usize);
        self.count.set(timers.len());
        if !timer.due {
            wheel.cancel(timer.deadline, |entry| {
                is_alive(timers, entry.index, entry.sequence)
            });
        }
        Some(timer.action)
    }

    /// Whether the timer has neither run nor been cancelled.
    pub(crate) fn contains(&self, key: TimerKey) -> bool {
        is_alive(&self.inner.borrow().timers, key.index, key.sequence)
    }

    /// Where the callback of a timer was scheduled, if it is one of a program.
    pub(super) fn site(&self, key: TimerKey) -> Option<&'static Location<'static>> {
        match &self.inner.borrow().timers.get(key.index as usize)? {
            Timer {
                sequence,
                action: TimerAction::Call(callback),
                ..
            } if *sequence == key.sequence => callback.site(),
            _ => None,
        }
    }

    /// Lets a sleeping timer wake somebody else from now on.
    pub(crate) fn set_waker(&self, key: TimerKey, waker: &Waker) {
        let mut inner = self.inner.borrow_mut();
        let timer = inner.timers.get_mut(key.index as usize);
        let old = match timer {
            Some(Timer {
                sequence,
                action: TimerAction::Wake(old),
                ..
            }) if *sequence == key.sequence && !old.will_wake(waker) => {
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

    /// Takes what is due at `now` off the wheel and hands the keys to `each`, in order.
    pub(crate) fn expire(&self, now: u64, mut each: impl FnMut(TimerKey)) {
        let mut inner = self.inner.borrow_mut();
        let Inner {
            wheel, timers, due, ..
        } = &mut *inner;
        wheel.advance(now, due, |entry| {
            is_alive(timers, entry.index, entry.sequence)
        });
        for entry in due.drain(..) {
            if let Some(timer) = timers.get_mut(entry.index as usize) {
                timer.due = true;
            }
            each(TimerKey {
                index: entry.index,
                sequence: entry.sequence,
            });
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

fn is_alive(timers: &Slab<Timer>, index: u32, sequence: u64) -> bool {
    timers
        .get(index as usize)
        .is_some_and(|timer| timer.sequence == sequence)
}
