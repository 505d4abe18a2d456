//! Runs every row of the gallery, and compares what it prints and writes with what is recorded.
//!
//! The second table of `examples/README.md` names the rows and the commands. What a row prints is
//! in `tests/gallery/ROW.txt`, and what it reads, if anything, in `ROW.in`. In a recorded line an
//! `…` stands for whatever a run puts there (a port, a process, a time that was really waited).
//! Lines that begin with `~ ` come from several threads: those that stand together come in any
//! order. Behind what was printed stand the files that were written: the lines of texts, sorted,
//! and of others the sizes and a checksum. Times on the virtual clock are in the lines, to the
//! hundredth of a second. The rows with such times are run once more, with `--fast`, and wait for
//! real; what they have printed is shown with `--nocapture`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Rows that are run at the same time.
const AT_ONCE: usize = 4;
/// The programs of which every row has to be in the index.
const PROGRAMS: [&str; 4] = ["threads", "coroutines", "sockets", "crawlers"];
/// Waits for a person to press Ctrl-C, unless it is on the virtual clock.
const FOR_A_PERSON: &str = "56";
/// Rows that need each other, so they have a test of their own and no record.
const PAIR: [&str; 2] = ["28-server", "28-client"];

/// One row of the index.
struct Row {
    /// What it is called, there and in the file of what it prints.
    name: String,
    /// The example, and its arguments.
    command: Vec<String>,
}

#[test]
fn every_row_prints_and_writes_what_is_recorded() {
    for_each(&recorded_rows(), check);
}

#[test]
fn on_the_real_clock_the_rows_with_times_print_the_same_lines() {
    let rows = recorded_rows().into_iter().filter(is_timed);
    let rows: Vec<Row> = rows.filter(|row| row.name != FOR_A_PERSON).collect();
    assert!(!rows.is_empty(), "no row has times");
    for_each(&rows, check_for_real);
}

fn is_timed(row: &Row) -> bool {
    let [program, .., last] = &row.command[..] else {
        return false;
    };
    PROGRAMS.contains(&program.as_str()) && last == "--virtual"
}

/// Checks rows, some at the same time.
fn for_each(rows: &[Row], check: fn(&Row) -> Option<String>) {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let complaint = check(row);
                    let mut complaints = complaints.lock().unwrap_or_else(PoisonError::into_inner);
                    complaints.extend(complaint);
                }
            });
        }
    });
    let complaints = complaints.into_inner().expect("no thread has panicked");
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// Runs a row with `--fast`. The lines are those of the record, whose times are another matter;
/// and so is the order of what is close together.
fn check_for_real(row: &Row) -> Option<String> {
    let arguments = row.command[1..].iter().filter(|word| *word != "--virtual");
    let output = Command::new(binary(&row.command[0]))
        .args(arguments)
        .arg("--fast")
        .stdin(input(row))
        .output()
        .expect("the row was built");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("row {} --fast\n{printed}", row.name);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors = errors.lines().map(|line| format!("stderr: {line}"));
    let lines = printed.lines().map(str::to_string).chain(errors);
    let mut lines: Vec<String> = lines.map(|line| without_times(&line)).collect();
    let mut expected: Vec<String> = record(row).lines().map(without_times).collect();
    lines.sort();
    expected.sort();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    let well = output.status.success() && is_like(&lines, &expected);
    (!well).then(|| side_by_side(&row.name, &expected, &lines))
}

/// A line with an `…` for each number that has hundredths.
fn without_times(line: &str) -> String {
    let is_time = |word: &str| {
        let parts = word.split_once('.');
        parts.is_some_and(|(whole, rest)| whole.parse::<u32>().is_ok() && rest.len() == 2)
    };
    let words = line
        .split(' ')
        .map(|word| if is_time(word) { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn every_row_of_a_program_is_in_the_index_and_every_record_has_a_row() {
    let rows = rows();
    for program in PROGRAMS {
        let of_program = rows.iter().filter(|row| row.command[0] == program);
        let indexed: BTreeSet<&str> = of_program.map(|row| row.command[1].as_str()).collect();
        let listed = Command::new(binary(program))
            .output()
            .expect("it was built");
        let listed = String::from_utf8(listed.stdout).expect("a list is text");
        let listed = listed.lines().filter_map(|line| line.split(' ').next());
        assert_eq!(
            indexed,
            listed.collect(),
            "left: the index, right: {program}"
        );
    }
    let recorded = files_below(&folder(), &folder()).into_iter();
    let recorded = recorded.filter_map(|(name, _)| name.strip_suffix(".txt").map(str::to_string));
    let named = recorded_rows().into_iter().map(|row| row.name);
    assert_eq!(
        named.collect::<BTreeSet<_>>(),
        recorded.collect(),
        "left: rows of the index, right: tests/gallery/"
    );
}

/// A server and a client in two programs.
#[test]
fn the_two_halves_of_the_echo_talk_to_each_other() {
    let [server, client] = PAIR;
    let mut server = Command::new(binary("sockets"))
        .args([server, "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server starts");
    let mut lines = BufReader::new(server.stdout.take().expect("it is piped")).lines();
    let mut next_line = || lines.next().expect("a line").expect("text");
    let first = next_line();
    let address = first.strip_prefix("serving on ").expect("the address");
    let input = File::open(folder().join("28.in")).expect("it is there");
    let output = Command::new(binary("sockets"))
        .args([client, address])
        .stdin(input)
        .output()
        .expect("the client starts");
    let seen = [next_line(), next_line()];
    server.kill().expect("the server is still there");
    server.wait().expect("it has ended");

    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        ">>: HELLO\n>>: >>: WORLD\n>>: \n"
    );
    assert!(
        matches(&seen[0], "client 127.0.0.1:… msg: hello"),
        "{seen:?}"
    );
    assert!(
        matches(&seen[1], "client 127.0.0.1:… msg: world"),
        "{seen:?}"
    );
}

/// What row 91 has fetched is a film, and row 92 puts it into another container.
#[test]
fn ffmpeg_makes_a_film_of_the_parts() {
    let is_there = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !is_there {
        let is_needed = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!is_needed, "ffmpeg is not installed");
        println!("skipped: ffmpeg is not installed");
        return;
    }
    let directory = std::env::temp_dir().join(format!("looplet-film-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("the folder of temporary files is there");
    for row in ["91", "92"] {
        let mut program = Command::new(binary("crawlers"));
        let program = program.args([row, "--fast"]).current_dir(&directory);
        let output = program.output().expect("the row was built");
        assert!(output.status.success(), "row {row}: {output:?}");
    }
    let files = files_below(&directory, &directory).into_iter();
    let films: Vec<_> = files.filter(|(name, _)| name.ends_with("mp4")).collect();
    let mut decoder = Command::new("ffmpeg");
    decoder.args(["-v", "warning", "-i", "apple.mp4", "-f", "framemd5", "-"]);
    let decoded = decoder.current_dir(&directory).output();
    let decoded = decoded.expect("it is installed");
    fs::remove_dir_all(&directory).expect("it is ours");

    let names: Vec<&str> = films.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["apple.mp4"], "nothing half-written is left");
    assert!(decoded.stderr.is_empty(), "{decoded:?}");
    let decoded = String::from_utf8_lossy(&decoded.stdout).into_owned();
    let pictures = decoded.lines().filter(|line| !line.starts_with('#'));
    // The last word of a line is a checksum of what there is to see.
    let seen: BTreeSet<&str> = pictures
        .filter_map(|line| line.split(' ').next_back())
        .collect();
    assert_eq!(seen.len(), 32, "{decoded}");
}

#[test]
fn the_table_of_articles_holds_each_once_also_after_another_run() {
    let directory = std::env::temp_dir().join(format!("looplet-table-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("the folder of temporary files is there");
    let run = || {
        let mut program = Command::new(binary("crawlers"));
        let program = program.args(["84-85", "--fast"]).current_dir(&directory);
        let output = program.output().expect("the row was built");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let runs = [run(), run()];
    fs::remove_dir_all(&directory).expect("it is ours");
    assert!(runs[0].contains("20 rows, 20 articles"), "{}", runs[0]);
    assert_eq!(runs[0], runs[1]);
}

#[test]
fn a_file_that_cannot_be_put_in_place_is_named_and_leaves_nothing() {
    // What is written by the program itself, and what is a download.
    for (row, name) in [("90", "apple.ts"), ("89", "imgs/1.jpg")] {
        check_nothing_is_left(row, name);
    }
}

/// Runs a row in a folder in which there is a folder where a file is to be.
fn check_nothing_is_left(row: &str, name: &str) {
    let directory = format!("looplet-place-{}-{row}", std::process::id());
    let directory = std::env::temp_dir().join(directory);
    fs::create_dir_all(directory.join(name)).expect("the folder of temporary files is there");
    let mut program = Command::new(binary("crawlers"));
    let program = program.args([row, "--fast"]).current_dir(&directory);
    let output = program.output().expect("the row was built");
    let left = files_below(&directory, &directory);
    fs::remove_dir_all(&directory).expect("it is ours");

    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{output:?}");
    let start = format!("row {row}: ");
    assert!(
        complaint.starts_with(&start) && complaint.contains(name),
        "{complaint}"
    );
    let halves = left.iter().filter(|(name, _)| name.contains(".part"));
    assert_eq!(halves.count(), 0, "{left:?}");
}

/// Runs a row in a folder of its own. What is wrong, if anything: expected beside printed.
fn check(row: &Row) -> Option<String> {
    let name = format!("looplet-gallery-{}-{}", std::process::id(), row.name);
    let directory = std::env::temp_dir().join(name);
    fs::create_dir_all(&directory).expect("the folder of temporary files is there");
    let output = Command::new(binary(&row.command[0]))
        .args(&row.command[1..])
        .current_dir(&directory)
        .stdin(input(row))
        .output()
        .expect("the row was built");
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_string)
        .collect();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    lines.extend(errors.lines().map(|line| format!("stderr: {line}")));
    lines.extend(
        files_below(&directory, &directory)
            .iter()
            .flat_map(describe),
    );
    fs::remove_dir_all(&directory).expect("it is ours");

    let expected = record(row);
    let expected: Vec<&str> = expected.lines().collect();
    let well = output.status.success() && is_like(&lines, &expected);
    (!well).then(|| side_by_side(&row.name, &expected, &lines))
}

/// What a row prints, as it is recorded.
fn record(row: &Row) -> String {
    let path = folder().join(format!("{}.txt", row.name));
    fs::read_to_string(path).unwrap_or_default()
}

fn input(row: &Row) -> Stdio {
    File::open(folder().join(format!("{}.in", row.name))).map_or(Stdio::null(), Stdio::from)
}

/// Whether what was printed is what is recorded.
fn is_like(printed: &[String], expected: &[&str]) -> bool {
    if printed.len() != expected.len() {
        return false;
    }
    let (mut printed, mut expected) = (printed.to_vec(), expected);
    while let Some((first, rest)) = expected.split_first() {
        // One line has one candidate; those that come in any order have as many as there are.
        let is_unordered = |line: &&&str| line.starts_with("~ ");
        let candidates = expected.iter().take_while(is_unordered).count().max(1);
        let pattern = first.strip_prefix("~ ").unwrap_or(first);
        let found = printed[..candidates]
            .iter()
            .position(|line| matches(line, pattern));
        let Some(at) = found else { return false };
        printed.remove(at);
        expected = rest;
    }
    true
}

/// Whether a printed line is the recorded one, in which each `…` stands for anything.
fn matches(printed: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else {
        return printed == pattern;
    };
    let Some(left) = printed.strip_prefix(start) else {
        return false;
    };
    let ends = left.char_indices().map(|(at, _)| at).chain([left.len()]);
    let mut ends = ends.map(|at| &left[at..]);
    ends.any(|left| matches(left, rest))
}

fn side_by_side(name: &str, expected: &[&str], printed: &[String]) -> String {
    let rows = (0..expected.len().max(printed.len())).map(|at| {
        let left = expected.get(at).copied().unwrap_or_default();
        let right = printed.get(at).map_or("", String::as_str);
        format!("  {left:<60} | {right}\n")
    });
    format!(
        "row {name}: recorded, and printed\n{}",
        rows.collect::<String>()
    )
}

/// A file that a row has written: the lines of a text in alphabetical order, since it may be that
/// threads have taken turns at it; of any other file, the size and a checksum.
fn describe((path, content): &(String, Vec<u8>)) -> Vec<String> {
    if path.ends_with(".txt") {
        let text = String::from_utf8_lossy(content);
        let mut lines: Vec<String> = text.lines().map(|line| format!("{path}: {line}")).collect();
        lines.sort();
        return lines;
    }
    let mix = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let sum = content.iter().fold(0xcbf2_9ce4_8422_2325, mix);
    vec![format!("{path}: {} bytes, {sum:016x}", content.len())]
}

/// The files in a folder and below, in the order of their paths from `root`.
fn files_below(folder: &Path, root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder that is there") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            files.extend(files_below(&path, root));
        } else {
            let name = path.strip_prefix(root).expect("it was found there");
            let content = fs::read(&path).expect("a readable file");
            files.push((name.to_string_lossy().into_owned(), content));
        }
    }
    files.sort();
    files
}

/// The rows of the second table of the index: `| ROW | notes | command | what to look at |`.
fn rows() -> Vec<Row> {
    let index = fs::read_to_string(root().join("examples/README.md")).expect("the index exists");
    let lines = index.lines().filter(|line| line.starts_with("| "));
    let rows = lines.filter_map(|line| {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (name, _, command) = (cells.next()?, cells.next()?, cells.next()?);
        let command = command
            .strip_prefix("`cargo run --example ")?
            .strip_suffix('`')?;
        let words = command.split(' ').filter(|word| *word != "--");
        let command = words.map(str::to_string).collect();
        Some(Row {
            name: name.to_string(),
            command,
        })
    });
    let rows: Vec<Row> = rows.collect();
    assert!(!rows.is_empty(), "examples/README.md has no rows");
    rows
}

fn recorded_rows() -> Vec<Row> {
    let rows = rows().into_iter();
    rows.filter(|row| !PAIR.contains(&row.name.as_str()))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the records are.
fn folder() -> PathBuf {
    root().join("tests/gallery")
}

fn binary(example: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    let binary = profile.join("examples").join(example);
    binary.with_extension(std::env::consts::EXE_EXTENSION)
}

#[test]
fn an_ellipsis_is_anything_and_marked_lines_come_in_any_order() {
    let is_like = |printed: &[&str], expected: &[&str]| {
        let printed: Vec<String> = printed.iter().map(ToString::to_string).collect();
        is_like(&printed, expected)
    };
    assert!(is_like(&["a 17 b 4", "c"], &["a … b …", "c"]));
    assert!(is_like(&["2", "1", "end"], &["~ 1", "~ 2", "end"]));
    assert!(!is_like(&["2", "1", "end"], &["1", "2", "end"]));
    assert!(!is_like(&["2", "end", "1"], &["~ 1", "~ 2", "end"]));
    assert!(!is_like(&["1", "1"], &["~ 1", "~ 2"]));
    assert!(!is_like(&["1", "2"], &["1"]));
}
