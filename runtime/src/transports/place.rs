//! Where a transport keeps its protocol.
//!
//! A protocol is called by its transport and calls it in turn: it writes, closes, or puts
//! another protocol in its place, from within a callback. So it is taken out of its place for
//! the time of a call, and nothing is borrowed while it runs.
//!
//! ```text
//!            call                    end of the call
//!   home ───────────► out ────────────────────────────► home
//!    ▲                 │ set: the new one is home, and wins
//!    └─────────────────┘
//!   home or out ─────────► gone: nobody is called any more
//! ```

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The place of a protocol.
pub(super) struct Place<P: ?Sized>(RefCell<State<P>>);

enum State<P: ?Sized> {
    Home(Box<P>),
    /// It is being called.
    Out,
    /// The transport has ended.
    Gone,
}

/// What came of a call: a value or a panic.
pub(super) type Outcome<T> = Result<T, Box<dyn Any + Send>>;

impl<P: ?Sized> Place<P> {
    /// Makes a place for a protocol that is still to come.
    pub(super) fn empty() -> Self {
        Self(RefCell::new(State::Out))
    }

    pub(super) fn is_home(&self) -> bool {
        matches!(*self.0.borrow(), State::Home(_))
    }

    /// Calls the protocol. `None` if it is not home.
    pub(super) fn call<T>(&self, call: impl FnOnce(&mut P) -> T) -> Option<Outcome<T>> {
        let mut protocol = self.take_out()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| call(&mut protocol)));
        let returned = self.put_back(protocol);
        Some(outcome.and_then(|value| returned.map(|()| value)))
    }

    fn take_out(&self) -> Option<Box<P>> {
        let mut state = self.0.borrow_mut();
        match std::mem::replace(&mut *state, State::Out) {
            State::Home(protocol) => Some(protocol),
            other => {
                *state = other;
                None
            }
        }
    }

    /// Puts the protocol back, or drops it if it is not wanted any more. The error is a panic of
    /// that.
    fn put_back(&self, protocol: Box<P>) -> Outcome<()> {
        let mut state = self.0.borrow_mut();
        if let State::Out = *state {
            *state = State::Home(protocol);
            return Ok(());
        }
        drop(state);
        catch_unwind(AssertUnwindSafe(|| drop(protocol)))
    }

    /// Puts a protocol in. Returns what the caller is to drop: the one before it, or, at the
    /// end, the new one.
    pub(super) fn set(&self, protocol: Box<P>) -> Option<Box<P>> {
        let mut state = self.0.borrow_mut();
        if matches!(*state, State::Gone) {
            return Some(protocol);
        }
        match std::mem::replace(&mut *state, State::Home(protocol)) {
            State::Home(old) => Some(old),
            State::Out | State::Gone => None,
        }
    }

    /// Takes the protocol out for good, for the caller to drop.
    pub(super) fn vacate(&self) -> Option<Box<P>> {
        match self.0.replace(State::Gone) {
            State::Home(protocol) => Some(protocol),
            State::Out | State::Gone => None,
        }
    }
}
