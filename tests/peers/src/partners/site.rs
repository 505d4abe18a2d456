//! The site of the crawl: 5000 pages of HTML, of 2 to 4 KiB, that link to each other.
//!
//! Page `n` links to the pages `4n + 1` to `4n + 4`, so that the first page leads to all others
//! in six steps, and to three more, which a crawler mostly knows.

use std::fmt::Write;

/// Pages, of which the first is `/crawl/0`.
pub(crate) const PAGES: usize = 5000;
/// How a page ends.
pub(crate) const END: &[u8] = b"</body></html>\n";

/// Pages that only one page leads to, apart from the three.
const CHILDREN: usize = 4;
/// What is between the links.
const WORDS: &str = "Whoever follows every link comes to every page, and to most of them twice. ";

/// The body of a page.
pub(super) fn page(number: usize) -> Vec<u8> {
    let mut text = format!(
        "<!doctype html>\n<html><head><title>Page {number}</title></head><body>\n\
         <h1>Page {number}</h1>\n"
    );
    for link in links(number) {
        let _ = writeln!(
            text,
            "<p>{WORDS}<a href=\"/crawl/{link}\">Page {link}</a></p>"
        );
    }
    let size = 2048 + number * 7919 % 2049;
    let missing = size - text.len() - END.len();
    text.extend(WORDS.chars().cycle().take(missing));
    let mut body = text.into_bytes();
    body.extend_from_slice(END);
    body
}

fn links(number: usize) -> impl Iterator<Item = usize> {
    let first = number * CHILDREN + 1;
    let children = (first..first + CHILDREN).filter(|child| *child < PAGES);
    let anywhere = (1..=3).map(move |turn| (number + 1) * turn * 1579 % PAGES);
    children.chain(anywhere)
}
