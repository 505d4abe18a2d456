//! Pages and articles in Redis, for any number of workers on any number of machines.
//!
//! A crawl is a stream of the pages that have not ended, with one consumer group: a worker reads
//! new entries, and those of others whose leases are over. Each step is a script, so Redis does
//! it as a whole. The keys begin with `crawl:NAME:` and are
//!
//! | key | type | holds |
//! |---|---|---|
//! | `open` | stream | pages that have not ended, in the order in which they were seen |
//! | `known` | set | all pages |
//! | `seeds` | set | those that it began with |
//! | `ended` | hash | how each of the others ended |
//! | `lost` | set | those that are worth another try |
//! | `titles`, `articles` | hash | what is kept, by URL |
//!
//! An entry is the right to end its page: to end it deletes it. A worker that was taken for dead
//! and was only slow finds no entry, and changes nothing.
//!
//! Redis 6.2 or newer. That its memory suffices is the business of who runs it.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::process;
use std::time::Duration;

use redis::{Client, Cmd, Connection, ErrorKind, FromRedisValue, Pipeline, RedisError, cmd, pipe};
use url::Url;

use super::{Finished, Frontier, NO_CRAWL, Taken, read_urls};
use crate::trouble::Trouble;

const BEGIN: &str = include_str!("begin.lua");
const TAKE: &str = include_str!("take.lua");
const FINISH: &str = include_str!("finish.lua");
const HOLD: &str = include_str!("hold.lua");

/// What no entry is called.
const NO_ENTRY: &str = "0-0";
/// The consumer group.
const GROUP: &str = "workers";
/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The age of a lease that is given back: over, however long leases are.
const LONG_OVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Where a crawl is.
pub(crate) struct RedisAddress {
    /// How to connect; nothing has been tried yet.
    client: Client,
    /// The URL without user and password, for errors.
    place: String,
    /// Its name.
    crawl: String,
}

impl RedisAddress {
    /// What to call it: the URL without user and password.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Reads `redis://[USER:PASSWORD@]HOST[:PORT][/NUMBER][?crawl=NAME]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |cause: &str| format!("not an address of Redis: {cause}");
        let mut url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        if url.scheme() != "redis" {
            return Err(wrong("it does not begin with redis://"));
        }
        let mut crawl = "default".to_string();
        for (name, value) in url.query_pairs() {
            match &*name {
                "crawl" if !value.is_empty() => crawl = value.into_owned(),
                _ => return Err(wrong(&format!("{name}= means nothing here"))),
            }
        }
        url.set_query(None);
        let client = Client::open(url.clone());
        let client = client.map_err(|error| wrong(&explain(&error)))?;
        // A URL with a host can have none of them.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        let place = format!("{url}?crawl={crawl}");
        Ok(Self {
            client,
            place,
            crawl,
        })
    }
}

/// A frontier that others share.
pub(crate) struct RedisFrontier {
    /// Answers one call after the other.
    connection: Connection,
    /// What it is called in errors.
    place: String,
    /// What the keys begin with.
    prefix: String,
    /// What this process is called, unlike all others.
    worker: String,
    /// How long a lease lasts.
    lease: Duration,
    /// Pages that there may be.
    max_pages: u64,
    /// The entries of the pages that are leased.
    held: HashMap<Url, String>,
}

impl RedisFrontier {
    /// Connects.
    pub(crate) fn open(
        address: RedisAddress,
        lease: Duration,
        max_pages: u64,
    ) -> Result<Self, Trouble> {
        // With a limit of its own, an answer would be lost whenever the process is stopped for a
        // moment; who waits for the frontier has one.
        let connection = address.client.get_connection_with_timeout(PATIENCE);
        let connection =
            connection.map_err(|error| Trouble::new(&address.place, explain(&error)))?;
        let random = RandomState::new().hash_one(0);
        Ok(Self {
            connection,
            place: address.place,
            prefix: format!("crawl:{}:", address.crawl),
            worker: format!("{}-{random:x}", process::id()),
            lease,
            max_pages,
            held: HashMap::new(),
        })
    }

    /// A call of a script, whose keys are named as in its first lines.
    fn script(&self, script: &str, keys: &[&str]) -> Cmd {
        let mut call = cmd("EVAL");
        call.arg(script).arg(keys.len());
        for key in keys {
            call.arg(format!("{}{key}", self.prefix));
        }
        call.arg(GROUP);
        call
    }

    fn run<T: FromRedisValue>(&mut self, call: &Cmd) -> Result<T, Trouble> {
        let answer = call.query(&mut self.connection);
        answer.map_err(|error| Trouble::new(&self.place, explain(&error)))
    }

    fn finish_call(&self, page: &Finished, entry: &str) -> Cmd {
        let keys = ["known", "open", "ended", "lost", "titles", "articles"];
        let mut call = self.script(FINISH, &keys);
        call.arg(entry).arg(page.url.as_str());
        call.arg(page.outcome.label())
            .arg(u8::from(page.outcome.is_lost()));
        let article = page.article.as_ref();
        let text = article.map_or(("", ""), |article| (&article.title, &article.html));
        call.arg(u8::from(article.is_some()))
            .arg(text.0)
            .arg(text.1);
        call.arg(self.max_pages);
        for link in &page.links {
            call.arg(link.as_str());
        }
        call
    }

    /// Says that the leases have gone on for `age`.
    fn hold(&mut self, age: Duration) -> Result<(), Trouble> {
        if self.held.is_empty() {
            return Ok(());
        }
        let mut call = self.script(HOLD, &["open"]);
        call.arg(&self.worker).arg(milliseconds(age));
        for entry in self.held.values() {
            call.arg(entry);
        }
        self.run(&call)
    }
}

impl Frontier for RedisFrontier {
    fn begin(&mut self, seeds: &[Url]) -> Result<Vec<Url>, Trouble> {
        let keys = ["known", "open", "seeds", "ended", "lost"];
        let mut call = self.script(BEGIN, &keys);
        for seed in seeds {
            call.arg(seed.as_str());
        }
        let all: Vec<String> = self.run(&call)?;
        if all.is_empty() {
            return Err(Trouble::new(&self.place, NO_CRAWL));
        }
        read_urls(&all, &self.place)
    }

    fn take(&mut self, count: usize) -> Result<Taken, Trouble> {
        let mut call = self.script(TAKE, &["known", "open"]);
        call.arg(&self.worker)
            .arg(count)
            .arg(milliseconds(self.lease));
        let (known, open, entries): (u64, u64, Vec<String>) = self.run(&call)?;
        let (numbers, urls) = (entries.iter().step_by(2), entries.iter().skip(1).step_by(2));
        let mut pages = read_urls(urls, &self.place)?;
        let mut numbers = numbers.cloned();
        // One of its own, if renewing took too long, is in its hands already.
        pages.retain(|url| {
            let number = numbers.next().unwrap_or_default();
            self.held.insert(url.clone(), number).is_none()
        });
        Ok(Taken { pages, known, open })
    }

    fn finish(&mut self, pages: &[Finished]) -> Result<Vec<bool>, Trouble> {
        let mut calls: Pipeline = pipe();
        for page in pages {
            let entry = self.held.remove(&page.url);
            calls.add_command(self.finish_call(page, entry.as_deref().unwrap_or(NO_ENTRY)));
        }
        let ended = calls.query(&mut self.connection);
        ended.map_err(|error| Trouble::new(&self.place, explain(&error)))
    }

    fn lease(&self) -> Option<Duration> {
        Some(self.lease)
    }

    fn renew(&mut self) -> Result<(), Trouble> {
        self.hold(Duration::ZERO)
    }

    fn give_back(&mut self) -> Result<(), Trouble> {
        self.hold(LONG_OVER)
    }

    fn place(&self) -> Option<&str> {
        Some(&self.place)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What an error means for who started the crawl.
fn explain(error: &RedisError) -> String {
    if error.is_connection_dropped() && !error.is_connection_refusal() {
        return "the connection is lost".to_string();
    }
    if error.is_timeout() {
        return "it does not answer".to_string();
    }
    if error.kind() == ErrorKind::Parse {
        return "what answers there is no Redis".to_string();
    }
    // Of several calls that failed, the first one says it all.
    let text = match error.clone().into_server_errors().as_deref() {
        Some([(_, first), ..]) => first.to_string(),
        _ => error.to_string(),
    };
    // Its texts name its own variants, and those of Redis which line of which script it was.
    let kind = format!(" - {:?}", error.kind());
    let text = text.replace(&kind, "");
    let cause = text.split(" script: ").next();
    cause.unwrap_or_default().to_string()
}
