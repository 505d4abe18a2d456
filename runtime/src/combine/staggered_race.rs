//! `staggered_race`: one after the other, and the first that succeeds wins.
//!
//! It is how a client connects to a host with several addresses (RFC 8305, "happy eyeballs"):
//! a slow address costs a delay, and a dead one costs nothing.

use std::fmt;
use std::time::Duration;

use super::arrivals::Arrival;
use super::crew::{Crew, with_crew};
use crate::cancel::Cancelled;
use crate::promise::TaskError;

/// How a race ended.
///
/// Returned by [`staggered_race`]. asyncio returns a tuple of the same parts.
///
/// ```
/// use looplet::{Race, run, staggered_race};
/// use std::future::ready;
///
/// let contenders = [ready(Err("refused")), ready(Ok("up"))];
/// let race: Race<&str, &str> = run(staggered_race(contenders, None));
/// assert_eq!(race.winner, Some(("up", 1)));
/// assert_eq!(race.errors.len(), 2);
/// ```
#[derive(Debug)]
pub struct Race<T, E> {
    /// The first value, and the place of its future. `None`: no future succeeded.
    pub winner: Option<(T, usize)>,
    /// How the futures that were started failed, in their order. `None`: that one did not.
    pub errors: Vec<Option<RaceError<E>>>,
}

/// Why a future did not win.
///
/// In asyncio it is the exception itself.
///
/// ```
/// use looplet::{RaceError, run, staggered_race};
/// use std::future::ready;
///
/// let race = run(staggered_race([ready(Err::<(), _>("refused"))], None));
/// assert!(race.winner.is_none());
/// assert!(matches!(race.errors[0], Some(RaceError::Failed("refused"))));
/// ```
#[derive(Debug)]
pub enum RaceError<E> {
    /// It returned this error.
    Failed(E),
    /// It was cancelled, as those are that another one has beaten, or it panicked.
    Ended(TaskError),
}

impl<E: fmt::Display> fmt::Display for RaceError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RaceError::Failed(error) => error.fmt(f),
            RaceError::Ended(failure) => failure.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for RaceError<E> {}

/// Starts `futures` one after the other, until one succeeds: the next one when `delay` has
/// passed since the last start, or at once when the one started last has failed.
///
/// The first that returns `Ok` wins; the others are cancelled and waited for. Without a
/// `delay`, the next one starts only when the last has failed. A future is taken from the
/// iterator when it is its turn. Of two values that come in the same turn, the second is
/// dropped. The asyncio counterpart is `asyncio.staggered.staggered_race`.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels all that run and waits for them to end. Dropping it cancels
/// them and does not wait.
///
/// # Panics
///
/// When polled outside a running loop. A future that panics has failed.
///
/// ```
/// use looplet::{Clock, Runner, sleep, staggered_race};
/// use std::time::Duration;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runner = Runner::with_clock(Clock::Virtual)?;
/// let connect = |name: &'static str, time| async move {
///     sleep(Duration::from_millis(time)).await;
///     if name == "dead" { Err("refused") } else { Ok(name) }
/// };
/// let hosts = [connect("dead", 1), connect("slow", 90), connect("fast", 1)];
/// let race = runner.run(staggered_race(hosts, Some(Duration::from_millis(20))))?;
/// assert_eq!(race.winner, Some(("fast", 2)));
/// # Ok(())
/// # }
/// ```
pub async fn staggered_race<F, T, E>(
    futures: impl IntoIterator<Item = F>,
    delay: Option<Duration>,
) -> Race<T, E>
where
    F: Future<Output = Result<T, E>> + 'static,
    T: 'static,
    E: 'static,
{
    with_crew("staggered_race of", async |crew| {
        race(crew, futures.into_iter(), delay).await
    })
    .await
}

async fn race<F, T, E>(
    crew: &mut Crew<Result<T, E>>,
    mut futures: impl Iterator<Item = F>,
    delay: Option<Duration>,
) -> Race<T, E>
where
    F: Future<Output = Result<T, E>> + 'static,
{
    let (mut winner, mut errors) = (None, Vec::new());
    start_next(crew, &mut futures, &mut errors, delay);
    while let Some(arrival) = crew.arrivals().next().await {
        let Arrival::Ended(index, task) = arrival else {
            start_next(crew, &mut futures, &mut errors, delay);
            continue;
        };
        errors[index] = match task.into_outcome() {
            Ok(Ok(value)) => {
                if winner.is_none() {
                    winner = Some((value, index));
                    crew.arrivals().clear_timer();
                    crew.cancel(&Cancelled::with_message("another one was faster"));
                }
                None
            }
            Ok(Err(error)) => Some(RaceError::Failed(error)),
            Err(failure) => Some(RaceError::Ended(failure)),
        };
        if winner.is_none() && index + 1 == errors.len() {
            start_next(crew, &mut futures, &mut errors, delay);
        }
    }
    Race { winner, errors }
}

/// Starts one more, if there is one, and the delay until the one after it.
fn start_next<F, T, E>(
    crew: &mut Crew<Result<T, E>>,
    futures: &mut impl Iterator<Item = F>,
    errors: &mut Vec<Option<RaceError<E>>>,
    delay: Option<Duration>,
) where
    F: Future<Output = Result<T, E>> + 'static,
{
    crew.arrivals().clear_timer();
    let Some(future) = futures.next() else { return };
    crew.start(errors.len(), future);
    errors.push(None);
    if let Some(delay) = delay {
        crew.arrivals().set_timer(delay);
    }
}
