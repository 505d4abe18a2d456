//! A look at the tasks that are next.
//!
//! Where there are a million tasks, most of what a step takes is the wait for its task to come from
//! memory. One look at the next few of them brings all on their way at the same time. On a machine
//! with 32 MiB of cache, a million sleepers took 1.5 us each without it, and 1.1 with it.
//!
//! A look changes nothing, and nobody relies on what it sees: it reads a word here and there.

use std::hint::black_box;

use super::core::Core;
use super::ready::{Errand, Place};
use super::ticket::Ticket;
use super::timers::TimerAction;
use super::waker::ticket_of;

/// How many entries are looked at together.
pub(super) const AHEAD: usize = 16;

/// So many tasks are not all in the caches next to a processor.
const MANY: usize = 4096;

/// Whether it is worth looking ahead at these entries. Tasks in a row come by themselves: a
/// processor sees what is next.
#[inline]
pub(super) fn is_far(core: &Core, places: &[Place]) -> bool {
    places.len() > AHEAD && core.tasks.len() >= MANY && !is_row(places)
}

fn is_row(places: &[Place]) -> bool {
    match (places.first(), places.last()) {
        (Some(Place::Task(first)), Some(Place::Task(last))) => {
            last.index.wrapping_sub(first.index) as usize + 1 == places.len()
        }
        _ => false,
    }
}

/// Looks at what is about to be stepped, or woken.
pub(super) fn look(core: &Core, next: &[Place]) {
    let words = next.iter().filter_map(|place| match place {
        Place::Task(id) => core.tasks.glance_inside(*id),
        Place::Errand(key) => core.tasks.glance(woken_by(core, *key)?.task()),
    });
    black_box(words.sum::<usize>());
}

/// The task that an errand wakes.
fn woken_by(core: &Core, errand: u32) -> Option<Ticket> {
    let of_timer = |action: &TimerAction| match action {
        TimerAction::Wake(waker) => ticket_of(waker),
        TimerAction::Call(_) => None,
    };
    core.ready.look(errand, |errand| match errand {
        Errand::Wake(waker) => ticket_of(waker),
        Errand::Timer(timer) => core.timers.look(*timer, of_timer)?,
        Errand::Call(_) => None,
    })?
}
