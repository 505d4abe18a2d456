//! TLS: whom to trust, and a layer that encrypts.
//!
//! What a program says ([`TlsConfig`]) is plain data and always there. What does it (rustls,
//! with ring) comes with the feature `tls`; without it, `absent` stands in, and https is a
//! scheme that the client does not speak.
//!
//! # Rules
//!
//! 1. One session has one configuration, so no connection that was made without looking at
//!    certificates is ever handed to somebody who wants them looked at.
//! 2. The name that is sent and checked is the host of the URL; addresses are checked and not
//!    sent (RFC 6066, section 3).
//! 3. The protocol that is offered is `http/1.1` and nothing else.
//! 4. rustls is driven by hand, in `stream`: it is given bytes and asked for bytes, and never
//!    sees a socket.

mod config;
#[cfg(feature = "tls")]
mod roots;
#[cfg(feature = "native-roots")]
mod native;
#[cfg(all(feature = "tls", not(feature = "native-roots")))]
mod no_native;
#[cfg(feature = "tls")]
mod unchecked;
#[cfg(feature = "tls")]
mod stream;
#[cfg(feature = "tls")]
mod connector;
#[cfg(not(feature = "tls"))]
mod absent;

#[cfg(not(feature = "tls"))]
pub(crate) use absent::{TlsConnector, TlsStream};
pub use config::{AcceptAnyCertificate, Identity, TlsConfig, TlsVersion, Trust};
#[cfg(feature = "tls")]
pub(crate) use connector::TlsConnector;
#[cfg(feature = "tls")]
pub(crate) use stream::TlsStream;

#[cfg(all(feature = "tls", not(feature = "native-roots")))]
use self::no_native as native;
