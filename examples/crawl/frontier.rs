//! The frontier: which pages are known, which are next, and whose turn it is.
//!
//! A page is known from the moment a link to it is seen, so it is fetched once, however many
//! links lead to it. Hosts take turns: a host with a thousand pages waiting does not keep the
//! others from theirs, and none gets more than its share of requests at the same time.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};

use looplet::Event;
use url::Url;

/// Pages to fetch, by host.
pub(crate) struct Frontier {
    per_host: usize,
    max_pages: usize,
    state: RefCell<State>,
    /// Set for a moment whenever a worker that found nothing should look again.
    changed: Event,
}

#[derive(Default)]
struct State {
    known: HashSet<Url>,
    hosts: HashMap<String, Host>,
    /// Hosts that have pages waiting, the next one first.
    turns: VecDeque<String>,
    in_flight: usize,
    closed: bool,
}

#[derive(Default)]
struct Host {
    waiting: VecDeque<Url>,
    in_flight: usize,
}

impl Frontier {
    pub(crate) fn new(per_host: usize, max_pages: usize) -> Self {
        Frontier {
            per_host,
            max_pages,
            state: RefCell::default(),
            changed: Event::new(),
        }
    }

    /// Adds a page unless it is known, or there are enough.
    pub(crate) fn add(&self, mut url: Url) {
        url.set_fragment(None);
        let mut state = self.state.borrow_mut();
        if state.closed || state.known.len() >= self.max_pages || !state.known.insert(url.clone()) {
            return;
        }
        let name = host_of(&url);
        let host = state.hosts.entry(name.clone()).or_default();
        host.waiting.push_back(url);
        if host.waiting.len() == 1 {
            state.turns.push_back(name);
        }
        drop(state);
        self.announce();
    }

    /// Notes that a page was reached under another name, by a redirect. Returns `false` if
    /// that name was known: then the page has been fetched, or will be.
    pub(crate) fn add_alias(&self, url: &Url) -> bool {
        let mut url = url.clone();
        url.set_fragment(None);
        self.state.borrow_mut().known.insert(url)
    }

    /// Waits for a page to fetch. `None`: there will be no more.
    pub(crate) async fn next(&self) -> Option<Url> {
        loop {
            if let Some(url) = self.take() {
                return Some(url);
            }
            if self.is_finished() {
                return None;
            }
            self.changed.wait().await;
        }
    }

    /// Takes the first page of the first host that may have another request.
    fn take(&self) -> Option<Url> {
        let state = &mut *self.state.borrow_mut();
        for _ in 0..state.turns.len() {
            let name = state.turns.pop_front()?;
            let host = state.hosts.get_mut(&name)?;
            if host.in_flight >= self.per_host {
                state.turns.push_back(name);
                continue;
            }
            let url = host.waiting.pop_front()?;
            host.in_flight += 1;
            state.in_flight += 1;
            if !host.waiting.is_empty() {
                state.turns.push_back(name);
            }
            return Some(url);
        }
        None
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

    /// Forgets what is waiting, and takes nothing more.
    pub(crate) fn close(&self) {
        let mut state = self.state.borrow_mut();
        state.closed = true;
        state.hosts.clear();
        state.turns.clear();
        drop(state);
        self.announce();
    }

    /// How many pages wait, and how many are in flight.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.state.borrow();
        (
            state.hosts.values().map(|host| host.waiting.len()).sum(),
            state.in_flight,
        )
    }

    fn is_finished(&self) -> bool {
        let state = self.state.borrow();
        state.closed || (state.turns.is_empty() && state.in_flight == 0)
    }

    /// Wakes every worker that waits.
    fn announce(&self) {
        self.changed.set();
        self.changed.clear();
    }
}

/// Host and port, as they stand in the URL.
pub(crate) fn host_of(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or(0)
    )
}
