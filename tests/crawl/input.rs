//! Bad input: one line, status 2, and nothing printed.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use crate::program::Folder;
use crate::web::{Answer, Web};

/// An address on which nobody listens.
fn nobody() -> String {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap();
    unused.local_addr().unwrap().to_string()
}

#[test]
fn bad_input_is_one_line_and_status_2() {
    let (folder, nobody) = (Folder::new(), nobody());
    let nobodys_page = format!("http://{nobody}/");
    for (input, complaint) in [
        ("file:///etc/passwd", "unsupported scheme"),
        ("mailto:a@b.example", "unsupported scheme"),
        ("http://", "invalid URL"),
        ("http://no such host/", "invalid URL"),
        ("http://no-such-host.invalid/", "cannot resolve"),
        (&nobodys_page, "Connection refused"),
        ("--concurrency=0", "not a number above zero"),
        ("--delay=soon", "soon is not a number of seconds"),
        ("--delay=1e19", "1e19 is not a number of seconds"),
        ("--retries=-1", "-1 is not a number"),
        ("--no-such-option", "--help"),
    ] {
        let ended = folder.run(&["--retries", "0", input]);
        ended.refused(&[complaint]);
        assert_eq!(ended.stdout, "", "{input}");
    }
}

/// A database of another program, `foreign`.
fn make_foreign(folder: &Folder) {
    let foreign = Connection::open(folder.path().join("foreign")).unwrap();
    let table = "CREATE TABLE letters (text)";
    foreign.execute_batch(table).unwrap();
}

fn tables_of_foreign(folder: &Folder) -> String {
    let foreign = Connection::open(folder.path().join("foreign")).unwrap();
    let query = "SELECT group_concat(name) FROM sqlite_schema";
    foreign.query_row(query, (), |row| row.get(0)).unwrap()
}

#[test]
fn a_place_that_cannot_keep_pages_is_refused_with_its_name() {
    let web = Web::of_pages(2, Duration::ZERO, 0);
    let (folder, url, nobody) = (Folder::new(), web.url("/0"), nobody());
    let text = "no database, but a text of more than a line\n";
    fs::write(folder.path().join("text"), text).unwrap();
    make_foreign(&folder);
    let redis = format!("redis://me:secret@{nobody}/");
    let refused = format!("redis://{nobody}/?crawl=default: Connection refused");
    for (arguments, complaint) in [
        (["--db", "."], ".: Is a directory"),
        (
            ["--db", "no/such/x.db"],
            "no/such/x.db: No such file or directory",
        ),
        (["--db", "text"], "text: it is no database of SQLite"),
        (
            ["--db", "foreign"],
            "foreign: it is a database, but not one of this crawler",
        ),
        (
            ["--sink", "foreign"],
            "foreign: it is a database, but not one of this crawler",
        ),
        (
            ["--sink", "oracle://x"],
            "--sink: nothing is kept at oracle://",
        ),
        (["--sink", "mysql://"], "mysql"),
        (["--frontier", &redis], &refused),
        (
            ["--frontier", "redis://"],
            "--frontier: not an address of Redis: Missing hostname",
        ),
        (["--frontier", "redis://h:x/"], "invalid port number"),
        (["--frontier", "redis://h/x"], "Invalid database number"),
        (
            ["--frontier", "redis://h/?name=x"],
            "name= means nothing here",
        ),
        (
            ["--frontier", "http://h/"],
            "it does not begin with redis://",
        ),
    ] {
        let ended = folder.run(&[arguments[0], arguments[1], &url]);
        ended.refused(&[complaint]);
        assert!(!ended.stderr.contains("secret"), "{ended:?}");
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(web.requests(), 0);
    assert_eq!(tables_of_foreign(&folder), "letters");
}

#[test]
fn a_crawl_that_got_nowhere_is_tried_again_by_the_same_command() {
    let (folder, nobody) = (Folder::new(), nobody());
    let url = format!("http://{nobody}/");
    folder
        .run(&["--retries=0", &url])
        .refused(&["Connection refused"]);
    let again = folder.run(&["--retries=0", &url]);
    again.refused(&["Connection refused"]);
}

#[test]
fn a_page_that_has_moved_to_another_host_says_which_one_to_name() {
    let web = Web::serve(|path| match path {
        "/" => Answer::new("301 Moved\r\nLocation: http://other.example/", ""),
        _ => Answer::missing(),
    });
    let ended = Folder::new().run(&[&web.url("/")]);
    ended.refused(&["it has moved to http://other.example/, which is another host"]);
}

#[test]
fn one_file_for_pages_and_articles_needs_no_sink() {
    let folder = Folder::new();
    let command = ["--db", "x.db", "--sink", "x.db", "http://127.0.0.1:1/"];
    let ended = folder.run(&command);
    ended.refused(&["x.db: articles are kept there without --sink"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_without_a_crawl_cannot_be_gone_on_with() {
    let ended = Folder::new().run(&["--db", "x.db"]);
    ended.refused(&["x.db: there is no such crawl yet; name a URL to begin one"]);
}

#[test]
fn what_is_no_url_in_a_file_is_named() {
    let web = Web::of_pages(2, Duration::ZERO, 0);
    let (folder, url) = (Folder::new(), web.url("/0"));
    folder.run(&["--db", "x.db", &url]).well();
    let file = Connection::open(folder.path().join("x.db")).unwrap();
    let spoil = "UPDATE pages SET url = 'no url', ended = NULL WHERE NOT seed";
    assert_eq!(file.execute(spoil, ()).unwrap(), 1);
    drop(file);
    let ended = folder.run(&["--db", "x.db"]);
    assert_eq!(ended.status, Some(2), "{ended:?}");
    let complaint = "crawl: x.db: \"no url\" in it is no URL: relative URL without a base\n";
    assert_eq!(ended.stderr, complaint);
}

#[test]
fn a_server_that_is_no_redis_is_said_to_be_none() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let answering = thread::spawn(move || {
        let (mut client, _) = other.accept().unwrap();
        client
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .unwrap();
        // Until the other side has had enough.
        let _ = client.read_to_end(&mut Vec::new());
    });
    let elsewhere = format!("redis://{address}/");
    let ended = Folder::new().run(&["--frontier", &elsewhere, "http://127.0.0.1:1/"]);
    ended.refused(&[&elsewhere, "what answers there is no Redis"]);
    answering.join().unwrap();
}
