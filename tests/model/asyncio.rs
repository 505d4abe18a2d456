//! Runs programs on asyncio itself, if there is a Python on this machine that has it.
//!
//! `LOOPLET_PYTHON` names the interpreter, 3.11 or newer; without it, `python3.14` is tried. The
//! rules are those of 3.14. The runner has the one thing of them that older versions lack.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use crate::program::Program;

const RUNNER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/asyncio_runner.py");

/// An interpreter that has asyncio.
pub(crate) struct Python {
    command: String,
}

/// Finds an interpreter.
///
/// # Panics
///
/// If one is named that does not run, or that is too old.
pub(crate) fn find() -> Option<Python> {
    let named = env::var("LOOPLET_PYTHON").ok();
    let command = named.clone().unwrap_or_else(|| "python3.14".to_string());
    let ask = "import asyncio; asyncio.timeout";
    let answer = Command::new(&command).args(["-c", ask]).output();
    let answer = answer.ok().filter(|answer| answer.status.success());
    assert!(
        answer.is_some() || named.is_none(),
        "LOOPLET_PYTHON={command} does not run, or is too old"
    );
    answer.map(|_| Python { command })
}

impl Python {
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
