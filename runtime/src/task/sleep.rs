//! `sleep`: the smallest complete leaf.
//!
//! Its life, and that of every leaf: the first poll sets a timer that will wake the task, and
//! counts the wait; a poll after the timer has gone off finds that and is ready; a drop before it
//! takes the timer away.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crate::cancel::Note;
use crate::event_loop::{
    TimerAction, TimerKey, WeakLoop, get_running_loop, nanoseconds, ticket_of,
};
use crate::leaf::{Leaf, interrupted};

/// Waits until `delay` has passed, counted from the first poll.
///
/// It never ends early; how late it ends depends on what else the loop has to do, and on the
/// kernel, whose shortest sleep is a millisecond. A delay of zero gives the turn away once,
/// like [`yield_now`](crate::yield_now). The asyncio counterpart has the same name.
///
/// # Cancel safety
///
/// Dropping or cancelling it removes the timer.
///
/// # Panics
///
/// When polled outside a running loop.
///
/// ```
/// use looplet::{run, sleep};
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// run(async { sleep(Duration::from_millis(20)).await });
/// assert!(start.elapsed() >= Duration::from_millis(20));
/// ```
pub fn sleep(delay: Duration) -> Sleep {
    Sleep {
        alarm: Alarm(State::New(Until::Passed(delay))),
        leaf: Leaf::new(),
    }
}

/// Waits until the loop's clock shows `deadline`. See [`sleep`].
///
/// A deadline that has passed gives the turn away once. asyncio has no counterpart but
/// `loop.call_at`.
///
/// # Cancel safety
///
/// Dropping or cancelling it removes the timer.
///
/// ```
/// use looplet::{get_running_loop, run, sleep_until};
/// use std::time::Duration;
///
/// run(async {
///     let event_loop = get_running_loop();
///     let deadline = event_loop.time() + Duration::from_millis(2);
///     sleep_until(deadline).await;
///     assert!(event_loop.time() >= deadline);
/// });
/// ```
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep {
        alarm: Alarm(State::New(Until::Shown(deadline))),
        leaf: Leaf::new(),
    }
}

/// The future of [`sleep`] and [`sleep_until`].
///
/// asyncio has no name for it.
///
/// # Cancel safety
///
/// Dropping or cancelling it removes the timer.
///
/// ```
/// use looplet::{Sleep, run, sleep};
/// use std::time::Duration;
///
/// let nap: Sleep = sleep(Duration::from_millis(1));
/// run(nap);
/// ```
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    alarm: Alarm,
    leaf: Leaf,
}

/// A time that wakes a task: a sleep without the leaf, for leaves that have a limit.
#[derive(Debug)]
pub(crate) struct Alarm(State);

#[derive(Clone, Copy, Debug)]
enum Until {
    Passed(Duration),
    Shown(Instant),
}

/// ```text
///   New ──(first poll)──► Set ──(it has gone off)──► Over, and ready
///    └─(not in the future)► Over ──(polled again)──► ready
/// ```
enum State {
    New(Until),
    /// There is nothing to wait for any more: the next poll is ready.
    Over,
    Set {
        key: TimerKey,
        event_loop: WeakLoop,
    },
}

impl State {
    fn note(&self) -> Note {
        match self {
            State::Set { key, .. } => Note::Sleep(key.deadline),
            State::New(_) | State::Over => Note::Unknown,
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            State::New(until) => until.fmt(f),
            State::Over => f.write_str("Over"),
            State::Set { key, .. } => key.fmt(f),
        }
    }
}

impl Alarm {
    /// Makes one that rings `delay` after it was asked first.
    pub(crate) fn after(delay: Duration) -> Self {
        Self(State::New(Until::Passed(delay)))
    }

    /// Whether the time has come; otherwise it will wake this task.
    pub(crate) fn rings(&mut self, context: &Context<'_>) -> bool {
        match &self.0 {
            &State::New(until) => {
                self.set(until, context);
                false
            }
            State::Over => true,
            State::Set { key, event_loop } => {
                let over = is_over(*key, event_loop, context);
                if over {
                    self.0 = State::Over;
                }
                over
            }
        }
    }

    /// Sets the timer, or queues the task at once if there is nothing to wait for.
    fn set(&mut self, until: Until, context: &Context<'_>) {
        let event_loop = get_running_loop();
        let core = event_loop.core();
        let now = core.clock.now();
        let deadline = match until {
            Until::Passed(delay) => now.saturating_add(nanoseconds(delay)),
            Until::Shown(deadline) => core.clock.nanos_at(deadline),
        };
        if deadline <= now {
            self.0 = State::Over;
            context.waker().wake_by_ref();
            return;
        }
        let key = match ticket_of(context.waker()) {
            Some(ticket) => core.set_wake(deadline, ticket),
            None => core.set_timer(deadline, TimerAction::Wake(context.waker().clone())),
        };
        if let Some(key) = key {
            self.0 = State::Set {
                key,
                event_loop: event_loop.downgrade(),
            };
        }
    }
}

/// Whether a timer has gone off; otherwise it will wake this task.
fn is_over(key: TimerKey, event_loop: &WeakLoop, context: &Context<'_>) -> bool {
    match event_loop.look(|core| core.timers.has_gone_off(key)) {
        Some(false) => {}
        Some(true) | None => return true,
    }
    // The waker of another library may do anything when it is cloned or dropped.
    let action = match ticket_of(context.waker()) {
        Some(ticket) => TimerAction::Task(ticket),
        None => TimerAction::Wake(context.waker().clone()),
    };
    let event_loop = event_loop.upgrade();
    event_loop.is_none_or(|it| !it.core().timers.change(key, action))
}

impl std::future::Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if interrupted() {
            return Poll::Pending;
        }
        if self.alarm.rings(context) {
            self.leaf.resume();
            return Poll::Ready(());
        }
        let Self { leaf, alarm } = &mut *self;
        leaf.park(context, || alarm.0.note());
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let State::Set { key, event_loop } = &self.0 {
            let taken = event_loop.look(|core| core.timers.take(*key));
            drop(taken);
        }
    }
}
