//! Crawls that several workers share, with a real Redis.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use redis::{Client, Commands, Connection, cmd};

use crate::program::{Folder, Kept, kept_in};
use crate::servers::{Server, program};
use crate::web::{Answer, Web};

const PAGES: u64 = 400;
const DELAY: Duration = Duration::from_millis(5);

/// Starts Redis, which writes nothing to a disk.
pub(crate) fn redis() -> Option<Server> {
    let program = program("redis-server", "apt-get install redis-server")?;
    Some(Server::start(&["PORT"], |site| {
        let mut command = Command::new(&program);
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(site.folder());
        command.arg("--port").arg(site.port("PORT").to_string());
        command
    }))
}

/// The address of a crawl.
pub(crate) fn address(redis: &Server) -> String {
    format!("redis://127.0.0.1:{}/?crawl=test", redis.port("PORT"))
}

fn connect(redis: &Server) -> Connection {
    let client = Client::open(format!("redis://127.0.0.1:{}/", redis.port("PORT")));
    client.unwrap().get_connection().unwrap()
}

/// Asserts that Redis has each page, once, and nothing left to do.
#[track_caller]
fn all_are_kept(redis: &Server) {
    let mut connection = connect(redis);
    let texts: Vec<String> = connection.hvals("crawl:test:articles").unwrap();
    let different: BTreeSet<&String> = texts.iter().collect();
    assert_eq!((texts.len() as u64, different.len() as u64), (PAGES, PAGES));
    let titles: u64 = connection.hlen("crawl:test:titles").unwrap();
    let open: u64 = cmd("XLEN")
        .arg("crawl:test:open")
        .query(&mut connection)
        .unwrap();
    assert_eq!((titles, open), (PAGES, 0));
}

#[test]
fn two_workers_share_a_crawl_and_one_of_them_is_killed() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    let mut first = folder.start(&["--frontier", &crawl, "--lease=0.5", &url]);
    web.wait_for(20);
    // Who joins a crawl need not know where it began.
    let second = folder.start(&["--frontier", &crawl, "--lease=0.5"]);
    web.wait_for(PAGES as usize / 2);
    assert!(first.kill());
    let second = second.ended().well();
    all_are_kept(&redis);
    let again = web.requests() as u64 - PAGES - 2;
    println!(
        "one of two killed: {PAGES} pages, lost 0, duplicates 0; {} by the second, {again} fetched \
         again",
        second.count("pages")
    );
    assert_eq!(second.count("URLs still to do"), 0);
    let late = folder.run(&["--frontier", &crawl]).well();
    assert!(
        late.stdout.contains("this crawl is finished: 400 URLs"),
        "{late:?}"
    );
}

#[test]
fn a_worker_that_was_only_slow_keeps_nothing_twice() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    let command = ["--frontier", &crawl, "--lease=0.5", &url];
    let slow = folder.start(&command);
    web.wait_for(PAGES as usize / 4);
    slow.signal("STOP");
    let other = folder.run(&command).well();
    slow.signal("CONT");
    let slow = slow.ended().well();
    all_are_kept(&redis);
    // What both have fetched counts for one of them.
    assert_eq!(slow.count("pages") + other.count("pages"), PAGES);
}

#[test]
fn two_workers_share_a_file_for_the_articles() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    let sink = [
        "--lease=0.5",
        "--sink",
        "shared.db",
        "--frontier",
        &crawl,
        &url,
    ];
    let mut first = folder.start(&sink);
    web.wait_for(20);
    let second = folder.start(&sink);
    web.wait_for(PAGES as usize / 2);
    assert!(first.kill());
    second.ended().well();
    let all = Kept {
        rows: PAGES,
        articles: PAGES,
    };
    assert_eq!(kept_in(&folder.database()), all);
}

#[test]
fn a_host_that_a_later_worker_adds_is_crawled_by_all() {
    let Some(redis) = redis() else { return };
    let late = Web::of_pages(20, DELAY, 0);
    let other = late.clone();
    let early = Web::serve(move |path| match path {
        "/" => Answer::html("<title>first</title><a href=/last>"),
        "/last" => {
            other.wait_for(1);
            Answer::html("<title>last</title>")
        }
        _ => Answer::missing(),
    });
    let (folder, crawl) = (Folder::new(), address(&redis));
    let command = ["--frontier", &crawl, "--lease=0.5"];
    let start = |url: &str| folder.start(&[&command[..], &[url]].concat());
    let worker = start(&early.url("/"));
    early.wait_for(3);
    let mut killed = start(&late.url("/0"));
    late.wait_for(1);
    assert!(killed.kill());
    worker.ended().well();
    let kept: u64 = connect(&redis).hlen("crawl:test:articles").unwrap();
    assert_eq!(kept, 2 + 20);
}

#[test]
fn a_worker_that_is_interrupted_gives_its_pages_back_at_once() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    for (part, signal, status) in [(1, "INT", 130), (2, "TERM", 143)] {
        let worker = folder.start(&["--frontier", &crawl, "--lease=3600", &url]);
        web.wait_for(PAGES as usize / 4 * part);
        worker.signal(signal);
        assert_eq!(worker.ended().status, Some(status));
    }
    folder.run(&["--frontier", &crawl, "--lease=3600"]).well();
    all_are_kept(&redis);
}

#[test]
fn a_crawl_ends_with_one_line_when_redis_goes_away() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    let worker = folder.start(&["--frontier", &crawl, &url]);
    web.wait_for(PAGES as usize / 4);
    drop(redis);
    worker
        .ended()
        .refused(&[&format!("crawl: {crawl}: the connection is lost")]);
}

#[test]
fn a_full_redis_ends_the_crawl_with_one_line_and_loses_no_page() {
    let Some(redis) = redis() else { return };
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, crawl, url) = (Folder::new(), address(&redis), web.url("/0"));
    let limit = |bytes: u64| {
        let mut set = cmd("CONFIG");
        set.arg("SET").arg("maxmemory").arg(bytes);
        set.exec(&mut connect(&redis)).unwrap();
    };
    let command = ["--frontier", &crawl, "--lease=0.5", &url];
    let worker = folder.start(&command);
    web.wait_for(PAGES as usize / 4);
    limit(1);
    let ended = worker.ended();
    ended.refused(&[&format!("crawl: {crawl}: "), "OOM", "'maxmemory'"]);
    assert!(ended.stderr.ends_with("'maxmemory'.\n"), "{ended:?}");
    limit(0);
    folder.run(&command).well();
    all_are_kept(&redis);
}

#[test]
fn a_crawl_that_nobody_has_begun_cannot_be_joined() {
    let Some(redis) = redis() else { return };
    let crawl = address(&redis);
    let ended = Folder::new().run(&["--frontier", &crawl]);
    ended.refused(&[
        &crawl,
        "there is no such crawl yet; name a URL to begin one",
    ]);
    let keys: Vec<String> = connect(&redis).keys("*").unwrap();
    assert_eq!(keys, Vec::<String>::new());
}

#[test]
fn a_wrong_password_of_redis_is_one_line() {
    let Some(redis) = redis() else { return };
    let port = redis.port("PORT");
    let crawl = format!("redis://:secret@127.0.0.1:{port}/");
    let ended = Folder::new().run(&["--frontier", &crawl, "http://127.0.0.1:1/"]);
    ended.refused(&[
        &format!("127.0.0.1:{port}"),
        "Password authentication failed",
    ]);
    assert!(!ended.stderr.contains("secret"), "{ended:?}");
}
