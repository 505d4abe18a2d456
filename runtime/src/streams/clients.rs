//! The connections that a server has open.
//!
//! A connection counts from the moment it is accepted until it is closed, whoever holds it
//! then: the handler, or a task that the handler has handed it to.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use slab::Slab;

use super::sender::Sender;
use crate::sync::Event;

/// The open connections of one server.
#[derive(Default)]
pub(super) struct Clients {
    open: RefCell<Slab<Weak<Sender>>>,
    /// Whether the server was closed.
    closed: Cell<bool>,
    /// Set when the server was closed and no connection is open.
    pub(super) gone: Event,
}

impl Clients {
    /// Counts a connection until it is closed.
    pub(super) fn attach(self: &Rc<Self>, sender: &Rc<Sender>) {
        let key = self.open.borrow_mut().insert(Rc::downgrade(sender));
        let clients = self.clone();
        sender.keep_until_closed(Box::new(Presence { clients, key }));
    }

    pub(super) fn count(&self) -> usize {
        self.open.borrow().len()
    }

    /// The connections that are open, in the order of their numbers.
    pub(super) fn all(&self) -> Vec<Rc<Sender>> {
        let open = self.open.borrow();
        open.iter()
            .filter_map(|(_, sender)| sender.upgrade())
            .collect()
    }

    /// No more will come.
    pub(super) fn close(&self) {
        self.closed.set(true);
        self.look();
    }

    fn look(&self) {
        if self.closed.get() && self.count() == 0 {
            self.gone.set();
        }
    }
}

/// Kept by a connection until it is closed.
struct Presence {
    clients: Rc<Clients>,
    key: usize,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let gone = self.clients.open.borrow_mut().try_remove(self.key);
        drop(gone);
        self.clients.look();
    }
}
