//! A response: its head, where it came from, and its body, read or still on the wire.

use std::fmt;
use std::time::Duration;

use looplet::timeout;
use url::Url;

use crate::codec::ContentCoding;
use crate::codec::charset::{self, Charset};
use crate::decoding::{Decoding, coding_of};
use crate::error::Error;
use crate::exchange::Exchange;
use crate::message::{Fields, ResponseHead, StatusCode, Version};
use crate::pool::Slot;
use crate::progress::Progress;
use crate::timings::Timings;
use crate::wire::Wire;

/// What is read away to keep a connection: no more than so many bytes, and no longer.
const DRAINED_BYTES: u64 = 64 * 1024;
const DRAINED_TIME: Duration = Duration::from_millis(100);

/// The answer to a request.
///
/// The head has arrived when a program gets it. A body that came along with the head is here
/// too, and its connection is free again; any other is read when it is asked for. Dropping a
/// response before the end of its body closes the connection.
///
/// # Content codings
///
/// The body is what the server meant, whatever coding it was sent in; the headers are what the
/// server sent. So with a `Content-Encoding`, `Content-Length` counts the bytes on the wire.
/// Two kinds of bodies are given out as they were sent, and [`undecoded`](Self::undecoded)
/// says so: those with a coding that is not compiled in, and parts of a content (status 206).
///
/// The aiohttp counterpart is `ClientResponse`.
pub struct Response {
    head: ResponseHead,
    url: Url,
    history: Vec<Hop>,
    body: Incoming,
    max_body: u64,
    /// The codings that the body is given out with.
    undecoded: Option<String>,
    /// What takes the codings off, until there is a body.
    decoding: Option<Box<Decoding>>,
    /// What is known of the exchange.
    progress: Progress,
    /// The trailers, once the body has ended.
    trailers: Fields,
}

/// A redirect on the way to a response.
#[derive(Clone, PartialEq, Eq)]
pub struct Hop {
    /// What was asked for.
    pub url: Url,
    /// The status that sent the request elsewhere.
    pub status: StatusCode,
}

/// The URL is shown without user and password.
impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hop")
            .field("url", &shown(&self.url))
            .field("status", &self.status)
            .finish()
    }
}

/// A body on its way.
///
/// ```text
///   OnTheWire ──(last byte)──► Received ──(given out)──► Given
///       └────────(fault)─────► Failed: every further read says why
/// ```
enum Incoming {
    OnTheWire(Box<Wire>),
    Received(Vec<u8>),
    Given,
    Failed(Error),
}

impl Response {
    pub(crate) fn new(
        head: ResponseHead,
        (url, history): (Url, Vec<Hop>),
        max_body: u64,
        progress: Progress,
    ) -> Self {
        Self {
            head,
            url,
            history,
            body: Incoming::Given,
            max_body,
            undecoded: None,
            decoding: None,
            progress,
            trailers: Fields::default(),
        }
    }

    /// Finds out which codings the body has, and whether they are taken off.
    pub(crate) fn find_coding(&mut self, decode: bool, limit: usize) -> Result<(), Error> {
        let decode = decode && self.status() != StatusCode::PARTIAL_CONTENT;
        match coding_of(&self.head, decode, limit)? {
            ContentCoding::Plain => {}
            ContentCoding::Known(decoder) => {
                self.decoding = Some(Box::new(Decoding::new(decoder)));
            }
            ContentCoding::Unknown(names) => self.undecoded = Some(names),
        }
        Ok(())
    }

    /// Takes the body: what has arrived of it, or all of it.
    pub(crate) fn take_body(&mut self, exchange: Box<Exchange>, slot: Slot) -> Result<(), Error> {
        let mut wire = Wire::new(exchange, slot, self.decoding.take());
        self.body = match wire.take_whole()? {
            Some(body) => {
                self.trailers = wire.give_back();
                Incoming::Received(body)
            }
            None => Incoming::OnTheWire(Box::new(wire)),
        };
        Ok(())
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.head.status()
    }

    /// Returns the HTTP version of the answer.
    pub fn version(&self) -> Version {
        self.head.version()
    }

    /// Returns the headers, in their order and case.
    pub fn headers(&self) -> &Fields {
        self.head.fields()
    }

    /// Returns the value of a header, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.header_str(name)
    }

    /// Returns the whole head.
    pub fn head(&self) -> &ResponseHead {
        &self.head
    }

    /// Returns the URL that answered: the last one, after redirects.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Returns the redirects on the way, the first one first.
    pub fn history(&self) -> &[Hop] {
        &self.history
    }

    /// Returns how long each phase took; the body counts as far as it was read.
    pub fn timings(&self) -> Timings {
        self.progress.timings()
    }

    /// Returns the record of the exchange: addresses, bytes, phases.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Returns the fields behind a chunked body. There are none before the body was read to its
    /// end. They are never merged into the headers, and those that frame or route a message are
    /// dropped (RFC 9110, section 6.5.1).
    pub fn trailers(&self) -> &Fields {
        &self.trailers
    }

    /// Returns the codings that the body is given out with, in lower case and in the order of
    /// `Content-Encoding`; usually none. See [`Response`] for when there are any.
    pub fn undecoded(&self) -> Option<&str> {
        self.undecoded.as_deref()
    }

    /// Returns an error if the status is 4xx or 5xx, and the response otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Status`].
    pub fn raise_for_status(self) -> Result<Self, Error> {
        let status = self.status();
        if status.is_client_error() || status.is_server_error() {
            let url = shown(&self.url);
            return Err(Error::Status {
                code: status.as_u16(),
                url,
            });
        }
        Ok(self)
    }

    /// Reads the whole body, or what [`chunk`](Self::chunk) has left of it. It is given out
    /// once: a second call returns nothing.
    ///
    /// # Errors
    ///
    /// [`Error::BodyTooLarge`] if it is larger than the session allows (64 MiB by default);
    /// an error of the connection or the coding, in which case what had arrived is lost: who
    /// wants it reads with [`chunk`](Self::chunk).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it closes the connection; a later read is
    /// [`Error::BodyAbandoned`].
    pub async fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let body = match std::mem::replace(&mut self.body, Incoming::Given) {
            Incoming::Received(body) => checked(body, self.max_body),
            Incoming::Given => Ok(Vec::new()),
            Incoming::OnTheWire(wire) => {
                // Found by the next read, if this one is dropped in the middle.
                self.body = Incoming::Failed(Error::BodyAbandoned);
                let collected = wire.collect(self.max_body).await;
                collected.map(|(body, trailers)| {
                    self.trailers = trailers;
                    body
                })
            }
            Incoming::Failed(error) => Err(error),
        };
        self.body = match &body {
            Ok(_) => Incoming::Given,
            Err(error) => Incoming::Failed(error.clone()),
        };
        body
    }

    /// Reads the whole body as text. The first of these that names a known charset decides:
    /// the header, a byte order mark, in HTML a `<meta>` within the first 1024 bytes, and
    /// UTF-8. What is malformed becomes `U+FFFD`.
    ///
    /// Without the feature `charset`, only UTF-8 and Latin-1 are known, and only the header is
    /// asked.
    ///
    /// # Errors
    ///
    /// As [`bytes`](Self::bytes); [`Error::BadContentCoding`] if the body has a coding that is
    /// not taken off, in which case `bytes` still has it.
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn text(&mut self) -> Result<String, Error> {
        let body = self.bytes().await?;
        self.as_text(body)
    }

    /// Reads the whole body as text in a charset that the caller knows better than the
    /// server, such as `"gbk"`. Labels are those of the Encoding Standard.
    ///
    /// The aiohttp counterpart is `text(encoding)`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownCharset`], and nothing is read then; otherwise as
    /// [`text`](Self::text).
    ///
    /// # Cancel safety
    ///
    /// As [`bytes`](Self::bytes).
    pub async fn text_with(&mut self, label: &str) -> Result<String, Error> {
        let charset = Charset::named(label)?;
        let body = self.bytes().await?;
        Ok(charset.decode(self.understood(body)?))
    }

    /// Understands a body, which is this one, as text.
    pub(crate) fn as_text(&mut self, body: Vec<u8>) -> Result<String, Error> {
        let body = self.understood(body)?;
        let content_type = self.header("Content-Type").unwrap_or_default();
        Ok(charset::decode(body, content_type))
    }

    /// Returns a body to somebody who must understand it. One with codings is put back.
    pub(crate) fn understood(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Error> {
        match &self.undecoded {
            Some(codings) if !body.is_empty() => {
                self.body = Incoming::Received(body);
                Err(Error::BadContentCoding {
                    coding: codings.clone(),
                    cause: "it is not taken off".to_owned(),
                })
            }
            _ => Ok(body),
        }
    }

    /// Reads the next piece of the body, as it comes. `None` at the end.
    ///
    /// # Errors
    ///
    /// An error of the connection or the coding. The pieces before were good.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match std::mem::replace(&mut self.body, Incoming::Given) {
            Incoming::Received(body) if body.is_empty() => Ok(None),
            Incoming::Received(body) => Ok(Some(body)),
            Incoming::Given => Ok(None),
            Incoming::Failed(error) => {
                self.body = Incoming::Failed(error.clone());
                Err(error)
            }
            wire @ Incoming::OnTheWire(_) => {
                self.body = wire;
                self.chunk_from_wire().await
            }
        }
    }

    async fn chunk_from_wire(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Incoming::OnTheWire(wire) = &mut self.body else {
            return Ok(None);
        };
        let chunk = wire.chunk().await;
        let next = match &chunk {
            Ok(Some(_)) => return chunk,
            Ok(None) => Incoming::Given,
            Err(error) => Incoming::Failed(error.clone()),
        };
        if let Incoming::OnTheWire(wire) = std::mem::replace(&mut self.body, next)
            && chunk.is_ok()
        {
            self.trailers = wire.give_back();
        }
        chunk
    }
}

fn checked(body: Vec<u8>, limit: u64) -> Result<Vec<u8>, Error> {
    if body.len() as u64 > limit {
        return Err(Error::BodyTooLarge { limit });
    }
    Ok(body)
}

/// Ends an exchange whose body nobody wants. If all of it has arrived, the connection is kept;
/// reading on would wait for bytes that are of no use. Nothing is decoded.
pub(crate) fn finish(exchange: Box<Exchange>, slot: Slot) {
    let mut wire = Wire::new(exchange, slot, None);
    if let Ok(Some(_)) = wire.take_whole() {
        wire.give_back();
    }
}

/// Ends an exchange whose body nobody wants, but whose connection somebody does: reads the
/// body away if it is short and comes at once. Nothing is decoded.
pub(crate) async fn drain(exchange: Box<Exchange>, slot: Slot) {
    let rest = Wire::new(exchange, slot, None).collect(DRAINED_BYTES);
    // Whatever goes wrong, the connection is closed then, and that is all.
    let _ = timeout(DRAINED_TIME, rest).await;
}

/// A URL as it may be shown: without user and password.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // A URL that cannot have them has none.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.to_string()
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = match &self.body {
            Incoming::OnTheWire(_) => "on the wire",
            Incoming::Received(_) => "received",
            Incoming::Given => "given out",
            Incoming::Failed(_) => "failed",
        };
        f.debug_struct("Response")
            .field("status", &self.status())
            .field("url", &shown(&self.url))
            .field("body", &body)
            .finish()
    }
}
