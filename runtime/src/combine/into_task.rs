//! What a combinator takes: a task as it is, or a future that becomes one.

use crate::event_loop::get_running_loop;
use crate::promise::Promise;
use crate::task::Task;

/// Returns the task that something is, or starts one for it: a [`Task`] and a [`Promise`] are
/// taken as they are, any other future is started on the running loop.
///
/// It is what all combinators do with what they are given. The asyncio counterpart has the
/// same name.
///
/// # Panics
///
/// If a future has to be started and no loop is running.
///
/// ```
/// use looplet::{create_task, ensure_future, run};
///
/// run(async {
///     let task = create_task(async { 1 });
///     let same = ensure_future(task.clone());
///     task.set_name("the only one");
///     assert_eq!(same.name(), "the only one");
///     assert_eq!(same.await + ensure_future(async { 2 }).await, 3);
/// });
/// ```
#[track_caller]
pub fn ensure_future<I: IntoTask>(future: I) -> Task<I::Output> {
    future.into_task()
}

/// Returns the tasks that things are, or starts them in their order. A loop and not a `map`,
/// because the place of the call becomes their site.
#[track_caller]
pub(super) fn ensure_all<I: IntoTask>(
    futures: impl IntoIterator<Item = I>,
) -> Vec<Task<I::Output>> {
    let mut tasks = Vec::new();
    for future in futures {
        tasks.push(future.into_task());
    }
    tasks
}

/// Something that is a task or can be made one; see [`ensure_future`].
///
/// Tasks, promises and all futures are. asyncio has no name for it: there it is an awaitable.
///
/// ```
/// use looplet::{IntoTask, run};
///
/// async fn twice(thing: impl IntoTask<Output = i32>) -> i32 {
///     2 * thing.into_task().await
/// }
///
/// assert_eq!(run(async { twice(async { 21 }).await }), 42);
/// ```
#[doc(alias = "ensure_future")]
pub trait IntoTask {
    /// What the task returns.
    type Output: 'static;

    /// Returns the task.
    ///
    /// # Panics
    ///
    /// If a future has to be started and no loop is running.
    fn into_task(self) -> Task<Self::Output>;
}

impl<T: 'static> IntoTask for Task<T> {
    type Output = T;

    fn into_task(self) -> Task<T> {
        self
    }
}

/// No turn passes between the promise and the task: it is the promise in another shape.
/// Cancelling the task cancels the promise, and the loop does not count it among its tasks.
impl<T: 'static> IntoTask for Promise<T> {
    type Output = T;

    #[track_caller]
    fn into_task(self) -> Task<T> {
        Task::of_promise(&self)
    }
}

impl<F> IntoTask for F
where
    F: Future + 'static,
    F::Output: 'static,
{
    type Output = F::Output;

    #[track_caller]
    fn into_task(self) -> Task<F::Output> {
        get_running_loop().create_task(self)
    }
}
