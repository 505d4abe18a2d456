//! The table of a bench, for people.

use std::fmt::Write;

use super::AGAIN;
use super::results::Results;
use crate::catalog::Bench;

/// A table for each unit of a bench: who, the median, the spread, and what part of the peer's
/// figure looplet's is. It is empty where nothing was measured.
pub(super) fn of(bench: &Bench, results: &Results) -> String {
    if !results.know(bench.name) {
        return String::new();
    }
    let mut text = format!("\n{} ({})\n", bench.about, bench.name);
    for unit in bench.units {
        let _ = writeln!(
            text,
            "  {:<16} {:>12} {:>27}  {:>14}",
            "", unit, "least .. most", "looplet / peer"
        );
        let subjects = ["looplet", AGAIN]
            .into_iter()
            .chain(bench.peers.iter().copied());
        for subject in subjects {
            let Some(summary) = results.summary(bench.name, subject, unit) else {
                continue;
            };
            let ratio = results.ratio(bench.name, subject, unit);
            let _ = writeln!(
                text,
                "  {subject:<16} {:>12} {:>12} .. {:>11}  {:>14.3}",
                short(summary.median),
                short(summary.min),
                short(summary.max),
                ratio.unwrap_or(f64::NAN)
            );
        }
    }
    text
}

/// A number with as many digits as mean something.
pub(super) fn short(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 1000.0 => 0,
        middle if middle >= 10.0 => 1,
        _ => 2,
    };
    format!("{value:.digits$}")
}
