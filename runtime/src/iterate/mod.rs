//! Asynchronous iteration: what `async for` goes over.
//!
//! Rust has no `async for`; a loop over an [`AsyncIterator`] is
//! `while let Some(item) = items.next().await`. The trait and its adapters are in
//! `iterator.rs`; [`from_fn`] and [`iter`] make one out of a closure or an ordinary iterator.
//! What has items to give (a queue, the lines of a connection) implements the trait in its own
//! file, so this module knows nothing of them and stands below.
//!
//! With the feature `futures`, `stream.rs` converts from and to the `Stream` of other libraries.

mod iterator;
#[cfg(feature = "futures")]
mod stream;

pub use self::iterator::{AsyncIterator, FromFn, from_fn, iter};
#[cfg(feature = "futures")]
pub use self::stream::{FromStream, IntoStream, from_stream, into_stream};
