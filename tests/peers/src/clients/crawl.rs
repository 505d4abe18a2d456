//! A crawl: from the first page of the site to every page that links lead to.
//!
//! All lanes take from one frontier, which knows the pages that were seen. It belongs to no
//! runtime and is the same for all clients, as the search for links is: what differs between
//! them is what it takes to fetch the pages. It wakes as many lanes as there are pages to take.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::future::{IntoFuture, poll_fn};
use std::rc::Rc;
use std::str;
use std::task::{Poll, Waker};

use memchr::{memchr, memmem};

use super::job::{Report, Target};
use super::lanes::Client;
use crate::meters::resident;
use crate::partners::{END, PAGES};
use crate::runtimes::Runtime;

/// Where the crawl begins.
const FIRST: &str = "/crawl/0";
/// What a link begins with.
const LINK: &[u8] = b"<a href=\"";

/// Crawls the site of the canned server with `C`, and takes only all of it.
pub(super) fn run<C: Client>(port: u16, lanes: usize) -> Result<Report, String> {
    C::Runtime::run(async move {
        let before = resident();
        let client = C::new(lanes);
        let crawl = crawl(&client, port, lanes);
        Report::of(before, lanes, PAGES as u64, crawl).await
    })
}

async fn crawl<C: Client>(client: &C, port: u16, lanes: usize) -> Result<(), String> {
    let frontier = Rc::new(Frontier::default());
    frontier.enter(FIRST);
    let start = |_| C::Runtime::spawn(work::<C>(client.lane(), port, frontier.clone()));
    let workers: Vec<_> = (0..lanes).map(start).collect();
    for worker in workers {
        C::Runtime::value(worker.into_future().await)?;
    }
    frontier.check()
}

/// What a lane does.
async fn work<C: Client>(
    mut lane: C::Lane,
    port: u16,
    frontier: Rc<Frontier>,
) -> Result<(), String> {
    while let Some(path) = frontier.next().await {
        let body = C::get(&mut lane, &Target::new(port, &path)).await;
        // A page that failed leads nowhere; the other lanes wait for it no longer.
        frontier.close(body.as_ref().map_or(&[], |body| body.as_ref()));
        body?;
    }
    Ok(())
}

/// The pages that are known, and who waits for more.
#[derive(Default)]
struct Frontier {
    /// Only this thread has it, and nobody is woken while it is borrowed.
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Paths that a link has led to.
    seen: HashSet<String>,
    /// Those of them that nobody has taken yet.
    due: VecDeque<String>,
    /// Pages that are taken, and not closed: each may lead to more.
    open: usize,
    /// Pages that came, to their end.
    whole: usize,
    /// Lanes without a page.
    idle: Vec<Waker>,
}

impl Frontier {
    /// Takes a page, as soon as there is one; `None` when there will be no more.
    async fn next(&self) -> Option<String> {
        poll_fn(|context| {
            let mut state = self.state.borrow_mut();
            let path = state.due.pop_front();
            if path.is_some() {
                state.open += 1;
            } else if state.open > 0 {
                state.idle.push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(path)
        })
        .await
    }

    /// Follows the links of a page that was taken.
    fn close(&self, body: &[u8]) {
        links(body).for_each(|path| self.enter(path));
        let mut state = self.state.borrow_mut();
        state.open -= 1;
        state.whole += usize::from(body.ends_with(END));
        let useful = if state.open == 0 && state.due.is_empty() {
            state.idle.len()
        } else {
            state.due.len().min(state.idle.len())
        };
        let rest = state.idle.len() - useful;
        let idle = state.idle.split_off(rest);
        drop(state);
        idle.into_iter().for_each(Waker::wake);
    }

    fn enter(&self, path: &str) {
        let mut state = self.state.borrow_mut();
        if !state.seen.contains(path) {
            state.seen.insert(path.to_string());
            state.due.push_back(path.to_string());
        }
    }

    fn check(&self) -> Result<(), String> {
        let state = self.state.borrow();
        if state.whole == PAGES && state.seen.len() == PAGES {
            return Ok(());
        }
        let (whole, seen) = (state.whole, state.seen.len());
        Err(format!(
            "{whole} pages came and {seen} were seen, not {PAGES}"
        ))
    }
}

/// The paths that a page links to.
fn links(page: &[u8]) -> impl Iterator<Item = &str> {
    memmem::find_iter(page, LINK).filter_map(|at| {
        let path = &page[at + LINK.len()..];
        str::from_utf8(&path[..memchr(b'"', path)?]).ok()
    })
}
