//! crawl: many pages at the same time, on one thread; none lost, and none kept twice.
//!
//! ```text
//! cargo run --release --example crawl                         its own site
//! cargo run --release --example crawl http://localhost:8080/  a real one, into a file
//! ```
//!
//! What to look at: the last two lines of the table. The responses took, added up, many times
//! as long as the whole crawl.
//!
//! `main` reads the command line; [`crawl`] starts a visit for each page whose turn it is
//! (`turns`, `visit`); what a visit has found goes over the `desk` to a `frontier` and perhaps a
//! `sink`, which block, on a thread of their own. These two are the places where a program of
//! one's own plugs in. Ctrl-C cancels the visits, and so does a plain `kill`; the table shows what
//! was done, pages that others wait for are given back, and the exit status is 130 or 143 then.
//!
//! The embedded site gives:
//!
//! ```text
//! pages                              400
//! other documents                      8   not HTML, not kept
//! redirects                           43
//! kept out by robots.txt               4
//! bytes of HTML               …
//! retries                             16
//! errors                              16
//!   404 Not Found                      4
//!   500 Internal Server Error          4
//!   body cut off                       4
//!   no answer                          4
//! wall time                  …
//! sum of responses           …
//! ```

mod trouble;
mod fault;
mod sink;
mod frontier;
mod turns;
mod page;
mod robots;
mod report;
mod desk;
mod options;
mod stores;
mod visit;
mod site;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use looplet::signal::{self, SIGINT, SIGTERM};
use looplet::{Task, TaskError, TaskGroup, ThreadPool, create_task};
use looplet_http::{PoolLimits, RedirectPolicy, Retry, Session, SessionConfig};

use desk::{Desk, Keeper, StoreThread, Stores};
use options::{FrontierAt, Options, Places, USAGE};
use report::Report;
use robots::{AGENT, Robots};
use site::Site;
use trouble::Trouble;
use turns::{Turns, host_of};
use visit::{Crawl, visit};

/// Threads that read pages while the loop goes on.
const READERS: usize = 2;
/// Bytes that a page may have.
const PAGE_BYTES: u64 = 16 * 1024 * 1024;
/// The first pause before a retry, on the crawler's own site: nobody there needs longer.
const SHORT_PAUSE: Duration = Duration::from_millis(20);

fn main() -> ExitCode {
    let (options, places) = match options::parse() {
        Ok(Some(wishes)) => wishes,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => return refuse(&error),
    };
    match looplet::run(start(options, places)) {
        Ok(ended) => ended.tell(),
        Err(error) => refuse(&error.to_string()),
    }
}

fn refuse(error: &str) -> ExitCode {
    eprintln!("crawl: {error}");
    ExitCode::from(2)
}

/// How a crawl ended.
struct Ended {
    /// What to print of it.
    table: String,
    /// What has ended it too early.
    trouble: Option<String>,
    /// The signal that has ended it too early.
    signal: Option<i32>,
}

impl Ended {
    fn tell(self) -> ExitCode {
        // Whoever reads it may have heard enough.
        let _ = writeln!(io::stdout(), "{}", self.table);
        match (self.trouble, self.signal) {
            (Some(trouble), _) => refuse(&trouble),
            // As a shell has it.
            (None, Some(signal)) => ExitCode::from(128 | signal as u8),
            (None, None) => ExitCode::SUCCESS,
        }
    }
}

/// Crawls: what is named, or goes on with what is kept somewhere, or else the embedded site.
async fn start(mut options: Options, places: Places) -> Result<Ended, Box<dyn Error>> {
    let is_kept = !matches!(places.frontier, FrontierAt::Memory);
    if !options.seeds.is_empty() || is_kept {
        return crawl(options, places, Retry::default()).await;
    }
    let site = Site::start().await?;
    options.seeds = site.pages();
    let retry = Retry {
        first_pause: SHORT_PAUSE,
        ..Retry::default()
    };
    crawl(options, places, retry).await
}

/// Opens the stores and crawls until all is done.
async fn crawl(options: Options, places: Places, retry: Retry) -> Result<Ended, Box<dyn Error>> {
    let thread = StoreThread::new(places.names());
    let (seeds, max_pages) = (options.seeds.clone(), options.max_pages);
    let open = move || {
        let mut stores = stores::open(places, max_pages)?;
        let seeds = stores.frontier.begin(&seeds)?;
        Ok((stores, seeds))
    };
    let (stores, seeds) = thread.run(open).await?;
    let hosts = seeds.iter().map(host_of).collect();
    let crawl = Rc::new(prepare(options, &stores, hosts, retry));
    let keeper = Keeper::new(stores, thread);
    let visits = create_task(visit_all(crawl.clone()));
    let keeper = create_task(keep(crawl.clone(), keeper, visits.clone()));
    let interrupted = on_interrupt(visits.clone())?;
    // Visits that were interrupted end as cancelled, and that is fine.
    let ended = visits.join().await;
    crawl.desk.close();
    let kept = keeper.await;
    crawl.report.finish();
    if let Err(TaskError::Panicked(payload)) = ended {
        std::panic::resume_unwind(payload);
    }
    let signal = interrupted.get();
    if let (Ok(()), None, Some(fault)) = (&kept, signal, crawl.report.only_faults()) {
        return Err(fault.into());
    }
    Ok(Ended {
        table: crawl.report.text(),
        trouble: kept.err().map(|trouble| trouble.to_string()),
        signal,
    })
}

/// Puts together what the visits share.
fn prepare(options: Options, stores: &Stores, hosts: BTreeSet<String>, retry: Retry) -> Crawl {
    let shares = options.shares;
    let mut headers = SessionConfig::default().headers;
    let agent = format!("{AGENT}/{}", env!("CARGO_PKG_VERSION"));
    headers
        .insert("User-Agent", agent)
        .expect("a version is valid in a header");
    let config = SessionConfig {
        pool: PoolLimits {
            total: shares.total,
            per_host: shares.per_host,
            idle: shares.total,
            ..PoolLimits::default()
        },
        max_body: PAGE_BYTES,
        headers,
        retry: Some(Retry {
            attempts: options.retries,
            ..retry
        }),
        ..SessionConfig::default()
    };
    let readers = ThreadPool::new(READERS);
    let asks = options.asks_robots.then(|| Session::with(config.clone()));
    Crawl {
        session: Session::with(SessionConfig {
            redirects: RedirectPolicy::None,
            ..config
        }),
        robots: Robots::new(asks, options.timeout, readers.clone()),
        turns: Turns::new(shares),
        desk: Desk::new(),
        report: Report::new(
            options.list,
            options.max_pages,
            stores.frontier.place().map(str::to_string),
        ),
        readers,
        hosts,
        largest: stores
            .sink
            .as_ref()
            .map_or(usize::MAX, |sink| sink.largest()),
        options,
    }
}

/// Starts a visit for each page whose turn it is, until there are no more.
async fn visit_all(crawl: Rc<Crawl>) {
    let all = TaskGroup::scope(async |group| {
        while let Some(url) = crawl.turns.next().await {
            let visit = visit(crawl.clone(), url);
            group.create_task(async move {
                visit.await;
                Ok::<(), Infallible>(())
            });
        }
        Ok(())
    });
    drop(all.await);
}

/// Keeps the desk. What goes wrong there ends the visits.
async fn keep(crawl: Rc<Crawl>, keeper: Keeper, visits: Task<()>) -> Result<(), Trouble> {
    let kept = crawl.desk.keep(keeper, &crawl.turns, &crawl.report).await;
    if kept.is_err() {
        visits.cancel();
    }
    kept
}

/// Cancels the visits at the first Ctrl-C or `kill`. Returns where the signal is noted then. A
/// second one finds nobody who listens and does what it does in any program.
fn on_interrupt(visits: Task<()>) -> Result<Rc<Cell<Option<i32>>>, signal::SignalError> {
    let mut signals = signal::listen([SIGINT, SIGTERM])?;
    let interrupted = Rc::new(Cell::new(None));
    let noted = interrupted.clone();
    create_task(async move {
        noted.set(Some(signals.recv().await));
        visits.cancel();
    });
    Ok(interrupted)
}
