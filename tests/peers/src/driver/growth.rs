//! Takes the samples of a curve, size by size, and shows and draws them.

use std::fmt::Write;

use super::Clock;
use super::machine::Machine;
use super::options::Options;
use super::results::Results;
use super::sampling;
use super::table::short;
use crate::catalog::{Bench, CPU};
use crate::growth::Curve;
use crate::plot::{Line, svg};

/// Takes all samples of a curve.
pub(super) fn measure(
    curve: &Curve,
    options: &Options,
    machine: &Machine,
    clock: &Clock,
    results: &mut Results,
) {
    for &size in curve.sizes {
        let bench = Bench {
            name: curve.name,
            about: curve.about,
            work: (curve.work)(size),
            units: CPU,
            peers: curve.peers,
        };
        for round in 0..options.rounds_of_curve() {
            let (name, across) = (curve.name, curve.across);
            clock.tell(&format!("{name}: {size} {across}, round {}", round + 1));
            for subject in subjects(curve) {
                match sampling::take(&bench, subject, options, machine) {
                    Ok(mut figures) => {
                        figures
                            .iter_mut()
                            .for_each(|figure| figure.unit = unit(size));
                        results.add(curve.name, subject, figures);
                    }
                    Err(complaint) => println!(
                        "skipped: {} of {size} {} without {subject}: {complaint}",
                        curve.name, curve.across
                    ),
                }
            }
        }
    }
}

/// The name of the figure at a size.
fn unit(size: u64) -> String {
    format!("ns CPU among {size}")
}

fn subjects(curve: &Curve) -> impl Iterator<Item = &'static str> {
    std::iter::once("looplet").chain(curve.peers.iter().copied())
}

/// The table of a curve, for people. It is empty where nothing was measured.
pub(super) fn table(curve: &Curve, results: &Results) -> String {
    if !results.know(curve.name) {
        return String::new();
    }
    let mut text = format!("\n{} ({})\n  {:<16}", curve.about, curve.name, "ns CPU");
    for size in curve.sizes {
        let _ = write!(text, " {size:>10}");
    }
    text.push('\n');
    for subject in subjects(curve) {
        let _ = write!(text, "  {subject:<16}");
        for &size in curve.sizes {
            let cell = results.summary(curve.name, subject, &unit(size));
            let cell = cell.map_or("-".to_string(), |summary| short(summary.median));
            let _ = write!(text, " {cell:>10}");
        }
        text.push('\n');
    }
    text
}

/// The plot of a curve.
pub(super) fn plot(curve: &Curve, results: &Results) -> Option<String> {
    let point = |subject: &str, size: u64| {
        let summary = results.summary(curve.name, subject, &unit(size))?;
        Some((size as f64, summary.median))
    };
    let line = |subject: &'static str| Line {
        name: subject.to_string(),
        points: curve
            .sizes
            .iter()
            .filter_map(|&size| point(subject, size))
            .collect(),
    };
    let lines: Vec<Line> = subjects(curve).map(line).collect();
    svg(curve.about, curve.across, "ns CPU", &lines)
}
