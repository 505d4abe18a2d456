//! From events to lanes: what each task did from when to when.
//!
//! ```text
//!   loop     ░░ asleep ░░   ▓ timer ▓
//!                               │ wakes
//!   Task-1   ░░ waits ░░░░░░░░░ ▒▒ ready ▒▒ ▓▓ runs ▓▓
//! ```
//!
//! The first lane is the loop itself: the kernel, and entries that are no steps of tasks.

use std::time::Duration;

use super::record::{Log, Place, What, Who};

/// What a lane shows for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Running,
    Ready,
    Waiting,
}

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Ready => "ready",
            State::Waiting => "waiting",
        }
    }
}

/// A time in which the state of a lane was the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: Duration,
    pub(super) to: Duration,
    pub(super) state: State,
    /// What it is doing, in words.
    pub(super) text: String,
}

/// A task, or the loop.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// What there is to say of it beside the name.
    pub(super) about: String,
    pub(super) spans: Vec<Span>,
    /// The state since when, until there is another one.
    open: Option<(Duration, State, String)>,
}

/// A wake, or a spawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) when: Duration,
    /// Lanes.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// All lanes of a log.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    pub(super) arrows: Vec<Arrow>,
    /// When the last event was.
    pub(super) end: Duration,
}

/// The lane of the loop.
const LOOP: usize = 0;

impl Lane {
    fn new(name: &str, about: String) -> Self {
        Self {
            name: name.to_string(),
            about,
            spans: Vec::new(),
            open: None,
        }
    }

    fn begin(&mut self, when: Duration, state: State, text: String) {
        self.end(when);
        self.open = Some((when, state, text));
    }

    fn end(&mut self, when: Duration) {
        if let Some((from, state, text)) = self.open.take() {
            self.spans.push(Span {
                from,
                to: when,
                state,
                text,
            });
        }
    }
}

impl Lanes {
    pub(super) fn of(log: &Log) -> Self {
        let tasks = log.tasks.iter().map(|task| {
            let (file, line) = (task.site.file(), task.site.line());
            Lane::new(
                &task.name,
                format!("{}, spawned at {file}:{line}", task.coroutine),
            )
        });
        let event_loop = Lane::new("event loop", "the kernel, callbacks and timers".to_string());
        let mut all = Self {
            lanes: [event_loop].into_iter().chain(tasks).collect(),
            arrows: Vec::new(),
            end: log.records.last().map_or(Duration::ZERO, |last| last.0),
        };
        for (when, what) in &log.records {
            all.add(log, *when, what);
        }
        let end = all.end;
        all.lanes.iter_mut().for_each(|lane| lane.end(end));
        all
    }

    fn add(&mut self, log: &Log, when: Duration, what: &What) {
        match what {
            What::Turn => {}
            What::PollBegan => {
                let text = "asks the kernel".to_string();
                self.lanes[LOOP].begin(when, State::Waiting, text);
            }
            What::PollEnded(_) => self.lanes[LOOP].end(when),
            What::Began(who) => {
                let text = match who {
                    Who::Task(_) => "runs".to_string(),
                    who => log.name(*who).to_string(),
                };
                self.lanes[lane_of(*who)].begin(when, State::Running, text);
            }
            // What became of a task has been told.
            What::Ended(Who::Task(_)) => {}
            What::Ended(who) => self.lanes[lane_of(*who)].end(when),
            What::Spawned(task, by) => self.ready(log, when, (*task, *by), "spawned"),
            What::Woken(task, by) => self.ready(log, when, (*task, *by), "woken"),
            What::Waits(task, thing) => {
                let text = format!("waits for {thing}");
                self.lanes[task + 1].begin(when, State::Waiting, text);
            }
            What::Finished(task, _) => self.lanes[task + 1].end(when),
        }
    }

    fn ready(&mut self, log: &Log, when: Duration, (task, by): (Place, Who), how: &str) {
        let text = format!("ready, {how} by {}", log.name(by));
        self.lanes[task + 1].begin(when, State::Ready, text);
        let (from, to) = (lane_of(by), task + 1);
        if from != to {
            self.arrows.push(Arrow { when, from, to });
        }
    }
}

fn lane_of(who: Who) -> usize {
    match who {
        Who::Task(place) => place + 1,
        Who::Callback | Who::Timer | Who::Source | Who::Thread | Who::Outside => LOOP,
    }
}
