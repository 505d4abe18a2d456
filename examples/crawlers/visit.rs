//! What the crawlers share: a site to visit, a way to read pages, and files that are whole.

use std::fs;
use std::io;
use std::path::Path;

use looplet_http::{Error, RequestBuilder};
use regex::Regex;
use scraper::{Html, Selector};

use crate::rows;
use crate::site::Site;

/// The site, for as long as this lives.
pub(crate) struct Visited {
    /// Its URL, without a slash at the end.
    pub(crate) url: String,
    /// It is served by this program, unless the command line names another.
    _site: Option<Site>,
}

/// The site for a program of tasks: it lives on the same loop.
pub(crate) async fn site() -> io::Result<Visited> {
    if let Some(url) = rows::argument() {
        let url = url.trim_end_matches('/').to_string();
        return Ok(Visited { url, _site: None });
    }
    let site = Site::start("127.0.0.1:0", rows::speed()).await?;
    Ok(Visited {
        url: site.url(),
        _site: Some(site),
    })
}

/// The site for a program that blocks: it lives on a thread. Returns its URL.
pub(crate) fn site_beside() -> io::Result<String> {
    match rows::argument() {
        Some(url) => Ok(url.trim_end_matches('/').to_string()),
        None => Site::on_a_thread(rows::speed()),
    }
}

/// A pattern that is part of the program. `(?s)` in it lets `.` match the end of a line.
pub(crate) fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant")
}

/// What the pattern finds first: its first group.
pub(crate) fn find(pattern_text: &str, text: &str) -> Result<String, String> {
    let found = pattern(pattern_text).captures(text);
    let group = found.and_then(|groups| Some(groups.get(1)?.as_str().to_string()));
    group.ok_or_else(|| format!("the page has nothing like {pattern_text}"))
}

/// A selector that is part of the program.
pub(crate) fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("the selector is a constant")
}

/// The texts of the elements that the selector finds.
pub(crate) fn texts(html: &str, css: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let selector = selector(css);
    let found = document.select(&selector);
    found.map(|element| element.text().collect()).collect()
}

/// The values of an attribute of the elements that the selector finds.
pub(crate) fn attributes(html: &str, css: &str, name: &str) -> Vec<String> {
    let document = Html::parse_document(html);
    let selector = selector(css);
    let found = document.select(&selector);
    found
        .filter_map(|element| Some(element.attr(name)?.to_string()))
        .collect()
}

/// The last part of a URL.
pub(crate) fn base_name(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// Writes a file under another name first, so that it is whole or not there.
pub(crate) fn write_whole(path: impl AsRef<Path>, content: &[u8]) -> io::Result<()> {
    let path = path.as_ref();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = path.with_extension("part");
    let written = fs::write(&part, content).and_then(|()| fs::rename(&part, path));
    written.map_err(|error| {
        // It may not have come into being.
        let _ = fs::remove_file(&part);
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    })
}

/// Saves what a request gives as a file that is whole or not there. (`download` alone leaves what
/// has come, to go on with it another time; these programs begin anew.)
pub(crate) async fn save_whole(
    request: RequestBuilder,
    path: impl Into<String>,
) -> Result<u64, Error> {
    let path = path.into();
    let saved = request.download(&path).await;
    if saved.is_err() {
        for end in [".part", ".part.of"] {
            // It may not have come into being.
            let _ = looplet::fs::remove_file(format!("{path}{end}")).await;
        }
    }
    Ok(saved?.length)
}
