//! `Timeout`: a timeout that can be asked and moved while it runs.
//!
//! ```text
//!          run                 first poll                  done, or dropped
//!   New ─────────► Claimed ─────────────────► Entered ─────────────────────► Finished
//! ```

use std::cell::{Cell, RefCell};
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::timeout::{Deadline, TimeoutScope, Until, WithTimeout};
use crate::event_loop::{get_running_loop, nanoseconds};

/// A deadline for one future, which can be moved while that runs.
///
/// Clones stand for the same timeout, so one can be inside the future that another runs. For a
/// time that stays as it is, [`timeout`](crate::timeout()) is shorter. The asyncio counterpart
/// is the class `asyncio.Timeout`.
///
/// ```
/// use looplet::{Timeout, get_running_loop, run, sleep};
/// use std::time::Duration;
///
/// run(async {
///     let patience = Timeout::after(Duration::from_millis(5));
///     let more = patience.clone();
///     let work = async move {
///         let later = get_running_loop().time() + Duration::from_secs(60);
///         more.reschedule(Some(later))?;
///         sleep(Duration::from_millis(10)).await;
///         Ok::<_, looplet::TimeoutStateError>("done")
///     };
///     assert_eq!(patience.run(work).unwrap().await, Ok(Ok("done")));
///     assert!(!patience.expired());
/// });
/// ```
#[derive(Clone)]
pub struct Timeout {
    shared: Rc<Shared>,
}

struct Shared {
    /// When the time is over; `None`: never.
    when: Cell<Option<Instant>>,
    stage: RefCell<Stage>,
}

enum Stage {
    New,
    /// `run` was called, and what it returned was not polled.
    Claimed,
    Entered(Rc<TimeoutScope>),
    Finished {
        expired: bool,
    },
}

impl Deadline for Shared {
    fn when(&self) -> Option<Instant> {
        self.when.get()
    }

    fn entered(&self, scope: Rc<TimeoutScope>) {
        self.stage.replace(Stage::Entered(scope));
    }

    fn left(&self, expired: bool) {
        let entered = self.stage.replace(Stage::Finished { expired });
        drop(entered);
    }
}

impl Timeout {
    /// Makes a timeout that is over when `delay` has passed since this call.
    ///
    /// # Panics
    ///
    /// If no loop is running on this thread.
    pub fn after(delay: Duration) -> Self {
        let event_loop = get_running_loop();
        let clock = &event_loop.core().clock;
        let deadline = clock.now().saturating_add(nanoseconds(delay));
        Self::new(Some(clock.instant_at(deadline)))
    }

    /// Makes a timeout that is over when the loop's clock shows `deadline`.
    pub fn at(deadline: Instant) -> Self {
        Self::new(Some(deadline))
    }

    /// Makes a timeout without a deadline, for [`reschedule`](Self::reschedule) to set one.
    pub fn never() -> Self {
        Self::new(None)
    }

    fn new(when: Option<Instant>) -> Self {
        let shared = Shared {
            when: Cell::new(when),
            stage: RefCell::new(Stage::New),
        };
        Self {
            shared: Rc::new(shared),
        }
    }

    /// Runs `future` until the deadline at the latest, as [`timeout`](crate::timeout()) does.
    ///
    /// # Errors
    ///
    /// [`TimeoutStateError::AlreadyEntered`] if it was called before.
    pub fn run<F: IntoFuture>(
        &self,
        future: F,
    ) -> Result<WithTimeout<F::IntoFuture>, TimeoutStateError> {
        if !matches!(*self.shared.stage.borrow(), Stage::New) {
            return Err(TimeoutStateError::AlreadyEntered);
        }
        self.shared.stage.replace(Stage::Claimed);
        let until = Until::Told(self.shared.clone());
        Ok(WithTimeout::new(until, future.into_future()))
    }

    /// Returns the deadline on the loop's clock; `None`: there is none.
    pub fn when(&self) -> Option<Instant> {
        self.shared.when.get()
    }

    /// Sets another deadline; `None` takes it away. One that has passed counts at once.
    ///
    /// # Errors
    ///
    /// [`TimeoutStateError`] unless the timeout is running and not over.
    pub fn reschedule(&self, when: Option<Instant>) -> Result<(), TimeoutStateError> {
        let scope = match &*self.shared.stage.borrow() {
            Stage::New | Stage::Claimed => return Err(TimeoutStateError::NotEntered),
            Stage::Finished { .. } => return Err(TimeoutStateError::Finished),
            Stage::Entered(scope) if scope.is_expired() => {
                return Err(TimeoutStateError::Expiring);
            }
            Stage::Entered(scope) => scope.clone(),
        };
        self.shared.when.set(when);
        scope.move_to(when);
        Ok(())
    }

    /// Returns whether the deadline came before the future was done. It stays so if the future
    /// returned a value all the same.
    pub fn expired(&self) -> bool {
        match &*self.shared.stage.borrow() {
            Stage::New | Stage::Claimed => false,
            Stage::Entered(scope) => scope.is_expired(),
            Stage::Finished { expired } => *expired,
        }
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &*self.shared.stage.borrow() {
            Stage::New | Stage::Claimed => "created",
            Stage::Entered(scope) if scope.is_expired() => "expiring",
            Stage::Entered(_) => "active",
            Stage::Finished { expired: true } => "expired",
            Stage::Finished { expired: false } => "finished",
        };
        write!(f, "<Timeout [{state}] when={:?}>", self.when())
    }
}

/// Says that a [`Timeout`] is not in a state in which that could be done.
///
/// The asyncio counterparts are the texts of a `RuntimeError`.
///
/// ```
/// use looplet::{Timeout, TimeoutStateError, run};
/// use std::time::Duration;
///
/// run(async {
///     let limit = Timeout::after(Duration::from_secs(1));
///     assert_eq!(limit.reschedule(None), Err(TimeoutStateError::NotEntered));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutStateError {
    /// It does not run yet.
    NotEntered,
    /// It was run before.
    AlreadyEntered,
    /// The deadline has come, and the future is on its way out.
    Expiring,
    /// The future is done.
    Finished,
}

impl fmt::Display for TimeoutStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimeoutStateError::NotEntered => "the timeout has not been entered",
            TimeoutStateError::AlreadyEntered => "the timeout has already been entered",
            TimeoutStateError::Expiring => "the deadline has come and cannot be moved any more",
            TimeoutStateError::Finished => "the timeout is over",
        })
    }
}

impl Error for TimeoutStateError {}
