//! The ready queue: what the loop will run, in the order in which it became ready.
//!
//! There is one queue for everything, as in asyncio, because the order between a callback and
//! a task is part of what a program can observe. To be run, a task is in it at most once: whoever
//! schedules one sets its `queued` mark (see `tasks.rs`) and pushes only if it was not set.
//!
//! The queue never runs anything. The turn takes the entries out, and no borrow is held while
//! one runs.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;
use std::task::Waker;

use slab::Slab;

use super::handle::Callback;
use super::ticket::TaskId;

/// What there is to run beside tasks.
pub(crate) enum Errand {
    /// Run a callback.
    Call(Rc<dyn Callback>),
    /// Wake whoever waited for a source.
    Wake(Waker),
}

const _: () = assert!(
    size_of::<Errand>() <= 24,
    "an errand is small, for there is one for every callback"
);

/// What kind of errand it is, for those who look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrandKind {
    Call,
    Wake,
}

/// A place in the queue: a task to run; a task that waited for a source and is to be woken, which
/// runs in the next turn then; the key of an errand; or the number of a timer among those that are
/// due. A number holds until the next look for timers that are due: the turn has run them all by
/// then, since it queues them right before it takes the queue out.
///
/// Kept to three small words. An entry is written and read within nanoseconds, and a processor
/// that has to put a wide load together from narrow stores waits for all of them.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Task(TaskId),
    Wake(TaskId),
    Errand(u32),
    Timer(u32),
}

/// The queue of one loop.
///
/// Two lists that change places: a turn takes the whole list and leaves an empty one for what
/// becomes ready meanwhile. So "exactly what is ready now" needs no counting, and the memory
/// of both is used again and again.
pub(crate) struct ReadyQueue {
    places: RefCell<Vec<Place>>,
    errands: RefCell<Slab<Errand>>,
    /// The other list, between two runs of the loop.
    spare: Cell<Vec<Place>>,
}

impl ReadyQueue {
    pub(crate) fn new() -> Self {
        Self {
            places: RefCell::new(Vec::new()),
            errands: RefCell::new(Slab::new()),
            spare: Cell::default(),
        }
    }

    #[inline]
    pub(crate) fn push_task(&self, task: TaskId) {
        self.places.borrow_mut().push(Place::Task(task));
    }

    /// Queues a wake of a task that waited for a source.
    #[inline]
    pub(crate) fn push_wake(&self, task: TaskId) {
        self.places.borrow_mut().push(Place::Wake(task));
    }

    pub(crate) fn push(&self, errand: Errand) {
        let key = self.errands.borrow_mut().insert(errand) as u32;
        self.places.borrow_mut().push(Place::Errand(key));
    }

    /// Queues the timers that are due, by their numbers up to `count`.
    pub(crate) fn push_timers(&self, count: u32) {
        self.places
            .borrow_mut()
            .extend((0..count).map(Place::Timer));
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.places.borrow().is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.places.borrow().len()
    }

    /// Takes everything out by exchanging the list for an empty one.
    #[inline]
    pub(crate) fn exchange(&self, empty: &mut Vec<Place>) {
        debug_assert!(empty.is_empty());
        std::mem::swap(&mut *self.places.borrow_mut(), empty);
    }

    /// Takes the other list, for a run.
    pub(crate) fn take_spare(&self) -> Vec<Place> {
        self.spare.take()
    }

    /// Keeps the other list, emptied, for the next run.
    pub(crate) fn keep_spare(&self, mut spare: Vec<Place>) {
        spare.clear();
        self.spare.set(spare);
    }

    /// The kind of an errand that is to be run.
    pub(super) fn kind(&self, key: u32) -> Option<ErrandKind> {
        Some(match self.errands.borrow().get(key as usize)? {
            Errand::Call(_) => ErrandKind::Call,
            Errand::Wake(_) => ErrandKind::Wake,
        })
    }

    /// Where the callback of an errand was scheduled; `None`: it is none of a program.
    pub(super) fn site(&self, key: u32) -> Option<&'static Location<'static>> {
        match self.errands.borrow().get(key as usize)? {
            Errand::Call(callback) => callback.site(),
            Errand::Wake(_) => None,
        }
    }

    /// The tasks that are ready, from a place of the queue on, and `told` is moved behind them.
    pub(super) fn tasks_from(&self, told: &Cell<usize>) -> Vec<TaskId> {
        let places = self.places.borrow();
        let new = places.iter().skip(told.replace(places.len()));
        let task = |place: &Place| match place {
            Place::Task(id) => Some(*id),
            Place::Wake(_) | Place::Errand(_) | Place::Timer(_) => None,
        };
        new.filter_map(task).collect()
    }

    /// Takes an errand out.
    pub(crate) fn take(&self, key: u32) -> Option<Errand> {
        self.errands.borrow_mut().try_remove(key as usize)
    }

    /// Takes all errands out, for the caller to drop or to cancel.
    pub(crate) fn clear(&self) -> Slab<Errand> {
        self.places.take();
        self.errands.take()
    }
}
