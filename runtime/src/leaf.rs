//! The protocol of a leaf: a future of ours that waits for something other than a future.
//!
//! `sleep`, a socket that is not ready, a lock that is taken, a promise that is not set: each
//! of them is the bottom of some chain of awaits, and the place where a cancel enters it. All
//! follow the same four lines, in this order:
//!
//! ```text
//! if interrupted()            a request is thrown, or on its way out: return Pending
//! if what it waits for is there   Leaf::resume, return Ready
//! register the waker with whatever will wake
//! Leaf::park                  counts the wait in the frames around, returns Pending
//! ```
//!
//! # Rules
//!
//! 1. The request is looked at first: a leaf that is cancelled and ready in the same turn is
//!    cancelled, as in asyncio.
//! 2. A leaf that has returned `Pending` because of a request is never polled again; the scope
//!    above drops it.
//! 3. Dropping a leaf takes it out of the frames; the leaf's owner takes it out of whatever
//!    would have woken it.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};

use crate::cancel::{
    CancelTarget, Cancelled, FrameRef, Note, Step, TargetId, WakerId, id_of, keep_waker,
};
use crate::event_loop::{Ticket, frame, is_waker_of, ticket, with_step, with_task};

/// Whether a leaf has to return `Pending` at once: it takes the request that is thrown, or
/// one is on its way out already.
#[inline]
pub(crate) fn interrupted() -> bool {
    !with_step(Step::is_normal) && interrupt()
}

#[cold]
fn interrupt() -> bool {
    if with_step(Step::take)
        && let Some(frame) = frame()
    {
        frame.deliver_outward();
    }
    true
}

/// Lets a cancel go on to the scopes above. The caller returns `Pending`.
pub(crate) fn unwind(cause: Cancelled) {
    with_step(|step| step.unwind(cause));
}

/// The waiting of one leaf.
pub(crate) struct Leaf {
    place: Place,
    /// Which target it was parked with; only compared.
    target: Option<TargetId>,
}

/// Where a leaf is counted.
enum Place {
    /// Nowhere: it does not wait.
    None,
    /// In the own frame of a task, by number only. The commonest case.
    Task(Ticket),
    /// In this frame.
    Frame(FrameRef),
    /// In this frame, and polled with a waker that is not the task's own.
    Foreign(FrameRef, WakerId),
}

impl Leaf {
    pub(crate) const fn new() -> Self {
        Self {
            place: Place::None,
            target: None,
        }
    }

    /// Counts the leaf as waiting, in the frame that is being polled. `note` says for what.
    #[inline]
    pub(crate) fn park(&mut self, context: &Context<'_>, note: impl FnOnce() -> Note) {
        let Some(current) = ticket() else { return };
        if !is_in_task_frame(context, current) {
            self.park_in_frame(context, current, None);
        } else if !self.is_in_task(current) {
            self.resume();
            self.park_in_task(current);
        } else {
            return;
        }
        with_step(|step| step.leave_note(note()));
    }

    /// Counts the leaf as waiting for a target: a request to the task is forwarded to it.
    pub(crate) fn park_on(
        &mut self,
        context: &Context<'_>,
        target: impl FnOnce() -> Rc<dyn CancelTarget>,
    ) {
        let Some(current) = ticket() else { return };
        if !is_in_task_frame(context, current) {
            let target = target();
            leave_note_of(&target);
            self.park_in_frame(context, current, Some(target));
        } else if !self.is_in_task(current) {
            self.resume();
            let target = target();
            leave_note_of(&target);
            self.target = Some(id_of(&target));
            with_task(current, |task| task.frame().add_target(target));
            self.park_in_task(current);
        }
    }

    fn is_in_task(&self, task: Ticket) -> bool {
        matches!(self.place, Place::Task(ticket) if ticket == task)
    }

    fn park_in_task(&mut self, current: Ticket) {
        with_step(|step| step.park(1));
        self.place = Place::Task(current);
    }

    fn park_in_frame(
        &mut self,
        context: &Context<'_>,
        current: Ticket,
        target: Option<Rc<dyn CancelTarget>>,
    ) {
        let Some(frame) = frame() else { return };
        let own = is_waker_of(context.waker(), current);
        match &self.place {
            Place::Frame(old) if own && Rc::ptr_eq(old, &frame) => return,
            Place::Foreign(old, waker) if !own && Rc::ptr_eq(old, &frame) => {
                return frame.exchange_waker(*waker, context.waker());
            }
            _ => {}
        }
        self.resume();
        frame.park(target.as_ref());
        self.target = target.as_ref().map(id_of);
        self.place = if own {
            Place::Frame(frame)
        } else {
            let waker = keep_waker(&frame, context.waker(), true);
            Place::Foreign(frame, waker)
        };
    }

    /// Counts the leaf out. Returns whether a request had been forwarded to what it waited
    /// for.
    #[inline]
    pub(crate) fn resume(&mut self) -> bool {
        !matches!(self.place, Place::None) && self.leave()
    }

    fn leave(&mut self) -> bool {
        match std::mem::replace(&mut self.place, Place::None) {
            Place::None => false,
            Place::Task(task) => resume_in_task(task, self.target.take()),
            Place::Frame(frame) => frame.unpark(self.target.take()),
            Place::Foreign(frame, waker) => {
                frame.forget_waker(waker);
                frame.unpark(self.target.take())
            }
        }
    }
}

/// Awaits `future`. While it waits, a report has `note` instead of what its last leaf waits for.
pub(crate) async fn noted<F: Future>(future: F, note: impl Fn() -> Note) -> F::Output {
    let mut future = pin!(future);
    let poll = |context: &mut Context<'_>| {
        let polled = future.as_mut().poll(context);
        if polled.is_pending() && ticket().is_some() && with_step(Step::is_normal) {
            with_step(|step| step.leave_note(note()));
        }
        polled
    };
    poll_fn(poll).await
}

fn leave_note_of(target: &Rc<dyn CancelTarget>) {
    let target: Weak<dyn CancelTarget> = Rc::downgrade(target);
    with_step(|step| step.leave_note(Note::Thing(target)));
}

/// Whether the frame that is being polled is the own one of the running task, and nobody in
/// between has put a waker of its own there.
fn is_in_task_frame(context: &Context<'_>, current: Ticket) -> bool {
    is_waker_of(context.waker(), current) && with_step(Step::is_in_task_frame)
}

/// Counts a leaf out of the own frame of a task, whether or not its step is running.
fn resume_in_task(task: Ticket, target: Option<TargetId>) -> bool {
    if ticket() == Some(task) {
        with_step(|step| step.park(-1));
    } else {
        with_task(task, |task| task.frame().count(-1));
    }
    let Some(target) = target else { return false };
    // The target is dropped behind the look at the task: its drop is user code.
    let released = with_task(task, |task| task.frame().release(target));
    released.is_some_and(|(forwarded, _target)| forwarded)
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = !matches!(self.place, Place::None);
        f.write_str(if waiting { "waiting" } else { "not waiting" })
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        self.resume();
    }
}

impl Cancelled {
    /// Passes a caught cancel on to the next scope, or ends the task as cancelled.
    ///
    /// The counterpart of Python's `raise` in an `except CancelledError` block. Code after it
    /// does not run.
    ///
    /// # Cancel safety
    ///
    /// It is made to end what awaits it. Dropping it before it was polled drops the cancel.
    ///
    /// ```
    /// use looplet::{TaskError, catch_cancel, create_task, run, sleep, yield_now};
    /// use std::time::Duration;
    ///
    /// let outcome = run(async {
    ///     let task = create_task(async {
    ///         if let Err(cancelled) = catch_cancel(sleep(Duration::from_secs(60))).await {
    ///             println!("cleaning up");
    ///             cancelled.raise().await
    ///         }
    ///     });
    ///     yield_now().await;
    ///     task.cancel();
    ///     task.join().await
    /// });
    /// assert!(matches!(outcome, Err(TaskError::Cancelled(_))));
    /// ```
    pub async fn raise(self) -> ! {
        let raise = Raise { cause: Some(self) };
        match raise.await {}
    }
}

struct Raise {
    cause: Option<Cancelled>,
}

impl std::future::Future for Raise {
    type Output = std::convert::Infallible;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if !interrupted()
            && let Some(cause) = self.cause.take()
        {
            unwind(cause);
        }
        Poll::Pending
    }
}
