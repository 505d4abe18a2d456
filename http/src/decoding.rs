//! A body on its way through its codings.
//!
//! The exchange says which bytes are the body, the codec what they mean, and here they meet.
//!
//! # Rules
//!
//! 1. A step of decoding is counted as a read is: others get their turn, and the clock is
//!    looked at, also when a few bytes mean a great many.
//! 2. Between two steps everything is kept here, so giving up a read loses nothing.
//! 3. The body ends when the framing says so, and is good if its codings say so too.

use crate::codec::{ContentCoding, ContentDecoder};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::message::ResponseHead;
use crate::message::syntax::list_members;

/// What is decoded, of a body that has arrived whole, before anybody asks for it.
const AT_ONCE: usize = 64 * 1024;
/// Steps of decoding for that.
const STEPS_AT_ONCE: usize = 16;

/// Finds out which codings a body has, and how they are taken off: those of the transfer, and
/// those of the content if `decode` says so.
pub(crate) fn coding_of(
    head: &ResponseHead,
    decode: bool,
    limit: usize,
) -> Result<ContentCoding, Error> {
    let is_coded = |name| head.header(name).is_some();
    if !is_coded("content-encoding") && !is_coded("transfer-encoding") {
        return Ok(ContentCoding::Plain);
    }
    let content = head.headers_all("content-encoding");
    let transfer = transfer_codings(head);
    if transfer.is_empty() {
        return match decode {
            true => ContentCoding::of(content, limit),
            false => Ok(ContentCoding::untouched(content)),
        };
    }
    // A content that keeps its codings has them below those of the transfer.
    let content = content.filter(|_| decode);
    match ContentCoding::of(content.chain(transfer), limit)? {
        ContentCoding::Unknown(coding) => {
            let cause = "the client cannot take it off".to_owned();
            Err(Error::BadContentCoding { coding, cause })
        }
        coding => Ok(coding),
    }
}

/// The codings that the body has on its way, beside chunked. The framing has found them to be
/// what the request has offered to take off.
fn transfer_codings(head: &ResponseHead) -> Vec<&[u8]> {
    let codings = head.headers_all("transfer-encoding").flat_map(list_members);
    codings
        .filter(|coding| !coding.eq_ignore_ascii_case(b"chunked"))
        .collect()
}

/// A coded body.
#[derive(Debug)]
pub(crate) struct Decoding {
    decoder: ContentDecoder,
    /// What was received, and how much of it is decoded.
    coded: Vec<u8>,
    used: usize,
    /// All bytes that were received.
    received: u64,
    /// Whether those are all there are.
    ended: bool,
    /// What is decoded and not given out.
    ready: Vec<u8>,
}

impl Decoding {
    pub(crate) fn new(decoder: ContentDecoder) -> Self {
        Self {
            decoder,
            coded: Vec::new(),
            used: 0,
            received: 0,
            ended: false,
            ready: Vec::new(),
        }
    }

    /// Returns the content if all of the body has arrived, it is small, and its codings are
    /// sound. What is wrong with it is said to who reads it.
    pub(crate) fn take_whole(&mut self, exchange: &mut Exchange) -> Result<Option<Vec<u8>>, Error> {
        if let Some(coded) = exchange.take_whole_body()? {
            self.received = coded.len() as u64;
            self.coded = coded;
            self.ended = true;
        }
        for _ in 0..STEPS_AT_ONCE {
            if !self.ended || self.ready.len() > AT_ONCE {
                break;
            }
            match self.decode() {
                Ok(true) => {}
                Ok(false) if self.decoder.finish().is_ok() => {
                    return Ok(Some(std::mem::take(&mut self.ready)));
                }
                Ok(false) | Err(_) => break,
            }
        }
        Ok(None)
    }

    /// Reads the next piece of the content. `None` at its end.
    pub(crate) async fn chunk(
        &mut self,
        exchange: &mut Exchange,
    ) -> Result<Option<Vec<u8>>, Error> {
        while self.ready.is_empty() {
            if !self.advance(exchange).await? {
                return Ok(None);
            }
        }
        Ok(Some(std::mem::take(&mut self.ready)))
    }

    /// Reads the rest of the content. Neither that nor the coded body, which may mean nothing
    /// at all, may have more than `limit` bytes.
    pub(crate) async fn collect(
        &mut self,
        exchange: &mut Exchange,
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        loop {
            let more = self.advance(exchange).await?;
            if self.received.max(self.ready.len() as u64) > limit {
                return Err(Error::BodyTooLarge { limit });
            }
            if !more {
                return Ok(std::mem::take(&mut self.ready));
            }
        }
    }

    /// Decodes a step, or receives more. Returns `false` at the end.
    async fn advance(&mut self, exchange: &mut Exchange) -> Result<bool, Error> {
        exchange.breathe().await?;
        if self.decode()? {
            return Ok(true);
        }
        if self.ended {
            self.decoder.finish()?;
            return Ok(false);
        }
        match exchange.chunk().await? {
            Some(data) => {
                self.received += data.len() as u64;
                self.coded.drain(..self.used);
                self.used = 0;
                self.coded.extend_from_slice(&data);
            }
            None => self.ended = true,
        }
        Ok(true)
    }

    /// Decodes a step. Returns `false` if that needs more bytes.
    fn decode(&mut self) -> Result<bool, Error> {
        let coded = &self.coded[self.used..];
        let step = self.decoder.step(coded, &mut self.ready)?;
        self.used += step.unwrap_or(0);
        Ok(step.is_some())
    }
}
