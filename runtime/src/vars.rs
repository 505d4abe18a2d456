//! Values by key, shared until somebody writes: what a context consists of.
//!
//! Every task has a copy of the values of the task that has made it. Copies are made all the
//! time and written to rarely, so a copy is one pointer, and the first write to it makes the map
//! its own.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

/// What is kept for one key.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// The values of a context. It may go to another thread.
#[derive(Clone, Default)]
pub(crate) struct Vars(Option<Arc<BTreeMap<usize, Value>>>);

impl Vars {
    pub(crate) fn get(&self, key: usize) -> Option<Value> {
        self.0.as_ref()?.get(&key).cloned()
    }

    /// Sets a value, or takes it away. Returns the one that was.
    pub(crate) fn set(&mut self, key: usize, value: Option<Value>) -> Option<Value> {
        let map = Arc::make_mut(self.0.get_or_insert_default());
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|map| map.is_empty())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |map| map.len())
    }
}

/// Values that are shared by whoever runs in the same context.
#[derive(Clone, Default)]
pub(crate) struct SharedVars(Rc<RefCell<Vars>>);

impl SharedVars {
    pub(crate) fn new(vars: Vars) -> Self {
        Self(Rc::new(RefCell::new(vars)))
    }

    pub(crate) fn get(&self, key: usize) -> Option<Value> {
        self.0.borrow().get(key)
    }

    pub(crate) fn set(&self, key: usize, value: Option<Value>) -> Option<Value> {
        self.0.borrow_mut().set(key, value)
    }

    /// The values as they are now; who writes to them from now on does not change these.
    pub(crate) fn snapshot(&self) -> Vars {
        self.0.borrow().clone()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}
