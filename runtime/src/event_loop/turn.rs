//! The turn: this page is the event loop.
//!
//! Everything else in the crate either puts something where a turn finds it, or is called by
//! one. A turn is asyncio's iteration:
//!
//! 1. take what other threads have sent;
//! 2. ask the kernel, waiting only if there is nothing else to do;
//! 3. queue what waited for sources that became ready, and the timers that are due;
//! 4. run exactly the entries that are ready *now*.
//!
//! Two sentences matter most. This is the only place from which callbacks and tasks are run.
//! And what becomes ready while step 4 runs waits for the next turn, so nobody can starve the
//! sockets by rescheduling itself.
//!
//! While entries are ready, the kernel is not asked every turn but after every 61st entry: the
//! question costs as much as ten tasks. The order of what is ready does not change by that.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::slice;
use std::task::Waker;
use std::time::Duration;

use super::ahead::{self, AHEAD};
use super::attended;
use super::context;
use super::core::Core;
use super::graph::Graph;
use super::handle::{Callback, callback_from};
use super::inbox::Letter;
use super::ready::{Errand, Place};
use super::report::ErrorContext;
use super::tasks::{Coroutine, Stepped};
use super::ticket::{TaskId, Ticket};
use super::timers::TimerAction;
use super::waker::ticket_of;
use crate::error::Deadlock;

/// Why a turn could not be made.
#[derive(Debug)]
pub(crate) enum TurnError {
    /// Nothing can ever become ready.
    Deadlock(Deadlock),
    /// The kernel refused to tell what is ready.
    Poll(io::Error),
}

/// What a run keeps between its turns, for the memory; the list outlives the run.
pub(crate) struct Scratch<'a> {
    core: &'a Core,
    /// What waited for a source that became ready.
    woken: Vec<Errand>,
    /// What runs in this turn.
    batch: Vec<Place>,
}

impl<'a> Scratch<'a> {
    pub(crate) fn of(core: &'a Core) -> Self {
        let (woken, batch) = (Vec::new(), core.ready.take_spare());
        Self { core, woken, batch }
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        self.core.ready.keep_spare(std::mem::take(&mut self.batch));
    }
}

/// Makes one turn. The steps that are often empty are asked first whether they are.
#[inline]
pub(crate) fn turn(core: &Core, scratch: &mut Scratch<'_>) -> Result<(), TurnError> {
    if core.inbox.has_letters() {
        take_letters(core);
    }
    if core.ready.is_empty() || is_kernel_due(core) {
        ask_kernel(core, &mut scratch.woken)?;
    }
    if !core.timers.is_empty() {
        queue_due_timers(core);
    }
    run_ready(core, &mut scratch.batch);
    Ok(())
}

/// Whether so many entries have run that the kernel is asked although more are ready. If there
/// is nothing that it could tell of, the count begins anew.
fn is_kernel_due(core: &Core) -> bool {
    if core.since_poll.get() < core.settings.io_interval {
        return false;
    }
    core.since_poll.set(0);
    core.reactor.is_worth_asking()
}

/// Step 1.
#[inline(never)]
fn take_letters(core: &Core) {
    for letter in core.inbox.collect() {
        match letter {
            Letter::Wake(ticket) => core.schedule(ticket.task()),
            Letter::Call(callback, site) => {
                core.ready.push(Errand::Call(callback_from(site, callback)))
            }
        }
    }
    attended::end_letters(core);
}

/// Step 2 and the first half of step 3.
#[inline(never)]
fn ask_kernel(core: &Core, woken: &mut Vec<Errand>) -> Result<(), TurnError> {
    core.since_poll.set(0);
    // An observer may make something ready, and that must not wait: so it is told first.
    attended::begin_poll(core);
    let patience = patience(core)?;
    core.reactor
        .poll(patience, woken)
        .map_err(TurnError::Poll)?;
    let sources = woken.len();
    let idle = woken.is_empty() && core.ready.is_empty() && !core.stopping.get();
    woken.drain(..).for_each(|errand| queue(core, errand));
    if idle && core.clock.is_virtual() && !core.inbox.has_jobs() {
        core.timers
            .next_deadline()
            .inspect(|&deadline| core.clock.jump_to(deadline));
    }
    attended::end_poll(core, sources);
    Ok(())
}

/// Queues what waited for a source. To wake a task of this loop, its number is enough.
fn queue(core: &Core, errand: Errand) {
    match &errand {
        Errand::Wake(waker) => match own_task(core, waker) {
            Some(id) => core.ready.push_wake(id),
            None => core.ready.push(errand),
        },
        Errand::Call(_) => core.ready.push(errand),
    }
}

/// The task of this loop that a waker wakes.
fn own_task(core: &Core, waker: &Waker) -> Option<TaskId> {
    let ticket = ticket_of(waker)?;
    (ticket.number() == core.number).then(|| ticket.task())
}

/// How long the kernel may let the loop sleep. `None`: until something happens.
fn patience(core: &Core) -> Result<Option<Duration>, TurnError> {
    if !core.ready.is_empty() || core.stopping.get() {
        return Ok(Some(Duration::ZERO));
    }
    match core.timers.next_deadline() {
        Some(_) if core.clock.is_virtual() && !core.inbox.has_jobs() => Ok(Some(Duration::ZERO)),
        Some(_) if core.clock.is_virtual() => Ok(None),
        Some(deadline) => {
            let left = deadline.saturating_sub(core.clock.now());
            Ok(Some(Duration::from_nanos(left).min(MAX_SLEEP)))
        }
        None if core.reactor.is_awaited() || core.inbox.expects_letters() => Ok(None),
        None => Err(TurnError::Deadlock(Graph::of(core).into_deadlock())),
    }
}

/// The longest sleep in the kernel, as in asyncio: a day.
pub(super) const MAX_SLEEP: Duration = Duration::from_secs(86_400);

/// The second half of step 3. Without timers, the clock is not read.
#[inline(never)]
fn queue_due_timers(core: &Core) {
    let due = core.timers.expire(core.clock.now());
    core.ready.push_timers(due);
}

/// Step 4. The list is taken first: what is added meanwhile belongs to the next turn.
fn run_ready(core: &Core, batch: &mut Vec<Place>) {
    core.ready.exchange(batch);
    if batch.is_empty() {
        return;
    }
    core.since_poll
        .set(core.since_poll.get().saturating_add(batch.len() as u32));
    let mut rest = batch.iter();
    // One catch serves all entries: to set one up for each would cost more than the entry.
    if core.watch.is_on() {
        // It leaves nothing for what is below.
        attended::begin_batch(core);
        let mut run_all = || attended::run_all(core, &mut rest, run_one);
        while let Err(payload) = catch_unwind(AssertUnwindSafe(&mut run_all)) {
            recover(core, payload);
            attended::end(core);
        }
    }
    if ahead::is_far(core, rest.as_slice()) {
        contained(core, || run_far(core, &mut rest));
    }
    contained(core, || run_all(core, &mut rest));
    batch.clear();
    core.clock.charge_turn();
}

/// Runs entries until none is left: after a panic, with the one behind it.
#[inline(always)]
fn contained(core: &Core, mut run: impl FnMut()) {
    while let Err(payload) = catch_unwind(AssertUnwindSafe(&mut run)) {
        recover(core, payload);
    }
}

fn run_all(core: &Core, places: &mut slice::Iter<'_, Place>) {
    for &place in places {
        match place {
            Place::Task(id) => run_step(core, id),
            Place::Wake(id) => core.schedule(id),
            Place::Errand(key) => run_errand(core, core.ready.take(key)),
            Place::Timer(number) => run_timer(core, number),
        }
    }
}

/// The same for one, where it is not worth a copy of its own.
#[inline(never)]
fn run_one(core: &Core, place: Place) {
    match place {
        Place::Task(id) => run_step(core, id),
        Place::Wake(id) => core.schedule(id),
        Place::Errand(key) => run_errand(core, core.ready.take(key)),
        Place::Timer(number) => run_timer(core, number),
    }
}

/// The same for entries whose tasks are far away, up to the last few.
#[inline(never)]
fn run_far(core: &Core, places: &mut slice::Iter<'_, Place>) {
    while let Some(next) = places.as_slice().get(..AHEAD) {
        ahead::look(core, next);
        for &place in places.by_ref().take(AHEAD) {
            run_one(core, place);
        }
    }
}

/// After a panic: it ends the task whose step was running, and nothing else.
#[cold]
fn recover(core: &Core, payload: Box<dyn Any + Send>) {
    let Some(ticket) = context::leave_step() else {
        let what = match context::take_burying() {
            true => "a result panicked while it was dropped",
            false => "a callback panicked",
        };
        return core.reporter.report(&ErrorContext {
            handle: core.culprit.take(),
            ..ErrorContext::of_panic(what, payload.as_ref())
        });
    };
    if let Some(coroutine) = core.tasks.get(ticket.task()) {
        context::run_as(ticket, || coroutine.fail(payload));
        let bury = || bury(core, ticket.task(), coroutine);
        core.reporter
            .contain("a result panicked while it was dropped", bury);
        context::take_burying();
    }
}

#[inline(never)]
fn run_errand(core: &Core, errand: Option<Errand>) {
    match errand {
        Some(Errand::Call(callback)) => run_callback(core, &*callback),
        Some(Errand::Wake(waker)) => waker.wake(),
        // The loop was cleared meanwhile.
        None => {}
    }
}

#[inline(never)]
fn run_timer(core: &Core, number: u32) {
    match core.timers.take_due(number) {
        // No step is running here, so a task of this loop is queued without asking the context.
        Some(TimerAction::Task(ticket)) if ticket.number() == core.number => {
            core.schedule(ticket.task())
        }
        Some(TimerAction::Task(ticket)) => context::wake(ticket),
        Some(TimerAction::Wake(waker)) => waker.wake(),
        Some(TimerAction::Call(callback)) => run_callback(core, &*callback),
        // It was cancelled meanwhile.
        None => {}
    }
}

fn run_callback(core: &Core, callback: &dyn Callback) {
    let culprit = Culprit(core, callback);
    callback.run();
    std::mem::forget(culprit);
}

/// Notes which callback has panicked: it is dropped only then.
struct Culprit<'a>(&'a Core, &'a dyn Callback);

impl Drop for Culprit<'_> {
    fn drop(&mut self) {
        self.0.culprit.set(self.1.site());
    }
}

#[inline(always)]
fn run_step(core: &Core, id: TaskId) {
    let Some(coroutine) = core.tasks.get(id) else {
        return;
    };
    let ticket = Ticket::new(core.number, id);
    match context::run_as(ticket, || coroutine.step(ticket)) {
        (Stepped::Waiting, false) => core.tasks.wait(id),
        (Stepped::Waiting, true) => core.ready.push_task(id),
        (Stepped::Ended, _) => bury(core, id, coroutine),
    }
}

/// Makes the first step of a task inside the step or callback that has made the task.
pub(crate) fn step_now(core: &Core, id: TaskId) {
    let _outer = context::suspend();
    attended::begin_eager(core, id);
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| run_one(core, Place::Task(id)))) {
        recover(core, payload);
    }
}

/// Drops a task that has ended, and with it a result that nobody wants.
#[inline(never)]
fn bury(core: &Core, id: TaskId, coroutine: Rc<dyn Coroutine>) {
    context::set_burying(true);
    drop(core.contexts.remove(id));
    drop(core.tasks.remove(id));
    drop(coroutine);
    context::set_burying(false);
}
