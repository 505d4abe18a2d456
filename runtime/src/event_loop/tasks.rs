//! The tasks of a loop: a slab of coroutines under generation-checked ids.
//!
//! The loop owns its tasks. A `Task` handle may be dropped at any time without effect on
//! them, and nothing disappears because nobody looked at it.
//!
//! ```text
//!              (1)            (2)             (3)
//!   enlisted ──────► queued ───────► running ─────► gone
//!                      ▲                │
//!                      │ (1)            │ (4)
//!                      └──── waiting ◄──┘
//!
//!   (1) schedule   (2) get   (3) remove   (4) wait
//! ```
//!
//! While a task runs it still counts as queued. If it was woken meanwhile, which is all that
//! `yield_now` does, the turn queues it once more instead of letting it wait. What a coroutine
//! *is*, and where its future lies, is the business of `task/cell/`.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::rc::Rc;

use slab::Slab;

use super::handle::Callback;
use super::ready::ReadyQueue;
use super::ticket::{MAX_TASKS, TaskId, Ticket};
use crate::cancel::{Cancelled, FrameOwner, Note};

/// What a step of a coroutine came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stepped {
    /// It waits for something.
    Waiting,
    /// It has ended, in whatever way.
    Ended,
}

/// How a task has ended.
///
/// asyncio tells it by `cancelled` and `exception`.
///
/// ```
/// use looplet::EventLoop;
/// use looplet::observe::{LoopEvent, Observer, TaskEnding};
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Instant;
///
/// struct Ends(Rc<RefCell<Vec<TaskEnding>>>);
///
/// impl Observer for Ends {
///     fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
///         if let LoopEvent::Finished { ending, .. } = event {
///             self.0.borrow_mut().push(*ending);
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let event_loop = EventLoop::builder().observer(Ends(seen.clone())).build()?;
/// event_loop.run_until_complete(async {})?;
/// assert_eq!(*seen.borrow(), [TaskEnding::Returned]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskEnding {
    /// It has returned something, which may be an `Err`.
    Returned,
    /// It was cancelled.
    Cancelled,
    /// It has panicked.
    Panicked,
}

/// A task as the loop sees it.
pub(crate) trait Coroutine: FrameOwner {
    /// Runs it up to its next await that has to wait. The ticket is its own.
    fn step(&self, ticket: Ticket) -> Stepped;
    /// Ends it: its step has panicked.
    fn fail(&self, payload: Box<dyn Any + Send>);
    /// Asks it to end, the way asyncio does. Returns `false` if it has ended already.
    fn cancel(&self, cause: Cancelled) -> bool;
    /// Drops the coroutine where it stands, because the loop closes.
    fn discard(&self);
    /// Runs a callback, through `call_soon`, when it has ended.
    fn notify_end(&self, callback: Rc<dyn Callback>);
    /// Reads words of it here and there, to have all of it near.
    fn glance(&self) -> usize;
    /// What it began to wait for last.
    fn note(&self) -> Note;
    /// What it panicked with, if it has; after that, somebody has looked.
    fn panic_text(&self) -> Option<String>;
    /// How it has ended; `None`: it has not.
    fn ending(&self) -> Option<TaskEnding>;
    /// Its name, `Task-N` unless it was given another.
    fn name(&self) -> String;
    /// Gives it another name.
    fn set_name(&self, name: String);
    /// How many tasks the loop had made before it.
    fn number(&self) -> u32;
    /// What a waker of it carries.
    fn ticket(&self) -> Ticket;
    /// Where in the source it was spawned.
    fn site(&self) -> &'static Location<'static>;
    /// What type of future it runs.
    fn type_name(&self) -> &'static str;
}

struct Slot {
    coroutine: Rc<dyn Coroutine>,
    generation: u32,
    /// Whether it is in the ready queue, or runs.
    queued: bool,
}

/// All tasks of one loop.
pub(crate) struct Tasks {
    slots: RefCell<Slab<Slot>>,
    /// Tasks made so far; also the number of the next one.
    made: Cell<u32>,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        Self {
            slots: RefCell::new(Slab::new()),
            made: Cell::new(0),
        }
    }

    /// The id and the number of the next task. Until it is [added](Self::add), none may be added or
    /// removed, so nothing of a program may run.
    ///
    /// # Panics
    ///
    /// If the loop holds 67 million tasks.
    pub(crate) fn next(&self) -> (TaskId, u32) {
        let slots = self.slots.borrow();
        assert!(
            slots.len() < MAX_TASKS,
            "a loop holds at most {MAX_TASKS} tasks"
        );
        let number = self.made.get().wrapping_add(1);
        (TaskId::new(slots.vacant_key(), number), number)
    }

    /// Adds the next task. The caller queues its first step, or makes it.
    pub(crate) fn add(&self, id: TaskId, coroutine: Rc<dyn Coroutine>) {
        self.made.set(self.made.get().wrapping_add(1));
        let key = self.slots.borrow_mut().insert(Slot {
            coroutine,
            generation: id.generation,
            queued: true,
        });
        assert_eq!(key, id.index as usize, "its id is that of the next task");
    }

    /// Queues a task unless it is queued already or gone.
    pub(crate) fn schedule(&self, id: TaskId, ready: &ReadyQueue) {
        let mut slots = self.slots.borrow_mut();
        if let Some(slot) = slots.get_mut(id.index as usize)
            && slot.generation == id.generation
            && !slot.queued
        {
            slot.queued = true;
            ready.push_task(id);
        }
    }

    /// Returns the coroutine of a task.
    #[inline]
    pub(crate) fn get(&self, id: TaskId) -> Option<Rc<dyn Coroutine>> {
        let slots = self.slots.borrow();
        let slot = slots.get(id.index as usize)?;
        (slot.generation == id.generation).then(|| slot.coroutine.clone())
    }

    /// Reads a word of what the loop keeps of each of these tasks, to have them near. It may be
    /// another one that has the place by now.
    pub(crate) fn glance(&self, ids: impl Iterator<Item = TaskId>) -> usize {
        let slots = self.slots.borrow();
        let slot = |id: TaskId| slots.get(id.index as usize);
        ids.filter_map(slot)
            .map(|slot| slot.generation as usize)
            .sum()
    }

    /// Reads words of these tasks themselves, to have them near. They may be others, too.
    pub(crate) fn glance_inside(&self, ids: impl Iterator<Item = TaskId>) -> usize {
        let slots = self.slots.borrow();
        let slot = |id: TaskId| slots.get(id.index as usize);
        ids.filter_map(slot)
            .map(|slot| Rc::strong_count(&slot.coroutine) + slot.coroutine.glance())
            .sum()
    }

    /// Looks at a task without keeping it. `look` runs no user code.
    pub(crate) fn look<R>(&self, id: TaskId, look: impl FnOnce(&dyn Coroutine) -> R) -> Option<R> {
        let slots = self.slots.borrow();
        let slot = slots.get(id.index as usize)?;
        (slot.generation == id.generation).then(|| look(&*slot.coroutine))
    }

    /// Whether a task is in the ready queue, or runs.
    pub(crate) fn is_queued(&self, id: TaskId) -> bool {
        let slots = self.slots.borrow();
        let slot = slots.get(id.index as usize);
        slot.is_some_and(|slot| slot.generation == id.generation && slot.queued)
    }

    /// Lets a task wait: whoever wakes it queues it.
    pub(crate) fn wait(&self, id: TaskId) {
        if let Some(slot) = self.slots.borrow_mut().get_mut(id.index as usize)
            && slot.generation == id.generation
        {
            slot.queued = false;
        }
    }

    /// What a task waits for; `None` if it does not wait.
    pub(crate) fn note(&self, id: TaskId) -> Option<Note> {
        let slots = self.slots.borrow();
        let slot = slots.get(id.index as usize)?;
        let waits = slot.generation == id.generation && !slot.queued;
        waits.then(|| slot.coroutine.note())
    }

    /// All tasks that have not ended, with their ids, in the order in which they were spawned.
    pub(crate) fn all_with_ids(&self) -> Vec<(TaskId, Rc<dyn Coroutine>)> {
        let slots = self.slots.borrow();
        let mut all: Vec<_> = slots
            .iter()
            .map(|(index, slot)| {
                let id = TaskId::new(index, slot.generation);
                (id, slot.coroutine.clone())
            })
            .collect();
        all.sort_unstable_by_key(|(_, coroutine)| coroutine.number());
        all
    }

    /// Removes a task that has ended. The caller drops what is returned.
    pub(crate) fn remove(&self, id: TaskId) -> Option<Rc<dyn Coroutine>> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get(id.index as usize)?;
        if slot.generation != id.generation {
            return None;
        }
        Some(slots.remove(id.index as usize).coroutine)
    }

    /// How many tasks have not ended.
    pub(crate) fn len(&self) -> usize {
        self.slots.borrow().len()
    }

    /// All tasks that have not ended, in the order in which they were spawned.
    pub(crate) fn all(&self) -> Vec<Rc<dyn Coroutine>> {
        let all = self.all_with_ids().into_iter();
        all.map(|(_, coroutine)| coroutine).collect()
    }

    /// Forgets all tasks. The caller drops what is returned.
    pub(crate) fn clear(&self) -> Vec<Rc<dyn Coroutine>> {
        let slots = self.slots.take();
        slots.into_iter().map(|(_, slot)| slot.coroutine).collect()
    }
}
