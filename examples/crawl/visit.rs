//! A visit: one page, from its turn to the desk.
//!
//! A redirect is no detour of a visit: it is an outcome, and its target is a page like others,
//! fetched once however many redirects and links lead to it, and only if `robots.txt` of *its*
//! host allows it.

use std::collections::BTreeSet;
use std::rc::Rc;

use looplet::{ThreadPool, TimedOut, get_running_loop, timeout};
use looplet_http::{Progress, Response, Session};
use url::Url;

use crate::desk::Desk;
use crate::fault::Fault;
use crate::frontier::{Finished, Outcome};
use crate::options::Options;
use crate::page::{Page, plain};
use crate::report::Report;
use crate::robots::{Robots, Verdict};
use crate::sink::Article;
use crate::turns::{Turns, host_of};

/// Bytes that a URL may have. Longer ones are made by mistakes of sites, without end.
const URL_BYTES: usize = 2048;

/// What the visits share.
pub(crate) struct Crawl {
    /// Follows no redirects.
    pub(crate) session: Session,
    /// What hosts allow.
    pub(crate) robots: Robots,
    /// Which page is next.
    pub(crate) turns: Turns,
    /// Where visits hand in what they have found.
    pub(crate) desk: Desk,
    /// What was done.
    pub(crate) report: Report,
    /// Threads that read pages. Not the loop's own: nobody waits for them at the end.
    pub(crate) readers: ThreadPool,
    /// Those that the crawl began with. Links to others are not followed.
    pub(crate) hosts: BTreeSet<String>,
    /// Bytes that an article may have.
    pub(crate) largest: usize,
    /// What the command line asks for.
    pub(crate) options: Options,
}

/// Visits a page and hands in what came of it.
pub(crate) async fn visit(crawl: Rc<Crawl>, url: Url) {
    let turn = Turn {
        crawl: &crawl,
        url: &url,
    };
    let finished = crawl.look_at(&url).await.unwrap_or_else(|fault| {
        crawl.report.fault(|| format!("{url}: {}", fault.text));
        Finished::bare(&url, Outcome::Failed(fault))
    });
    crawl.desk.finish(finished).await;
    drop(turn);
}

/// A page that is being dealt with. However that ends, the others must not wait for it.
struct Turn<'a> {
    /// The crawl that it is a turn of.
    crawl: &'a Crawl,
    /// The page.
    url: &'a Url,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.crawl.turns.done(self.url);
        self.crawl.desk.ring();
    }
}

/// What a page was found to be.
enum Fetched {
    Html(String),
    Document,
    Moved(Url),
}

impl Crawl {
    /// Finds out what there is to say about a page.
    async fn look_at(&self, url: &Url) -> Result<Finished, Fault> {
        match self.robots.verdict(url).await {
            Verdict::Allowed(delay) => self.turns.meet(url, delay),
            Verdict::Barred => return Ok(Finished::bare(url, Outcome::Barred)),
            Verdict::Unknown(fault) => return Err(fault),
        }
        match self.fetch(url).await? {
            Fetched::Html(html) => self.read(url, html).await,
            Fetched::Document => Ok(Finished::bare(url, Outcome::Document)),
            Fetched::Moved(target) => {
                let links = vec![target];
                let moved = Finished::bare(url, Outcome::Moved);
                Ok(Finished { links, ..moved })
            }
        }
    }

    /// Fetches a page.
    async fn fetch(&self, url: &Url) -> Result<Fetched, Fault> {
        let (started, progress) = (get_running_loop().time(), Progress::new());
        let request = self.session.get(url).timeout(self.options.timeout);
        let fetched = match request.progress(&progress).send().await {
            Ok(response) => self.receive(response).await,
            Err(failure) => Err(failure.into_error().into()),
        };
        let retries = progress.hops().saturating_sub(1);
        self.report
            .response(get_running_loop().time() - started, retries);
        fetched
    }

    async fn receive(&self, response: Response) -> Result<Fetched, Fault> {
        if response.status().is_redirection() {
            let location = response.header("Location").unwrap_or_default();
            return self.moved(response.url(), location);
        }
        let mut response = response.raise_for_status()?;
        if !is_html(&response) {
            return Ok(Fetched::Document);
        }
        Ok(Fetched::Html(response.text().await?))
    }

    fn moved(&self, url: &Url, location: &str) -> Result<Fetched, Fault> {
        let target = url.join(location).ok().and_then(plain);
        let target = target
            .filter(|_| !location.is_empty())
            .ok_or_else(|| Fault::lasting("bad redirect"))?;
        if self.is_followed(url, &target) {
            return Ok(Fetched::Moved(target));
        }
        let text = format!("it has moved to {target}, which is another host: name that one too");
        Err(Fault {
            text,
            ..Fault::lasting("redirect to another host")
        })
    }

    /// Makes an article of a page.
    async fn read(&self, url: &Url, html: String) -> Result<Finished, Fault> {
        let from = url.clone();
        // A large page takes a while to read, and the loop has others to see to.
        let reading = self
            .readers
            .submit(move || (Page::read(&from, &html), html));
        let reading = reading.map_err(|_| Fault::passing("no thread to read it"))?;
        let (page, html) = match timeout(self.options.timeout, reading).await {
            Ok((Some(page), html)) => (page, html),
            Ok((None, _)) => return Err(Fault::lasting("page nested too deeply")),
            Err(TimedOut) => return Err(Fault::lasting("page too slow to read")),
        };
        let bytes = html.len();
        if bytes + page.title.len() > self.largest {
            return Err(Fault::lasting("page too large"));
        }
        let title = page.title.clone();
        let links = page.links.into_iter();
        Ok(Finished {
            url: url.clone(),
            outcome: Outcome::Page { title, bytes },
            links: links.filter(|link| self.is_followed(url, link)).collect(),
            article: Some(Article {
                url: url.clone(),
                title: page.title,
                html,
            }),
        })
    }

    /// Whether a link leads to a host of the crawl. That of the page itself is one, even if
    /// another crawler has added it since this one began.
    fn is_followed(&self, from: &Url, link: &Url) -> bool {
        let host = host_of(link);
        let is_near = host == host_of(from) || self.hosts.contains(&host);
        is_near && link.as_str().len() <= URL_BYTES
    }
}

fn is_html(response: &Response) -> bool {
    let kind = response.header("Content-Type").unwrap_or("text/html");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}
