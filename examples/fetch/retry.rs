//! Whether it is worth trying again, and when.

use std::time::{Duration, Instant, SystemTime};

use crate::dates;
use crate::failure::{Failure, code};
use crate::options::Operation;
use crate::record::Record;

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_secs(600);

/// The tries of one transfer.
#[derive(Debug)]
pub(crate) struct Retries {
    left: u64,
    /// The next pause, if nobody says otherwise. It doubles.
    pause: Duration,
    started: Instant,
}

impl Retries {
    pub(crate) fn new(operation: &Operation, now: Instant) -> Self {
        let pause = operation.retry_delay.unwrap_or(Duration::from_secs(1));
        Self {
            left: operation.retry,
            pause,
            started: now,
        }
    }

    /// How long to wait before the next try; `None` if there is to be none.
    pub(crate) fn pause(
        &mut self,
        operation: &Operation,
        result: &Result<(), Failure>,
        record: &Record,
        now: Instant,
    ) -> Option<Duration> {
        if self.left == 0 || !is_passing(operation, result, record) {
            return None;
        }
        let asked = record.header("Retry-After").and_then(retry_after);
        let asked = asked.filter(|_| record.status >= 300 && operation.retry_delay.is_none());
        let pause = asked.unwrap_or(self.pause);
        let spent = now - self.started;
        let too_late = |limit| spent >= limit || (asked.is_some() && spent + pause > limit);
        if operation.retry_max_time.is_some_and(too_late) {
            return None;
        }
        self.left -= 1;
        if operation.retry_delay.is_none() {
            self.pause = (self.pause * 2).min(MAX_PAUSE);
        }
        Some(pause)
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }
}

/// Whether what went wrong may pass.
fn is_passing(operation: &Operation, result: &Result<(), Failure>, record: &Record) -> bool {
    const STATUS: [u16; 8] = [408, 429, 500, 502, 503, 504, 522, 524];
    match result {
        Ok(()) => STATUS.contains(&record.status),
        Err(_) if operation.retry_all_errors => true,
        Err(failure) => match failure.code {
            code::OPERATION_TIMEDOUT | code::COULDNT_RESOLVE_HOST | code::COULDNT_RESOLVE_PROXY => {
                true
            }
            code::COULDNT_CONNECT => operation.retry_connrefused,
            code::HTTP_RETURNED_ERROR => STATUS.contains(&record.status),
            _ => false,
        },
    }
}

/// Seconds or a date.
fn retry_after(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    dates::parse(text)?.duration_since(SystemTime::now()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: u16, retry_after: Option<&str>) -> Record {
        let mut record = Record::new(0, "http://h/", Instant::now());
        record.status = status;
        let header = retry_after.map(|value| ("Retry-After".to_string(), value.to_string()));
        record.headers.extend(header);
        record
    }

    fn operation() -> Operation {
        Operation {
            retry: 3,
            ..Operation::default()
        }
    }

    #[test]
    fn pauses_double_and_end() {
        let (operation, now) = (operation(), Instant::now());
        let mut retries = Retries::new(&operation, now);
        let mut pause = || retries.pause(&operation, &Ok(()), &record(503, None), now);
        let pauses = [pause(), pause(), pause(), pause()];
        assert_eq!(
            pauses,
            [1, 2, 4, 0].map(|s| Some(s).filter(|s| *s > 0).map(Duration::from_secs))
        );
    }

    #[test]
    fn a_server_may_say_when_unless_that_is_too_late() {
        let mut operation = operation();
        let now = Instant::now();
        let pause = |operation: &Operation| {
            let mut retries = Retries::new(operation, now);
            retries.pause(operation, &Ok(()), &record(429, Some("200")), now)
        };
        assert_eq!(pause(&operation), Some(Duration::from_secs(200)));
        operation.retry_max_time = Some(Duration::from_secs(10));
        assert_eq!(pause(&operation), None);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let now = Instant::now();
        let pause = |operation: &Operation, code| {
            let result = if code == 0 {
                Ok(())
            } else {
                Err(Failure::new(code, ""))
            };
            let mut retries = Retries::new(operation, now);
            retries
                .pause(operation, &result, &record(200, None), now)
                .is_some()
        };
        let mut operation = operation();
        assert!(!pause(&operation, 0) && pause(&operation, 28) && !pause(&operation, 7));
        operation.retry_connrefused = true;
        assert!(pause(&operation, 7) && !pause(&operation, 56));
        operation.retry_all_errors = true;
        assert!(pause(&operation, 56));
    }
}
