//! crawl: many pages at the same time, on one thread.
//!
//! ```text
//! cargo run --release --example crawl                        its own site
//! cargo run --release --example crawl http://localhost:8080/  a real one
//! ```
//!
//! What to look at: the last two lines of the table. The responses took, added up, many times
//! as long as the whole crawl.
//!
//! `main` reads the command line; [`crawl`] starts workers, which take pages from the
//! [`Frontier`], fetch them with one [`Session`], and put the links they find back into it.
//! Ctrl-C cancels the workers, and the table shows what was done; the exit status is 130 then.
//!
//! The embedded site gives:
//!
//! ```text
//! pages                              400
//! other documents                      8   not HTML, not read
//! redirects followed                  40
//! bytes of HTML               …
//! errors                              17
//!   404 Not Found                      4
//!   500 Internal Server Error          4
//!   body cut off                       4
//!   no answer                          4
//!   too many redirects                 1
//! wall time                  …
//! sum of responses           …
//! ```

mod frontier;
mod options;
mod page;
mod report;
mod site;

use std::cell::RefCell;
use std::collections::HashSet;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;

use looplet::signal::{self, SIGINT};
use looplet::{
    Event, Task, TaskError, ThreadPool, TimedOut, create_task, get_running_loop, timeout,
};
use looplet_http::{PoolLimits, Session, SessionConfig};
use url::Url;

use frontier::{Frontier, host_of};
use options::{Command, Options, USAGE};
use page::Page;
use report::Report;
use site::Site;

/// Threads that read pages while the loop goes on.
const READERS: usize = 2;
/// Bytes that a page may have.
const PAGE_BYTES: u64 = 16 * 1024 * 1024;

fn main() -> ExitCode {
    let options = match options::parse() {
        Ok(Command::Help) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::Crawl(options)) => options,
        Err(error) => return refuse(&error),
    };
    match looplet::run(start(options)) {
        Ok(ended) => {
            // Whoever reads it may have heard enough.
            let _ = writeln!(io::stdout(), "{}", ended.report);
            ended.status
        }
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(error: &str) -> ExitCode {
    eprintln!("crawl: {error}");
    ExitCode::from(2)
}

/// Starts the embedded site, if no other is named, and crawls.
async fn start(options: Options) -> Result<Ended, Box<dyn Error>> {
    if !options.seeds.is_empty() {
        let hosts = options.seeds.iter().map(host_of).collect();
        let seeds = options.seeds.clone();
        return crawl(options, seeds, hosts).await;
    }
    let site = Site::start().await?;
    let hosts = site.hosts().iter().map(host_of).collect();
    crawl(options, vec![site.start_url()], hosts).await
}

/// How a crawl ended.
struct Ended {
    report: Rc<Report>,
    /// 130 after a Ctrl-C, as the shell has it.
    status: ExitCode,
}

/// What the workers share.
struct Crawl {
    session: Session,
    frontier: Frontier,
    report: Rc<Report>,
    /// Threads that read pages. Not the loop's own: nobody waits for them at the end.
    readers: ThreadPool,
    /// Links to other hosts are not followed.
    hosts: HashSet<String>,
    options: Options,
    /// What went wrong first, for a crawl that gets nowhere.
    first_error: RefCell<Option<String>>,
}

async fn crawl(
    options: Options,
    seeds: Vec<Url>,
    hosts: HashSet<String>,
) -> Result<Ended, Box<dyn Error>> {
    let pool = PoolLimits {
        total: options.concurrency,
        per_host: options.per_host,
        idle: options.concurrency,
        ..PoolLimits::default()
    };
    let crawl = Rc::new(Crawl {
        session: Session::with(SessionConfig {
            pool,
            max_body: PAGE_BYTES,
            ..SessionConfig::default()
        }),
        frontier: Frontier::new(options.per_host, options.max_pages),
        report: Rc::new(Report::new()),
        readers: ThreadPool::new(READERS),
        hosts,
        options,
        first_error: RefCell::default(),
    });
    seeds.into_iter().for_each(|seed| crawl.frontier.add(seed));

    let count = crawl.options.concurrency.min(crawl.options.max_pages);
    let workers: Vec<Task<()>> = (0..count)
        .map(|_| create_task(work(crawl.clone())))
        .collect();
    let interrupted = on_interrupt(crawl.clone(), workers.clone())?;
    for worker in &workers {
        // A worker that was interrupted ends as cancelled, and that is fine.
        if let Err(TaskError::Panicked(payload)) = worker.join().await {
            std::panic::resume_unwind(payload);
        }
    }
    crawl.report.finish();
    let status = if interrupted.is_set() {
        ExitCode::from(130)
    } else {
        ExitCode::SUCCESS
    };
    match crawl.first_error.take() {
        Some(error) if !crawl.report.has_pages() && !interrupted.is_set() => Err(error.into()),
        _ => Ok(Ended {
            report: crawl.report.clone(),
            status,
        }),
    }
}

/// Cancels the workers at the first Ctrl-C. Returns what is set then. A second one finds nobody
/// who listens and does what Ctrl-C does in any program.
fn on_interrupt(crawl: Rc<Crawl>, workers: Vec<Task<()>>) -> Result<Event, signal::SignalError> {
    let mut signals = signal::listen([SIGINT])?;
    let interrupted = Event::new();
    let event = interrupted.clone();
    create_task(async move {
        signals.recv().await;
        event.set();
        crawl.frontier.close();
        for worker in &workers {
            worker.cancel();
        }
    });
    Ok(interrupted)
}

/// Fetches pages until there are no more.
async fn work(crawl: Rc<Crawl>) {
    while let Some(url) = crawl.frontier.next().await {
        let visit = Visit {
            crawl: &crawl,
            url: &url,
        };
        let title = match crawl.visit(&url).await {
            Ok(title) => title,
            Err(error) => {
                crawl.report.error(&error);
                crawl.list(&format!("{url}  {error}"));
                let first = || format!("{url}: {error}");
                crawl.first_error.borrow_mut().get_or_insert_with(first);
                String::new()
            }
        };
        drop(visit);
        let (waiting, in_flight) = crawl.frontier.counts();
        crawl.report.show(waiting, in_flight, &title);
    }
}

/// A page that is being dealt with. However that ends, the others must not wait for it.
struct Visit<'a> {
    crawl: &'a Crawl,
    url: &'a Url,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.crawl.frontier.done(self.url);
    }
}

impl Crawl {
    /// Fetches one page and adds its links to the frontier. Returns its title.
    async fn visit(&self, url: &Url) -> Result<String, looplet_http::Error> {
        let started = get_running_loop().time();
        let fetched = self.fetch(url).await;
        self.report
            .response_time(get_running_loop().time() - started);
        let Some((arrived, html)) = fetched? else {
            return Ok(String::new());
        };
        let bytes = html.len();
        // A large page takes a while to read, and the loop has others to see to.
        let from = arrived.clone();
        let Ok(reading) = self.readers.submit(move || Page::read(&from, &html)) else {
            return Ok(self.report.fault("no thread to read it"));
        };
        let page = match timeout(self.options.timeout, reading).await {
            Ok(Some(page)) => page,
            Ok(None) => return Ok(self.report.fault("page nested too deeply")),
            Err(TimedOut) => return Ok(self.report.fault("page too slow to read")),
        };
        self.report.page(bytes);
        self.list(&format!("{arrived}  {}", page.title));
        for link in page.links {
            if self.hosts.contains(&host_of(&link)) && link.scheme() == "http" {
                self.frontier.add(link);
            }
        }
        Ok(page.title)
    }

    /// Fetches a page: where it was found in the end, and what it says. `None` if that is not
    /// HTML, or was seen under its other name.
    async fn fetch(&self, url: &Url) -> Result<Option<(Url, String)>, looplet_http::Error> {
        let request = self.session.get(url).timeout(self.options.timeout);
        let mut response = request.send().await?.raise_for_status()?;
        self.report.redirects(response.history().len());
        let arrived = response.url().clone();
        if arrived != *url && !self.frontier.add_alias(&arrived) {
            return Ok(None);
        }
        if !is_html(&response) {
            self.report.document();
            return Ok(None);
        }
        Ok(Some((arrived, response.text().await?)))
    }

    fn list(&self, line: &str) {
        if self.options.list {
            self.report.print(line);
        }
    }
}

fn is_html(response: &looplet_http::Response) -> bool {
    let kind = response.header("Content-Type").unwrap_or("text/html");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}
