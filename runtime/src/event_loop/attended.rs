//! What a turn does when somebody looks: debug mode, a watchdog, an observer.
//!
//! All of it is out of the way of a loop that nobody looks at, which asks one mark a turn. An
//! observer learns what an entry has done from what the entry has left: what is in the ready
//! queue and was not before has been woken, or spawned, by it. So neither a wake nor a spawn has
//! to know of observers.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::slice;

use super::context;
use super::core::Core;
use super::graph::awaited;
use super::observer::{Actor, LoopEvent, Running, SeenTask};
use super::ready::{ErrandKind, Place};
use super::report::ErrorContext;
use super::tasks::Coroutine;
use super::ticket::TaskId;

/// Runs entries, with a look at each.
#[cold]
pub(super) fn run_all(
    core: &Core,
    places: &mut slice::Iter<'_, Place>,
    run: impl Fn(&Core, Place),
) {
    for &place in places {
        begin(core, place);
        let (task, site) = match place {
            Place::Task(id) => (core.tasks.get(id), None),
            Place::Wake(_) => (None, None),
            Place::Errand(key) => (None, core.ready.site(key)),
            Place::Timer(number) => (None, core.timers.site(number)),
        };
        let name = || match (&task, site) {
            (Some(task), _) => Shown(&**task).to_string(),
            (None, Some(site)) => format!("a callback scheduled at {site}"),
            (None, None) => "a callback".to_string(),
        };
        let since = core.watch.begin(name);
        run(core, place);
        if let Some(took) = core.watch.end(since) {
            let seconds = took.as_secs_f64();
            let message = format!("executing {} took {seconds:.3} s", name());
            core.reporter.report(&ErrorContext::new(message));
        }
        bury(task);
        end(core);
    }
}

/// A task, as those who watch call it.
struct Shown<'a>(&'a dyn Coroutine);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, path, site) = (self.0.name(), self.0.type_name(), self.0.site());
        write!(f, "<Task name='{name}' coro=<{path}> spawned at {site}>")
    }
}

/// A turn begins: what became ready since the last one came from outside.
#[cold]
pub(super) fn begin_turn(core: &Core) {
    tell(core, LoopEvent::TurnBegan);
    tell_ready(core, Actor::Outside);
}

/// The kernel is about to be asked.
pub(super) fn begin_poll(core: &Core) {
    if core.watch.is_observed() {
        tell(core, LoopEvent::PollBegan);
    }
}

/// The kernel has answered.
pub(super) fn end_poll(core: &Core, sources: usize) {
    if core.watch.is_observed() {
        tell(core, LoopEvent::PollEnded { sources });
    }
}

/// What became ready just now was sent by other threads.
pub(super) fn end_letters(core: &Core) {
    if core.watch.is_observed() {
        tell_ready(core, Actor::Thread);
    }
}

/// The ready queue was taken out, to be run.
pub(super) fn begin_batch(core: &Core) {
    core.observing.told.set(0);
}

/// A task is about to make its first step in the middle of an entry.
pub(super) fn begin_eager(core: &Core, id: TaskId) {
    if core.watch.is_observed()
        && let Some(task) = core.tasks.get(id)
    {
        core.observing.eager.borrow_mut().push(task);
    }
}

fn begin(core: &Core, place: Place) {
    if !core.watch.is_observed() {
        return;
    }
    let running = match place {
        Place::Task(id) => core.tasks.get(id).map(Running::Task),
        Place::Wake(_) => Some(Running::Source),
        Place::Errand(key) => core.ready.kind(key).map(|kind| match kind {
            ErrandKind::Call => Running::Callback,
            ErrandKind::Wake => Running::Source,
        }),
        Place::Timer(number) => core.timers.is_due(number).then_some(Running::Timer),
    };
    // What is gone does not run.
    let Some(running) = running else { return };
    tell(core, LoopEvent::EntryBegan(running.actor()));
    core.observing.running.replace(Some(running));
}

/// An entry has ended, by itself or by a panic.
pub(super) fn end(core: &Core) {
    let Some(running) = core.observing.running.take() else {
        return;
    };
    tell_ready(core, running.actor());
    if let Running::Task(task) = &running {
        tell_state(core, task);
    }
    tell(core, LoopEvent::EntryEnded(running.actor()));
    bury(running);
}

/// Tells of tasks that are new, and of those that are ready and were not before.
fn tell_ready(core: &Core, by: Actor<'_>) {
    let observing = &core.observing;
    let (known, eager) = (observing.known.get(), observing.eager.take());
    let mut newest = known;
    for task in &eager {
        newest = newest.max(task.number());
        let seen = SeenTask::new(&**task);
        tell(core, LoopEvent::Spawned { task: seen, by });
        tell_state(core, task);
    }
    let is_eager = |task: &Rc<dyn Coroutine>| eager.iter().any(|other| Rc::ptr_eq(task, other));
    for id in core.ready.tasks_from(&observing.told) {
        let Some(task) = core.tasks.get(id) else {
            continue;
        };
        let seen = SeenTask::new(&*task);
        if task.number() > known && !is_eager(&task) {
            newest = newest.max(task.number());
            tell(core, LoopEvent::Spawned { task: seen, by });
        } else {
            tell(core, LoopEvent::Woken { task: seen, by });
        }
    }
    observing.known.set(newest);
    eager.into_iter().for_each(bury);
}

/// Tells what became of a task in its step. That it is ready again, it has been told.
fn tell_state(core: &Core, task: &Rc<dyn Coroutine>) {
    let seen = SeenTask::new(&**task);
    if let Some(ending) = task.ending() {
        tell(core, LoopEvent::Finished { task: seen, ending });
    } else if let Some(thing) = awaited(&**task) {
        let thing = &*thing;
        tell(core, LoopEvent::Waits { task: seen, thing });
    }
}

fn tell(core: &Core, event: LoopEvent<'_>) {
    let Some(observer) = core.observing.observer() else {
        return;
    };
    let when = core.clock.instant_at(core.clock.now());
    let told = catch_unwind(AssertUnwindSafe(|| observer.observe(when, &event)));
    if let Err(payload) = told {
        core.watch.set_observed(false);
        let what = "an observer panicked, and is told nothing any more";
        core.reporter
            .report(&ErrorContext::of_panic(what, payload.as_ref()));
        let left = core.observing.end();
        core.reporter.contain(DROPPED, || drop((left, observer)));
    }
}

/// The observer of a loop that is closed is dropped.
pub(super) fn leave(core: &Core) {
    core.watch.set_observed(false);
    let observer = core.observing.end();
    core.reporter.contain(DROPPED, || drop(observer));
}

const DROPPED: &str = "an observer panicked while it was dropped";

/// Drops what may be the last handle of a task, and with it a result.
fn bury<T>(last: T) {
    context::set_burying(true);
    drop(last);
    context::set_burying(false);
}
