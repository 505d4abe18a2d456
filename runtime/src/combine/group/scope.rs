//! The scope of a group: runs the body, waits for the children, says how it went.
//!
//! ```text
//!            (1)                  (2)
//!   Body ───────────► Leaving ───────────► Over
//!
//!   (1) the body has returned, or was cancelled   (2) the last child has ended
//! ```
//!
//! While it waits, the scope is an ordinary leaf of the frame around. A cancel that reaches it
//! there, or that reached its body, is passed on to the children and raised when they have
//! ended; unless there are errors: those win, and the cancel is delivered at the next await.

use std::fmt;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::error::ErrorGroup;
use super::state::{GroupState, Phase};
use crate::cancel::{CancelReason, Cancelled, FrameRef, note_of};
use crate::event_loop::with_step;
use crate::leaf::{Leaf, interrupted, unwind};
use crate::task::{Pending, Polled, ScopeFrame, poll_inside};

type Body<'a, R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + 'a>>;

/// The future of [`TaskGroup::scope`](crate::TaskGroup::scope) and
/// [`TaskGroup::run`](crate::TaskGroup::run).
///
/// asyncio has no name for it: there it is `async with`.
///
/// # Cancel safety
///
/// As [`TaskGroup::scope`](crate::TaskGroup::scope).
///
/// ```
/// use looplet::{GroupScope, TaskGroup, run};
///
/// let scope: GroupScope<'_, i32, String> =
///     TaskGroup::scope(async |group| Ok(group.create_task(async { Ok(7) }).await));
/// assert_eq!(run(scope), Ok(7));
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct GroupScope<'a, R, E> {
    state: Rc<GroupState<E>>,
    stage: Stage<'a, R, E>,
}

enum Stage<'a, R, E> {
    Body {
        body: Body<'a, R, E>,
        /// `None` until the first poll.
        frame: Option<Rc<ScopeFrame>>,
    },
    Leaving(Leaving<R, E>),
    Over,
}

/// A group whose body has ended.
struct Leaving<R, E> {
    /// What the body returned, if it was not cancelled.
    returned: Option<Result<R, E>>,
    /// The cancel from outside that is to be passed on.
    passing: Option<Cancelled>,
    /// The frame around the group.
    outer: Option<FrameRef>,
    leaf: Leaf,
}

impl<'a, R, E> GroupScope<'a, R, E> {
    pub(super) fn new(state: Rc<GroupState<E>>, body: Body<'a, R, E>) -> Self {
        let stage = Stage::Body { body, frame: None };
        Self { state, stage }
    }

    /// Polls the body. Returns whether it has ended.
    fn poll_body(&mut self, context: &mut Context<'_>) -> bool {
        let Stage::Body { body, frame } = &mut self.stage else {
            return true;
        };
        let frame = frame.get_or_insert_with(|| self.state.open()).clone();
        let (returned, passing) = match poll_inside(&frame, body.as_mut(), context) {
            Polled::Ready(result) => (Some(result), None),
            Polled::Pending(Pending::Waiting) => return false,
            Polled::Pending(Pending::Unwound(untaken)) => {
                let cause = with_step(|step| step.catch()).or(untaken);
                (None, cause.filter(|_| !frame.owns_the_end()))
            }
        };
        let leaving = Leaving {
            returned,
            passing,
            outer: frame.outer(),
            leaf: Leaf::new(),
        };
        let body = std::mem::replace(&mut self.stage, Stage::Leaving(leaving));
        drop(body);
        self.state.close_body();
        self.abort_if_body_failed();
        true
    }

    /// A body that did not return a value takes the children with it.
    fn abort_if_body_failed(&self) {
        let Stage::Leaving(leaving) = &self.stage else {
            return;
        };
        let cause = match (&leaving.returned, &leaving.passing) {
            (Some(Ok(_)), _) => return,
            (_, Some(cause)) => Cancelled::because(CancelReason::GroupCancelled, cause.clone()),
            (_, None) => Cancelled::new(CancelReason::SiblingFailed),
        };
        self.state.abort(&cause);
    }
}

impl<R, E> Leaving<R, E> {
    /// Waits for the children. Returns whether the last one has ended.
    fn poll_children(&mut self, state: &GroupState<E>, context: &Context<'_>) -> bool {
        while !self.is_last_gone(state, context) {
            let Some(cause) = with_step(|step| step.catch()) else {
                return false;
            };
            let reason = CancelReason::GroupCancelled;
            let passed_on = Cancelled::because(reason, cause.clone());
            if !state.abort(&passed_on) {
                // They were cancelled before, and clean up: this one is for the clean-up.
                state.cancel_children(&passed_on);
            }
            self.passing.get_or_insert(cause);
        }
        true
    }

    /// The leaf of the scope.
    fn is_last_gone(&mut self, state: &GroupState<E>, context: &Context<'_>) -> bool {
        if interrupted() {
            return false;
        }
        if state.count() == 0 {
            self.leaf.resume();
            return true;
        }
        state.waiter.set(Some(context.waker().clone()));
        let children = &state.children;
        self.leaf.park(context, || note_of(children));
        false
    }

    fn finish(self, state: &GroupState<E>) -> Poll<Result<R, ErrorGroup<E>>> {
        if let Some(payload) = state.panic.take() {
            resume_unwind(payload);
        }
        let mut errors = state.errors.take();
        let value = match self.returned {
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                errors.push(error);
                None
            }
            None => None,
        };
        match (self.passing, value) {
            (Some(cause), _) if errors.is_empty() => {
                unwind(cause);
                Poll::Pending
            }
            (None, Some(value)) if errors.is_empty() => Poll::Ready(Ok(value)),
            (passing, _) => {
                if let (Some(cause), Some(outer)) = (passing, self.outer) {
                    outer.store_outward(cause);
                }
                Poll::Ready(Err(ErrorGroup::new(errors)))
            }
        }
    }
}

impl<R, E> Unpin for GroupScope<'_, R, E> {}

impl<R, E> std::future::Future for GroupScope<'_, R, E> {
    type Output = Result<R, ErrorGroup<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if with_step(|step| step.is_unwinding()) || !this.poll_body(context) {
            return Poll::Pending;
        }
        if let Stage::Leaving(leaving) = &mut this.stage
            && !leaving.poll_children(&this.state, context)
        {
            return Poll::Pending;
        }
        match std::mem::replace(&mut this.stage, Stage::Over) {
            Stage::Leaving(leaving) => {
                this.state.phase.set(Phase::Finished);
                leaving.finish(&this.state)
            }
            Stage::Body { .. } | Stage::Over => Poll::Pending,
        }
    }
}

/// A scope that is dropped takes its children with it.
impl<R, E> Drop for GroupScope<'_, R, E> {
    fn drop(&mut self) {
        if matches!(self.stage, Stage::Over) {
            return;
        }
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        drop(stage);
        self.state.close_body();
        self.state
            .abort(&Cancelled::new(CancelReason::GroupCancelled));
        self.state.phase.set(Phase::Finished);
        drop(self.state.waiter.take());
    }
}

impl<R, E> fmt::Debug for GroupScope<'_, R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Body { .. } => "in its body",
            Stage::Leaving(_) => "waiting for tasks",
            Stage::Over => "over",
        };
        write!(f, "<GroupScope {stage} tasks={}>", self.state.count())
    }
}
