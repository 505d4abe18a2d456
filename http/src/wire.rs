//! A body that is still on the wire: the exchange that reads it, the place in the pool that it
//! has, and the codings that it wears.
//!
//! # Rules
//!
//! 1. The connection goes back only after the last byte, and only if all was well. After an
//!    error, of the framing or of a coding, the wire is dropped, which closes it.
//! 2. A body that has arrived whole is taken at once, so that the place is free.

use crate::decoding::Decoding;
use crate::error::Error;
use crate::exchange::Exchange;
use crate::message::Fields;
use crate::pool::Slot;
use crate::terms::Work;

/// Where a body comes from.
pub(crate) struct Wire {
    exchange: Box<Exchange>,
    slot: Slot,
    /// What takes the codings off, if there are any.
    decoding: Option<Box<Decoding>>,
}

impl Wire {
    pub(crate) fn new(
        exchange: Box<Exchange>,
        slot: Slot,
        decoding: Option<Box<Decoding>>,
    ) -> Self {
        Self {
            exchange,
            slot,
            decoding,
        }
    }

    /// Takes the body, if all of it has arrived.
    pub(crate) fn take_whole(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if let Some(decoding) = &mut self.decoding {
            return decoding.take_whole(&mut self.exchange);
        }
        self.exchange.take_whole_body()
    }

    /// Reads the next piece of the body. `None` at its end.
    pub(crate) fn chunk(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Error>> {
        match &mut self.decoding {
            Some(decoding) => Box::pin(decoding.chunk(&mut self.exchange)),
            None => Box::pin(self.exchange.chunk()),
        }
    }

    /// Reads the rest of the body, and gives the connection back. Returns the trailers, too.
    pub(crate) fn collect(mut self, limit: u64) -> Work<'static, Result<(Vec<u8>, Fields), Error>> {
        Box::pin(async move {
            let body = match &mut self.decoding {
                Some(decoding) => decoding.collect(&mut self.exchange, limit).await?,
                None => self.exchange.collect(limit).await?,
            };
            Ok((body, self.give_back()))
        })
    }

    /// Returns the connection to the pool, if it can be used again. What is left are the
    /// trailers.
    pub(crate) fn give_back(self) -> Fields {
        let trailers = self.exchange.trailers().clone();
        // A body that is decoded may be read long after it has come.
        let since = self.exchange.ended().filter(|_| self.decoding.is_none());
        if let Some(connection) = self.exchange.into_connection() {
            self.slot.keep(connection, since);
        }
        trailers
    }
}
