//! Whose turn it is: which of the pages that this process has leased is fetched next.
//!
//! Hosts take turns: a host with a thousand pages waiting does not keep the others from theirs,
//! none gets more than its share of requests at the same time, and between two of them is the
//! time that was asked for.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use looplet::{Event, get_running_loop, timeout};
use url::Url;

/// How many requests there may be.
#[derive(Clone, Copy)]
pub(crate) struct Shares {
    /// At the same time, all hosts together.
    pub(crate) total: usize,
    /// At the same time, with one host.
    pub(crate) per_host: usize,
    /// Time between two with one host, at least.
    pub(crate) delay: Duration,
}

/// Pages that are leased, by host.
pub(crate) struct Turns {
    /// What hosts may have.
    shares: Shares,
    /// Who has what.
    state: RefCell<State>,
    /// Set for a moment whenever another page may have its turn.
    changed: Event,
}

#[derive(Default)]
struct State {
    /// By their names.
    hosts: HashMap<String, Host>,
    /// Hosts that have pages waiting, the next one first.
    turns: VecDeque<String>,
    /// Pages that wait, all hosts together.
    waiting: usize,
    /// Pages that are being fetched, all hosts together.
    in_flight: usize,
    /// Whether nobody gets a turn any more.
    is_closed: bool,
}

#[derive(Default)]
struct Host {
    /// Its pages, in the order in which they were leased.
    waiting: VecDeque<Url>,
    /// Pages that are being fetched.
    in_flight: usize,
    /// What the host itself wants for a delay. `None`: nobody knows yet, and it gets one request
    /// at a time.
    delay: Option<Duration>,
    /// When the next request may begin.
    free: Option<Instant>,
}

impl Host {
    /// How many requests it gets at the same time.
    fn share(&self, usual: usize) -> usize {
        self.delay.map_or(1, |_| usual)
    }
}

/// What there is at the moment.
enum Next {
    Page(Url),
    /// None before that.
    At(Instant),
    /// None before something changes.
    Nothing,
    /// None at all.
    Over,
}

impl Turns {
    pub(crate) fn new(shares: Shares) -> Self {
        Self {
            shares,
            state: RefCell::default(),
            changed: Event::new(),
        }
    }

    /// Adds pages that were leased.
    pub(crate) fn add(&self, pages: Vec<Url>) {
        let mut state = self.state.borrow_mut();
        for url in pages {
            let name = host_of(&url);
            let host = state.hosts.entry(name.clone()).or_default();
            host.waiting.push_back(url);
            if host.waiting.len() == 1 {
                state.turns.push_back(name);
            }
            state.waiting += 1;
        }
        drop(state);
        self.announce();
    }

    /// Waits for a page that may be fetched now. `None`: there will be no more.
    pub(crate) async fn next(&self) -> Option<Url> {
        loop {
            let now = get_running_loop().time();
            match self.take(now) {
                Next::Page(url) => return Some(url),
                // Whichever comes first.
                Next::At(time) => {
                    let _ = timeout(time - now, self.changed.wait()).await;
                }
                Next::Nothing => self.changed.wait().await,
                Next::Over => return None,
            }
        }
    }

    /// Takes the first page of the first host that may have another request.
    fn take(&self, now: Instant) -> Next {
        let state = &mut *self.state.borrow_mut();
        if state.is_closed {
            return Next::Over;
        }
        if state.in_flight >= self.shares.total {
            return Next::Nothing;
        }
        let mut earliest: Option<Instant> = None;
        for _ in 0..state.turns.len() {
            let Some(name) = state.turns.pop_front() else {
                break;
            };
            let host = state.hosts.entry(name.clone()).or_default();
            let is_early = host.free.filter(|free| *free > now);
            if host.in_flight >= host.share(self.shares.per_host) || is_early.is_some() {
                earliest = earliest.into_iter().chain(is_early).min();
                state.turns.push_back(name);
                continue;
            }
            let Some(url) = host.waiting.pop_front() else {
                continue;
            };
            host.in_flight += 1;
            host.free = now.checked_add(self.shares.delay.max(host.delay.unwrap_or_default()));
            state.in_flight += 1;
            state.waiting -= 1;
            if !host.waiting.is_empty() {
                state.turns.push_back(name);
            }
            return Next::Page(url);
        }
        earliest.map_or(Next::Nothing, Next::At)
    }

    /// Says that a page has been dealt with.
    pub(crate) fn done(&self, url: &Url) {
        let mut state = self.state.borrow_mut();
        state.in_flight -= 1;
        if let Some(host) = state.hosts.get_mut(&host_of(url)) {
            host.in_flight -= 1;
        }
        drop(state);
        self.announce();
    }

    /// Says which delay the host of a page wants. The first word counts.
    pub(crate) fn meet(&self, url: &Url, delay: Duration) {
        let mut state = self.state.borrow_mut();
        let host = state.hosts.entry(host_of(url)).or_default();
        if host.delay.is_some() {
            return;
        }
        host.delay = Some(delay);
        let delay = self.shares.delay.max(delay);
        host.free = get_running_loop().time().checked_add(delay);
        drop(state);
        self.announce();
    }

    /// Forgets what is waiting, and gives nobody a turn any more.
    pub(crate) fn close(&self) {
        let mut state = self.state.borrow_mut();
        state.is_closed = true;
        state.hosts.clear();
        state.turns.clear();
        state.waiting = 0;
        drop(state);
        self.announce();
    }

    /// How many pages wait, and how many are in flight.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (state.waiting, state.in_flight)
    }

    /// How many more could be fetched at the same time, if their hosts allow it.
    pub(crate) fn idle(&self) -> usize {
        let in_flight = self.state.borrow().in_flight;
        self.shares.total.saturating_sub(in_flight)
    }

    /// Wakes who waits for a page.
    fn announce(&self) {
        self.changed.set();
        self.changed.clear();
    }
}

/// The host of a page: its name, and the port if that is not the usual one.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port()
        .map_or(host.to_string(), |port| format!("{host}:{port}"))
}
