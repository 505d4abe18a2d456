//! HTTP/1.1 as pure functions from bytes to messages and back.
//!
//! Nothing here reads a socket, waits or asks for the time. The connection reads bytes and
//! feeds them in; the codec says what they mean and how many of them it has used. That
//! makes every case of the protocol a table row in a test instead of a server, and the
//! same code serves plain sockets, TLS and a recorded conversation.
//!
//! # The life of one exchange
//!
//! 1. [`encode_head`] writes the head of the request into a buffer, and returns in
//!    [`Expected`] what must be remembered to understand the answer.
//! 2. A [`ResponseReader`] is made from it. [`HeadParser`] waits for a whole head in the
//!    read buffer and parses it there; interim (1xx) responses come out one by one.
//! 3. [`body_framing`] decides from the final head where the body ends.
//! 4. Body bytes are never copied here: the reader names ranges of the input, and for a
//!    body of known length the connection reads past it, straight into the final buffer.
//!    [`ChunkedDecoder`] takes the chunked coding off.
//! 5. At the end the reader says whether the connection can carry another exchange.
//!
//! What the body is for a program is a second question: [`ContentCoding`] says which codings
//! it has, and [`ContentDecoder`] takes them off.
//!
//! # Rules
//!
//! 1. Too few bytes are `Partial`, never an error. Only the end of the stream, which the
//!    connection reports, turns it into one.
//! 2. The verdict does not depend on how the bytes were cut into pieces.
//! 3. After an error nothing is believed any more: the connection is not reused.
//! 4. All work is linear in the number of bytes, however they drip in, and no buffer grows
//!    because a peer announced a size. [`Limits`] are on by default.
//!
//! What is wrong is an error; [`Tolerance`] names the exceptions that a program can make.
//! Pipelining is deliberately absent, and so are transfer codings other than chunked that the
//! request has not offered to take off (`TE`).

mod tolerance;
mod limits;
mod diagnose;
mod mend;
mod head;
mod encode;
mod framing;
mod chunked;
mod cycle;
mod coding;
pub(crate) mod charset;

pub use chunked::{ChunkedDecoder, Decoded, Progress};
pub use coding::{ContentCoding, ContentDecoder, accept_encoding};
pub use cycle::{Event, ResponseReader, Step};
pub(crate) use encode::{CHUNK_END, LAST_CHUNK, chunk_start, with_defaults};
pub use encode::{Expected, TargetForm, default_headers, encode_head};
pub use framing::{BodyPlan, Framing, body_framing};
pub use head::HeadParser;
pub use limits::Limits;
pub use tolerance::Tolerance;
