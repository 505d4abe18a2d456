//! The buffer between a socket and the codec.
//!
//! Heads are parsed where they lie, so what belongs together stays together: bytes are moved to
//! the front only to make room, and the buffer grows only for a head that does not fit.
//!
//! # Rules
//!
//! 1. Who waits holds no buffer, so that thousands who do cost little. A session has one spare
//!    buffer: it is taken for a read, and comes back when all that is in it is understood.
//! 2. A buffer is zeroed once, and not for each response.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

/// How much room a read offers to the kernel.
const READ_SIZE: usize = 16 * 1024;

/// The buffer that nobody uses, if there is one.
#[derive(Clone, Default)]
pub(crate) struct Spare(Rc<Cell<Vec<u8>>>);

impl fmt::Debug for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spare")
    }
}

/// What was received and not yet understood: `bytes[start..end]`. Behind it is room.
///
/// Room is not part of what was received, because a read may be given up while it waits.
#[derive(Debug)]
pub(crate) struct Unread {
    /// The buffer; empty while there is none.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    spare: Spare,
}

impl Unread {
    pub(crate) fn new(spare: &Spare) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            spare: spare.clone(),
        }
    }

    pub(crate) fn get(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Drops what was understood.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            self.lay_down();
        }
    }

    /// Gives the buffer back if there is nothing in it.
    pub(crate) fn lay_down(&mut self) {
        if self.end == 0 && self.bytes.len() == READ_SIZE {
            self.spare.0.set(std::mem::take(&mut self.bytes));
        }
    }

    /// Makes room behind what was received. A head that does not fit grows by doubling, so
    /// that no byte is moved often.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        if self.bytes.is_empty() {
            self.bytes = self.spare.0.take();
        }
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        let wanted = self.end + READ_SIZE.max(self.end);
        if self.bytes.len() < wanted {
            self.bytes.resize(wanted, 0);
        }
        &mut self.bytes[self.end..]
    }

    /// Counts what was received into the room.
    pub(crate) fn received(&mut self, count: usize) {
        self.end += count;
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        self.end = 0;
        self.lay_down();
    }
}
