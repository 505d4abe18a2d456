//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;
use looplet_http::{Error, IntoUrl};
use url::Url;

use crate::frontier::RedisAddress;
use crate::page::plain;
use crate::sink::without_password;
use crate::turns::{Shares, host_of};

pub(crate) const USAGE: &str = "\
Crawls sites and keeps their pages. It may be killed at any moment: the same
command again goes on where it was, loses no page and keeps none twice.

usage: crawl [OPTIONS] [URL...]

With URLs, it follows links to the same hosts. Without a URL, it goes on with
the crawl that --db or --frontier names; without these either, it crawls a site
of its own on the loopback interface: a few hundred linked pages, some slow,
some redirected, some broken.

what is fetched:
  -c, --concurrency N   pages in flight, all hosts together (default 64, at most 10000)
  -H, --per-host N      pages in flight with one host (default 6)
  -d, --delay SECS      time between two pages of one host, at least (default 0)
  -n, --max-pages N     follow no more links when so many URLs are known (default 10000)
  -t, --timeout SECS    time for one page, with its retries (default 30)
  -r, --retries N       tries after the first one, for what may pass (default 2)
      --no-robots       do not ask for robots.txt

where it is kept:
      --db FILE         a database of SQLite: pages to do, and articles. Default:
                        crawl-HOST.db in the current folder for the host of the first
                        URL, and memory (:memory:) for the crawler's own site
      --sink PLACE      articles go there instead: to another FILE, or to a table
                        `articles` at mysql://USER:PASSWORD@HOST[:PORT]/DATABASE
      --frontier redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER][?crawl=NAME]
                        any number of crawlers share a crawl there; -c, -H and -d
                        are those of each. Articles are kept there as well
      --lease SECS      how long a crawler may be silent before the others take over
                        its pages; the same for all of them (default 60)

  -l, --list            print a line for every page
  -h, --help            print this

The status is 0 at the end, 2 if something is wrong, 130 after Ctrl-C, and 143
after a plain kill.";

/// More requests at the same time than that no machine is asked for.
const MAX_CONCURRENCY: usize = 10_000;
/// A worker that is slower than that to renew its leases is not dead.
const SHORTEST_LEASE: Duration = Duration::from_millis(500);
/// A century. More makes times that no clock has.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// What the program was asked to do.
pub(crate) struct Options {
    /// Where to begin.
    pub(crate) seeds: Vec<Url>,
    /// How much of it at the same time, and how far apart.
    pub(crate) shares: Shares,
    /// Known URLs at which links are not followed any more.
    pub(crate) max_pages: u64,
    /// Time for one page, with its retries.
    pub(crate) timeout: Duration,
    /// Tries after the first one.
    pub(crate) retries: u32,
    /// Whether `robots.txt` is heeded.
    pub(crate) asks_robots: bool,
    /// Whether there is a line for every page.
    pub(crate) list: bool,
}

/// Where the pages to do are kept.
pub(crate) enum FrontierAt {
    Memory,
    File(PathBuf),
    Redis(RedisAddress),
}

/// Where articles are kept, if not with the pages to do.
pub(crate) enum SinkAt {
    Frontier,
    File(PathBuf),
    MySql(Url),
}

/// Where everything is kept.
pub(crate) struct Places {
    /// The pages to do.
    pub(crate) frontier: FrontierAt,
    /// Their articles.
    pub(crate) sink: SinkAt,
    /// How long leases last, where several share the frontier.
    pub(crate) lease: Duration,
}

impl Places {
    /// Refuses one file for both: it would be in its own way.
    fn check(&self) -> Result<(), String> {
        match (&self.frontier, &self.sink) {
            (FrontierAt::File(pages), SinkAt::File(articles)) if pages == articles => {
                let file = pages.display();
                Err(format!("{file}: articles are kept there without --sink"))
            }
            _ => Ok(()),
        }
    }

    /// What to call them, if it is not known which one is meant.
    pub(crate) fn names(&self) -> String {
        let frontier = match &self.frontier {
            FrontierAt::Memory => "memory".to_string(),
            FrontierAt::File(path) => path.display().to_string(),
            FrontierAt::Redis(address) => address.place().to_string(),
        };
        match &self.sink {
            SinkAt::Frontier => frontier,
            SinkAt::File(path) => format!("{frontier} and {}", path.display()),
            SinkAt::MySql(address) => format!("{frontier} and {}", without_password(address)),
        }
    }
}

/// Reads the command line; `None` if it asks for help. The error is one line for the person who
/// typed it.
pub(crate) fn parse() -> Result<Option<(Options, Places)>, String> {
    let mut options = Options {
        seeds: Vec::new(),
        shares: Shares {
            total: 64,
            per_host: 6,
            delay: Duration::ZERO,
        },
        max_pages: 10_000,
        timeout: Duration::from_secs(30),
        retries: 2,
        asks_robots: true,
        list: false,
    };
    let (mut frontier, mut sink) = (None, SinkAt::Frontier);
    let mut lease = Duration::from_secs(60);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        let shares = &mut options.shares;
        match argument {
            Short('c') | Long("concurrency") => {
                shares.total = number(&mut arguments)?.min(MAX_CONCURRENCY);
            }
            Short('H') | Long("per-host") => shares.per_host = number(&mut arguments)?,
            Short('d') | Long("delay") => shares.delay = seconds(&mut arguments)?,
            Short('n') | Long("max-pages") => options.max_pages = number(&mut arguments)? as u64,
            Short('t') | Long("timeout") => options.timeout = seconds(&mut arguments)?,
            Short('r') | Long("retries") => options.retries = value(&mut arguments, "a number")?,
            Long("no-robots") => options.asks_robots = false,
            Short('l') | Long("list") => options.list = true,
            Long("lease") => lease = seconds(&mut arguments)?.max(SHORTEST_LEASE),
            Long("db") => set(&mut frontier, database(place(&mut arguments)?))?,
            Long("frontier") => set(&mut frontier, shared(&text(&mut arguments)?)?)?,
            Long("sink") => sink = sink_at(place(&mut arguments)?)?,
            Short('h') | Long("help") => return Ok(None),
            Value(text) => options.seeds.push(seed(&text.to_string_lossy())?),
            other => return Err(format!("{}; try --help", other.unexpected())),
        }
    }
    let frontier = frontier.unwrap_or_else(|| usual(options.seeds.first()));
    let places = Places {
        frontier,
        sink,
        lease,
    };
    places.check()?;
    Ok(Some((options, places)))
}

fn database(name: OsString) -> FrontierAt {
    if name == ":memory:" {
        return FrontierAt::Memory;
    }
    FrontierAt::File(name.into())
}

fn shared(address: &str) -> Result<FrontierAt, String> {
    let address = RedisAddress::parse(address);
    let address = address.map_err(|cause| format!("--frontier: {cause}"))?;
    Ok(FrontierAt::Redis(address))
}

/// Where a crawl is kept that nobody has said it of.
fn usual(first: Option<&Url>) -> FrontierAt {
    first.map_or(FrontierAt::Memory, |first| {
        FrontierAt::File(file_for(first))
    })
}

fn set(frontier: &mut Option<FrontierAt>, to: FrontierAt) -> Result<(), String> {
    match frontier.replace(to) {
        None => Ok(()),
        Some(_) => Err("a crawl has one --db or one --frontier".to_string()),
    }
}

fn sink_at(place: OsString) -> Result<SinkAt, String> {
    let text = place.to_str().unwrap_or_default();
    match text.split_once("://") {
        None => Ok(SinkAt::File(place.into())),
        Some(("mysql", _)) => {
            let address = Url::parse(text).map_err(|error| format!("--sink: {error}"))?;
            Ok(SinkAt::MySql(address))
        }
        Some((scheme, _)) => Err(format!("--sink: nothing is kept at {scheme}://")),
    }
}

/// The file that a crawl of this host is kept in.
fn file_for(url: &Url) -> PathBuf {
    let host = host_of(url).replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
    format!("crawl-{host}.db").into()
}

/// A value as it was typed: a file may have a name that is no text.
fn place(arguments: &mut lexopt::Parser) -> Result<OsString, String> {
    arguments.value().map_err(|error| error.to_string())
}

fn text(arguments: &mut lexopt::Parser) -> Result<String, String> {
    Ok(place(arguments)?.to_string_lossy().into_owned())
}

/// A value that is what it has to be.
fn value<T: std::str::FromStr>(arguments: &mut lexopt::Parser, what: &str) -> Result<T, String> {
    let text = text(arguments)?;
    text.parse().map_err(|_| format!("{text} is not {what}"))
}

fn number(arguments: &mut lexopt::Parser) -> Result<usize, String> {
    let what = "a number above zero";
    value::<std::num::NonZero<usize>>(arguments, what).map(std::num::NonZero::get)
}

fn seconds(arguments: &mut lexopt::Parser) -> Result<Duration, String> {
    let text = text(arguments)?;
    let seconds = text
        .parse()
        .map_err(|_| ())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).map_err(|_| ()));
    let seconds = seconds.and_then(|time| (time <= LONGEST).then_some(time).ok_or(()));
    seconds.map_err(|()| format!("{text} is not a number of seconds"))
}

fn seed(text: &str) -> Result<Url, String> {
    let other = ["file:", "mailto:", "javascript:", "data:", "ftp:"];
    let has_scheme = text.contains("://") || other.iter().any(|scheme| text.starts_with(scheme));
    let with_scheme = if has_scheme {
        text.to_string()
    } else {
        format!("http://{text}")
    };
    match with_scheme.into_url() {
        Ok(url) => plain(url).ok_or_else(|| format!("{text}: neither http nor https")),
        Err(error @ Error::InvalidUrl { .. }) => Err(error.to_string()),
        Err(error) => Err(format!("{text}: {error}")),
    }
}
