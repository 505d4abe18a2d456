//! How much of everything a server may send before the body, and how wrong it may be.
//!
//! Whatever a peer can make grow without bound, it will; so every growing thing has a cap
//! and the caps are on by default. They are far above what honest servers send (a head of
//! 8 KiB is already unusual) and far below what hurts.
//!
//! The caps bound memory *and* work: every layer below is linear in the bytes it admits.
//! Each has a variant of [`Error`](crate::Error) of its own that says which number to
//! raise. The body itself has no limit here: it is not kept in this layer.

use super::tolerance::Tolerance;

/// The caps on a response. A plain struct: change the fields that matter and take the rest
/// from [`Default`].
///
/// ```
/// use looplet_http::codec::Limits;
///
/// let limits = Limits { fields: 1000, ..Limits::default() };
/// assert_eq!(limits.head_bytes, 128 * 1024);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one response head, from the first byte to the empty line. Default 128 KiB.
    pub head_bytes: usize,
    /// Fields in a head, or in the trailers. Default 256.
    pub fields: usize,
    /// Interim (1xx) responses before the final one. Default 32.
    pub interim: u32,
    /// Bytes of chunk extensions in one body, all chunks together. Default 16 KiB.
    pub chunk_extension_bytes: usize,
    /// Bytes of trailers. Default 16 KiB.
    pub trailer_bytes: usize,
    /// Codings of one content (gzip and the like). Default 5.
    pub codings: usize,
    /// Which faults are tolerated. Default: next to nothing.
    pub tolerance: Tolerance,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            head_bytes: 128 * 1024,
            fields: 256,
            interim: 32,
            chunk_extension_bytes: 16 * 1024,
            trailer_bytes: 16 * 1024,
            codings: 5,
            tolerance: Tolerance::default(),
        }
    }
}
