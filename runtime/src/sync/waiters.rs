//! The wait queue under every primitive.
//!
//! A waiter goes to the end of the line and is woken from the front. A woken waiter stays in
//! the line until it has run: as long as it has not, the turn is its own, and nobody may take
//! the thing it was woken for.
//!
//! ```text
//!          park                 wake_…               its task runs
//!   ─────────────► waiting ─────────────► woken ─────────────────► gone
//!                     │                     │
//!                     └────── dropped ──────┴──► gone; if it was woken, `pass_on`
//! ```

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::cancel::Note;
use crate::leaf::{Leaf, interrupted};

struct Waiter {
    /// Ascending along the line.
    id: u64,
    /// Whom to wake; `None` once that was done.
    waker: Option<Waker>,
}

#[derive(Default)]
struct Line {
    waiters: VecDeque<Waiter>,
    /// How many at the front have been woken. Wakes go by the line, so they are a prefix.
    woken: usize,
    next: u64,
}

impl Line {
    /// Where a waiter stands. Whoever is woken is at the front mostly.
    fn place_of(&self, id: u64) -> Option<usize> {
        match self.waiters.front() {
            Some(first) if first.id == id => Some(0),
            _ => self
                .waiters
                .binary_search_by_key(&id, |waiter| waiter.id)
                .ok(),
        }
    }

    /// Takes a waiter out.
    fn remove(&mut self, at: usize) -> Option<Waiter> {
        self.woken -= usize::from(at < self.woken);
        match at {
            0 => self.waiters.pop_front(),
            _ => self.waiters.remove(at),
        }
    }

    /// Takes the waker of the first that has not been woken.
    fn wake_next(&mut self) -> Option<Waker> {
        let waker = self.waiters.get_mut(self.woken)?.waker.take();
        self.woken += 1;
        waker
    }
}

/// A line of waiting tasks.
#[derive(Default)]
pub(crate) struct WaitQueue {
    line: RefCell<Line>,
}

impl WaitQueue {
    /// Whether nobody waits, and nobody was woken who has not run yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.borrow().waiters.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.line.borrow().waiters.len()
    }

    /// Wakes the first in the line, unless it has been woken already.
    pub(crate) fn wake_first(&self) {
        if self.line.borrow().woken == 0 {
            self.wake_next();
        }
    }

    /// Wakes the first that has not been woken. Returns whether there was one.
    pub(crate) fn wake_next(&self) -> bool {
        let waker = self.line.borrow_mut().wake_next();
        waker.map(Waker::wake).is_some()
    }

    /// Wakes everybody who waits at this moment.
    pub(crate) fn wake_all(&self) {
        let mut line = self.line.borrow_mut();
        let wakers: Vec<_> = std::iter::from_fn(|| line.wake_next()).collect();
        drop(line);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Waits in the line until woken. `pass_on` is called if the wait is dropped after it was
    /// woken and before it could use its turn; `note` says for what it waits.
    pub(crate) fn wait<'a>(&'a self, pass_on: &'a dyn Fn(), note: Note) -> Wait<'a> {
        Wait {
            queue: self,
            pass_on,
            note,
            id: None,
            leaf: Leaf::new(),
        }
    }

    fn park(&self, waker: &Waker) -> u64 {
        let waker = Some(waker.clone());
        let mut line = self.line.borrow_mut();
        let id = line.next;
        line.next += 1;
        line.waiters.push_back(Waiter { id, waker });
        id
    }

    /// Takes a waiter out if it has been woken; otherwise lets it wake `waker` from now on.
    /// Returns whether it is out.
    fn take_turn(&self, id: u64, waker: &Waker) -> bool {
        let mut line = self.line.borrow_mut();
        let Some(at) = line.place_of(id) else {
            return true;
        };
        if at < line.woken {
            line.remove(at);
            return true;
        }
        let known = line.waiters[at].waker.as_ref();
        let is_known = known.is_some_and(|known| known.will_wake(waker));
        drop(line);
        if !is_known {
            self.exchange(id, waker.clone());
        }
        false
    }

    /// Lets a waiter wake somebody else from now on.
    #[cold]
    fn exchange(&self, id: u64, waker: Waker) {
        let mut line = self.line.borrow_mut();
        let at = line.place_of(id);
        let old = at.and_then(|at| line.waiters[at].waker.replace(waker));
        drop(line);
        drop(old);
    }

    /// Removes a waiter. Returns whether it had been woken.
    fn unpark(&self, id: u64) -> bool {
        let mut line = self.line.borrow_mut();
        let Some(at) = line.place_of(id) else {
            return false;
        };
        let woken = at < line.woken;
        let removed = line.remove(at);
        drop(line);
        drop(removed);
        woken
    }
}

/// The wait of one task in a line.
pub(crate) struct Wait<'a> {
    queue: &'a WaitQueue,
    pass_on: &'a dyn Fn(),
    note: Note,
    /// The place in the line, as long as it has one.
    id: Option<u64>,
    leaf: Leaf,
}

impl std::future::Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if interrupted() {
            return Poll::Pending;
        }
        let here = match self.id {
            Some(id) => self.queue.take_turn(id, context.waker()),
            None => {
                self.id = Some(self.queue.park(context.waker()));
                false
            }
        };
        if !here {
            let Self { leaf, note, .. } = &mut *self;
            leaf.park(context, || match note {
                // Without the bytes beside it, which were written just now: see `Noted`.
                Note::Plain(plain) => Note::Plain(*plain),
                note => note.clone(),
            });
            return Poll::Pending;
        }
        self.id = None;
        self.leaf.resume();
        Poll::Ready(())
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take()
            && self.queue.unpark(id)
        {
            (self.pass_on)();
        }
    }
}
