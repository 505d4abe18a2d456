//! The one thread-local: which loop runs here, which task, and what its step is doing.
//!
//! asyncio has `_running_loop`, and so do we; everything else receives the loop as an
//! argument or asks for it here at its public edge. Beside the running loop there is a list
//! of all loops that were made on this thread, because a ticket for one of them must not go
//! by way of the inbox merely because that loop is not running at the moment.
//!
//! # Rules
//!
//! 1. No borrow of the context lasts while user code runs.
//! 2. What is asked for while the thread ends (from the `Drop` of another thread-local) is
//!    not there, and that is not a panic.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::core::Core;
use super::inbox;
use super::tasks::Coroutine;
use super::ticket::{LoopNumber, Ticket};
use crate::cancel::{FrameRef, Step};

struct ThreadContext {
    /// The loop that runs on this thread.
    running: RefCell<Option<Rc<Core>>>,
    /// Its number, so that a wake need not look at the loop to know that it is the right one.
    number: Cell<Option<LoopNumber>>,
    /// The task whose step is running.
    task: RefCell<Option<Rc<dyn Coroutine>>>,
    /// The word of that task's ticket.
    word: Cell<usize>,
    /// What the step is doing.
    step: Step,
    /// All loops of this thread.
    loops: RefCell<Vec<Weak<Core>>>,
}

thread_local! {
    static CONTEXT: ThreadContext = const {
        ThreadContext {
            running: RefCell::new(None),
            number: Cell::new(None),
            task: RefCell::new(None),
            word: Cell::new(0),
            step: Step::new(),
            loops: RefCell::new(Vec::new()),
        }
    };
}

/// Returns the loop that runs on this thread.
pub(crate) fn running() -> Option<Rc<Core>> {
    CONTEXT.try_with(|context| context.running.borrow().clone()).ok().flatten()
}

/// Remembers a loop that was made on this thread.
pub(crate) fn remember(core: &Rc<Core>) {
    CONTEXT.with(|context| {
        let mut loops = context.loops.borrow_mut();
        loops.retain(|other| other.strong_count() > 0);
        loops.push(Rc::downgrade(core));
    });
}

/// Makes a loop the running one until the guard is dropped.
///
/// Returns `None` if another loop runs on this thread.
pub(crate) fn enter(core: &Rc<Core>) -> Option<Entered> {
    CONTEXT.with(|context| {
        if context.running.borrow().is_some() {
            return None;
        }
        context.running.replace(Some(core.clone()));
        context.number.set(Some(core.number));
        Some(Entered(()))
    })
}

/// A loop is the running one as long as this lives.
pub(crate) struct Entered(());

impl Drop for Entered {
    fn drop(&mut self) {
        let left = CONTEXT.try_with(|context| {
            context.number.set(None);
            context.running.take()
        });
        drop(left);
    }
}

/// Makes `task` the current one for the time of `step`.
pub(crate) fn with_task<R>(task: &Rc<dyn Coroutine>, word: usize, step: impl FnOnce() -> R) -> R {
    CONTEXT.with(|context| {
        context.task.replace(Some(task.clone()));
        context.word.set(word);
    });
    let result = step();
    let left = CONTEXT.with(|context| {
        context.word.set(0);
        context.task.take()
    });
    drop(left);
    result
}

/// Returns the task whose step is running.
pub(crate) fn task() -> Option<Rc<dyn Coroutine>> {
    CONTEXT.try_with(|context| context.task.borrow().clone()).ok().flatten()
}

/// Whether `word` is that of the ticket of the current task.
pub(crate) fn is_own_word(word: usize) -> bool {
    CONTEXT.try_with(|context| context.word.get() == word).unwrap_or(false)
}

/// Looks at, or changes, what the running step is doing.
///
/// `use_step` must not call user code.
pub(crate) fn with_step<R>(use_step: impl FnOnce(&Step) -> R) -> R {
    CONTEXT.with(|context| use_step(&context.step))
}

/// Returns the innermost frame of the running step: a scope's, or the task's own.
pub(crate) fn frame() -> Option<FrameRef> {
    CONTEXT.with(|context| match context.step.frame() {
        Some(frame) => Some(frame),
        None => context.task.borrow().clone().map(|task| task as FrameRef),
    })
}

/// Redeems a ticket: queues its task, here or by way of another loop's inbox.
pub(crate) fn wake(ticket: Ticket) {
    let number = ticket.number();
    let done = CONTEXT.try_with(|context| {
        if context.number.get() == Some(number)
            && let Some(core) = &*context.running.borrow()
        {
            core.schedule(ticket.task());
            return true;
        }
        let core = find(&context.loops, number);
        core.inspect(|core| core.schedule(ticket.task())).is_some()
    });
    if done != Ok(true) {
        inbox::forward(ticket);
    }
}

fn find(loops: &RefCell<Vec<Weak<Core>>>, number: LoopNumber) -> Option<Rc<Core>> {
    let loops = loops.borrow();
    loops.iter().filter_map(Weak::upgrade).find(|core| core.number == number)
}
