//! How often a host is asked.
//!
//! A crawler that fetches as fast as it can is a nuisance. Each origin has a clock of its own:
//! a request moves it on by the delay, and may begin when the clock is not ahead of the time by
//! more than a burst allows.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use looplet::{Sleep, get_running_loop, sleep_until};

use crate::message::Origin;

/// Origins after which those that were not asked for long are forgotten.
const REMEMBERED: usize = 1024;

/// How often one origin is asked. Part of [`SessionConfig`](crate::SessionConfig).
///
/// How many requests may be under way at the same time is
/// [`PoolLimits::per_host`](crate::PoolLimits::per_host).
///
/// ```
/// use looplet_http::{Politeness, SessionConfig};
/// use std::time::Duration;
///
/// let politeness = Politeness { delay: Duration::from_millis(500), burst: 3 };
/// let config = SessionConfig { politeness: Some(politeness), ..SessionConfig::default() };
/// # drop(config);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Politeness {
    /// The time between two requests, on average.
    pub delay: Duration,
    /// Requests that may begin at once after a pause; 0 counts as 1.
    pub burst: u32,
}

/// The clocks of all origins.
#[derive(Debug)]
pub(crate) struct Manners {
    rule: Option<Politeness>,
    /// When the next request would be due if all came in the pace of the delay.
    due: RefCell<HashMap<Origin, Instant>>,
}

impl Manners {
    pub(crate) fn new(rule: Option<Politeness>) -> Self {
        Self {
            rule,
            due: RefCell::default(),
        }
    }

    /// Gives `origin` its next turn: what waits for it, if it is not now. First come, first
    /// served; who gives up leaves his turn unused.
    pub(crate) fn turn(&self, origin: &Origin) -> Option<Sleep> {
        let begin = self.reserve(self.rule?, origin)?;
        Some(sleep_until(begin))
    }

    /// Moves the clock of `origin` on, and returns when the request may begin, if not now.
    fn reserve(&self, rule: Politeness, origin: &Origin) -> Option<Instant> {
        let now = get_running_loop().time();
        let mut due = self.due.borrow_mut();
        if due.len() >= REMEMBERED {
            due.retain(|_, due| *due > now);
        }
        let own = due.entry(origin.clone()).or_insert(now);
        let planned = (*own).max(now);
        *own = planned.checked_add(rule.delay)?;
        let ahead = rule.delay.saturating_mul(rule.burst.max(1) - 1);
        let begin = planned.checked_sub(ahead)?;
        (begin > now).then_some(begin)
    }
}
