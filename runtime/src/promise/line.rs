//! The line: whoever waits for a promise, in the order in which they came.
//!
//! Mostly it is one, the task that awaits, so one is kept without a list.

use std::rc::Rc;
use std::task::Waker;

use crate::event_loop::Callback;

/// Something that is to happen when the promise is done.
pub(super) enum Waiting {
    Task(Waker),
    Call(Rc<dyn Callback>),
}

/// Names a done-callback, or the place of a task in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackId(pub(super) u32);

/// Whoever waits. Mostly that is one, who needs no list.
#[derive(Default)]
pub(super) enum Line {
    #[default]
    Empty,
    One(CallbackId, Waiting),
    /// The earliest first.
    #[expect(
        clippy::box_collection,
        reason = "keeps the common cases to three words"
    )]
    Many(Box<Vec<(CallbackId, Waiting)>>),
}

impl Line {
    pub(super) fn push(&mut self, id: CallbackId, waiting: Waiting) {
        match self {
            Line::Empty => *self = Line::One(id, waiting),
            Line::Many(all) => all.push((id, waiting)),
            Line::One(..) => {
                if let Line::One(first, other) = std::mem::take(self) {
                    *self = Line::Many(Box::new(vec![(first, other), (id, waiting)]));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, id: CallbackId) -> Option<Waiting> {
        match self {
            Line::One(only, _) if *only == id => match std::mem::take(self) {
                Line::One(_, waiting) => Some(waiting),
                Line::Empty | Line::Many(_) => None,
            },
            Line::Many(all) => {
                let at = all.iter().position(|(other, _)| *other == id)?;
                Some(all.remove(at).1)
            }
            Line::Empty | Line::One(..) => None,
        }
    }

    /// Lets a place wake somebody else. Returns what it was, if there is such a place.
    pub(super) fn replace(&mut self, id: CallbackId, waker: &Waker) -> Option<Waiting> {
        let waiting = match self {
            Line::One(only, waiting) if *only == id => waiting,
            Line::Many(all) => all
                .iter_mut()
                .find(|(other, _)| *other == id)
                .map(|(_, w)| w)?,
            Line::Empty | Line::One(..) => return None,
        };
        Some(std::mem::replace(waiting, Waiting::Task(waker.clone())))
    }
}
