//! Whether a body moves fast enough.
//!
//! A server that sends a byte every twenty seconds is never idle for long, and holds a
//! connection for ever. So bytes are counted against the time for which they were waited for.

use std::time::Duration;

use looplet::get_running_loop;

use crate::error::{Error, Phase};
use crate::terms::Terms;
use crate::timeouts::MinSpeed;

/// The speed of one direction of an exchange.
#[derive(Debug)]
pub(crate) struct Pace {
    rule: Option<MinSpeed>,
    /// What is left of the current stretch of waiting.
    left: Duration,
    /// Bytes that were moved in it.
    moved: u64,
}

impl Pace {
    pub(crate) fn new(rule: Option<MinSpeed>) -> Self {
        Self {
            rule,
            left: rule.map_or(Duration::ZERO, |rule| rule.within),
            moved: 0,
        }
    }

    /// Whether there is a least speed.
    pub(crate) fn is_ruled(&self) -> bool {
        self.rule.is_some()
    }

    /// Counts bytes. Enough of them begin a new stretch.
    pub(crate) fn moved(&mut self, count: usize) {
        self.moved += count as u64;
        if let Some(rule) = self.rule
            && self.moved >= rule.bytes
        {
            *self = Self::new(self.rule);
        }
    }

    /// Waits within the limit of a phase, and no longer than the speed allows.
    pub(crate) async fn wait<F: Future>(
        &mut self,
        terms: &Terms,
        phase: Phase,
        limit: Option<Duration>,
        work: F,
    ) -> Result<F::Output, Error> {
        let Some(rule) = self.rule else {
            return terms.deadline.within(phase, limit, work).await;
        };
        let began = get_running_loop().time();
        let idle = limit.filter(|limit| *limit < self.left);
        let waited = terms
            .deadline
            .within(phase, Some(idle.unwrap_or(self.left)), work);
        let too_slow = Error::TooSlow {
            phase,
            bytes: self.moved,
            within: rule.within,
        };
        match waited.await {
            Err(Error::Timeout { phase: over, .. }) if over == phase && idle.is_none() => {
                Err(too_slow)
            }
            waited => {
                let spent = get_running_loop().time().saturating_duration_since(began);
                self.left = self.left.saturating_sub(spent);
                waited
            }
        }
    }
}
