//! How much may wait to be sent before a protocol is asked to pause.

use std::cell::Cell;
use std::error::Error;
use std::fmt;

/// Above this many bytes, the protocol is asked to pause: 64 KiB.
const HIGH_WATER: usize = 64 * 1024;
/// The low-water mark is this part of the high one, unless it is told.
const LOW_PART: usize = 4;

/// The water marks of a transport, and which side of them it is on.
///
/// What is wanted and what the protocol was told are two things: while a callback of it runs,
/// it cannot be told anything.
pub(super) struct Flow {
    high: Cell<usize>,
    low: Cell<usize>,
    /// Whether the protocol should have paused.
    paused: Cell<bool>,
    /// What it was told last.
    told: Cell<bool>,
}

impl Flow {
    pub(super) fn new() -> Self {
        Self {
            high: Cell::new(HIGH_WATER),
            low: Cell::new(HIGH_WATER / LOW_PART),
            paused: Cell::new(false),
            told: Cell::new(false),
        }
    }

    pub(super) fn limits(&self) -> (usize, usize) {
        (self.low.get(), self.high.get())
    }

    pub(super) fn set_limits(
        &self,
        high: Option<usize>,
        low: Option<usize>,
    ) -> Result<(), BufferLimitsError> {
        let from_low = low.map(|low| low.saturating_mul(LOW_PART));
        let high = high.or(from_low).unwrap_or(HIGH_WATER);
        let low = low.unwrap_or(high / LOW_PART);
        if low > high {
            return Err(BufferLimitsError { high, low });
        }
        self.high.set(high);
        self.low.set(low);
        Ok(())
    }

    /// Notes how much waits to be sent.
    pub(super) fn update(&self, size: usize) {
        if size > self.high.get() {
            self.paused.set(true);
        } else if size <= self.low.get() {
            self.paused.set(false);
        }
    }

    /// What the protocol is to be told, once: `true` to pause, `false` to resume.
    pub(super) fn news(&self) -> Option<bool> {
        let paused = self.paused.get();
        (self.told.replace(paused) != paused).then_some(paused)
    }
}

/// Limits for the write buffer of a transport of which the high one is below the low one.
///
/// asyncio raises `ValueError('high (…) must be >= low (…) must be >= 0')`.
///
/// ```
/// use looplet::{BufferLimitsError, Protocol, get_running_loop, run};
/// use std::os::unix::net::UnixStream;
///
/// struct Quiet;
/// impl Protocol for Quiet {}
///
/// run(async {
///     let (one, _two) = UnixStream::pair().expect("the system gives sockets");
///     let transport = get_running_loop().connect_accepted_socket(Quiet, one).await;
///     let transport = transport.expect("it is a stream");
///     let refused = transport.set_write_buffer_limits(Some(1), Some(2));
///     assert_eq!(refused, Err(BufferLimitsError { high: 1, low: 2 }));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferLimitsError {
    /// The limit above which the protocol would have to pause, in bytes.
    pub high: usize,
    /// The limit down to which it would have to wait, in bytes.
    pub low: usize,
}

impl fmt::Display for BufferLimitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { high, low } = self;
        write!(
            f,
            "the high limit ({high}) must not be below the low one ({low})"
        )
    }
}

impl Error for BufferLimitsError {}
