//! Happy eyeballs: which of several addresses answers first (RFC 8305).
//!
//! A host with a broken IPv6 route would cost a minute if its addresses were tried one after
//! the other. So an attempt that takes long is not waited for, nor given up: after a delay the
//! next one starts beside it, and the first that succeeds ends the race.
//!
//! # Rules
//!
//! 1. Addresses of the two families alternate; the resolver's first choice goes first
//!    (section 4). [`alternate`] makes that order, for whoever wants it.
//! 2. An attempt that fails starts the next one at once; one that is under way does so after
//!    the delay (section 5). That is `staggered_race`.
//! 3. Attempts that have lost are cancelled, which closes their sockets.
//! 4. Without a delay there is no race: one attempt at a time.
//!
//! The two look-ups of section 3 are absent: the system's resolver answers for both families
//! at the same time.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use super::resolve::Address;
use crate::combine::{RaceError, staggered_race};

/// How long an attempt has the field for itself: what RFC 8305 recommends.
pub(crate) const HAPPY_EYEBALLS_DELAY: Duration = Duration::from_millis(250);

/// Why no address answered: one error for each.
pub(super) type Failures = Vec<(SocketAddr, io::Error)>;

/// Why a connection could not be made: an error for each address that was tried.
///
/// It is inside the [`io::Error`] that connecting gives, whose kind is that of the first one. In
/// asyncio, the `ExceptionGroup` that `all_errors=True` asks for.
///
/// ```
/// use looplet::{ConnectErrors, open_connection, run};
///
/// let address = {
///     let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
///     listener.local_addr().expect("it is bound")
/// };
/// let error = run(open_connection(address)).expect_err("nobody listens any more");
/// let each = error.get_ref().and_then(|inner| inner.downcast_ref::<ConnectErrors>());
/// let (tried, why) = &each.expect("an address was tried").errors[0];
/// assert_eq!((*tried, why.kind()), (address, std::io::ErrorKind::ConnectionRefused));
/// ```
#[derive(Debug)]
pub struct ConnectErrors {
    /// What the program named.
    target: String,
    /// What was tried, in this order, and what the kernel said.
    pub errors: Vec<(SocketAddr, io::Error)>,
}

impl ConnectErrors {
    pub(super) fn new(target: &Address, errors: Vec<(SocketAddr, io::Error)>) -> Self {
        let target = target.to_string();
        Self { target, errors }
    }
}

impl fmt::Display for ConnectErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot connect to {} (", self.target)?;
        for (at, (address, error)) in self.errors.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{address}: {error}")?;
        }
        f.write_str(")")
    }
}

impl Error for ConnectErrors {}

impl From<ConnectErrors> for io::Error {
    fn from(errors: ConnectErrors) -> Self {
        let first = errors.errors.first().map(|(_, error)| error.kind());
        io::Error::new(first.unwrap_or(io::ErrorKind::NotFound), errors)
    }
}

/// What [`first_of`] does: known by its result alone, so that it is compiled where it is made, and
/// not with every program that connects.
pub(super) type Trying<T> = Pin<Box<dyn Future<Output = Result<T, Failures>>>>;

/// Tries `order` with `attempt` until one succeeds.
pub(super) fn first_of<T, F>(
    order: Vec<SocketAddr>,
    delay: Option<Duration>,
    attempt: impl Fn(SocketAddr) -> F + 'static,
) -> Trying<T>
where
    F: Future<Output = io::Result<T>> + 'static,
    T: 'static,
{
    match delay {
        Some(delay) if order.len() > 1 => Box::pin(race(order, delay, attempt)),
        _ => Box::pin(one_by_one(order, attempt)),
    }
}

async fn race<T, F>(
    order: Vec<SocketAddr>,
    delay: Duration,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Failures>
where
    F: Future<Output = io::Result<T>> + 'static,
    T: 'static,
{
    let attempts: Vec<_> = order.iter().map(|address| attempt(*address)).collect();
    let race = staggered_race(attempts, Some(delay)).await;
    if let Some((winner, _)) = race.winner {
        return Ok(winner);
    }
    let failures = order.into_iter().zip(race.errors);
    let failures = failures.filter_map(|(address, error)| Some((address, error?)));
    Err(failures
        .map(|(address, error)| (address, as_io_error(error)))
        .collect())
}

async fn one_by_one<T, F>(
    order: Vec<SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<T, Failures>
where
    F: Future<Output = io::Result<T>>,
{
    let mut failures = Vec::new();
    for address in order {
        match attempt(address).await {
            Ok(connected) => return Ok(connected),
            Err(error) => failures.push((address, error)),
        }
    }
    Err(failures)
}

fn as_io_error(error: RaceError<io::Error>) -> io::Error {
    match error {
        RaceError::Failed(error) => error,
        RaceError::Ended(failure) => io::Error::other(failure.to_string()),
    }
}

/// Puts the families in turns after `head` addresses of the first one's, without doubles.
pub(super) fn alternate(addresses: Vec<SocketAddr>, head: usize) -> Vec<SocketAddr> {
    if addresses.len() < 2 {
        return addresses;
    }
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut second) = (VecDeque::new(), VecDeque::new());
    for address in addresses {
        let same = address.is_ipv6() == first_is_ipv6;
        let line = if same { &mut first } else { &mut second };
        if !line.contains(&address) {
            line.push_back(address);
        }
    }
    let head = head.saturating_sub(1).min(first.len());
    let mut order: Vec<_> = first.drain(..head).collect();
    while !first.is_empty() || !second.is_empty() {
        order.extend(first.pop_front());
        order.extend(second.pop_front());
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_loop::{Clock, EventLoop, get_running_loop};
    use crate::task::sleep;

    fn addresses(text: &str) -> Vec<SocketAddr> {
        text.split(' ')
            .map(|a| a.parse().expect("an address"))
            .collect()
    }

    /// Runs a race on virtual time in which the port of an address says what becomes of it:
    /// above 1000 it fails and otherwise succeeds, after as many milliseconds as the last
    /// three digits say. Returns the outcome and the milliseconds it took.
    fn race(text: &str, delay: Option<u64>) -> (Result<u16, Vec<u16>>, u128) {
        let event_loop = EventLoop::builder()
            .clock(Clock::Virtual)
            .build()
            .expect("a loop");
        let addresses = addresses(text);
        let ran = event_loop.run_until_complete(async move {
            let begin = get_running_loop().time();
            let attempt = |address: SocketAddr| async move {
                let port = address.port();
                sleep(Duration::from_millis(u64::from(port % 1000))).await;
                if port > 1000 {
                    Err(io::ErrorKind::ConnectionRefused.into())
                } else {
                    Ok(port)
                }
            };
            let order = match delay {
                Some(_) => alternate(addresses, 1),
                None => addresses,
            };
            let outcome = first_of(order, delay.map(Duration::from_millis), attempt).await;
            let failures = |failures: Failures| failures.iter().map(|(a, _)| a.port()).collect();
            let took = get_running_loop().time().duration_since(begin);
            (outcome.map_err(failures), took.as_millis())
        });
        ran.expect("it ends")
    }

    #[test]
    fn families_take_turns_and_doubles_are_left_out() {
        let ports = |head| {
            let all = addresses("[::1]:1 [::1]:2 [::1]:1 127.0.0.1:3 [::1]:4");
            let order = alternate(all, head);
            order.iter().map(SocketAddr::port).collect::<Vec<_>>()
        };
        assert_eq!(ports(1), [1, 3, 2, 4]);
        assert_eq!(ports(2), [1, 2, 3, 4]);
        assert_eq!(ports(9), [1, 2, 4, 3]);
    }

    #[test]
    fn an_attempt_that_takes_long_gets_company_and_may_still_lose() {
        // The first would succeed after 900 ms, the second starts at 250 and takes 30.
        assert_eq!(race("[::1]:900 127.0.0.1:30", Some(250)), (Ok(30), 280));
        // And may still win: the second starts at 250 and would take 800.
        assert_eq!(race("[::1]:900 127.0.0.1:800", Some(250)), (Ok(900), 900));
    }

    #[test]
    fn a_failure_starts_the_next_attempt_at_once() {
        let three = "127.0.0.1:1020 127.0.0.1:1030 127.0.0.1:40";
        assert_eq!(race(three, Some(250)), (Ok(40), 90));
        assert_eq!(race(three, None), (Ok(40), 90));
    }

    #[test]
    fn without_a_delay_there_is_one_attempt_at_a_time() {
        assert_eq!(race("127.0.0.1:900 127.0.0.1:30", None), (Ok(900), 900));
    }

    #[test]
    fn if_all_fail_there_is_an_error_for_each() {
        let (outcome, took) = race("127.0.0.1:1400 127.0.0.1:1010", Some(250));
        assert_eq!((outcome, took), (Err(vec![1400, 1010]), 400));
    }
}
