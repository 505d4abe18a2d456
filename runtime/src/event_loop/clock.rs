//! Where the loop gets the time from: the machine, or nowhere.
//!
//! Time is a parameter. A loop on the real clock sleeps in the kernel until the next timer is
//! due. A loop on the virtual clock does not sleep: when nothing is left to do, it jumps to
//! the next deadline. A test of a ten-minute timeout then takes microseconds, and its trace
//! is the same on every machine.
//!
//! # Rules
//!
//! 1. The loop counts in nanoseconds since a day before it was made, which fits a `u64` for 584
//!    years. The day is for deadlines that had passed by then: they have an order, too.
//! 2. The virtual clock only moves when the loop moves it: by a jump when the loop is idle,
//!    and by [`TURN_COST`] for each turn that had something to run. Without the latter, a
//!    callback that reschedules itself would stop the time for everybody else.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// What a turn with ready entries costs on the virtual clock.
const TURN_COST: u64 = 1_000;

/// How long before a loop was made its time begins.
const BEFORE: Duration = Duration::from_secs(86_400);

/// Which time a loop lives in.
///
/// The asyncio counterpart is `loop.time`, which a test there has to replace by hand.
///
/// ```
/// use looplet::{Clock, Runner, sleep};
/// use std::time::Duration;
///
/// let runner = Runner::with_clock(Clock::Virtual).expect("the system gives a loop");
/// runner.run(sleep(Duration::from_secs(86_400))).expect("a day, in no time");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    Real,
    /// A clock that jumps to the next deadline when the loop has nothing else to do.
    ///
    /// Input from outside (sockets, threads) still takes real time, so with it the virtual
    /// times of a run are not the same every time.
    Virtual,
}

/// The clock of one loop.
pub(crate) struct LoopClock {
    /// The real instant that is nanosecond 0.
    start: Instant,
    /// The virtual time; `None` on the real clock.
    virtual_now: Option<Cell<u64>>,
}

impl LoopClock {
    pub(crate) fn new(clock: Clock) -> Self {
        let made = Instant::now();
        // A system may count from its start; then there is no time before.
        let start = made.checked_sub(BEFORE).unwrap_or(made);
        let now = nanoseconds(made - start);
        Self {
            start,
            virtual_now: (clock == Clock::Virtual).then(|| Cell::new(now)),
        }
    }

    /// Nanoseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        match &self.virtual_now {
            Some(now) => now.get(),
            None => nanoseconds(self.start.elapsed()),
        }
    }

    /// The instant that it is. The machine's clock gives it as it is, without a detour.
    pub(crate) fn instant(&self) -> Instant {
        match &self.virtual_now {
            Some(now) => self.instant_at(now.get()),
            None => Instant::now(),
        }
    }

    pub(crate) fn is_virtual(&self) -> bool {
        self.virtual_now.is_some()
    }

    /// Moves the virtual clock forward to `deadline`; does nothing to the real one.
    pub(crate) fn jump_to(&self, deadline: u64) {
        if let Some(now) = &self.virtual_now {
            now.set(now.get().max(deadline));
        }
    }

    /// Charges the virtual clock for a turn that had something to run.
    pub(crate) fn charge_turn(&self) {
        if let Some(now) = &self.virtual_now {
            now.set(now.get().saturating_add(TURN_COST));
        }
    }

    /// The instant that lies `nanos` after the start.
    pub(crate) fn instant_at(&self, nanos: u64) -> Instant {
        let span = Duration::from_nanos(nanos);
        self.start
            .checked_add(span)
            .unwrap_or_else(|| self.start + FAR)
    }

    /// The loop's nanosecond of `instant`; instants before the start are 0.
    pub(crate) fn nanos_at(&self, instant: Instant) -> u64 {
        nanoseconds(instant.saturating_duration_since(self.start))
    }
}

/// A century: what a deadline that no `Instant` can hold is shown as.
const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);

/// `span` in nanoseconds; what does not fit is 584 years.
pub(crate) fn nanoseconds(span: Duration) -> u64 {
    u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)
}
