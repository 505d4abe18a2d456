//! An HTTP/1.1 client on looplet, in the spirit of aiohttp's `ClientSession`.
//!
//! The list of `mod` lines is the layer diagram: a module imports only from modules
//! declared above it. The lower three do no I/O and read no clock, so they can be read,
//! tested and reused without the event loop:
//!
//! * [`error`]: one enum for everything that can go wrong in the whole client;
//! * [`message`]: plain data, such as a request, a response head, an origin;
//! * [`codec`]: bytes to messages and back.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod error;
pub mod message;
pub mod codec;

pub use error::Error;
