//! `gather`: all results, in the order of the arguments.
//!
//! Who owns the children: the loop, as always; `gather` only watches them. What happens to
//! the others when one fails: nothing, they go on. A child that was cancelled or panicked ends
//! the gather at once, in the same way; so does an error, under `try_gather`. Cancelling the
//! gather cancels every child.

use std::rc::Rc;

use super::gathering::Gather;
use super::into_task::{IntoTask, ensure_all};
use crate::task::Task;

/// Runs all of `tasks` at the same time; awaiting what it returns gives their results, in
/// order.
///
/// Takes a `Vec` or an array of tasks or futures of one kind, or a tuple of different ones.
/// Futures are started at the call. The asyncio counterpart has the same name; an error that
/// should be a result there (`return_exceptions`) is an `Err` here.
///
/// # Panics
///
/// If futures have to be started and no loop is running; and in the awaiter, if a child
/// panics.
///
/// # Cancel safety
///
/// Cancelling the awaiter cancels all children, and it ends when the first of them has.
/// Dropping the await, or the gather, leaves them running.
///
/// ```
/// use looplet::{gather, run, sleep};
/// use std::time::Duration;
///
/// let words = run(async {
///     let slow = async { sleep(Duration::from_millis(3)).await; "slow" };
///     let fast = async { sleep(Duration::from_millis(1)).await; "fast" };
///     gather((slow, fast)).await
/// });
/// assert_eq!(words, ("slow", "fast"));
/// ```
#[track_caller]
pub fn gather<G: Gatherable>(tasks: G) -> Gather<G::Output> {
    tasks.gather()
}

/// Runs all of `tasks` at the same time; awaiting what it returns gives `Ok` with all values,
/// in order, or the first error as soon as there is one.
///
/// Takes what [`gather`] takes, if it returns a `Result`. The siblings of a child that fails go
/// on: nothing is cancelled. The error is moved out of the child; those that come later stay
/// where they are. The asyncio counterpart is `gather` with exceptions that propagate.
///
/// # Errors
///
/// When it is awaited: the error that came first.
///
/// # Panics
///
/// As [`gather`].
///
/// # Cancel safety
///
/// As [`gather`].
///
/// ```
/// use looplet::{run, sleep, try_gather};
/// use std::time::Duration;
///
/// async fn parse(text: &str) -> Result<i32, std::num::ParseIntError> {
///     sleep(Duration::from_millis(1)).await;
///     text.parse()
/// }
///
/// run(async {
///     assert_eq!(try_gather((parse("1"), parse("2"))).await, Ok((1, 2)));
///     assert!(try_gather(vec![parse("1"), parse("two")]).await.is_err());
/// });
/// ```
#[track_caller]
pub fn try_gather<G: TryGatherable>(tasks: G) -> Gather<Result<G::Output, G::Error>> {
    tasks.try_gather()
}

/// What [`gather`] takes.
///
/// It is implemented for vectors, arrays and tuples; any other iterator is collected first.
/// asyncio has no counterpart: it takes `*aws`.
///
/// ```
/// use looplet::{gather, run};
///
/// run(async {
///     let squares: Vec<_> = (1..4).map(|n| async move { n * n }).collect();
///     assert_eq!(gather(squares).await, [1, 4, 9]);
///     assert_eq!(gather((async { 1 }, async { "one" })).await, (1, "one"));
/// });
/// ```
pub trait Gatherable {
    /// What awaiting the gather gives.
    type Output;

    /// Starts what is not started and watches all.
    fn gather(self) -> Gather<Self::Output>;
}

/// What [`try_gather`] takes.
///
/// As [`Gatherable`], of futures whose outputs are results. asyncio has no counterpart.
///
/// ```
/// use looplet::{run, try_gather};
///
/// run(async {
///     let both = try_gather((async { Ok(1) }, async { Err::<(), _>("bad luck") }));
///     assert_eq!(both.await, Err("bad luck"));
/// });
/// ```
pub trait TryGatherable {
    /// What awaiting the gather gives if all succeed.
    type Output;
    /// The error of every child.
    type Error;

    /// Starts what is not started and watches all.
    ///
    /// # Errors
    ///
    /// Awaiting the gather gives the error of the first child that fails.
    fn try_gather(self) -> Gather<Result<Self::Output, Self::Error>>;
}

/// The error of a child ends a `try_gather` at once. It is moved out of the child.
fn first_error<T: 'static, E: 'static, R>(task: &Task<Result<T, E>>) -> Option<Result<R, E>> {
    let failed = task.look(Result::is_err) == Some(true);
    let result = failed.then(|| task.take_value())?;
    result.err().map(Err)
}

impl<I: IntoTask> Gatherable for Vec<I> {
    type Output = Vec<I::Output>;

    #[track_caller]
    fn gather(self) -> Gather<Self::Output> {
        let tasks = Rc::new(ensure_all(self));
        let watched = tasks.clone();
        let gather = Gather::new(move || tasks.iter().map(Task::take_value).collect());
        watched.iter().for_each(|task| gather.watch(task, |_| None));
        gather.watched()
    }
}

impl<T: 'static, E: 'static, I: IntoTask<Output = Result<T, E>>> TryGatherable for Vec<I> {
    type Output = Vec<T>;
    type Error = E;

    #[track_caller]
    fn try_gather(self) -> Gather<Result<Vec<T>, E>> {
        let tasks = Rc::new(ensure_all(self));
        let watched = tasks.clone();
        let gather = Gather::new(move || tasks.iter().map(Task::take_value).collect());
        watched
            .iter()
            .for_each(|task| gather.watch(task, first_error));
        gather.watched()
    }
}

impl<I: IntoTask, const N: usize> Gatherable for [I; N] {
    type Output = [I::Output; N];

    #[track_caller]
    fn gather(self) -> Gather<Self::Output> {
        let tasks = Rc::new(ensure_all(self));
        let watched = tasks.clone();
        let gather = Gather::new(move || array_of(tasks.iter().map(Task::take_value).collect()));
        watched.iter().for_each(|task| gather.watch(task, |_| None));
        gather.watched()
    }
}

impl<T, E, I, const N: usize> TryGatherable for [I; N]
where
    T: 'static,
    E: 'static,
    I: IntoTask<Output = Result<T, E>>,
{
    type Output = [T; N];
    type Error = E;

    #[track_caller]
    fn try_gather(self) -> Gather<Result<[T; N], E>> {
        let tasks = Rc::new(ensure_all(self));
        let watched = tasks.clone();
        let gather = Gather::new(move || {
            let values: Result<_, E> = tasks.iter().map(Task::take_value).collect();
            values.map(array_of)
        });
        watched
            .iter()
            .for_each(|task| gather.watch(task, first_error));
        gather.watched()
    }
}

fn array_of<T, const N: usize>(values: Vec<T>) -> [T; N] {
    match values.try_into() {
        Ok(values) => values,
        Err(_) => unreachable!("an array of tasks gives as many values"),
    }
}

/// Tuples of different tasks.
macro_rules! gather_tuple {
    ($($kind:ident $value:ident $name:ident),+) => {
        impl<$($kind: IntoTask),+> Gatherable for ($($kind,)+) {
            type Output = ($($kind::Output,)+);

            #[track_caller]
            fn gather(self) -> Gather<Self::Output> {
                let ($($name,)+) = self;
                $(let $name = $name.into_task();)+
                let tasks = ($($name.clone(),)+);
                let gather = Gather::new(move || { let ($($name,)+) = tasks; ($($name.take_value(),)+) });
                $(gather.watch(&$name, |_| None);)+
                gather.watched()
            }
        }

        impl<Error: 'static, $($value: 'static, $kind: IntoTask<Output = Result<$value, Error>>),+>
            TryGatherable for ($($kind,)+)
        {
            type Output = ($($value,)+);
            type Error = Error;

            #[track_caller]
            fn try_gather(self) -> Gather<Result<Self::Output, Error>> {
                let ($($name,)+) = self;
                $(let $name = $name.into_task();)+
                let tasks = ($($name.clone(),)+);
                let gather = Gather::new(move || { let ($($name,)+) = tasks; Ok(($($name.take_value()?,)+)) });
                $(gather.watch(&$name, first_error);)+
                gather.watched()
            }
        }
    };
}

gather_tuple!(A TA a);
gather_tuple!(A TA a, B TB b);
gather_tuple!(A TA a, B TB b, C TC c);
gather_tuple!(A TA a, B TB b, C TC c, D TD d);
gather_tuple!(A TA a, B TB b, C TC c, D TD d, E TE e);
gather_tuple!(A TA a, B TB b, C TC c, D TD d, E TE e, F TF f);
gather_tuple!(A TA a, B TB b, C TC c, D TD d, E TE e, F TF f, G TG g);
gather_tuple!(A TA a, B TB b, C TC c, D TD d, E TE e, F TF f, G TG g, H TH h);
