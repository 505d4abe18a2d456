//! curl's own test data against this program, where they are beside the checkout.
//!
//! `replay.py` serves what a test of curl says, runs the program with its words, and compares
//! what the server heard and what was written. Without the folder, there is nothing to do.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Tests that fail on purpose, and why.
const DELIBERATE: [(u32, &str); 7] = [
    (
        24,
        "a message begins with the name of the program, which is not curl",
    ),
    (60, "a request never has both a length and chunks"),
    (
        420,
        "cookies with equal paths are sent in the order of their creation, as RFC 6265 wants",
    ),
    (
        1296,
        "a user with a line feed in it is refused, as RFC 7617 wants",
    ),
    (
        1428,
        "test.1428 ends like an IPv4 address and is none: the standard refuses it",
    ),
    (
        1665,
        "a head that is cut off is not written: nobody knows what it would have been",
    ),
    (
        1722,
        "a head is judged before it is written, not line by line",
    ),
];

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
