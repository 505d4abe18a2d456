//! A promise: a result that is set once, and whoever waits for it.
//!
//! asyncio calls this `Future`. The name would clash with `std::future::Future`, which is the
//! opposite kind of thing: that one is polled to make progress, a promise is told.
//!
//! The same cell is half of every task: a task is a promise whose result its coroutine sets.
//! So it holds a `Result<T, TaskError>`, of which a plain promise never uses `Panicked`.
//!
//! # Rules
//!
//! 1. The result is set once. What waits for it is scheduled in the order in which it began
//!    to wait: an awaiting task is woken, a done-callback goes through `call_soon`.
//! 2. Awaiting a promise that is done does not give the turn away.
//! 3. Cancelling a task that waits for a promise cancels the promise, for everybody who waits
//!    for it. That is asyncio's rule; `shield` is there for those who do not want it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::cancel::{CancelReason, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{
    Callback, ErrorContext, EventLoop, WeakLoop, callback, panic_text, report_by_default,
};
use crate::leaf::{Leaf, interrupted, unwind};

/// How a task ended without a value.
#[non_exhaustive]
pub enum TaskError {
    /// It was cancelled.
    Cancelled(Cancelled),
    /// It panicked; this is the payload, for `std::panic::resume_unwind`.
    Panicked(Box<dyn Any + Send>),
}

impl TaskError {
    /// Returns whether the task was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, TaskError::Cancelled(_))
    }

    /// The same error once more. A panic's payload cannot be cloned, but its text can.
    fn duplicate(&self) -> Self {
        match self {
            TaskError::Cancelled(cause) => TaskError::Cancelled(cause.clone()),
            TaskError::Panicked(payload) => {
                TaskError::Panicked(Box::new(panic_text(payload.as_ref())))
            }
        }
    }
}

impl fmt::Debug for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Cancelled(cause) => f.debug_tuple("Cancelled").field(cause).finish(),
            TaskError::Panicked(payload) => f
                .debug_tuple("Panicked")
                .field(&panic_text(payload.as_ref()))
                .finish(),
        }
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TaskError::Cancelled(cause) => write!(f, "the task was {cause}"),
            TaskError::Panicked(payload) => {
                write!(f, "the task panicked: {}", panic_text(payload.as_ref()))
            }
        }
    }
}

impl std::error::Error for TaskError {}

/// How a promise or a task ended.
pub(crate) type Outcome<T> = Result<T, TaskError>;

/// ```text
///            settle                 take
///   Pending ─────────► Settled(..) ──────► Taken
/// ```
enum State<T> {
    Pending,
    Settled(Outcome<T>),
    /// The value was moved out by an await.
    Taken,
}

/// Something that is to happen when the promise is done.
enum Waiting {
    Task(Waker),
    Call(Rc<dyn Callback>),
}

/// Names a done-callback, or the place of a task in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackId(u32);

/// Whoever waits, the earliest first. Mostly that is one, who needs no list.
#[derive(Default)]
struct Line {
    first: Option<(CallbackId, Waiting)>,
    others: Vec<(CallbackId, Waiting)>,
    /// The id of the next one.
    next: u32,
}

/// The shared part of a promise or a task.
pub(crate) struct PromiseCell<T> {
    state: RefCell<State<T>>,
    line: RefCell<Line>,
    event_loop: WeakLoop,
    /// Whether somebody has seen the outcome.
    retrieved: Cell<bool>,
}

impl<T> PromiseCell<T> {
    pub(crate) fn new(event_loop: WeakLoop) -> Self {
        Self {
            state: RefCell::new(State::Pending),
            line: RefCell::default(),
            event_loop,
            retrieved: Cell::new(false),
        }
    }

    pub(crate) fn event_loop(&self) -> &WeakLoop {
        &self.event_loop
    }

    pub(crate) fn is_done(&self) -> bool {
        !matches!(*self.state.borrow(), State::Pending)
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(
            *self.state.borrow(),
            State::Settled(Err(TaskError::Cancelled(_)))
        )
    }

    /// Sets the outcome and schedules whoever waits. Gives the outcome back if there is one
    /// already.
    pub(crate) fn settle(&self, outcome: Outcome<T>) -> Result<(), Outcome<T>> {
        if self.is_done() {
            return Err(outcome);
        }
        let pending = self.state.replace(State::Settled(outcome));
        drop(pending);
        let line = self.line.take();
        for (_, waiting) in line.first.into_iter().chain(line.others) {
            match waiting {
                Waiting::Task(waker) => waker.wake(),
                Waiting::Call(callback) => self.call_soon(callback),
            }
        }
        Ok(())
    }

    fn call_soon(&self, callback: Rc<dyn Callback>) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            event_loop.core().call_soon(callback);
        }
    }

    /// Schedules `callback` for when the promise is done, or now if it is.
    pub(crate) fn add_done_callback(&self, callback: Rc<dyn Callback>) -> CallbackId {
        if self.is_done() {
            self.call_soon(callback);
            return CallbackId(u32::MAX);
        }
        self.line.borrow_mut().push(Waiting::Call(callback))
    }

    /// Takes somebody out of the line. Returns whether they were in it.
    pub(crate) fn leave(&self, id: CallbackId) -> bool {
        let removed = self.line.borrow_mut().remove(id);
        removed.is_some()
    }

    /// Puts a task in the line, or lets the place it has wake somebody else.
    fn enqueue(&self, place: Option<CallbackId>, waker: &Waker) -> CallbackId {
        let mut line = self.line.borrow_mut();
        if let Some(place) = place
            && let Some(Waiting::Task(old)) = line.get_mut(place)
        {
            if !old.will_wake(waker) {
                *old = waker.clone();
            }
            return place;
        }
        line.push(Waiting::Task(waker.clone()))
    }

    /// Moves the outcome out. `None`: not done.
    ///
    /// # Panics
    ///
    /// If the value was moved out before.
    fn take(&self) -> Option<Outcome<T>> {
        let state = self.state.replace(State::Taken);
        match state {
            State::Pending => {
                self.state.replace(State::Pending);
                None
            }
            State::Settled(Ok(value)) => Some(Ok(value)),
            State::Settled(Err(error)) => {
                let copy = error.duplicate();
                self.state.replace(State::Settled(Err(copy)));
                Some(Err(error))
            }
            State::Taken => panic!("the value was already taken by an earlier await"),
        }
    }

    pub(crate) fn take_outcome(&self) -> Option<Outcome<T>> {
        let outcome = self.take();
        self.retrieved
            .set(self.retrieved.get() || outcome.is_some());
        outcome
    }

    /// How it failed, if it was settled without a value.
    pub(crate) fn failure(&self) -> Option<TaskError> {
        match &*self.state.borrow() {
            State::Settled(Err(error)) => {
                self.retrieved.set(true);
                Some(error.duplicate())
            }
            _ => None,
        }
    }

    /// Reports a panic that nobody has looked at, when the last one who could have is gone.
    pub(crate) fn report_unretrieved_panic(&self, task: impl FnOnce() -> Option<String>) {
        let cause = match &*self.state.borrow() {
            State::Settled(Err(TaskError::Panicked(payload))) if !self.retrieved.get() => {
                panic_text(payload.as_ref())
            }
            _ => return,
        };
        let context = ErrorContext {
            cause: Some(cause),
            task: task(),
            ..ErrorContext::new("a panic was never retrieved")
        };
        match self.event_loop.upgrade() {
            Some(event_loop) => event_loop.call_exception_handler(&context),
            None => report_by_default(&context),
        }
    }
}

impl<T: Clone> PromiseCell<T> {
    pub(crate) fn clone_outcome(&self) -> Option<Outcome<T>> {
        let state = self.state.borrow();
        let outcome = match &*state {
            State::Pending => return None,
            State::Settled(Ok(value)) => Ok(value.clone()),
            State::Settled(Err(error)) => Err(error.duplicate()),
            State::Taken => panic!("the value was already taken by an earlier await"),
        };
        self.retrieved.set(true);
        Some(outcome)
    }
}

impl<T> fmt::Debug for PromiseCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.state.borrow() {
            State::Pending => "pending",
            State::Settled(Ok(_)) | State::Taken => "finished",
            State::Settled(Err(TaskError::Cancelled(_))) => "cancelled",
            State::Settled(Err(TaskError::Panicked(_))) => "panicked",
        })
    }
}

impl Line {
    fn push(&mut self, waiting: Waiting) -> CallbackId {
        let id = CallbackId(self.next);
        self.next += 1;
        if self.first.is_none() && self.others.is_empty() {
            self.first = Some((id, waiting));
        } else {
            self.others.push((id, waiting));
        }
        id
    }

    fn get_mut(&mut self, id: CallbackId) -> Option<&mut Waiting> {
        let all = self.first.iter_mut().chain(&mut self.others);
        all.into_iter()
            .find(|(other, _)| *other == id)
            .map(|(_, waiting)| waiting)
    }

    fn remove(&mut self, id: CallbackId) -> Option<Waiting> {
        if let Some(first) = self.first.take_if(|(other, _)| *other == id) {
            return Some(first.1);
        }
        let at = self.others.iter().position(|(other, _)| *other == id)?;
        Some(self.others.remove(at).1)
    }
}

/// The wait of one task for one promise cell; what an await of a promise or a task is made of.
pub(crate) struct Wait {
    leaf: Leaf,
    place: Option<CallbackId>,
}

impl Wait {
    pub(crate) fn new(target: Rc<dyn CancelTarget>) -> Self {
        Self {
            leaf: Leaf::waiting_for(target),
            place: None,
        }
    }

    /// Waits until `read` finds an outcome in `cell`.
    ///
    /// A cancelled outcome is raised in the awaiter: always if `joining` is false, and
    /// otherwise only if it answers the awaiter's own request, which a `join` must not turn
    /// into a value.
    pub(crate) fn poll<T>(
        &mut self,
        cell: &PromiseCell<T>,
        joining: bool,
        context: &Context<'_>,
        read: impl FnOnce(&PromiseCell<T>) -> Option<Outcome<T>>,
    ) -> Poll<Outcome<T>> {
        if interrupted() {
            return Poll::Pending;
        }
        let Some(outcome) = read(cell) else {
            self.place = Some(cell.enqueue(self.place, context.waker()));
            self.leaf.park(context);
            return Poll::Pending;
        };
        self.place = None;
        let own_request = self.leaf.resume();
        match outcome {
            Err(TaskError::Cancelled(cause)) if own_request || !joining => {
                unwind(cause);
                Poll::Pending
            }
            outcome => Poll::Ready(outcome),
        }
    }

    /// Leaves the line, when the wait is dropped.
    pub(crate) fn leave<T>(&mut self, cell: &PromiseCell<T>) {
        if let Some(place) = self.place.take() {
            cell.leave(place);
        }
    }
}

/// Turns an outcome that is no cancel into a value; a panic goes on in the awaiter.
pub(crate) fn value_of<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Ok(value) => value,
        Err(TaskError::Panicked(payload)) => std::panic::resume_unwind(payload),
        Err(TaskError::Cancelled(_)) => unreachable!("a cancel is raised, not returned"),
    }
}

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
        write!(f, "<Promise {:?}>", self.cell)
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
    /// [`InvalidState`] if the promise is done; the value is dropped.
    pub fn set_result(&self, value: T) -> Result<(), InvalidState> {
        self.cell.settle(Ok(value)).map_err(|_| InvalidState)
    }

    /// Cancels the promise: whoever awaits it is cancelled there. Returns `false` if it was
    /// done.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cell.cancel(Cancelled::new(CancelReason::Requested))
    }

    /// Returns whether the promise has a result or was cancelled.
    pub fn done(&self) -> bool {
        self.cell.is_done()
    }

    /// Returns whether the promise was cancelled.
    pub fn cancelled(&self) -> bool {
        self.cell.is_cancelled()
    }

    /// Returns a copy of the result. `None`: not done, or cancelled.
    pub fn result(&self) -> Option<T>
    where
        T: Clone,
    {
        self.cell.clone_outcome().and_then(Outcome::ok)
    }

    /// Runs `callback` through `call_soon` when the promise is done, or now if it is.
    ///
    /// Callbacks run in the order in which they were added.
    pub fn add_done_callback(&self, callback: impl FnOnce(&Promise<T>) + 'static) -> CallbackId {
        let promise = self.clone();
        self.cell
            .add_done_callback(self::callback(move || callback(&promise)))
    }

    /// Takes a callback out again. Returns whether it was waiting.
    pub fn remove_done_callback(&self, id: CallbackId) -> bool {
        self.cell.leave(id)
    }
}

impl<T> CancelTarget for PromiseCell<T> {
    fn cancel(&self, cause: Cancelled) -> bool {
        self.settle(Err(TaskError::Cancelled(cause))).is_ok()
    }
}

/// The await of a promise by value or by reference.
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
            wait: Wait::new(cell.clone()),
            cell,
            read,
        }
    }
}

impl<T> std::future::Future for PromiseWait<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        this.wait
            .poll(&this.cell, false, context, this.read)
            .map(value_of)
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
