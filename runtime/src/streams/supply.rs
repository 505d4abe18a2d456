//! Where a reader gets more from: a connection, or somebody's hand.
//!
//! A connection is read when somebody asks for data, and never before. So there is no
//! background reader that would have to be paused: what nobody asks for stays in the kernel,
//! whose window closes, and the peer's `drain` waits. asyncio, which reads in the background,
//! pauses above twice the limit and resumes at the limit; here that rule is for those who feed
//! a reader by hand.
//!
//! # Rules
//!
//! 1. One task waits for data at a time; a second one is refused. Data that is there may be
//!    taken meanwhile.
//! 2. What came before a failure can still be read; after it, every read that needs more gives
//!    the failure again.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;

use super::error::AlreadyReading;
use super::incoming::Incoming;
use crate::event_loop::Direction;
use crate::net::Connection;
use crate::sync::Event;
use crate::task::yield_now;

/// Reads after which others get their turn, if none had to wait.
const FILLS_IN_A_ROW: u32 = 8;

/// A buffer and its origin, shared by all handles of a reader.
pub(super) struct Supply {
    pub(super) incoming: RefCell<Incoming>,
    pub(super) origin: Origin,
    /// Whether a task waits for data.
    reading: Cell<bool>,
    /// Reads since the reader has waited.
    fills: Cell<u32>,
}

/// Where more comes from.
pub(super) enum Origin {
    Connection(Rc<dyn Connection>),
    Hand(Hand),
}

/// What a reader and the one who feeds it tell each other.
pub(super) struct Hand {
    /// Set when something has come, or nothing more will.
    news: Event,
    /// Set while the reader does not have too much.
    pub(super) relaxed: Event,
    /// Below this it is relaxed, and above its double it is not.
    limit: usize,
}

impl Supply {
    pub(super) fn of_connection(connection: Rc<dyn Connection>) -> Self {
        Self::new(Origin::Connection(connection))
    }

    pub(super) fn by_hand(limit: usize) -> Self {
        let hand = Hand {
            news: Event::new(),
            relaxed: Event::new(),
            limit,
        };
        hand.relaxed.set();
        Self::new(Origin::Hand(hand))
    }

    fn new(origin: Origin) -> Self {
        Self {
            incoming: RefCell::default(),
            origin,
            reading: Cell::new(false),
            fills: Cell::new(0),
        }
    }

    pub(super) fn hand(&self) -> Option<&Hand> {
        match &self.origin {
            Origin::Hand(hand) => Some(hand),
            Origin::Connection(_) => None,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.incoming.borrow().len()
    }

    /// Takes up to `max` bytes.
    pub(super) fn take(&self, max: usize) -> Vec<u8> {
        let taken = self.incoming.borrow_mut().take(max);
        self.relax();
        taken
    }

    /// Lets the one who feeds go on, if there is little left.
    pub(super) fn relax(&self) {
        if let Some(hand) = self.hand()
            && self.len() <= hand.limit
        {
            hand.relaxed.set();
        }
    }

    /// Takes in what somebody's hand changes.
    pub(super) fn feed(&self, change: impl FnOnce(&mut Incoming)) {
        change(&mut self.incoming.borrow_mut());
        if let Some(hand) = self.hand() {
            if self.len() > hand.limit.saturating_mul(2) {
                hand.relaxed.clear();
            }
            hand.news.set();
        }
    }

    /// Waits until more is there, for `method`. Returns `false` at the end.
    pub(super) async fn more(&self, method: &'static str) -> io::Result<bool> {
        let may_grow = self.incoming.borrow().may_grow()?;
        if !may_grow {
            return Ok(false);
        }
        let _turn = Turn::begin(self, method)?;
        match &self.origin {
            Origin::Connection(connection) => self.receive(connection.as_ref()).await,
            Origin::Hand(hand) => self.wait_for(hand).await,
        }
    }

    async fn wait_for(&self, hand: &Hand) -> io::Result<bool> {
        let before = self.len();
        // Whoever waits wants more than there is, however much that may be.
        hand.relaxed.set();
        hand.news.clear();
        hand.news.wait().await;
        if self.len() > before {
            return Ok(true);
        }
        self.incoming.borrow().may_grow()
    }

    async fn receive(&self, connection: &dyn Connection) -> io::Result<bool> {
        if self.is_out_of_breath() {
            yield_now().await;
        }
        loop {
            connection.registration().ready(Direction::Read).await?;
            if self.receive_now(connection)? {
                return Ok(!self.incoming.borrow().has_ended());
            }
        }
    }

    /// Takes in what the kernel has, or that it is the end. Returns `false` if there is nothing.
    pub(super) fn receive_now(&self, connection: &dyn Connection) -> io::Result<bool> {
        let read = |room: &mut [u8]| connection.try_read(room);
        let received = self.incoming.borrow_mut().receive(read);
        match received {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.fills.set(0);
                Ok(false)
            }
            Err(error) => {
                self.incoming.borrow_mut().fail(error);
                self.incoming.borrow().may_grow()
            }
        }
    }

    /// Whether others have to be let run before the next read: a peer that sends faster than
    /// this program reads would never make it wait.
    pub(super) fn is_out_of_breath(&self) -> bool {
        self.fills.set((self.fills.get() + 1) % FILLS_IN_A_ROW);
        self.fills.get() == 0
    }
}

/// The time in which one task waits for data.
pub(super) struct Turn<'a>(&'a Supply);

impl<'a> Turn<'a> {
    pub(super) fn begin(supply: &'a Supply, method: &'static str) -> Result<Self, AlreadyReading> {
        if supply.reading.replace(true) {
            return Err(AlreadyReading { method });
        }
        Ok(Self(supply))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.reading.set(false);
    }
}
