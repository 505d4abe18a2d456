//! The task cell: a coroutine, the promise it will settle, and the frame its cancels go to.
//!
//! A task is one `Rc`, and one allocation, shared by the loop's slab and all handles. `body.rs`
//! is the future in its place; `step.rs` is the rest of the cell, and what a step does.

mod body;
mod step;

use std::cell::Cell;
use std::panic::Location;
use std::rc::Rc;

use crate::cancel::{Cancelled, Frame};
use crate::event_loop::{EventLoop, TaskId};
use crate::promise::{PromiseCell, TaskError};

use self::body::Body;
use self::step::TaskCell;

pub(crate) use self::step::TaskObject;

/// Makes a task of a loop, with the id and the number that the loop gave it.
pub(super) fn spawned<F: Future + 'static>(
    future: F,
    event_loop: &EventLoop,
    (id, number): (TaskId, u32),
    site: &'static Location<'static>,
) -> Rc<dyn TaskObject<F::Output>> {
    // It is made where it is going to lie. `Rc::new` takes one that was made elsewhere, and to copy
    // a task was a twentieth of a spawn with its await.
    Rc::new_cyclic(|_| TaskCell {
        body: Body::new(future),
        promise: PromiseCell::of_task(event_loop.downgrade(), number),
        frame: Frame::default(),
        index: id.index,
        site,
        name: Cell::new(None),
        note: Cell::default(),
    })
}

/// Makes a task that has no future and was cancelled at birth: that of a closed loop, or group.
pub(super) fn stillborn<F: Future + 'static>(
    event_loop: &EventLoop,
    cause: Cancelled,
    site: &'static Location<'static>,
) -> Rc<dyn TaskObject<F::Output>> {
    let promise = PromiseCell::new(event_loop.downgrade());
    // A new promise takes its first outcome.
    let _ = promise.settle(Err(TaskError::Cancelled(cause)));
    Rc::new(TaskCell::<F> {
        body: Body::gone(),
        promise,
        frame: Frame::default(),
        index: TaskId::NOBODY.index,
        site,
        name: Cell::new(None),
        note: Cell::default(),
    })
}
