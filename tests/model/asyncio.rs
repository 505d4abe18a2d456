//! Runs programs on asyncio itself, if there is a Python on this machine that has it.
//!
//! `LOOPLET_PYTHON` names the interpreter; without it, `python3.14` is tried. The rules are
//! those of 3.14. An older interpreter can be named as well: then programs with `uncancel` are
//! left out, which forgets an undelivered cancel only since 3.13.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use crate::program::Program;

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/asyncio_runner.py");

/// An interpreter that has asyncio.
pub(crate) struct Python {
    command: String,
    /// Whether it is older than the version that has all rules.
    is_old: bool,
}

/// Finds an interpreter.
///
/// # Panics
///
/// If one is named that does not run.
pub(crate) fn find() -> Option<Python> {
    let named = env::var("LOOPLET_PYTHON").ok();
    let command = named.clone().unwrap_or_else(|| "python3.14".to_string());
    let ask = "import sys; print(*sys.version_info[:2], sep='.')";
    let answer = Command::new(&command).args(["-c", ask]).output();
    let answer = answer.ok().filter(|answer| answer.status.success());
    assert!(
        answer.is_some() || named.is_none(),
        "LOOPLET_PYTHON={command} does not run"
    );
    let version = String::from_utf8(answer?.stdout).ok()?;
    let minor = version.trim().strip_prefix("3.")?.parse::<u32>().ok()?;
    Some(Python {
        command,
        is_old: minor < 14,
    })
}

impl Python {
    /// Whether this version has the rules that the program needs.
    pub(crate) fn runs(&self, program: &Program) -> bool {
        !self.is_old || !program.to_string().contains("\"uncancel\"")
    }

    /// Runs all programs and returns their traces.
    pub(crate) fn traces<'p>(
        &self,
        programs: impl Iterator<Item = &'p Program>,
    ) -> Vec<Vec<String>> {
        let input: Vec<_> = programs.map(|program| format!("{program}\n")).collect();
        let mut runner = Command::new(&self.command)
            .arg(RUNNER)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it ran a moment ago");
        let mut pipe = runner.stdin.take().expect("it has a pipe");
        let writer = thread::spawn(move || pipe.write_all(input.concat().as_bytes()));
        let output = runner.wait_with_output().expect("it ends");
        assert!(output.status.success(), "the runner failed");
        let written = writer.join().expect("it does not panic");
        written.expect("the runner reads everything");
        let text = String::from_utf8(output.stdout).expect("it writes text");
        let traces = text.split_terminator("--\n");
        let lines = |trace: &str| trace.lines().map(str::to_string).collect();
        traces.map(lines).collect()
    }
}
