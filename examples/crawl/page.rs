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
    pub(crate) title: String,
    /// Where its links lead: http URLs without fragment, each once.
    pub(crate) links: BTreeSet<Url>,
}

impl Page {
    /// Reads the HTML that came from `url`.
    pub(crate) fn read(url: &Url, html: &str) -> Page {
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
    let mut url = base.join(href).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}
