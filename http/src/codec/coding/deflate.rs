//! The coding `deflate`: zlib (RFC 1950), as the standard says, or raw deflate (RFC 1951), as
//! some servers send.
//!
//! The first two bytes tell: a zlib header names method 8 and is a multiple of 31. Raw data
//! that looks so would have to begin with a stored block whose padding is not zero, which no
//! encoder writes.

use flate2::Decompress;

use super::decode::{Decode, Flow};
use super::inflate::inflate;

/// The names to ask a server for.
pub(super) const OFFERED: &[&str] = &["deflate"];

/// Makes a decoder, if `name` is this coding.
pub(super) fn decoder(name: &str) -> Option<Box<dyn Decode>> {
    (name == "deflate").then(|| Box::new(Deflate::Unknown(None)) as Box<dyn Decode>)
}

/// A decoder for deflate.
enum Deflate {
    /// Which of the two it is will be seen in the second byte; the first may be here.
    Unknown(Option<u8>),
    /// It is known. The first byte, if it came alone, is still to be decoded.
    Known(Decompress, Option<u8>),
}

impl Decode for Deflate {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Flow, String> {
        if let Deflate::Unknown(held) = self {
            match (*held, input) {
                (None, [first, second, ..]) => *self = Deflate::started(*first, *second, None),
                (Some(first), [second, ..]) => {
                    *self = Deflate::started(first, *second, Some(first));
                }
                (None, [first]) => {
                    *held = Some(*first);
                    return Ok(Flow {
                        consumed: 1,
                        ..Flow::default()
                    });
                }
                (_, []) => return Ok(Flow::default()),
            }
        }
        let Deflate::Known(engine, held) = self else {
            unreachable!("two bytes were seen")
        };
        if let Some(first) = held.take() {
            // No output can come from one byte, so all the room is left.
            inflate(engine, &[first], output)?;
        }
        inflate(engine, input, output)
    }
}

impl Deflate {
    /// Decides by the first two bytes.
    fn started(first: u8, second: u8, held: Option<u8>) -> Self {
        let header = u16::from_be_bytes([first, second]);
        let is_zlib = first & 0x0f == 8 && header.is_multiple_of(31);
        Deflate::Known(Decompress::new(is_zlib), held)
    }
}
