//! The body of a request.
//!
//! For now a body is nothing or bytes in memory. The questions that the encoder and the
//! redirect logic ask are asked through methods, so that a body from a file or a stream,
//! whose length may be unknown and which can be sent only once, fits in later without
//! changing them.
//!
//! # Rules
//!
//! 1. Cloning is cheap: the bytes are shared, because a redirect or a retry sends them
//!    again.
//! 2. Bytes of length zero are the same as no body. Whether `Content-Length: 0` is sent
//!    depends on the method alone.

use std::rc::Rc;

/// What follows the head of a request.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes in memory. Counted as a `Vec`, so that handing one over copies nothing.
    Bytes(Rc<Vec<u8>>),
}

impl Body {
    /// The number of bytes, or `None` if it is known only at the end.
    pub fn length(&self) -> Option<u64> {
        Some(self.as_bytes()?.len() as u64)
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
        }
    }

    /// Whether it can be sent a second time, after a redirect or a retry.
    pub fn is_replayable(&self) -> bool {
        self.as_bytes().is_some()
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
