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
use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::cancel::{CancelReason, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{Callback, EventLoop, WeakLoop, callback, panic_text};
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
///   Pending ─────────► Value ───────────────► Taken
///      │
///      └─────────────► Cancelled, Panicked    (a copy is left for the next who asks)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Pending,
    Value,
    Cancelled,
    Panicked,
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

/// Whoever waits. Mostly that is one, who needs no list.
#[derive(Default)]
enum Line {
    #[default]
    Empty,
    One(CallbackId, Waiting),
    /// The earliest first.
    Many(Box<Vec<(CallbackId, Waiting)>>),
}

/// The shared part of a promise or a task.
///
/// There is one for every task, so it is kept small. Everything is moved out of its cell, used
/// or changed, and moved back; user code never runs in between.
pub(crate) struct PromiseCell<T> {
    stage: Cell<Stage>,
    /// Whether somebody has seen the outcome.
    retrieved: Cell<bool>,
    /// Callbacks and waits there have been; the id of the next.
    next_id: Cell<u32>,
    event_loop: WeakLoop,
    /// `Some` in the stages `Value`, `Cancelled` and `Panicked`.
    outcome: Cell<Option<Outcome<T>>>,
    line: Cell<Line>,
}

impl<T> PromiseCell<T> {
    #[inline]
    pub(crate) fn new(event_loop: WeakLoop) -> Self {
        Self {
            stage: Cell::new(Stage::Pending),
            retrieved: Cell::new(false),
            next_id: Cell::new(0),
            event_loop,
            outcome: Cell::new(None),
            line: Cell::new(Line::Empty),
        }
    }

    pub(crate) fn event_loop(&self) -> &WeakLoop {
        &self.event_loop
    }

    #[inline]
    pub(crate) fn is_done(&self) -> bool {
        self.stage.get() != Stage::Pending
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.stage.get() == Stage::Cancelled
    }

    /// Sets the outcome and schedules whoever waits. Gives the outcome back if there is one
    /// already.
    pub(crate) fn settle(&self, outcome: Outcome<T>) -> Result<(), Outcome<T>> {
        if self.is_done() {
            return Err(outcome);
        }
        self.stage.set(match &outcome {
            Ok(_) => Stage::Value,
            Err(TaskError::Cancelled(_)) => Stage::Cancelled,
            Err(TaskError::Panicked(_)) => Stage::Panicked,
        });
        self.outcome.set(Some(outcome));
        match self.line.take() {
            Line::Empty => {}
            Line::One(_, waiting) => self.schedule(waiting),
            Line::Many(all) => all
                .into_iter()
                .for_each(|(_, waiting)| self.schedule(waiting)),
        }
        Ok(())
    }

    fn schedule(&self, waiting: Waiting) {
        match waiting {
            Waiting::Task(waker) => waker.wake(),
            Waiting::Call(callback) => self.call_soon(callback),
        }
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
            return self.new_id();
        }
        self.push(Waiting::Call(callback))
    }

    fn new_id(&self) -> CallbackId {
        let id = self.next_id.get();
        self.next_id.set(id.wrapping_add(1));
        CallbackId(id)
    }

    fn push(&self, waiting: Waiting) -> CallbackId {
        let id = self.new_id();
        self.line.set(self.line.take().with(id, waiting));
        id
    }

    /// Takes somebody out of the line. Returns whether they were in it.
    pub(crate) fn leave(&self, id: CallbackId) -> bool {
        let (line, removed) = self.line.take().without(id);
        self.line.set(line);
        removed.is_some()
    }

    /// Puts a task in the line, or lets the place it has wake somebody else.
    fn enqueue(&self, place: Option<CallbackId>, waker: &Waker) -> CallbackId {
        let mut line = self.line.take();
        let old = place.and_then(|place| line.replace(place, waker));
        self.line.set(line);
        match (place, old) {
            (Some(place), Some(_)) => place,
            _ => self.push(Waiting::Task(waker.clone())),
        }
    }

    /// Moves the outcome out. `None`: not done.
    ///
    /// # Panics
    ///
    /// If the value was moved out before.
    pub(crate) fn take_outcome(&self) -> Option<Outcome<T>> {
        match self.stage.get() {
            Stage::Pending => return None,
            Stage::Value => self.stage.set(Stage::Taken),
            Stage::Cancelled | Stage::Panicked => {}
            Stage::Taken => panic!("the value was already taken by an earlier await"),
        }
        self.retrieved.set(true);
        let outcome = self.outcome.take();
        if let Some(Err(error)) = &outcome {
            self.outcome.set(Some(Err(error.duplicate())));
        }
        outcome
    }

    /// How it failed, if it was settled without a value.
    pub(crate) fn failure(&self) -> Option<TaskError> {
        match self.stage.get() {
            Stage::Cancelled | Stage::Panicked => self.take_outcome()?.err(),
            Stage::Pending | Stage::Value | Stage::Taken => None,
        }
    }

    /// What nobody has looked at: the text of a panic.
    pub(crate) fn unretrieved_panic(&self) -> Option<String> {
        if self.stage.get() != Stage::Panicked || self.retrieved.get() {
            return None;
        }
        match self.failure()? {
            TaskError::Panicked(payload) => Some(panic_text(payload.as_ref())),
            TaskError::Cancelled(_) => None,
        }
    }
}

impl<T: Clone> PromiseCell<T> {
    pub(crate) fn clone_outcome(&self) -> Option<Outcome<T>> {
        if self.stage.get() != Stage::Value {
            return self.take_outcome();
        }
        self.retrieved.set(true);
        let outcome = self.outcome.take();
        let copy = match &outcome {
            Some(Ok(value)) => Some(Ok(value.clone())),
            _ => None,
        };
        self.outcome.set(outcome);
        copy
    }
}

impl<T> fmt::Debug for PromiseCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage.get() {
            Stage::Pending => "pending",
            Stage::Value | Stage::Taken => "finished",
            Stage::Cancelled => "cancelled",
            Stage::Panicked => "panicked",
        })
    }
}

impl Line {
    fn with(self, id: CallbackId, waiting: Waiting) -> Line {
        match self {
            Line::Empty => Line::One(id, waiting),
            Line::One(first, other) => Line::Many(Box::new(vec![(first, other), (id, waiting)])),
            Line::Many(mut all) => {
                all.push((id, waiting));
                Line::Many(all)
            }
        }
    }

    fn without(self, id: CallbackId) -> (Line, Option<Waiting>) {
        match self {
            Line::One(only, waiting) if only == id => (Line::Empty, Some(waiting)),
            Line::Many(mut all) => {
                let at = all.iter().position(|(other, _)| *other == id);
                let removed = at.map(|at| all.remove(at).1);
                (Line::Many(all), removed)
            }
            line => (line, None),
        }
    }

    /// Lets a place wake somebody else. Returns what it was, if there is such a place.
    fn replace(&mut self, id: CallbackId, waker: &Waker) -> Option<Waiting> {
        let waiting = match self {
            Line::One(only, waiting) if *only == id => waiting,
            Line::Many(all) => all
                .iter_mut()
                .find(|(other, _)| *other == id)
                .map(|(_, w)| w)?,
            Line::Empty | Line::One(..) => return None,
        };
        Some(std::mem::replace(waiting, Waiting::Task(waker.clone())))
    }
}

/// The wait of one task for one promise cell; what an await of a promise or a task is made of.
pub(crate) struct Wait {
    leaf: Leaf,
    place: Option<CallbackId>,
}

impl Wait {
    pub(crate) const fn new() -> Self {
        Self {
            leaf: Leaf::new(),
            place: None,
        }
    }

    /// Waits until `read` finds an outcome in `cell`; `target` is what a request to the
    /// awaiter is forwarded to.
    ///
    /// A cancelled outcome is raised in the awaiter: always if not `joining`, and otherwise
    /// only if it answers the awaiter's own request, which a `join` must not turn into a
    /// value.
    pub(crate) fn poll<T>(
        &mut self,
        cell: &PromiseCell<T>,
        context: &Context<'_>,
        joining: bool,
        read: impl FnOnce(&PromiseCell<T>) -> Option<Outcome<T>>,
        target: impl FnOnce() -> Rc<dyn CancelTarget>,
    ) -> Poll<Outcome<T>> {
        if interrupted() {
            return Poll::Pending;
        }
        let Some(outcome) = read(cell) else {
            self.place = Some(cell.enqueue(self.place, context.waker()));
            self.leaf.park_on(context, target());
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
        wait.poll(cell, context, false, *read, target).map(value_of)
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
