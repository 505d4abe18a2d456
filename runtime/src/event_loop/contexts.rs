//! The contexts of the tasks of a loop: a side table, so that tasks without one pay next to
//! nothing.

use std::cell::RefCell;

use super::ticket::TaskId;
use crate::vars::SharedVars;

/// The contexts of those tasks that have one, by the places of the tasks.
#[derive(Default)]
pub(crate) struct Contexts {
    /// As long as the last place in use.
    places: RefCell<Vec<Option<Tenant>>>,
}

struct Tenant {
    generation: u32,
    vars: SharedVars,
}

impl Contexts {
    pub(crate) fn insert(&self, task: TaskId, vars: SharedVars) {
        let mut places = self.places.borrow_mut();
        let index = task.index as usize;
        if places.len() <= index {
            places.resize_with(index + 1, || None);
        }
        let generation = task.generation;
        let old = places[index].replace(Tenant { generation, vars });
        drop(places);
        drop(old);
    }

    pub(crate) fn get(&self, task: TaskId) -> Option<SharedVars> {
        let places = self.places.borrow();
        let tenant = places.get(task.index as usize)?.as_ref()?;
        (tenant.generation == task.generation).then(|| tenant.vars.clone())
    }

    /// Forgets the context of a task that has ended. The caller drops what is returned.
    #[inline]
    pub(crate) fn remove(&self, task: TaskId) -> Option<SharedVars> {
        let mut places = self.places.borrow_mut();
        let place = places.get_mut(task.index as usize)?;
        let tenant = place.take()?;
        while places.last().is_some_and(Option::is_none) {
            places.pop();
        }
        Some(tenant.vars)
    }

    /// Forgets all. The caller drops what is returned.
    pub(crate) fn clear(&self) -> Vec<SharedVars> {
        let places = self.places.take().into_iter().flatten();
        places.map(|tenant| tenant.vars).collect()
    }
}
