//! The body of a task: its future, in its place.
//!
//! The future is polled behind a shared reference, because whatever runs in it may ask for its
//! own task: a task that is asked for something in the middle of its own step finds its body
//! `Polled`, where a borrowed cell would panic. And it lies in the cell of the task, so that a
//! task is one allocation: in place of a box beside the cell, that took a spawn with its join
//! from 98 to 78 ns where it was measured.
//!
//! # Why the `unsafe` is sound
//!
//! 1. *The future does not move.* Bodies are private to this folder. It makes them inside task
//!    cells, and those inside an `Rc`, which it never takes them out of; others have a task cell
//!    as a trait object, which nobody can move.
//! 2. *There is one reference to it at a time.* Only `poll` and `end` make one. Both begin by
//!    taking the place from `Here` to a state in which neither begins, and the former gives it
//!    back when its reference is gone. A body is not `Sync`, so no thread looks in between.
//! 3. *It is there as long as the place is not `Gone`.* `new` puts it there, and nobody but
//!    `end`, which marks that first, takes it away.

#![allow(unsafe_code)]

use std::cell::{Cell, UnsafeCell};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Where the future of a task is.
///
/// ```text
///          poll               end
///   Here ───────► Polled   Here ─────► Gone
///     ▲              │
///     └──────────────┘ its poll has returned, or panicked
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In its place, and nobody looks at it.
    Here,
    /// In its place, and being polled.
    Polled,
    /// Dropped, or being dropped.
    Gone,
}

/// The future of a task.
pub(super) struct Body<F> {
    place: Cell<Place>,
    /// Initialized as long as the place is not `Gone`.
    future: UnsafeCell<MaybeUninit<F>>,
}

impl<F> Body<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            place: Cell::new(Place::Here),
            future: UnsafeCell::new(MaybeUninit::new(future)),
        }
    }

    /// A body without a future: that of a task that has ended before it began.
    pub(super) fn gone() -> Self {
        Self {
            place: Cell::new(Place::Gone),
            future: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Whether the future is there and not being polled.
    #[inline]
    pub(super) fn is_here(&self) -> bool {
        self.place.get() == Place::Here
    }

    /// Drops the future in its place, unless it is gone or being polled.
    pub(super) fn end(&self) {
        if !self.is_here() {
            return;
        }
        self.place.set(Place::Gone);
        // SAFETY: it is initialized, as the place was `Here` (rule 3); no other reference to it is
        // alive, and none will be made, as the place is `Gone` for good (rule 2).
        unsafe { (*self.future.get()).assume_init_drop() };
    }
}

impl<F: Future> Body<F> {
    /// Polls the future in its place. `None`: it is gone, or being polled.
    #[inline]
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Option<Poll<F::Output>> {
        if !self.is_here() {
            return None;
        }
        self.place.set(Place::Polled);
        let _back = Back(&self.place);
        // SAFETY: it is initialized, as the place was `Here` (rule 3), and no other reference to
        // it is alive until the place is given back (rule 2).
        let future = unsafe { (*self.future.get()).assume_init_mut() };
        // SAFETY: it never moves (rule 1).
        let future = unsafe { Pin::new_unchecked(future) };
        Some(future.poll(context))
    }
}

impl<F> Drop for Body<F> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives the place back when a poll is over, also by a panic.
struct Back<'a>(&'a Cell<Place>);

impl Drop for Back<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.set(Place::Here);
    }
}
