//! The loop's own pool, and what asyncio hangs on the loop object of it.

use std::cell::RefCell;
use std::panic::Location;
use std::time::Duration;

use super::crew::Site;
use super::error::SubmitError;
use super::job::JobHandle;
use super::pool::{PoolConfig, ThreadPool};
use super::token::JobToken;
use crate::context_var::Context;
use crate::event_loop::{ErrorContext, EventLoop, copy_values, get_running_loop};

/// The type under which a loop keeps its default pool.
struct DefaultPool(RefCell<ThreadPool>);

impl EventLoop {
    /// Runs `job` on a thread of `pool`; with [`default_executor`](Self::default_executor), on
    /// one of the loop's own. The asyncio counterpart has the same name.
    ///
    /// The job is submitted at the call, whether or not it is awaited.
    ///
    /// # Errors
    ///
    /// [`SubmitError::LoopClosed`] if the loop is closed; otherwise as [`ThreadPool::submit`].
    ///
    /// ```
    /// use looplet::{ThreadPool, get_running_loop, run};
    ///
    /// let sum = run(async {
    ///     let pool = ThreadPool::new(1);
    ///     let job = get_running_loop().run_in_executor(&pool, || (1..=10).sum::<u32>());
    ///     job.expect("the pool is not shut down").await
    /// });
    /// assert_eq!(sum, 55);
    /// ```
    #[track_caller]
    pub fn run_in_executor<T: Send + 'static>(
        &self,
        pool: &ThreadPool,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JobHandle<T>, SubmitError> {
        if self.is_closed() {
            return Err(SubmitError::LoopClosed);
        }
        pool.submit(job)
    }

    /// Returns the loop's own pool, which [`to_thread`] uses: one of the default size, unless
    /// another one was set. Its threads are joined at the end of [`run`](crate::run).
    pub fn default_executor(&self) -> ThreadPool {
        let pool = self.default_pool();
        pool.0.borrow().clone()
    }

    /// Sets the loop's own pool. The one before is let go: its threads end after the jobs they
    /// have, and the end of the run does not wait for them. The asyncio counterpart has the
    /// same name.
    pub fn set_default_executor(&self, pool: ThreadPool) {
        let before = self.default_pool().0.replace(pool);
        drop(before);
    }

    fn default_pool(&self) -> std::rc::Rc<DefaultPool> {
        let make = || DefaultPool(RefCell::new(ThreadPool::default()));
        self.core().attachment(make)
    }

    /// Whether the loop has a pool of its own by now.
    pub(crate) fn has_default_executor(&self) -> bool {
        self.core().find_attachment::<DefaultPool>().is_some()
    }

    /// Shuts the loop's own pool down and waits, without blocking the loop, until its threads
    /// have ended, at most for `patience` of real time. Returns whether they have.
    ///
    /// From then on, [`run_in_executor`](Self::run_in_executor) on it gives
    /// [`SubmitError::ShutDown`]. If the time is over, the exception handler is told, with the
    /// places where the jobs that still run were submitted. The end of [`run`](crate::run) does
    /// this with a patience of 300 seconds. The asyncio counterpart has the same name.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the pool shut down.
    pub async fn shutdown_default_executor(&self, patience: Duration) -> bool {
        let pool = self.default_executor();
        if pool.shutdown(Duration::ZERO) || join_elsewhere(&pool, patience).await {
            return true;
        }
        let sites: Vec<_> = pool.running().iter().map(ToString::to_string).collect();
        let seconds = patience.as_secs_f64();
        let message =
            format!("the executor did not finish joining its threads within {seconds} seconds");
        self.call_exception_handler(&ErrorContext {
            cause: Some(format!("jobs still run, from {}", sites.join(", "))),
            ..ErrorContext::new(message)
        });
        false
    }
}

/// Waits for the threads of a pool on a thread of another one: the loop must go on, as a job
/// may wait for a coroutine of it.
async fn join_elsewhere(pool: &ThreadPool, patience: Duration) -> bool {
    let helper = ThreadPool::with(PoolConfig {
        threads: 1,
        name_prefix: "looplet_shutdown".to_string(),
    });
    let joined = pool.clone();
    match helper.submit(move || joined.shutdown(patience)) {
        Ok(job) => job.await,
        // There is no thread to wait on, so nobody waits.
        Err(_) => false,
    }
}

/// Runs `job` on a thread of the running loop's own pool and waits for its result.
///
/// The loop goes on meanwhile. The job runs in a copy of the current context, so it sees the
/// context variables of its awaiter. The asyncio counterpart has the same name.
///
/// # Cancel safety
///
/// Dropping or cancelling it leaves a job that has begun running, and its result is dropped; a
/// job that has not begun never runs. [`to_thread_with`] lets the job notice.
///
/// # Panics
///
/// If `job` panics, with its payload; if no loop is running; or if the pool does not take the
/// job, because [`shutdown_default_executor`](EventLoop::shutdown_default_executor) was called
/// or the system gives no thread. [`run_in_executor`](EventLoop::run_in_executor) gives the
/// last as a value.
///
/// ```
/// let sum: u64 = looplet::run(async {
///     looplet::to_thread(|| (1..=1_000_000).sum()).await
/// });
/// assert_eq!(sum, 500_000_500_000);
/// ```
#[track_caller]
pub fn to_thread<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    run_on_default(Location::caller(), |_| job())
}

/// Runs `job` as [`to_thread`] does, with a token by which it learns that nobody waits for it
/// any more.
///
/// asyncio has no counterpart: a thread there is not told.
///
/// # Cancel safety
///
/// Dropping or cancelling it marks the token of a job that has begun; one that has not never
/// runs.
///
/// # Panics
///
/// As [`to_thread`].
///
/// ```
/// use looplet::{run, timeout, to_thread_with};
/// use std::time::Duration;
///
/// run(async {
///     let endless = to_thread_with(|token| while !token.wait_timeout(Duration::MAX) {});
///     assert!(timeout(Duration::from_millis(1), endless).await.is_err());
///     // The end of the run waits for the thread, which has noticed.
/// });
/// ```
#[track_caller]
pub fn to_thread_with<T: Send + 'static>(
    job: impl FnOnce(JobToken) -> T + Send + 'static,
) -> impl Future<Output = T> {
    run_on_default(Location::caller(), job)
}

async fn run_on_default<T: Send + 'static>(
    site: Site,
    job: impl FnOnce(JobToken) -> T + Send + 'static,
) -> T {
    let values = copy_values();
    let job = move |token| Context::of(values).run(|| job(token));
    match try_on_default(site, job) {
        Ok(job) => job.await,
        Err(error) => panic!("{error} (a job from {site})"),
    }
}

/// Submits a job to the running loop's own pool.
pub(crate) fn try_on_default<T: Send + 'static>(
    site: Site,
    job: impl FnOnce(JobToken) -> T + Send + 'static,
) -> Result<JobHandle<T>, SubmitError> {
    get_running_loop().default_executor().submit_at(site, job)
}
