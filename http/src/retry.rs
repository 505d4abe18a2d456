//! Whether a request that has failed is worth another try, and when.
//!
//! Only requests that can be repeated (RFC 9110, section 9.2.2) are. What is tried again for
//! everybody, a request that met a connection the server was just closing, is not decided here.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, SystemTime};

use crate::error::{Error, Phase};
use crate::message::ResponseHead;

/// When a request is tried again. Part of [`SessionConfig`](crate::SessionConfig); there is none
/// by default.
///
/// Tried again is what fails on the way, and what is answered with one of the statuses. The
/// request has to be idempotent, and its body must be there a second time. The pause before a
/// try doubles each time, and a random part of it, up to a half, is left out, so that many
/// clients do not come back at the same moment. `Retry-After` replaces it. A pause that would
/// outlast the limit on everything together is not begun: the last answer or error stands.
///
/// ```
/// use looplet_http::{Retry, SessionConfig};
///
/// let retry = Retry { attempts: 3, ..Retry::default() };
/// let config = SessionConfig { retry: Some(retry), ..SessionConfig::default() };
/// # drop(config);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Tries after the first one. Default 2.
    pub attempts: u32,
    /// Statuses that are tried again. Default: 408, 429, 500, 502, 503, 504.
    pub statuses: Vec<u16>,
    /// The pause before the second try. Default 0.5 s.
    pub first_pause: Duration,
    /// The longest pause. Default 10 s.
    pub max_pause: Duration,
    /// The longest pause that a server may ask for with `Retry-After`; a response that asks for
    /// more is given to the program. Default 60 s.
    pub max_retry_after: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Retry {
            attempts: 2,
            statuses: vec![408, 429, 500, 502, 503, 504],
            first_pause: Duration::from_millis(500),
            max_pause: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(60),
        }
    }
}

impl Retry {
    /// The pause after an error; `None` if another try is of no use.
    pub(crate) fn pause_after_error(&self, tried: u32, error: &Error) -> Option<Duration> {
        (tried < self.attempts && is_passing(error)).then(|| self.pause(tried))
    }

    /// The pause after an answer; `None` if the answer stands.
    pub(crate) fn pause_after_answer(&self, tried: u32, head: &ResponseHead) -> Option<Duration> {
        let again = tried < self.attempts && self.statuses.contains(&head.status().as_u16());
        let asked = again.then(|| retry_after(head, SystemTime::now()))?;
        match asked {
            None => Some(self.pause(tried)),
            Some(asked) => (asked <= self.max_retry_after).then_some(asked),
        }
    }

    /// The pause before the next try, when so many have been made after the first one.
    fn pause(&self, tried: u32) -> Duration {
        let doubled = 1_u32.checked_shl(tried).unwrap_or(u32::MAX);
        let full = self.first_pause.saturating_mul(doubled).min(self.max_pause);
        // The keys of a hash table are random, and nothing else here has to be.
        let random = RandomState::new().hash_one(tried);
        let left_out = full.as_nanos() / 2 * u128::from(random >> 32) / u128::from(u32::MAX);
        full - Duration::from_nanos(left_out as u64)
    }
}

/// Whether an error is one of the network or the server, and may be gone the next time.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Timeout { phase, .. } => *phase != Phase::Total,
        Error::Resolve { .. }
        | Error::Connect { .. }
        | Error::Io { .. }
        | Error::TooSlow { .. }
        | Error::EmptyReply
        | Error::HeadTruncated { .. }
        | Error::NoFinalResponse => true,
        _ => false,
    }
}

/// The pause that a server asks for: seconds, or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(head: &ResponseHead, now: SystemTime) -> Option<Duration> {
    let value = head.header_str("Retry-After")?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}
