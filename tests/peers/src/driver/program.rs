//! The small programs of `footprint/`: how large they are, and what they cost to build and run.
//!
//! They are built by Cargo, in a workspace of their own, into folders that are kept: one for each
//! program, which the time to build empties first, and one for what is built with LTO. What a run
//! costs is the CPU time of the main thread, the start of the process included, which is a
//! millisecond for every program. Its memory is looked at while it waits for its answer.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::machine::folder;
use super::process::{Process, SUBJECT, serve, unpin};
use crate::catalog::Aspect;
use crate::meters::Figure;

/// Runs of which a sample gives the median.
const RUNS: usize = 21;
/// A page that takes longer than any program needs to ask for it.
const WAITS: &str = "/slow/600";
/// When every program has asked and none has its answer.
const MEANWHILE: Duration = Duration::from_millis(300);

pub(super) fn look(subject: &str, aspect: Aspect) -> Result<Vec<Figure>, String> {
    let own = folder().join("target/footprint").join(subject);
    let with_lto = folder().join("target/footprint-lto");
    match aspect {
        Aspect::Build => {
            let _ = fs::remove_dir_all(&own);
            let begin = Instant::now();
            build(subject, "release", &own)?;
            let passed = begin.elapsed();
            Ok(vec![Figure::new("s to build", passed.as_secs_f64())])
        }
        Aspect::Size => Ok(vec![
            Figure::new("KB, as released", size(&build(subject, "release", &own)?)?),
            Figure::new("KB, with LTO", size(&build(subject, "small", &with_lto)?)?),
            Figure::new("crates", crates(subject)?),
        ]),
        Aspect::Run => run(&build(subject, "release", &own)?),
    }
}

/// Builds a program, and returns where it is.
fn build(subject: &str, profile: &str, target: &Path) -> Result<PathBuf, String> {
    unpin()?;
    let package = format!("get-{subject}");
    let mut command = cargo("build", &package);
    command.args(["--quiet", "--profile", profile]);
    command.arg("--target-dir").arg(target);
    let output = command.stderr(Stdio::piped()).output();
    let output = output.map_err(|error| format!("cargo: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "it does not build: {}",
            text.lines().next().unwrap_or("")
        ));
    }
    Ok(target.join(profile).join(package))
}

fn cargo(command: &str, package: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args([command, "--locked", "-p", package]);
    cargo
        .arg("--manifest-path")
        .arg(folder().join("footprint/Cargo.toml"));
    // What this program was built with is no business of the others, and all cores are.
    cargo
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("RUSTFLAGS");
    cargo
}

/// Kilobytes of a file.
fn size(path: &Path) -> Result<f64, String> {
    let data = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(data.len() as f64 / 1e3)
}

/// Crates that are linked, the program itself included.
fn crates(subject: &str) -> Result<f64, String> {
    let mut command = cargo("tree", &format!("get-{subject}"));
    command.args(["--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let output = command
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut names: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    names.sort_unstable();
    names.dedup();
    Ok(names.len() as f64)
}

fn run(program: &Path) -> Result<Vec<Figure>, String> {
    let (_server, port) = serve(1)?;
    let mut spent = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let mut command = Command::new(program);
        command.arg(format!("http://127.0.0.1:{port}/1k"));
        spent.push(Process::start(command, SUBJECT)?.cpu_of_main()?);
    }
    spent.sort_by(f64::total_cmp);
    let mut command = Command::new(program);
    command.arg(format!("http://127.0.0.1:{port}{WAITS}"));
    let waiting = Process::start(command, SUBJECT)?;
    thread::sleep(MEANWHILE);
    let resident = waiting.resident();
    waiting.finish()?;
    Ok(vec![
        Figure::new("us CPU", spent[RUNS / 2] / 1e3),
        Figure::new("MB while it waits", resident as f64 / 1e6),
    ])
}
