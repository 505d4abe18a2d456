//! Many URLs: on one connection, or at the same time.

use std::sync::Barrier;

use crate::server::{Server, ok};
use crate::{folder, run, stderr, stdout};

#[test]
fn urls_share_a_connection_also_across_next() {
    let server = Server::with_body("x");
    let output = run(&[
        &server.url("/[1-3]"),
        "--next",
        "-d",
        "y",
        &server.url("/4"),
    ]);
    assert_eq!(stdout(&output), "xxxx");
    let seen = server.seen();
    let lines: Vec<_> = seen.iter().map(|one| one.line.as_str()).collect();
    let expected = [
        "GET /1 HTTP/1.1",
        "GET /2 HTTP/1.1",
        "GET /3 HTTP/1.1",
        "POST /4 HTTP/1.1",
    ];
    assert_eq!((lines, server.connections()), (expected.to_vec(), 1));
}

#[test]
fn in_parallel_all_are_on_their_way_before_any_is_answered() {
    // Who waits here goes on when five others do.
    let meeting = Barrier::new(5);
    let server = Server::start(move |request| {
        meeting.wait();
        ok(request.path())
    });
    let folder = folder("parallel");
    let names = folder.join("#1");
    let output = run(&["-Z", "-o", &names.to_string_lossy(), &server.url("/[1-5]")]);
    assert!(output.status.success(), "{output:?}");
    for number in 1..=5 {
        let body = std::fs::read_to_string(folder.join(number.to_string()));
        assert_eq!(body.expect("it is there"), format!("/{number}"));
    }
}

#[test]
fn a_failure_in_parallel_is_the_exit_code_and_names_its_url() {
    let server = Server::with_body("");
    let output = run(&["-Z", "http://127.0.0.1:1/", &server.url("/[1-3]")]);
    assert_eq!((output.status.code(), server.seen().len()), (Some(7), 3));
    let line = "fetch: (7) connect: 127.0.0.1:1: Connection refused [http://127.0.0.1:1/]\n";
    assert_eq!(stderr(&output), line);
}
