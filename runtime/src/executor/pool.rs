//! The pool: what a program holds of its threads.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroUsize;
use std::panic::Location;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::crew::{Crew, Site};
use super::error::SubmitError;
use super::job::JobHandle;
use super::map::{JobsCompleted, Map};
use super::token::JobToken;

/// A pool of threads that runs closures.
///
/// Threads are started when a job finds no idle one. Jobs begin in the order in which they were
/// submitted. The line in front of the threads has no limit: who submits faster than the
/// threads work looks at [`queued`](Self::queued), or waits for results.
///
/// Clones stand for the same pool. When the last one is dropped, the threads end after the
/// jobs they have, and nobody waits for them; [`shutdown`](Self::shutdown) does. The Python
/// counterpart is `ThreadPoolExecutor`.
///
/// ```
/// use looplet::ThreadPool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = ThreadPool::new(4);
/// let squares: Result<Vec<u64>, _> = pool.map(|n| n * n, 1..=5)?.collect();
/// assert_eq!(squares?, [1, 4, 9, 16, 25]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "ThreadPoolExecutor")]
#[derive(Clone)]
pub struct ThreadPool {
    owner: Arc<Owner>,
}

/// Ends the threads when the last handle is gone.
struct Owner(Arc<Crew>);

/// How a [`ThreadPool`] is set up.
///
/// The Python counterparts are the arguments of `ThreadPoolExecutor`.
///
/// ```
/// use looplet::{PoolConfig, ThreadPool};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let config = PoolConfig { name_prefix: "disk".to_string(), ..PoolConfig::default() };
/// let pool = ThreadPool::with(config);
/// let name = pool.submit(|| std::thread::current().name().map(str::to_string))?;
/// assert_eq!(name.wait()?.as_deref(), Some("disk_0"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// How many threads there may be; 0 counts as 1. Default: `min(32, processors + 4)`, as in
    /// Python.
    #[doc(alias = "max_workers")]
    pub threads: usize,
    /// What the names of the threads begin with: they are `prefix_0`, `prefix_1` and so on.
    /// Default: `looplet`.
    #[doc(alias = "thread_name_prefix")]
    pub name_prefix: String,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            threads: processors.saturating_add(4).min(32),
            name_prefix: "looplet".to_string(),
        }
    }
}

impl ThreadPool {
    /// Makes a pool of at most `threads` threads; 0 counts as 1. None is started yet.
    pub fn new(threads: usize) -> Self {
        Self::with(PoolConfig {
            threads,
            ..PoolConfig::default()
        })
    }

    /// Makes a pool with settings of its own.
    pub fn with(config: PoolConfig) -> Self {
        // A name of a thread cannot hold a zero byte.
        let prefix = config.name_prefix.replace('\0', "");
        Self {
            owner: Arc::new(Owner(Crew::new(config.threads.max(1), prefix))),
        }
    }

    /// Runs `job` on a thread of the pool, as soon as one is free. The Python counterpart has
    /// the same name.
    ///
    /// # Errors
    ///
    /// [`SubmitError::ShutDown`] if the pool was shut down; [`SubmitError::NoThread`] if there
    /// is no thread to run it. The job is dropped.
    ///
    /// ```
    /// use looplet::ThreadPool;
    ///
    /// let pool = ThreadPool::new(2);
    /// let job = pool.submit(|| 6 * 7).expect("the pool is open");
    /// assert_eq!(job.wait().expect("it does not fail"), 42);
    /// ```
    #[track_caller]
    pub fn submit<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JobHandle<T>, SubmitError> {
        self.submit_at(Location::caller(), |_| job())
    }

    /// Runs `job` on a thread of the pool, with a token by which it learns that nobody waits
    /// for it any more; see [`JobToken`].
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit).
    #[track_caller]
    pub fn submit_with<T: Send + 'static>(
        &self,
        job: impl FnOnce(JobToken) -> T + Send + 'static,
    ) -> Result<JobHandle<T>, SubmitError> {
        self.submit_at(Location::caller(), job)
    }

    pub(super) fn submit_at<T: Send + 'static>(
        &self,
        site: Site,
        job: impl FnOnce(JobToken) -> T + Send + 'static,
    ) -> Result<JobHandle<T>, SubmitError> {
        JobHandle::start(&self.owner.0, site, job)
    }

    /// Runs `f` on every item, on the threads of the pool.
    ///
    /// All items are taken and submitted at the call; so they must come to an end. The results
    /// come in the order of the items, whatever the order in which the jobs end. A panic in one
    /// job is its result. The Python counterpart has the same name.
    ///
    /// # Errors
    ///
    /// As [`submit`](Self::submit); jobs submitted until then are cancelled.
    #[track_caller]
    pub fn map<I, R>(
        &self,
        f: impl Fn(I::Item) -> R + Send + Sync + 'static,
        items: I,
    ) -> Result<Map<R>, SubmitError>
    where
        I: IntoIterator<Item: Send + 'static>,
        R: Send + 'static,
    {
        let (site, f) = (Location::caller(), Arc::new(f));
        let mut jobs = VecDeque::new();
        for item in items {
            let f = f.clone();
            match self.submit_at(site, move |_| f(item)) {
                Ok(job) => jobs.push_back(job),
                Err(error) => {
                    Map::new(jobs).cancel();
                    return Err(error);
                }
            }
        }
        Ok(Map::new(jobs))
    }

    /// Gives the results of jobs in the order in which they end, each with its place among
    /// `jobs`. The iterator blocks; in a loop, use the combinators. The Python counterpart is
    /// `concurrent.futures.as_completed`.
    ///
    /// ```
    /// use looplet::ThreadPool;
    /// use std::sync::mpsc::channel;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pool = ThreadPool::new(2);
    /// let (done, is_done) = channel();
    /// let slow = pool.submit(move || is_done.recv().unwrap_or("slow"))?;
    /// let fast = pool.submit(|| "fast")?;
    /// let mut ended = ThreadPool::as_completed([slow, fast]);
    /// assert!(matches!(ended.next(), Some((1, Ok("fast")))));
    /// done.send("slow")?;
    /// assert!(matches!(ended.next(), Some((0, Ok("slow")))));
    /// assert!(ended.next().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_completed<T: Send + 'static>(
        jobs: impl IntoIterator<Item = JobHandle<T>>,
    ) -> JobsCompleted<T> {
        JobsCompleted::new(jobs)
    }

    /// Returns how many jobs have not begun.
    pub fn queued(&self) -> usize {
        self.owner.0.queued()
    }

    /// Takes no more jobs, and waits until those there are have run and the threads have
    /// ended, at most for `patience`. Returns whether they have.
    ///
    /// With a patience of zero it does not block. In a loop, a longer one blocks the loop. A
    /// job that shuts its own pool down waits for the other threads. The Python counterpart is
    /// `shutdown(wait=True)`.
    pub fn shutdown(&self, patience: Duration) -> bool {
        self.owner.0.close();
        self.owner.0.join(patience)
    }

    /// Where the jobs were submitted that run now.
    pub(super) fn running(&self) -> Vec<Site> {
        self.owner.0.running()
    }
}

/// A pool of the default size.
impl Default for ThreadPool {
    fn default() -> Self {
        Self::with(PoolConfig::default())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crew = &self.owner.0;
        let (threads, idle) = crew.threads();
        f.debug_struct("ThreadPool")
            .field("limit", &crew.limit())
            .field("threads", &threads)
            .field("idle", &idle)
            .field("queued", &crew.queued())
            .finish()
    }
}
