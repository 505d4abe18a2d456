//! From the bytes of a body to text.
//!
//! The first of these that names a known charset decides: the header, a byte order mark, in
//! HTML a `<meta>` within the first 1024 bytes, and UTF-8.
//!
//! # Rules
//!
//! 1. What is malformed becomes `U+FFFD`; reading a text does not fail for it.
//! 2. A label that is not known decides nothing. Servers name charsets that never were, and
//!    what they send is nearly always UTF-8.
//! 3. A byte order mark is not part of the text. One of UTF-16 also corrects the byte order
//!    of a header that says UTF-16.
//!
//! Without the feature `charset`, only UTF-8 and Latin-1 are known, and only the header is
//! asked. Guessing from the distribution of bytes is deliberately absent.

mod content_type;
#[cfg(feature = "charset")]
mod meta;
#[cfg(feature = "charset")]
mod encodings;
#[cfg(not(feature = "charset"))]
mod utf8;

#[cfg(feature = "charset")]
pub(crate) use encodings::{Charset, decode};
#[cfg(not(feature = "charset"))]
pub(crate) use utf8::{Charset, decode};
