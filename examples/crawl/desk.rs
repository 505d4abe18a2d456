//! The desk: where finished pages are handed in, between the visits, which await, and the
//! frontier and the sink, which block.
//!
//! The two live on a thread of their own. One task, [`keep`](Desk::keep), sends them orders and
//! waits for the answers: what was handed in meanwhile is one order, and so one transaction. The
//! faster pages come, the more of them share a commit; one that comes alone waits for nobody.
//!
//! # Rules
//!
//! 1. An order is served in this sequence: articles to the sink, then pages to the frontier, and
//!    only then are more leased. So what an order adds can be leased by the same order.
//! 2. What is reported has been stored.
//! 3. An order that was sent is waited for, also after Ctrl-C.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::mem;
use std::time::{Duration, Instant};

use looplet::{Event, PoolConfig, ThreadPool, get_running_loop, timeout};

use crate::frontier::{Finished, Frontier, Taken};
use crate::report::Report;
use crate::sink::{Article, Sink};
use crate::trouble::Trouble;
use crate::turns::Turns;

/// Pages, and bytes of them, that may wait for the thread before visits wait too.
const WAITING_PAGES: usize = 1024;
const WAITING_BYTES: usize = 64 << 20;
/// Pages that one order leases at most.
const ORDER: usize = 1024;
/// Leased pages that may wait for their turn, if nobody else wants them: enough to find hosts
/// that are idle behind one with many pages.
const AHEAD: usize = 100_000;
/// The same if others would like to have them.
const AHEAD_OF_OTHERS: usize = 32;
/// How long an order may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often others are asked whether they have left something.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The thread of the stores.
pub(crate) struct StoreThread {
    /// A single thread.
    pool: ThreadPool,
    /// What the stores are called.
    names: String,
}

impl StoreThread {
    pub(crate) fn new(names: String) -> Self {
        let config = PoolConfig {
            threads: 1,
            name_prefix: "stores".to_string(),
        };
        Self {
            pool: ThreadPool::with(config),
            names,
        }
    }

    /// Waits for what the stores do, but not for ever: one that does not answer, behind a cable
    /// that was cut, is an error.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Trouble> {
        let trouble = |cause: &dyn Display| Trouble::new(&self.names, cause);
        let job = self.pool.submit(work).map_err(|error| trouble(&error))?;
        let silent = format!("no answer within {} s", PATIENCE.as_secs());
        timeout(PATIENCE, job).await.map_err(|_| trouble(&silent))?
    }
}

/// Where pages and articles are kept.
pub(crate) struct Stores {
    /// Where pages are kept.
    pub(crate) frontier: Box<dyn Frontier>,
    /// Where articles go, if not to the frontier.
    pub(crate) sink: Option<Box<dyn Sink>>,
}

impl Stores {
    fn serve(&mut self, mut order: Order) -> Result<Reply, Trouble> {
        if let Some(sink) = &mut self.sink {
            let articles = order.finished.iter_mut();
            let articles: Vec<Article> = articles.filter_map(|page| page.article.take()).collect();
            if !articles.is_empty() {
                sink.store(&articles)?;
            }
        }
        let ended = match order.finished.is_empty() {
            true => Vec::new(),
            false => self.frontier.finish(&order.finished)?,
        };
        if order.renew {
            self.frontier.renew()?;
        }
        let taken = self.frontier.take(order.wanted)?;
        Ok(Reply {
            finished: order.finished,
            ended,
            taken,
        })
    }
}

/// What the stores are to do.
struct Order {
    /// Pages to store and to end.
    finished: Vec<Finished>,
    /// Pages to lease.
    wanted: usize,
    /// Whether leases are to begin anew.
    renew: bool,
}

/// What they have done.
struct Reply {
    /// Those of the order.
    finished: Vec<Finished>,
    /// For each of those, whether it had not ended before.
    ended: Vec<bool>,
    /// What was leased, and how the crawl stands.
    taken: Taken,
}

/// Where finished pages are handed in.
pub(crate) struct Desk {
    /// Those that no order has yet.
    waiting: RefCell<Vec<Finished>>,
    /// Bytes of their articles.
    bytes: Cell<usize>,
    /// Whether no more will come.
    is_closed: Cell<bool>,
    /// Set for a moment when there may be something to order.
    bell: Event,
    /// Set for a moment when all that waited is in an order.
    emptied: Event,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            waiting: RefCell::default(),
            bytes: Cell::new(0),
            is_closed: Cell::new(false),
            bell: Event::new(),
            emptied: Event::new(),
        }
    }

    /// Hands a page in. Waits if too much is waiting already.
    pub(crate) async fn finish(&self, page: Finished) {
        let article = page.article.as_ref();
        let bytes = article.map_or(0, |article| article.html.len());
        self.bytes.set(self.bytes.get() + bytes);
        self.waiting.borrow_mut().push(page);
        self.ring();
        while self.is_full() {
            self.emptied.wait().await;
        }
    }

    fn is_full(&self) -> bool {
        self.waiting.borrow().len() > WAITING_PAGES || self.bytes.get() > WAITING_BYTES
    }

    /// Says that there may be something to order.
    pub(crate) fn ring(&self) {
        self.bell.set();
        self.bell.clear();
    }

    /// Says that no more will come. What was handed in is still stored.
    pub(crate) fn close(&self) {
        self.is_closed.set(true);
        self.ring();
    }

    fn take_waiting(&self) -> Vec<Finished> {
        let waiting = mem::take(&mut *self.waiting.borrow_mut());
        self.bytes.set(0);
        self.emptied.set();
        self.emptied.clear();
        waiting
    }

    /// Sends orders until the crawl is complete, or the desk is closed.
    pub(crate) async fn keep(
        &self,
        mut keeper: Keeper,
        turns: &Turns,
        report: &Report,
    ) -> Result<(), Trouble> {
        loop {
            let order = keeper.order(self.take_waiting(), turns, self.is_closed.get());
            if let Some(order) = order {
                let reply = keeper.send(order).await?;
                report.finished(&reply.finished, &reply.ended);
                report.stands(reply.taken.known, reply.taken.open, turns.counts());
                turns.add(reply.taken.pages);
            } else if self.is_closed.get() || keeper.is_complete(turns) {
                break;
            } else {
                let patience = keeper.patience();
                // Whichever comes first.
                let _ = timeout(patience, self.bell.wait()).await;
            }
        }
        turns.close();
        keeper.leave().await
    }
}

/// Who sends the orders: what it knows of the stores.
pub(crate) struct Keeper {
    /// `None` while an order is under way.
    stores: Option<Stores>,
    /// Where they are.
    thread: StoreThread,
    /// How long leases last, if others take pages too.
    lease: Option<Duration>,
    /// Pages that have not ended, as of the last order. `None` before the first.
    open: Option<u64>,
    /// Whether the last order got fewer pages than it wanted.
    is_dry: bool,
    /// When the last order was sent.
    asked: Instant,
    /// When leases were renewed.
    renewed: Instant,
}

impl Keeper {
    pub(crate) fn new(stores: Stores, thread: StoreThread) -> Self {
        let now = get_running_loop().time();
        Self {
            lease: stores.frontier.lease(),
            stores: Some(stores),
            thread,
            open: None,
            is_dry: false,
            asked: now,
            renewed: now,
        }
    }

    /// What there is to do. `None`: nothing at the moment.
    fn order(&self, finished: Vec<Finished>, turns: &Turns, closing: bool) -> Option<Order> {
        let now = get_running_loop().time();
        let (waiting, in_flight) = turns.counts();
        let has_more = match (self.open, self.lease) {
            (None, _) => true,
            (Some(open), None) => open > (waiting + in_flight) as u64,
            (Some(_), Some(_)) => !self.is_dry || now >= self.asked + LOOK_AGAIN,
        };
        // What is finished may bring more.
        let asks = !closing && (has_more || !finished.is_empty());
        let wanted = if asks { self.room(waiting, turns) } else { 0 };
        let every = self.lease.map(|lease| lease / 3);
        let is_due = every.is_some_and(|every| now >= self.renewed + every);
        let renew = is_due && waiting + in_flight > 0;
        let is_needed = !finished.is_empty() || wanted > 0 || renew;
        is_needed.then_some(Order {
            finished,
            wanted,
            renew,
        })
    }

    /// How many pages to lease.
    fn room(&self, waiting: usize, turns: &Turns) -> usize {
        let ahead = self.lease.map_or(AHEAD, |_| AHEAD_OF_OTHERS);
        let enough = turns.idle() == 0 && waiting >= ahead.min(ORDER) / 2;
        if enough {
            0
        } else {
            ahead.saturating_sub(waiting).min(ORDER)
        }
    }

    /// Whether all pages of all have ended.
    fn is_complete(&self, turns: &Turns) -> bool {
        self.open == Some(0) && turns.counts().1 == 0
    }

    /// How long to wait at most before the next order.
    fn patience(&self) -> Duration {
        let every = self.lease.map_or(Duration::MAX, |lease| lease / 3);
        if self.lease.is_some() && self.is_dry {
            return LOOK_AGAIN.min(every);
        }
        every
    }

    /// Has an order served.
    async fn send(&mut self, order: Order) -> Result<Reply, Trouble> {
        self.asked = get_running_loop().time();
        if order.renew {
            self.renewed = self.asked;
        }
        let wanted = order.wanted;
        let reply = self.serve(order).await?;
        self.is_dry = reply.taken.pages.len() < wanted;
        self.open = Some(reply.taken.open);
        Ok(reply)
    }

    /// Gives back what is leased, and closes the stores.
    async fn leave(self) -> Result<(), Trouble> {
        let mut stores = self.stores.expect("no order is under way");
        self.thread.run(move || stores.frontier.give_back()).await
    }

    async fn serve(&mut self, order: Order) -> Result<Reply, Trouble> {
        let mut stores = self.stores.take().expect("no other order is under way");
        let job = move || {
            let reply = stores.serve(order)?;
            Ok((stores, reply))
        };
        let (stores, reply) = self.thread.run(job).await?;
        self.stores = Some(stores);
        Ok(reply)
    }
}
