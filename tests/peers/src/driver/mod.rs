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
mod growth;
mod report;

use std::fs;

use self::machine::Machine;
use self::options::Options;
use self::results::Results;
use crate::catalog::{BENCHES, Bench};
use crate::growth::{CURVES, Curve};
use crate::rows::Row;

/// The name under which looplet runs for the second time in a round.
const AGAIN: &str = "looplet again";

pub(crate) fn run() -> Result<(), String> {
    let Some(options) = Options::read()? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    let benches: Vec<&Bench> = BENCHES.iter().filter(|b| options.wants(b.name)).collect();
    let curves: Vec<&Curve> = CURVES.iter().filter(|c| options.wants(c.name)).collect();
    if options.list {
        let benches = benches.iter().map(|bench| (bench.name, bench.about));
        let curves = curves.iter().map(|curve| (curve.name, curve.about));
        benches
            .chain(curves)
            .for_each(|(name, about)| println!("{name:<18} {about}"));
        return Ok(());
    }
    let asked = |row: &Row| row.goals.iter().any(|goal| options.wants(goal.bench));
    let machine = Machine::look()?;
    let mut results = Results::default();
    for bench in benches {
        measure(bench, &options, &machine, &mut results);
        print!("{}", table::of(bench, &results));
        save(&options, &results)?;
    }
    for curve in curves {
        growth::measure(curve, &options, &machine, &mut results);
        print!("{}", growth::table(curve, &results));
        save(&options, &results)?;
    }
    print!("{}", verdict::all(&results, asked));
    if options.report {
        println!("written: {}", report::write(&results, &machine)?);
    }
    Ok(())
}

/// Writes what there is, after every bench: a run is long, and may be ended before its end.
fn save(options: &Options, results: &Results) -> Result<(), String> {
    let Some(path) = &options.json else {
        return Ok(());
    };
    let written = fs::write(path, results.json());
    written.map_err(|error| format!("{}: {error}", path.display()))
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
