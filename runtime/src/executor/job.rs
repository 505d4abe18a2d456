//! A job: what a program holds of a closure on a thread pool.
//!
//! [`JobHandle`] is for any thread and can block; awaiting it makes a [`JobWait`], which belongs
//! to a loop. As with tasks, awaiting raises and joining returns.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::crew::{Crew, Site};
use super::error::SubmitError;
use super::token::JobToken;
use crate::cancel::{CancelReason, Cancelled, Note, Plain};
use crate::combine::IntoTask;
use crate::event_loop::{JobTally, get_running_loop, try_get_running_loop};
use crate::handoff::Handoff;
use crate::leaf::{Leaf, interrupted, unwind};
use crate::promise::{Outcome, Promise, TaskError, value_of};
use crate::task::{Task, create_task};

/// A closure on a [`ThreadPool`](crate::ThreadPool), and the result to come.
///
/// It can be waited for by blocking ([`wait`](Self::wait)), from any thread, or awaited in a
/// loop. Dropping it detaches the job: it still runs, and its result is dropped. The Python
/// counterpart is `concurrent.futures.Future`.
///
/// # Cancel safety
///
/// When the await of a job is cancelled, or dropped, a job that has not begun never runs. One
/// that has begun goes on, as no thread can be stopped from outside; its [`JobToken`] is marked
/// and its result is dropped.
///
/// # Panics
///
/// Awaiting it panics if the job panicked, with the same payload; [`join`](Self::join) gives
/// that as a value. If the job was cancelled, the awaiter is cancelled at that point.
///
/// ```
/// use looplet::ThreadPool;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = ThreadPool::new(2);
/// let blocking = pool.submit(|| 6 * 7)?;
/// assert_eq!(blocking.wait()?, 42);
///
/// let awaited = pool.submit(|| "in a loop")?;
/// assert_eq!(looplet::run(async { awaited.await }), "in a loop");
/// # Ok(())
/// # }
/// ```
#[doc(alias = "Future")]
pub struct JobHandle<T> {
    result: Arc<Handoff<Outcome<T>>>,
    token: JobToken,
    crew: Arc<Crew>,
    /// Its number in the line of the crew.
    number: u64,
}

impl<T: Send + 'static> JobHandle<T> {
    /// Puts `job` in the line of `crew`.
    pub(super) fn start(
        crew: &Arc<Crew>,
        site: Site,
        job: impl FnOnce(JobToken) -> T + Send + 'static,
    ) -> Result<Self, SubmitError> {
        let (result, token) = (Arc::new(Handoff::new()), JobToken::new());
        let (place, own) = (result.clone(), token.clone());
        let work = move || {
            let ran = catch_unwind(AssertUnwindSafe(|| job(own)));
            place.fill(ran.map_err(TaskError::Panicked));
        };
        let number = crew.push(Box::new(work), site)?;
        Ok(Self {
            result,
            token,
            crew: crew.clone(),
            number,
        })
    }

    /// Blocks until the job has ended.
    ///
    /// In a loop, await it instead: this would stop the loop. A job that waits for another one
    /// of the same pool needs a thread more. The Python counterpart is `Future.result`.
    ///
    /// # Errors
    ///
    /// [`TaskError::Panicked`] with the payload if the job panicked, [`TaskError::Cancelled`] if
    /// it was cancelled before it began.
    pub fn wait(self) -> Result<T, TaskError> {
        self.result.wait()
    }

    /// Blocks until the job has ended, at most for `patience`.
    ///
    /// # Errors
    ///
    /// The handle itself if the time is over; the job goes on.
    pub fn wait_timeout(self, patience: Duration) -> Result<Result<T, TaskError>, Self> {
        self.result.wait_timeout(patience).ok_or(self)
    }

    /// Waits in a loop until the job has ended, and gives a panic or a cancel as a value. As
    /// [`Task::join`].
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// Cancelling or dropping it cancels the job, as every await of a [`JobHandle`] does.
    ///
    /// ```
    /// use looplet::{TaskError, ThreadPool, run};
    ///
    /// let job = ThreadPool::new(1).submit(|| -> () { std::panic::resume_unwind(Box::new("no")) });
    /// let ended = run(job.expect("the pool is open").join());
    /// assert!(matches!(ended, Err(TaskError::Panicked(_))));
    /// ```
    pub async fn join(self) -> Result<T, TaskError> {
        let mut wait = self.into_future();
        poll_fn(|context| wait.poll_outcome(context)).await
    }

    /// Asks the job to end.
    ///
    /// One that has not begun is dropped here and never runs: that gives `true`. One that runs
    /// learns of it if it asks its [`JobToken`].
    #[track_caller]
    pub fn cancel(&self) -> bool {
        let cause = Cancelled::new(CancelReason::Requested);
        self.token.mark();
        let Some(work) = self.crew.withdraw(self.number) else {
            return false;
        };
        // What the job captured is user data; a panic in its drop is nobody's result.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(work)));
        self.result.fill(Err(TaskError::Cancelled(cause)));
        true
    }

    /// Returns whether the job has ended, or was cancelled before it began.
    pub fn done(&self) -> bool {
        self.result.is_filled()
    }

    /// Lets `callback` see how the job ended.
    ///
    /// It runs on the thread of the job, right after it and before anybody who waits gets the
    /// result; in the thread that cancels, if the job never begins; and right here if it is
    /// done. To reach a loop, let it use a [`LoopHandle`](crate::LoopHandle). A panic in it goes
    /// to the panic hook and no further. The Python counterpart has the same name.
    ///
    /// ```
    /// use looplet::ThreadPool;
    /// use std::sync::mpsc;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (sender, received) = mpsc::channel();
    /// let mut job = ThreadPool::new(1).submit(|| 6 * 7)?;
    /// job.add_done_callback(move |result| {
    ///     sender.send(result.as_ref().ok().copied()).expect("the program waits");
    /// });
    /// assert_eq!(received.recv()?, Some(42));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_done_callback(
        &mut self,
        callback: impl FnOnce(&Result<T, TaskError>) + Send + 'static,
    ) {
        self.result.add_callback(callback);
    }

    /// Makes a promise of the result, on the running loop.
    ///
    /// A cancel goes both ways. The asyncio counterpart is `wrap_future`.
    ///
    /// # Panics
    ///
    /// If no loop is running on this thread.
    #[doc(alias = "wrap_future")]
    #[track_caller]
    pub fn into_promise(self) -> Promise<T> {
        let promise = get_running_loop().create_promise();
        let watcher = self.into_task();
        let mirror = promise.clone();
        watcher.add_done_callback(move |watcher| mirror.settle_as(watcher.take_outcome()));
        promise.add_done_callback(move |promise| {
            if promise.cancelled() {
                watcher.cancel();
            }
        });
        promise
    }
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.result.is_filled() {
            "<JobHandle finished>"
        } else {
            "<JobHandle pending>"
        })
    }
}

impl<T: Send + 'static> IntoFuture for JobHandle<T> {
    type Output = T;
    type IntoFuture = JobWait<T>;

    fn into_future(self) -> JobWait<T> {
        JobWait {
            handle: self,
            tally: None,
            leaf: Leaf::new(),
        }
    }
}

/// The combinators take a job as it is.
impl<T: Send + 'static> IntoTask for JobHandle<T> {
    type Output = T;

    #[track_caller]
    fn into_task(self) -> Task<T> {
        create_task(self.into_future())
    }
}

/// The await of a [`JobHandle`].
///
/// Dropping it cancels the job. To give up waiting and come back later, await it by mutable
/// reference. asyncio has no name for it.
///
/// # Cancel safety
///
/// Cancelling or dropping it cancels the job: one that has not begun never runs.
///
/// ```
/// use looplet::{JobWait, ThreadPool, run};
///
/// let job = ThreadPool::new(1).submit(|| 6 * 7).expect("the pool is open");
/// let wait: JobWait<i32> = job.into_future();
/// assert_eq!(run(wait), 42);
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct JobWait<T: Send + 'static> {
    handle: JobHandle<T>,
    /// Tells the loop that it waits for a thread.
    tally: Option<JobTally>,
    leaf: Leaf,
}

impl<T: Send + 'static> JobWait<T> {
    fn poll_outcome(&mut self, context: &mut Context<'_>) -> Poll<Outcome<T>> {
        if interrupted() {
            // Whoever only borrowed it may poll it again; until then, nobody waits.
            self.tally = None;
            return Poll::Pending;
        }
        let Poll::Ready(outcome) = self.handle.result.poll(context.waker()) else {
            if self.tally.is_none() {
                let event_loop = try_get_running_loop();
                self.tally = event_loop.map(|own| JobTally::new(own.core().inbox.clone()));
            }
            self.leaf.park(context, || Note::Plain(Plain::Job));
            return Poll::Pending;
        };
        self.leaf.resume();
        self.tally = None;
        Poll::Ready(outcome)
    }
}

impl<T: Send + 'static> std::future::Future for JobWait<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.poll_outcome(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(TaskError::Cancelled(cause))) => {
                unwind(cause);
                Poll::Pending
            }
            Poll::Ready(outcome) => Poll::Ready(value_of(outcome)),
        }
    }
}

/// An await that is given up gives the job up.
impl<T: Send + 'static> Drop for JobWait<T> {
    fn drop(&mut self) {
        if !self.handle.done() {
            self.handle.cancel();
        }
    }
}

impl<T: Send + 'static> fmt::Debug for JobWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<JobWait {:?}>", self.handle)
    }
}
