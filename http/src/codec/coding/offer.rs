//! Which codings there are: what to ask for, and what `Content-Encoding` asks of the client.
//!
//! # Rules
//!
//! 1. What is asked for is exactly what is compiled in.
//! 2. Names ignore case. `identity` and `none` are no codings; `x-gzip` is `gzip` (RFC 9110,
//!    section 8.4.1).
//! 3. One coding that is not known makes all of them so: nothing is taken off, and a program
//!    can have the bytes as they came.
//! 4. The number of codings is limited, because each multiplies the work of the one before.

use super::content::ContentDecoder;
use super::decode::Decode;
use super::stage::Stage;
use super::{br, deflate, gzip, zstd};
use crate::error::{Error, Excerpt};
use crate::message::syntax::list_members;

/// The names that a coding offers, and what makes a decoder for them.
type Coding = (&'static [&'static str], fn(&str) -> Option<Box<dyn Decode>>);

/// All codings, the one that is asked for first first.
const CODINGS: [Coding; 4] = [
    (gzip::OFFERED, gzip::decoder),
    (deflate::OFFERED, deflate::decoder),
    (br::OFFERED, br::decoder),
    (zstd::OFFERED, zstd::decoder),
];

/// Returns the value of `Accept-Encoding` that asks for every coding that is compiled in.
/// `identity` if there is none.
///
/// ```
/// let offer = looplet_http::codec::accept_encoding();
/// assert!(offer == "identity" || offer.split(", ").all(|name| !name.is_empty()));
/// ```
pub fn accept_encoding() -> String {
    let names: Vec<_> = CODINGS
        .iter()
        .flat_map(|(names, _)| *names)
        .copied()
        .collect();
    match names.as_slice() {
        [] => "identity".to_owned(),
        names => names.join(", "),
    }
}

/// What `Content-Encoding` says.
#[derive(Debug)]
pub enum ContentCoding {
    /// The content is as it is.
    Plain,
    /// The content has codings, and this takes them off.
    Known(ContentDecoder),
    /// The content has a coding that is not compiled in, or not known at all. These are the
    /// names of all its codings.
    Unknown(String),
}

impl ContentCoding {
    /// Reads the values of all `Content-Encoding` fields; at most `limit` codings are
    /// admitted.
    ///
    /// # Errors
    ///
    /// [`Error::BadContentCoding`] if there are more.
    pub fn of<'v>(values: impl IntoIterator<Item = &'v [u8]>, limit: usize) -> Result<Self, Error> {
        let mut codings = codings(values);
        let names: Vec<String> = codings.by_ref().take(limit).collect();
        if let Some(coding) = codings.next() {
            let cause = format!("it is one of more than {limit} codings");
            return Err(Error::BadContentCoding { coding, cause });
        }
        if names.is_empty() {
            return Ok(ContentCoding::Plain);
        }
        let stages: Option<Vec<Stage>> = names.iter().rev().map(|name| stage(name)).collect();
        Ok(match stages {
            Some(stages) => ContentCoding::Known(ContentDecoder::new(stages)),
            None => ContentCoding::Unknown(names.join(", ")),
        })
    }

    /// Reads the same for a content of which nothing is to be taken off.
    pub(crate) fn untouched<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> Self {
        let names: Vec<String> = codings(values).collect();
        match names.as_slice() {
            [] => ContentCoding::Plain,
            names => ContentCoding::Unknown(names.join(", ")),
        }
    }
}

/// The names of all codings that change anything, in lower case.
fn codings<'v>(values: impl IntoIterator<Item = &'v [u8]>) -> impl Iterator<Item = String> {
    let names = values.into_iter().flat_map(list_members);
    let names = names.map(|name| Excerpt::start_of(name).as_bytes().to_ascii_lowercase());
    let names = names.map(|name| String::from_utf8_lossy(&name).into_owned());
    names.filter(|name| !matches!(name.as_str(), "" | "identity" | "none"))
}

/// Makes the stage for a coding, if it is known.
fn stage(name: &str) -> Option<Stage> {
    let decoder = CODINGS.iter().find_map(|(_, decoder)| decoder(name))?;
    Some(Stage::new(name.to_owned(), decoder))
}
