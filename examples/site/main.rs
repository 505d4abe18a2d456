//! The site that the crawlers of the gallery visit, as a program of its own.
//!
//! ```text
//! cargo run --example site                    on 127.0.0.1:5000
//! cargo run --example site -- 127.0.0.1:8000
//! ```
//!
//! What to look at: `curl` three of its slow pages (`/xx`, `/yy`, `/oo`) at the same time: two
//! seconds for all. The crawlers take its URL instead of starting a site themselves. With
//! `--list` it says what there is:
//!
//! ```text
//! /xx /yy /oo               three pages that take 2 s each
//! /headers /echo            what the client has sent, as JSON
//! /category_3               videos: /video_N leads to /media/N.mp4
//! /picture/lists/p/1        16 pages of pictures, small and large
//! /board/7                  films: 7, 6, 1, 2 and 4
//! /jobbole/                 lists and articles that link to each other, twice and in a circle
//! /imgs/1.jpg               three pictures that take 0.6 s each
//! /photo/list/              pictures that are loaded later
//! /play/14999-1-0.html      a film in parts: /hls/index.m3u8
//! /stats                    what was asked so far
//! ```

#[path = "../common/mod.rs"]
mod common;
#[path = "mod.rs"]
mod site;

use std::io;
use std::process::ExitCode;

use site::Site;

/// What there is, in the order of the paths in `pages`.
const CONTENTS: [(&str, &str); 10] = [
    ("/xx /yy /oo", "three pages that take 2 s each"),
    ("/headers /echo", "what the client has sent, as JSON"),
    ("/category_3", "videos: /video_N leads to /media/N.mp4"),
    (
        "/picture/lists/p/1",
        "16 pages of pictures, small and large",
    ),
    ("/board/7", "films: 7, 6, 1, 2 and 4"),
    (
        "/jobbole/",
        "lists and articles that link to each other, twice and in a circle",
    ),
    ("/imgs/1.jpg", "three pictures that take 0.6 s each"),
    ("/photo/list/", "pictures that are loaded later"),
    ("/play/14999-1-0.html", "a film in parts: /hls/index.m3u8"),
    ("/stats", "what was asked so far"),
];

fn main() -> ExitCode {
    common::run_with_argument("[ADDRESS:PORT | --list]", async |argument| {
        let address = argument.unwrap_or("127.0.0.1:5000".to_string());
        if address == "--list" {
            for (path, what) in CONTENTS {
                println!("{path:<25} {what}");
            }
            return Ok(());
        }
        let site = Site::start(&address, 1.0).await?;
        println!("serving on {}", site.url());
        site.serve_forever().await.map_err(io::Error::other)
    })
}
