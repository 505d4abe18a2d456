//! Requests and responses as plain data.
//!
//! The types here say what a message *is*; how it looks on the wire is the business of
//! [`codec`](crate::codec), and when it travels is decided above. None of them knows a
//! socket or a clock.
//!
//! Two representations carry the header fields, because the two directions have opposite
//! needs. What the caller builds is [`Headers`]: validated when it goes in, and kept as
//! the very bytes that will be sent. What the server sent is [`Fields`]: ranges into the
//! one buffer that was received, made once and only read. Both keep order and case.
//!
//! # Rules
//!
//! 1. What is invalid cannot be constructed: a [`Method`] is a token, a [`Headers`] has no
//!    line breaks in it, an [`Origin`] is http or https.
//! 2. Lookups ignore ASCII case; what goes out keeps it.
//! 3. Nothing removes or replaces "the first" of several fields: it is all or none.

pub(crate) mod syntax;
mod method;
mod status;
mod lengths;
mod fields;
mod headers;
mod origin;
mod body_stream;
mod body;
mod response_head;
mod request;

pub use body::Body;
pub use body_stream::BodyStream;
pub(crate) use body_stream::{NextPiece, Pieces};
pub(crate) use fields::FieldSpan;
pub use fields::Fields;
pub use headers::Headers;
pub(crate) use headers::Line;
pub use method::Method;
pub use origin::{Origin, Scheme, same_origin};
pub(crate) use origin::{host_of, scheme_of};
pub use request::Request;
pub use response_head::{ResponseHead, Version};
pub use status::StatusCode;
