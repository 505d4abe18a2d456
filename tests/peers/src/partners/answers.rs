//! The answers of the canned server, as they go over the wire.
//!
//! | path | the answer |
//! |---|---|
//! | `/1k`, `/100k` | so many bytes |
//! | `/apart` | 1 KiB |
//! | `/close` | 1 KiB, and the end of the connection |
//! | `/slow/MS` | 1 KiB after so many milliseconds |
//! | `/crawl/N` | a page of the site |

use std::time::Duration;

use super::site;

/// One of the answers.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Answer {
    Small,
    Large,
    /// The connection is closed behind it.
    Last,
    /// A page of the site, by its number.
    Page(usize),
}

/// What a head asks for.
pub(super) enum Asked {
    Now(Answer),
    After(Duration),
}

/// The bytes of all answers.
pub(super) struct Answers {
    small: Vec<u8>,
    large: Vec<u8>,
    last: Vec<u8>,
    site: Vec<Vec<u8>>,
}

impl Answers {
    pub(super) fn make() -> Self {
        let bytes = |size, more| answer("application/octet-stream", &vec![b'x'; size], more);
        let page = |number| answer("text/html", &site::page(number), "");
        Self {
            small: bytes(1024, ""),
            large: bytes(100 * 1024, ""),
            last: bytes(1024, "Connection: close\r\n"),
            site: (0..site::PAGES).map(page).collect(),
        }
    }

    pub(super) fn bytes(&self, answer: Answer) -> &[u8] {
        match answer {
            Answer::Small => &self.small,
            Answer::Large => &self.large,
            Answer::Last => &self.last,
            Answer::Page(number) => &self.site[number],
        }
    }
}

/// An answer with a body, and the headers that servers send.
fn answer(kind: &str, body: &[u8], more: &str) -> Vec<u8> {
    let mut bytes = format!(
        "HTTP/1.1 200 OK\r\nServer: canned\r\nDate: Fri, 01 Jan 2027 00:00:00 GMT\r\n\
         Content-Type: {kind}\r\nContent-Length: {}\r\n\
         Last-Modified: Thu, 31 Dec 2026 00:00:00 GMT\r\nETag: \"6955b900-400\"\r\n\
         Accept-Ranges: bytes\r\n{more}\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// What a complete head asks for; `None` if there is no such path.
pub(super) fn asked(head: &[u8]) -> Option<Asked> {
    let path = head.split(|byte| *byte == b' ').nth(1)?;
    let path = std::str::from_utf8(path).ok()?;
    if let Some(time) = path.strip_prefix("/slow/") {
        return Some(Asked::After(Duration::from_millis(time.parse().ok()?)));
    }
    Some(Asked::Now(match path {
        "/1k" | "/apart" => Answer::Small,
        "/100k" => Answer::Large,
        "/close" => Answer::Last,
        _ => {
            let number = path.strip_prefix("/crawl/")?.parse().ok()?;
            (number < site::PAGES).then_some(Answer::Page(number))?
        }
    }))
}
