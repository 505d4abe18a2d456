//! Threads for what would block the loop.
//!
//! A [`ThreadPool`] runs closures on threads of its own; awaiting the [`Job`] it gives back
//! brings the result to the loop. Threads are started when a job finds no idle one, up to the
//! limit, as in Python's `ThreadPoolExecutor`. "Executor" means a thread pool here, as in
//! asyncio, not what polls futures.
//!
//! Each loop has a default pool, started by the first [`to_thread`]; name resolution uses it.
//! Before that, a program has one thread.
//!
//! # Rules
//!
//! 1. Dropping or cancelling a job's future leaves the job running: no thread can be stopped
//!    from outside. A job that has not begun by then still runs.
//! 2. A panic in a job goes on in whoever awaits it, and the thread lives on.
//! 3. As long as a job is awaited, the loop does not call itself deadlocked, and a virtual
//!    clock does not jump.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::cancel::{Note, Plain};
use crate::event_loop::{EventLoop, JobTally, get_running_loop};
use crate::leaf::{Leaf, interrupted};

type Work = Box<dyn FnOnce() + Send>;

/// A pool of threads that runs closures.
///
/// Clones stand for the same pool. When the last one is dropped, the threads end after the
/// jobs they have. The Python counterpart is `ThreadPoolExecutor`.
#[derive(Clone)]
pub struct ThreadPool {
    owner: Arc<Owner>,
}

/// Ends the threads when the last handle is gone.
struct Owner(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Rung when there is work, and when a thread ends.
    changed: Condvar,
    limit: usize,
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    threads: usize,
    idle: usize,
    closing: bool,
}

impl Shared {
    /// Jobs run outside the lock, so a panic in one cannot leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ThreadPool {
    /// Makes a pool of at most `limit` threads. None is started yet.
    pub fn new(limit: NonZeroUsize) -> Self {
        let shared = Shared {
            state: Mutex::default(),
            changed: Condvar::new(),
            limit: limit.get(),
        };
        Self {
            owner: Arc::new(Owner(Arc::new(shared))),
        }
    }

    /// A pool of the default size: `min(32, processors + 4)` threads.
    fn of_default_size() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let limit = NonZeroUsize::MIN.saturating_add((processors + 3).min(31));
        Self::new(limit)
    }

    /// Starts `job` on a thread of the pool, as soon as one is free. It runs even if the
    /// returned future is dropped.
    pub fn submit<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Job<T> {
        let slot = Arc::new(Slot::default());
        let result = slot.clone();
        self.push(Box::new(move || {
            result.fill(catch_unwind(AssertUnwindSafe(job)))
        }));
        Job {
            slot,
            tally: None,
            leaf: Leaf::new(),
        }
    }

    fn push(&self, work: Work) {
        let shared = &self.owner.0;
        let mut state = shared.lock();
        state.work.push_back(work);
        if state.idle < state.work.len() && state.threads < shared.limit {
            state.threads += 1;
            let number = state.threads;
            drop(state);
            start_thread(shared.clone(), number);
        } else {
            drop(state);
            shared.changed.notify_one();
        }
    }

    /// Takes no more jobs from idle threads on and waits until all threads have ended, at
    /// most for `patience`. Returns whether they have.
    pub fn shutdown(&self, patience: Duration) -> bool {
        let shared = &self.owner.0;
        let deadline = Instant::now().checked_add(patience);
        let mut state = shared.lock();
        state.closing = true;
        shared.changed.notify_all();
        while state.threads > 0 {
            let left = deadline.map_or(patience, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return false;
            }
            let waited = shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.lock().closing = true;
        self.0.changed.notify_all();
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.owner.0.lock();
        f.debug_struct("ThreadPool")
            .field("limit", &self.owner.0.limit)
            .field("threads", &state.threads)
            .field("idle", &state.idle)
            .field("waiting", &state.work.len())
            .finish()
    }
}

/// If the system gives no thread, the work is done by those there are, or else right here.
fn start_thread(shared: Arc<Shared>, number: usize) {
    let worker = shared.clone();
    let builder = thread::Builder::new().name(format!("looplet_{number}"));
    if builder.spawn(move || work(&worker)).is_ok() {
        return;
    }
    let mut state = shared.lock();
    state.threads -= 1;
    let job = if state.threads == 0 {
        state.work.pop_front()
    } else {
        None
    };
    drop(state);
    job.into_iter().for_each(|job| job());
}

/// What a thread of the pool does until the pool closes.
fn work(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        if let Some(job) = state.work.pop_front() {
            drop(state);
            job();
            state = shared.lock();
        } else if state.closing {
            break;
        } else {
            state.idle += 1;
            state = shared
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
    state.threads -= 1;
    shared.changed.notify_all();
}

/// Where a job leaves its result.
struct Slot<T> {
    state: Mutex<SlotState<T>>,
}

enum SlotState<T> {
    Empty,
    Awaited(Waker),
    Filled(thread::Result<T>),
    Taken,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(SlotState::Empty),
        }
    }
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, SlotState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, result: thread::Result<T>) {
        let before = std::mem::replace(&mut *self.lock(), SlotState::Filled(result));
        if let SlotState::Awaited(waker) = before {
            waker.wake();
        }
    }

    /// Takes the result, or leaves a waker.
    fn poll(&self, waker: &Waker) -> Poll<thread::Result<T>> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, SlotState::Taken) {
            SlotState::Filled(result) => Poll::Ready(result),
            SlotState::Empty | SlotState::Awaited(_) => {
                *state = SlotState::Awaited(waker.clone());
                Poll::Pending
            }
            SlotState::Taken => panic!("a job was polled after it was done"),
        }
    }
}

/// The future of a job on a [`ThreadPool`].
///
/// # Cancel safety
///
/// Dropping or cancelling it leaves the job running; its result is dropped.
///
/// # Panics
///
/// Awaiting it panics if the job panicked, with the same payload.
#[must_use = "the job runs in any case, but its result is lost"]
pub struct Job<T> {
    slot: Arc<Slot<T>>,
    /// Tells the loop that it waits for a thread.
    tally: Option<JobTally>,
    leaf: Leaf,
}

impl<T> std::future::Future for Job<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        if interrupted() {
            return Poll::Pending;
        }
        let Poll::Ready(result) = self.slot.poll(context.waker()) else {
            if self.tally.is_none() {
                let inbox = crate::event_loop::try_get_running_loop();
                self.tally = inbox.map(|event_loop| JobTally::new(event_loop.core().inbox.clone()));
            }
            self.leaf.park(context, || Note::Plain(Plain::Job));
            return Poll::Pending;
        };
        self.leaf.resume();
        self.tally = None;
        Poll::Ready(result.unwrap_or_else(|payload| resume_unwind(payload)))
    }
}

impl<T> fmt::Debug for Job<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.slot.lock() {
            SlotState::Empty | SlotState::Awaited(_) => "<Job pending>",
            SlotState::Filled(_) | SlotState::Taken => "<Job finished>",
        })
    }
}

impl EventLoop {
    /// Runs `job` on a thread of `pool`. The asyncio counterpart has the same name.
    pub fn run_in_executor<T: Send + 'static>(
        &self,
        pool: &ThreadPool,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Job<T> {
        pool.submit(job)
    }

    /// The loop's own pool, made at the first use.
    pub(crate) fn default_executor(&self) -> ThreadPool {
        let pool = self
            .core()
            .attachment(|| DefaultPool(ThreadPool::of_default_size()));
        pool.0.clone()
    }

    /// Waits until the threads of the default pool have ended, if it was ever used.
    pub(crate) fn shutdown_default_executor(&self, patience: Duration) -> bool {
        let pool = self.core().find_attachment::<DefaultPool>();
        pool.is_none_or(|pool| pool.0.shutdown(patience))
    }
}

/// The type under which a loop keeps its default pool.
struct DefaultPool(ThreadPool);

/// Runs `job` on a thread of the running loop's default pool and waits for its result.
///
/// The loop goes on meanwhile. The asyncio counterpart has the same name.
///
/// # Cancel safety
///
/// Dropping or cancelling it leaves the job running; its result is dropped.
///
/// # Panics
///
/// If `job` panics, with its payload, or if no loop is running.
///
/// ```
/// let sum: u64 = looplet::run(async {
///     looplet::to_thread(|| (1..=1_000_000).sum()).await
/// });
/// assert_eq!(sum, 500_000_500_000);
/// ```
pub async fn to_thread<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    get_running_loop().default_executor().submit(job).await
}
