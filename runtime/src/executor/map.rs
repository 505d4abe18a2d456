//! Results of many jobs: in the order of the items, or as they come.

use std::collections::VecDeque;
use std::fmt;
use std::iter::FusedIterator;
use std::sync::mpsc::{Receiver, channel};

use super::job::JobHandle;
use crate::promise::TaskError;

/// The results of [`ThreadPool::map`](crate::ThreadPool::map), in the order of the items.
///
/// As an iterator it blocks for each result; in a loop, [`join_next`](Self::join_next) waits
/// without blocking. Dropping it lets the jobs go on. The Python counterpart is the iterator of
/// `Executor.map`.
///
/// ```
/// use looplet::{ThreadPool, run};
///
/// let mut squares = ThreadPool::new(2).map(|n| n * n, [1, 2, 3]).expect("the pool is open");
/// let first = squares.next().expect("there are three").expect("no job fails");
/// assert_eq!(first, 1);
/// run(async move {
///     let second = squares.join_next().await.expect("there are two");
///     assert_eq!(second.expect("no job fails"), 4);
/// });
/// ```
#[must_use = "the jobs run in any case, but their results are lost"]
pub struct Map<R> {
    jobs: VecDeque<JobHandle<R>>,
}

impl<R: Send + 'static> Map<R> {
    pub(super) fn new(jobs: VecDeque<JobHandle<R>>) -> Self {
        Self { jobs }
    }

    /// Waits in a loop for the result of the next item. `None`: there are no more.
    ///
    /// # Cancel safety
    ///
    /// Cancelling or dropping it cancels the job it waits for, and no other; see
    /// [`JobHandle`].
    ///
    /// # Errors
    ///
    /// In the `Some`: [`TaskError`] if the job panicked or was cancelled.
    pub async fn join_next(&mut self) -> Option<Result<R, TaskError>> {
        let job = self.jobs.pop_front()?;
        Some(job.join().await)
    }

    /// Cancels the jobs whose results are still to be taken: those that have not begun never
    /// run.
    #[track_caller]
    pub fn cancel(self) {
        self.jobs.into_iter().for_each(|job| {
            job.cancel();
        });
    }
}

impl<R: Send + 'static> Iterator for Map<R> {
    type Item = Result<R, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.jobs.pop_front().map(JobHandle::wait)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.jobs.len(), Some(self.jobs.len()))
    }
}

impl<R: Send + 'static> ExactSizeIterator for Map<R> {}
impl<R: Send + 'static> FusedIterator for Map<R> {}

impl<R> fmt::Debug for Map<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map")
            .field("left", &self.jobs.len())
            .finish()
    }
}

/// The results of [`ThreadPool::as_completed`](crate::ThreadPool::as_completed), in the order
/// in which the jobs end. The iterator blocks for each.
///
/// The Python counterpart is the iterator of `concurrent.futures.as_completed`.
///
/// ```
/// use looplet::{JobsCompleted, ThreadPool};
///
/// let pool = ThreadPool::new(2);
/// let jobs = [1, 2, 3].map(|n| pool.submit(move || n * n).expect("the pool is open"));
/// let ended: JobsCompleted<i32> = ThreadPool::as_completed(jobs);
/// let sum: i32 = ended.map(|(_place, result)| result.expect("no job fails")).sum();
/// assert_eq!(sum, 14);
/// ```
pub struct JobsCompleted<T> {
    /// The jobs, by the number they have here; `None` once its result was taken.
    jobs: Vec<Option<JobHandle<T>>>,
    /// The numbers of those that have ended.
    ended: Receiver<usize>,
}

impl<T: Send + 'static> JobsCompleted<T> {
    pub(super) fn new(jobs: impl IntoIterator<Item = JobHandle<T>>) -> Self {
        let (sender, ended) = channel();
        let watch = |(number, mut job): (usize, JobHandle<T>)| {
            let sender = sender.clone();
            job.add_done_callback(move |_| {
                // Nobody listens any more once this was dropped.
                let _ = sender.send(number);
            });
            Some(job)
        };
        let jobs = jobs.into_iter().enumerate().map(watch).collect();
        Self { jobs, ended }
    }
}

impl<T: Send + 'static> Iterator for JobsCompleted<T> {
    /// The place of the job among those that were given, and how it ended.
    type Item = (usize, Result<T, TaskError>);

    fn next(&mut self) -> Option<Self::Item> {
        // It fails when all callbacks have run and been dropped.
        let number = self.ended.recv().ok()?;
        let job = self.jobs[number].take()?;
        Some((number, job.wait()))
    }
}

impl<T> fmt::Debug for JobsCompleted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.jobs.iter().flatten().count();
        f.debug_struct("JobsCompleted")
            .field("left", &left)
            .finish()
    }
}
