//! What was observed, as data: the events without the tasks that they were about.

use std::collections::HashMap;
use std::panic::Location;
use std::time::{Duration, Instant};

use crate::event_loop::{Actor, LoopEvent, SeenTask, TaskEnding};

/// The place of a task among those that were seen.
pub(super) type Place = usize;

/// Who did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Task(Place),
    Callback,
    Timer,
    Source,
    Thread,
    Outside,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    Turn,
    PollBegan,
    PollEnded(usize),
    Began(Who),
    Ended(Who),
    Spawned(Place, Who),
    Woken(Place, Who),
    Waits(Place, String),
    Finished(Place, TaskEnding),
}

/// A task that was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// The name that it had last.
    pub(super) name: String,
    pub(super) coroutine: &'static str,
    pub(super) site: &'static Location<'static>,
}

/// Everything that was observed.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// When the first event was.
    start: Option<Instant>,
    /// What has happened, and how long after the first event.
    pub(super) records: Vec<(Duration, What)>,
    /// The tasks, in the order in which they were seen first.
    pub(super) tasks: Vec<Seen>,
    /// Where a task is, by its number.
    places: HashMap<u32, Place>,
    /// Events that found no room any more.
    pub(super) lost: u64,
}

impl Log {
    /// Adds an event, unless there are `limit` already.
    pub(super) fn add(&mut self, when: Instant, event: &LoopEvent<'_>, limit: usize) {
        if self.records.len() >= limit {
            self.lost += 1;
            return;
        }
        let Some(what) = self.what(event) else { return };
        let start = *self.start.get_or_insert(when);
        self.records
            .push((when.saturating_duration_since(start), what));
    }

    fn what(&mut self, event: &LoopEvent<'_>) -> Option<What> {
        Some(match *event {
            LoopEvent::TurnBegan => What::Turn,
            LoopEvent::PollBegan => What::PollBegan,
            LoopEvent::PollEnded { sources } => What::PollEnded(sources),
            LoopEvent::EntryBegan(actor) => What::Began(self.who(actor)),
            LoopEvent::EntryEnded(actor) => What::Ended(self.who(actor)),
            LoopEvent::Spawned { task, by } => What::Spawned(self.place(task), self.who(by)),
            LoopEvent::Woken { task, by } => What::Woken(self.place(task), self.who(by)),
            LoopEvent::Waits { task, thing } => What::Waits(self.place(task), thing.to_string()),
            LoopEvent::Finished { task, ending } => What::Finished(self.place(task), ending),
        })
    }

    fn who(&mut self, actor: Actor<'_>) -> Who {
        match actor {
            Actor::Task(task) => Who::Task(self.place(task)),
            Actor::Callback => Who::Callback,
            Actor::Timer => Who::Timer,
            Actor::Source => Who::Source,
            Actor::Thread => Who::Thread,
            Actor::Outside => Who::Outside,
        }
    }

    fn place(&mut self, task: SeenTask<'_>) -> Place {
        let tasks = &mut self.tasks;
        let place = *self.places.entry(task.number()).or_insert_with(|| {
            tasks.push(Seen {
                name: String::new(),
                coroutine: task.coroutine(),
                site: task.spawned_at(),
            });
            tasks.len() - 1
        });
        tasks[place].name = task.name();
        place
    }

    /// The name of somebody, as a sentence has it.
    pub(super) fn name(&self, who: Who) -> &str {
        match who {
            Who::Task(place) => &self.tasks[place].name,
            Who::Callback => "a callback",
            Who::Timer => "a timer",
            Who::Source => "a source",
            Who::Thread => "another thread",
            Who::Outside => "what is outside",
        }
    }
}
