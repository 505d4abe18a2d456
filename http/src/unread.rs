//! The buffer between a socket and the codec.
//!
//! Heads are parsed where they lie, so what belongs together stays together: bytes are moved to
//! the front only to make room, and the buffer grows only for a head that does not fit.

/// How much room a read offers to the kernel.
const READ_SIZE: usize = 16 * 1024;

/// What was received and not yet understood: `bytes[start..end]`. Behind it is room.
///
/// Room is not part of what was received, because a read may be given up while it waits.
#[derive(Debug)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Unread {
    pub(crate) fn new() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
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
        }
    }

    /// Makes room behind what was received. A head that does not fit grows by doubling, so
    /// that no byte is moved often.
    pub(crate) fn room(&mut self) -> &mut [u8] {
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
