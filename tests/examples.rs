//! Runs every example and compares what it prints with what it says it prints.
//!
//! The opening doc of an example ends with its output, in a block of text. An `…` in it stands
//! for whatever a run puts there (a port). So neither the doc nor the program can change
//! alone, and the index in `examples/README.md` names the command that was run here.
//!
//! Cargo builds the examples before it runs a test of their package, and puts them beside it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Every example, and the arguments it is run with.
const EXAMPLES: [(&str, &[&str]); 23] = [
    ("hello", &["--virtual"]),
    ("callbacks", &["--virtual"]),
    ("tasks", &["--virtual"]),
    ("gather", &["--virtual"]),
    ("cancel", &["--virtual"]),
    ("timeout", &["--virtual"]),
    ("queue", &["--virtual"]),
    ("lock_cache", &["--virtual"]),
    ("guest", &["--virtual"]),
    ("ps", &["--tree"]),
    ("timeline", &[]),
    ("raw_http", &[]),
    ("echo_server", &["--once"]),
    ("echo_client", &[]),
    ("fetch_one", &[]),
    ("stream_through", &[]),
    ("threads", &[]),
    ("coroutines", &[]),
    ("sockets", &[]),
    ("crawlers", &[]),
    ("site", &["--list"]),
    ("crawl", &[]),
    ("fetch", &["-V"]),
];

/// One function for all, so that none can be left out.
#[test]
fn every_example_prints_what_its_doc_says() {
    for (name, arguments) in EXAMPLES {
        let expected = documented_output(name);
        let output = run(name, arguments);
        assert!(output.status.success(), "{name} failed: {output:?}");
        let printed = String::from_utf8(output.stdout).expect("examples print text");
        let printed: Vec<&str> = printed.lines().collect();
        assert!(
            printed.len() == expected.len()
                && printed.iter().zip(&expected).all(|(p, e)| matches(p, e)),
            "examples/{name}.rs prints\n{printed:#?}\nbut its doc says\n{expected:#?}"
        );
    }
}

#[test]
fn every_example_is_run_here_and_named_in_the_index() {
    let here: BTreeSet<String> = EXAMPLES.iter().map(|(name, _)| name.to_string()).collect();
    let files = example_files();
    assert_eq!(here, files, "left: run by this file, right: in examples/");

    let index = fs::read_to_string(root().join("examples/README.md")).expect("the index exists");
    let rows = index
        .lines()
        .filter(|line| line.starts_with("| `cargo run"));
    let commands: BTreeSet<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    let run_here: BTreeSet<String> = EXAMPLES.iter().map(command_line).collect();
    let run_here: BTreeSet<&str> = run_here.iter().map(String::as_str).collect();
    assert_eq!(
        commands, run_here,
        "left: rows of examples/README.md, right: run by this file"
    );
}

#[test]
fn a_wrong_argument_ends_an_example_with_status_2_and_one_line() {
    for (name, _) in EXAMPLES {
        let output = run(name, &["--no-such-flag"]);
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(complaint.lines().count(), 1, "{name}: {complaint}");
    }
}

#[test]
fn an_error_ends_an_example_with_status_1_and_one_line() {
    let output = run("raw_http", &["no-port-here"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "`no-port-here` is not of the form host:port\n"
    );
}

/// The two halves of the echo in two processes.
#[test]
fn the_echo_client_talks_to_the_echo_server() {
    let mut server = Command::new(binary("echo_server"))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    let mut next_line = || lines.next().expect("a line").expect("text");
    let first = next_line();
    let address = first.strip_prefix("serving on ").expect("the address");

    let output = run("echo_client", &[address]);
    let seen: Vec<String> = (0..4).map(|_| next_line()).collect();
    server.kill().expect("the server is still there");
    server.wait().expect("it has ended");

    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = documented_output("echo_client");
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
    assert_eq!(
        seen,
        [
            "server: \"one\"",
            "server: \"two\"",
            "server: \"three\"",
            "server: a client has left"
        ]
    );
}

/// The example `ps` asks this very test.
#[test]
fn the_tasks_of_another_process_can_be_looked_at() {
    let path = std::env::temp_dir().join(format!("looplet-examples-{}", std::process::id()));
    let socket = path.clone();
    let output = looplet::run(async move {
        let _inspector = looplet::inspect::listen(&socket).expect("the folder is ours");
        let hour = std::time::Duration::from_secs(3600);
        looplet::create_task(looplet::sleep(hour)).set_name("nap");
        let ask = move || run("ps", &[socket.to_str().expect("it is a text")]);
        looplet::to_thread(ask).await
    });
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).expect("it is a text");
    let names: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|row| row.split_whitespace().nth(1))
        .collect();
    assert_eq!(names, ["Task-1", "nap"], "{table}");

    let nobody = run("ps", &[path.to_str().expect("it is a text")]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    let complaint = String::from_utf8_lossy(&nobody.stderr);
    assert!(complaint.starts_with("cannot connect to "), "{complaint}");
    assert_eq!(complaint.lines().count(), 1);
}

#[test]
fn the_timeline_is_written_in_three_forms() {
    let folder = std::env::temp_dir().join(format!("looplet-drawn-{}", std::process::id()));
    let output = run("timeline", &[folder.to_str().expect("it is a text")]);
    assert!(output.status.success(), "{output:?}");
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("it is there");
    assert_eq!(read("timeline.txt").lines().count(), 68);
    assert!(read("timeline.html").starts_with("<!doctype html>"));
    let trace: serde_json::Value =
        serde_json::from_str(&read("timeline.json")).expect("it is JSON");
    let events = trace["traceEvents"].as_array().expect("it has events");
    let lanes = events.iter().filter(|event| event["ph"] == "M");
    let names: Vec<_> = lanes
        .filter_map(|lane| lane["args"]["name"].as_str())
        .collect();
    assert_eq!(names, ["event loop", "kitchen", "soup", "stew"]);
    fs::remove_dir_all(&folder).expect("it is ours");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the files, and of the folders with a `main.rs`, in `examples/`.
fn example_files() -> BTreeSet<String> {
    let entries = fs::read_dir(root().join("examples")).expect("examples/ exists");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    let examples = paths.filter(|path| {
        path.extension().is_some_and(|suffix| suffix == "rs") || path.join("main.rs").exists()
    });
    let names = examples.filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()));
    names.collect()
}

/// What a reader of the index types to run an example as it is run here.
fn command_line((name, arguments): &(&str, &[&str])) -> String {
    let separator = if arguments.is_empty() { "" } else { " -- " };
    format!(
        "cargo run --example {name}{separator}{}",
        arguments.join(" ")
    )
}

fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    let binary = profile.join("examples").join(name);
    binary.with_extension(std::env::consts::EXE_EXTENSION)
}

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(binary(name))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"))
}

/// The lines of the last block of text in the opening doc of an example.
fn documented_output(name: &str) -> Vec<String> {
    let file = root().join(format!("examples/{name}.rs"));
    let folder = root().join(format!("examples/{name}/main.rs"));
    let source = fs::read_to_string(file).or_else(|_| fs::read_to_string(folder));
    let source = source.expect("an example has a source");
    let doc = source.lines().map_while(|line| line.strip_prefix("//!"));
    let doc: Vec<&str> = doc
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let blocks = doc.rsplit(|line| *line == "```text");
    let last = blocks.take(1).flatten();
    let lines = last.take_while(|line| **line != "```");
    let lines: Vec<String> = lines.map(ToString::to_string).collect();
    assert!(!lines.is_empty(), "examples/{name} does not say its output");
    lines
}

/// Whether a printed line is the expected one, in which one `…` stands for anything.
fn matches(printed: &str, expected: &str) -> bool {
    match expected.split_once('…') {
        Some((start, end)) => printed.starts_with(start) && printed.ends_with(end),
        None => printed == expected,
    }
}
