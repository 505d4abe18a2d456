//! The crawl as a person runs it: bad input, bad pages, and an output that nobody reads.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;

fn crawl() -> Command {
    let test = std::env::current_exe().expect("a test knows where it is");
    let profile = test.ancestors().nth(2).expect("it is in <profile>/deps");
    let binary: PathBuf = profile.join("examples").join("crawl");
    let mut command = Command::new(binary.with_extension(std::env::consts::EXE_EXTENSION));
    command.stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    crawl()
        .args(arguments)
        .output()
        .expect("the crawl was built")
}

/// Serves the same pages, by path, until the test ends. Returns the address.
fn serve(pages: Vec<(&'static str, String)>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut lines = BufReader::new(&stream).lines();
            let line = lines.next().and_then(Result::ok).unwrap_or_default();
            let path = line.split(' ').nth(1).unwrap_or_default();
            let page = pages.iter().find(|(name, _)| *name == path);
            let page = page.map_or("", |(_, page)| page.as_str());
            let length = page.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close";
            let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{page}");
        }
    });
    format!("http://{address}")
}

/// The number in the row of the table that begins like this.
fn count(output: &Output, row: &str) -> u64 {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find(|line| line.trim_start().starts_with(row));
    let rest = line.map(|line| line.trim_start().trim_start_matches(row).trim());
    let number = rest.and_then(|rest| rest.split(' ').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("no row {row} in\n{text}"))
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let unused = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = unused.local_addr().expect("it is bound");
    drop(unused);
    let nobody = format!("http://{address}/");
    for (input, complaint) in [
        ("file:///etc/passwd", "unsupported scheme"),
        ("mailto:a@b.example", "unsupported scheme"),
        ("http://", "invalid URL"),
        ("http://no such host/", "invalid URL"),
        ("http://no-such-host.invalid/", "cannot resolve"),
        (&nobody, "Connection refused"),
        ("--concurrency=0", "not a number above zero"),
        ("--no-such-option", "--help"),
    ] {
        let output = run(&[input]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{input}: {output:?}");
        assert_eq!(text.lines().count(), 1, "{input}: {text}");
        assert!(text.contains(complaint), "{input}: {text}");
        assert!(output.stdout.is_empty(), "{input}: {output:?}");
    }
}

#[test]
fn a_page_that_is_made_to_hurt_is_counted_and_the_crawl_goes_on() {
    let deep = "<div>".repeat(300_000);
    let start = "<a href=/deep>1</a> <a href=/next>2</a> <a href='mailto:x@y'>3</a>".to_string();
    let next = "<title>next</title><a href=/#top>up</a>".to_string();
    let site = serve(vec![("/", start), ("/deep", deep), ("/next", next)]);
    let output = run(&[&site]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(count(&output, "pages"), 2);
    assert_eq!(count(&output, "page nested too deeply"), 1);
}

#[test]
fn an_absurd_number_of_workers_is_cut_down() {
    let site = serve(vec![("/", "<title>alone</title>".to_string())]);
    let output = run(&["-c", "99999999999", &site]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(count(&output, "pages"), 1);
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let site = serve(vec![("/", "<title>secret site</title>".to_string())]);
    let output = run(&["--list", &site.replace("http://", "http://user:hunter2@")]);
    assert!(
        !String::from_utf8_lossy(&output.stdout).contains("hunter2"),
        "{output:?}"
    );
    assert_eq!(count(&output, "pages"), 1);
}

#[test]
fn a_list_that_nobody_reads_to_its_end_does_not_stop_the_crawl() {
    let mut child = crawl()
        .arg("--list")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the crawl was built");
    let mut first = [0; 4];
    let mut stdout = child.stdout.take().expect("it is piped");
    stdout.read_exact(&mut first).expect("a line is printed");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn ctrl_c_ends_the_crawl_with_its_table_and_status_130() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = silent.local_addr().expect("it is bound");
    let child = crawl()
        .arg(format!("http://{address}/"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("the crawl was built");
    // It listens to signals before it connects.
    let _connection = silent.accept().expect("the crawl connects");
    let kill = format!("kill -INT {}", child.id());
    let sent = Command::new("sh").args(["-c", &kill]).status();
    assert!(sent.expect("there is a shell").success());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert_eq!(count(&output, "pages"), 0);
}
