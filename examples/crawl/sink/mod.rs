//! The sink: where articles are kept. Who wants them elsewhere writes one of these.
//!
//! # Rules
//!
//! 1. The calls block, and are made by one thread that does nothing else; so a sink is written
//!    with any database library as it comes.
//! 2. An article is known by its URL. To store one that is there already changes nothing: a
//!    crawler that dies between the sink and the frontier fetches the page once more.
//! 3. When a call returns `Ok`, all of its articles are stored; when it returns an error, the
//!    crawl ends, and none of them may be half there. They come in batches, so that a sink can
//!    make a transaction of them.
//!
//! Without a sink, a frontier keeps the articles itself; see there.

mod sqlite;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(not(feature = "mysql"))]
mod no_mysql;

#[cfg(not(feature = "mysql"))]
use self::no_mysql as mysql;

use url::Url;

use crate::trouble::Trouble;

pub(crate) use self::mysql::MySqlSink;
pub(crate) use self::sqlite::{Sharing, SqliteFile, SqliteSink, insert_articles};

/// A page as it is kept.
pub(crate) struct Article {
    /// Where it was found.
    pub(crate) url: Url,
    /// What it calls itself.
    pub(crate) title: String,
    /// All of it, as text.
    pub(crate) html: String,
}

/// A place for articles.
pub(crate) trait Sink: Send {
    /// Stores articles, at least one, each once (rules 2 and 3).
    fn store(&mut self, articles: &[Article]) -> Result<(), Trouble>;

    /// Bytes that title and text of an article may have together. A larger page is an error of
    /// that page, and is not given to the sink.
    fn largest(&self) -> usize {
        usize::MAX
    }
}

/// A URL that may be shown.
pub(crate) fn without_password(url: &Url) -> String {
    let mut url = url.clone();
    // One that cannot have a password has none.
    let _ = url.set_password(None);
    url.to_string()
}
