//! What a combinator takes: a task as it is, or a future that becomes one.

use crate::event_loop::get_running_loop;
use crate::task::Task;

/// Something that is a task or can be made one.
///
/// A [`Task`] is taken as it is; any other future is started at the call, as asyncio's
/// `ensure_future` does.
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
