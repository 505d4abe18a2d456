//! Coroutines that other threads start on a loop and block for.
//!
//! Futures need not be `Send`, so what crosses over is a closure that makes one on the loop's
//! thread. There it becomes a task like any other; what comes back is a [`CoroutineHandle`],
//! with which the other thread waits or cancels.
//!
//! # Rules
//!
//! 1. Whatever happens, the handle gets an answer: a loop that is closed, before or meanwhile,
//!    drops the closure or the task, and the drop answers.
//! 2. Waiting on the loop's own thread would wait for itself, and is an error instead.
//! 3. A panic that nobody has waited for goes to the loop's exception handler.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::cancel::{CancelReason, Cancelled};
use crate::context_var::Context;
use crate::event_loop::{
    ErrorContext, LoopHandle, Ticket, copy_values, get_running_loop, panic_text,
    try_get_running_loop,
};
use crate::handoff::Handoff;
use crate::promise::TaskError;
use crate::task::Task;

impl LoopHandle {
    /// Starts a task on the loop, from any thread. `make` is called there, in the task's first
    /// step, and makes the future, which need not be `Send`.
    ///
    /// The task runs in a copy of the context of the caller. On a closed loop, the handle has an
    /// error. The asyncio counterpart has the same name.
    ///
    /// On a virtual clock, a job that waits for a coroutine that sleeps waits for ever: time
    /// does not pass as long as the job is awaited.
    ///
    /// ```
    /// use looplet::{get_running_loop, run, to_thread, yield_now};
    ///
    /// let answer = run(async {
    ///     let on_loop = get_running_loop().handle();
    ///     to_thread(move || {
    ///         let coroutine = on_loop.run_coroutine_threadsafe(|| async {
    ///             yield_now().await;
    ///             6 * 7
    ///         });
    ///         coroutine.wait()
    ///     })
    ///     .await
    /// });
    /// assert!(matches!(answer, Ok(42)));
    /// ```
    pub fn run_coroutine_threadsafe<F>(
        &self,
        make: impl FnOnce() -> F + Send + 'static,
    ) -> CoroutineHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + 'static,
    {
        let link = Arc::new(Link {
            result: Handoff::new(),
            ticket: Mutex::new(None),
        });
        let entry = Entry(link.clone());
        let values = copy_values();
        let start = move || {
            let coroutine = async move { make().await };
            let task = Context::of(values).run(|| get_running_loop().create_task(coroutine));
            let link = entry.0.clone();
            link.set_ticket(task.ticket());
            let watch = Watch {
                link,
                task: task.clone(),
            };
            task.add_done_callback(move |_| drop(watch));
        };
        // A closed loop drops the closure, and the entry in it answers.
        let _ = self.call_soon_threadsafe(start);
        CoroutineHandle {
            link,
            event_loop: self.clone(),
        }
    }
}

/// What the loop and the other thread share.
struct Link<T> {
    result: Handoff<Result<T, CoroutineError>>,
    /// The task, once there is one.
    ticket: Mutex<Option<Ticket>>,
}

impl<T> Link<T> {
    fn set_ticket(&self, ticket: Ticket) {
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner) = Some(ticket);
    }

    fn ticket(&self) -> Option<Ticket> {
        *self.ticket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cancels the task; runs on the loop.
    fn cancel_task(&self, cause: Cancelled) {
        let core = get_running_loop().core().clone();
        let coroutine = self.ticket().and_then(|own| core.tasks.get(own.task()));
        if let Some(coroutine) = coroutine {
            coroutine.cancel(cause);
        }
    }
}

/// Goes to the loop with the closure. If a closed loop drops it, it answers.
struct Entry<T>(Arc<Link<T>>);

impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        if self.0.ticket().is_none() {
            self.0.result.fill(Err(CoroutineError::LoopClosed));
        }
    }
}

/// Belongs to the done-callback of the task, and answers when that has run, or was dropped with
/// the loop.
struct Watch<T: 'static> {
    link: Arc<Link<T>>,
    task: Task<T>,
}

impl<T> Drop for Watch<T> {
    fn drop(&mut self) {
        if let Some(outcome) = self.task.take_outcome() {
            let refused = self.link.result.fill(outcome.map_err(CoroutineError::from));
            report_panic(refused);
        }
    }
}

/// Tells the running loop of a panic that nobody waits for.
fn report_panic<T>(result: Option<Result<T, CoroutineError>>) {
    if let Some(Err(CoroutineError::Panicked(payload))) = result
        && let Some(event_loop) = try_get_running_loop()
    {
        let context = ErrorContext::of_panic("a panic was never retrieved", &*payload);
        event_loop.call_exception_handler(&context);
    }
}

/// A coroutine on the loop of another thread; made by
/// [`run_coroutine_threadsafe`](LoopHandle::run_coroutine_threadsafe).
///
/// Dropping it lets the coroutine go on. As long as it is alive, it counts as a [`LoopHandle`].
/// The Python counterpart is `concurrent.futures.Future`.
///
/// ```
/// use looplet::{get_running_loop, run, to_thread};
///
/// let answer = run(async {
///     let handle = get_running_loop().handle();
///     let blocking = move || handle.run_coroutine_threadsafe(|| async { 7 }).wait();
///     to_thread(blocking).await
/// });
/// assert_eq!(answer.expect("it ran"), 7);
/// ```
pub struct CoroutineHandle<T> {
    link: Arc<Link<T>>,
    event_loop: LoopHandle,
}

impl<T: Send + 'static> CoroutineHandle<T> {
    /// Blocks until the coroutine has ended. The Python counterpart is `Future.result`.
    ///
    /// # Errors
    ///
    /// A [`CoroutineError`] that says why there is no value.
    pub fn wait(self) -> Result<T, CoroutineError> {
        match self.refusal() {
            Some(error) => Err(error),
            None => self.link.result.wait(),
        }
    }

    /// Blocks until the coroutine has ended, at most for `patience`.
    ///
    /// # Errors
    ///
    /// The handle itself if the time is over; the coroutine goes on.
    pub fn wait_timeout(self, patience: Duration) -> Result<Result<T, CoroutineError>, Self> {
        match self.refusal() {
            Some(error) => Ok(Err(error)),
            None => self.link.result.wait_timeout(patience).ok_or(self),
        }
    }

    /// Why a wait would never end.
    fn refusal(&self) -> Option<CoroutineError> {
        (!self.done() && self.event_loop.local().is_some()).then_some(CoroutineError::OwnThread)
    }

    /// Asks the coroutine to end, as [`Task::cancel`] does; how it ends, a wait tells. Returns
    /// `false` if it has ended.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        let cause = Cancelled::new(CancelReason::Requested);
        let link = self.link.clone();
        let cancel = move || link.cancel_task(cause);
        !self.done() && self.event_loop.call_soon_threadsafe(cancel).is_ok()
    }

    /// Returns whether the coroutine has ended, in whatever way.
    pub fn done(&self) -> bool {
        self.link.result.is_filled()
    }
}

/// A panic that came and was never looked at is reported.
impl<T> Drop for CoroutineHandle<T> {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.link.result.abandon() {
            // On a closed loop there is nobody to tell; the panic hook has spoken.
            let report = move || report_panic::<T>(Some(Err(error)));
            let _ = self.event_loop.call_soon_threadsafe(report);
        }
    }
}

impl<T> fmt::Debug for CoroutineHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.link.result.is_filled() {
            "<CoroutineHandle finished>"
        } else {
            "<CoroutineHandle pending>"
        })
    }
}

/// Why a coroutine that another thread started gave no value.
///
/// asyncio raises `CancelledError`, or the exception itself, out of `Future.result`.
///
/// ```
/// use looplet::{CoroutineError, EventLoop};
///
/// let event_loop = EventLoop::new().expect("the system gives a loop");
/// let handle = event_loop.handle();
/// event_loop.close();
/// let answer = handle.run_coroutine_threadsafe(|| async { 7 }).wait();
/// assert!(matches!(answer, Err(CoroutineError::LoopClosed)));
/// ```
#[non_exhaustive]
pub enum CoroutineError {
    /// It was cancelled; also when the loop ended while it ran.
    Cancelled(Cancelled),
    /// It panicked; this is the payload, for `std::panic::resume_unwind`.
    Panicked(Box<dyn Any + Send>),
    /// The loop was closed before the coroutine began.
    LoopClosed,
    /// The wait was on the loop's own thread, where it would never end. The coroutine goes on.
    OwnThread,
}

impl From<TaskError> for CoroutineError {
    fn from(error: TaskError) -> Self {
        match error {
            TaskError::Cancelled(cause) => CoroutineError::Cancelled(cause),
            TaskError::Panicked(payload) => CoroutineError::Panicked(payload),
        }
    }
}

impl fmt::Debug for CoroutineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoroutineError::Cancelled(cause) => f.debug_tuple("Cancelled").field(cause).finish(),
            CoroutineError::Panicked(payload) => f
                .debug_tuple("Panicked")
                .field(&panic_text(payload.as_ref()))
                .finish(),
            CoroutineError::LoopClosed => f.write_str("LoopClosed"),
            CoroutineError::OwnThread => f.write_str("OwnThread"),
        }
    }
}

impl fmt::Display for CoroutineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoroutineError::Cancelled(cause) => write!(f, "the coroutine was {cause}"),
            CoroutineError::Panicked(payload) => {
                write!(
                    f,
                    "the coroutine panicked: {}",
                    panic_text(payload.as_ref())
                )
            }
            CoroutineError::LoopClosed => f.write_str("the event loop is closed"),
            CoroutineError::OwnThread => {
                f.write_str("a wait on the loop's own thread would never end")
            }
        }
    }
}

impl std::error::Error for CoroutineError {}
