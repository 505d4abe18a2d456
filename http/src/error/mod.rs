//! The one error type of the client.
//!
//! A caller of an HTTP client wants to know three things: was it my mistake, the network's
//! or the server's; where in the exchange did it happen; and what exactly was wrong. One
//! enum with a variant per situation answers them without a downcast, and `match` finds
//! the situations worth handling.
//!
//! # Rules
//!
//! 1. The doc of a variant says when it occurs and which limit or option turns it off.
//! 2. `Display` is one flat line with the place, the cause and, where bytes were at fault,
//!    the first of them, escaped. `source()` is always `None`, so that a report that walks
//!    the chain does not print the same cause twice.
//! 3. Errors are plain data: `Clone`, `PartialEq`, `Send`. An `io::Error` is kept as its
//!    kind and its message.
//! 4. No variant holds a password: callers pass URLs and headers in without their secrets.
//!
//! Running out of bytes is not an error in [`codec`](crate::codec): it is `Partial` there,
//! and becomes one of the `…Truncated` variants only when the peer closes the connection.

mod excerpt;
mod place;
mod situation;
mod questions;
mod display;

pub use excerpt::Excerpt;
pub use place::{ConnectAttempt, HeaderPart, Phase, Section};
pub use situation::Error;
