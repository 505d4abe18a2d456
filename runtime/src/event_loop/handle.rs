//! Handles: what `call_soon` and `call_later` give back, and how a callback is kept.
//!
//! A callback is one allocation that the ready queue (or the timer) and the handle share.
//! Cancelling takes the closure out and drops it on the spot, so that whatever it captured is
//! free at once; the empty shell stays in the queue and runs as nothing.
//!
//! Dropping a handle does not cancel, as in asyncio: most callers of `call_soon` never look
//! at it.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::Instant;

use crate::vars::Vars;

/// Something the loop can run once.
pub(crate) trait Callback {
    /// Runs it, unless it has run or was cancelled.
    fn run(&self);
    /// Drops it without running it.
    fn cancel(&self);
    /// Whether `cancel` was called, before the run or after it.
    fn is_cancelled(&self) -> bool;
    /// Where it was scheduled, for reports; `None`: by this crate.
    fn site(&self) -> Option<&'static Location<'static>> {
        None
    }
}

/// A closure that can be run once or cancelled.
struct CallbackCell<F> {
    /// The closure; `None` once it has run or was cancelled.
    closure: Cell<Option<F>>,
    cancelled: Cell<bool>,
    site: &'static Location<'static>,
}

impl<F: FnOnce()> Callback for CallbackCell<F> {
    fn run(&self) {
        if let Some(closure) = self.closure.take() {
            closure();
        }
    }

    fn cancel(&self) {
        self.cancelled.set(true);
        let closure = self.closure.take();
        drop(closure);
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    fn site(&self) -> Option<&'static Location<'static>> {
        Some(self.site)
    }
}

/// Puts a closure where the loop and a handle can share it.
#[track_caller]
pub(crate) fn callback(closure: impl FnOnce() + 'static) -> Rc<dyn Callback> {
    callback_from(Location::caller(), closure)
}

/// The same for a closure that was scheduled elsewhere.
pub(crate) fn callback_from(
    site: &'static Location<'static>,
    closure: impl FnOnce() + 'static,
) -> Rc<dyn Callback> {
    Rc::new(CallbackCell {
        closure: Cell::new(Some(closure)),
        cancelled: Cell::new(false),
        site,
    })
}

/// A callback scheduled with [`call_soon`](crate::EventLoop::call_soon).
///
/// Dropping the handle leaves the callback scheduled. The asyncio counterpart is `Handle`.
///
/// ```
/// use looplet::{get_running_loop, run, yield_now};
///
/// run(async {
///     let handle = get_running_loop().call_soon(|| panic!("never called"));
///     handle.cancel();
///     yield_now().await;
///     assert!(handle.cancelled());
/// });
/// ```
#[derive(Clone)]
pub struct Handle {
    callback: Rc<dyn Callback>,
    /// The values of the context in which it was scheduled.
    values: Vars,
}

impl Handle {
    pub(super) fn new(callback: Rc<dyn Callback>, values: Vars) -> Self {
        Self { callback, values }
    }

    pub(crate) fn values(&self) -> Vars {
        self.values.clone()
    }

    /// Cancels the callback and drops its closure now. Once it has run, only
    /// [`cancelled`](Self::cancelled) changes.
    pub fn cancel(&self) {
        self.callback.cancel();
    }

    /// Returns whether [`cancel`](Self::cancel) was called, even if the callback had run by
    /// then, as in asyncio; or whether the loop was closed before it ran.
    pub fn cancelled(&self) -> bool {
        self.callback.is_cancelled()
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("cancelled", &self.cancelled())
            .finish()
    }
}

/// A callback scheduled with [`call_later`](crate::EventLoop::call_later) or
/// [`call_at`](crate::EventLoop::call_at).
///
/// Dropping the handle leaves the callback scheduled. The asyncio counterpart is
/// `TimerHandle`.
///
/// ```
/// use looplet::{get_running_loop, run};
/// use std::time::Duration;
///
/// run(async {
///     let event_loop = get_running_loop();
///     let alarm = event_loop.call_later(Duration::from_secs(60), || panic!("never called"));
///     assert!(alarm.when() > event_loop.time());
///     alarm.cancel();
///     assert!(alarm.cancelled());
/// });
/// ```
#[derive(Clone)]
pub struct TimerHandle {
    /// The callback itself.
    handle: Handle,
    /// Takes the timer off the wheel.
    withdraw: Rc<dyn Fn()>,
    when: Instant,
}

impl TimerHandle {
    pub(super) fn new(handle: Handle, withdraw: Rc<dyn Fn()>, when: Instant) -> Self {
        Self {
            handle,
            withdraw,
            when,
        }
    }

    pub(crate) fn values(&self) -> Vars {
        self.handle.values()
    }

    /// Cancels the callback and drops its closure now. Once it has run, only
    /// [`cancelled`](Self::cancelled) changes.
    pub fn cancel(&self) {
        self.handle.cancel();
        (self.withdraw)();
    }

    /// Returns whether [`cancel`](Self::cancel) was called, even if the callback had run by
    /// then, as in asyncio; or whether the loop was closed before it ran.
    pub fn cancelled(&self) -> bool {
        self.handle.cancelled()
    }

    /// Returns the time it was scheduled for, on the loop's clock.
    pub fn when(&self) -> Instant {
        self.when
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerHandle")
            .field("when", &self.when)
            .field("cancelled", &self.cancelled())
            .finish()
    }
}
