//! What pages do to a crawl, and what a person does to it.

use std::ffi::OsStr;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use crate::program::{Ended, Folder, Kept, kept_in};
use crate::web::{Answer, Web};

/// Serves these pages, by path.
fn serve(pages: Vec<(&'static str, String)>) -> Web {
    Web::serve(move |path| {
        let page = pages.iter().find(|(name, _)| *name == path);
        page.map_or_else(Answer::missing, |(_, page)| Answer::html(page))
    })
}

#[test]
fn a_page_that_is_made_to_hurt_is_counted_and_the_crawl_goes_on() {
    let deep = "<div>".repeat(300_000);
    let start = "<a href=/deep>1</a> <a href=/next>2</a> <a href='mailto:x@y'>3</a>".to_string();
    let next = "<title>next</title><a href=/#top>up</a>".to_string();
    let web = serve(vec![("/", start), ("/deep", deep), ("/next", next)]);
    let ended = Folder::new().run(&[&web.url("/")]).well();
    assert_eq!(ended.count("pages"), 2);
    assert_eq!(ended.count("page nested too deeply"), 1);
}

#[test]
fn what_is_no_html_is_counted_and_not_kept() {
    let web = Web::serve(|path| match path {
        "/" => Answer::html("<a href=/x.pdf>1</a> <a href=/old>2</a>"),
        "/x.pdf" => Answer::new("200 OK\r\nContent-Type: application/pdf", "%PDF"),
        "/old" => Answer::new("301 Moved\r\nLocation: /#top", ""),
        _ => Answer::missing(),
    });
    let folder = Folder::new();
    let ended = folder.run(&[&web.url("/")]).well();
    let counts = ["pages", "other documents", "redirects"].map(|row| ended.count(row));
    assert_eq!(counts, [1, 1, 1]);
    let one = Kept {
        rows: 1,
        articles: 1,
    };
    assert_eq!(kept_in(&folder.database()), one);
    // A page is fetched once, whichever way leads to it.
    assert_eq!(web.visits("/").len(), 1);
}

#[test]
fn articles_can_go_to_a_file_of_their_own() {
    let web = Web::of_pages(30, Duration::ZERO, 0);
    let folder = Folder::new();
    let ended = folder
        .run(&["--db", ":memory:", "--sink", "articles.db", &web.url("/0")])
        .well();
    assert_eq!(ended.count("pages"), 30);
    let all = Kept {
        rows: 30,
        articles: 30,
    };
    assert_eq!(kept_in(&folder.database()), all);
}

#[test]
fn a_title_cannot_steer_the_terminal() {
    let title = "<title>one \u{1b}[31mred\u{7}\u{9b}2J</title>";
    let web = serve(vec![("/", title.to_string())]);
    let ended = Folder::new().run(&["--list", &web.url("/")]).well();
    let listed = ended.stdout.lines().next().unwrap();
    assert_eq!(
        listed,
        format!("{}  one \u{fffd}[31mred\u{fffd}\u{fffd}2J", web.url("/"))
    );
}

#[test]
fn a_file_may_have_a_name_that_is_no_text() {
    let web = serve(vec![("/", "<title>alone</title>".to_string())]);
    let (folder, name) = (Folder::new(), OsStr::from_bytes(b"\xff.db"));
    let mut crawl = folder.crawl(&[&web.url("/")]);
    let ended = Ended::of(crawl.arg("--db").arg(name).output().unwrap()).well();
    assert_eq!(ended.count("pages"), 1);
    assert!(folder.path().join(name).exists(), "{ended:?}");
}

#[test]
fn an_absurd_number_of_workers_is_no_error() {
    let web = serve(vec![("/", "<title>alone</title>".to_string())]);
    let ended = Folder::new()
        .run(&["-c", "99999999999", &web.url("/")])
        .well();
    assert_eq!(ended.count("pages"), 1);
}

#[test]
fn no_more_pages_are_looked_at_than_were_asked_for() {
    let web = Web::of_pages(1000, Duration::ZERO, 0);
    let ended = Folder::new().run(&["-n", "25", &web.url("/0")]).well();
    assert_eq!((ended.count("pages"), ended.count("URLs known")), (25, 25));
    assert!(
        ended.stdout.contains("as many as --max-pages allows"),
        "{ended:?}"
    );
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    let web = serve(vec![("/", "<title>secret site</title>".to_string())]);
    let url = web.url("/").replace("http://", "http://user:hunter2@");
    let ended = Folder::new().run(&["--list", &url]).well();
    assert!(!ended.stdout.contains("hunter2"), "{ended:?}");
    assert_eq!(ended.count("pages"), 1);
}

#[test]
fn a_list_that_nobody_reads_to_its_end_does_not_stop_the_crawl() {
    let mut child = Folder::new().crawl(&["--list"]).spawn().unwrap();
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
    let folder = Folder::new();
    let crawl = folder.start(&[&format!("http://{address}/")]);
    // It listens to signals before it connects.
    let _connection = silent.accept().expect("the crawl connects");
    crawl.signal("INT");
    let ended = crawl.ended();
    assert_eq!(ended.status, Some(130), "{ended:?}");
    assert_eq!(
        (ended.count("pages"), ended.count("URLs still to do")),
        (0, 1)
    );
}
