//! A body that comes in pieces.
//!
//! What cannot or should not be in memory as a whole is asked for piece by piece, and the next
//! one only when the last one is on its way: so an upload of any size takes the memory of one
//! piece.
//!
//! # Rules
//!
//! 1. A stream is opened when its first byte is wanted, not before. One that was not opened
//!    can still be sent.
//! 2. A stream of which there is only one is gone once it was opened. One that can be made
//!    again is made again for every sending.
//! 3. Nothing here counts: whoever sends the pieces compares them with the length.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;

use looplet::AsyncIterator;

/// The wait for a piece; `None` at the end.
pub(crate) type NextPiece<'p> = Pin<Box<dyn Future<Output = Option<io::Result<Vec<u8>>>> + 'p>>;

/// An [`AsyncIterator`] of bytes whose type is forgotten.
pub(crate) trait Pieces {
    fn next_piece(&mut self) -> NextPiece<'_>;
}

impl<I, P> Pieces for I
where
    I: AsyncIterator<Item = io::Result<P>>,
    P: Into<Vec<u8>>,
{
    fn next_piece(&mut self) -> NextPiece<'_> {
        Box::pin(async { self.next().await.map(|piece| piece.map(Into::into)) })
    }
}

/// A body in pieces, made by [`Body::stream`](super::Body::stream) and its relatives.
///
/// Clones stand for the same stream.
#[derive(Clone)]
pub struct BodyStream {
    /// The bytes in all pieces together, if that is known.
    length: Option<u64>,
    supply: Rc<Supply>,
}

/// Where the pieces come from.
enum Supply {
    /// From the only stream there is; `None` once it was opened.
    Once(RefCell<Option<Box<dyn Pieces>>>),
    /// From a stream that is made for every sending.
    Again(Box<dyn Fn() -> Box<dyn Pieces>>),
}

impl BodyStream {
    pub(crate) fn once(length: Option<u64>, pieces: impl Pieces + 'static) -> Self {
        let pieces: Box<dyn Pieces> = Box::new(pieces);
        Self {
            length,
            supply: Rc::new(Supply::Once(RefCell::new(Some(pieces)))),
        }
    }

    pub(crate) fn again<P: Pieces + 'static>(
        length: Option<u64>,
        open: impl Fn() -> P + 'static,
    ) -> Self {
        Self {
            length,
            supply: Rc::new(Supply::Again(Box::new(move || Box::new(open())))),
        }
    }

    /// The number of bytes, or `None` if it is known only at the end.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Starts to give the pieces. `None` if they were given already, and cannot be again.
    pub(crate) fn open(&self) -> Option<Box<dyn Pieces>> {
        match &*self.supply {
            Supply::Once(pieces) => pieces.take(),
            Supply::Again(open) => Some(open()),
        }
    }

    pub(crate) fn is_replayable(&self) -> bool {
        matches!(*self.supply, Supply::Again(_))
    }

    pub(crate) fn is_used_up(&self) -> bool {
        match &*self.supply {
            Supply::Once(pieces) => pieces.borrow().is_none(),
            Supply::Again(_) => false,
        }
    }
}

impl fmt::Debug for BodyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyStream")
            .field("length", &self.length)
            .field("replayable", &self.is_replayable())
            .field("used_up", &self.is_used_up())
            .finish()
    }
}
