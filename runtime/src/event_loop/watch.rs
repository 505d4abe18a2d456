//! Watching the loop: entries that take too long, afterwards and while they do.
//!
//! One thread has to serve everybody, so a step that computes for a second, or blocks, holds all
//! others up. In debug mode every entry is timed and reported if it took long. A watchdog does
//! not wait for the end: a thread of its own looks every now and then at what is running, and
//! names it while it runs.
//!
//! Neither costs anything when it is off: the turn then takes the loop that does not look.

use std::cell::{Cell, RefCell};
use std::env;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long an entry may take before debug mode reports it, as in asyncio.
const SLOW: Duration = Duration::from_millis(100);
/// What switches debug mode on from outside.
const VARIABLE: &str = "LOOPLET_DEBUG";

/// What a loop knows of being watched.
pub(crate) struct Watch {
    debug: Cell<bool>,
    /// Whether an observer is told.
    observed: Cell<bool>,
    /// Whether entries are looked at, for whatever reason.
    on: Cell<bool>,
    slow: Cell<Duration>,
    /// Where the watchdogs look.
    board: RefCell<Option<Arc<Board>>>,
}

impl Watch {
    pub(crate) fn new(debug: Option<bool>, observed: bool) -> Self {
        let asked = || env::var_os(VARIABLE).is_some_and(|value| !value.is_empty() && value != "0");
        let debug = debug.unwrap_or_else(asked);
        Self {
            debug: Cell::new(debug),
            observed: Cell::new(observed),
            on: Cell::new(debug || observed),
            slow: Cell::new(SLOW),
            board: RefCell::new(None),
        }
    }

    /// Whether entries are looked at.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.get()
    }

    pub(crate) fn is_debug(&self) -> bool {
        self.debug.get()
    }

    pub(crate) fn set_debug(&self, debug: bool) {
        self.debug.set(debug);
        self.settle();
    }

    /// Whether an observer is told.
    #[inline]
    pub(crate) fn is_observed(&self) -> bool {
        self.observed.get()
    }

    pub(crate) fn set_observed(&self, observed: bool) {
        self.observed.set(observed);
        self.settle();
    }

    fn settle(&self) {
        let watched = self.board.borrow().is_some();
        self.on
            .set(self.debug.get() || self.observed.get() || watched);
    }

    pub(crate) fn slow(&self) -> Duration {
        self.slow.get()
    }

    pub(crate) fn set_slow(&self, slow: Duration) {
        self.slow.set(slow);
    }

    /// An entry begins. `name` says which, if somebody has to know at once.
    pub(crate) fn begin(&self, name: impl FnOnce() -> String) -> Instant {
        let since = Instant::now();
        if let Some(board) = &*self.board.borrow() {
            let what = name();
            board.lock().running = Some(Running { what, since });
        }
        since
    }

    /// An entry has ended. Returns how long it took, if that is to be reported.
    pub(crate) fn end(&self, since: Instant) -> Option<Duration> {
        if let Some(board) = &*self.board.borrow() {
            board.lock().running = None;
        }
        let took = since.elapsed();
        (self.debug.get() && took >= self.slow.get()).then_some(took)
    }

    fn board(&self) -> Arc<Board> {
        self.on.set(true);
        let mut board = self.board.borrow_mut();
        board.get_or_insert_with(Arc::default).clone()
    }

    /// Sets a watchdog on the loop.
    pub(crate) fn set_watchdog(
        &self,
        patience: Duration,
        report: impl Fn(&Blocked) + Send + 'static,
    ) -> std::io::Result<Watchdog> {
        let board = self.board();
        let watched = board.clone();
        let leash = Arc::new(Leash::default());
        let held = leash.clone();
        let thread = thread::Builder::new()
            .name("looplet watchdog".to_string())
            .spawn(move || keep_watch(&watched, &held, patience, report))?;
        Ok(Watchdog {
            leash,
            thread: Some(thread),
        })
    }
}

/// Where a loop writes down what it runs.
#[derive(Default)]
struct Board {
    state: Mutex<BoardState>,
}

#[derive(Default)]
struct BoardState {
    running: Option<Running>,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, PartialEq)]
struct Running {
    what: String,
    since: Instant,
}

/// Ends a watchdog.
#[derive(Default)]
struct Leash {
    pulled: Mutex<bool>,
    bell: Condvar,
}

/// What a watchdog reports: the loop is held up.
///
/// asyncio has no counterpart: its debug mode tells afterwards.
///
/// ```
/// use looplet::{get_running_loop, run};
/// use std::sync::mpsc::channel;
/// use std::time::Duration;
///
/// let (sender, reports) = channel();
/// run(async move {
///     let report = move |blocked: &looplet::Blocked| sender.send(blocked.clone()).expect("heard");
///     let patience = Duration::from_millis(10);
///     let _watchdog = get_running_loop().watch(patience, report).expect("a thread");
///     looplet::yield_now().await;
///     let blocked = reports.recv().expect("this very wait holds the loop up");
///     assert!(blocked.duration >= patience);
/// });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// Who holds it up: a task with the place where it was spawned, or a callback with the place
    /// where it was scheduled.
    pub what: String,
    /// For how long already.
    pub duration: Duration,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.duration.as_secs_f64();
        write!(
            f,
            "{} has held the event loop up for {seconds:.3} s",
            self.what
        )
    }
}

/// A thread that watches a loop until this is dropped. Made by
/// [`EventLoop::watch`](crate::EventLoop::watch).
///
/// Dropping it waits for the thread to end. asyncio has no counterpart.
///
/// ```
/// use looplet::{get_running_loop, run};
/// use std::time::Duration;
///
/// run(async {
///     let event_loop = get_running_loop();
///     let watchdog = event_loop.watch(Duration::from_secs(1), |blocked| eprintln!("{blocked}"));
///     drop(watchdog.expect("the system gives a thread"));
/// });
/// ```
#[must_use = "it watches as long as this lives"]
pub struct Watchdog {
    leash: Arc<Leash>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        *self
            .leash
            .pulled
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.leash.bell.notify_all();
        if let Some(thread) = self.thread.take() {
            // A report that panics has ended its watchdog already.
            let _ended = thread.join();
        }
    }
}

impl fmt::Debug for Watchdog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Watchdog>")
    }
}

/// Looks at the board four times in the time that an entry may take.
fn keep_watch(board: &Board, leash: &Leash, patience: Duration, report: impl Fn(&Blocked)) {
    let interval = (patience / 4).max(Duration::from_millis(1));
    let mut reported = None;
    let mut pulled = leash.pulled.lock().unwrap_or_else(PoisonError::into_inner);
    while !*pulled {
        let waited = leash.bell.wait_timeout(pulled, interval);
        pulled = waited.unwrap_or_else(PoisonError::into_inner).0;
        let Some(running) = board.lock().running.clone() else {
            continue;
        };
        let duration = running.since.elapsed();
        if *pulled || duration < patience || reported.as_ref() == Some(&running) {
            continue;
        }
        let what = running.what.clone();
        report(&Blocked { what, duration });
        reported = Some(running);
    }
}
