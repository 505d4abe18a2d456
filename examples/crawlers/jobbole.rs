//! Rows 84 and 85: a web of articles, each fetched and stored once.
//!
//! In the notes, a page counts as seen when it has been fetched, and a list never; so pages are
//! fetched twice, and a page that fails stops what is parsed after it. Here a page counts as
//! seen when it is put into the queue, and an error is one line. The database of the notes,
//! which they have commented out, is a file here, behind a pool of two writers.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io;
use std::rc::Rc;

use looplet::{Queue, fs, gather};
use looplet_http::Session;
use serde_json::Value;

use crate::rows::{self, Outcome};
use crate::visit::{attributes, pattern, site, texts};

/// Tasks that fetch.
const WORKERS: usize = 5;
/// Writers of the table.
const WRITERS: usize = 2;
/// The table.
const TABLE: &str = "articles.txt";

/// What the workers share.
struct Crawl {
    /// Keeps connections.
    session: Session,
    /// Pages that wait to be fetched.
    waiting: Queue<String>,
    /// Pages that wait, are being fetched, or were.
    seen: RefCell<HashSet<String>>,
    /// Those who may write.
    pool: Pool<Writer>,
}

/// A few of something that is needed by many; first come, first served.
struct Pool<T>(Queue<T>);

impl<T: 'static> Pool<T> {
    fn new(items: impl IntoIterator<Item = T>) -> Self {
        let free = Queue::new(0);
        for item in items {
            free.put_nowait(item)
                .map_err(drop)
                .expect("the queue has no limit");
        }
        Self(free)
    }

    /// Waits for a free one, and lends it to `work`.
    async fn lend<R>(&self, work: impl AsyncFnOnce(&T) -> R) -> R {
        let item = self.0.get().await.expect("nobody shuts the pool down");
        let result = work(&item).await;
        self.0
            .put_nowait(item)
            .map_err(drop)
            .expect("the queue has no limit");
        result
    }
}

/// A connection to the database, so to speak.
struct Writer;

impl Writer {
    async fn insert(&self, title: &str) -> io::Result<()> {
        fs::append(TABLE, format!("{title}\n")).await.map(drop)
    }
}

impl Crawl {
    /// Puts a page into the queue, unless it has been there.
    fn add(&self, url: String) {
        if self.seen.borrow_mut().insert(url.clone()) {
            let _ = self.waiting.put_nowait(url);
        }
    }

    /// Fetches a page, adds what it links to, and stores it if it is an article.
    async fn visit(&self, url: &str) -> Outcome {
        let html = self
            .session
            .get(url)
            .send()
            .await?
            .raise_for_status()?
            .text()
            .await?;
        let links = attributes(&html, "a", "href").into_iter();
        links
            .filter(|link| link.starts_with("http"))
            .for_each(|link| self.add(link));
        if pattern(r"http://.*?/jobbole/\d+\.html").is_match(url) {
            let title = texts(&html, "title").concat();
            self.pool
                .lend(async |writer| writer.insert(&title).await)
                .await?;
        }
        Ok(())
    }
}

async fn work(crawl: Rc<Crawl>) {
    while let Ok(url) = crawl.waiting.get().await {
        if let Err(error) = crawl.visit(&url).await {
            println!("{url}: {error}");
        }
        crawl.waiting.task_done().expect("one report for each page");
    }
}

pub(crate) fn crawl() -> Outcome {
    rows::run(async {
        let site = site().await?;
        // It holds what this run has found.
        fs::write(TABLE, "").await?;
        let crawl = Rc::new(Crawl {
            session: Session::new(),
            waiting: Queue::new(0),
            seen: RefCell::default(),
            pool: Pool::new((0..WRITERS).map(|_| Writer)),
        });
        crawl.add(format!("{}/jobbole/", site.url));
        let workers = gather([(); WORKERS].map(|()| work(crawl.clone())));
        crawl.waiting.join().await;
        crawl.waiting.shutdown();
        workers.await;
        report(&crawl, &site.url).await
    })
}

/// Asks the site what was fetched, and the table what was stored.
async fn report(crawl: &Crawl, site: &str) -> Outcome {
    let stats = crawl
        .session
        .get(format!("{site}/stats"))
        .send()
        .await?
        .text()
        .await?;
    let stats: Value = serde_json::from_str(&stats)?;
    let (requests, paths) = (&stats["jobbole"]["requests"], &stats["jobbole"]["paths"]);
    println!(
        "{} pages seen, {requests} requests for {paths} pages",
        crawl.seen.borrow().len()
    );
    let table = fs::read_to_string(TABLE).await?;
    let titles: HashSet<&str> = table.lines().collect();
    println!("{} rows, {} articles", table.lines().count(), titles.len());
    Ok(())
}
