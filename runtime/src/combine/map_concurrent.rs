//! `map_concurrent`: one function over many items, so many at a time.
//!
//! Children are tasks, for three reasons: each takes its own cancel and cleans up by itself; a
//! child that is woken is the only one that is polled; and the order of what happens does not
//! depend on how their parent polls.

use std::convert::Infallible;

use super::arrivals::Arrival;
use super::crew::{Crew, fail, with_crew};
use crate::promise::TaskError;

/// Calls `f` for each of `items` and runs the futures that it returns, at most `limit` at the
/// same time; returns the results in the order of the items.
///
/// An item is taken when there is room for it, not before: what is in memory is `limit`
/// futures and the results. A `limit` of 0 counts as 1. The first child that panics, or is
/// cancelled by somebody else, ends it: the others are cancelled and waited for, and the
/// awaiter panics or is cancelled. asyncio has no counterpart; programs there gather under a
/// semaphore.
///
/// # Panics
///
/// When polled outside a running loop; and if a child panics, with its payload.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels the children and waits for them to end. Dropping it cancels
/// them and does not wait. Nothing more is taken from `items`.
///
/// ```
/// use looplet::{map_concurrent, run, sleep};
/// use std::time::Duration;
///
/// let squares = run(map_concurrent(1..=5, 2, |number| async move {
///     sleep(Duration::from_millis(1)).await;
///     number * number
/// }));
/// assert_eq!(squares, [1, 4, 9, 16, 25]);
/// ```
pub async fn map_concurrent<I, F>(
    items: impl IntoIterator<Item = I>,
    limit: usize,
    mut f: impl FnMut(I) -> F,
) -> Vec<F::Output>
where
    F: Future<Output: 'static> + 'static,
{
    let succeeding = |item| {
        let future = f(item);
        async { Ok::<_, Infallible>(future.await) }
    };
    let Ok(values) = try_map_concurrent(items, limit, succeeding).await;
    values
}

/// Calls `f` for each of `items` and runs the futures that it returns, at most `limit` at the
/// same time; returns the values in the order of the items, or the first error.
///
/// As [`map_concurrent`], and an error ends it too: the others are cancelled and waited for.
/// asyncio has no counterpart; a `TaskGroup` with a `Semaphore` comes close.
///
/// # Errors
///
/// The error that came first. What the others come to is dropped.
///
/// # Panics
///
/// As [`map_concurrent`].
///
/// # Cancel safety
///
/// As [`map_concurrent`].
///
/// ```
/// use looplet::{run, try_map_concurrent};
///
/// let texts = ["1", "2", "three"];
/// let numbers = run(try_map_concurrent(texts, 2, |text| async { text.parse::<i32>() }));
/// assert!(numbers.is_err());
/// ```
pub async fn try_map_concurrent<I, F, T, E>(
    items: impl IntoIterator<Item = I>,
    limit: usize,
    f: impl FnMut(I) -> F,
) -> Result<Vec<T>, E>
where
    F: Future<Output = Result<T, E>> + 'static,
    T: 'static,
    E: 'static,
{
    let mapped = with_crew("map_concurrent of", async |crew| {
        map(crew, items, limit, f).await
    })
    .await;
    match mapped {
        Ok(values) => values,
        Err(failure) => fail(failure).await,
    }
}

async fn map<I, F, T, E>(
    crew: &mut Crew<Result<T, E>>,
    items: impl IntoIterator<Item = I>,
    limit: usize,
    mut f: impl FnMut(I) -> F,
) -> Result<Result<Vec<T>, E>, TaskError>
where
    F: Future<Output = Result<T, E>> + 'static,
{
    let mut items = items.into_iter().fuse();
    let mut values = Vec::new();
    loop {
        while crew.arrivals().len() < limit.max(1)
            && let Some(item) = items.next()
        {
            crew.start(values.len(), f(item));
            values.push(None);
        }
        let Some(Arrival::Ended(index, task)) = crew.arrivals().next().await else {
            return Ok(Ok(values.into_iter().flatten().collect()));
        };
        match task.into_outcome()? {
            Ok(value) => values[index] = Some(value),
            Err(error) => return Ok(Err(error)),
        }
    }
}
