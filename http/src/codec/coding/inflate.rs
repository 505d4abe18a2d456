//! Drives flate2's raw interface, which gzip and deflate have in common.
//!
//! The readers of that crate decide for themselves what an early end and trailing bytes mean.
//! Here a caller decides, so the engine below them is driven by hand.

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use super::decode::Flow;

/// The largest window that the format has, as a power of two.
pub(super) const WINDOW_BITS: u8 = 15;

/// Decodes a part of `input`.
pub(super) fn inflate(
    engine: &mut Decompress,
    input: &[u8],
    output: &mut [u8],
) -> Result<Flow, String> {
    let (read, written) = (engine.total_in(), engine.total_out());
    let status = engine.decompress(input, output, FlushDecompress::None);
    let status = status.map_err(|error| cause(&error).to_owned())?;
    Ok(Flow {
        consumed: (engine.total_in() - read) as usize,
        produced: (engine.total_out() - written) as usize,
        ended: status == Status::StreamEnd,
    })
}

/// What is wrong with the data. Of the engine's own words, only these do not depend on how
/// the data was cut into pieces.
fn cause(error: &DecompressError) -> &str {
    match error.message() {
        Some(check @ ("incorrect data check" | "incorrect length check")) => check,
        _ => "the data is corrupt",
    }
}
