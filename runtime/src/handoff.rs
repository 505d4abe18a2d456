//! A result on its way from one thread to another.
//!
//! It is set once and taken once. Whoever takes it may block for it, or leave a waker and be
//! woken. This is what a job on a thread pool and a coroutine that was started from another
//! thread have in common; Python has `concurrent.futures.Future` for both.
//!
//! ```text
//!            fill               take
//!   Empty ─────────► Filled ─────────► Taken
//!     │                                  ▲
//!     └──────────────────────────────────┘
//!                   abandon
//! ```
//!
//! # Rules
//!
//! 1. Callbacks run before the result can be taken, in the thread that fills: so they can look
//!    at it, and have all run when a wait returns.
//! 2. The lock is never held over user code: not over a callback, a wake, or a drop.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

/// A place for one result.
pub(crate) struct Handoff<R> {
    state: Mutex<State<R>>,
    /// Rung when the result is there.
    filled: Condvar,
}

struct State<R> {
    stage: Stage<R>,
    /// Whom to wake; there is only one who takes.
    waker: Option<Waker>,
    /// What is to see the result first.
    callbacks: Vec<Callback<R>>,
}

type Callback<R> = Box<dyn FnOnce(&R) + Send>;

enum Stage<R> {
    Empty,
    Filled(R),
    Taken,
}

impl<R> Handoff<R> {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                stage: Stage::Empty,
                waker: None,
                callbacks: Vec::new(),
            }),
            filled: Condvar::new(),
        }
    }

    /// Shows the result to the callbacks, then gives it to whoever waits. Called once. Returns
    /// it if it was abandoned.
    pub(crate) fn fill(&self, result: R) -> Option<R> {
        let mut state = self.lock();
        while !state.callbacks.is_empty() {
            let callbacks = mem::take(&mut state.callbacks);
            drop(state);
            callbacks
                .into_iter()
                .for_each(|callback| show(callback, &result));
            state = self.lock();
        }
        if matches!(state.stage, Stage::Taken) {
            return Some(result);
        }
        state.stage = Stage::Filled(result);
        let waker = state.waker.take();
        drop(state);
        self.filled.notify_all();
        waker.into_iter().for_each(Waker::wake);
        None
    }

    /// Whether the result is there, or was taken.
    pub(crate) fn is_filled(&self) -> bool {
        !matches!(self.lock().stage, Stage::Empty)
    }

    /// Lets `callback` see the result: when it comes, or now if it is there. Nobody takes the
    /// result at the same time.
    pub(crate) fn add_callback(&self, callback: impl FnOnce(&R) + Send + 'static) {
        let mut state = self.lock();
        let Some(result) = state.take() else {
            return state.callbacks.push(Box::new(callback));
        };
        drop(state);
        show(Box::new(callback), &result);
        self.lock().stage = Stage::Filled(result);
    }

    /// Blocks until the result is there and takes it.
    ///
    /// # Panics
    ///
    /// If it was taken before; likewise the other two.
    pub(crate) fn wait(&self) -> R {
        loop {
            if let Some(result) = self.wait_timeout(Duration::MAX) {
                return result;
            }
        }
    }

    /// Blocks for at most `patience`. `None`: the result is not there yet.
    pub(crate) fn wait_timeout(&self, patience: Duration) -> Option<R> {
        let deadline = Instant::now().checked_add(patience);
        let mut state = self.lock();
        loop {
            if let Some(result) = state.take() {
                return Some(result);
            }
            let left = deadline.map_or(patience, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            let waited = self.filled.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes the result if it is there, and refuses it otherwise when it comes.
    pub(crate) fn abandon(&self) -> Option<R> {
        let stage = mem::replace(&mut self.lock().stage, Stage::Taken);
        match stage {
            Stage::Filled(result) => Some(result),
            Stage::Empty | Stage::Taken => None,
        }
    }

    /// Takes the result, or leaves a waker.
    pub(crate) fn poll(&self, waker: &Waker) -> Poll<R> {
        let waker = waker.clone();
        let mut state = self.lock();
        if let Some(result) = state.take() {
            return Poll::Ready(result);
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }

    /// User code runs outside the lock, so a panic in it cannot leave the state half changed.
    fn lock(&self) -> MutexGuard<'_, State<R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R> State<R> {
    fn take(&mut self) -> Option<R> {
        match mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Filled(result) => Some(result),
            Stage::Empty => {
                self.stage = Stage::Empty;
                None
            }
            Stage::Taken => panic!("the result was already taken"),
        }
    }
}

/// Runs a callback. If it panics, the panic hook has said so, and nobody else wants to know.
fn show<R>(callback: Callback<R>, result: &R) {
    let _ = catch_unwind(AssertUnwindSafe(|| callback(result)));
}
