//! Writes BENCHMARKS.md and the plots beside it.
//!
//! What a person has to say about the figures is in `ahead.md` and included as it is, so that
//! the next run does not lose it.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use super::AGAIN;
use super::growth;
use super::machine::{Machine, folder};
use super::results::Results;
use super::table::short;
use super::verdict::{self, Verdict};
use crate::catalog::{Bench, benches};
use crate::growth::CURVES;
use crate::rows::ROWS;

/// What is linked, as Cargo has resolved it.
const LOCK: &str = include_str!("../../Cargo.lock");
/// What Python needs.
const REQUIREMENTS: &str = include_str!("../../python/requirements.txt");
/// Crates whose versions are named.
const NAMED: [&str; 17] = [
    "looplet",
    "tokio",
    "smol",
    "async-executor",
    "async-io",
    "monoio",
    "glommio",
    "compio",
    "futures",
    "hyper",
    "hyper-util",
    "reqwest",
    "cyper",
    "ureq",
    "isahc",
    "curl",
    "curl-sys",
];

/// Writes everything, and returns where.
pub(super) fn write(results: &Results, machine: &Machine) -> Result<String, String> {
    let page = folder().join("BENCHMARKS.md");
    let ahead = folder().join("ahead.md");
    let ahead = fs::read_to_string(&ahead).map_err(|error| format!("ahead.md: {error}"))?;
    let mut text = String::from(
        "# Benchmarks\n\nMade by the program in this folder, which README.md describes, with \
         `--report`. Only the section\n\"Where a peer is ahead\" is written by hand, in \
         `ahead.md`.\n",
    );
    text.push_str(&about_machine(machine));
    text.push_str(&rows(results));
    let _ = write!(text, "\n## Where a peer is ahead\n\n{}\n", ahead.trim());
    text.push_str(&plots(results)?);
    text.push_str("\n## All figures\n");
    benches().for_each(|bench| text.push_str(&table(bench, results)));
    save(&page, &text)?;
    Ok(page.display().to_string())
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn about_machine(machine: &Machine) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |model| {
        model.trim_start_matches([' ', '\t', ':'])
    });
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = cpu
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let mut text = format!(
        "\n## Machine and versions\n\n{model}, {cores} cores, Linux {}, {}, {}.\n\n",
        kernel.trim(),
        said_by("rustc".as_ref(), "-V"),
        said_by(&machine.python, "-V"),
    );
    let crates = NAMED
        .iter()
        .filter_map(|name| Some(format!("{name} {}", version(name)?)));
    let modules = REQUIREMENTS.lines().map(|line| line.replace("==", " "));
    // One says it as "nginx version: nginx/1", the other as "wrk 1 [epoll] Copyright".
    let others = ["nginx", "wrk"].map(|program| said_by(program.as_ref(), "-v"));
    let others = others.iter().filter_map(|text| {
        let text = text.replace("nginx version: nginx/", "nginx ");
        Some(text.split(" [").next()?.to_string())
    });
    let all: Vec<String> = crates.chain(modules).chain(others).collect();
    let _ = writeln!(text, "{}.", all.join(", "));
    text
}

/// The first line that a program says on either of its outputs.
fn said_by(program: &Path, word: &str) -> String {
    let Ok(output) = Command::new(program).arg(word).output() else {
        return format!("no {}", program.display());
    };
    let both = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&both);
    text.lines().next().unwrap_or("unknown").trim().to_string()
}

/// The version of a crate in the lock file.
fn version(name: &str) -> Option<&'static str> {
    let (_, rest) = LOCK.split_once(&format!("name = \"{name}\"\nversion = \""))?;
    rest.split('"').next()
}

fn rows(results: &Results) -> String {
    let mut text = String::from("\n## Rows\n\n| row | what | | figures |\n|---|---|---|---|\n");
    for row in ROWS {
        let (verdict, figures) = verdict::of(row, results);
        let word = match verdict {
            Verdict::Met => "met",
            Verdict::Missed => "**missed**",
            Verdict::NotMeasured => "not measured",
        };
        let _ = writeln!(
            text,
            "| {} | {} | {word} | {figures} |",
            row.number, row.title
        );
    }
    text
}

/// Writes the plots, and returns what shows them.
fn plots(results: &Results) -> Result<String, String> {
    let mut text = String::from("\n## How cost grows\n");
    for curve in CURVES {
        let Some(picture) = growth::plot(curve, results) else {
            continue;
        };
        let folder = folder().join("plots");
        fs::create_dir_all(&folder).map_err(|error| format!("plots: {error}"))?;
        save(&folder.join(format!("{}.svg", curve.name)), &picture)?;
        let _ = write!(text, "\n![{}](plots/{}.svg)\n", curve.about, curve.name);
    }
    Ok(text)
}

fn table(bench: &Bench, results: &Results) -> String {
    let mut text = String::new();
    for unit in bench.units {
        let subjects = ["looplet", AGAIN]
            .into_iter()
            .chain(bench.peers.iter().copied());
        let mut lines = String::new();
        for subject in subjects {
            let Some(summary) = results.summary(bench.name, subject, unit) else {
                continue;
            };
            let ratio = results.ratio(bench.name, subject, unit);
            let ratio = ratio.map_or(String::new(), |ratio| format!("{ratio:.3}"));
            let (median, min, max) = (summary.median, summary.min, summary.max);
            let (median, min, max) = (short(median), short(min), short(max));
            let _ = writeln!(lines, "| {subject} | {median} | {min} .. {max} | {ratio} |");
        }
        if !lines.is_empty() {
            let _ = write!(
                text,
                "\n### {}\n\n| {} | {unit} | least .. most | looplet / peer |\n|---|---|---|---|\n{lines}",
                bench.about, bench.name
            );
        }
    }
    text
}
