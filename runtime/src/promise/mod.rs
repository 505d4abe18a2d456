//! A promise: a result that is set once, and whoever waits for it.
//!
//! asyncio calls this `Future`. The name would clash with `std::future::Future`, which is the
//! opposite kind of thing: that one is polled to make progress, a promise is told.
//!
//! The cell under it (`cell.rs`) is also half of every task: a task is a promise whose result
//! its coroutine sets.
//!
//! # Rules
//!
//! 1. The result is set once. What waits for it is scheduled in the order in which it began
//!    to wait: an awaiting task is woken, a done-callback goes through `call_soon`.
//! 2. Awaiting a promise that is done does not give the turn away.
//! 3. Cancelling a task that waits for a promise cancels the promise, for everybody who waits
//!    for it. That is asyncio's rule; `shield` is there for those who do not want it.

mod outcome;
mod line;
mod cell;
mod wait;

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::cancel::{CancelReason, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{EventLoop, callback, in_context};

pub use self::line::CallbackId;
pub use self::outcome::TaskError;

pub(crate) use self::cell::{Progress, PromiseCell};
use self::outcome::Exception;
pub(crate) use self::outcome::{Outcome, print_error, value_of};
pub(crate) use self::wait::{Answer, Wait};

/// A result that is set once, for whoever awaits it.
///
/// Clones stand for the same promise. Awaiting one by value moves the result out; awaiting
/// `&promise` clones it, so that several tasks can have it.
///
/// The asyncio counterpart is `Future`.
///
/// # Cancel safety
///
/// Cancelling a task that awaits a promise cancels the promise itself, and with it the wait
/// of everybody else. Dropping the await has no effect on the promise.
///
/// ```
/// use looplet::{get_running_loop, run};
///
/// let answer = run(async {
///     let event_loop = get_running_loop();
///     let promise = event_loop.create_promise();
///     let setter = promise.clone();
///     event_loop.call_soon(move || setter.set_result(42).expect("nobody set it before"));
///     promise.await
/// });
/// assert_eq!(answer, 42);
/// ```
#[doc(alias = "Future")]
pub struct Promise<T> {
    cell: Rc<PromiseCell<T>>,
}

impl<T> Clone for Promise<T> {
    fn clone(&self) -> Self {
        Self {
            cell: self.cell.clone(),
        }
    }
}

impl<T> fmt::Debug for Promise<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<Promise ")?;
        self.cell.print(f)?;
        f.write_str(">")
    }
}

impl EventLoop {
    /// Makes a promise whose done-callbacks run on this loop. The asyncio counterpart is
    /// `loop.create_future`.
    #[doc(alias = "create_future")]
    pub fn create_promise<T>(&self) -> Promise<T> {
        Promise {
            cell: Rc::new(PromiseCell::new(self.downgrade())),
        }
    }
}

impl<T: 'static> Promise<T> {
    /// Sets the result and schedules whoever waits.
    ///
    /// # Errors
    ///
    /// [`InvalidState::Done`] if the promise is done; the value is dropped.
    pub fn set_result(&self, value: T) -> Result<(), InvalidState> {
        self.cell.settle(Ok(value)).map_err(|_| InvalidState::Done)
    }

    pub(crate) fn cell(&self) -> Rc<PromiseCell<T>> {
        self.cell.clone()
    }

    /// Ends the promise as a task has ended. If the value of that is gone, the promise counts
    /// as cancelled.
    pub(crate) fn settle_as(&self, outcome: Option<Outcome<T>>) {
        let gone = || {
            Err(TaskError::Cancelled(Cancelled::new(
                CancelReason::Requested,
            )))
        };
        let refused = self.cell.settle(outcome.unwrap_or_else(gone));
        drop(refused);
    }

    /// Cancels the promise: whoever awaits it is cancelled there. Returns `false` if it was
    /// done.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cell.cancel(Cancelled::new(CancelReason::Requested))
    }

    /// Cancels the promise, with a message for whoever catches it. See
    /// [`cancel`](Self::cancel).
    #[track_caller]
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        self.cell.cancel(Cancelled::with_message(message))
    }

    /// Returns whether the promise has a result or was cancelled.
    pub fn done(&self) -> bool {
        self.cell.is_done()
    }

    /// Returns whether the promise was cancelled.
    pub fn cancelled(&self) -> bool {
        self.cell.is_cancelled()
    }

    /// Returns a copy of the result, or how the promise ended without one. The asyncio
    /// counterpart has the same name, and raises the latter.
    ///
    /// # Errors
    ///
    /// [`InvalidState::ResultNotSet`] if the promise is not done, and [`InvalidState::Taken`]
    /// if an await has moved the result out.
    pub fn result(&self) -> Result<Result<T, TaskError>, InvalidState>
    where
        T: Clone,
    {
        self.cell.look(InvalidState::ResultNotSet, T::clone)
    }

    /// Returns the loop on which the done-callbacks run. `None`: it is gone.
    pub fn get_loop(&self) -> Option<EventLoop> {
        self.cell.event_loop().upgrade()
    }

    /// Runs `callback` through `call_soon` when the promise is done, or now if it is.
    ///
    /// Callbacks run in the order in which they were added. A promise with a callback stays in
    /// memory until it is done, even if nobody holds it any more.
    ///
    /// ```
    /// use looplet::{get_running_loop, run, yield_now};
    ///
    /// run(async {
    ///     let promise = get_running_loop().create_promise();
    ///     promise.add_done_callback(|promise| assert!(promise.done()));
    ///     promise.set_result(7).expect("it is new");
    ///     yield_now().await;
    /// });
    /// ```
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&Promise<T>) + 'static) -> CallbackId {
        let promise = self.clone();
        let call = self::callback(in_context(move || callback(&promise)));
        self.cell.add_done_callback(call)
    }

    /// Takes a callback out again. Returns whether it was waiting.
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.cell.leave(id)
    }
}

/// What asyncio calls an exception is an `Err` here.
impl<T: 'static, E: 'static> Promise<Result<T, E>> {
    /// Sets an error as the result, and schedules whoever waits.
    ///
    /// As in asyncio, it is reported to the loop's exception handler, once, if nobody has
    /// awaited it or asked for it by the time the last handle is gone. That is the difference
    /// from `set_result(Err(error))`, which is a value like any other.
    ///
    /// # Errors
    ///
    /// [`InvalidState::Done`] if the promise is done; the error is dropped.
    ///
    /// ```
    /// use looplet::{get_running_loop, run};
    ///
    /// run(async {
    ///     let promise = get_running_loop().create_promise::<Result<u32, &str>>();
    ///     promise.set_exception("no answer").expect("it is new");
    ///     assert_eq!(promise.await, Err("no answer"));
    /// });
    /// ```
    pub fn set_exception(&self, error: E) -> Result<(), InvalidState>
    where
        E: fmt::Debug,
    {
        let exception = Exception {
            value: Err(error),
            print: print_error,
        };
        let set = self.cell.settle_exception(exception);
        set.map_err(|_| InvalidState::Done)
    }

    /// Returns a copy of the error that was set; `Ok(Ok(None))` if the result is none.
    ///
    /// # Errors
    ///
    /// [`InvalidState::ExceptionNotSet`] if the promise is not done, and
    /// [`InvalidState::Taken`] if an await has moved the result out.
    pub fn exception(&self) -> Result<Result<Option<E>, TaskError>, InvalidState>
    where
        E: Clone,
    {
        let error = |result: &Result<T, E>| result.as_ref().err().cloned();
        self.cell.look(InvalidState::ExceptionNotSet, error)
    }
}

/// The await of a promise by value or by reference.
///
/// asyncio has no name for it.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels the promise. Dropping the await has no effect on it.
///
/// # Panics
///
/// If the result was moved out by an earlier await.
///
/// ```
/// use looplet::{PromiseWait, get_running_loop, run};
///
/// run(async {
///     let promise = get_running_loop().create_promise();
///     let wait: PromiseWait<i32> = (&promise).into_future();
///     promise.set_result(7).expect("it is new");
///     assert_eq!(wait.await, 7);
/// });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct PromiseWait<T> {
    cell: Rc<PromiseCell<T>>,
    wait: Wait,
    read: fn(&PromiseCell<T>) -> Option<Outcome<T>>,
}

impl<T: 'static> PromiseWait<T> {
    fn new(promise: &Promise<T>, read: fn(&PromiseCell<T>) -> Option<Outcome<T>>) -> Self {
        let cell = promise.cell.clone();
        Self {
            wait: Wait::new(),
            cell,
            read,
        }
    }
}

impl<T: 'static> std::future::Future for PromiseWait<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Self { cell, wait, read } = &mut *self;
        let target = || -> Rc<dyn CancelTarget> { cell.clone() };
        match wait.poll(cell, context, *read, target) {
            Poll::Ready(answer) => answer.value(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> Drop for PromiseWait<T> {
    fn drop(&mut self) {
        self.wait.leave(&self.cell);
    }
}

impl<T> fmt::Debug for PromiseWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<PromiseWait {:?}>", self.cell)
    }
}

impl<T: 'static> IntoFuture for Promise<T> {
    type Output = T;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        PromiseWait::new(&self, PromiseCell::take_outcome)
    }
}

impl<T: Clone + 'static> IntoFuture for &Promise<T> {
    type Output = T;
    type IntoFuture = PromiseWait<T>;

    fn into_future(self) -> PromiseWait<T> {
        PromiseWait::new(self, PromiseCell::clone_outcome)
    }
}
