//! What is at which path.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::media;
use super::request::Request;

/// An answer, and how long it takes.
pub(crate) struct Page {
    /// The code and what it means.
    pub(crate) status: &'static str,
    /// The value of `Content-Type`.
    pub(crate) kind: &'static str,
    /// What there is to read.
    pub(crate) body: Vec<u8>,
    /// How long the site thinks about it.
    pub(crate) delay: Duration,
}

impl Page {
    /// A page of HTML.
    fn html(body: String) -> Self {
        Self::new("text/html; charset=utf-8", body)
    }

    /// A value, in lines.
    pub(crate) fn json(value: Value) -> Self {
        Self::new("application/json", format!("{value:#}\n"))
    }

    pub(crate) fn new(kind: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let (status, body, delay) = ("200 OK", body.into(), Duration::ZERO);
        Self {
            status,
            kind,
            body,
            delay,
        }
    }

    /// The same, later.
    pub(crate) fn after(self, milliseconds: u64) -> Self {
        let delay = Duration::from_millis(milliseconds);
        Self { delay, ..self }
    }

    fn missing() -> Self {
        let page = Self::html("<title>not here</title>".to_string());
        Self {
            status: "404 Not Found",
            ..page
        }
    }
}

/// The page at a path.
pub(crate) fn answer(request: &Request) -> Page {
    let path = request.path.trim_start_matches('/');
    let number = number_in(path);
    match (path.split('/').next().unwrap_or_default(), number) {
        ("xx" | "yy" | "oo", _) => Page::html(POEMS.to_string()).after(2000),
        ("headers", _) => Page::json(json!({"headers": headers(request)})),
        ("echo", _) => Page::json(json!({
            "args": request.query, "body": request.body, "headers": headers(request)
        })),
        ("category_3", _) => Page::html(category()),
        (_, Some(1..=6)) if path.starts_with("video_") => video(request, number.unwrap_or(1)),
        ("picture", Some(1..=16)) => pictures(number.unwrap_or(1)).after(200),
        ("board", Some(1 | 2 | 4 | 6 | 7)) => Page::html(board(number.unwrap_or(1))).after(500),
        ("jobbole", _) => articles(&request.site(), path),
        ("photo", _) if path.ends_with('/') => Page::html(photos(&request.site())),
        ("play", Some(_)) => Page::html(film(&request.site())),
        _ => media::answer(request, path, number).unwrap_or_else(Page::missing),
    }
}

/// The number that the last part of a path ends with, before its suffix.
fn number_in(path: &str) -> Option<usize> {
    let name = path.rsplit('/').next()?;
    let stem = name.split('.').next()?;
    let start = stem
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + 1);
    stem[start..].parse().ok()
}

fn headers(request: &Request) -> Map<String, Value> {
    let headers = request.headers.iter();
    headers
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect()
}

/// The page of the notes whose last poem is wanted.
const POEMS: &str = r#"<html lang="en"><head><meta charset="UTF-8"/><title>test</title></head><body>
<div><p>Baili Convention</p></div>
<div class="song"><p>Li Qingzhao</p><p>Wang Anshi</p><p>Su Shi</p><p>Liu Zongyuan</p></div>
<div class="tang"><ul>
<li><a href="http://www.sina.com" class="du">Du Fu</a></li>
<li><b>Du Xiaoyue</b></li>
<li><a href="http://www.haha.com" id="feng">Phoenix on the stage, Phoenix flows to the river</a></li>
</ul></div></body></html>
"#;

/// The list of the videos.
fn category() -> String {
    let names = ["Dawn", "Harbor", "Market", "Bridge", "Orchard", "Lantern"];
    let items = (1..).zip(names).map(|(number, name)| {
        format!(
            "<li><div><a href=\"video_{number}\"><div>0:0{number}</div><div>{name}</div></a></div></li>\n"
        )
    });
    let items: String = items.collect();
    format!("<ul id=\"listvideoListUl\">\n{items}</ul>\n")
}

/// The page of a video. Its address is in a script.
fn video(request: &Request, number: usize) -> Page {
    let site = request.site();
    let script = format!(
        "<script>var contId=\"{number}\",srcUrl=\"{site}/media/{number}.mp4\",vdoUrl=srcUrl;</script>\n"
    );
    Page::html(script).after(100)
}

/// A page of the list of pictures, with two small ones.
fn pictures(number: usize) -> Page {
    let images = [2 * number - 1, 2 * number].map(|image| {
        format!("<img class=\"workimage\" data-original=\"img/set/thumb_{image}.jpg\">\n")
    });
    Page::html(images.concat())
}

/// Three films of a board.
fn board(number: usize) -> String {
    let films = (1..=3).map(|index| {
        format!(
            "<dd>\n<i class=\"board-index board-index-{index}\">{index}</i>\n\
             <a href=\"/films/{number}{index}\" title=\"Film {number}.{index}\"></a>\n\
             <p class=\"star\">\n  主演:Actor {number}.{index}\n</p>\n\
             <p class=\"releasetime\">上映时间:2017-0{number}-1{index}</p>\n</dd>\n"
        )
    });
    films.collect()
}

/// Lists `/jobbole/` and `/jobbole/list/N`, articles `/jobbole/N.html`: each article is linked
/// from two lists and from its neighbors, and the lists from each other.
fn articles(site: &str, path: &str) -> Page {
    const ARTICLES: usize = 20;
    let link = |to: String| format!("<a href=\"{site}/jobbole/{to}\">{to}</a>\n");
    let number = number_in(path);
    if path.ends_with(".html") {
        let Some(number @ 1..=ARTICLES) = number else {
            return Page::missing();
        };
        let next = link(format!("{}.html", number % ARTICLES + 1));
        let links = next.repeat(2) + &link("list/1".to_string()) + "<a href=\"#top\">up</a>";
        return Page::html(format!("<title>Article {number}</title>\n{links}")).after(50);
    }
    let list = number.unwrap_or(0) % 4;
    let articles = (1..=ARTICLES).filter(|article| article % 4 == list || article % 5 == list);
    let links: String = articles
        .map(|article| link(format!("{article}.html")))
        .collect();
    let more = link(format!("list/{}", (list + 1) % 4)) + &link("".to_string());
    Page::html(format!("<title>List {list}</title>\n{links}{more}")).after(50)
}

/// Pictures that a script would load; the one without an address is an advertisement.
fn photos(site: &str) -> String {
    let images = (1..=4).map(|number| {
        format!("<a href=\"#\"><img src=\"/loading.gif\" data-backup=\"{site}/photo/{number}.jpg\"></a>\n")
    });
    let images: String = images.collect();
    format!(
        "<li class=\"list-group-item\"><div><div>\n{images}\
         <a href=\"#\"><img src=\"/advertisement.gif\"></a>\n</div></div></li>\n"
    )
}

/// The page of a film in parts.
fn film(site: &str) -> String {
    format!(
        "<script>var now=\"{site}/hls/index.m3u8\";</script>\n\
         <table><td class=\"col2 hidden-xs\">apple</td></table>\n"
    )
}
