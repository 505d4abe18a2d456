//! Tasks that are not like the others: with a name, a context of their own, or an eager start.

use crate::context_var::Context;

/// How a task is made, where that is not the usual way.
///
/// The asyncio counterparts are the keyword arguments of `create_task`.
///
/// ```
/// use looplet::{TaskOptions, create_task_with, run};
///
/// run(async {
///     let options = TaskOptions { name: Some("poet".to_string()), ..Default::default() };
///     assert_eq!(create_task_with(async {}, options).name(), "poet");
/// });
/// ```
#[derive(Clone, Debug, Default)]
pub struct TaskOptions {
    /// Its name. `None`: `Task-N`.
    pub name: Option<String>,
    /// Whether its first step is made at once, within the call that makes it, and not in the
    /// next turn. A task that never waits has then ended when the call returns.
    #[doc(alias = "eager_start")]
    pub eager: bool,
    /// The context it runs in. `None`: a copy of the current one.
    pub context: Option<Context>,
}
