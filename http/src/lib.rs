//! An HTTP/1.1 client on looplet, in the spirit of aiohttp's `ClientSession`.
//!
//! ```
//! use looplet_http::runtime::{run, start_server};
//!
//! run(async {
//!     # let server = start_server("127.0.0.1:0", async |mut reader, mut writer| {
//!     #     let _head = reader.read_until(b"\r\n\r\n").await;
//!     #     writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
//!     # }).await?;
//!     # let url = format!("http://{}/", server.local_addr());
//!     let mut response = looplet_http::get(url).await?;
//!     println!("{} {}", response.status(), response.text().await?);
//!     # Ok::<(), std::io::Error>(())
//! }).unwrap();
//! ```
//!
//! The list of `mod` lines is the layer diagram: a module imports only from modules declared
//! above it. The first ones do no I/O and read no clock, so they can be read, tested and
//! reused without the event loop:
//!
//! * [`error`]: one enum for everything that can go wrong in the whole client;
//! * [`message`]: plain data, such as a request, a response head, an origin;
//! * [`cookies`]: what servers ask to be remembered (it knows the time, and files when told);
//! * [`codec`]: bytes to messages and back;
//! * [`auth`] and `netrc`: who a request is from, and how a server is told;
//! * [`proxy`]: which proxy is for which URL.
//!
//! The others own sockets, from the bottom up: how long things may take (`timeouts`) and took
//! (`timings`), the socket and the layers on it (`socket`, `tls`, `stream`), what is known of a
//! request under way (`progress`), how to get a stream (`connect`), how a request is sent on it
//! (`sending`), one whole exchange (`exchange`), what the bytes of its body mean (`decoding`), who
//! may have a connection (`pool`), a body on its way (`wire`), what comes of it (`response`), where
//! it leads (`redirect`), what a program holds (`session`), one hop (`hop`) and all of them
//! (`journey`), a request that can still be changed (`request_builder`), and what can be put into
//! it (`upload`, `compose`).
//!
//! Of the features that are on by default, three bring no other crates, and can be left out all the
//! same: `blocking`, the module of that name; `multipart`, which adds `RequestBuilder::multipart`;
//! and `socks`, without which a proxy that speaks SOCKS is refused with an error that says so.
//!
//! Of the features that are off by default, `json` adds `RequestBuilder::json` and
//! `Response::json`, `digest` adds `Auth::digest`, `cookies` the jar for
//! `SessionConfig::cookies`, `psl` the list of the domains that a cookie must not be for, and
//! `native-roots` the certificates that the machine trusts.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod error;
pub mod message;
pub mod cookies;
pub mod codec;
mod netrc;
pub mod auth;
pub mod proxy;
mod timeouts;
mod timings;
mod socket;
mod progress;
mod terms;
mod background;
mod unread;
mod tls;
mod stream;
mod replay;
mod connect;
mod pace;
mod collected;
mod connection;
mod sending;
mod exchange;
mod decoding;
mod pool;
mod wire;
mod response;
mod redirect;
mod politeness;
mod retry;
mod into_url;
mod config;
mod failure;
mod session;
mod hop;
mod journey;
mod request_builder;
mod upload;
mod compose;
mod download;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(feature = "json")]
mod json;

/// The runtime, without its feature `protocols`: a program that wants transports names `looplet`
/// beside the client.
pub use looplet as runtime;

pub use auth::Auth;
pub use config::SessionConfig;
pub use connect::{AddrPolicy, ConnectConfig, Resolver, Resolving, StaticResolver, SystemResolver};
pub use download::Downloaded;
pub use error::{Error, Phase};
pub use failure::Failure;
pub use into_url::IntoUrl;
pub use message::{Headers, Method, StatusCode};
pub use netrc::{Netrc, NetrcEntry};
pub use politeness::Politeness;
pub use pool::PoolLimits;
pub use progress::{Progress, WireEvent};
pub use redirect::RedirectPolicy;
pub use replay::{Conversation, Replay};
pub use request_builder::{RequestBuilder, get};
pub use response::{Hop, Response};
pub use retry::Retry;
pub use session::Session;
pub use timeouts::{MinSpeed, Timeouts};
pub use timings::Timings;
pub use tls::{AcceptAnyCertificate, Identity, TlsConfig, TlsVersion, Trust};
#[cfg(feature = "multipart")]
pub use upload::{Multipart, Part};
