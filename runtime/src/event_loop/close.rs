//! The end of a loop: everything that is left is cancelled or dropped, and what should not have
//! been left is reported, once.

use std::error::Error;
use std::fmt;
use std::rc::Rc;

use super::attended;
use super::context;
use super::core::{Core, Phase};
use super::graph::Graph;
use super::ready::Errand;
use super::report::ErrorContext;
use super::timers::TimerAction;

/// A loop cannot be closed while it runs.
///
/// asyncio raises `RuntimeError('Cannot close a running event loop')`.
///
/// ```
/// use looplet::{StillRunning, get_running_loop, run};
///
/// assert_eq!(run(async { get_running_loop().try_close() }), Err(StillRunning));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillRunning;

impl fmt::Display for StillRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot close a running event loop")
    }
}

impl Error for StillRunning {}

/// Empties a loop for good. The loop counts as the running one meanwhile, so that the `Drop`
/// of a user's future may ask for it.
pub(crate) fn close(core: &Rc<Core>) {
    if core.is_closed() {
        return;
    }
    report_pending(core);
    core.phase.set(Phase::Closed);
    let _entered = context::enter(core);
    let future = "a future panicked while it was dropped";
    for coroutine in core.tasks.clear() {
        core.reporter.contain(future, || {
            coroutine.discard();
            drop(coroutine);
        });
    }
    // One at a time, so that a panic in the drop of one leaves none of the others behind.
    let callback = "a callback panicked while it was dropped";
    let discard = |drop: &mut dyn FnMut()| core.reporter.contain(callback, drop);
    for (_, errand) in core.ready.clear() {
        let mut errand = Some(errand);
        discard(&mut || errand.take().map_or((), end_errand));
    }
    for action in core.timers.clear() {
        let mut action = Some(action);
        discard(&mut || action.take().map_or((), end_timer));
    }
    for letter in core.inbox.close() {
        let mut letter = Some(letter);
        discard(&mut || drop(letter.take()));
    }
    for attachment in core.detach_all() {
        let mut attachment = Some(attachment);
        discard(&mut || drop(attachment.take()));
    }
    attended::leave(core);
    let mut contexts = Some(core.contexts.clear());
    discard(&mut || drop(contexts.take()));
    report_open(core);
}

/// Drops an errand. Whoever has the handle of a callback learns that it never runs, and keeps
/// nothing of it.
fn end_errand(errand: Errand) {
    if let Errand::Call(callback) = errand {
        callback.cancel();
    }
}

/// Drops a timer, and a callback in the same way.
fn end_timer(action: TimerAction) {
    if let TimerAction::Call(callback) = action {
        callback.cancel();
    }
}

/// Tells of tasks that are dropped where they stand.
fn report_pending(core: &Core) {
    let tasks = Graph::of(core).into_tasks();
    if tasks.is_empty() {
        return;
    }
    let (count, verb) = match tasks.len() {
        1 => ("a task".to_string(), "was"),
        count => (format!("{count} tasks"), "were"),
    };
    let lines = tasks.iter().map(|task| format!("\n  {task}"));
    core.reporter.report(&ErrorContext {
        cause: Some(lines.collect()),
        ..ErrorContext::new(format!(
            "{count} {verb} pending when the event loop was closed"
        ))
    });
}

/// In debug mode, tells of what the loop leaves behind.
fn report_open(core: &Core) {
    if !core.watch.is_debug() {
        return;
    }
    let (sources, jobs) = (core.reactor.sources(), core.inbox.has_jobs());
    if sources > 0 {
        let count = match sources {
            1 => "a socket was".to_string(),
            count => format!("{count} sockets were"),
        };
        let message = format!("{count} open when the event loop was closed");
        core.reporter.report(&ErrorContext::new(message));
    }
    if jobs {
        let message = "jobs were on threads when the event loop was closed";
        core.reporter.report(&ErrorContext::new(message));
    }
}
