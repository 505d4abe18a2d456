//! Does looplet do what asyncio does? 165 programs with the trace that CPython left, line by
//! line.
//!
//! `cargo test --test conformance` runs all of them, `cargo test --test conformance -- C05 D`
//! a case and a group. Each file of cases is a group of `traces.json`, in its order: the
//! programs are what the Python ones were, written in Rust, and what they say has to be the
//! recorded lines. What this proves is order and hops: who runs when, what a cancel reaches,
//! which error comes out.
//!
//! # Rules
//!
//! 1. A trace is data, not code: nothing in a program knows what it should say.
//! 2. Where looplet's answer is another one on purpose, the case is in `deviations.rs`, with
//!    the reason and the lines it has instead. A deviation that goes away is a failure, too.
//! 3. Every case that needs no descriptor, thread or process runs under virtual time.
//! 4. Errors have their Python names (`raised.rs`), each by a match on looplet's value.
//!
//! The exit status is 0 if nothing unexpected happened.

mod trace;
mod raised;
mod programs;
mod table;
mod deviations;
mod a_callbacks;
mod a_loop;
mod b_promise;
mod c_task;
mod c_cancel;
mod d_gather;
mod d_wait;
mod d_time;
mod d_group;
mod d_threads;
mod e_locks;
mod e_queues;
mod f_streams;
mod f_servers;
mod f_transports;
mod f_system;
mod g_run;

use std::process::{self, ExitCode};
use std::thread;
use std::time::Duration;

use crate::deviations::DEVIATIONS;
use crate::table::{Case, Recorded, recorded};

/// More than these, and looplet would not be asyncio's in spirit any more.
const MOST_DEVIATIONS: usize = 8;
/// The longest that all cases may take together: a case that hangs must not hang the tests.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .first()
        .is_some_and(|first| first == a_loop::CHILD)
    {
        a_loop::child();
        return ExitCode::SUCCESS;
    }
    // A panic that matters becomes a line of a trace.
    std::panic::set_hook(Box::new(|_| {}));
    thread::spawn(|| {
        thread::sleep(PATIENCE);
        println!("a case hangs: those that failed before it are above");
        process::exit(1);
    });
    match run_all(&arguments) {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// All programs, in the order of the traces.
fn programs() -> Vec<Case> {
    let groups = [
        a_callbacks::cases(),
        a_loop::cases(),
        b_promise::cases(),
        c_task::cases(),
        c_cancel::cases(),
        d_gather::cases(),
        d_wait::cases(),
        d_time::cases(),
        d_group::cases(),
        d_threads::cases(),
        e_locks::cases(),
        e_queues::cases(),
        f_streams::cases(),
        f_servers::cases(),
        f_transports::cases(),
        f_system::cases(),
        g_run::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// How a case can come out.
enum Verdict {
    Passed,
    Deviates,
    /// It has no program.
    Missing,
    Failed(String),
}

/// Runs the cases that `arguments` select, prints the report, and returns how many failed.
fn run_all(arguments: &[String]) -> usize {
    let programs = programs();
    let cases = recorded();
    let filters = filters(arguments);
    let (mut passed, mut failed, mut deviations) = (0, 0, 0);
    let mut missing = Vec::new();
    for case in cases.iter().filter(|case| is_selected(case, &filters)) {
        match judge(case, &programs) {
            Verdict::Passed => passed += 1,
            Verdict::Deviates => deviations += 1,
            Verdict::Missing => missing.push(case.id.as_str()),
            Verdict::Failed(why) => {
                failed += 1;
                println!("FAILED {} {}: {why}", case.id, case.title);
            }
        }
    }
    for stray in strays(&cases, &programs) {
        failed += 1;
        println!("FAILED {stray}: not in traces.json, or there twice");
    }
    for filter in unknown(&cases, &filters) {
        failed += 1;
        println!("FAILED {filter}: there is no such case");
    }
    if DEVIATIONS.len() > MOST_DEVIATIONS {
        failed += 1;
        println!("FAILED: more than {MOST_DEVIATIONS} deviations");
    }
    for deviation in DEVIATIONS {
        println!("deviates {}: {}", deviation.id, deviation.reason);
    }
    if !missing.is_empty() {
        println!("{} without a program: {}", missing.len(), missing.join(" "));
    }
    println!("conformance: {passed} passed, {failed} failed, {deviations} deviations");
    failed + missing.len()
}

fn judge(case: &Recorded, programs: &[Case]) -> Verdict {
    let Some(program) = programs.iter().find(|program| program.id == case.id) else {
        return Verdict::Missing;
    };
    let got = program.run();
    let deviation = DEVIATIONS.iter().find(|deviation| deviation.id == case.id);
    match deviation {
        None if got == case.lines => Verdict::Passed,
        None => differs(&case.lines, &got),
        Some(_) if got == case.lines => {
            Verdict::Failed("is as recorded; it is no deviation any more".to_string())
        }
        Some(deviation) if got == deviation.lines => Verdict::Deviates,
        Some(deviation) => differs(deviation.lines, &got),
    }
}

fn differs(expected: &[impl AsRef<str>], got: &[String]) -> Verdict {
    let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
    Verdict::Failed(format!("expected {expected:?}, got {got:?}"))
}

/// Programs and deviations without a trace, and the second of two programs with the same id.
fn strays(cases: &[Recorded], programs: &[Case]) -> Vec<&'static str> {
    let known = |id: &str| cases.iter().any(|case| case.id == id);
    let mut ids: Vec<&'static str> = programs.iter().map(|program| program.id).collect();
    let deviations = DEVIATIONS.iter().map(|deviation| deviation.id);
    ids.extend(deviations.filter(|id| !known(id)));
    let stray = |at: usize, id: &str| !known(id) || ids[..at].contains(&id);
    let all = ids.iter().enumerate();
    all.filter(|&(at, id)| stray(at, id))
        .map(|(_, id)| *id)
        .collect()
}

/// What the command line asks for: ids and letters of groups. The rest is for the harness of
/// other tests, which get the same arguments.
fn filters(arguments: &[String]) -> Vec<&String> {
    let words = arguments.iter();
    words.filter(|word| !word.starts_with('-')).collect()
}

fn is_selected(case: &Recorded, filters: &[&String]) -> bool {
    filters.is_empty() || filters.iter().any(|filter| is_meant(case, filter))
}

fn is_meant(case: &Recorded, filter: &str) -> bool {
    let group = &case.id[..1];
    case.id.eq_ignore_ascii_case(filter) || group.eq_ignore_ascii_case(filter)
}

/// Filters that look like an id, and are none.
fn unknown<'a>(cases: &[Recorded], filters: &[&'a String]) -> Vec<&'a String> {
    let is_id = |filter: &str| filter.len() == 3 && filter[1..].parse::<u8>().is_ok();
    let strange = |filter: &str| is_id(filter) && !cases.iter().any(|case| is_meant(case, filter));
    let filters = filters.iter().copied();
    filters.filter(|filter| strange(filter)).collect()
}
