//! How long each phase of an exchange may take.
//!
//! Every phase has a limit by default, because a client without limits is a client that hangs.
//! Limits on single phases say more than one on the whole: a download may take an hour as long
//! as bytes keep coming.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use looplet::{WithTimeout, get_running_loop, timeout};

use crate::error::{Error, Phase};

/// The limits of one exchange. `None`: no limit.
///
/// ```
/// use looplet_http::Timeouts;
/// use std::time::Duration;
///
/// let patient = Timeouts { first_byte: Some(Duration::from_secs(300)), ..Timeouts::default() };
/// assert_eq!(patient.connect, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Waiting for a free connection of the pool. Default 30 s.
    pub pool_wait: Option<Duration>,
    /// Looking the name up. Default 10 s.
    pub resolve: Option<Duration>,
    /// Connecting, all addresses together, with what a proxy and TLS have to say before the
    /// request. Default 10 s.
    pub connect: Option<Duration>,
    /// Between two pieces of the request that the server takes. Default 30 s.
    pub write_idle: Option<Duration>,
    /// How long a request with `Expect: 100-continue` waits to be asked for its body before it
    /// sends it all the same. Default 1 s.
    pub continue_wait: Option<Duration>,
    /// From the end of the request to the first byte of the answer. Default 30 s.
    pub first_byte: Option<Duration>,
    /// Between two pieces of the answer. Default 30 s.
    pub read_idle: Option<Duration>,
    /// The least speed of a body, either way. Default: none.
    pub min_speed: Option<MinSpeed>,
    /// Everything, from the call to the last byte of the body, redirects included. Default:
    /// no limit.
    pub total: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        let half_a_minute = Some(Duration::from_secs(30));
        let ten_seconds = Some(Duration::from_secs(10));
        Timeouts {
            pool_wait: half_a_minute,
            resolve: ten_seconds,
            connect: ten_seconds,
            write_idle: half_a_minute,
            continue_wait: Some(Duration::from_secs(1)),
            first_byte: half_a_minute,
            read_idle: half_a_minute,
            min_speed: None,
            total: None,
        }
    }
}

/// The least speed of a body. Who is slower, though never silent for long, is given up with
/// [`Error::TooSlow`].
///
/// A program that itself reads slowly is not blamed on the server: time counts only while bytes
/// are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinSpeed {
    /// The least number of bytes, as they are on the wire, in each stretch of time.
    pub bytes: u64,
    /// How long a stretch is.
    pub within: Duration,
}

/// The time by which the whole exchange must have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Option<(Instant, Duration)>,
}

impl Deadline {
    /// Starts the time.
    pub(crate) fn after(total: Option<Duration>) -> Self {
        let at =
            total.and_then(|total| Some((get_running_loop().time().checked_add(total)?, total)));
        Self { at }
    }

    /// Runs `work` within the limit of its phase and what is left of the whole.
    pub(crate) fn within<F: Future>(
        self,
        phase: Phase,
        limit: Option<Duration>,
        work: F,
    ) -> Within<F> {
        Within::cut(self.cut(phase, limit), work)
    }

    /// When work of a phase with a limit of its own is cut off.
    pub(crate) fn cut(self, phase: Phase, limit: Option<Duration>) -> Option<Cut> {
        let own = limit.map(|limit| Cut {
            left: limit,
            phase,
            after: limit,
        });
        self.nearer(own)
    }

    /// Whether there is more time left than this.
    pub(crate) fn is_beyond(self, wait: Duration) -> bool {
        let left = |at: Instant| at.saturating_duration_since(get_running_loop().time());
        self.at.is_none_or(|(at, _)| wait < left(at))
    }

    /// Fails if the time is over. For work that does not wait, and so is not cut off.
    pub(crate) fn check(self) -> Result<(), Error> {
        let phase = Phase::Total;
        match self.at {
            Some((at, after)) if at <= get_running_loop().time() => {
                Err(Error::Timeout { phase, after })
            }
            _ => Ok(()),
        }
    }

    /// The shorter of the two limits.
    fn nearer(self, own: Option<Cut>) -> Option<Cut> {
        let Some((at, total)) = self.at else {
            return own;
        };
        let left = at.saturating_duration_since(get_running_loop().time());
        match own {
            Some(own) if own.left <= left => Some(own),
            _ => Some(Cut {
                left,
                phase: Phase::Total,
                after: total,
            }),
        }
    }
}

/// When something is cut off, and how that is reported.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    /// How long from now.
    pub(crate) left: Duration,
    /// The phase that took too long.
    phase: Phase,
    /// The limit that it had.
    after: Duration,
}

impl Cut {
    /// What is reported.
    pub(crate) fn error(self) -> Error {
        let Cut { phase, after, .. } = self;
        Error::Timeout { phase, after }
    }
}

/// Work that may have a limit. (An async block would have room for the work twice, and all those
/// around it as well, although it lies elsewhere.)
pub(crate) enum Within<F> {
    /// It may take as long as it takes.
    Free(Pin<Box<F>>),
    /// It is given up when its time is over.
    Limited(WithTimeout<F>, Cut),
}

impl<F: Future> Within<F> {
    fn cut(cut: Option<Cut>, work: F) -> Self {
        match cut {
            None => Within::Free(Box::pin(work)),
            Some(cut) => Within::Limited(timeout(cut.left, work), cut),
        }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = Result<F::Output, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Within::Free(work) => work.as_mut().poll(context).map(Ok),
            Within::Limited(work, cut) => {
                let ended = ready!(Pin::new(work).poll(context));
                Poll::Ready(ended.map_err(|_| cut.error()))
            }
        }
    }
}

/// A limit that several phases share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    deadline: Deadline,
    /// When it ends, and how long it is.
    ends: Option<(Instant, Duration)>,
}

impl Budget {
    /// Starts the time of a limit within `deadline`.
    pub(crate) fn start(deadline: Deadline, limit: Option<Duration>) -> Self {
        let ends = Deadline::after(limit).at;
        Self { deadline, ends }
    }

    /// Runs `work`, which is part of `phase`, within what is left.
    pub(crate) fn within<F: Future>(self, phase: Phase, work: F) -> Within<F> {
        let now = get_running_loop().time();
        let own = self.ends.map(|(at, limit)| Cut {
            left: at.saturating_duration_since(now),
            phase,
            after: limit,
        });
        Within::cut(self.deadline.nearer(own), work)
    }
}

/// Names the phase in which an I/O error happened.
pub(crate) fn in_phase(phase: Phase) -> impl Fn(io::Error) -> Error {
    move |error| Error::io(phase, &error)
}
