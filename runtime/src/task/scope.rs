//! What scopes with a frame of their own have in common: `timeout` and `TaskGroup`.
//!
//! Such a scope polls its child with its own frame as the innermost one, so that the leaves
//! inside are counted there and a request to the scope hits them and nobody else.
//!
//! # Rules
//!
//! 1. A request to the frame is thrown at the child, unless another one is on its way already.
//! 2. One that no leaf took comes back: it is not for the scopes outside.
//! 3. What came during the poll is delivered afterwards.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::cancel::{Cancelled, Frame, FrameOwner, FrameRef};
use crate::event_loop::{frame, is_waker_of, ticket, with_step};

/// A frame of a scope, for scopes that nobody else has to know.
pub(crate) struct ScopeFrame {
    frame: Frame,
    /// The frame around this one, which knows how to ring the task.
    parent: Option<FrameRef>,
    /// Requests to the frames around, at entry.
    outside: u32,
}

impl ScopeFrame {
    /// Makes a frame inside the one that is being polled.
    pub(crate) fn enter() -> Rc<Self> {
        let mut new = Self {
            frame: Frame::default(),
            parent: frame(),
            outside: 0,
        };
        let owner: &dyn FrameOwner = &new;
        new.outside = owner.cancelling_outside();
        Rc::new(new)
    }

    /// Once it has unwound: whether the scope has asked for that, and nobody outside as well.
    pub(crate) fn owns_the_end(&self) -> bool {
        let owner: &dyn FrameOwner = self;
        self.frame.cancelling() > 0 && owner.cancelling_outside() <= self.outside
    }

    /// The frame around this one.
    pub(crate) fn outer(&self) -> Option<FrameRef> {
        self.parent.clone()
    }
}

impl FrameOwner for ScopeFrame {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn parent(&self) -> Option<&FrameRef> {
        self.parent.as_ref()
    }

    fn ring(&self) {
        if let Some(parent) = &self.parent {
            parent.ring();
        }
    }

    fn is_rung(&self) -> bool {
        self.parent.as_ref().is_some_and(|parent| parent.is_rung())
    }
}

/// What a poll of the child came to.
pub(crate) enum Polled<T> {
    Ready(T),
    Pending(Pending),
}

/// What it means that a child is not done.
pub(crate) enum Pending {
    /// It waits.
    Waiting,
    /// It was cancelled: a request is on its way out or, if it comes with this, was the scope's
    /// own and nobody was there to take it.
    Unwound(Option<Cancelled>),
}

/// Polls `child` inside the frame of `scope`. What does not depend on the child is compiled once,
/// not for each.
pub(crate) fn poll_inside<S, F>(
    scope: &Rc<S>,
    child: Pin<&mut F>,
    context: &mut Context<'_>,
) -> Polled<F::Output>
where
    S: FrameOwner + 'static,
    F: Future + ?Sized,
{
    let inside = Inside::enter(&**scope, scope.clone());
    match child.poll(context) {
        Poll::Ready(value) => {
            drop(inside.untaken());
            Polled::Ready(value)
        }
        Poll::Pending => Polled::Pending(inside.leave(context)),
    }
}

/// Stores a request that nobody took again, for the next poll.
pub(crate) fn store_again(scope: &dyn FrameOwner, cause: Cancelled, context: &Context<'_>) {
    scope.frame().store(cause);
    settle(scope, context);
}

fn settle(scope: &dyn FrameOwner, context: &Context<'_>) {
    if !ticket().is_some_and(|task| is_waker_of(context.waker(), task)) {
        scope.frame().remember_waker_of_owner(context.waker());
    }
    scope.settle();
}

/// The frame of a scope is the innermost one as long as this lives.
struct Inside<'a> {
    scope: &'a dyn FrameOwner,
    outer: Option<FrameRef>,
    /// Whether the frame's own request was thrown at the child.
    thrown: bool,
}

impl<'a> Inside<'a> {
    /// Enters the frame, and throws its own request if none is on its way.
    fn enter(scope: &'a dyn FrameOwner, innermost: FrameRef) -> Self {
        scope.frame().set_polling(true);
        let outer = with_step(|step| step.replace_frame(Some(innermost)));
        let own = match with_step(|step| step.is_normal()) {
            true => scope.frame().take_request(),
            false => None,
        };
        let thrown = own.is_some();
        if let Some(cause) = own {
            with_step(|step| step.throw(cause));
        }
        Self {
            scope,
            outer,
            thrown,
        }
    }

    /// Leaves the frame with a child that is not done.
    fn leave(self, context: &Context<'_>) -> Pending {
        let (scope, untaken) = (self.scope, self.untaken());
        if untaken.is_some() || with_step(|step| step.is_unwinding()) {
            return Pending::Unwound(untaken);
        }
        settle(scope, context);
        Pending::Waiting
    }

    /// Leaves the frame. Returns the request that was thrown, if nobody took it.
    fn untaken(self) -> Option<Cancelled> {
        match self.thrown {
            true => with_step(|step| step.untaken()),
            false => None,
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.scope.frame().set_polling(false);
        let outer = self.outer.take();
        let inner = with_step(|step| step.replace_frame(outer));
        drop(inner);
    }
}
