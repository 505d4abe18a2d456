//! Whether bodies of any size pass in little memory.
//!
//! The example `stream_through` moves bodies each way, with both ends in one process. It runs
//! under two ceilings: the kernel refuses it more than 16 MiB of data (`ulimit -d`), and the most
//! that it has had in memory, program included, is what it prints at its end. `STREAM_MIB` says
//! how large each body is; 10240 is worth a try with `--release`.

#![cfg(target_os = "linux")]

use std::env;
use std::process::{Command, Stdio};

const DEFAULT_MIB: u64 = 256;
const CEILING_KIB: u64 = 16 * 1024;

#[test]
fn bodies_of_any_size_go_both_ways_in_16_mib() {
    let mib: u64 = match env::var("STREAM_MIB") {
        Ok(text) => text.parse().expect("STREAM_MIB is a number"),
        Err(_) => DEFAULT_MIB,
    };
    let printed = stream_through(mib);
    let (peak, transfers) = printed.split_last().expect("it prints its peak at the end");

    let moved: Vec<&str> = transfers
        .iter()
        .filter_map(|line| line.split(" in ").next())
        .collect();
    let expected = [
        "down, with a length",
        "down, chunked",
        "down, chunked and gzip",
        "up, with a length",
        "up, chunked",
        "from one server to the other",
    ];
    assert_eq!(moved, expected.map(|what| format!("{what}: {mib} MiB")));

    let peak = peak
        .strip_prefix("most memory: ")
        .and_then(|rest| rest.strip_suffix(" kB"));
    let peak: u64 = peak
        .and_then(|kib| kib.trim().parse().ok())
        .expect("Linux tells the peak");
    assert!(peak < CEILING_KIB, "{peak} KiB were in memory");
}

/// Runs the example, which Cargo has built beside this test. Returns its lines.
fn stream_through(mib: u64) -> Vec<String> {
    let test = env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    let limited = format!("ulimit -d {CEILING_KIB} && exec \"$0\" \"$1\"");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(profile.join("examples/stream_through"))
        .arg(mib.to_string())
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).expect("examples print text");
    printed.lines().map(str::to_owned).collect()
}
