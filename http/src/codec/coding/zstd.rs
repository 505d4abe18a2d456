//! The coding `zstd` (RFC 8878).
//!
//! ```text
//! Header ──whole──▶ Blocks ──last one──▶ (end of the frame)
//!    └──skippable──▶ Skipping ──────────▶ (end of the frame)
//! ```
//!
//! # Rules
//!
//! 1. The engine reads whole headers and whole blocks, so the input is collected up to one of
//!    them: at most 128 KiB and a few bytes.
//! 2. A window above 8 MiB is refused (RFC 9659).
//! 3. The next block is decoded when all that can be given out has been.
//! 4. Frames in a row are one content; skippable ones are skipped. A checksum is compared.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::decode::{Decode, Flow};

/// The names to ask a server for.
pub(super) const OFFERED: &[&str] = &["zstd"];

/// The largest window in bytes.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;
/// The most bytes of a block.
const MAX_BLOCK: usize = 128 * 1024;
/// How a frame begins, and how one that is to be skipped begins behind its first byte.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];
/// A block whose one byte of content is to be repeated.
const REPEATED: u32 = 1;

/// Makes a decoder, if `name` is this coding.
pub(super) fn decoder(name: &str) -> Option<Box<dyn Decode>> {
    (name == "zstd").then(|| Box::new(Zstd::new()) as Box<dyn Decode>)
}

/// A decoder for zstd.
struct Zstd {
    engine: FrameDecoder,
    state: State,
    /// The beginning of what the engine gets next.
    pending: Vec<u8>,
}

/// Where the decoder is; the transitions are drawn above.
#[derive(Clone, Copy)]
enum State {
    Header,
    Blocks { checksum: bool },
    Skipping { left: u32 },
}

impl Zstd {
    fn new() -> Self {
        let mut engine = FrameDecoder::new();
        engine.set_max_window_size(MAX_WINDOW);
        Self {
            engine,
            state: State::Header,
            pending: Vec::new(),
        }
    }

    /// Moves input to `pending` until that has `wanted` bytes. Returns whether it has.
    fn gather(&mut self, wanted: usize, input: &[u8], flow: &mut Flow) -> bool {
        let missing = wanted.saturating_sub(self.pending.len());
        let rest = &input[flow.consumed..];
        let taken = &rest[..missing.min(rest.len())];
        self.pending.extend_from_slice(taken);
        flow.consumed += taken.len();
        self.pending.len() >= wanted
    }

    /// Reads the header of a frame, if it is whole.
    fn header(&mut self, input: &[u8], flow: &mut Flow) -> Result<(), String> {
        if !self.gather(5, input, flow) {
            return Ok(());
        }
        if self.pending[1..4] == SKIPPABLE && self.pending[0] & 0xf0 == 0x50 {
            if self.gather(8, input, flow) {
                let length = [4, 5, 6, 7].map(|at| self.pending[at]);
                let left = u32::from_le_bytes(length);
                self.enter(State::Skipping { left });
                flow.ended = left == 0;
            }
            return Ok(());
        }
        if self.pending[..4] != MAGIC {
            return Err("it does not begin as a frame does".to_owned());
        }
        let descriptor = self.pending[4];
        if self.gather(header_length(descriptor), input, flow) {
            let init = self.engine.reset(self.pending.as_slice());
            init.map_err(|error| error.to_string())?;
            let checksum = descriptor & 4 != 0;
            self.enter(State::Blocks { checksum });
        }
        Ok(())
    }

    /// Decodes a block, if it is whole.
    fn block(&mut self, checksum: bool, input: &[u8], flow: &mut Flow) -> Result<(), String> {
        if !self.gather(3, input, flow) {
            return Ok(());
        }
        let header = u32::from_le_bytes([self.pending[0], self.pending[1], self.pending[2], 0]);
        let (last, kind, size) = (header & 1 != 0, (header >> 1) & 3, (header >> 3) as usize);
        if size > MAX_BLOCK {
            return Err(format!("a block has {size} bytes"));
        }
        let content = if kind == REPEATED { 1 } else { size };
        let trailer = if last && checksum { 4 } else { 0 };
        if self.gather(3 + content + trailer, input, flow) {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            let decoded = self.engine.decode_blocks(self.pending.as_slice(), one);
            decoded.map_err(|error| error.to_string())?;
            self.pending.clear();
        }
        Ok(())
    }

    /// Skips a part of a frame that is no data.
    fn skip(&mut self, left: u32, input: &[u8], flow: &mut Flow) {
        let skipped = input.len().min(left as usize);
        flow.consumed = skipped;
        let left = left - skipped as u32;
        self.enter(State::Skipping { left });
        flow.ended = left == 0;
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.pending.clear();
    }

    /// Whether all of a frame was given out, and was what its checksum says.
    fn is_over(&self) -> Result<bool, String> {
        if !self.engine.is_finished() || self.engine.can_collect() > 0 {
            return Ok(false);
        }
        match self.engine.get_checksum_from_data() {
            Some(told) if Some(told) != self.engine.get_calculated_checksum() => {
                Err("the checksum is wrong".to_owned())
            }
            _ => Ok(true),
        }
    }
}

impl Decode for Zstd {
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Flow, String> {
        let mut flow = Flow::default();
        match self.state {
            State::Header => self.header(input, &mut flow)?,
            State::Skipping { left } => self.skip(left, input, &mut flow),
            State::Blocks { checksum } => {
                if self.engine.can_collect() == 0 && !self.engine.is_finished() {
                    self.block(checksum, input, &mut flow)?;
                }
                let read = self.engine.read(output);
                flow.produced = read.map_err(|error| error.to_string())?;
                flow.ended = self.is_over()?;
            }
        }
        Ok(flow)
    }

    fn begins(&self, byte: u8) -> bool {
        byte == MAGIC[0] || byte & 0xf0 == 0x50
    }

    fn restart(&mut self) {
        self.enter(State::Header);
    }
}

/// The length of a frame's header, magic number included (section 3.1.1.1).
fn header_length(descriptor: u8) -> usize {
    let single_segment = descriptor & 0x20 != 0;
    let window = usize::from(!single_segment);
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = match descriptor >> 6 {
        0 => usize::from(single_segment),
        flag => 1 << flag,
    };
    5 + window + dictionary + content_size
}
