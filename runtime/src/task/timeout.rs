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

use super::scope::{Pending, Polled, poll_inside, store_again};
use crate::cancel::{CancelReason, Cancelled, Frame, FrameOwner, FrameRef};
use crate::error::TimedOut;
use crate::event_loop::{
    Callback, EventLoop, TimerAction, TimerKey, WeakLoop, frame, get_running_loop, nanoseconds,
    with_step,
};

/// Runs `future` for at most `delay`, counted from the first poll.
///
/// When the time is over, the await that `future` stands at is cancelled; `future` may catch
/// that, clean up, and return a value, which then is the result. A deadline that is moved or
/// looked at on the way is a [`Timeout`](crate::Timeout). The asyncio counterpart is
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
pub fn timeout<F: IntoFuture>(delay: Duration, future: F) -> WithTimeout<F::IntoFuture> {
    WithTimeout::new(Until::Passed(delay), future.into_future())
}

/// Runs `future` until the loop's clock shows `deadline`, at the latest. See [`timeout`].
///
/// The asyncio counterpart has the same name.
///
/// # Errors
///
/// [`TimedOut`] if `future` was cancelled because its time was over.
///
/// # Cancel safety
///
/// As [`timeout`].
///
/// ```
/// use looplet::{TimedOut, get_running_loop, run, timeout_at};
/// use std::time::Duration;
///
/// run(async {
///     let deadline = get_running_loop().time() + Duration::from_millis(2);
///     assert_eq!(timeout_at(deadline, std::future::pending::<()>()).await, Err(TimedOut));
/// });
/// ```
pub fn timeout_at<F: IntoFuture>(deadline: Instant, future: F) -> WithTimeout<F::IntoFuture> {
    WithTimeout::new(Until::Shown(deadline), future.into_future())
}

/// When the time is over.
pub(super) enum Until {
    /// So long after the first poll.
    Passed(Duration),
    Shown(Instant),
    /// When the deadline of a handle has come, which it may change.
    Told(Rc<dyn Deadline>),
}

/// What a handle has to do with the timeout that it stands for.
pub(super) trait Deadline {
    /// When the time is over; `None`: never.
    fn when(&self) -> Option<Instant>;
    /// The timeout has begun.
    fn entered(&self, scope: Rc<TimeoutScope>);
    /// The timeout is over.
    fn left(&self, expired: bool);
}

/// The future of [`timeout`], [`timeout_at`] and [`Timeout::run`](crate::Timeout::run).
///
/// asyncio has no name for it: there it is `async with timeout(…)`.
///
/// # Cancel safety
///
/// Dropping it drops the future in it and removes the timer.
///
/// ```
/// use looplet::{WithTimeout, run, timeout};
/// use std::future::{Ready, ready};
/// use std::time::Duration;
///
/// let limited: WithTimeout<Ready<i32>> = timeout(Duration::from_secs(1), ready(7));
/// assert_eq!(run(limited), Ok(7));
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct WithTimeout<F> {
    /// What is being run; `None` once its time was over.
    child: Option<Pin<Box<F>>>,
    until: Until,
    /// `None` until the first poll, and at the end.
    entered: Option<Entered>,
}

/// A timeout that has begun.
struct Entered {
    scope: Rc<TimeoutScope>,
    /// Whom to tell of the end.
    told: Option<Rc<dyn Deadline>>,
    /// Requests to the frames around, at entry.
    outside: u32,
}

/// The part that the timer, a handle and the leaves inside know.
pub(super) struct TimeoutScope {
    frame: Frame,
    /// The frame around this one, which knows how to ring the task.
    parent: Option<FrameRef>,
    event_loop: WeakLoop,
    /// On the loop's clock; `None`: never.
    deadline: Cell<Option<u64>>,
    timer: Cell<Option<TimerKey>>,
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
        if self.left.get() || !self.is_due() {
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

impl TimeoutScope {
    fn new(event_loop: &EventLoop) -> Rc<Self> {
        Rc::new(Self {
            frame: Frame::default(),
            parent: frame(),
            event_loop: event_loop.downgrade(),
            deadline: Cell::new(None),
            timer: Cell::new(None),
            expired: Cell::new(false),
            left: Cell::new(false),
        })
    }

    /// Whether the deadline has come. It may have been moved since a call was queued.
    fn is_due(&self) -> bool {
        let Some(event_loop) = self.event_loop.upgrade() else {
            return false;
        };
        let now = event_loop.core().clock.now();
        self.deadline.get().is_some_and(|deadline| deadline <= now)
    }

    /// Sets another deadline.
    pub(super) fn move_to(self: &Rc<Self>, when: Option<Instant>) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            let deadline = when.map(|when| event_loop.core().clock.nanos_at(when));
            self.disarm();
            self.arm(&event_loop, deadline);
        }
    }

    fn arm(self: &Rc<Self>, event_loop: &EventLoop, deadline: Option<u64>) {
        self.deadline.set(deadline);
        let core = event_loop.core();
        match deadline {
            Some(deadline) if deadline > core.clock.now() => {
                let timer = core.set_timer(deadline, TimerAction::Call(self.clone()));
                self.timer.set(timer);
            }
            // As in asyncio: ahead of what the body is about to queue. A timer comes behind.
            Some(_) => core.call_soon(self.clone()),
            None => {}
        }
    }

    fn disarm(&self) {
        if let Some(key) = self.timer.take()
            && let Some(event_loop) = self.event_loop.upgrade()
        {
            drop(event_loop.core().timers.take(key));
        }
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired.get()
    }
}

impl Entered {
    fn enter(until: &Until) -> Self {
        let event_loop = get_running_loop();
        let clock = &event_loop.core().clock;
        let (deadline, told) = match until {
            Until::Passed(delay) => {
                let deadline = clock.now().saturating_add(nanoseconds(*delay));
                (Some(deadline), None)
            }
            Until::Shown(deadline) => (Some(clock.nanos_at(*deadline)), None),
            Until::Told(told) => {
                let deadline = told.when().map(|when| clock.nanos_at(when));
                (deadline, Some(told.clone()))
            }
        };
        let scope = TimeoutScope::new(&event_loop);
        scope.arm(&event_loop, deadline);
        told.iter().for_each(|told| told.entered(scope.clone()));
        let outside = as_owner(&scope).cancelling_outside();
        Self {
            scope,
            told,
            outside,
        }
    }

    /// Once it has unwound: whether the time is over, and nobody outside wants the end as well.
    fn owns_the_end(&self) -> bool {
        self.scope.is_expired() && as_owner(&self.scope).cancelling_outside() <= self.outside
    }

    /// Takes the cancel that has unwound the body, if the time has sent it, and stores one that
    /// nobody took. Returns whether the time has ended the body.
    fn take_end(&self, pending: Pending, context: &Context<'_>) -> bool {
        match pending {
            Pending::Unwound(_) if self.owns_the_end() => {
                with_step(|step| step.reset());
                return true;
            }
            Pending::Unwound(Some(cause)) => store_again(&*self.scope, cause, context),
            Pending::Unwound(None) | Pending::Waiting => {}
        }
        false
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.scope.left.set(true);
        as_owner(&self.scope).retire();
        self.scope.disarm();
        if let Some(told) = &self.told {
            told.left(self.scope.is_expired());
        }
    }
}

impl<F: Future> WithTimeout<F> {
    pub(super) fn new(until: Until, child: F) -> Self {
        Self {
            child: Some(Box::pin(child)),
            until,
            entered: None,
        }
    }
}

impl<F: Future> std::future::Future for WithTimeout<F> {
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
            .get_or_insert_with(|| Entered::enter(&this.until));
        match poll_inside(&entered.scope, child.as_mut(), context) {
            Polled::Ready(value) => {
                this.entered = None;
                Poll::Ready(Ok(value))
            }
            Polled::Pending(pending) => {
                if !entered.take_end(pending, context) {
                    return Poll::Pending;
                }
                drop(this.child.take());
                this.entered = None;
                Poll::Ready(Err(TimedOut))
            }
        }
    }
}

impl<F> fmt::Debug for WithTimeout<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entered = self.entered.as_ref();
        let expired = entered.is_some_and(|entered| entered.scope.is_expired());
        f.debug_struct("WithTimeout")
            .field("expired", &expired)
            .finish()
    }
}
