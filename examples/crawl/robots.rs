//! What hosts ask of crawlers in their `robots.txt` (RFC 9309).
//!
//! It is fetched once, when the first page of a host comes up; the others wait for it. What
//! there is instead of a file decides (section 2.3.1): a host that says that there is none (4xx)
//! allows everything, and one that cannot say (5xx, no connection) allows nothing for now, so
//! its pages are lost rather than barred. Of a large file, the first 500 KiB count.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use looplet::{Lock, ThreadPool, TimedOut, timeout};
use looplet_http::{Error, Response, Session};
use texting_robots::Robot;
use url::Url;

use crate::fault::Fault;

/// Who the crawler is, to servers and in `robots.txt`.
pub(crate) const AGENT: &str = "looplet-crawl";
/// Bytes of a file that count.
const BYTES: usize = 500 * 1024;
/// The longest delay that a host is granted. One that wants a day wants no crawler.
const LONGEST_DELAY: Duration = Duration::from_secs(60);

/// The rules of all hosts.
pub(crate) struct Robots {
    /// Follows redirects. `None`: nobody is asked, and everything is allowed.
    session: Option<Session>,
    /// Time for one file.
    limit: Duration,
    /// Threads that read files.
    readers: ThreadPool,
    /// By origin.
    hosts: RefCell<HashMap<String, Rc<Entry>>>,
}

/// The rules of one host, when they are there.
#[derive(Default)]
struct Entry {
    /// Held while the file is fetched.
    fetching: Lock,
    /// What it says, once it is there.
    rules: OnceCell<Rules>,
}

/// What a host allows.
enum Rules {
    Everything,
    Listed(Robot),
    /// It could not say: the kind of what went wrong, and a text.
    Unknown(String, String),
}

/// Whether a page may be fetched.
pub(crate) enum Verdict {
    /// It may, and requests are to be that far apart.
    Allowed(Duration),
    Barred,
    /// Nobody knows at the moment.
    Unknown(Fault),
}

impl Robots {
    pub(crate) fn new(session: Option<Session>, limit: Duration, readers: ThreadPool) -> Self {
        Self {
            session,
            limit,
            readers,
            hosts: RefCell::default(),
        }
    }

    /// Decides about a page.
    pub(crate) async fn verdict(&self, url: &Url) -> Verdict {
        let Some(session) = &self.session else {
            return Verdict::Allowed(Duration::ZERO);
        };
        let entry = self.entry(url);
        let guard = entry.fetching.acquire().await;
        if entry.rules.get().is_none() {
            let rules = self.fetch(session, url).await;
            let rules = rules.unwrap_or_else(|error| {
                let fault = Fault::from(error);
                Rules::Unknown(fault.kind, format!("robots.txt: {}", fault.text))
            });
            entry.rules.get_or_init(|| rules);
        }
        drop(guard);
        entry
            .rules
            .get()
            .map_or(Verdict::Barred, |rules| rules.verdict(url))
    }

    fn entry(&self, url: &Url) -> Rc<Entry> {
        let origin = url.origin().ascii_serialization();
        self.hosts.borrow_mut().entry(origin).or_default().clone()
    }

    async fn fetch(&self, session: &Session, url: &Url) -> Result<Rules, Error> {
        let file = url.join("/robots.txt").unwrap_or_else(|_| url.clone());
        let response = session.get(&file).timeout(self.limit).send().await?;
        let mut response = match response.status() {
            status if status.is_server_error() => response.raise_for_status()?,
            status if status.is_success() => response,
            _ => return Ok(Rules::Everything),
        };
        let text = first_bytes(&mut response).await?;
        // It is no small work, and the loop has others to see to.
        let reading = self.readers.submit(move || Robot::new(AGENT, &text).ok());
        let robot = match reading {
            Ok(reading) => timeout(self.limit, reading.join()).await,
            Err(_) => Err(TimedOut),
        };
        // What makes no sense forbids nothing (section 2.2).
        let robot = robot.ok().and_then(Result::ok).flatten();
        Ok(robot.map_or(Rules::Everything, Rules::Listed))
    }
}

async fn first_bytes(response: &mut Response) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    while text.len() < BYTES
        && let Some(chunk) = response.chunk().await?
    {
        text.extend(chunk);
    }
    text.truncate(BYTES);
    Ok(text)
}

impl Rules {
    fn verdict(&self, url: &Url) -> Verdict {
        match self {
            Rules::Everything => Verdict::Allowed(Duration::ZERO),
            Rules::Listed(robot) if robot.allowed(url.as_str()) => {
                let delay = Duration::try_from_secs_f32(robot.delay.unwrap_or(0.0));
                Verdict::Allowed(delay.unwrap_or_default().min(LONGEST_DELAY))
            }
            Rules::Listed(_) => Verdict::Barred,
            Rules::Unknown(kind, text) => Verdict::Unknown(Fault {
                kind: kind.clone(),
                text: text.clone(),
                is_passing: true,
            }),
        }
    }
}
