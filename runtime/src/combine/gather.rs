//! `gather`: all results, in the order of the arguments.
//!
//! Who owns the children: the loop, as always; `gather` only watches them. What happens to
//! the others when one fails: nothing, they go on. A child that was cancelled or panicked ends
//! the gather at once, in the same way. Cancelling the gather cancels every child.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::into_task::IntoTask;
use crate::cancel::{Awaitable, CancelReason, CancelTarget, Cancelled};
use crate::event_loop::get_running_loop;
use crate::promise::{Outcome, PromiseCell, TaskError, Wait};
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

/// What [`gather`] takes.
pub trait Gatherable {
    /// What awaiting the gather gives.
    type Output;

    /// Starts what is not started and watches all.
    fn gather(self) -> Gather<Self::Output>;
}

/// Several tasks that are waited for as one.
///
/// Clones stand for the same gather. Awaiting it by value moves the results out; awaiting
/// `&gather` clones them. The asyncio counterpart is the future that `gather` returns.
pub struct Gather<R> {
    cell: Rc<GatherCell<R>>,
}

struct GatherCell<R> {
    promise: PromiseCell<R>,
    children: RefCell<Vec<Rc<dyn CancelTarget>>>,
    /// Children that have not ended.
    left: Cell<usize>,
    /// Takes the results of all children, once they have ended.
    collect: Cell<Option<Box<dyn FnOnce() -> R>>>,
    /// The request that the children were cancelled with.
    request: Cell<Option<Cancelled>>,
}

impl<R: 'static> Gather<R> {
    fn new(collect: impl FnOnce() -> R + 'static) -> Self {
        let cell = GatherCell {
            promise: PromiseCell::new(get_running_loop().downgrade()),
            children: RefCell::default(),
            left: Cell::new(0),
            collect: Cell::new(Some(Box::new(collect))),
            request: Cell::new(None),
        };
        Self {
            cell: Rc::new(cell),
        }
    }

    fn watch<T: 'static>(&self, task: &Task<T>) {
        self.cell.left.set(self.cell.left.get() + 1);
        self.cell
            .children
            .borrow_mut()
            .push(task.as_cancel_target());
        let cell = self.cell.clone();
        task.add_done_callback(move |task| cell.child_ended(task.failure()));
    }

    /// A gather of nothing is done.
    fn watched(self) -> Self {
        if self.cell.left.get() == 0 {
            self.cell.succeed();
        }
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
    fn child_ended(&self, failure: Option<TaskError>) {
        self.left.set(self.left.get() - 1);
        if let Some(failure) = failure {
            self.settle(Err(failure));
        } else if self.left.get() == 0 {
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

/// A gather looks at the panics of its children, so it answers for them.
impl<R> Drop for GatherCell<R> {
    fn drop(&mut self) {
        self.promise.report_unretrieved_panic(|| None);
    }
}

impl<R> Awaitable for GatherCell<R> {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a gather of {} tasks that go on", self.left.get())
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

impl<I: IntoTask> Gatherable for Vec<I> {
    type Output = Vec<I::Output>;

    #[track_caller]
    fn gather(self) -> Gather<Vec<I::Output>> {
        let tasks: Rc<[Task<I::Output>]> = self.into_iter().map(IntoTask::into_task).collect();
        let watched = tasks.clone();
        let gather = Gather::new(move || tasks.iter().map(Task::take_value).collect());
        watched.iter().for_each(|task| gather.watch(task));
        gather.watched()
    }
}

impl<I: IntoTask, const N: usize> Gatherable for [I; N] {
    type Output = [I::Output; N];

    #[track_caller]
    fn gather(self) -> Gather<[I::Output; N]> {
        let tasks: Rc<[Task<I::Output>; N]> = Rc::new(self.map(IntoTask::into_task));
        let watched = tasks.clone();
        let gather = Gather::new(move || tasks.each_ref().map(Task::take_value));
        watched.iter().for_each(|task| gather.watch(task));
        gather.watched()
    }
}

/// Tuples of different tasks.
macro_rules! gather_tuple {
    ($($kind:ident $name:ident),+) => {
        impl<$($kind: IntoTask),+> Gatherable for ($($kind,)+) {
            type Output = ($($kind::Output,)+);

            #[track_caller]
            fn gather(self) -> Gather<Self::Output> {
                let ($($name,)+) = self;
                $(let $name = $name.into_task();)+
                let tasks = ($($name.clone(),)+);
                let gather = Gather::new(move || { let ($($name,)+) = tasks; ($($name.take_value(),)+) });
                $(gather.watch(&$name);)+
                gather
            }
        }
    };
}

gather_tuple!(A a);
gather_tuple!(A a, B b);
gather_tuple!(A a, B b, C c);
gather_tuple!(A a, B b, C c, D d);
gather_tuple!(A a, B b, C c, D d, E e);
gather_tuple!(A a, B b, C c, D d, E e, F f);
gather_tuple!(A a, B b, C c, D d, E e, F f, G g);
gather_tuple!(A a, B b, C c, D d, E e, F f, G g, H h);
