//! curl's own test data against this program, where they are beside the checkout.
//!
//! `replay.py` serves what a test of curl says, runs the program with its words, and compares
//! what the server heard and what was written. Without the folder, there is nothing to do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Tests that fail on purpose, and why.
const DELIBERATE: [(u32, &str); 0] = [];

#[test]
fn the_test_data_of_curl_are_answered_as_curl_does() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/curl-replay");
    if !beside.join("replay.py").exists() {
        return;
    }
    let output = Command::new("python3")
        .arg(beside.join("replay.py"))
        .arg("--client")
        .arg(crate::fetch().get_program())
        .arg("--list")
        .arg(beside.join("core.txt"))
        .output()
        .expect("there is a Python");
    let printed = String::from_utf8_lossy(&output.stdout);
    let lines = printed
        .lines()
        .filter_map(|line| line.strip_prefix("FAIL "));
    let failed: BTreeSet<u32> = lines
        .filter_map(|line| line.split(' ').next()?.parse().ok())
        .collect();
    let deliberate = DELIBERATE.iter().map(|(number, _)| *number).collect();
    assert_eq!(failed, deliberate, "{printed}");
}
