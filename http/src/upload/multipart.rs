//! Forms with files: `multipart/form-data` (RFC 7578).
//!
//! ```text
//! --boundary
//! Content-Disposition: form-data; name="title"
//!
//! a text
//! --boundary
//! Content-Disposition: form-data; name="photo"; filename="cat.png"
//! Content-Type: image/png
//!
//! (the bytes of the file)
//! --boundary--
//! ```
//!
//! # Rules
//!
//! 1. The boundary is 128 random bits, so that no content has it but by a chance that is none.
//!    Contents can then be sent without being searched.
//! 2. Names are UTF-8, and what would end them early is escaped as browsers do it: `"` as
//!    `%22`, CR as `%0D`, LF as `%0A`. So no name can add a header or a part.
//! 3. The whole has a length if all parts have one, and can be sent again if all parts can.
//!
//! Nested forms and `filename*` are deliberately absent: RFC 7578 does away with both.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::Path;
use std::vec;

use looplet::AsyncIterator;

use crate::error::Error;
use crate::message::syntax::check_field;
use crate::message::{Body, BodyStream, Pieces};
use crate::request_builder::RequestBuilder;

/// A smaller form whose parts are in memory is put together there, and sent in one write.
const SMALL: u64 = 64 * 1024;
/// How much of a larger part in memory is copied at once.
const PIECE: usize = 64 * 1024;

/// A form: names, and for each a text or a file.
///
/// The aiohttp counterpart is `FormData`.
///
/// ```
/// use looplet_http::{Multipart, Part, Session};
/// use looplet_http::runtime::{run, start_server};
///
/// run(async {
///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
///     #     let _head = reader.read_until(b"\r\n\r\n").await;
///     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
///     # }).await?;
///     # let url = format!("http://{}/", server.local_addr());
///     let photo = Part::new(vec![0x89, b'P', b'N', b'G']).file_name("cat.png");
///     let form = Multipart::new()
///         .text("title", "My cat")
///         .part("photo", photo.content_type("image/png"));
///     Session::new().post(url).multipart(form).send().await?;
///     Ok::<(), std::io::Error>(())
/// }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Multipart {
    boundary: String,
    /// Names and parts, in the order in which they are sent.
    parts: Vec<(String, Part)>,
}

/// A part of a [`Multipart`] form.
#[derive(Clone, Debug)]
pub struct Part {
    body: Body,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Default for Multipart {
    fn default() -> Self {
        Self::new()
    }
}

impl Multipart {
    /// Makes a form without parts.
    pub fn new() -> Self {
        Self {
            boundary: format!("{:016x}{:016x}", random(), random()),
            parts: Vec::new(),
        }
    }

    /// Adds a field with a text.
    pub fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.part(name, Part::new(value.into()))
    }

    /// Adds the file at `path`, under the name that it has there.
    ///
    /// # Errors
    ///
    /// As [`Body::file`].
    ///
    /// # Panics
    ///
    /// When polled outside a running loop.
    pub async fn file(self, name: impl Into<String>, path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let part = Part::new(Body::file(path).await?);
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(self.part(name, part.file_name(file_name)))
    }

    /// Adds a part.
    pub fn part(mut self, name: impl Into<String>, part: Part) -> Self {
        self.parts.push((name.into(), part));
        self
    }

    /// Returns the media type, with the boundary, for the header `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Returns the form as a body.
    ///
    /// [`RequestBuilder::multipart`](crate::RequestBuilder::multipart) does this and sets the
    /// header, too.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidHeader`] if the media type of a part has a control byte.
    pub fn into_body(self) -> Result<Body, Error> {
        let mut bodies = Vec::with_capacity(2 * self.parts.len() + 1);
        let mut before = format!("--{}\r\n", self.boundary);
        for (name, part) in self.parts {
            bodies.push((before + &part.head(&name)?).into());
            bodies.push(part.body);
            before = format!("\r\n--{}\r\n", self.boundary);
        }
        let end = match bodies.is_empty() {
            true => format!("--{}--\r\n", self.boundary),
            false => format!("\r\n--{}--\r\n", self.boundary),
        };
        bodies.push(end.into());
        Ok(joined(bodies))
    }
}

impl Part {
    /// Makes a part of bytes, a text, or any other body.
    pub fn new(body: impl Into<Body>) -> Self {
        Self {
            body: body.into(),
            file_name: None,
            content_type: None,
        }
    }

    /// Makes it a file with this name, of type `application/octet-stream` unless it is said
    /// otherwise.
    pub fn file_name(mut self, name: impl Into<String>) -> Self {
        self.file_name = Some(name.into());
        self
    }

    /// Sets its media type.
    pub fn content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// The lines above the content.
    fn head(&self, name: &str) -> Result<String, Error> {
        let mut head = format!("Content-Disposition: form-data; name=\"{}\"", escaped(name));
        if let Some(file_name) = &self.file_name {
            head += &format!("; filename=\"{}\"", escaped(file_name));
        }
        let of_files = self.file_name.as_ref().map(|_| "application/octet-stream");
        if let Some(content_type) = self.content_type.as_deref().or(of_files) {
            check_field("Content-Type", content_type.as_bytes())?;
            head += &format!("\r\nContent-Type: {}", content_type.trim());
        }
        Ok(head + "\r\n\r\n")
    }
}

impl RequestBuilder {
    /// Sets a form with files as the body: `multipart/form-data`.
    pub fn multipart(self, form: Multipart) -> Self {
        let content_type = form.content_type();
        self.change(|request| {
            request.headers.insert("Content-Type", content_type)?;
            request.body = form.into_body()?;
            Ok(())
        })
    }
}

/// A name that may stand between quotes.
fn escaped(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// 64 bits that nobody can foresee: the standard library keys its hash tables with them.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// One body of several.
fn joined(bodies: Vec<Body>) -> Body {
    let lengths = bodies.iter().map(Body::length);
    let length = lengths.sum::<Option<u64>>();
    let in_memory = bodies
        .iter()
        .map(Body::as_bytes)
        .collect::<Option<Vec<_>>>();
    if let (Some(parts), Some(..=SMALL)) = (in_memory, length) {
        return parts.concat().into();
    }
    if bodies.iter().all(Body::is_replayable) {
        let open = move || Joined::new(bodies.clone());
        return Body::Stream(BodyStream::again(length, open));
    }
    Body::Stream(BodyStream::once(length, Joined::new(bodies)))
}

/// The pieces of several bodies, one after the other.
struct Joined {
    rest: vec::IntoIter<Body>,
    current: Current,
}

/// The body that gives pieces now.
enum Current {
    /// One in memory, and how much of it was given.
    Bytes(Body, usize),
    Pieces(Box<dyn Pieces>),
}

impl Joined {
    fn new(bodies: Vec<Body>) -> Self {
        Self {
            rest: bodies.into_iter(),
            current: Current::Bytes(Body::Empty, 0),
        }
    }
}

impl AsyncIterator for Joined {
    type Item = io::Result<Vec<u8>>;

    async fn next(&mut self) -> Option<Self::Item> {
        loop {
            let piece = match &mut self.current {
                Current::Bytes(body, given) => slice_of(body, given).map(Ok),
                Current::Pieces(pieces) => pieces.next_piece().await,
            };
            if piece.is_some() {
                return piece;
            }
            self.current = match self.rest.next()? {
                Body::Stream(stream) => match stream.open() {
                    Some(pieces) => Current::Pieces(pieces),
                    None => return Some(Err(io::Error::other("a part was sent before"))),
                },
                in_memory => Current::Bytes(in_memory, 0),
            };
        }
    }
}

/// The next slice of a body in memory.
fn slice_of(body: &Body, given: &mut usize) -> Option<Vec<u8>> {
    let rest = &body.as_bytes()?[*given..];
    let slice = rest.chunks(PIECE).next()?;
    *given += slice.len();
    Some(slice.to_vec())
}
