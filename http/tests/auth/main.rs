//! Authentication as plain data: what servers ask, what is answered, and netrc files.
//!
//! Nothing here opens a socket. What a session makes of it, on the wire, is in
//! `tests/session/credentials.rs`; the hashes of Digest are tested beside their code.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod challenges;
mod handshakes;
#[cfg(feature = "digest")]
mod digests;
mod netrc;
