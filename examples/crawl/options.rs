//! The command line.

use std::time::Duration;

use lexopt::prelude::*;
use looplet_http::{Error, IntoUrl};
use url::Url;

pub(crate) const USAGE: &str = "\
Crawls a site and shows what one thread can do at the same time.

usage: crawl [OPTIONS] [URL...]

Without a URL, it crawls a site of its own on the loopback interface: a few
hundred linked pages, some slow, some redirected, some broken. With URLs, it
follows links to the same hosts.

options:
  -c, --concurrency N   pages in flight, all hosts together (default 64, at most 10000)
  -H, --per-host N      pages in flight with one host (default 6)
  -n, --max-pages N     look at no more than that many URLs (default 10000)
  -t, --timeout SECS    time for one page (default 30)
  -l, --list            print a line for every page
  -h, --help            print this";

/// More requests at the same time than that no machine is asked for.
const MAX_CONCURRENCY: usize = 10_000;

/// What the program was asked to do.
pub(crate) struct Options {
    /// Where to begin. Empty: on the embedded site.
    pub(crate) seeds: Vec<Url>,
    pub(crate) concurrency: usize,
    pub(crate) per_host: usize,
    pub(crate) max_pages: usize,
    pub(crate) timeout: Duration,
    pub(crate) list: bool,
}

/// What the command line means.
pub(crate) enum Command {
    Help,
    Crawl(Options),
}

/// Reads the command line. The error is one line for the person who typed it.
pub(crate) fn parse() -> Result<Command, String> {
    let mut options = Options {
        seeds: Vec::new(),
        concurrency: 64,
        per_host: 6,
        max_pages: 10_000,
        timeout: Duration::from_secs(30),
        list: false,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next().map_err(|error| error.to_string())? {
        match argument {
            Short('c') | Long("concurrency") => {
                options.concurrency = number(&mut arguments)?.min(MAX_CONCURRENCY);
            }
            Short('H') | Long("per-host") => options.per_host = number(&mut arguments)?,
            Short('n') | Long("max-pages") => options.max_pages = number(&mut arguments)?,
            Short('t') | Long("timeout") => {
                options.timeout = Duration::from_secs(number(&mut arguments)? as u64);
            }
            Short('l') | Long("list") => options.list = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            Value(text) => options.seeds.push(seed(&text.to_string_lossy())?),
            other => return Err(format!("{}; try --help", other.unexpected())),
        }
    }
    Ok(Command::Crawl(options))
}

fn number(arguments: &mut lexopt::Parser) -> Result<usize, String> {
    let value = arguments.value().map_err(|error| error.to_string())?;
    match value.to_string_lossy().parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(format!(
            "{} is not a number above zero",
            value.to_string_lossy()
        )),
    }
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
        Ok(url) if url.scheme() == "https" => Err(format!("{text}: https is not supported yet")),
        Ok(mut url) => {
            url.set_fragment(None);
            // They are never sent, so they need not be shown either.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            Ok(url)
        }
        Err(error @ Error::InvalidUrl { .. }) => Err(error.to_string()),
        Err(error) => Err(format!("{text}: {error}")),
    }
}
