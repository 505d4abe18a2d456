//! What hosts ask of crawlers, and what they answer instead.

use std::time::Duration;

use crate::program::Folder;
use crate::web::{Answer, Web};

/// A site of three pages, whose `robots.txt` is this.
fn site(robots: fn() -> Answer) -> Web {
    Web::serve(move |path| match path {
        "/robots.txt" => robots(),
        "/" => Answer::html("<a href=/open>1</a><a href=/private/1>2</a>"),
        _ => Answer::html(format!("<title>{path}</title>")),
    })
}

fn listed() -> Answer {
    let text = "User-agent: other\nDisallow: /\n\nUser-agent: looplet-crawl\nDisallow: /private/\n";
    Answer::new("200 OK", text)
}

#[test]
fn pages_that_robots_txt_bars_are_not_asked_for() {
    let web = site(listed);
    let ended = Folder::new().run(&[&web.url("/")]).well();
    assert_eq!(
        (ended.count("pages"), ended.count("kept out by robots.txt")),
        (2, 1)
    );
    assert_eq!(web.visits("/private/1").len(), 0);
    assert_eq!(web.visits("/robots.txt").len(), 1);
}

#[test]
fn who_does_not_want_to_ask_does_not() {
    let web = site(listed);
    let ended = Folder::new().run(&["--no-robots", &web.url("/")]).well();
    assert_eq!(ended.count("pages"), 3);
    assert_eq!(web.visits("/robots.txt").len(), 0);
}

#[test]
fn a_host_that_has_no_robots_txt_allows_everything() {
    let web = site(|| Answer::new("403 Forbidden", ""));
    assert_eq!(Folder::new().run(&[&web.url("/")]).well().count("pages"), 3);
}

#[test]
fn a_host_that_cannot_say_allows_nothing_until_it_can() {
    let broken = Web::serve(|_| Answer::new("503 Service Unavailable", ""));
    let (folder, url) = (Folder::new(), broken.url("/"));
    let ended = folder.run(&["--retries=0", &url]);
    ended.refused(&["robots.txt: ", "503"]);
    assert_eq!(broken.visits("/").len(), 0);
    folder.run(&["--retries=0", &url]).refused(&["503"]);
    assert_eq!(broken.visits("/robots.txt").len(), 2);
}

#[test]
fn the_delay_that_a_host_asks_for_is_kept() {
    let web = site(|| Answer::new("200 OK", "User-agent: *\nCrawl-delay: 0.2\n"));
    assert_eq!(Folder::new().run(&[&web.url("/")]).well().count("pages"), 3);
    let mut visits = web.visits("/open");
    visits.extend(web.visits("/private/1"));
    visits.sort();
    // Sleeps are never short; what is measured begins when a request arrives.
    let apart = visits[1].duration_since(visits[0]);
    assert!(apart > Duration::from_millis(150), "{apart:?}");
}

#[test]
fn what_may_pass_is_tried_again_and_counted() {
    let tries = std::sync::atomic::AtomicUsize::new(0);
    let web = Web::serve(move |path| match path {
        "/" if tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 => {
            Answer::new("503 Service Unavailable\r\nRetry-After: 0", "")
        }
        "/" => Answer::html("here"),
        _ => Answer::missing(),
    });
    let ended = Folder::new().run(&[&web.url("/")]).well();
    assert_eq!((ended.count("pages"), ended.count("retries")), (1, 1));
}
