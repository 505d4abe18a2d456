//! The promise cell: half of every task.
//!
//! A task is a promise whose result its coroutine sets. So the cell, its outcome and the line of
//! those who wait are shared by both, and what a program holds ([`Promise`](super::Promise),
//! [`Task`](crate::Task)) are handles on it.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::task::Waker;

use super::line::{CallbackId, Line, Waiting};
use super::outcome::{Exception, Kept, Outcome, Print, TaskError};
use crate::cancel::{Awaitable, CancelTarget, Cancelled};
use crate::error::InvalidState;
use crate::event_loop::{Callback, ErrorContext, TaskEnding, WeakLoop, waker_of};

/// ```text
///            settle                 take
///   Pending ─────────► Value ───────────────► Taken
///      │
///      └─────────────► Cancelled, Panicked    (a copy is left for the next who asks)
/// ```
///
/// It has two bytes, so that there is no padding between the fields of a cell. Where there was, a
/// task was copied there by way of the stack when it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
enum Stage {
    Pending,
    Value,
    Cancelled,
    Panicked,
    /// The value was moved out by an await.
    Taken,
}

/// How far the coroutine of a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Never polled.
    New,
    /// Polled at least once.
    Started,
    /// To be dropped at the next step, whatever it waits for.
    Aborted,
}

/// The shared part of a promise or a task.
///
/// There is one for every task, so it is kept small. Everything is moved out of its cell, used
/// or changed, and moved back; user code never runs in between.
pub(crate) struct PromiseCell<T> {
    stage: Cell<Stage>,
    /// Whether somebody has seen the outcome.
    retrieved: Cell<bool>,
    /// How far the coroutine has come that will set the result, if there is one.
    progress: Cell<Progress>,
    /// Callbacks and waits there have been; the id of the next.
    next_id: Cell<u32>,
    event_loop: WeakLoop,
    /// The number in the name of the task; 0 for a plain promise.
    number: u32,
    /// Something in the stages `Value`, `Cancelled` and `Panicked`.
    outcome: Cell<Kept<T>>,
    line: Cell<Line>,
}

impl<T> PromiseCell<T> {
    #[inline]
    pub(crate) fn new(event_loop: WeakLoop) -> Self {
        Self::of_task(event_loop, 0)
    }

    /// The promise of the `number`-th task.
    #[inline]
    pub(crate) fn of_task(event_loop: WeakLoop, number: u32) -> Self {
        Self {
            stage: Cell::new(Stage::Pending),
            retrieved: Cell::new(false),
            progress: Cell::new(Progress::New),
            next_id: Cell::new(0),
            event_loop,
            number,
            outcome: Cell::new(Kept::Nothing),
            line: Cell::new(Line::Empty),
        }
    }

    pub(crate) fn event_loop(&self) -> WeakLoop {
        self.event_loop
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    pub(crate) fn progress(&self) -> &Cell<Progress> {
        &self.progress
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
        let mut kept = Kept::new(outcome);
        if let Kept::Demanded(print) = self.outcome.take() {
            kept = kept.demand(print);
        }
        self.outcome.set(kept);
        self.wake_line();
        Ok(())
    }

    /// Makes a value that is an error be reported if nobody looks at it, as an exception is.
    pub(crate) fn demand(&self, print: Print<T>) {
        if self.stage.get() != Stage::Taken {
            self.outcome.set(self.outcome.take().demand(print));
        }
    }

    /// Sets a value that is an error: it is reported if nobody looks at it. Gives the value
    /// back if there is an outcome already.
    pub(super) fn settle_exception(&self, exception: Exception<T>) -> Result<(), T> {
        if self.is_done() {
            return Err(exception.value);
        }
        self.stage.set(Stage::Value);
        self.outcome.set(Kept::Exception(Box::new(exception)));
        self.wake_line();
        Ok(())
    }

    /// Schedules everybody in the line. Mostly that is one task, or nobody.
    fn wake_line(&self) {
        match self.line.take() {
            Line::Empty => {}
            Line::One(_, ticket) => waker_of(ticket).wake(),
            Line::Many(all) => all.into_iter().for_each(|(_, waiting)| match waiting {
                Waiting::Task(waker) => waker.wake(),
                Waiting::Call(callback) => self.call_soon(callback),
            }),
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
        self.with_line(|line| line.push(id, waiting));
        id
    }

    fn with_line<R>(&self, change: impl FnOnce(&mut Line) -> R) -> R {
        let mut line = self.line.take();
        let result = change(&mut line);
        self.line.set(line);
        result
    }

    /// Takes somebody out of the line. Returns whether they were in it.
    pub(crate) fn leave(&self, id: CallbackId) -> bool {
        let removed = self.with_line(|line| line.remove(id));
        removed.is_some()
    }

    /// Puts a task in the line, or lets the place it has wake somebody else.
    pub(super) fn enqueue(&self, place: Option<CallbackId>, waker: &Waker) -> CallbackId {
        let old = place.and_then(|place| self.with_line(|line| line.replace(place, waker)));
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
        match self.outcome.take() {
            Kept::Nothing | Kept::Demanded(_) => None,
            Kept::Value(value) => Some(Ok(value)),
            Kept::Exception(exception) => Some(Ok(exception.value)),
            Kept::Failure(failure) => {
                let copy = Box::new(failure.duplicate());
                self.outcome.set(Kept::Failure(copy));
                Some(Err(*failure))
            }
        }
    }

    /// The same without the panic: `None` also if the value was moved out before.
    pub(crate) fn take_if_there(&self) -> Option<Outcome<T>> {
        match self.stage.get() {
            Stage::Taken => None,
            _ => self.take_outcome(),
        }
    }

    /// How it failed, if it was settled without a value.
    pub(crate) fn failure(&self) -> Option<TaskError> {
        match self.stage.get() {
            Stage::Cancelled | Stage::Panicked => self.take_outcome()?.err(),
            Stage::Pending | Stage::Value | Stage::Taken => None,
        }
    }

    /// Looks at the value in its place. A failure is given as it is.
    ///
    /// # Errors
    ///
    /// `pending` if there is no outcome yet, and [`InvalidState::Taken`] if the value was moved
    /// out.
    pub(crate) fn look<R>(
        &self,
        pending: InvalidState,
        look: impl FnOnce(&T) -> R,
    ) -> Result<Outcome<R>, InvalidState> {
        match self.stage.get() {
            Stage::Pending => Err(pending),
            Stage::Taken => Err(InvalidState::Taken),
            Stage::Cancelled | Stage::Panicked => match self.failure() {
                Some(failure) => Ok(Err(failure)),
                None => Err(InvalidState::Taken),
            },
            Stage::Value => {
                self.retrieved.set(true);
                let lent = self.lend();
                let seen = lent.outcome.value().map(look);
                seen.map(Ok).ok_or(InvalidState::Taken)
            }
        }
    }

    /// How it was settled; to ask does not count as a look.
    pub(crate) fn ending(&self) -> Option<TaskEnding> {
        match self.stage.get() {
            Stage::Pending => None,
            Stage::Value | Stage::Taken => Some(TaskEnding::Returned),
            Stage::Cancelled => Some(TaskEnding::Cancelled),
            Stage::Panicked => Some(TaskEnding::Panicked),
        }
    }

    /// Whether a panic set it.
    pub(crate) fn is_panicked(&self) -> bool {
        self.stage.get() == Stage::Panicked
    }

    /// Takes the outcome out of its cell for as long as somebody looks at it.
    fn lend(&self) -> Lent<'_, T> {
        Lent {
            outcome: self.outcome.take(),
            cell: &self.outcome,
        }
    }

    /// Reports a panic or an exception that nobody has looked at, when the last one who could
    /// have is gone.
    #[inline]
    pub(crate) fn report_unretrieved(&self, task: impl FnOnce() -> Option<String>) {
        if !self.retrieved.replace(true) {
            self.report(task);
        }
    }

    #[cold]
    fn report(&self, task: impl FnOnce() -> Option<String>) {
        let message = match self.stage.get() {
            Stage::Panicked => "a panic was never retrieved",
            Stage::Value => "an exception was never retrieved",
            Stage::Pending | Stage::Cancelled | Stage::Taken => return,
        };
        if let Some(cause) = self.outcome.take().complaint() {
            complain(self.event_loop, message, cause, task());
        }
    }

    /// The state as asyncio prints it, with who waits or what came of it.
    pub(super) fn print(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")?;
        match self.stage.get() {
            Stage::Pending => f.write_str(&self.with_line(|line| line.describe())),
            Stage::Cancelled | Stage::Taken => Ok(()),
            Stage::Value | Stage::Panicked => match self.lend().outcome.complaint() {
                Some(text) => write!(f, " exception={text}"),
                None => write!(f, " result=<{}>", type_name::<T>()),
            },
        }
    }
}

/// Reports to the loop what nobody has looked at. It is here once, and not for each type.
fn complain(event_loop: WeakLoop, message: &'static str, cause: String, task: Option<String>) {
    let context = ErrorContext {
        cause: Some(cause),
        task,
        ..ErrorContext::new(message)
    };
    event_loop.report(&context);
}

/// A task reports by itself, under its name.
impl<T> Drop for PromiseCell<T> {
    #[inline]
    fn drop(&mut self) {
        if self.number == 0 {
            self.report_unretrieved(|| None);
        }
    }
}

impl<T: Clone> PromiseCell<T> {
    pub(crate) fn clone_outcome(&self) -> Option<Outcome<T>> {
        if self.stage.get() != Stage::Value {
            return self.take_outcome();
        }
        self.look(InvalidState::ResultNotSet, T::clone).ok()
    }
}

/// An outcome that is looked at. It goes back also when the look panics.
struct Lent<'a, T> {
    outcome: Kept<T>,
    cell: &'a Cell<Kept<T>>,
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        self.cell.set(std::mem::take(&mut self.outcome));
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

impl<T> Awaitable for PromiseCell<T> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Promise that nobody sets")
    }
}

impl<T> CancelTarget for PromiseCell<T> {
    fn cancel(&self, cause: Cancelled) -> bool {
        self.settle(Err(TaskError::Cancelled(cause))).is_ok()
    }
}
