//! Random programs, on the runtime and on a simple model of asyncio: the traces are the same.
//!
//! The recorded traces of asyncio are programs that somebody thought of. These are those that
//! nobody did: callbacks, timers, promises and tasks that cancel each other in every order.
//!
//! * `program`: what a program is, and how one is made from a seed;
//! * `world`: what a program can do, and how a trace looks;
//! * `reference`: the model, asyncio's rules for callbacks, futures and tasks in the plainest
//!   words, and timeouts on top of it;
//! * `on_looplet`: the same on the runtime;
//! * `asyncio`: the same on asyncio itself, where there is one;
//! * `shrink`: makes a program that fails smaller.
//!
//! `LOOPLET_MODEL=count` or `LOOPLET_MODEL=count,first-seed` sets how many programs are run and
//! the seed of the first.

mod program;
mod world;
mod reference;
mod on_looplet;
mod asyncio;
mod shrink;

use std::env;
use std::fmt::Write;
use std::ops::Range;

use self::program::Program;
use self::shrink::shrink;

/// Programs in an ordinary run of the tests.
const COUNT: u64 = 10_000;

/// The seeds to try.
fn seeds(count: u64) -> Range<u64> {
    let text = env::var("LOOPLET_MODEL").unwrap_or_default();
    let mut numbers = text.split(',').filter(|number| !number.is_empty());
    let mut next = || {
        let number = numbers.next()?;
        let read = number.trim().parse::<u64>();
        Some(read.unwrap_or_else(|_| panic!("LOOPLET_MODEL=count,first-seed: {text}")))
    };
    let count = next().unwrap_or(count);
    let first = next().unwrap_or(0);
    first..first + count
}

#[test]
fn random_programs_have_the_trace_of_the_model() {
    let differs = |program: &Program| on_looplet::trace(program) != reference::trace(program);
    for seed in seeds(COUNT) {
        let program = Program::of_seed(seed);
        if differs(&program) {
            let program = shrink(program, differs);
            let (ours, models) = (on_looplet::trace(&program), reference::trace(&program));
            panic!(
                "seed {seed}: {program}\n{}",
                side_by_side(("looplet", &ours), ("model", &models))
            );
        }
    }
}

#[test]
fn random_programs_have_the_trace_of_asyncio() {
    let Some(python) = asyncio::find() else {
        return;
    };
    let programs = seeds(COUNT).map(|seed| (seed, Program::of_seed(seed)));
    let programs: Vec<_> = programs.collect();
    let theirs = python.traces(programs.iter().map(|(_, program)| program));
    assert_eq!(theirs.len(), programs.len(), "a trace for each program");
    for ((seed, program), theirs) in programs.iter().zip(theirs) {
        let models = reference::trace(program);
        assert!(
            models == theirs,
            "seed {seed}: {program}\n{}",
            side_by_side(("model", &models), ("asyncio", &theirs))
        );
    }
}

/// Two traces, with a mark on lines that differ.
fn side_by_side(left: (&str, &[String]), right: (&str, &[String])) -> String {
    let width = left.1.iter().map(String::len).max().unwrap_or(0).max(20);
    let mut text = format!("  {:width$} | {}\n", left.0, right.0);
    for at in 0..left.1.len().max(right.1.len()) {
        let line = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
        let (left, right) = (line(left.1), line(right.1));
        let mark = if left == right { ' ' } else { '!' };
        let _ = writeln!(text, "{mark} {left:width$} | {right}");
    }
    text
}
