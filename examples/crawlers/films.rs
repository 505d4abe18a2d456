//! Rows 6 and 7: the films of five boards.
//!
//! The notes call the fetching function in the main thread, five times five times, and give its
//! result as the callback. What they mean is this: four threads fetch, callbacks parse.

use std::fs::OpenOptions;
use std::io::Write;
use std::process;
use std::time::Duration;

use looplet::ThreadPool;
use looplet_http::{Error, blocking};

use crate::rows::Outcome;
use crate::visit::{pattern, site_beside};

const FILM: &str =
    r#"(?s)<dd>.*?board-index.*?>(\d+)<.*?title="(.*?)".*?star.*?>(.*?)<.*?releasetime.*?>(.*?)<"#;

pub(crate) fn boards() -> Outcome {
    let site = site_beside()?;
    let pool = ThreadPool::new(4);
    for board in [7, 6, 1, 2, 4] {
        let url = format!("{site}/board/{board}");
        let mut job = pool.submit(move || get_page(url))?;
        job.add_done_callback(|page| match page {
            Ok(Ok((url, text))) => parse_page(url, text),
            Ok(Err(error)) => println!("{error}"),
            Err(error) => println!("{error}"),
        });
    }
    pool.shutdown(Duration::from_secs(60));
    Ok(())
}

/// Anything but a success is an error, where the notes go on with nothing.
fn get_page(url: String) -> Result<(String, String), Error> {
    let text = blocking::get(&url)?.raise_for_status()?.text()?;
    Ok((url, text))
}

fn parse_page(url: &str, text: &str) {
    println!("<{}> parse [{url}]", process::id());
    let mut lines = String::new();
    for film in pattern(FILM).captures_iter(text) {
        let (index, title) = (&film[1], &film[2]);
        // Without the words for "starring" and "released on".
        let actor: String = film[3].trim().chars().skip(3).collect();
        let time: String = film[4].chars().skip(5).collect();
        println!(
            "{{'index': '{index}', 'title': '{title}', 'actor': '{actor}', 'time': '{time}'}}"
        );
        lines += &format!("index:{index} title:{title} actor:{actor} time:{time}\n");
    }
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open("movie_info.txt");
    // One write, so that the lines of different boards do not mix.
    if let Err(error) = file.and_then(|mut file| file.write_all(lines.as_bytes())) {
        println!("movie_info.txt: {error}");
    }
}
