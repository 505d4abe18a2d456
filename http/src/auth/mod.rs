//! Who a request is from: HTTP authentication as plain data.
//!
//! Nothing here does I/O or reads a clock. A server that wants to know who asks sends a
//! *challenge* with its 401, a proxy with its 407; the next request carries the answer.
//!
//! 1. [`Auth`] is what a program has: a user and a password, or a token.
//! 2. [`Challenge`] is what a server wants (RFC 9110, section 11.3).
//! 3. `digest`, with the feature of that name, answers without giving the password away
//!    (RFC 7616). Basic (RFC 7617) and Bearer (RFC 6750) are a line each.
//! 4. [`Handshake`] is the way of one request through the challenges of one server or one
//!    proxy: what to send, and whether to send it once more.
//! 5. `access` says whose credentials they are, and how far they go: not beyond the origin.
//!
//! # Rules
//!
//! 1. No secret is ever printed: not by `Debug`, and in no error.
//! 2. The strongest of several challenges is answered, and never with anything weaker than
//!    the program has allowed: a password for Digest is never sent as Basic.
//! 3. A refusal is final. Only a nonce that the server calls stale gets a second answer.
//! 4. What a server has said is kept in the [`Auth`] and is used for its origin alone.
//!
//! Deliberately absent: NTLM and Negotiate, which authenticate connections and not requests;
//! `auth-int`; `Authentication-Info`; the `domain` of a challenge, since a whole origin is
//! taken for its protection space.

mod login;
mod challenge;
mod target;
#[cfg(feature = "digest")]
mod hash;
#[cfg(feature = "digest")]
mod digest;
#[cfg(not(feature = "digest"))]
mod absent;
mod memory;
mod credentials;
#[cfg(feature = "digest")]
mod with_digest;
mod handshake;
mod access;

#[cfg(not(feature = "digest"))]
use self::absent as digest;

pub(crate) use access::Access;
pub use challenge::Challenge;
pub use credentials::Auth;
pub use handshake::{Handshake, Side};
pub(crate) use login::basic;
pub use target::Target;
