//! Crawlers: every one of the notes, with threads and with tasks, on a site of its own.
//!
//! What to look at: the programs that fetch with threads are a few lines longer than those with
//! tasks, and as fast; both end after the slowest page, not after all. Takes a row, a URL of the
//! example `site`, `--virtual` and `--fast`. Writes into the current folder: a file is whole or
//! not there. Without arguments, it lists its rows:
//!
//! ```text
//! 2            three slow pages asked for at the same time
//! 3            three slow pages, one after the other
//! 4            the same on three threads
//! 5            videos, on four threads
//! 6-7          films, on four threads, with callbacks
//! 16           three pictures, one after the other and together
//! 27           pages and how many bytes they have
//! 80           get and post: headers, query, form, proxy; text and bytes
//! 81           three slow pages as tasks, read in a callback
//! 82           videos, as tasks
//! 83           pictures of 16 pages, five pages at a time
//! 84-85        articles that link to each other, each stored once, with a pool of writers
//! 86-87        three pictures into three files
//! 88           what a client says of itself
//! 89           pictures that a page would load later
//! 90           a video in parts, one after the other
//! 91           a video in parts, four at a time
//! 92           a program that works while the loop goes on
//! ```

#[path = "../common/rows.rs"]
mod rows;
#[path = "../site/mod.rs"]
mod site;

mod films;
mod jobbole;
mod pages;
mod pictures;
mod playlist;
mod requests;
mod videos;
mod visit;

use std::process::ExitCode;

use rows::Row;

const ROWS: [Row; 18] = [
    Row(
        "2",
        "three slow pages asked for at the same time",
        pages::at_the_same_time,
    ),
    Row(
        "3",
        "three slow pages, one after the other",
        pages::one_by_one,
    ),
    Row("4", "the same on three threads", pages::on_threads),
    Row("5", "videos, on four threads", videos::on_threads),
    Row(
        "6-7",
        "films, on four threads, with callbacks",
        films::boards,
    ),
    Row(
        "16",
        "three pictures, one after the other and together",
        pictures::sync_and_async,
    ),
    Row("27", "pages and how many bytes they have", pages::sizes),
    Row(
        "80",
        "get and post: headers, query, form, proxy; text and bytes",
        requests::basics,
    ),
    Row(
        "81",
        "three slow pages as tasks, read in a callback",
        pages::as_tasks,
    ),
    Row("82", "videos, as tasks", videos::as_tasks),
    Row(
        "83",
        "pictures of 16 pages, five pages at a time",
        pictures::gallery,
    ),
    Row(
        "84-85",
        "articles that link to each other, each stored once, with a pool of writers",
        jobbole::crawl,
    ),
    Row("86-87", "three pictures into three files", pictures::three),
    Row("88", "what a client says of itself", requests::headers),
    Row(
        "89",
        "pictures that a page would load later",
        pictures::later,
    ),
    Row(
        "90",
        "a video in parts, one after the other",
        playlist::serial,
    ),
    Row(
        "91",
        "a video in parts, four at a time",
        playlist::concurrent,
    ),
    Row(
        "92",
        "a program that works while the loop goes on",
        playlist::command,
    ),
];

fn main() -> ExitCode {
    rows::main(&ROWS)
}
