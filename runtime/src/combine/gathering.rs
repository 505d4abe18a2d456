//! The object that a gather is: a promise, the children that will settle it, and its await.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::cancel::{Awaitable, CancelReason, CancelTarget, Cancelled};
use crate::event_loop::get_running_loop;
use crate::promise::{Outcome, PromiseCell, TaskError, Wait};
use crate::task::Task;

/// Several tasks that are waited for as one.
///
/// Clones stand for the same gather. Awaiting it by value moves the results out; awaiting
/// `&gather` clones them. The asyncio counterpart is the future that `gather` returns.
///
/// ```
/// use looplet::{gather, run};
/// use std::future::ready;
///
/// run(async {
///     let both = gather([ready(1), ready(2)]);
///     assert!(!both.done());
///     assert_eq!((&both).await, [1, 2]);
///     assert!(both.done());
/// });
/// ```
pub struct Gather<R> {
    cell: Rc<GatherCell<R>>,
}

struct GatherCell<R> {
    promise: PromiseCell<R>,
    children: RefCell<Vec<Rc<dyn CancelTarget>>>,
    /// Children that have not ended, and one more as long as children are being added.
    left: Cell<usize>,
    /// Takes the results of all children, once they have ended.
    collect: Cell<Option<Box<dyn FnOnce() -> R>>>,
    /// The request that the children were cancelled with.
    request: Cell<Option<Cancelled>>,
}

impl<R: 'static> Gather<R> {
    pub(super) fn new(collect: impl FnOnce() -> R + 'static) -> Self {
        let cell = GatherCell {
            promise: PromiseCell::new(get_running_loop().downgrade()),
            children: RefCell::default(),
            left: Cell::new(1),
            collect: Cell::new(Some(Box::new(collect))),
            request: Cell::new(None),
        };
        Self {
            cell: Rc::new(cell),
        }
    }

    /// Adds a child. `verdict` looks at one that has ended with a value, and may have the
    /// result of the whole.
    ///
    /// As in asyncio, a child that has ended costs no turn.
    pub(super) fn watch<T: 'static>(&self, task: &Task<T>, verdict: fn(&Task<T>) -> Option<R>) {
        self.cell.left.set(self.cell.left.get() + 1);
        self.cell
            .children
            .borrow_mut()
            .push(task.as_cancel_target());
        if task.done() {
            return self.cell.child_ended(task, verdict);
        }
        let cell = self.cell.clone();
        task.add_done_callback(move |task| cell.child_ended(task, verdict));
    }

    /// All children are added: a gather of nothing is done.
    pub(super) fn watched(self) -> Self {
        self.cell.one_less();
        self
    }

    /// Asks every child that has not ended to end. Returns whether there was one.
    #[track_caller]
    pub fn cancel(&self) -> bool {
        self.cell.cancel(Cancelled::new(CancelReason::Requested))
    }

    /// Returns whether all children have ended, or one has failed.
    pub fn done(&self) -> bool {
        self.cell.promise.is_done()
    }

    /// Returns `false`. A gather is not cancelled itself: its children are, and how they end is
    /// how the gather ends. asyncio's `cancelled` gives the same answer.
    pub fn cancelled(&self) -> bool {
        false
    }
}

/// Clones stand for the same gather.
impl<R> Clone for Gather<R> {
    fn clone(&self) -> Self {
        Self {
            cell: self.cell.clone(),
        }
    }
}

impl<R> GatherCell<R> {
    fn child_ended<T: 'static>(&self, task: &Task<T>, verdict: fn(&Task<T>) -> Option<R>) {
        // The failure is looked at also when it comes too late to matter: the gather answers
        // for its children.
        if let Some(failure) = task.failure() {
            self.settle(Err(failure));
        } else if !self.promise.is_done()
            && let Some(result) = verdict(task)
        {
            self.settle(Ok(result));
        }
        self.one_less();
    }

    fn one_less(&self) {
        self.left.set(self.left.get() - 1);
        if self.left.get() == 0 {
            self.succeed();
        }
    }

    fn succeed(&self) {
        if self.promise.is_done() {
            return;
        }
        match (self.request.take(), self.collect.take()) {
            (Some(cause), _) => self.settle(Err(TaskError::Cancelled(cause))),
            (None, Some(collect)) => {
                // A value that somebody else has taken is a panic. It belongs to the awaiter.
                let values = catch_unwind(AssertUnwindSafe(collect));
                self.settle(values.map_err(TaskError::Panicked));
            }
            (None, None) => {}
        }
    }

    fn settle(&self, outcome: Outcome<R>) {
        // The first failure decides; what comes later is the children's own affair.
        let refused = self.promise.settle(outcome);
        drop(refused);
    }
}

impl<R> Awaitable for GatherCell<R> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.left.get() {
            1 => f.write_str("a gather of 1 task that goes on"),
            left => write!(f, "a gather of {left} tasks that go on"),
        }
    }

    fn decided_by(&self) -> Vec<usize> {
        let children = self.children.borrow();
        children
            .iter()
            .flat_map(|child| child.decided_by())
            .collect()
    }
}

impl<R> CancelTarget for GatherCell<R> {
    fn cancel(&self, cause: Cancelled) -> bool {
        if self.promise.is_done() {
            return false;
        }
        let children = self.children.borrow().clone();
        let mut any = false;
        for child in children {
            any |= child.cancel(cause.clone());
        }
        if any {
            self.request.set(Some(cause));
        }
        any
    }
}

impl<R> fmt::Debug for Gather<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<Gather {:?} left={}>",
            self.cell.promise,
            self.cell.left.get()
        )
    }
}

/// Moves the results out.
impl<R: 'static> IntoFuture for Gather<R> {
    type Output = R;
    type IntoFuture = GatherWait<R>;

    fn into_future(self) -> GatherWait<R> {
        GatherWait {
            wait: Wait::new(),
            cell: self.cell,
            read: PromiseCell::take_outcome,
        }
    }
}

/// Clones the results.
impl<R: Clone + 'static> IntoFuture for &Gather<R> {
    type Output = R;
    type IntoFuture = GatherWait<R>;

    fn into_future(self) -> GatherWait<R> {
        GatherWait {
            wait: Wait::new(),
            cell: self.cell.clone(),
            read: PromiseCell::clone_outcome,
        }
    }
}

/// The await of a [`Gather`].
///
/// Made by `.await`; asyncio has no name for it.
///
/// # Cancel safety
///
/// Cancelling it cancels the children that run, and then the awaiter. Dropping it has no effect.
///
/// ```
/// use looplet::{GatherWait, gather, run};
/// use std::future::ready;
///
/// run(async {
///     let wait: GatherWait<[i32; 2]> = gather([ready(1), ready(2)]).into_future();
///     assert_eq!(wait.await, [1, 2]);
/// });
/// ```
#[must_use = "futures do nothing unless awaited"]
pub struct GatherWait<R> {
    cell: Rc<GatherCell<R>>,
    wait: Wait,
    read: fn(&PromiseCell<R>) -> Option<Outcome<R>>,
}

impl<R: 'static> std::future::Future for GatherWait<R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let Self { cell, wait, read } = &mut *self;
        let target = || -> Rc<dyn CancelTarget> { cell.clone() };
        match wait.poll(&cell.promise, context, *read, target) {
            Poll::Ready(answer) => answer.value(),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<R> Drop for GatherWait<R> {
    fn drop(&mut self) {
        self.wait.leave(&self.cell.promise);
    }
}

impl<R> fmt::Debug for GatherWait<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<GatherWait {:?}>", self.cell.promise)
    }
}
