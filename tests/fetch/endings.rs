//! How it ends: exit codes, lines about errors, and trying again.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::server::{Server, answer, ok};
use crate::{fetch, run, stderr, stdout};

/// Command lines, in which `@` is the server, and how they end.
const EXIT_CODES: [(&str, i32); 17] = [
    ("@/", 0),
    ("@/gopher", 0),
    ("-L @/gopher", 1),
    ("ftp://h/", 1),
    ("--no-such-option @/", 2),
    ("http://h:port/", 3),
    ("-x /no @/", 5),
    ("http://127.0.0.1:1/", 7),
    ("@/garbage", 8),
    ("-f @/missing", 22),
    ("-o /no/such/folder/x @/", 23),
    ("-T /no/such/file @/", 26),
    ("-L --max-redirs 3 @/loop", 47),
    ("@/nothing", 52),
    ("@/chunks", 56),
    ("--max-filesize 3 @/", 63),
    ("--cacert /no/such/file @/", 77),
];

#[test]
fn exit_codes_are_those_of_curl() {
    let server = Server::start(|request| match request.path() {
        "/missing" => answer("404 Not Found", "", "no"),
        "/loop" => answer("302 Found", "Location: /loop\r\n", ""),
        "/gopher" => answer("302 Found", "Location: gopher://h/\r\n", ""),
        "/garbage" => b"HTTP/1.1 2x0 OK\r\n\r\n".to_vec(),
        "/chunks" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnothex\r\n".to_vec(),
        "/nothing" => Vec::new(),
        _ => ok("body"),
    });
    for (words, code) in EXIT_CODES {
        let words = words.replace('@', &server.url(""));
        let words: Vec<&str> = words.split(' ').collect();
        let output = run(&words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {output:?}");
        let lines = stderr(&output).lines().count();
        assert_eq!(lines, usize::from(code != 0), "{words:?}: {output:?}");
    }
}

#[test]
fn an_error_is_one_line_with_phase_peer_and_cause() {
    let output = run(&["http://127.0.0.1:1/"]);
    assert_eq!(
        stderr(&output),
        "fetch: (7) connect: 127.0.0.1:1: Connection refused\n"
    );
    let output = run(&["http://me:hunter2@127.0.0.1:1/"]);
    assert!(!stderr(&output).contains("hunter2"));
}

#[test]
fn an_error_inside_a_body_names_the_peer_as_well() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let peer = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut request = [0; 1000];
        let _ = stream.read(&mut request).expect("the request is small");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
        stream.write_all(answer).expect("the client is there");
    });
    let output = run(&[&format!("http://{peer}/")]);
    server.join().expect("it has answered");
    assert_eq!(
        stderr(&output),
        format!("fetch: (18) {peer}: connection closed inside the body: 5 of 9 bytes\n")
    );
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/", silent.local_addr().expect("it is bound"));
    let output = run(&["-m", "0.2", &url]);
    assert_eq!(output.status.code(), Some(28));
    let line = "fetch: (28) total: timed out after 200 ms with 0 bytes received\n";
    assert_eq!(stderr(&output), line);
}

#[test]
fn silence_is_kept() {
    let output = fetch().args(["-s", "http://127.0.0.1:1/"]).output();
    let output = output.expect("fetch was built");
    assert!(
        output.stderr.is_empty() && output.status.code() == Some(7),
        "{output:?}"
    );
}

#[test]
fn the_body_of_a_failure_is_shown_if_that_is_wanted() {
    let server = Server::start(|_| answer("500 Oops", "", "why"));
    let output = run(&["--fail-with-body", &server.url("/")]);
    assert_eq!(
        (stdout(&output).as_str(), output.status.code()),
        ("why", Some(22))
    );
    let output = run(&["-f", &server.url("/")]);
    assert_eq!(
        (stdout(&output).as_str(), output.status.code()),
        ("", Some(22))
    );
}

#[test]
fn what_may_pass_is_tried_again() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
        0 => answer("503 Busy", "Retry-After: 0\r\n", "busy"),
        1 => answer("429 Slow", "Retry-After: 0\r\n", "slow"),
        _ => ok("done"),
    });
    let file = crate::folder("retry").join("file");
    let output = run(&[
        "--retry",
        "5",
        "-o",
        &file.to_string_lossy(),
        &server.url("/"),
    ]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "done");
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn the_exit_code_is_that_of_the_last_url_unless_the_first_failure_ends_all() {
    let server = Server::with_body("body");
    let refused = "http://127.0.0.1:1/";
    assert_eq!(run(&[refused, &server.url("/")]).status.code(), Some(0));
    let output = run(&["--fail-early", refused, &server.url("/")]);
    assert_eq!((output.status.code(), server.seen().len()), (Some(7), 1));
}

#[test]
fn progress_is_shown_where_the_body_is_not() {
    let server = Server::with_body("body");
    let output = fetch().args(["-o", "/dev/null", &server.url("/")]).output();
    let shown = stderr(&output.expect("fetch was built"));
    assert!(
        shown.starts_with("  % Total    % Received % Xferd  Average Speed"),
        "{shown}"
    );
    assert!(
        shown.contains("\r100     4  100     4    0     0 "),
        "{shown}"
    );
    let output = fetch()
        .args(["-#", "-o", "/dev/null", &server.url("/")])
        .output();
    let shown = stderr(&output.expect("fetch was built"));
    assert!(
        shown.ends_with(&format!("{} 100.0%\n", "#".repeat(70))),
        "{shown}"
    );
}
