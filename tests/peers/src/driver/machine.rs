//! What this machine has: two cores, and those of the peers that are not linked in.

use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::catalog::{Bench, Fetch, Server, Tool, Work};

/// Modules of Python that a subject needs beside the interpreter.
const MODULES: [(&str, &str); 3] = [
    ("uvloop", "uvloop"),
    ("aiohttp", "aiohttp"),
    ("httpx", "httpx"),
];
/// Programs that are subjects or tools.
const PROGRAMS: [&str; 4] = ["wrk", "nginx", "valgrind", "strace"];

pub(super) struct Machine {
    /// The interpreter, of the folder that README.md makes if it is there.
    pub(super) python: PathBuf,
    /// Subjects and tools that were looked for and are here.
    present: BTreeSet<&'static str>,
}

impl Machine {
    pub(super) fn look() -> Result<Self, String> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        if cores < 2 {
            return Err("a subject and its partner need a core each; there is one".to_string());
        }
        let own = folder().join("target/python/bin/python3");
        let python = if own.exists() { own } else { "python3".into() };
        let mut present = BTreeSet::new();
        if runs(&python, &["-c", "import asyncio"]) {
            present.insert("asyncio");
        }
        for (subject, module) in MODULES {
            if runs(&python, &["-c", &format!("import {module}")]) {
                present.insert(subject);
            }
        }
        present.extend(PROGRAMS.into_iter().filter(|program| is_in_path(program)));
        Ok(Self { python, present })
    }

    /// The program that nobody can do a bench without, and that is not here.
    pub(super) fn lacks(&self, bench: &Bench) -> Option<&'static str> {
        let needed = match bench.work {
            Work::Counted(Tool::Callgrind, _) => "valgrind",
            Work::Counted(Tool::Strace, _) => "strace",
            Work::Fetch(Fetch {
                server: Server::Nginx,
                ..
            }) => "nginx",
            _ => return None,
        };
        (!self.present.contains(needed)).then_some(needed)
    }

    /// Whether a subject is linked in, or here.
    pub(super) fn has(&self, subject: &str) -> bool {
        !["asyncio", "uvloop", "aiohttp", "httpx", "wrk"].contains(&subject)
            || self.present.contains(subject)
    }
}

/// The folder of this program's sources.
pub(super) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn runs(program: &Path, words: &[&str]) -> bool {
    let mut command = Command::new(program);
    command
        .args(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn is_in_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(program).exists())
}
