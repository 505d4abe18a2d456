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
//! 6. Subjects of Python take part in the first rounds only: they take longest, and are so far
//!    from the others that a few rounds say it.

mod options;
mod machine;
mod process;
mod program;
mod wrk;
mod sampling;
mod results;
mod table;
mod verdict;
mod growth;
mod report;

use std::fs::File;
use std::io::Write;
use std::time::Instant;

use self::machine::Machine;
use self::options::Options;
use self::results::Results;
use crate::catalog::{Bench, benches};
use crate::growth::{CURVES, Curve};
use crate::rows::Row;

/// Rounds in which subjects of Python take part.
const OF_PYTHON: usize = 3;
/// The name under which looplet runs for the second time in a round.
const AGAIN: &str = "looplet again";

pub(crate) fn run() -> Result<(), String> {
    let Some(options) = Options::read()? else {
        print!("{}", options::HELP);
        return Ok(());
    };
    if options.list {
        list(&options);
        return Ok(());
    }
    let machine = Machine::look()?;
    let mut results = Results::default();
    for path in &options.from {
        results.read(path)?;
    }
    let clock = Clock(Instant::now());
    for bench in benches().filter(|bench| options.wants(bench.name)) {
        if options.from.is_empty() {
            measure(bench, &options, &machine, &clock, &mut results);
            save(&options, &results, bench.name)?;
        }
        print!("{}", table::of(bench, &results));
    }
    for curve in CURVES.iter().filter(|curve| options.wants(curve.name)) {
        if options.from.is_empty() {
            growth::measure(curve, &options, &machine, &clock, &mut results);
            save(&options, &results, curve.name)?;
        }
        print!("{}", growth::table(curve, &results));
    }
    let asked = |row: &Row| row.goals.iter().any(|goal| options.wants(goal.bench));
    print!("{}", verdict::all(&results, asked));
    if options.report {
        println!("written: {}", report::write(&results, &machine)?);
    }
    Ok(())
}

fn list(options: &Options) {
    let benches = benches().map(|bench| (bench.name, bench.about));
    let curves = CURVES.iter().map(|curve: &Curve| (curve.name, curve.about));
    benches
        .chain(curves)
        .filter(|(name, _)| options.wants(name))
        .for_each(|(name, about)| println!("{name:<18} {about}"));
}

/// Appends the figures of a bench as soon as they are there: a run is long, and may be ended
/// before its end.
fn save(options: &Options, results: &Results, bench: &str) -> Result<(), String> {
    let Some(path) = &options.json else {
        return Ok(());
    };
    let file = File::options().create(true).append(true).open(path);
    let written = file.and_then(|mut file| file.write_all(results.json(bench).as_bytes()));
    written.map_err(|error| format!("{}: {error}", path.display()))
}

/// How long a run has taken so far.
struct Clock(Instant);

impl Clock {
    /// Says what is done next, to whoever watches.
    fn tell(&self, what: &str) {
        let seconds = self.0.elapsed().as_secs();
        eprintln!("{:>3}:{:02}  {what}", seconds / 60, seconds % 60);
    }
}

/// Takes all samples of a bench.
fn measure(
    bench: &Bench,
    options: &Options,
    machine: &Machine,
    clock: &Clock,
    results: &mut Results,
) {
    if let Some(missing) = machine.lacks(bench) {
        println!(
            "skipped: {} without {missing}: it is not installed",
            bench.name
        );
        return;
    }
    let mut subjects = vec!["looplet"];
    subjects.extend(bench.peers);
    subjects.push(AGAIN);
    subjects.retain(|subject| {
        let present = machine.has(subject);
        if !present {
            println!(
                "skipped: {} without {subject}: it is not installed",
                bench.name
            );
        }
        present
    });
    let rounds = options.rounds(bench.work);
    for round in 0..rounds {
        clock.tell(&format!("{}: round {} of {rounds}", bench.name, round + 1));
        let mut failed = Vec::new();
        let takes_part = |subject: &&str| round < OF_PYTHON || !sampling::is_python(subject);
        for subject in subjects.iter().copied().filter(takes_part) {
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
