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
//! 2. Nothing in here needs to be dropped when the thread ends: every loop takes itself out.
//!    So there is no destructor to register, an access is a plain load, and the `Drop` of
//!    another thread-local may still ask.
//! 3. The running task is known by its ticket alone. A task that wakes itself is only marked,
//!    and queued at the end of its step: asyncio queues it there, and it saves a look-up.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::rc::{Rc, Weak};

use super::core::Core;
use super::inbox;
use super::tasks::Coroutine;
use super::ticket::{LoopNumber, Ticket};
use crate::cancel::{FrameRef, Step, SuspendedStep};
use crate::vars::SharedVars;

struct ThreadContext {
    /// The loop that runs on this thread.
    running: ManuallyDrop<RefCell<Option<Rc<Core>>>>,
    /// Its number, so that a wake need not look at the loop to know that it is the right one.
    number: Cell<Option<LoopNumber>>,
    /// The ticket of the task whose step is running.
    ticket: Cell<Option<Ticket>>,
    /// Whether that task has been woken since its step began.
    woken: Cell<bool>,
    /// Whether a task that has ended is being dropped.
    burying: Cell<bool>,
    /// What the step is doing.
    step: ManuallyDrop<Step>,
    /// Whose steps are suspended while a task they made takes its first one; the innermost last.
    suspended: ManuallyDrop<RefCell<Vec<Outer>>>,
    /// Whether a context variable was ever set on this thread.
    vars_used: Cell<bool>,
    /// The values that whoever runs has set itself into; see `context_var.rs`.
    entered_vars: ManuallyDrop<RefCell<Option<SharedVars>>>,
    /// The values of whoever runs outside of tasks.
    thread_vars: ManuallyDrop<RefCell<Option<SharedVars>>>,
    /// The loop that a program has set for this thread.
    chosen: Cell<Option<LoopNumber>>,
    /// All loops of this thread.
    loops: ManuallyDrop<RefCell<Vec<Weak<Core>>>>,
}

/// A step, or a callback, that is suspended.
struct Outer {
    ticket: Option<Ticket>,
    /// Whether the task has been woken since its step began.
    woken: bool,
}

thread_local! {
    static CONTEXT: ThreadContext = const {
        ThreadContext {
            running: ManuallyDrop::new(RefCell::new(None)),
            number: Cell::new(None),
            ticket: Cell::new(None),
            woken: Cell::new(false),
            burying: Cell::new(false),
            step: ManuallyDrop::new(Step::new()),
            suspended: ManuallyDrop::new(RefCell::new(Vec::new())),
            vars_used: Cell::new(false),
            entered_vars: ManuallyDrop::new(RefCell::new(None)),
            thread_vars: ManuallyDrop::new(RefCell::new(None)),
            chosen: Cell::new(None),
            loops: ManuallyDrop::new(RefCell::new(Vec::new())),
        }
    };
}

/// Returns the loop that runs on this thread.
pub(crate) fn running() -> Option<Rc<Core>> {
    CONTEXT.with(|context| context.running.borrow().clone())
}

/// Remembers a loop that was made on this thread.
pub(crate) fn remember(core: &Rc<Core>) {
    CONTEXT.with(|context| context.loops.borrow_mut().push(Rc::downgrade(core)));
}

/// Forgets a loop that ends, and the memory of the list with the last one.
pub(crate) fn forget(core: &Rc<Core>) {
    CONTEXT.with(|context| {
        let mut loops = context.loops.borrow_mut();
        loops.retain(|other| !std::ptr::eq(other.as_ptr(), Rc::as_ptr(core)));
        loops.shrink_to_fit();
        // The number will be that of another loop.
        if context.chosen.get() == Some(core.number) {
            context.chosen.set(None);
        }
    });
}

/// Returns the loop that a program has set for this thread.
pub(crate) fn chosen() -> Option<LoopNumber> {
    CONTEXT.with(|context| context.chosen.get())
}

/// Sets the loop of this thread.
pub(crate) fn choose(number: Option<LoopNumber>) {
    CONTEXT.with(|context| context.chosen.set(number));
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
        let left = CONTEXT.with(|context| {
            context.number.set(None);
            context.running.take()
        });
        drop(left);
    }
}

/// Makes the task of `ticket` the current one for the time of `step`. Returns whether the
/// task was woken meanwhile.
#[inline]
pub(crate) fn run_as<R>(ticket: Ticket, step: impl FnOnce() -> R) -> (R, bool) {
    CONTEXT.with(|context| {
        context.ticket.set(Some(ticket));
        context.woken.set(false);
        let result = step();
        context.ticket.set(None);
        (result, context.woken.get())
    })
}

/// Suspends the running step, or callback, until what is returned is dropped.
pub(crate) fn suspend() -> Suspended {
    CONTEXT.with(|context| {
        context.suspended.borrow_mut().push(Outer {
            ticket: context.ticket.take(),
            woken: context.woken.take(),
        });
        Suspended {
            step: context.step.suspend(),
            burying: context.burying.take(),
            vars: context.entered_vars.take(),
        }
    })
}

/// A step in whose middle another one is made.
pub(crate) struct Suspended {
    step: SuspendedStep,
    burying: bool,
    vars: Option<SharedVars>,
}

impl Drop for Suspended {
    fn drop(&mut self) {
        let inner = CONTEXT.with(|context| {
            let outer = context.suspended.borrow_mut().pop();
            if let Some(outer) = outer {
                context.ticket.set(outer.ticket);
                context.woken.set(outer.woken);
            }
            context.burying.set(self.burying);
            context.step.resume(std::mem::take(&mut self.step));
            context.entered_vars.replace(self.vars.take())
        });
        drop(inner);
    }
}

/// Marks a task as woken whose step is suspended. Returns whether there is such a one.
fn wake_suspended(ticket: Ticket) -> bool {
    CONTEXT.with(|context| {
        let mut suspended = context.suspended.borrow_mut();
        let mut outer = suspended.iter_mut();
        let found = outer.find(|outer| outer.ticket == Some(ticket));
        found.map(|outer| outer.woken = true).is_some()
    })
}

/// Marks the time in which a task that has ended is dropped, for the report of a panic in it.
pub(crate) fn set_burying(burying: bool) {
    CONTEXT.with(|context| context.burying.set(burying));
}

/// Takes the mark. Returns whether it was set.
pub(crate) fn take_burying() -> bool {
    CONTEXT.with(|context| context.burying.take())
}

/// Ends a step that has panicked. Returns whose it was; `None` if no step was running.
pub(crate) fn leave_step() -> Option<Ticket> {
    CONTEXT.with(|context| context.ticket.take())
}

/// Returns the task whose step is running.
pub(crate) fn task() -> Option<Rc<dyn Coroutine>> {
    task_of(ticket()?)
}

/// Returns the ticket of the task whose step is running.
#[inline]
pub(crate) fn ticket() -> Option<Ticket> {
    CONTEXT.with(|context| context.ticket.get())
}

/// Returns the task that a ticket stands for, if it is on a loop of this thread.
fn task_of(ticket: Ticket) -> Option<Rc<dyn Coroutine>> {
    with_loop(ticket.number(), |core| core.tasks.get(ticket.task()))?
}

/// Looks at the task that a ticket stands for, if it is on a loop of this thread, without
/// keeping it. `look` runs no user code.
pub(crate) fn with_task<R>(ticket: Ticket, look: impl FnOnce(&dyn Coroutine) -> R) -> Option<R> {
    with_loop(ticket.number(), |core| core.tasks.look(ticket.task(), look))?
}

/// The name of the task that a ticket stands for, if it is there.
pub(crate) fn name_of(ticket: Ticket) -> Option<String> {
    task_of(ticket).map(|task| task.name())
}

/// Whether the task of a ticket has been woken and waits for its next step.
pub(crate) fn is_queued(ticket: Ticket) -> bool {
    if self::ticket() == Some(ticket) {
        return CONTEXT.with(|context| context.woken.get());
    }
    let is_queued = |core: &Core| core.tasks.is_queued(ticket.task());
    with_loop(ticket.number(), is_queued).unwrap_or(false)
}

/// Returns a loop of this thread, running or not.
pub(crate) fn find_loop(number: LoopNumber) -> Option<Rc<Core>> {
    CONTEXT.with(|context| {
        if context.number.get() == Some(number) {
            return context.running.borrow().clone();
        }
        find(&context.loops, number)
    })
}

/// Looks at a loop of this thread, running or not. `look` runs no user code.
#[inline]
pub(crate) fn with_loop<R>(number: LoopNumber, look: impl FnOnce(&Core) -> R) -> Option<R> {
    CONTEXT.with(|context| {
        if context.number.get() == Some(number)
            && let Some(core) = &*context.running.borrow()
        {
            return Some(look(core));
        }
        find(&context.loops, number).map(|core| look(&core))
    })
}

/// Looks at, or changes, what the running step is doing.
///
/// `use_step` must not call user code.
#[inline]
pub(crate) fn with_step<R>(use_step: impl FnOnce(&Step) -> R) -> R {
    CONTEXT.with(|context| use_step(&context.step))
}

/// Returns the innermost frame of the running step: a scope's, or the task's own.
pub(crate) fn frame() -> Option<FrameRef> {
    let inner = with_step(Step::frame);
    inner.or_else(|| task().map(|task| task as FrameRef))
}

/// Redeems a ticket: queues its task, here or by way of another loop's inbox.
#[inline]
pub(crate) fn wake(ticket: Ticket) {
    if self::ticket() == Some(ticket) {
        CONTEXT.with(|context| context.woken.set(true));
    } else {
        wake_another(ticket);
    }
}

#[inline(never)]
fn wake_another(ticket: Ticket) {
    if wake_suspended(ticket) {
        return;
    }
    if with_loop(ticket.number(), |core| core.schedule(ticket.task())).is_none() {
        inbox::forward(ticket);
    }
}

fn find(loops: &RefCell<Vec<Weak<Core>>>, number: LoopNumber) -> Option<Rc<Core>> {
    let loops = loops.borrow();
    loops
        .iter()
        .filter_map(Weak::upgrade)
        .find(|core| core.number == number)
}

/// Whether there can be values at all.
#[inline]
pub(crate) fn is_vars_used() -> bool {
    CONTEXT.with(|context| context.vars_used.get())
}

/// Returns a copy of the values that hold for whoever runs, if there are any.
pub(crate) fn copy_vars() -> Option<SharedVars> {
    let vars = current_vars()?.snapshot();
    (!vars.is_empty()).then(|| SharedVars::new(vars))
}

/// Returns the values that hold for whoever runs, if anybody has set any.
pub(crate) fn current_vars() -> Option<SharedVars> {
    if !is_vars_used() {
        return None;
    }
    let entered = CONTEXT.with(|context| context.entered_vars.borrow().clone());
    if entered.is_some() {
        return entered;
    }
    match ticket() {
        Some(ticket) => with_loop(ticket.number(), |core| core.contexts.get(ticket.task()))?,
        None => CONTEXT.with(|context| context.thread_vars.borrow().clone()),
    }
}

/// The same for somebody who is about to set one.
pub(crate) fn vars_to_write() -> SharedVars {
    CONTEXT.with(|context| context.vars_used.set(true));
    if let Some(vars) = current_vars() {
        return vars;
    }
    let vars = SharedVars::default();
    match ticket() {
        Some(ticket) => {
            with_loop(ticket.number(), |core| {
                core.contexts.insert(ticket.task(), vars.clone())
            });
        }
        None => CONTEXT.with(|context| drop(context.thread_vars.replace(Some(vars.clone())))),
    }
    vars
}

/// Calls `call` with these values in force.
pub(crate) fn with_vars<R>(vars: Option<SharedVars>, call: impl FnOnce() -> R) -> R {
    let entered = |context: &ThreadContext| {
        context.vars_used.set(true);
        context.entered_vars.replace(vars)
    };
    let _back = BackVars(CONTEXT.with(entered));
    call()
}

/// Puts the values back that were in force.
struct BackVars(Option<SharedVars>);

impl Drop for BackVars {
    fn drop(&mut self) {
        let outer = self.0.take();
        let inner = CONTEXT.with(|context| context.entered_vars.replace(outer));
        drop(inner);
    }
}

/// Takes away what the thread itself has, outside of tasks.
pub(crate) fn forget_thread_vars() {
    let vars = CONTEXT.with(|context| context.thread_vars.take());
    drop(vars);
}
