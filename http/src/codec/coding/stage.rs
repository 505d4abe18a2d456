//! One coding of a content: its decoder, and what may come behind its data.
//!
//! ```text
//! Fresh ──byte──▶ Inside ──end of the data──▶ Ended ──zero──▶ Padding
//!                   ▲                          │
//!                   └─────── another member ───┘
//! ```
//!
//! # Rules
//!
//! 1. Nothing at all is a content of no bytes: servers name a coding for empty bodies too.
//! 2. Zeros behind the end are padding. Anything else there is an error, found after all the
//!    data was given out.
//! 3. An end inside the data is an error.

use super::decode::{Decode, Flow};
use crate::error::Error;

/// The most bytes that one step decodes.
pub(super) const PIECE: usize = 32 * 1024;

/// A coding that is being taken off.
pub(super) struct Stage {
    /// The name for error messages.
    name: String,
    decoder: Box<dyn Decode>,
    state: State,
}

/// Where in the data the next byte belongs; the transitions are drawn above.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Inside,
    Ended,
    Padding,
}

impl Stage {
    pub(super) fn new(name: String, decoder: Box<dyn Decode>) -> Self {
        Stage {
            name,
            decoder,
            state: State::Fresh,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Does one step: uses a part of `input`, or appends at most [`PIECE`] bytes to `output`,
    /// or both. `None` if more input is needed.
    pub(super) fn step(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<Option<usize>, Error> {
        match self.state {
            State::Fresh if input.is_empty() => Ok(None),
            State::Fresh | State::Inside => self.decode(input, output),
            State::Ended | State::Padding => self.skip_padding(input),
        }
    }

    fn decode(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<Option<usize>, Error> {
        self.state = State::Inside;
        let length = output.len();
        output.resize(length + PIECE, 0);
        let decoded = self.decoder.decode(input, &mut output[length..]);
        let produced = decoded.as_ref().map_or(0, |flow| flow.produced);
        output.truncate(length + produced);
        let flow = decoded.map_err(|cause| self.error(cause))?;
        if flow.ended {
            self.state = State::Ended;
        }
        Ok((flow != Flow::default()).then_some(flow.consumed))
    }

    fn skip_padding(&mut self, input: &[u8]) -> Result<Option<usize>, Error> {
        match input.first() {
            None => Ok(None),
            Some(&byte) if self.state == State::Ended && self.decoder.begins(byte) => {
                self.decoder.restart();
                self.state = State::Inside;
                Ok(Some(0))
            }
            Some(0) => {
                self.state = State::Padding;
                let zeros = input.iter().take_while(|&&byte| byte == 0).count();
                Ok(Some(zeros))
            }
            Some(byte) => Err(self.error(format!("byte 0x{byte:02x} stands behind the end"))),
        }
    }

    /// Takes notice that there is no more input.
    pub(super) fn finish(&self) -> Result<(), Error> {
        match self.state {
            State::Inside => Err(self.error("it ends in the middle".to_owned())),
            State::Fresh | State::Ended | State::Padding => Ok(()),
        }
    }

    fn error(&self, cause: String) -> Error {
        Error::BadContentCoding {
            coding: self.name.clone(),
            cause,
        }
    }
}
