//! The codec against good, bad and hostile bytes.
//!
//! Each row of the tables says what a response is and what must come of it. Every row is
//! played whole, byte by byte, cut in two at every offset, and with the body read past the
//! codec as the connection does it; the verdict and the delivered body must be the same.
//!
//! `driver` is a connection made of memory. `table` has the form of a row. The rows are in
//! `heads`, `framing` and `chunked`, those about faults that can be tolerated in `tolerance`;
//! `mutation` damages them at random. `encode` goes the other way, and `coding` takes codings off
//! contents.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod driver;
mod table;
mod heads;
mod framing;
mod chunked;
mod tolerance;
mod mutation;
mod encode;
mod coding;
