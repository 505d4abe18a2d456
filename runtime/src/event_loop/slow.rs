//! Slow callbacks: who keeps the loop from everybody else.
//!
//! One thread runs all there is, so whoever computes for long, or blocks, stops all others. In
//! debug mode every callback and every step of a task is timed, on the machine's clock, and
//! one that took too long is reported with its task. Without it, nothing is measured.

use std::time::Instant;

use super::core::Core;
use super::ready::Place;
use super::report::ErrorContext;

/// Runs one entry and reports it if it was slow.
pub(crate) fn watch(core: &Core, place: Place, run: impl FnOnce()) {
    let task = match place {
        Place::Task(id) => core.tasks.get(id).map(|task| task.name()),
        Place::Errand(_) => None,
    };
    let start = Instant::now();
    run();
    let took = start.elapsed();
    if took < core.slow.get() {
        return;
    }
    let what = match task {
        Some(_) => "a step",
        None => "a callback",
    };
    core.reporter.report(&ErrorContext {
        task,
        ..ErrorContext::new(format!("{what} took {:.3} s", took.as_secs_f64()))
    });
}
