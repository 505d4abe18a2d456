//! The driver: starts every sample as a process of its own, and says what came of it.
//!
//! # The method
//!
//! 1. The subject runs on core 0, its partner on core 1; one sample runs at a time.
//! 2. All subjects of a bench take turns, round after round, forwards and backwards: what the
//!    machine does meanwhile hits all of them.
//! 3. looplet runs twice in every round, at both ends. The ratio of the two is what ratios of
//!    this run are worth.
//! 4. A ratio is the median of the ratios of the rounds; a figure is the median of the rounds.
//! 5. Who is absent, or fails, is named once and left out.

mod options;
mod machine;
mod process;
mod program;
mod sampling;
mod results;
mod table;
mod verdict;

use std::fs;

use self::machine::Machine;
use self::options::Options;
use self::results::Results;
use crate::catalog::{BENCHES, Bench};
use crate::rows::Row;

/// The name under which looplet runs for the second time in a round.
const AGAIN: &str = "looplet again";

pub(crate) fn run() -> Result<(), String> {
    let Some(options) = Options::read()? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    let benches: Vec<&Bench> = BENCHES.iter().filter(|b| options.wants(b.name)).collect();
    if options.list {
        benches
            .iter()
            .for_each(|b| println!("{:<16} {}", b.name, b.about));
        return Ok(());
    }
    let asked = |row: &Row| row.goals.iter().any(|goal| options.wants(goal.bench));
    let machine = Machine::look()?;
    let mut results = Results::default();
    for bench in benches {
        measure(bench, &options, &machine, &mut results);
        print!("{}", table::of(bench, &results));
    }
    print!("{}", verdict::all(&results, asked));
    if let Some(path) = &options.json {
        let written = fs::write(path, results.json());
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Takes all samples of a bench.
fn measure(bench: &Bench, options: &Options, machine: &Machine, results: &mut Results) {
    let mut subjects = vec!["looplet"];
    subjects.extend(bench.peers);
    subjects.push(AGAIN);
    subjects.retain(|subject| match machine.lacks(bench, subject) {
        Some(what) => {
            println!("skipped: {} without {subject}: {what}", bench.name);
            false
        }
        None => true,
    });
    let rounds = options.rounds(bench.work);
    for round in 0..rounds {
        eprintln!("{}: round {} of {rounds}", bench.name, round + 1);
        let mut failed = Vec::new();
        for &subject in &subjects {
            match sampling::take(bench, subject, options, machine) {
                Ok(figures) => results.add(bench.name, subject, figures),
                Err(complaint) => {
                    println!("skipped: {} without {subject}: {complaint}", bench.name);
                    results.forget(bench.name, subject);
                    failed.push(subject);
                }
            }
        }
        subjects.retain(|subject| !failed.contains(subject));
        subjects.reverse();
    }
}
