//! Contents and their codings, good, bad and hostile.
//!
//! Every content is decoded whole, byte by byte, and cut in two at every offset; what comes
//! out, and the error if there is one, must be the same. `several` is about what all codings
//! have in common, and the other files about one each. `cuts` decodes in all these ways.

#[cfg(any(feature = "gzip", feature = "brotli", feature = "zstd"))]
mod cuts;
mod several;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "gzip")]
mod deflate;
#[cfg(feature = "brotli")]
mod br;
#[cfg(feature = "zstd")]
mod zstd;
