//! What may, and what must, stand in a source.

use std::fs;

use crate::no_complaints;
use crate::source::{Source, root, sources_in, words};

/// The folders that the rules hold for.
const EVERYWHERE: [&str; 4] = ["runtime", "http", "examples", "tests"];
/// The only files that may say `unsafe`: the ticket as a waker, and the task in one allocation.
const UNSAFE: [&str; 2] = [
    "runtime/src/event_loop/waker.rs",
    "runtime/src/task/cell/body.rs",
];

#[test]
fn every_source_begins_with_a_doc() {
    let sources = sources_in(&EVERYWHERE);
    let silent = sources
        .iter()
        .filter(|source| !source.text.starts_with("//!"));
    let complaints: Vec<_> = silent.map(|source| format!("{}:1", source.path)).collect();
    no_complaints(
        "a file opens with `//!`: what is this, and why",
        &complaints,
    );
}

#[test]
fn unsafe_is_in_two_files_and_each_block_is_argued() {
    let mut complaints = Vec::new();
    for source in sources_in(&EVERYWHERE) {
        for at in words(&source.code, "unsafe") {
            let place = format!("{}:{}", source.path, source.line_of(at));
            if !UNSAFE.contains(&source.path.as_str()) {
                complaints.push(format!("{place}: unsafe is only in {UNSAFE:?}"));
            } else if !is_argued(&source, at) {
                complaints.push(format!("{place}: no `// SAFETY:` right above"));
            }
        }
    }
    let client = sources_in(&["http/src"]);
    let front = client
        .iter()
        .find(|source| source.path == "http/src/lib.rs");
    if !front.is_some_and(|source| source.code.contains("#![forbid(unsafe_code)]")) {
        complaints.push("http/src/lib.rs: #![forbid(unsafe_code)] is missing".to_string());
    }
    no_complaints("safe by default", &complaints);
}

/// Whether the comment above a line begins its argument.
fn is_argued(source: &Source, at: usize) -> bool {
    let above: Vec<&str> = source.text.lines().take(source.line_of(at) - 1).collect();
    let comment = above.iter().rev().map(|line| line.trim());
    let mut comment = comment.take_while(|line| line.starts_with("//"));
    comment.any(|line| line.starts_with("// SAFETY:"))
}

#[test]
fn nothing_is_left_to_do_and_no_test_is_switched_off() {
    let in_code = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
    let in_prose = ["TODO", "FIXME", "XXX"];
    let mut complaints = Vec::new();
    for source in sources_in(&EVERYWHERE) {
        // Tests count here, so the version with comments is searched for both.
        let found = in_code.iter().chain(&in_prose);
        for (at, what) in found.flat_map(|what| source.prose.match_indices(what)) {
            complaints.push(format!("{}:{}: {what}", source.path, source.line_of(at)));
        }
    }
    no_complaints("finish it, or take it out", &complaints);
}

/// Version 1.1.0 of `idna_adapter` needs no Unicode tables: `url` then brings 13 crates and
/// not 33.
#[test]
fn the_lock_file_pins_idna_adapter() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock is committed");
    assert!(
        lock.contains("name = \"idna_adapter\"\nversion = \"1.1.0\"\n"),
        "Cargo.lock: run `cargo update -p idna_adapter --precise 1.1.0`"
    );
}
