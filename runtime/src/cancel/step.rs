//! What the running step is doing: going on, carrying a request in, or carrying it out.
//!
//! ```text
//!            (1) throw            (2) take
//!   Normal ──────────► Throwing ──────────► Unwinding
//!     ▲                   │                     │
//!     └───────────────────┴─────────────────────┘
//!          (4) untaken          (3) catch
//!
//!   (1) the owner of a frame, before it polls its child     Step::throw
//!   (2) the first leaf that is polled                       Step::take
//!   (3) the innermost scope around that leaf, or the task   Step::catch
//!   (4) nobody was there to take it                         Step::untaken
//! ```
//!
//! One `Step` a thread is enough; it lives in the thread-local of `event_loop/context.rs`. Steps
//! nest only where a task is started eagerly: then the outer one is suspended.

use std::cell::{Cell, RefCell};

use super::awaited::Noted;
use super::{Cancelled, FrameRef, Note};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Normal,
    Throwing,
    Unwinding,
}

/// The state of the step that runs on this thread.
pub(crate) struct Step {
    /// Where the request is on its way; see the drawing above.
    mode: Cell<Mode>,
    /// The request on its way in or out; `None` when the mode is `Normal`.
    cause: Cell<Option<Cancelled>>,
    /// The innermost frame that is being polled below the task's own.
    frame: RefCell<Option<FrameRef>>,
    /// Leaves that began to wait during this step in the task's own frame, less those that
    /// ceased. Kept here so that the commonest wait touches nothing but this.
    parked: Cell<i32>,
    /// What the leaf waits for that began to wait last.
    noted: Noted,
}

/// What a step was doing when it was suspended.
#[derive(Default)]
pub(crate) struct SuspendedStep {
    mode: Mode,
    cause: Option<Cancelled>,
    frame: Option<FrameRef>,
    parked: i32,
    note: Option<Note>,
}

impl Step {
    pub(crate) const fn new() -> Self {
        Self {
            mode: Cell::new(Mode::Normal),
            cause: Cell::new(None),
            frame: RefCell::new(None),
            parked: Cell::new(0),
            noted: Noted::new(),
        }
    }

    pub(crate) fn is_normal(&self) -> bool {
        self.mode.get() == Mode::Normal
    }

    pub(crate) fn is_unwinding(&self) -> bool {
        self.mode.get() == Mode::Unwinding
    }

    /// Carries a request to whatever leaf is polled next.
    pub(crate) fn throw(&self, cause: Cancelled) {
        debug_assert!(self.is_normal(), "one request at a time is on its way");
        self.cause.set(Some(cause));
        self.mode.set(Mode::Throwing);
    }

    /// Lets a leaf take the request that is thrown. Returns whether there was one.
    pub(crate) fn take(&self) -> bool {
        let thrown = self.mode.get() == Mode::Throwing;
        if thrown {
            self.mode.set(Mode::Unwinding);
        }
        thrown
    }

    /// Starts unwinding without a request: a cancel is passed on.
    pub(crate) fn unwind(&self, cause: Cancelled) {
        self.cause.set(Some(cause));
        self.mode.set(Mode::Unwinding);
    }

    /// Ends the unwinding. Returns its cause if there was one.
    pub(crate) fn catch(&self) -> Option<Cancelled> {
        self.leave(Mode::Unwinding)
    }

    /// Takes back a request that no leaf was there to take.
    pub(crate) fn untaken(&self) -> Option<Cancelled> {
        self.leave(Mode::Throwing)
    }

    fn leave(&self, mode: Mode) -> Option<Cancelled> {
        if self.mode.get() != mode {
            return None;
        }
        self.mode.set(Mode::Normal);
        self.cause.take()
    }

    /// Forgets a request on its way: the coroutine it was meant for has ended.
    pub(crate) fn reset(&self) {
        if !self.is_normal() {
            self.mode.set(Mode::Normal);
            drop(self.cause.take());
        }
    }

    /// Whether the task's own frame is the innermost one.
    pub(crate) fn is_in_task_frame(&self) -> bool {
        self.frame.borrow().is_none()
    }

    /// Counts leaves of the task's own frame in or out.
    pub(crate) fn park(&self, leaves: i32) {
        self.parked.set(self.parked.get() + leaves);
    }

    /// Takes the count, for the frame itself, at the end of the step.
    pub(crate) fn take_parked(&self) -> i32 {
        self.parked.take()
    }

    /// Leaves a note of what the task waits for.
    #[inline]
    pub(crate) fn leave_note(&self, note: Note) {
        self.noted.set(note);
    }

    /// Forgets the note.
    pub(crate) fn forget_note(&self) {
        self.noted.clear();
    }

    /// Moves the note, if there is one, to the task itself, at the end of its poll.
    #[inline]
    pub(crate) fn move_note(&self, to: &Cell<Note>) {
        self.noted.move_to(to);
    }

    /// Returns the innermost frame below the task's own, if one is being polled.
    pub(crate) fn frame(&self) -> Option<FrameRef> {
        self.frame.borrow().clone()
    }

    /// Makes `frame` the innermost one and returns the one that was.
    pub(crate) fn replace_frame(&self, frame: Option<FrameRef>) -> Option<FrameRef> {
        self.frame.replace(frame)
    }

    /// Makes way for the step of another task.
    pub(crate) fn suspend(&self) -> SuspendedStep {
        SuspendedStep {
            mode: self.mode.replace(Mode::Normal),
            cause: self.cause.take(),
            frame: self.frame.take(),
            parked: self.parked.take(),
            note: self.noted.take(),
        }
    }

    /// Goes on where `suspend` left.
    pub(crate) fn resume(&self, suspended: SuspendedStep) {
        self.mode.set(suspended.mode);
        self.cause.set(suspended.cause);
        self.frame.replace(suspended.frame);
        self.parked.set(suspended.parked);
        self.noted.clear();
        if let Some(note) = suspended.note {
            self.noted.set(note);
        }
    }
}
