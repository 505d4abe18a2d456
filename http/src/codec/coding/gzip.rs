//! The coding `gzip` (RFC 1952), also known as `x-gzip`.
//!
//! Several members in a row are one content (section 2.2). The checksum and the length at the
//! end of each are checked by the engine.

use flate2::Decompress;

use super::decode::{Decode, Flow};
use super::inflate::{WINDOW_BITS, inflate};

/// The names to ask a server for.
pub(super) const OFFERED: &[&str] = &["gzip"];

/// The first byte of a member.
const MAGIC: u8 = 0x1f;

/// Makes a decoder, if `name` is this coding.
pub(super) fn decoder(name: &str) -> Option<Box<dyn Decode>> {
    matches!(name, "gzip" | "x-gzip").then(|| Box::new(Gzip::new()) as Box<dyn Decode>)
}

/// A decoder for gzip.
struct Gzip {
    engine: Decompress,
}

impl Gzip {
    fn new() -> Self {
        Self {
            engine: Decompress::new_gzip(WINDOW_BITS),
        }
    }
}

impl Decode for Gzip {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Flow, String> {
        inflate(&mut self.engine, input, output)
    }

    fn begins(&self, byte: u8) -> bool {
        byte == MAGIC
    }

    // The engine's own reset goes back to zlib, so it is made anew.
    fn restart(&mut self) {
        *self = Self::new();
    }
}
