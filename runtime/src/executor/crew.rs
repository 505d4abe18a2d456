//! The crew: the threads of a pool and the line of jobs in front of them.
//!
//! # Rules
//!
//! 1. Jobs begin in the order in which they came. Who takes a job out of the line, a thread to
//!    run it or a cancel to drop it, has it alone; so no job is both run and cancelled.
//! 2. A thread is started when a job finds no idle one, up to the limit, and ends when the crew
//!    is closed and the line is empty.
//! 3. Jobs run, and are dropped, outside the lock.
//!
//! The line is a map by number, not a deque: a cancelled job leaves at once, with whatever it
//! captured, however long the line is.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::error::SubmitError;

/// A job, with the place for its result inside.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Where a job was submitted.
pub(super) type Site = &'static Location<'static>;

/// What the threads of a pool and its handles share.
pub(super) struct Crew {
    state: Mutex<State>,
    /// Rung when there is work, or no more will come.
    work: Condvar,
    /// Rung when a thread ends.
    ended: Condvar,
    limit: usize,
    /// What the names of the threads begin with.
    prefix: String,
}

#[derive(Default)]
struct State {
    /// Jobs that have not begun, by number.
    line: BTreeMap<u64, (Work, Site)>,
    /// Jobs submitted so far; the number of the next.
    submitted: u64,
    /// Threads that have not ended.
    threads: usize,
    /// Those that wait for work.
    idle: usize,
    /// Those that run a job, and where it was submitted.
    busy: Vec<(ThreadId, Site)>,
    /// Whether it takes no more jobs.
    closed: bool,
}

impl State {
    fn is_busy(&self, thread: ThreadId) -> bool {
        self.busy.iter().any(|(busy, _)| *busy == thread)
    }

    /// A thread runs no job any more.
    fn rest(&mut self, thread: ThreadId) {
        self.busy.retain(|(busy, _)| *busy != thread);
    }
}

impl Crew {
    pub(super) fn new(limit: usize, prefix: String) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            work: Condvar::new(),
            ended: Condvar::new(),
            limit,
            prefix,
        })
    }

    /// Puts a job in the line, and starts a thread for it if none is idle. Returns its number.
    pub(super) fn push(self: &Arc<Self>, work: Work, site: Site) -> Result<u64, SubmitError> {
        let mut state = self.lock();
        if state.closed {
            return Err(SubmitError::ShutDown);
        }
        let number = state.submitted;
        state.submitted += 1;
        state.line.insert(number, (work, site));
        if state.idle >= state.line.len() || state.threads >= self.limit {
            self.work.notify_one();
        } else if let Err(error) = self.start_thread(&mut state)
            && state.threads == 0
        {
            let refused = state.line.remove(&number);
            drop(state);
            drop(refused);
            return Err(SubmitError::NoThread(error));
        }
        Ok(number)
    }

    /// The lock is held meanwhile, so that nobody counts on a thread that does not come.
    fn start_thread(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        let name = format!("{}_{}", self.prefix, state.threads);
        let crew = self.clone();
        thread::Builder::new()
            .name(name)
            .spawn(move || crew.run())?;
        state.threads += 1;
        Ok(())
    }

    /// Takes a job out that has not begun. The caller drops it.
    pub(super) fn withdraw(&self, number: u64) -> Option<Work> {
        let withdrawn = self.lock().line.remove(&number);
        withdrawn.map(|(work, _)| work)
    }

    /// Takes no more jobs. Those in the line still run.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// Waits until all threads have ended, at most for `patience`. A job that waits for its own
    /// crew does not wait for itself. Returns whether they have.
    pub(super) fn join(&self, patience: Duration) -> bool {
        let deadline = Instant::now().checked_add(patience);
        let own = thread::current().id();
        let mut state = self.lock();
        while state.threads > usize::from(state.is_busy(own)) {
            let left = deadline.map_or(patience, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            let waited = self.ended.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// What a thread does until the crew closes.
    fn run(&self) {
        let _place = Place(self);
        let own = thread::current().id();
        while let Some(work) = self.next(own) {
            // The result, if nobody wants it, is dropped in here: user code like the job.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    }

    /// Waits for the next job of a thread. `None`: there will be none.
    fn next(&self, own: ThreadId) -> Option<Work> {
        let mut state = self.lock();
        state.rest(own);
        loop {
            if let Some((_, (work, site))) = state.line.pop_first() {
                state.busy.push((own, site));
                return Some(work);
            }
            if state.closed {
                return None;
            }
            state.idle += 1;
            let waited = self.work.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    /// How many threads there may be.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// How many there are, and how many of them are idle.
    pub(super) fn threads(&self) -> (usize, usize) {
        let state = self.lock();
        (state.threads, state.idle)
    }

    /// How many jobs have not begun.
    pub(super) fn queued(&self) -> usize {
        self.lock().line.len()
    }

    /// Where the jobs were submitted that run now, in the order of the source.
    pub(super) fn running(&self) -> Vec<Site> {
        let mut sites: Vec<Site> = self.lock().busy.iter().map(|(_, site)| *site).collect();
        sites.sort_unstable();
        sites
    }

    /// Jobs run outside the lock, so a panic in one cannot leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a thread in the crew. It leaves also by a panic.
struct Place<'a>(&'a Crew);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.rest(thread::current().id());
        state.threads -= 1;
        drop(state);
        self.0.ended.notify_all();
    }
}
