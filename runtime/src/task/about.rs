//! What there is to say about a task, beside how it ends: for reports, and for programs that
//! look at themselves.
//!
//! A task and a reference to one answer the same questions, so each answer stands once, as a
//! function of the coroutine. What asyncio shows as a stack (`get_stack`) is here what the task
//! waits for, in words: of a future that waits, the innermost place is all that is known.

use std::panic::Location;

use super::handle::Task;
use super::task_ref::TaskRef;
use crate::context_var::Context;
use crate::event_loop::{Coroutine, EventLoop, awaited, loop_of, with_task};

impl<T: 'static> Task<T> {
    /// Returns where in the source the task was spawned.
    ///
    /// ```
    /// use looplet::{create_task, run};
    ///
    /// run(async {
    ///     let here = std::panic::Location::caller().line();
    ///     let task = create_task(async {});
    ///     assert_eq!(task.spawned_at().line(), here + 1);
    /// });
    /// ```
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.object.site()
    }

    /// Returns the type of the task's future, for an `async fn` its path. The asyncio counterpart
    /// is `get_coro`, which gives the coroutine itself.
    #[doc(alias = "get_coro")]
    pub fn coroutine(&self) -> &'static str {
        self.object.type_name()
    }

    /// Returns what the task waits for, in words; `None` if it does not wait. The asyncio
    /// counterpart is `get_stack`.
    ///
    /// ```
    /// use looplet::{Event, create_task, run, yield_now};
    ///
    /// run(async {
    ///     let event = Event::new();
    ///     let waiting = event.clone();
    ///     let task = create_task(async move { waiting.wait().await });
    ///     assert_eq!(task.waits_for(), None);
    ///     yield_now().await;
    ///     let thing = task.waits_for().expect("the event is not set");
    ///     assert!(thing.starts_with("an Event"));
    ///     event.set();
    /// });
    /// ```
    #[doc(alias = "get_stack")]
    #[doc(alias = "print_stack")]
    pub fn waits_for(&self) -> Option<String> {
        awaited(self.object.coroutine())
    }

    /// Returns the context the task runs in: what it sets, this shows, and the other way round.
    /// `None` once it has ended. The asyncio counterpart is `get_context`.
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Option<Context> {
        context_of(self.object.coroutine())
    }

    /// Returns the loop that runs the task; `None` if that is gone. The asyncio counterpart has
    /// the same name.
    pub fn get_loop(&self) -> Option<EventLoop> {
        loop_of(self.object.ticket())
    }
}

impl TaskRef {
    /// Returns whether the task has ended, in whatever way.
    pub fn done(&self) -> bool {
        !is_there(&*self.coroutine)
    }

    /// Returns where in the source the task was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.coroutine.site()
    }

    /// Returns the type of the task's future; see [`Task::coroutine`].
    #[doc(alias = "get_coro")]
    pub fn coroutine(&self) -> &'static str {
        self.coroutine.type_name()
    }

    /// Returns what the task waits for, in words; see [`Task::waits_for`].
    #[doc(alias = "get_stack")]
    #[doc(alias = "print_stack")]
    pub fn waits_for(&self) -> Option<String> {
        awaited(&*self.coroutine)
    }

    /// Returns the context the task runs in; see [`Task::context`].
    #[doc(alias = "get_context")]
    pub fn context(&self) -> Option<Context> {
        context_of(&*self.coroutine)
    }

    /// Returns the loop that runs the task; see [`Task::get_loop`].
    pub fn get_loop(&self) -> Option<EventLoop> {
        loop_of(self.coroutine.ticket())
    }
}

/// Whether a task is still among those of its loop.
fn is_there(coroutine: &dyn Coroutine) -> bool {
    with_task(coroutine.ticket(), |_| ()).is_some()
}

/// The context of a task. One that has none gets an empty one, to be shared from then on.
fn context_of(coroutine: &dyn Coroutine) -> Option<Context> {
    if !is_there(coroutine) {
        return None;
    }
    let ticket = coroutine.ticket();
    let event_loop = loop_of(ticket)?;
    let contexts = &event_loop.core().contexts;
    if let Some(vars) = contexts.get(ticket.task()) {
        return Some(Context::sharing(vars));
    }
    let context = Context::new();
    contexts.insert(ticket.task(), context.vars().clone());
    Some(context)
}
