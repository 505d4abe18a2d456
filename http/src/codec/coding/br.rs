//! The coding `br` (RFC 7932).
//!
//! The window is at most 16 MiB; the extension for larger ones is refused. The format has no
//! checksum: what is corrupt is found only if it makes no sense.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::decode::{Decode, Flow};

/// The names to ask a server for.
pub(super) const OFFERED: &[&str] = &["br"];

/// Makes a decoder, if `name` is this coding.
pub(super) fn decoder(name: &str) -> Option<Box<dyn Decode>> {
    (name == "br").then(|| Box::new(Brotli::new()) as Box<dyn Decode>)
}

/// A decoder for brotli.
struct Brotli {
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
}

impl Brotli {
    fn new() -> Self {
        let memory = StandardAlloc::default();
        Self {
            state: BrotliState::new_strict(memory, memory, memory),
        }
    }
}

impl Decode for Brotli {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Flow, String> {
        let (mut available, mut room) = (input.len(), output.len());
        let mut flow = Flow::default();
        let result = BrotliDecompressStream(
            &mut available,
            &mut flow.consumed,
            input,
            &mut room,
            &mut flow.produced,
            output,
            &mut 0,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultFailure => Err("the data is corrupt".to_owned()),
            BrotliResult::ResultSuccess => Ok(Flow {
                ended: true,
                ..flow
            }),
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(flow),
        }
    }
}
