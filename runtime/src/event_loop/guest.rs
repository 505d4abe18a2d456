//! Guest mode: looplet inside a loop that belongs to somebody else.
//!
//! A window system, a game or another event loop owns the thread and calls in. Whenever it
//! waits, it waits for its own things and for three of ours:
//!
//! ```text
//! next_deadline      a timer, or now if something is ready: ask it right before every wait
//! as_fd              a descriptor that becomes readable when a socket or a thread has news
//! poll_once          then one turn, with as much patience as the host has
//! ```
//!
//! `poll_once` is asyncio's own idiom for one turn, `loop.stop(); loop.run_forever()`, behind a
//! wait in the kernel that has the host's limit. So the turn is the one of `turn.rs`, and knows
//! nothing of guests.
//!
//! # Rules
//!
//! 1. The loop counts as running during the turn, and only then.
//! 2. Nothing to wait for is not an error, as it is for a run: the host may know what comes.
//! 3. On the virtual clock a wait takes no time: the clock jumps as far as it would have waited.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use super::EventLoop;
use super::clock::nanoseconds;
use super::context;
use super::core::Core;
use super::run_error::RunError;
use super::turn::MAX_SLEEP;

impl EventLoop {
    /// Makes one turn, and waits for something to do for at most `timeout` before.
    ///
    /// With `Some(Duration::ZERO)` it never waits; with `None` it waits as long as anything can
    /// happen. It also returns, without a turn, when a signal comes. Returns whether it has made
    /// a turn: `false` means that there was nothing to run, so
    /// `while event_loop.poll_once(Some(Duration::ZERO))? {}` runs everything that is ready. A
    /// task that never waits keeps that going for ever.
    ///
    /// Inside the turn everything is as in a run: [`get_running_loop`](crate::get_running_loop)
    /// and [`current_task`](crate::current_task) work. Between two calls the loop does not run,
    /// and the host may create tasks, set promises and put into queues; what becomes ready by
    /// that runs in the next turn. A [`stop`](Self::stop) inside the turn has no lasting effect,
    /// and one before it keeps the call from waiting: it is a run of one turn. Guest turns and
    /// ordinary runs may alternate.
    ///
    /// asyncio has no counterpart; its users write `loop.call_soon(loop.stop)` and
    /// `loop.run_forever()`.
    ///
    /// # Errors
    ///
    /// [`RunError::AlreadyRunning`] from inside a running loop, [`RunError::Closed`], and
    /// [`RunError::Io`]. Never [`RunError::Deadlock`]: where nothing can ever happen, it returns
    /// at the end of `timeout`, or at once if that is `None`.
    ///
    /// ```
    /// use looplet::{EventLoop, sleep};
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// let task = event_loop.create_task(async {
    ///     sleep(Duration::from_millis(20)).await;
    ///     "done"
    /// });
    /// let mut frames = 0;
    /// while !task.done() {
    ///     frames += 1; // The host does its own work here.
    ///     event_loop.poll_once(Some(Duration::from_millis(5)))?;
    /// }
    /// assert!(frames > 2);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "run_once")]
    pub fn poll_once(&self, timeout: Option<Duration>) -> Result<bool, RunError> {
        if self.is_closed() {
            return Err(RunError::Closed);
        }
        if context::running().is_some() {
            return Err(RunError::AlreadyRunning);
        }
        wait(&self.core, timeout)?;
        if !is_due(&self.core) {
            self.core.stopping.set(false);
            return Ok(false);
        }
        self.stop();
        self.run_forever()?;
        Ok(true)
    }

    /// Returns when [`poll_once`](Self::poll_once) has something to do without news from
    /// outside: now if something is ready, or else when the first timer is due, on the clock of
    /// [`time`](Self::time). `None` if there is no timer.
    ///
    /// It is never too late. A timer that was cancelled may make it too early, and `poll_once`
    /// then finds nothing to do.
    pub fn next_deadline(&self) -> Option<Instant> {
        if has_work(&self.core) {
            return Some(self.time());
        }
        let deadline = self.core.timers.next_deadline()?;
        Some(self.core.clock.instant_at(deadline))
    }
}

/// The descriptor becomes readable when a socket or another thread has news, and stays so until
/// [`EventLoop::poll_once`] has heard of it. Wait for it to be readable, and do nothing else
/// with it. It says nothing of timers and of what is ready already:
/// [`EventLoop::next_deadline`] does.
impl AsFd for EventLoop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.core.reactor.as_fd()
    }
}

/// The number of the descriptor that [`AsFd`] gives.
impl AsRawFd for EventLoop {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Lets the kernel wait, and queues what waited for a source that became ready.
fn wait(core: &Core, timeout: Option<Duration>) -> Result<(), RunError> {
    let until = wait_until(core, timeout);
    let takes_time = !core.clock.is_virtual() || core.inbox.has_jobs();
    let patience = match until {
        Some(_) if !takes_time => Some(Duration::ZERO),
        Some(until) => Some(Duration::from_nanos(until.saturating_sub(core.clock.now()))),
        None => None,
    };
    core.since_poll.set(0);
    let mut woken = Vec::new();
    let patience = patience.map(|patience| patience.min(MAX_SLEEP));
    core.reactor
        .poll(patience, &mut woken)
        .map_err(RunError::Io)?;
    woken.into_iter().for_each(|errand| core.ready.push(errand));
    if !takes_time && !has_work(core) {
        until.inspect(|&until| core.clock.jump_to(until));
    }
    Ok(())
}

/// How long the loop may sleep, on its clock. `None`: until something happens.
fn wait_until(core: &Core, timeout: Option<Duration>) -> Option<u64> {
    let now = core.clock.now();
    if has_work(core) || core.stopping.get() {
        return Some(now);
    }
    let limit = timeout.map(|timeout| now.saturating_add(nanoseconds(timeout)));
    // A virtual clock stands still while a job is out on a thread.
    let stands = core.clock.is_virtual() && core.inbox.has_jobs();
    let timer = core.timers.next_deadline().filter(|_| !stands);
    let until = limit.into_iter().chain(timer).min();
    let may_wake = core.reactor.is_awaited() || core.inbox.expects_letters();
    until.or_else(|| (!may_wake).then_some(now))
}

/// Whether a turn would find something without asking the kernel or the clock.
fn has_work(core: &Core) -> bool {
    !core.ready.is_empty() || core.inbox.has_letters()
}

/// Whether a turn would find something to run.
fn is_due(core: &Core) -> bool {
    let next = core.timers.next_deadline();
    has_work(core) || next.is_some_and(|deadline| deadline <= core.clock.now())
}
