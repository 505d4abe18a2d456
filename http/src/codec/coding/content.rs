//! Takes all the codings off a content, the last one first.
//!
//! ```text
//! wire ──▶ stage ──buffer──▶ stage ──buffer──▶ … ──▶ content
//! ```
//!
//! # Rules
//!
//! 1. A stage runs only if none behind it can, so no buffer has more than one piece, and the
//!    memory is that of the decoders, whatever the data would grow to.
//! 2. What was decoded before an error is given out before the error.
//! 3. Every call after an error gives the same error again.

use std::fmt;

use super::stage::Stage;
use crate::error::Error;

/// A decoder for one content, which may have several codings.
///
/// It is fed with bytes as they come, and appends what they mean to a buffer, a piece at a
/// time.
///
/// ```
/// use looplet_http::codec::{ContentCoding, ContentDecoder};
///
/// fn decode(mut decoder: ContentDecoder, mut input: &[u8]) -> Result<Vec<u8>, looplet_http::Error> {
///     let mut content = Vec::new();
///     while let Some(consumed) = decoder.step(input, &mut content)? {
///         input = &input[consumed..];
///     }
///     decoder.finish()?;
///     Ok(content)
/// }
///
/// let coded = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xcb\xc8\x04\0\xac*\x93\xd8\x02\0\0\0";
/// let coding = ContentCoding::of([&b"gzip"[..]], 5)?;
/// # let with_gzip = matches!(coding, ContentCoding::Known(_));
/// if let ContentCoding::Known(decoder) = coding {
///     assert_eq!(decode(decoder, coded)?, b"hi");
/// }
/// # assert_eq!(with_gzip, looplet_http::codec::accept_encoding().contains("gzip"));
/// # Ok::<(), looplet_http::Error>(())
/// ```
pub struct ContentDecoder {
    /// The codings in the order in which they are taken off.
    links: Vec<Link>,
    /// What was wrong.
    failed: Option<Error>,
}

/// A stage, and what it has got to decode from the one before it.
struct Link {
    stage: Stage,
    /// Stays empty for the first one, whose input is the caller's.
    input: Vec<u8>,
    /// Bytes of it that are done with.
    used: usize,
}

impl ContentDecoder {
    pub(super) fn new(stages: impl IntoIterator<Item = Stage>) -> Self {
        let links = stages.into_iter().map(|stage| Link {
            stage,
            input: Vec::new(),
            used: 0,
        });
        ContentDecoder {
            links: links.collect(),
            failed: None,
        }
    }

    /// Does one step, of which the work is bounded: at most 32 KiB are appended to `content`.
    /// Returns how many bytes of `input` are done with; the next call gets the rest. `None`
    /// if more input is needed to do anything.
    ///
    /// # Errors
    ///
    /// [`Error::BadContentCoding`]. What is in `content` by then is good.
    pub fn step(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<Option<usize>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let step = self.advance(input, content);
        self.failed = step.as_ref().err().cloned();
        step
    }

    /// Takes notice that the input has ended, after [`step`](Self::step) has returned `None`.
    ///
    /// # Errors
    ///
    /// [`Error::BadContentCoding`] if the coded data is not complete.
    pub fn finish(&self) -> Result<(), Error> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => self.links.iter().try_for_each(|link| link.stage.finish()),
        }
    }

    /// Lets the last stage run that can.
    fn advance(&mut self, input: &[u8], content: &mut Vec<u8>) -> Result<Option<usize>, Error> {
        for index in (0..self.links.len()).rev() {
            let (before, behind) = self.links.split_at_mut(index + 1);
            let link = &mut before[index];
            let output = behind.first_mut().map_or(&mut *content, Link::room);
            if index == 0 {
                return link.stage.step(input, output);
            }
            if let Some(consumed) = link.stage.step(&link.input[link.used..], output)? {
                link.used += consumed;
                return Ok(Some(0));
            }
        }
        Ok(None)
    }
}

impl Link {
    /// The buffer for what the stage before decodes, without what is done with.
    fn room(&mut self) -> &mut Vec<u8> {
        self.input.drain(..self.used);
        self.used = 0;
        &mut self.input
    }
}

impl fmt::Debug for ContentDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.links.iter().map(|link| link.stage.name());
        f.debug_list().entries(names).finish()
    }
}
