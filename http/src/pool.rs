//! The pool: which connections there are, who may have one, and who waits.
//!
//! A request first gets a *slot*: one of the places of its host, then one of the places of
//! the whole session, both first come, first served. With the slot it takes the youngest idle
//! connection of its route, or makes a new one. Slots count connections in use; idle ones are
//! kept beside them.
//!
//! # Rules
//!
//! 1. A connection comes back only at the end of an exchange that says it can be used again.
//!    Anything else closes it.
//! 2. An idle connection is closed after its time, or when there are too many, the oldest
//!    first.
//! 3. A connection that the server has closed meanwhile is not handed out, as far as that is
//!    known. (What is not known yet is the business of `hop.rs`.)
//! 4. A host that is used no more leaves no trace: a crawl of a million hosts does not grow.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use looplet::{Permit, Semaphore, TimerHandle, get_running_loop};

use crate::connect::Route;
use crate::connection::Connection;
use crate::message::Origin;
use crate::terms::Terms;

/// How many connections a session may have.
///
/// ```
/// use looplet_http::PoolLimits;
///
/// let gentle = PoolLimits { per_host: 1, ..PoolLimits::default() };
/// assert_eq!(gentle.total, 100);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolLimits {
    /// Connections in use at the same time; idle ones come on top. Default 100.
    pub total: usize,
    /// Connections in use at the same time with one origin (scheme, host and port). Further
    /// requests wait, first come, first served, for at most
    /// [`Timeouts::pool_wait`](crate::Timeouts::pool_wait). Default 6, as in browsers; who
    /// fetches hundreds of pages from a server of their own wants more.
    pub per_host: usize,
    /// Idle connections that are kept. Default 32.
    pub idle: usize,
    /// How long an idle connection is kept. Default 15 s. A server that says how long it keeps
    /// one (`Keep-Alive: timeout`) is believed, and a second taken off, if that is shorter.
    pub idle_timeout: Duration,
}

impl Default for PoolLimits {
    fn default() -> Self {
        PoolLimits {
            total: 100,
            per_host: 6,
            idle: 32,
            idle_timeout: Duration::from_secs(15),
        }
    }
}

/// The connections of a session.
pub(crate) struct Pool {
    limits: PoolLimits,
    total: Semaphore,
    /// The places of each origin that is in use or waited for.
    hosts: RefCell<HashMap<Origin, Rc<Host>>>,
    /// Idle connections, the oldest first.
    idle: RefCell<VecDeque<Idle>>,
    /// Closes idle connections when their time is over; `None` while there are none.
    eviction: RefCell<Option<TimerHandle>>,
    /// Whether connections that come back are closed.
    closed: Cell<bool>,
}

struct Host {
    places: Semaphore,
    /// Requests that hold a place or wait for one.
    users: Cell<usize>,
}

struct Idle {
    route: Route,
    connection: Box<Connection>,
    /// When its time is over; `None`: never.
    until: Option<Instant>,
}

impl Idle {
    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }
}

/// What is taken off the time that a server keeps a connection: its clock began earlier.
const MARGIN: Duration = Duration::from_secs(1);

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Rc<Self> {
        Rc::new(Self {
            limits,
            total: Semaphore::new(limits.total.max(1)),
            hosts: RefCell::default(),
            idle: RefCell::default(),
            eviction: RefCell::default(),
            closed: Cell::new(false),
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Joins the line for a place.
    pub(crate) fn join(self: &Rc<Self>, origin: &Origin, route: Route) -> Slot {
        let mut slot = Slot {
            host: self.host(origin),
            pool: self.clone(),
            origin: origin.clone(),
            route,
            permits: None,
        };
        let place = slot.host.places.try_acquire();
        slot.permits = place.zip(self.total.try_acquire());
        slot
    }

    /// Counts a user of `origin` in.
    fn host(&self, origin: &Origin) -> Rc<Host> {
        let mut hosts = self.hosts.borrow_mut();
        let host = hosts.entry(origin.clone()).or_insert_with(|| {
            Rc::new(Host {
                places: Semaphore::new(self.limits.per_host.max(1)),
                users: Cell::new(0),
            })
        });
        host.users.set(host.users.get() + 1);
        host.clone()
    }

    /// Counts a user of `origin` out. Only the last one has to look for it.
    fn leave(&self, origin: &Origin, host: &Host) {
        host.users.set(host.users.get() - 1);
        if host.users.get() == 0 {
            let left = self.hosts.borrow_mut().remove(origin);
            drop(left);
        }
    }

    /// Takes the youngest idle connection of a route that still stands.
    fn take_idle(&self, route: &Route, terms: &Terms, repeatable: bool) -> Option<Box<Connection>> {
        loop {
            let mut idle = self.idle.borrow_mut();
            let at = idle.iter().rposition(|idle| idle.route == *route)?;
            let found = idle.remove(at)?;
            drop(idle);
            let is_over = found.is_over(known_or_now(terms.progress.since()));
            if !is_over && found.connection.is_alive(repeatable) {
                return Some(found.connection);
            }
        }
    }

    /// Keeps a connection that is idle `since` just now; `None`: now.
    fn put_idle(
        self: &Rc<Self>,
        route: Route,
        connection: Box<Connection>,
        since: Option<Instant>,
    ) {
        if self.limits.idle == 0 || self.closed.get() {
            return;
        }
        let now = known_or_now(since);
        let until = self.end_of_idling(&connection, now);
        let mut idle = self.idle.borrow_mut();
        idle.push_back(Idle {
            route,
            connection,
            until,
        });
        let oldest = if idle.len() > self.limits.idle {
            idle.pop_front()
        } else {
            None
        };
        drop(idle);
        drop(oldest);
        self.plan_eviction(until, now);
    }

    /// When the time of a connection that is idle from now on is over. A time that no clock will
    /// show means never.
    fn end_of_idling(&self, connection: &Connection, now: Instant) -> Option<Instant> {
        let own = self.limits.idle_timeout;
        let said = connection.keep_alive;
        let limit = said.map_or(own, |said| own.min(said.saturating_sub(MARGIN)));
        now.checked_add(limit)
    }

    /// Sets the timer, unless it is set to go off before `until`. One that is cancelled was set on a
    /// loop that was closed since. One that is overdue may be of a loop that does not run; if it is
    /// of this one, what it would have closed is closed by the next, and not handed out until then.
    fn plan_eviction(self: &Rc<Self>, until: Option<Instant>, now: Instant) {
        let Some(until) = until else {
            return;
        };
        let mut eviction = self.eviction.borrow_mut();
        let is_set = eviction
            .as_ref()
            .is_some_and(|timer| !timer.cancelled() && timer.when() > now && timer.when() <= until);
        if !is_set {
            let pool = Rc::downgrade(self);
            let evict = move || {
                pool.upgrade().inspect(|pool| pool.evict());
            };
            let timer = get_running_loop().call_at(until, evict);
            if let Some(before) = eviction.replace(timer) {
                before.cancel();
            }
        }
    }

    fn evict(self: &Rc<Self>) {
        self.eviction.take();
        let now = get_running_loop().time();
        let mut idle = self.idle.borrow_mut();
        let all = std::mem::take(&mut *idle);
        let (over, kept) = all
            .into_iter()
            .partition::<VecDeque<_>, _>(|idle| idle.is_over(now));
        let next = kept.iter().filter_map(|idle| idle.until).min();
        *idle = kept;
        drop(idle);
        drop(over);
        self.plan_eviction(next, now);
    }

    /// Closes all idle connections, and keeps none from now on.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        let idle = self.idle.take();
        drop(idle);
        if let Some(timer) = self.eviction.take() {
            timer.cancel();
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("hosts", &self.hosts.borrow().len())
            .field("idle", &self.idle.borrow().len())
            .field("total", &self.total)
            .finish()
    }
}

/// A time that was read just now by another step of the request.
fn known_or_now(known: Option<Instant>) -> Instant {
    known.unwrap_or_else(|| get_running_loop().time())
}

/// The right to have one connection in use.
pub(crate) struct Slot {
    pool: Rc<Pool>,
    origin: Origin,
    /// The way to it.
    route: Route,
    /// The places of the origin.
    host: Rc<Host>,
    /// Of the host and of the session; `None` while it waits for them.
    permits: Option<(Permit, Permit)>,
}

impl Slot {
    /// Whether it is its turn.
    pub(crate) fn is_here(&self) -> bool {
        self.permits.is_some()
    }

    /// Waits for its turn. First come, first served.
    pub(crate) async fn wait(mut self) -> Self {
        let host = self.host.places.acquire().await;
        let total = self.pool.total.acquire().await;
        self.permits = Some((host, total));
        self
    }

    /// The way that connections of this slot go.
    pub(crate) fn route(&self) -> &Route {
        &self.route
    }

    /// Takes an idle connection of the route, for a request that can be repeated or not.
    pub(crate) fn take_idle(&self, terms: &Terms, repeatable: bool) -> Option<Box<Connection>> {
        self.pool.take_idle(&self.route, terms, repeatable)
    }

    /// Gives the place back, and the connection for others to use, which is idle `since` just now;
    /// `None`: now.
    pub(crate) fn keep(self, connection: Box<Connection>, since: Option<Instant>) {
        self.pool.put_idle(self.route.clone(), connection, since);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.permits = None;
        self.pool.leave(&self.origin, &self.host);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("origin", &self.origin.authority())
            .finish()
    }
}
