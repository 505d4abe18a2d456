//! Arrivals: tasks in the order in which they end.
//!
//! A done-callback puts a notice into a queue, and whoever wants to know takes it out. So two
//! turns pass between the end of a task and the step of the one who waits, as in asyncio, and
//! a wait that is dropped or cancelled loses no notice. A timer can put in a notice of its own.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use slab::Slab;

use crate::cancel::{Awaitable, note_of};
use crate::event_loop::{TimerHandle, get_running_loop};
use crate::leaf::noted;
use crate::promise::CallbackId;
use crate::queue::Queue;
use crate::task::Task;

/// Something to take note of.
pub(super) enum Arrival<T> {
    /// A task has ended; this is the number it was given.
    Ended(usize, Task<T>),
    /// The time that was set last is over.
    TimeOver,
}

/// What stands in the queue.
enum Notice {
    /// The task at this place has ended.
    Ended(usize),
    /// The timer with this number has fired.
    TimeOver(u32),
}

/// A task that has not arrived.
struct Watched<T> {
    number: usize,
    task: Task<T>,
    /// `None`: it had ended before.
    callback: Option<CallbackId>,
}

/// The tasks that have not arrived, as a report sees them.
struct Expected<T> {
    /// What waits for them: `map_concurrent of`.
    what: &'static str,
    watched: RefCell<Slab<Watched<T>>>,
}

impl<T: 'static> Awaitable for Expected<T> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = self.watched.borrow();
        let left = watched.iter().filter(|(_, watched)| !watched.task.done());
        write!(f, "{} {} tasks", self.what, left.count())
    }

    fn decided_by(&self) -> Vec<usize> {
        let watched = self.watched.borrow();
        let deciders = |watched: &Watched<T>| watched.task.as_cancel_target().decided_by();
        watched.iter().flat_map(|(_, it)| deciders(it)).collect()
    }
}

/// Tasks that are waited for, and notices of those that have ended.
pub(super) struct Arrivals<T: 'static> {
    expected: Rc<Expected<T>>,
    notices: Queue<Notice>,
    timer: Option<TimerHandle>,
    /// The number of the last timer. Notices of those before it are stale.
    timers: u32,
}

impl<T> Arrivals<T> {
    /// `what` says in a report what waits: `map_concurrent of`.
    pub(super) fn new(what: &'static str) -> Self {
        Self {
            expected: Rc::new(Expected {
                what,
                watched: RefCell::default(),
            }),
            notices: Queue::new(0),
            timer: None,
            timers: 0,
        }
    }

    /// Waits for one more task. One that has ended has arrived.
    pub(super) fn watch(&mut self, number: usize, task: Task<T>) {
        let place = self.expected.watched.borrow().vacant_key();
        let notices = self.notices.clone();
        let notify = move || put(&notices, Notice::Ended(place));
        let callback = if task.done() {
            notify();
            None
        } else {
            Some(task.add_done_callback(move |_| notify()))
        };
        self.expected.watched.borrow_mut().insert(Watched {
            number,
            task,
            callback,
        });
    }

    /// How many tasks have not arrived.
    pub(super) fn len(&self) -> usize {
        self.expected.watched.borrow().len()
    }

    /// The tasks that have not arrived, in the order of their numbers.
    pub(super) fn tasks(&self) -> Vec<Task<T>> {
        let watched = self.expected.watched.borrow();
        let mut all: Vec<_> = watched.iter().map(|(_, watched)| watched).collect();
        all.sort_unstable_by_key(|watched| watched.number);
        all.into_iter()
            .map(|watched| watched.task.clone())
            .collect()
    }

    /// Has a notice put in after `delay`. A time that was set before counts no more.
    pub(super) fn set_timer(&mut self, delay: Duration) {
        self.clear_timer();
        let (notices, number) = (self.notices.clone(), self.timers);
        let notify = move || put(&notices, Notice::TimeOver(number));
        self.timer = Some(get_running_loop().call_later(delay, notify));
    }

    /// A time that was set counts no more.
    pub(super) fn clear_timer(&mut self) {
        self.timers = self.timers.wrapping_add(1);
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
    }

    /// Waits for the next arrival. `None`: all tasks have arrived.
    pub(super) async fn next(&mut self) -> Option<Arrival<T>> {
        while self.len() > 0 {
            let notice = noted(self.notices.get(), || note_of(&self.expected)).await;
            match notice.ok()? {
                Notice::Ended(place) => {
                    let arrived = self.expected.watched.borrow_mut().remove(place);
                    let Watched { number, task, .. } = arrived;
                    return Some(Arrival::Ended(number, task));
                }
                Notice::TimeOver(number) if number == self.timers => {
                    return Some(Arrival::TimeOver);
                }
                Notice::TimeOver(_) => {}
            }
        }
        None
    }

    /// Ceases to wait for one task. Returns `false` if there is none.
    pub(super) fn give_one_up(&mut self) -> bool {
        let mut watched = self.expected.watched.borrow_mut();
        let place = watched.iter().next().map(|(place, _)| place);
        let given_up = place.map(|place| watched.remove(place));
        drop(watched);
        given_up.as_ref().is_some_and(leave)
    }
}

fn put(notices: &Queue<Notice>, notice: Notice) {
    // A queue without a limit that is never shut down takes everything.
    let _ = notices.put_nowait(notice);
}

fn leave<T: 'static>(watched: &Watched<T>) -> bool {
    if let Some(callback) = watched.callback {
        watched.task.remove_done_callback(callback);
    }
    true
}

impl<T> Drop for Arrivals<T> {
    fn drop(&mut self) {
        self.clear_timer();
        for (_, watched) in self.expected.watched.take() {
            leave(&watched);
        }
    }
}
