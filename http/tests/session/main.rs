//! The client against servers that do as they are told.
//!
//! Every test starts a server on loopback, in the same loop and so on the same thread, whose
//! script is an async closure: it is called for each connection with a [`server::Peer`] that
//! receives requests and sends bytes, and the server remembers what came on which connection.
//! So a test can claim not only what the client returned, but what it did on the wire.
//!
//! `server` is that fixture. The other files have one theme each.
//!
//! Limits of time are short and real. A test claims that a limit is reported, and by which
//! phase, never that something was fast.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod server;
mod connect;
mod requests;
#[cfg(feature = "multipart")]
mod forms;
mod uploads;
mod expectations;
#[cfg(feature = "cookies")]
mod cookies;
mod own_cookies;
#[cfg(feature = "json")]
mod json;
mod responses;
mod taps;
mod pool;
mod redirects;
mod credentials;
#[cfg(feature = "digest")]
mod digests;
mod timeouts;
mod watching;
mod manners;
mod downloads;
mod errors;
mod cancellation;
mod texts;
#[cfg(feature = "charset")]
mod charsets;
#[cfg(feature = "gzip")]
mod codings;
