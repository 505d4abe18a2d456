//! The codings of a content: gzip and the like (RFC 9110, section 8.4).
//!
//! A server may send a page in a third of its bytes, or a gigabyte in a kilobyte. So decoding
//! is a matter of small steps here: bytes go in as they come, pieces of limited size come out,
//! and who calls decides when it is enough.
//!
//! # Rules
//!
//! 1. Data that ends early is an error and never a shorter content.
//! 2. A coding that is not compiled in is `absent` under its name, so nothing else asks which
//!    features there are.
//! 3. No memory is taken because the data announces a size, but for the window of the format:
//!    32 KiB for gzip and deflate, at most 16 MiB for br and 8 MiB for zstd.
//!
//! Encoders are deliberately absent, and so are `compress` and shared dictionaries.

mod decode;
#[cfg(not(all(feature = "gzip", feature = "brotli", feature = "zstd")))]
mod absent;
#[cfg(feature = "gzip")]
mod inflate;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "gzip")]
mod deflate;
#[cfg(feature = "brotli")]
mod br;
#[cfg(feature = "zstd")]
mod zstd;
mod stage;
mod content;
mod offer;

#[cfg(not(feature = "brotli"))]
use self::absent as br;
#[cfg(not(feature = "zstd"))]
use self::absent as zstd;
#[cfg(not(feature = "gzip"))]
use self::{absent as deflate, absent as gzip};

pub use content::ContentDecoder;
pub use offer::{ContentCoding, accept_encoding};
