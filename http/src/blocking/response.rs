//! A response that is read by blocking.

use std::io;
use std::ops::Deref;

use super::engine::Engine;
use crate::codec::charset::Charset;
use crate::error::Error;

/// The answer to a request. Status, headers and the rest of the head are those of the
/// asynchronous [`Response`](crate::Response), which it can be used as.
///
/// Dropping it before the end of its body closes the connection. [`std::io::copy`] saves it.
#[derive(Debug)]
pub struct Response {
    /// The response; `None` while it is being read.
    response: Option<crate::Response>,
    /// What was read of the body and not given out by `read`.
    piece: Vec<u8>,
    /// How much of that was given out.
    given: usize,
    engine: Engine,
}

impl Response {
    pub(super) fn new(engine: Engine, response: crate::Response) -> Self {
        Self {
            response: Some(response),
            piece: Vec::new(),
            given: 0,
            engine,
        }
    }

    /// Reads the whole body, or what is left of it.
    ///
    /// Where [`io::Read`] is imported, `response.bytes()` is the iterator of that trait; this
    /// one is `Response::bytes(&mut response)` there.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`bytes`](crate::Response::bytes).
    pub fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let rest = self.read_with(async |response| response.bytes().await)?;
        Ok(self.after_piece(rest))
    }

    /// Reads the whole body as text.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`text`](crate::Response::text).
    pub fn text(&mut self) -> Result<String, Error> {
        let body = self.bytes()?;
        self.inner()?.as_text(body)
    }

    /// Reads the whole body as text in a charset that the caller knows.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`text_with`](crate::Response::text_with).
    pub fn text_with(&mut self, label: &str) -> Result<String, Error> {
        let charset = Charset::named(label)?;
        let body = self.bytes()?;
        Ok(charset.decode(self.inner()?.understood(body)?))
    }

    /// Reads the next piece of the body, as it comes. `None` at the end.
    ///
    /// # Errors
    ///
    /// As the asynchronous [`chunk`](crate::Response::chunk).
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if self.given < self.piece.len() {
            return Ok(Some(self.after_piece(Vec::new())));
        }
        self.read_with(async |response| response.chunk().await)
    }

    /// Returns an error if the status is 4xx or 5xx, and the response otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Status`].
    pub fn raise_for_status(mut self) -> Result<Self, Error> {
        self.response = match self.response.take() {
            Some(response) => Some(response.raise_for_status()?),
            None => None,
        };
        Ok(self)
    }

    /// Puts what was read and not given out before `rest`.
    fn after_piece(&mut self, rest: Vec<u8>) -> Vec<u8> {
        let piece = std::mem::take(&mut self.piece);
        let given = std::mem::take(&mut self.given);
        if given == piece.len() {
            return rest;
        }
        [&piece[given..], &rest].concat()
    }

    fn inner(&mut self) -> Result<&mut crate::Response, Error> {
        self.response.as_mut().ok_or(Error::BodyAbandoned)
    }

    /// Runs the loop until `read` has ended.
    pub(crate) fn read_with<T: 'static>(
        &mut self,
        read: impl AsyncFnOnce(&mut crate::Response) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        self.engine.check()?;
        let Some(mut response) = self.response.take() else {
            return Err(Error::BodyAbandoned);
        };
        let reading = async move {
            let outcome = read(&mut response).await;
            (response, outcome)
        };
        let (response, outcome) = self.engine.block_on(reading)?;
        self.response = Some(response);
        outcome
    }
}

impl Deref for Response {
    type Target = crate::Response;

    /// # Panics
    ///
    /// After a read that has panicked or was interrupted.
    fn deref(&self) -> &crate::Response {
        self.response.as_ref().expect("no read was cut off")
    }
}

impl io::Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.piece.len() && !buffer.is_empty() {
            let next = self.read_with(async |response| response.chunk().await)?;
            self.piece = next.unwrap_or_default();
            self.given = 0;
        }
        let count = buffer.len().min(self.piece.len() - self.given);
        buffer[..count].copy_from_slice(&self.piece[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
