//! Whether a program is there, and what happens if it is not.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Where servers are that are not in everybody's `PATH`.
const ELSEWHERE: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];

/// Finds a program. If it is not there, says how to get it.
pub(crate) fn program(name: &str, remedy: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(ELSEWHERE.map(PathBuf::from));
    let mut candidates = folders.map(|folder| folder.join(name));
    let found = candidates.find(|candidate| Path::is_file(candidate));
    if found.is_none() {
        missing(name, remedy);
    }
    found
}

/// Says once that a program is missing. Fails the test where everything is to be there.
pub(crate) fn missing(name: &str, remedy: &str) {
    static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let everything = env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!everything, "{name} is not installed ({remedy})");
    let mut said = SAID.lock().unwrap();
    if said.insert(name.to_string()) {
        // Not `eprintln`, which the test harness would keep for itself.
        let line = format!("skipped: {name} is not installed ({remedy})\n");
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
}
