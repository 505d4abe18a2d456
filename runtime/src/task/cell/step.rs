//! A task, a step of it, and what else the loop and the handles ask of it.
//!
//! 1. Look whether the future is there. (It is gone if the loop was closed meanwhile.)
//! 2. Take the request, if there is one. Before the first step, that is the end: the body
//!    never runs.
//! 3. Throw the request and poll. (A panic goes through to the turn, which catches it once for
//!    all that it runs, and comes back by way of `fail`.)
//! 4. Ended: drop the future first, then settle the promise, so that whoever is woken finds
//!    all clean-up done. Waiting: settle accounts with a request that came during the step.

use std::any::{Any, type_name};
use std::cell::Cell;
use std::fmt;
use std::mem::{ManuallyDrop, needs_drop};
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::thread;

use super::body::Body;
use crate::cancel::{
    Awaitable, CancelReason, CancelTarget, Cancelled, Frame, FrameOwner, Note, Step,
};
use crate::event_loop::{
    Callback, Coroutine, ErrorContext, Stepped, TaskEnding, TaskId, Ticket, WeakLoop, is_queued,
    panic_text, ticket, waker_of, with_step,
};
use crate::promise::{Outcome, Progress, PromiseCell, TaskError};

/// A task that runs a future of type `F`.
pub(super) struct TaskCell<F: Future> {
    pub(super) body: Body<F>,
    pub(super) promise: PromiseCell<F::Output>,
    /// Where requests to this task go.
    pub(super) frame: Frame,
    /// Where it is in the slab of the loop. With its number, that makes its ticket.
    pub(super) index: u32,
    pub(super) site: &'static Location<'static>,
    pub(super) name: Cell<GivenName>,
    /// What it began to wait for last.
    pub(super) note: Cell<Note>,
}

/// `None`: the default name, `Task-N`. In a box: it is one word in every task, and hardly ever a
/// name.
pub(super) type GivenName = Option<Box<String>>;

/// What all handles of a task need, whatever future it runs.
pub(crate) trait TaskObject<T>: Coroutine + CancelTarget {
    fn promise(&self) -> &PromiseCell<T>;
    /// The same task as the loop sees it.
    fn coroutine(&self) -> &dyn Coroutine;
    /// Ends the task without a chance to clean up. Returns `false` if it has ended.
    fn abort(&self) -> bool;
}

impl<F: Future + 'static> Coroutine for TaskCell<F> {
    fn step(&self, ticket: Ticket) -> Stepped {
        if !self.body.is_here() {
            return Stepped::Ended;
        }
        if self.frame.is_requested() || self.promise.progress().get() == Progress::Aborted {
            return self.step_on_request(ticket);
        }
        self.step_with(ticket)
    }

    fn fail(&self, payload: Box<dyn Any + Send>) {
        self.polled();
        if self.body.is_here() {
            self.end(Err(TaskError::Panicked(payload)));
        }
    }

    fn cancel(&self, cause: Cancelled) -> bool {
        if self.promise.is_done() {
            return false;
        }
        let owner: &dyn FrameOwner = self;
        owner.request(cause);
        true
    }

    fn discard(&self) {
        if self.body.is_here() {
            let cause = Cancelled::new(CancelReason::LoopClosing);
            self.end(Err(TaskError::Cancelled(cause)));
        }
    }

    fn notify_end(&self, callback: Rc<dyn Callback>) {
        self.promise.add_done_callback(callback);
    }

    fn glance(&self) -> usize {
        let marks = [
            self.body.is_here(),
            self.frame.is_requested(),
            self.promise.is_done(),
        ];
        self.index as usize + marks.into_iter().map(usize::from).sum::<usize>()
    }

    fn note(&self) -> Note {
        let note = self.note.take();
        self.note.set(note.clone());
        note
    }

    fn panic_text(&self) -> Option<String> {
        match self.promise.failure()? {
            TaskError::Panicked(payload) => Some(panic_text(payload.as_ref())),
            TaskError::Cancelled(_) => None,
        }
    }

    fn ending(&self) -> Option<TaskEnding> {
        self.promise.ending()
    }

    fn name(&self) -> String {
        name_of(&self.name, self.promise.number())
    }

    fn set_name(&self, name: String) {
        self.name.set(Some(Box::new(name)));
    }

    fn number(&self) -> u32 {
        self.promise.number()
    }

    fn ticket(&self) -> Ticket {
        let id = TaskId::new(self.index as usize, self.promise.number());
        Ticket::new(self.promise.event_loop().number(), id)
    }

    fn site(&self) -> &'static Location<'static> {
        self.site
    }

    fn type_name(&self) -> &'static str {
        type_name::<F>().trim_end_matches("::{{closure}}")
    }
}

impl<F: Future + 'static> TaskCell<F> {
    /// Makes an ordinary step. What is not the common end of one is kept out of its way.
    #[inline(always)]
    fn step_with(&self, ticket: Ticket) -> Stepped {
        self.promise.progress().set(Progress::Started);
        let Some(polled) = self.poll(ticket) else {
            return Stepped::Ended;
        };
        if polled.is_pending() && with_step(Step::is_normal) {
            return self.wait();
        }
        self.conclude(polled)
    }

    /// Makes a step that is not an ordinary one: it may be the end, or have a request to throw.
    #[cold]
    fn step_on_request(&self, ticket: Ticket) -> Stepped {
        match self.prepare() {
            Some(cause) => self.end(Err(TaskError::Cancelled(cause))),
            None => self.step_with(ticket),
        }
    }

    #[inline(never)]
    fn conclude(&self, polled: Poll<F::Output>) -> Stepped {
        match self.outcome(polled) {
            Some(outcome) => self.end(outcome),
            None => self.wait(),
        }
    }

    /// What there is to do before a step that is not an ordinary one. Returns why the step is
    /// the end, if it is.
    fn prepare(&self) -> Option<Cancelled> {
        if self.promise.progress().get() == Progress::Aborted {
            return Some(Cancelled::new(CancelReason::Aborted));
        }
        let cause = self.frame.take_request()?;
        if self.promise.progress().get() == Progress::New {
            return Some(cause);
        }
        with_step(|step| step.throw(cause));
        None
    }

    #[inline]
    fn poll(&self, ticket: Ticket) -> Option<Poll<F::Output>> {
        let waker = ManuallyDrop::new(waker_of(ticket));
        let mut context = Context::from_waker(&waker);
        self.frame.set_polling(true);
        let polled = self.body.poll(&mut context);
        self.polled();
        polled
    }

    /// Settles the accounts of a poll, however it ended.
    #[inline]
    fn polled(&self) {
        self.frame.set_polling(false);
        self.frame.count(with_step(Step::take_parked));
        with_step(|step| step.move_note(&self.note));
    }

    /// What a poll that was not merely `Pending` comes to.
    fn outcome(&self, polled: Poll<F::Output>) -> Option<Outcome<F::Output>> {
        match polled {
            Poll::Pending => self.unwound(),
            Poll::Ready(value) => Some(self.unless_cancelled(value)),
        }
    }

    /// Looks at requests that came during the step.
    #[inline]
    fn wait(&self) -> Stepped {
        if self.frame.is_requested() {
            let owner: &dyn FrameOwner = self;
            owner.settle();
        }
        Stepped::Waiting
    }

    /// After `Pending`: whether a request has unwound the whole coroutine.
    fn unwound(&self) -> Option<Outcome<F::Output>> {
        if let Some(cause) = with_step(Step::catch) {
            return Some(Err(TaskError::Cancelled(cause)));
        }
        let cause = with_step(|step| step.untaken())?;
        if !self.frame.is_waited_in() {
            // Only futures of other libraries wait inside. None of them will ever take it.
            return Some(Err(TaskError::Cancelled(cause)));
        }
        self.frame.store(cause);
        None
    }

    /// A task that returns while a request is undelivered ends as cancelled, as in asyncio.
    fn unless_cancelled(&self, value: F::Output) -> Outcome<F::Output> {
        let cause = with_step(|step| step.catch().or_else(|| step.untaken()));
        match cause.or_else(|| self.frame.take_request()) {
            Some(cause) => Err(TaskError::Cancelled(cause)),
            None => Ok(value),
        }
    }

    /// Drops the future, then publishes how the task ended.
    fn end(&self, outcome: Outcome<F::Output>) -> Stepped {
        with_step(Step::reset);
        self.frame.set_polling(true);
        if let Err(payload) = self.drop_contained() {
            report_drop(self.promise.event_loop(), self.name(), &*payload);
        }
        self.forget_parked();
        // What it waited for would keep its memory as long as there is a handle of this task.
        drop(self.note.take());
        // The promise of a running task cannot have been settled by anybody else.
        let refused = self.promise.settle(outcome);
        drop(refused);
        Stepped::Ended
    }

    /// Drops a future whose `Drop` may panic.
    fn drop_contained(&self) -> thread::Result<()> {
        if !needs_drop::<F>() {
            self.body.end();
            return Ok(());
        }
        catch_unwind(AssertUnwindSafe(|| self.body.end()))
    }

    /// Leaves that were dropped with the future counted themselves out of the running step.
    /// What they left there is not for the step of the next task.
    fn forget_parked(&self) {
        if ticket() == Some(self.ticket()) {
            with_step(Step::take_parked);
            with_step(Step::forget_note);
        }
    }
}

impl<F: Future + 'static> FrameOwner for TaskCell<F> {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn ring(&self) {
        waker_of(self.ticket()).wake();
    }

    fn is_rung(&self) -> bool {
        is_queued(self.ticket())
    }
}

impl<F: Future + 'static> Awaitable for TaskCell<F> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Task '{}'", self.name())
    }

    fn decided_by(&self) -> Vec<usize> {
        match self.promise.is_done() {
            true => Vec::new(),
            false => vec![self.ticket().word()],
        }
    }
}

impl<F: Future + 'static> CancelTarget for TaskCell<F> {
    fn cancel(&self, cause: Cancelled) -> bool {
        Coroutine::cancel(self, cause)
    }
}

impl<F: Future + 'static> TaskObject<F::Output> for TaskCell<F> {
    fn promise(&self) -> &PromiseCell<F::Output> {
        &self.promise
    }

    fn coroutine(&self) -> &dyn Coroutine {
        self
    }

    fn abort(&self) -> bool {
        if self.promise.is_done() {
            return false;
        }
        self.promise.progress().set(Progress::Aborted);
        self.ring();
        true
    }
}

/// A panic that nobody has looked at is reported when the last one who could have is gone.
impl<F: Future> Drop for TaskCell<F> {
    fn drop(&mut self) {
        let number = self.promise.number();
        self.promise
            .report_unretrieved(|| Some(name_of(&self.name, number)));
    }
}

// What does not depend on the type of the future is compiled once, not for each.

/// The name that a task was given, or the one it has by its number.
fn name_of(given: &Cell<GivenName>, number: u32) -> String {
    let name = given.take();
    let text = name.as_ref().map(|name| name.to_string());
    given.set(name);
    text.unwrap_or_else(|| format!("Task-{number}"))
}

/// Reports that the future of a task has panicked while it was dropped.
fn report_drop(event_loop: WeakLoop, name: String, payload: &(dyn Any + Send)) {
    let message = "a future panicked while it was dropped";
    event_loop.report(&ErrorContext {
        task: Some(name),
        ..ErrorContext::of_panic(message, payload)
    });
}
