//! What every step of an exchange needs to know beside its own business.

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

impl Terms {
    /// Begins a phase that is all of `work`, and runs that within its limit.
    pub(crate) fn phase<F: Future>(
        &self,
        phase: Phase,
        limit: Option<Duration>,
        work: F,
    ) -> Within<F> {
        self.progress.enter(phase);
        self.deadline.within(phase, limit, work)
    }

    /// Begins a phase that shares its limit with others, and runs it.
    pub(crate) fn phase_of<F: Future>(&self, budget: Budget, phase: Phase, work: F) -> Within<F> {
        self.progress.enter(phase);
        budget.within(phase, work)
    }
}
