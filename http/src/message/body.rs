//! The body of a request.
//!
//! A body is nothing, bytes in memory, or a stream of pieces, whose length may be unknown and
//! which may be there only once. The questions that the encoder and the redirect logic ask
//! are asked through methods. (Files and forms, which are streams too, are in `upload`.)
//!
//! # Rules
//!
//! 1. Cloning is cheap: the bytes are shared, because a redirect or a retry sends them
//!    again.
//! 2. Bytes of length zero are the same as no body. Whether `Content-Length: 0` is sent
//!    depends on the method alone.

use std::io;
use std::rc::Rc;

use looplet::AsyncIterator;

use super::body_stream::BodyStream;

/// What follows the head of a request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes in memory. Counted as a `Vec`, so that handing one over copies nothing.
    Bytes(Rc<Vec<u8>>),
    /// Pieces that come one by one.
    Stream(BodyStream),
}

impl Body {
    /// Makes a body of pieces that come one by one, and of which nobody knows how many there
    /// will be. It is sent with the chunked coding.
    ///
    /// The next piece is asked for when the kernel has taken the last one, and may take its
    /// time: only the limit for everything together counts there. An error among the pieces ends the request with [`Error::BodySource`](crate::Error::BodySource). The body
    /// can be sent once: a redirect that wants it again is
    /// [`Error::BodyNotReplayable`](crate::Error::BodyNotReplayable).
    ///
    /// The aiohttp counterpart is an asynchronous generator as `data`.
    ///
    /// ```
    /// use looplet_http::Session;
    /// use looplet_http::message::Body;
    /// use looplet_http::runtime::{from_fn, run, start_server};
    ///
    /// run(async {
    ///     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
    ///     #     let request = reader.read_until(b"\r\n0\r\n\r\n").await.unwrap();
    ///     #     assert!(request.ends_with(b"\r\n\r\n1\r\n2\r\n1\r\n1\r\n0\r\n\r\n"));
    ///     #     writer.write(b"HTTP/1.1 204 No Content\r\n\r\n");
    ///     # }).await?;
    ///     # let url = format!("http://{}/", server.local_addr());
    ///     let mut left = 3;
    ///     let countdown = from_fn(async move || {
    ///         left -= 1;
    ///         (left > 0).then(|| Ok(left.to_string()))
    ///     });
    ///     let response = Session::new().put(url).body(Body::stream(countdown)).send().await?;
    ///     assert_eq!(response.status(), 204);
    ///     Ok::<(), std::io::Error>(())
    /// }).unwrap();
    /// ```
    pub fn stream<P: Into<Vec<u8>>>(
        pieces: impl AsyncIterator<Item = io::Result<P>> + 'static,
    ) -> Self {
        Body::Stream(BodyStream::once(None, pieces))
    }

    /// Makes a body of pieces that are `length` bytes together. It is sent with a
    /// `Content-Length`.
    ///
    /// If the pieces turn out to have more or fewer bytes, the request ends with
    /// [`Error::BodyLengthMismatch`](crate::Error::BodyLengthMismatch), and its connection is
    /// closed. Otherwise as [`stream`](Self::stream).
    pub fn sized_stream<P: Into<Vec<u8>>>(
        length: u64,
        pieces: impl AsyncIterator<Item = io::Result<P>> + 'static,
    ) -> Self {
        Body::Stream(BodyStream::once(Some(length), pieces))
    }

    /// Makes a body of pieces that can be made again: `open` is called for every sending. So
    /// it can follow a redirect and be sent again on a fresh connection.
    ///
    /// ```
    /// use looplet_http::message::Body;
    /// use looplet_http::runtime::iter;
    ///
    /// let body = Body::replayable_stream(Some(4), || iter(["da", "ta"].map(Ok)));
    /// assert!(body.is_replayable());
    /// assert_eq!(body.length(), Some(4));
    /// ```
    pub fn replayable_stream<P, I>(length: Option<u64>, open: impl Fn() -> I + 'static) -> Self
    where
        P: Into<Vec<u8>>,
        I: AsyncIterator<Item = io::Result<P>> + 'static,
    {
        Body::Stream(BodyStream::again(length, open))
    }

    /// The number of bytes, or `None` if it is known only at the end.
    pub fn length(&self) -> Option<u64> {
        match self {
            Body::Empty => Some(0),
            Body::Bytes(bytes) => Some(bytes.len() as u64),
            Body::Stream(stream) => stream.length(),
        }
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.length() == Some(0)
    }

    /// The whole body, if it is in memory.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Body::Empty => Some(&[]),
            Body::Bytes(bytes) => Some(bytes),
            Body::Stream(_) => None,
        }
    }

    /// Whether it can be sent a second time, after a redirect or a retry.
    pub fn is_replayable(&self) -> bool {
        match self {
            Body::Empty | Body::Bytes(_) => true,
            Body::Stream(stream) => stream.is_replayable(),
        }
    }

    /// Whether it was sent, if only in part, and cannot be again.
    pub fn is_used_up(&self) -> bool {
        match self {
            Body::Empty | Body::Bytes(_) => false,
            Body::Stream(stream) => stream.is_used_up(),
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        if bytes.is_empty() {
            Body::Empty
        } else {
            Body::Bytes(Rc::new(bytes))
        }
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}
