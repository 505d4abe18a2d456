//! The sweep: one operation, every way to end it, every turn.
//!
//! A round runs one operation on a loop of its own and ends it in one [`Way`] at one turn. The
//! turns are gone through from the first until the operation ends by itself before its turn
//! comes. So no await within the operation is left out, also none that nobody thought of.
//!
//! After a round,
//!
//! 1. everybody else who waited has got what they waited for (a wake that was lost would be
//!    reported as a deadlock);
//! 2. the primitives look as they should: no waiter, nothing taken;
//! 3. the loop has no task, no timer, no entry, no job, and no source once the sockets that the
//!    round made are dropped;
//! 4. the frame of a task that goes on counts no leaf: a cancel of its next await is forwarded.

use std::cell::Cell;
use std::fmt::Debug;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::common::{Boxed, join, turns, unordered, virtual_loop};
use looplet::{
    EventLoop, LoopStats, RunError, Task, TaskError, all_tasks, catch_cancel, create_task,
    current_task, get_running_loop, timeout, yield_now,
};

/// How an operation ends before its time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    /// Its task is cancelled.
    Cancel,
    /// Its task is cancelled, and once more so many turns later.
    CancelTwice(usize),
    /// Its task is aborted.
    Abort,
    /// The task that polls it drops it.
    Drop,
    /// Another task drops it.
    DropElsewhere,
    /// A timeout around it expires.
    Timeout,
    /// It is one branch of a task that is cancelled.
    CancelJoined,
    /// It has a waker of its own, in a task that is cancelled.
    CancelUnordered,
}

const WAYS: [Way; 9] = [
    Way::Cancel,
    Way::CancelTwice(1),
    Way::CancelTwice(4),
    Way::Abort,
    Way::Drop,
    Way::DropElsewhere,
    Way::Timeout,
    Way::CancelJoined,
    Way::CancelUnordered,
];

/// Turns after which an operation that waits for other tasks only would have ended.
const TOO_MANY: usize = 100_000;
/// Turns that children may take which were left alone.
const LINGER: usize = 1_000;

/// An operation and what is around it.
pub(crate) struct Made {
    op: Boxed<()>,
    /// Tasks that have to end whatever becomes of the operation.
    others: Vec<Task<()>>,
    /// Tasks that may have to wait for ever without it.
    helpers: Vec<Task<()>>,
    /// What has to stay alive, and what it must look like in the end, if that is known.
    kept: Vec<(Box<dyn Debug>, Option<String>)>,
    /// Whether it may end in the ordinary way although its task was cancelled.
    swallows: bool,
    /// Sources that the loop keeps for itself, and waits for.
    standing: usize,
}

impl Made {
    pub(crate) fn new<F: Future + 'static>(op: F) -> Self {
        let op = boxed(op);
        Self {
            op,
            others: Vec::new(),
            helpers: Vec::new(),
            kept: Vec::new(),
            swallows: false,
            standing: 0,
        }
    }

    pub(crate) fn other<F: Future + 'static>(mut self, other: F) -> Self {
        let other = create_task(boxed(other));
        self.others.push(other);
        self
    }

    pub(crate) fn helper(mut self, helper: impl Future<Output = ()> + 'static) -> Self {
        self.helpers.push(create_task(helper));
        self
    }

    pub(crate) fn keep(mut self, kept: impl Debug + 'static) -> Self {
        self.kept.push((Box::new(kept), None));
        self
    }

    pub(crate) fn keep_as(mut self, kept: impl Debug + 'static, text: &str) -> Self {
        self.kept.push((Box::new(kept), Some(text.to_string())));
        self
    }

    pub(crate) fn swallows(mut self, swallows: bool) -> Self {
        self.swallows = swallows;
        self
    }

    #[cfg(feature = "process")]
    pub(crate) fn standing(mut self, sources: usize) -> Self {
        self.standing = sources;
        self
    }
}

/// Runs a future and drops what it returns.
pub(crate) fn boxed<F: Future + 'static>(future: F) -> Boxed<()> {
    Box::pin(async move {
        let _ = future.await;
    })
}

pub(crate) const fn us(count: u64) -> Duration {
    Duration::from_micros(count)
}

/// Goes through all ways and turns. Returns how many rounds that were.
pub(crate) fn sweep<F>(make: impl Fn() -> F) -> usize
where
    F: Future<Output = Made> + 'static,
{
    sweep_ways(&WAYS, make)
}

/// Goes through these ways and all turns.
pub(crate) fn sweep_ways<F>(ways: &[Way], make: impl Fn() -> F) -> usize
where
    F: Future<Output = Made> + 'static,
{
    let mut rounds = 0;
    for &way in ways {
        let mut turn = 0;
        while !round(&make, way, turn) {
            rounds += 1;
            // What takes so many turns waits for another thread, and is busy waiting.
            turn += 1 + turn / 32;
            assert!(turn < TOO_MANY, "{way:?}: it does not end by itself");
        }
    }
    assert!(rounds >= ways.len(), "the operation has to wait");
    println!("{rounds} rounds");
    rounds
}

/// One round. Returns whether the operation had ended by itself.
fn round<F>(make: &impl Fn() -> F, way: Way, turn: usize) -> bool
where
    F: Future<Output = Made> + 'static,
{
    let event_loop = virtual_loop();
    let made = make();
    let main = async move {
        let Made {
            op,
            others,
            helpers,
            kept,
            swallows,
            standing,
        } = made.await;
        let (ended, cancelled) = end_early(op, way, turn).await;
        assert!(
            swallows || cancelled != Some(false),
            "{way:?} at turn {turn}: it swallows"
        );
        for other in others {
            other.await;
        }
        for helper in helpers {
            helper.cancel();
            let _ = helper.join().await;
        }
        linger(standing).await;
        (ended, kept, standing)
    };
    let ended = event_loop.run_until_complete(main);
    let place = format!("{way:?} at turn {turn}");
    let (ended, kept, standing) = ended.unwrap_or_else(|error| panic!("{place}: {error}"));
    let waits = event_loop.stats().source_waits;
    assert_eq!(waits, standing, "{place}: waits for sources");
    for (kept, text) in kept {
        assert_eq!(
            Some(format!("{kept:?}")).filter(|_| text.is_some()),
            text,
            "{place}"
        );
    }
    assert_empty(&event_loop, standing, &place);
    ended
}

/// Gives children that were left alone the time to end, and callbacks the time to run. Not more:
/// a timer that was forgotten must still be there afterwards.
async fn linger(standing: usize) {
    let (mut passed, mut allowed) = (0, LINGER);
    while passed < allowed && is_busy(standing) {
        // A process that another test is starting has a copy of every descriptor until it becomes
        // another program. Until then, nobody sees that the peer of a pipe or a socket is gone. Who
        // was left alone may begin to wait for that only now.
        if get_running_loop().stats().source_waits > 0 {
            allowed = TOO_MANY;
        }
        // A job of a thread takes its own time.
        passed += usize::from(get_running_loop().stats().jobs == 0);
        // Nor does the start of a process, on a machine with fewer cores than tests.
        std::thread::yield_now();
        yield_now().await;
    }
    turns(3).await;
}

/// Whether there are other tasks, or a process that has our pipes.
fn is_busy(standing: usize) -> bool {
    let has_pipes = standing > 0 && get_running_loop().stats().source_waits > standing;
    has_pipes || all_tasks().len() > 1
}

/// Ends `op` when it has had so many turns. Returns whether it had ended by itself, and, if its
/// task was asked to end in time, whether it did.
async fn end_early(op: Boxed<()>, way: Way, turn: usize) -> (bool, Option<bool>) {
    let ended = Rc::new(Cell::new(false));
    let mark = ended.clone();
    let op: Boxed<()> = Box::pin(async move {
        op.await;
        mark.set(true);
    });
    let mut cancelled = None;
    match way {
        Way::Cancel | Way::CancelTwice(_) | Way::Abort => {
            cancelled = end_task(create_task(op), way, turn).await;
        }
        Way::CancelJoined => {
            let both = boxed(join(op, beside(turn)));
            cancelled = end_task(create_task(both), way, turn).await;
        }
        Way::CancelUnordered => {
            let both = boxed(unordered(vec![op, Box::pin(beside(turn))]));
            cancelled = end_task(create_task(both), way, turn).await;
        }
        Way::DropElsewhere => drop_elsewhere(op, turn).await,
        Way::Drop => in_a_task_that_goes_on(drop_after(op, turn)).await,
        Way::Timeout => {
            in_a_task_that_goes_on(boxed(timeout(us(turn as u64), op))).await;
        }
    }
    (ended.get(), cancelled)
}

/// The other branch of a task: it waits as long as the task is not asked to end.
async fn beside(turn: usize) {
    turns(turn + 1).await;
}

/// Asks a task to end after so many turns. Returns whether it then ended in that way; `None` if
/// the request came too late.
async fn end_task(task: Task<()>, way: Way, turn: usize) -> Option<bool> {
    turns(turn).await;
    let in_time = match way {
        Way::Abort => task.abort(),
        _ => task.cancel(),
    };
    if let Way::CancelTwice(gap) = way {
        turns(gap).await;
        task.cancel();
    }
    let outcome = task.join().await;
    in_time.then_some(matches!(outcome, Err(TaskError::Cancelled(_))))
}

/// Polls `op` beside a count of turns and drops it when that is over.
async fn drop_after(mut op: Boxed<()>, turn: usize) {
    let mut nap = Box::pin(turns(turn));
    poll_fn(|context| {
        if op.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        nap.as_mut().poll(context)
    })
    .await;
}

async fn drop_elsewhere(op: Boxed<()>, turn: usize) {
    let shared = Rc::new(Cell::new(Some(op)));
    let polled = shared.clone();
    let task = create_task(poll_fn(move |context| {
        let Some(mut op) = polled.take() else {
            return Poll::Pending;
        };
        let poll = op.as_mut().poll(context);
        if poll.is_pending() {
            polled.set(Some(op));
        }
        poll
    }));
    turns(turn).await;
    drop(shared.take());
    yield_now().await;
    task.abort();
    let _ = task.join().await;
}

/// Runs `op` and looks whether the frame of the task has forgotten all of it: a request to a
/// task with exactly one leaf, which waits for a promise, cancels that promise at once.
async fn in_a_task_that_goes_on(op: impl Future<Output = ()> + 'static) {
    let promises = [(); 3].map(|()| get_running_loop().create_promise::<()>());
    let (waited, waits) = (promises.clone(), Rc::new(Cell::new(false)));
    let mark = waits.clone();
    let task = create_task(async move {
        op.await;
        let requests = current_task().map(|task| task.cancelling());
        assert_eq!(requests, Some(0), "a request is still counted");
        mark.set(true);
        for promise in waited {
            let _ = catch_cancel(promise).await;
        }
    });
    while !waits.get() && !task.done() {
        yield_now().await;
    }
    // What was dropped may have woken the task before, or a thread may do so at any moment, and
    // a task that is woken forwards nothing. That happens once.
    let mut forwarded = false;
    for promise in promises {
        turns(2).await;
        task.cancel();
        forwarded |= promise.cancelled();
    }
    task.await;
    assert!(forwarded, "something is parked in the frame");
}

fn assert_empty(event_loop: &EventLoop, standing: usize, place: &str) {
    let stats = event_loop.stats();
    let LoopStats {
        tasks,
        ready,
        timers,
        sources,
        source_waits,
        jobs,
        ..
    } = stats;
    let all = [tasks, ready, timers, sources, source_waits, jobs];
    let expected = [0, 0, 0, standing, standing, 0];
    assert_eq!(all, expected, "{place}: {stats:?}");
    let ran = event_loop.run_forever();
    assert!(
        matches!(ran, Err(RunError::Deadlock(_))),
        "{place}: {ran:?}"
    );
}
