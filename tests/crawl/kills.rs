//! A crawl that is killed at any moment, and begins again with the same command.

use std::thread;
use std::time::Duration;

use crate::program::{Folder, Kept, kept_in, moment};
use crate::web::Web;

const PAGES: u64 = 1000;
const KILLS: usize = 20;
/// With two requests at a time, and more than 20 times the longest life.
const DELAY: Duration = Duration::from_millis(8);
const LIFE: Duration = Duration::from_millis(200);

#[test]
fn a_crawl_that_is_killed_at_any_moment_loses_no_page_and_keeps_none_twice() {
    let web = Web::of_pages(PAGES as usize, DELAY, 100);
    let (folder, url) = (Folder::new(), web.url("/0"));
    let command = ["-H", "2", url.as_str()];
    for round in 0..KILLS {
        let mut crawl = folder.start(&command);
        if round % 2 == 1 {
            // The others may die before they have done anything.
            web.wait_for(web.requests() + 3);
        }
        thread::sleep(moment(LIFE));
        assert!(crawl.kill(), "it has ended before it could be killed");
    }
    let before = web.requests() as u64;
    let last = folder.run(&command).well();
    let kept = kept_in(&folder.database());
    let (lost, twice) = (PAGES - kept.articles, kept.rows - kept.articles);
    let again = web.requests() as u64 - PAGES;
    println!(
        "{KILLS} kills: {} pages, lost {lost}, duplicates {twice}; {again} requests more than \
         pages, {} pages by the last run",
        kept.rows,
        last.count("pages")
    );
    assert_eq!((lost, twice), (0, 0));
    assert_eq!(last.count("URLs still to do"), 0);
    // What was kept before the last kill was not fetched again.
    assert!(last.count("pages") < PAGES && before > 0, "{last:?}");
}

#[test]
fn a_crawl_that_is_finished_says_so_and_asks_for_nothing() {
    let web = Web::of_pages(20, Duration::ZERO, 0);
    let (folder, url) = (Folder::new(), web.url("/0"));
    assert_eq!(folder.run(&[&url]).well().count("pages"), 20);
    let requests = web.requests();
    let again = folder.run(&[&url]).well();
    assert_eq!(again.stdout.lines().count(), 1, "{again:?}");
    assert!(
        again.stdout.contains("this crawl is finished: 20 URLs"),
        "{again:?}"
    );
    assert_eq!(web.requests(), requests);
    let all = Kept {
        rows: 20,
        articles: 20,
    };
    assert_eq!(kept_in(&folder.database()), all);
}

#[test]
fn a_file_knows_where_its_crawl_began() {
    let web = Web::of_pages(300, DELAY, 0);
    let (folder, url) = (Folder::new(), web.url("/0"));
    let mut crawl = folder.start(&["--db", "x.db", &url]);
    web.wait_for(100);
    assert!(crawl.kill());
    let last = folder.run(&["--db", "x.db"]).well();
    assert!(last.count("pages") < 300, "{last:?}");
    let all = Kept {
        rows: 300,
        articles: 300,
    };
    assert_eq!(kept_in(&folder.database()), all);
}

#[test]
fn two_crawls_with_one_file_are_one_too_many() {
    let web = Web::of_pages(1000, Duration::from_millis(50), 0);
    let (folder, url) = (Folder::new(), web.url("/0"));
    let _first = folder.start(&[&url]);
    web.wait_for(2);
    let second = folder.run(&[&url]);
    second.refused(&["crawl-127.0.0.1-", ".db: another process is using it"]);
}
