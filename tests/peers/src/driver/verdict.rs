//! A line for each row of what looplet is held to.

use std::fmt::Write;

use super::AGAIN;
use super::results::Results;
use super::table::short;
use crate::rows::{Against, Bound, Goal, LIMITS, ROWS, Row};

/// What has come of a row.
#[derive(PartialEq)]
pub(super) enum Verdict {
    Met,
    Missed,
    NotMeasured,
}

/// The rows, one on a line. `asked` says whether any bench of a row was to be run.
pub(super) fn all(results: &Results, asked: impl Fn(&Row) -> bool) -> String {
    let mut text = String::from("\n");
    let mut silent = 0;
    for row in ROWS {
        let (verdict, figures) = of(row, results);
        if verdict == Verdict::NotMeasured && !asked(row) {
            silent += 1;
            continue;
        }
        let word = match verdict {
            Verdict::Met => "met",
            Verdict::Missed => "missed",
            Verdict::NotMeasured => "not measured",
        };
        let _ = writeln!(
            text,
            "row {:>2} {word}: {}: {figures}",
            row.number, row.title
        );
    }
    if silent > 0 {
        let _ = writeln!(text, "{silent} rows were not asked for");
    }
    text
}

/// The verdict on a row, and the figures that it is from.
pub(super) fn of(row: &Row, results: &Results) -> (Verdict, String) {
    let mut verdict = Verdict::NotMeasured;
    let mut parts = Vec::new();
    for goal in row.goals {
        match judge(goal, results) {
            Ok((met, words)) => {
                if !met {
                    verdict = Verdict::Missed;
                } else if verdict == Verdict::NotMeasured {
                    verdict = Verdict::Met;
                }
                parts.push(if met { words } else { format!("{words} (!)") });
            }
            Err(reason) if parts.contains(&reason) => {}
            Err(reason) => parts.push(reason),
        }
    }
    let noise = row.goals.iter().find_map(|goal| noise(goal, results));
    if let Some(noise) = noise {
        parts.push(format!("looplet / itself {noise:.3}"));
    }
    (verdict, parts.join("; "))
}

/// looplet divided by looplet in the same rounds.
fn noise(goal: &Goal, results: &Results) -> Option<f64> {
    results.ratio(goal.bench, AGAIN, goal.unit)
}

/// Whether a goal is met, and the figure in words.
fn judge(goal: &Goal, results: &Results) -> Result<(bool, String), String> {
    let ours = results.summary(goal.bench, "looplet", goal.unit);
    let ours = ours.ok_or_else(|| format!("{} was not run", goal.bench))?;
    let peer = match goal.against {
        Against::Itself => {
            let (met, bound) = holds(goal.bound, ours.median);
            let words = format!("{} {} {bound}", short(ours.median), goal.unit);
            return Ok((met, words));
        }
        Against::Peer(name) => name,
        Against::Best => best(goal, results).ok_or("no peer was measured")?,
    };
    let ratio = results.ratio(goal.bench, peer, goal.unit);
    let ratio = ratio.ok_or_else(|| format!("{peer} was not measured"))?;
    let (met, bound) = holds(goal.bound, ratio);
    Ok((
        met,
        format!("{ratio:.3} of {peer} in {} {bound}", goal.unit),
    ))
}

/// Whether a bound holds, and the bound in words.
fn holds(bound: Bound, value: f64) -> (bool, String) {
    match bound {
        Bound::AtMost(most) => (value <= most, format!("<= {most}")),
        Bound::AtLeast(least) => (value >= least, format!(">= {least}")),
    }
}

/// The peer with the best median.
fn best<'a>(goal: &Goal, results: &'a Results) -> Option<&'a str> {
    let median = |peer: &str| {
        let summary = results.summary(goal.bench, peer, goal.unit);
        summary.map_or(f64::NAN, |summary| summary.median)
    };
    let peers = results.peers(goal.bench, goal.unit).into_iter();
    let peers = peers.filter(|peer| !LIMITS.contains(peer));
    match goal.bound {
        Bound::AtMost(_) => peers.min_by(|a, b| median(a).total_cmp(&median(b))),
        Bound::AtLeast(_) => peers.max_by(|a, b| median(a).total_cmp(&median(b))),
    }
}
