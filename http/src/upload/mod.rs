//! Bodies that come from files, and forms that consist of several bodies.
//!
//! Both are streams, so that an upload of any size takes the memory of one piece. They stand
//! apart from [`Body`](crate::message::Body), which is plain data and knows no files.

mod file;
#[cfg(feature = "multipart")]
mod multipart;

#[cfg(feature = "multipart")]
pub use multipart::{Multipart, Part};
