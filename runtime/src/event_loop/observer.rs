//! Observers: user code that is told what the loop does while it does it.
//!
//! An observer is called by the turn, between two entries, and never from within one. What an
//! entry has done (tasks it has spawned or woken) is told when it is over: nothing else can have
//! run meanwhile, as there is one thread. So no cell is borrowed while an observer is called, and
//! it may do what a callback may.
//!
//! Nothing is told where nobody is, and then it costs one branch a turn: see `attended.rs`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::Instant;

use super::tasks::{Coroutine, TaskEnding};

/// Is told what a loop does.
///
/// Set with [`EventLoopBuilder::observer`](crate::EventLoopBuilder::observer). It is called from
/// the turn and outside of tasks, and may do what a callback may. If it panics, that is reported
/// to the exception handler, and the loop goes on without it. What it does costs time in every
/// turn. asyncio has no counterpart.
///
/// ```
/// use looplet::observe::{LoopEvent, Observer};
/// use looplet::{EventLoop, create_task};
/// use std::{cell::RefCell, rc::Rc, time::Instant};
///
/// struct Births(Rc<RefCell<Vec<String>>>);
///
/// impl Observer for Births {
///     fn observe(&self, _when: Instant, event: &LoopEvent<'_>) {
///         if let LoopEvent::Spawned { task, by } = event {
///             self.0.borrow_mut().push(format!("{} by {by}", task.name()));
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let births = Rc::new(RefCell::new(Vec::new()));
/// let event_loop = EventLoop::builder().observer(Births(births.clone())).build()?;
/// event_loop.run_until_complete(async { create_task(async {}).await })?;
/// assert_eq!(*births.borrow(), ["Task-1 by what is outside", "Task-2 by Task-1"]);
/// # Ok(())
/// # }
/// ```
pub trait Observer {
    /// Something has happened. `when` is a time of the loop's clock, as
    /// [`EventLoop::time`](crate::EventLoop::time) gives it.
    fn observe(&self, when: Instant, event: &LoopEvent<'_>);
}

/// What an [`Observer`] is told.
///
/// In a turn, they come in this order: `TurnBegan`; if the kernel is asked, `PollBegan` and
/// `PollEnded`; for each entry, `EntryBegan`, what the entry has spawned and woken in the order in
/// which that is ready, what became of the task whose step it was, `EntryEnded`. asyncio has no
/// counterpart.
///
/// ```
/// use looplet::EventLoop;
/// use looplet::observe::{LoopEvent, Observer};
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Instant;
///
/// struct Polls(Rc<RefCell<Vec<usize>>>);
///
/// impl Observer for Polls {
///     fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
///         if let LoopEvent::PollEnded { sources } = event {
///             self.0.borrow_mut().push(*sources);
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let event_loop = EventLoop::builder().observer(Polls(seen.clone())).build()?;
/// event_loop.run_until_complete(looplet::sleep(std::time::Duration::from_millis(1)))?;
/// // A timer is no source.
/// assert_eq!(seen.borrow().first(), Some(&0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum LoopEvent<'a> {
    /// A turn begins.
    TurnBegan,
    /// The kernel is asked for news, and may let the loop sleep.
    PollBegan,
    /// The kernel has answered.
    PollEnded {
        /// How many waits for a socket are over.
        sources: usize,
    },
    /// A step of a task, or something else that was ready, begins to run.
    EntryBegan(Actor<'a>),
    /// It has ended.
    EntryEnded(Actor<'a>),
    /// There is a new task, which is ready, or has made its first step if it is eager.
    Spawned {
        /// The new one.
        task: SeenTask<'a>,
        /// Who made it.
        by: Actor<'a>,
    },
    /// A task that waited is ready to go on; or one that gave its turn away.
    Woken {
        /// Who is ready.
        task: SeenTask<'a>,
        /// Who woke it: itself, if it gave its turn away.
        by: Actor<'a>,
    },
    /// A task has begun to wait.
    Waits {
        /// Who waits.
        task: SeenTask<'a>,
        /// For what, in words.
        thing: &'a str,
    },
    /// A task has ended.
    Finished {
        /// Who has ended.
        task: SeenTask<'a>,
        /// How it has.
        ending: TaskEnding,
    },
}

/// Who does something on a loop.
///
/// Its `Display` is for people: `Task-1`, `a timer`. asyncio has no counterpart.
///
/// ```
/// use looplet::EventLoop;
/// use looplet::observe::{Actor, LoopEvent, Observer};
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Instant;
///
/// struct Steps(Rc<RefCell<Vec<String>>>);
///
/// impl Observer for Steps {
///     fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
///         if let LoopEvent::EntryBegan(actor @ Actor::Task(_)) = event {
///             self.0.borrow_mut().push(actor.to_string());
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let event_loop = EventLoop::builder().observer(Steps(seen.clone())).build()?;
/// event_loop.run_until_complete(async {})?;
/// assert_eq!(*seen.borrow(), ["Task-1"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Actor<'a> {
    /// A task.
    Task(SeenTask<'a>),
    /// A callback of `call_soon`, or of a descriptor or a done-callback.
    Callback,
    /// A timer that went off.
    Timer,
    /// A socket, or another source, that became ready.
    Source,
    /// Another thread.
    Thread,
    /// Code that does not run from a turn: what came before the run.
    Outside,
}

impl fmt::Display for Actor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Actor::Task(task) => return f.write_str(&task.name()),
            Actor::Callback => "a callback",
            Actor::Timer => "a timer",
            Actor::Source => "a source",
            Actor::Thread => "another thread",
            Actor::Outside => "what is outside",
        })
    }
}

/// A task as an observer sees it. It can be asked, and not changed.
///
/// In asyncio it would be the `Task` itself.
///
/// ```
/// use looplet::EventLoop;
/// use looplet::observe::{LoopEvent, Observer, SeenTask};
/// use std::cell::RefCell;
/// use std::rc::Rc;
/// use std::time::Instant;
///
/// fn named(task: &SeenTask<'_>) -> (u32, String) {
///     (task.number(), task.name())
/// }
///
/// struct Births(Rc<RefCell<Vec<(u32, String)>>>);
///
/// impl Observer for Births {
///     fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
///         if let LoopEvent::Spawned { task, .. } = event {
///             self.0.borrow_mut().push(named(task));
///         }
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let seen = Rc::new(RefCell::new(Vec::new()));
/// let event_loop = EventLoop::builder().observer(Births(seen.clone())).build()?;
/// event_loop.run_until_complete(async {})?;
/// assert_eq!(*seen.borrow(), [(1, "Task-1".to_string())]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct SeenTask<'a>(&'a dyn Coroutine);

impl<'a> SeenTask<'a> {
    pub(super) fn new(coroutine: &'a dyn Coroutine) -> Self {
        Self(coroutine)
    }

    /// Returns how many tasks the loop had made with it: the `N` of `Task-N`, which stays the same
    /// when the task is given a name.
    pub fn number(&self) -> u32 {
        self.0.number()
    }

    /// Returns the name: `Task-N`, unless it was given another.
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Returns the type of the future that it runs, for an `async fn` its path.
    pub fn coroutine(&self) -> &'static str {
        self.0.type_name()
    }

    /// Returns where in the source it was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.0.site()
    }
}

impl fmt::Debug for SeenTask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<Task name='{}' coro=<{}>>",
            self.name(),
            self.coroutine()
        )
    }
}

/// An entry that runs while somebody looks.
pub(super) enum Running {
    Task(Rc<dyn Coroutine>),
    Callback,
    Timer,
    Source,
}

impl Running {
    pub(super) fn actor(&self) -> Actor<'_> {
        match self {
            Running::Task(task) => Actor::Task(SeenTask(&**task)),
            Running::Callback => Actor::Callback,
            Running::Timer => Actor::Timer,
            Running::Source => Actor::Source,
        }
    }
}

/// What a loop knows of its observer, and what that has been told.
#[derive(Default)]
pub(crate) struct Observing {
    observer: RefCell<Option<Rc<dyn Observer>>>,
    /// The entry that runs. It is over when it is taken out, also after a panic.
    pub(super) running: RefCell<Option<Running>>,
    /// How much of the ready queue has been told.
    pub(super) told: Cell<usize>,
    /// The number of the last task that has been told.
    pub(super) known: Cell<u32>,
    /// Tasks that have made their first step in the middle of an entry.
    pub(super) eager: RefCell<Vec<Rc<dyn Coroutine>>>,
}

impl Observing {
    pub(super) fn new(observer: Option<Rc<dyn Observer>>) -> Self {
        Self {
            observer: RefCell::new(observer),
            ..Self::default()
        }
    }

    pub(super) fn observer(&self) -> Option<Rc<dyn Observer>> {
        self.observer.borrow().clone()
    }

    /// Takes the observer out, for the caller to drop.
    pub(super) fn end(&self) -> Option<Rc<dyn Observer>> {
        self.observer.take()
    }
}
