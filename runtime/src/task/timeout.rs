//! `timeout`: a scope with a frame of its own, and a deadline that sends it a request.
//!
//! ```text
//!            (1)              (2)              (3)
//!   New ──────────► Running ──────────► Expired ──────► Err(TimedOut)
//!                     │                   │
//!                     └── body is done ───┴──► Ok(value)
//!
//!   (1) the first poll   (2) the timer   (3) the cancel has unwound the body
//! ```
//!
//! The request goes to the frame of this timeout and hits its own body, not a branch beside it
//! in the same task. The body may catch it, clean up, and even return a value, which then
//! counts. On the way out, the cancel becomes `TimedOut` only if nobody around has asked for
//! the end as well (asyncio's rule for `asyncio.timeout`): the outer request is the stronger
//! one and goes on.

use std::cell::Cell;
use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::cancel::{CancelReason, Cancelled, Frame, FrameOwner, FrameRef};
use crate::error::TimedOut;
use crate::event_loop::{
    Callback, TimerAction, TimerKey, WeakLoop, frame, get_running_loop, is_waker_of, nanoseconds,
    ticket, with_step,
};

/// Runs `future` for at most `delay`, counted from the first poll.
///
/// When the time is over, the await that `future` stands at is cancelled; `future` may catch
/// that, clean up, and return a value, which then is the result. The asyncio counterpart is
/// `asyncio.timeout`, and `wait_for` for a task.
///
/// # Errors
///
/// [`TimedOut`] if `future` was cancelled because its time was over.
///
/// # Cancel safety
///
/// Dropping it drops `future` and removes the timer.
///
/// # Panics
///
/// When polled outside a running loop.
///
/// ```
/// use looplet::{TimedOut, run, sleep, timeout};
/// use std::time::Duration;
///
/// run(async {
///     let short = timeout(Duration::from_millis(5), sleep(Duration::from_secs(60)));
///     assert_eq!(short.await, Err(TimedOut));
///     assert_eq!(timeout(Duration::from_secs(60), async { 7 }).await, Ok(7));
/// });
/// ```
pub fn timeout<F: IntoFuture>(delay: Duration, future: F) -> Timeout<F::IntoFuture> {
    Timeout::new(Until::Passed(delay), future.into_future())
}

/// Runs `future` until the loop's clock shows `deadline`, at the latest. See [`timeout`].
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> Timeout<F::IntoFuture> {
    Timeout::new(Until::Shown(deadline), future.into_future())
}

#[derive(Clone, Copy)]
enum Until {
    Passed(Duration),
    Shown(Instant),
}

/// The future of [`timeout`] and [`timeout_at`].
#[must_use = "futures do nothing unless awaited"]
pub struct Timeout<F> {
    /// What is being run; `None` once its time was over.
    child: Option<Pin<Box<F>>>,
    until: Until,
    /// `None` until the first poll.
    entered: Option<Entered>,
}

/// A timeout that has begun.
struct Entered {
    scope: Rc<TimeoutScope>,
    timer: Option<TimerKey>,
    event_loop: WeakLoop,
    /// Requests to the frames around, at entry.
    outside: u32,
}

/// The part that the timer and the leaves inside know.
struct TimeoutScope {
    frame: Frame,
    /// The frame around this one, which knows how to ring the task.
    parent: Option<FrameRef>,
    expired: Cell<bool>,
    /// Whether the scope was left, so that a call that is queued comes too late.
    left: Cell<bool>,
}

/// What is done to a frame and those around it is done to its owner.
fn as_owner(scope: &TimeoutScope) -> &dyn FrameOwner {
    scope
}

impl FrameOwner for TimeoutScope {
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

/// What the timer does.
impl Callback for TimeoutScope {
    fn run(&self) {
        if self.left.get() {
            return;
        }
        self.expired.set(true);
        as_owner(self).request(Cancelled::new(CancelReason::TimedOut));
    }

    fn cancel(&self) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Entered {
    fn enter(until: Until) -> Self {
        let event_loop = get_running_loop();
        let core = event_loop.core();
        let deadline = match until {
            Until::Passed(delay) => core.clock.now().saturating_add(nanoseconds(delay)),
            Until::Shown(deadline) => core.clock.nanos_at(deadline),
        };
        let parent = frame();
        let scope = Rc::new(TimeoutScope {
            frame: Frame::default(),
            parent,
            expired: Cell::new(false),
            left: Cell::new(false),
        });
        let timer = if deadline > core.clock.now() {
            core.set_timer(deadline, TimerAction::Call(scope.clone()))
        } else {
            // As in asyncio: ahead of what the body is about to queue. A timer comes behind.
            core.call_soon(scope.clone());
            None
        };
        let outside = as_owner(&scope).cancelling_outside();
        Self {
            scope,
            timer,
            event_loop: event_loop.downgrade(),
            outside,
        }
    }

    /// Polls the child inside this frame, with the frame's own request thrown at it.
    ///
    /// An own request that nobody took is returned: it is not for the scopes outside.
    fn poll<F: Future>(
        &self,
        child: Pin<&mut F>,
        context: &mut Context<'_>,
    ) -> (Poll<F::Output>, Option<Cancelled>) {
        let _inside = Inside::enter(&self.scope);
        let normal = with_step(|step| step.is_normal());
        let own = if normal {
            self.scope.frame.take_request()
        } else {
            None
        };
        let threw = own.is_some();
        own.into_iter()
            .for_each(|cause| with_step(|step| step.throw(cause)));
        let polled = child.poll(context);
        let untaken = if threw {
            with_step(|step| step.untaken())
        } else {
            None
        };
        (polled, untaken)
    }

    /// After `Pending`: whether the time is over, and nobody outside wants the end as well.
    fn owns_the_end(&self) -> bool {
        self.scope.expired.get() && as_owner(&self.scope).cancelling_outside() <= self.outside
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.scope.left.set(true);
        as_owner(&self.scope).retire();
        if let Some(key) = self.timer
            && let Some(event_loop) = self.event_loop.upgrade()
        {
            drop(event_loop.core().timers.take(key));
        }
    }
}

/// The frame of a scope is the innermost one as long as this lives.
struct Inside<'a> {
    scope: &'a TimeoutScope,
    outer: Option<FrameRef>,
}

impl<'a> Inside<'a> {
    fn enter(scope: &'a Rc<TimeoutScope>) -> Self {
        scope.frame.set_polling(true);
        let frame: FrameRef = scope.clone();
        let outer = with_step(|step| step.replace_frame(Some(frame)));
        Self { scope, outer }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.scope.frame.set_polling(false);
        let outer = self.outer.take();
        let inner = with_step(|step| step.replace_frame(outer));
        drop(inner);
    }
}

impl<F: Future> Timeout<F> {
    fn new(until: Until, child: F) -> Self {
        Self {
            child: Some(Box::pin(child)),
            until,
            entered: None,
        }
    }
}

impl<F: Future> std::future::Future for Timeout<F> {
    type Output = Result<F::Output, TimedOut>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if with_step(|step| step.is_unwinding()) {
            return Poll::Pending;
        }
        let this = &mut *self;
        let Some(child) = &mut this.child else {
            return Poll::Pending;
        };
        let entered = this
            .entered
            .get_or_insert_with(|| Entered::enter(this.until));
        let (polled, untaken) = entered.poll(child.as_mut(), context);
        if let Poll::Ready(value) = polled {
            this.entered = None;
            return Poll::Ready(Ok(value));
        }
        let ended = untaken.is_some() || with_step(|step| step.is_unwinding());
        if ended && entered.owns_the_end() {
            with_step(|step| step.reset());
            drop(this.child.take());
            this.entered = None;
            return Poll::Ready(Err(TimedOut));
        }
        untaken
            .into_iter()
            .for_each(|cause| entered.scope.frame.store(cause));
        if !with_step(|step| step.is_unwinding()) {
            if !ticket().is_some_and(|task| is_waker_of(context.waker(), task)) {
                entered.scope.frame.remember_waker_of_owner(context.waker());
            }
            as_owner(&entered.scope).settle();
        }
        Poll::Pending
    }
}

impl<F> fmt::Debug for Timeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expired = self
            .entered
            .as_ref()
            .is_some_and(|entered| entered.scope.expired.get());
        f.debug_struct("Timeout")
            .field("expired", &expired)
            .finish()
    }
}
