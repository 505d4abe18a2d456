//! Values by key, shared until somebody writes: what a context consists of.
//!
//! Every task has a copy of the values of the task that has made it. Copies are made all the
//! time and written to rarely, so a copy is one pointer, and the first write to it makes the list
//! its own.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What is kept for one key.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// The values of a context, by their keys and in the order of these. It may go to another thread.
#[derive(Clone, Default)]
pub(crate) struct Vars(Option<Arc<Vec<(usize, Value)>>>);

impl Vars {
    pub(crate) fn get(&self, key: usize) -> Option<Value> {
        let values = self.0.as_ref()?;
        let at = place(values, key).ok()?;
        Some(values[at].1.clone())
    }

    /// Sets a value, or takes it away. Returns the one that was.
    pub(crate) fn set(&mut self, key: usize, value: Option<Value>) -> Option<Value> {
        let values = Arc::make_mut(self.0.get_or_insert_default());
        match (place(values, key), value) {
            (Ok(at), Some(value)) => Some(std::mem::replace(&mut values[at].1, value)),
            (Ok(at), None) => Some(values.remove(at).1),
            (Err(at), Some(value)) => {
                values.insert(at, (key, value));
                None
            }
            (Err(_), None) => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|values| values.is_empty())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |values| values.len())
    }
}

/// Where the value of a key is, or would be.
fn place(values: &[(usize, Value)], key: usize) -> Result<usize, usize> {
    values.binary_search_by_key(&key, |(other, _)| *other)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_value_in_whatever_order_they_come_and_a_copy_keeps_its_own() {
        let number = |number: i32| Some(Arc::new(number) as Value);
        let read = |value: Option<Value>| value.map(|value| *value.downcast::<i32>().unwrap());
        let mut vars = Vars::default();
        for key in [3, 1, 4, 2] {
            assert!(vars.set(key, number(10 * key as i32)).is_none());
        }
        let copy = vars.clone();
        assert_eq!(read(vars.set(3, number(33))), Some(30));
        assert_eq!(read(vars.set(1, None)), Some(10));
        assert_eq!(read(vars.set(5, None)), None);
        let all = |vars: &Vars| [1, 2, 3, 4, 5].map(|key| read(vars.get(key)));
        assert_eq!(all(&vars), [None, Some(20), Some(33), Some(40), None]);
        assert_eq!(all(&copy), [Some(10), Some(20), Some(30), Some(40), None]);
        assert_eq!((vars.len(), copy.len()), (3, 4));
    }
}
