//! What every step of an exchange needs to know beside its own business.

use std::pin::Pin;
use std::time::Duration;

use crate::codec::Limits;
use crate::error::Phase;
use crate::progress::Progress;
use crate::timeouts::{Budget, Deadline, Timeouts, Within};

/// The limits of an exchange, and the record of it.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) timeouts: Timeouts,
    pub(crate) deadline: Deadline,
    pub(crate) limits: Limits,
    pub(crate) progress: Progress,
}

/// Work in a box that is known by its result alone. It is compiled where it is made, and not with
/// all that awaits it.
pub(crate) type Work<'w, T> = Pin<Box<dyn Future<Output = T> + 'w>>;

impl Terms {
    /// Begins a phase that is all of `work`, and runs that within its limit. The work is boxed, so
    /// that the program has one way to limit a phase, and not one for each.
    pub(crate) fn phase<'w, T>(
        &self,
        phase: Phase,
        limit: Option<Duration>,
        work: impl Future<Output = T> + 'w,
    ) -> Within<Work<'w, T>> {
        self.progress.enter(phase);
        self.deadline.within(phase, limit, Box::pin(work))
    }

    /// Begins a phase that shares its limit with others, and runs it.
    pub(crate) fn phase_of<'w, T>(
        &self,
        budget: Budget,
        phase: Phase,
        work: impl Future<Output = T> + 'w,
    ) -> Within<Work<'w, T>> {
        self.progress.enter(phase);
        budget.within(phase, Box::pin(work))
    }
}
