//! Wakers: tickets that the standard library can call.
//!
//! A `Waker` is a pointer and a table of four functions. The pointer of ours is not one: it is
//! the word of a [`Ticket`], an integer. Cloning copies it, dropping does nothing, and waking
//! hands it to `context::wake`, which looks whether the task is still there.
//!
//! # Why this is sound
//!
//! The contract of `RawWaker` asks for three things. *The functions must accept the data
//! pointer they were made with*: they only turn it back into an integer and never
//! dereference it. *They must be thread-safe*: they own nothing, and `context::wake` goes by
//! way of a locked inbox when the loop is on another thread. *A clone must behave like the
//! original, and resources must be released once*: there are no resources.

#![allow(unsafe_code)]

use std::ptr;
use std::task::{RawWaker, RawWakerVTable, Waker};

use super::context;
use super::ticket::Ticket;

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, forget);

/// Makes the waker that queues the task of `ticket`.
///
/// It need not be dropped.
pub(crate) fn waker_of(ticket: Ticket) -> Waker {
    let data = ptr::without_provenance(ticket.word());
    // SAFETY: the functions of VTABLE accept any data pointer and are thread-safe, because
    // they use it as an integer only (see the module doc). Nobody else makes such wakers.
    unsafe { Waker::new(data, &VTABLE) }
}

/// Returns the ticket that a waker stands for, if it is one of ours.
#[inline]
pub(crate) fn ticket_of(waker: &Waker) -> Option<Ticket> {
    if ptr::eq(waker.vtable(), &VTABLE) {
        Ticket::from_word(waker.data().addr())
    } else {
        None
    }
}

/// Whether `waker` is the one that queues the task of `ticket`.
pub(crate) fn is_waker_of(waker: &Waker, ticket: Ticket) -> bool {
    ticket_of(waker) == Some(ticket)
}

fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

fn wake(data: *const ()) {
    if let Some(ticket) = Ticket::from_word(data.addr()) {
        context::wake(ticket);
    }
}

fn forget(_: *const ()) {}
