//! Tasks of which only the loop knows what they return.

use std::fmt;
use std::rc::Rc;

use crate::cancel::{CancelReason, Cancelled};
use crate::event_loop::{
    self, Callback, Coroutine, EventLoop, Graph, TaskEnding, awaited, get_running_loop,
};

/// A task of which the type of the result is not known: what [`current_task`] and
/// [`all_tasks`] give.
///
/// In asyncio it is the `Task` itself.
///
/// ```
/// use looplet::{TaskRef, create_task, current_task, run};
///
/// run(async {
///     let task = create_task(async { current_task().expect("this is one") });
///     task.set_name("poet");
///     let own: TaskRef = task.await;
///     assert_eq!(own.name(), "poet");
/// });
/// ```
#[derive(Clone)]
pub struct TaskRef {
    pub(super) coroutine: Rc<dyn Coroutine>,
}

impl TaskRef {
    /// Asks the task to end; see [`Task::cancel`](crate::Task::cancel).
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cancel_for(Cancelled::new(CancelReason::Requested))
    }

    /// Asks the task to end, with a message for whoever catches it; see
    /// [`Task::cancel_with`](crate::Task::cancel_with).
    #[track_caller]
    pub fn cancel_with(&self, message: impl Into<String>) -> bool {
        self.cancel_for(Cancelled::with_message(message))
    }

    pub(crate) fn cancel_for(&self, cause: Cancelled) -> bool {
        self.coroutine.cancel(cause)
    }

    pub(crate) fn notify_end(&self, callback: Rc<dyn Callback>) {
        self.coroutine.notify_end(callback);
    }

    /// What the task panicked with, if it has; after that, somebody has looked.
    pub(crate) fn panic_text(&self) -> Option<String> {
        self.coroutine.panic_text()
    }

    /// Returns the name: `Task-N`, unless it was given another.
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.coroutine.name()
    }

    /// Gives the task a name, for reports.
    pub fn set_name(&self, name: impl Into<String>) {
        self.coroutine.set_name(name.into());
    }

    /// Returns how many requests to end were made and not taken back.
    pub fn cancelling(&self) -> u32 {
        self.coroutine.frame().cancelling_inside()
    }

    /// Takes one request to end back; see [`Task::uncancel`](crate::Task::uncancel).
    ///
    /// ```
    /// use looplet::{catch_cancel, current_task, run, yield_now};
    ///
    /// run(async {
    ///     let main = current_task().expect("a task runs");
    ///     main.cancel();
    ///     assert!(catch_cancel(yield_now()).await.is_err());
    ///     assert_eq!((main.cancelling(), main.uncancel()), (1, 0));
    /// });
    /// ```
    pub fn uncancel(&self) -> u32 {
        self.coroutine.frame().uncancel()
    }
}

impl PartialEq for TaskRef {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.coroutine, &other.coroutine)
    }
}

impl Eq for TaskRef {}

impl fmt::Debug for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Task {}>", Shown(&*self.coroutine))
    }
}

/// Returns the task whose step is running; `None` in a callback. The asyncio counterpart has
/// the same name.
///
/// ```
/// use looplet::{current_task, get_running_loop, run, yield_now};
///
/// run(async {
///     assert!(current_task().is_some());
///     get_running_loop().call_soon(|| assert!(current_task().is_none()));
///     yield_now().await;
/// });
/// ```
pub fn current_task() -> Option<TaskRef> {
    event_loop::task().map(|coroutine| TaskRef { coroutine })
}

/// Returns the tasks of the running loop that have not ended, in the order in which they were
/// spawned. The asyncio counterpart has the same name.
///
/// # Panics
///
/// If no loop is running on this thread.
///
/// ```
/// use looplet::{all_tasks, create_task, run};
///
/// run(async {
///     create_task(async {}).set_name("second");
///     let names: Vec<_> = all_tasks().iter().map(|task| task.name()).collect();
///     assert_eq!(names, ["Task-1", "second"]);
/// });
/// ```
pub fn all_tasks() -> Vec<TaskRef> {
    get_running_loop().all_tasks()
}

impl EventLoop {
    /// Returns the tasks of this loop that have not ended; see [`all_tasks`].
    pub fn all_tasks(&self) -> Vec<TaskRef> {
        let all = self.core().tasks.all().into_iter();
        all.map(|coroutine| TaskRef { coroutine }).collect()
    }
}

/// What there is to say of a task beside its state.
pub(super) struct Shown<'a>(pub(super) &'a dyn Coroutine);

impl Shown<'_> {
    /// The state, as asyncio prints it; a panic has no word there.
    fn state(&self) -> &'static str {
        match self.0.ending() {
            None if self.0.frame().cancelling_inside() > 0 => "cancelling",
            None => "pending",
            Some(TaskEnding::Returned) => "finished",
            Some(TaskEnding::Cancelled) => "cancelled",
            Some(TaskEnding::Panicked) => "panicked",
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(coroutine) = self;
        let (state, name, path) = (self.state(), coroutine.name(), coroutine.type_name());
        write!(f, "{state} name='{name}' coro=<{path}>")?;
        match awaited(*coroutine) {
            Some(thing) => write!(f, " wait_for=<{thing}>"),
            None => Ok(()),
        }
    }
}

/// Returns a drawing of a task, the running one if none is given, and of those that wait for it:
/// who awaits whom.
///
/// Each is shown with its name, its ticket, its coroutine and the place where that was spawned.
/// It is empty for a task that has ended, and outside of tasks. The asyncio counterpart has the
/// same name (since 3.14).
///
/// ```
/// use looplet::{create_task, format_call_graph, run, yield_now};
///
/// let graph = run(async {
///     let inner = create_task(async { yield_now().await; format_call_graph(None) });
///     inner.await
/// });
/// assert!(graph.starts_with("* Task(name='Task-2', id=0x"));
/// assert!(graph.contains("  + Awaited by:\n    * Task(name='Task-1', id=0x"));
/// ```
#[doc(alias = "capture_call_graph")]
#[doc(alias = "print_call_graph")]
pub fn format_call_graph(task: Option<&TaskRef>) -> String {
    let current = current_task();
    let Some(task) = task.or(current.as_ref()) else {
        return String::new();
    };
    let ticket = task.coroutine.ticket();
    match event_loop::loop_of(ticket) {
        Some(event_loop) => Graph::of(event_loop.core()).format(ticket),
        None => String::new(),
    }
}
