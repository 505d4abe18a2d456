//! What a page says: its title and where its links lead.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use scraper::{Html, Selector};
use url::Url;

static TITLE: LazyLock<Selector> = LazyLock::new(|| selector("title"));
static BASE: LazyLock<Selector> = LazyLock::new(|| selector("base[href]"));
static LINKS: LazyLock<Selector> = LazyLock::new(|| selector("a[href], area[href]"));

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("the selector is a constant")
}

/// A page that was read.
pub(crate) struct Page {
    /// What it calls itself, on one line.
    pub(crate) title: String,
    /// Where its links lead, each once.
    pub(crate) links: BTreeSet<Url>,
}

/// Elements inside each other that a page may have. To build the tree of a page takes time that
/// grows with the square of its depth, and there are pages that are made to exploit that.
const DEPTH: usize = 20_000;

impl Page {
    /// Reads the HTML that came from `url`. `None`: it is nested too deeply.
    pub(crate) fn read(url: &Url, html: &str) -> Option<Page> {
        if deepest(html) > DEPTH {
            return None;
        }
        Some(Self::read_tree(url, html))
    }

    fn read_tree(url: &Url, html: &str) -> Page {
        let document = Html::parse_document(html);
        let title = document
            .select(&TITLE)
            .next()
            .map(|title| title.text().collect::<String>());
        let title = title
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let base = document
            .select(&BASE)
            .next()
            .and_then(|base| base.attr("href"));
        let base = base
            .and_then(|href| url.join(href).ok())
            .unwrap_or_else(|| url.clone());
        let links = document
            .select(&LINKS)
            .filter_map(|link| resolve(&base, link.attr("href")?));
        Page {
            title,
            links: links.collect(),
        }
    }
}

fn resolve(base: &Url, href: &str) -> Option<Url> {
    plain(base.join(href).ok()?)
}

/// A URL as the frontier knows it: of http or https, and without what is never sent or never
/// makes another page. `None` if it leads elsewhere.
pub(crate) fn plain(mut url: Url) -> Option<Url> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

/// How deep the tags could be nested at most. Tags that are never closed count too, so this is
/// too much for most pages, but far below what would hurt.
fn deepest(html: &str) -> usize {
    let mut depth: usize = 0;
    let mut deepest = 0;
    for pair in html.as_bytes().windows(2) {
        match pair {
            b"</" => depth = depth.saturating_sub(1),
            [b'<', letter] if letter.is_ascii_alphabetic() => depth += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}
