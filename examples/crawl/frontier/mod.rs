//! The frontier: which pages there are, and which of them are still to be fetched. Who wants to
//! keep that elsewhere writes one of these.
//!
//! ```text
//!             take                       finish
//!   waiting ───────────► leased ────────────────────────► ended
//!      ▲                   │                                │
//!      ├───────────────────┘ its process has died,          │
//!      │                     or gives it back               │
//!      └────────────────────────────────────────────────────┘ it was lost on the way, and
//!                                                   all pages have ended: at the next begin
//! ```
//!
//! # Rules
//!
//! 1. The calls block, and are made by one thread that does nothing else.
//! 2. A page is known by its URL, from the moment a link to it is seen; so it is fetched once,
//!    however many links lead to it.
//! 3. A leased page is nobody else's until the lease is over: when the process is gone, or, for
//!    a frontier that several share, when it has not renewed it for some time.
//! 4. To finish a page is one step: that it has ended, its links, and its article if that is
//!    still with it, are all there or not at all. A page ends once; to finish it again changes
//!    nothing and is told. So each article is there once, whoever was killed and when.
//!
//! Whose turn it is, and how many requests a host gets, is no business of a frontier: that is
//! `turns.rs`, in the memory of each process.

mod redis;
mod sqlite;

use std::borrow::Cow;
use std::time::Duration;

use url::Url;

use crate::fault::Fault;
use crate::sink::Article;
use crate::trouble::Trouble;

pub(crate) use self::redis::{RedisAddress, RedisFrontier};
pub(crate) use self::sqlite::SqliteFrontier;

/// What is wrong with a crawl without a beginning.
const NO_CRAWL: &str = "there is no such crawl yet; name a URL to begin one";

/// Reads URLs that were written by a frontier. One that is left out would never end.
fn read_urls<'a>(
    texts: impl IntoIterator<Item = &'a String>,
    place: &str,
) -> Result<Vec<Url>, Trouble> {
    let read = |text: &String| {
        let url = Url::parse(text);
        url.map_err(|error| Trouble::new(place, format!("{text:?} in it is no URL: {error}")))
    };
    texts.into_iter().map(read).collect()
}

/// How a page has ended.
pub(crate) enum Outcome {
    /// It is an article.
    Page {
        /// What it calls itself.
        title: String,
        /// Bytes of its text.
        bytes: usize,
    },
    /// It is not HTML.
    Document,
    /// It is elsewhere, which is its only link.
    Moved,
    /// `robots.txt` keeps crawlers away.
    Barred,
    /// Something is wrong with it.
    Failed(Fault),
}

impl Outcome {
    /// The outcome as it is kept with the page.
    pub(crate) fn label(&self) -> Cow<'static, str> {
        match self {
            Outcome::Page { .. } => "page".into(),
            Outcome::Document => "not HTML".into(),
            Outcome::Moved => "moved".into(),
            Outcome::Barred => "kept out by robots.txt".into(),
            Outcome::Failed(fault) if fault.is_passing => format!("lost: {}", fault.kind).into(),
            Outcome::Failed(fault) => format!("failed: {}", fault.kind).into(),
        }
    }

    /// Whether the page is worth another try some day.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Outcome::Failed(fault) if fault.is_passing)
    }
}

/// A page that has been dealt with.
pub(crate) struct Finished {
    /// As it was leased.
    pub(crate) url: Url,
    /// How it has ended.
    pub(crate) outcome: Outcome,
    /// Pages it leads to, without fragments.
    pub(crate) links: Vec<Url>,
    /// What is to be kept of it. `None`: nothing, or a sink has it.
    pub(crate) article: Option<Article>,
}

impl Finished {
    /// A page of which nothing is kept, and that leads nowhere.
    pub(crate) fn bare(url: &Url, outcome: Outcome) -> Self {
        Self {
            url: url.clone(),
            outcome,
            links: Vec::new(),
            article: None,
        }
    }
}

/// Pages to fetch.
pub(crate) struct Taken {
    /// Those that are leased now.
    pub(crate) pages: Vec<Url>,
    /// How many are known, ended ones included.
    pub(crate) known: u64,
    /// How many have not ended, whoever has them. Zero: the crawl is complete.
    pub(crate) open: u64,
}

/// A place for the pages of a crawl.
pub(crate) trait Frontier: Send {
    /// Begins, or goes on: adds the pages that the crawl begins with, and returns all of those
    /// that it ever began with; without any, it is refused. If all pages have ended, those that
    /// were lost on the way wait again.
    fn begin(&mut self, seeds: &[Url]) -> Result<Vec<Url>, Trouble>;

    /// Leases at most so many pages, those first that were seen first.
    fn take(&mut self, count: usize) -> Result<Taken, Trouble>;

    /// Ends pages (rule 4), at least one. For each, returns whether it had not ended before.
    fn finish(&mut self, pages: &[Finished]) -> Result<Vec<bool>, Trouble>;

    /// How long a lease lasts; `None` if nobody else takes pages.
    fn lease(&self) -> Option<Duration> {
        None
    }

    /// Begins all leases anew.
    fn renew(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// Lets others have the pages that are leased, at once.
    fn give_back(&mut self) -> Result<(), Trouble> {
        Ok(())
    }

    /// What it is called, if it outlives the process.
    fn place(&self) -> Option<&str>;
}
