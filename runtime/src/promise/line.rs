//! The line: whoever waits for a promise, in the order in which they came.
//!
//! Mostly it is one, a task that awaits. That one is kept as its ticket, without a list and
//! without a waker: every task has a line, so it must be small.

use std::rc::Rc;
use std::task::Waker;

use crate::event_loop::{Callback, Ticket, ticket_of, waker_of};

/// Something that is to happen when the promise is done.
pub(super) enum Waiting {
    Task(Waker),
    Call(Rc<dyn Callback>),
}

impl Waiting {
    fn word(&self) -> &'static str {
        match self {
            Waiting::Task(_) => "task",
            Waiting::Call(_) => "callback",
        }
    }
}

/// Names a done-callback, or the place of a task in the line.
///
/// asyncio has no counterpart: there a callback is removed by itself.
///
/// ```
/// use looplet::{CallbackId, get_running_loop, run};
///
/// run(async {
///     let promise = get_running_loop().create_promise::<()>();
///     let id: CallbackId = promise.add_done_callback(|_| panic!("never called"));
///     assert!(promise.remove_done_callback(id));
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackId(pub(super) u32);

/// Whoever waits, the earliest first.
#[derive(Default)]
pub(super) enum Line {
    #[default]
    Empty,
    /// One task.
    One(CallbackId, Ticket),
    /// Anything else.
    #[expect(clippy::box_collection, reason = "keeps the common cases to two words")]
    Many(Box<Vec<(CallbackId, Waiting)>>),
}

impl Line {
    pub(super) fn push(&mut self, id: CallbackId, waiting: Waiting) {
        if let (Line::Empty, Waiting::Task(waker)) = (&self, &waiting)
            && let Some(ticket) = ticket_of(waker)
        {
            *self = Line::One(id, ticket);
        } else {
            self.list().push((id, waiting));
        }
    }

    pub(super) fn remove(&mut self, id: CallbackId) -> Option<Waiting> {
        match self {
            Line::Empty => None,
            Line::One(only, ticket) => {
                let waiting = (*only == id).then(|| Waiting::Task(waker_of(*ticket)))?;
                *self = Line::Empty;
                Some(waiting)
            }
            Line::Many(all) => {
                let at = all.iter().position(|(other, _)| *other == id)?;
                Some(all.remove(at).1)
            }
        }
    }

    /// Lets a place wake somebody else. Returns what was there, for the caller to drop, if
    /// there is such a place.
    pub(super) fn replace(&mut self, id: CallbackId, waker: &Waker) -> Option<Waiting> {
        match self {
            Line::Empty => None,
            Line::One(only, _) if *only != id => None,
            Line::One(_, ticket) if ticket_of(waker) == Some(*ticket) => {
                Some(Waiting::Task(waker.clone()))
            }
            Line::One(..) | Line::Many(_) => {
                let places = self.list().iter_mut();
                let (_, waiting) = places.into_iter().find(|(other, _)| *other == id)?;
                Some(std::mem::replace(waiting, Waiting::Task(waker.clone())))
            }
        }
    }

    /// Says who waits, as asyncio does: the first, the last, and how many are in between.
    pub(super) fn describe(&self) -> String {
        let all = match self {
            Line::Empty => return String::new(),
            Line::One(..) => return " cb=[task]".to_string(),
            Line::Many(all) => all,
        };
        let words: Vec<_> = all.iter().map(|(_, waiting)| waiting.word()).collect();
        match words.as_slice() {
            [] => String::new(),
            [only] => format!(" cb=[{only}]"),
            [first, last] => format!(" cb=[{first}, {last}]"),
            [first, more @ .., last] => format!(" cb=[{first}, <{} more>, {last}]", more.len()),
        }
    }

    /// The list; whoever was alone becomes the first of it.
    fn list(&mut self) -> &mut Vec<(CallbackId, Waiting)> {
        if !matches!(self, Line::Many(_)) {
            let first = match self {
                Line::One(id, ticket) => Some((*id, Waiting::Task(waker_of(*ticket)))),
                Line::Empty | Line::Many(_) => None,
            };
            *self = Line::Many(Box::new(Vec::from_iter(first)));
        }
        match self {
            Line::Many(all) => all,
            Line::Empty | Line::One(..) => unreachable!("it has just become a list"),
        }
    }
}
