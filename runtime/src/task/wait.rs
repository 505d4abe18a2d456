//! The await of a task: by value, by reference, and as a join; and a look at how it ended.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::cell::TaskObject;
use super::handle::Task;
use crate::cancel::CancelTarget;
use crate::error::InvalidState;
use crate::event_loop::ticket;
use crate::promise::{Answer, Outcome, PromiseCell, TaskError, Wait, print_error};

type Read<T> = fn(&PromiseCell<T>) -> Option<Outcome<T>>;

/// What both kinds of await share.
struct Waiter<T> {
    object: Rc<dyn TaskObject<T>>,
    wait: Wait,
    read: Read<T>,
}

impl<T: 'static> Waiter<T> {
    fn new(task: &Task<T>, read: Read<T>) -> Self {
        let object = task.object.clone();
        Self {
            wait: Wait::new(),
            object,
            read,
        }
    }
}

impl<T: 'static> Waiter<T> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<Answer<T>> {
        let Self { object, wait, read } = self;
        let target = || -> Rc<dyn CancelTarget> {
            let own = ticket() == Some(object.ticket());
            assert!(!own, "a task cannot await itself: {}", object.name());
            object.clone()
        };
        wait.poll(object.promise(), context, *read, target)
    }
}

impl<T> Drop for Waiter<T> {
    fn drop(&mut self) {
        self.wait.leave(self.object.promise());
    }
}

/// The await of a task, by value or by reference. Made by `.await`.
///
/// asyncio has no name for it.
///
/// # Panics
///
/// If the task failed by a panic, with its payload; if its value was moved out by an earlier await;
/// and if a task awaits itself, which could never end.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels the task. Dropping the await has no effect on the task.
///
/// ```
/// use looplet::{TaskWait, create_task, run};
///
/// run(async {
///     let wait: TaskWait<i32> = create_task(async { 7 }).into_future();
///     assert_eq!(wait.await, 7);
/// });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct TaskWait<T>(Waiter<T>);

impl<T: 'static> std::future::Future for TaskWait<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.0.poll(context) {
            Poll::Ready(answer) => answer.value(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for TaskWait<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<TaskWait {:?}>", self.0.object.promise())
    }
}

impl<T: 'static> IntoFuture for Task<T> {
    type Output = T;
    type IntoFuture = TaskWait<T>;

    fn into_future(self) -> TaskWait<T> {
        TaskWait(Waiter::new(&self, PromiseCell::take_outcome))
    }
}

impl<T: Clone + 'static> IntoFuture for &Task<T> {
    type Output = T;
    type IntoFuture = TaskWait<T>;

    fn into_future(self) -> TaskWait<T> {
        TaskWait(Waiter::new(self, PromiseCell::clone_outcome))
    }
}

/// The await of how a task ends. Made by [`Task::join`].
///
/// asyncio has no counterpart: `await` raises there.
///
/// # Cancel safety
///
/// As [`TaskWait`]: cancelling the awaiter cancels the task and then the awaiter.
///
/// ```
/// use looplet::{Join, create_task, run};
///
/// run(async {
///     let task = create_task(async { 7 });
///     let join: Join<i32> = task.join();
///     assert_eq!(join.await.expect("nobody cancels it"), 7);
/// });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct Join<T>(Waiter<T>);

impl<T: 'static> std::future::Future for Join<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.0.poll(context) {
            Poll::Ready(answer) => answer.outcome(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T> fmt::Debug for Join<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Join {:?}>", self.0.object.promise())
    }
}

impl<T: 'static> Task<T> {
    /// Waits for the task to end and returns how, without raising.
    ///
    /// A cancel that answers the awaiter's own request is raised all the same. asyncio has no
    /// counterpart; `wait` comes close.
    ///
    /// # Errors
    ///
    /// [`TaskError`] if the task was cancelled or panicked.
    ///
    /// # Panics
    ///
    /// If the value was moved out by an earlier await, or a task joins itself.
    ///
    /// # Cancel safety
    ///
    /// Cancelling the awaiter cancels the task. Dropping the await has no effect on it.
    ///
    /// ```
    /// use looplet::{create_task, run};
    ///
    /// run(async {
    ///     let task = create_task(std::future::pending::<()>());
    ///     task.cancel();
    ///     assert!(task.join().await.is_err_and(|error| error.is_cancelled()));
    /// });
    /// ```
    pub fn join(&self) -> Join<T> {
        Join(Waiter::new(self, PromiseCell::take_outcome))
    }
    /// Returns a copy of how the task ended. The asyncio counterpart has the same name, and
    /// raises what is no value.
    ///
    /// # Errors
    ///
    /// [`InvalidState::ResultNotSet`] if the task has not ended, and [`InvalidState::Taken`] if
    /// an await has moved the value out.
    ///
    /// ```
    /// use looplet::{InvalidState, create_task, run, yield_now};
    ///
    /// run(async {
    ///     let task = create_task(async { 7 });
    ///     assert_eq!(task.result().unwrap_err(), InvalidState::ResultNotSet);
    ///     yield_now().await;
    ///     assert_eq!(task.result().expect("it has ended").expect("with a value"), 7);
    /// });
    /// ```
    pub fn result(&self) -> Result<Result<T, TaskError>, InvalidState>
    where
        T: Clone,
    {
        let promise = self.object.promise();
        promise.look(InvalidState::ResultNotSet, T::clone)
    }
}

/// What asyncio calls an exception is an `Err` here.
impl<T: 'static, E: 'static> Task<Result<T, E>> {
    /// Makes an error that nobody looks at be reported, and returns the task.
    ///
    /// If the task returns an `Err`, and by the time its last handle is gone nobody has awaited
    /// or joined it or asked for its [`result`](Self::result) or [`exception`](Self::exception),
    /// the loop's exception handler is told, once. A task that was cancelled has no error. What
    /// `asyncio` does for every task (`Task exception was never retrieved`) has to be asked for
    /// here: a task that returns a `Result` looks like any other to the loop, and an `Err` may be
    /// an answer.
    ///
    /// ```
    /// use looplet::{ErrorContext, create_task, get_running_loop, run, yield_now};
    /// use std::rc::Rc;
    ///
    /// run(async {
    ///     let expected = "an exception was never retrieved in Task-2: \"no space left\"";
    ///     let check = move |context: &ErrorContext| assert_eq!(context.to_string(), expected);
    ///     get_running_loop().set_exception_handler(Some(Rc::new(check)));
    ///     create_task(async { Err::<(), _>("no space left") }).report_unread();
    ///     yield_now().await;
    /// });
    /// ```
    pub fn report_unread(self) -> Self
    where
        E: fmt::Debug,
    {
        self.object.promise().demand(print_error);
        self
    }

    /// Returns a copy of the error that the task has returned; `Ok(Ok(None))` if it returned
    /// none.
    ///
    /// # Errors
    ///
    /// [`InvalidState::ExceptionNotSet`] if the task has not ended, and
    /// [`InvalidState::Taken`] if an await has moved the value out.
    pub fn exception(&self) -> Result<Result<Option<E>, TaskError>, InvalidState>
    where
        E: Clone,
    {
        let error = |result: &Result<T, E>| result.as_ref().err().cloned();
        let promise = self.object.promise();
        promise.look(InvalidState::ExceptionNotSet, error)
    }
}
