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
//! above it. The first five do no I/O and read no clock, so they can be read, tested and
//! reused without the event loop:
//!
//! * [`error`]: one enum for everything that can go wrong in the whole client;
//! * [`message`]: plain data, such as a request, a response head, an origin;
//! * [`cookies`]: what servers ask to be remembered (it knows the time, and files when told);
//! * [`codec`]: bytes to messages and back;
//! * [`proxy`]: which proxy is for which URL.
//!
//! The others own sockets, from the bottom up: how long things may take (`timeouts`), how to
//! get a socket (`connect`), how a request is sent on it (`sending`), one whole exchange
//! (`connection`), what the bytes of its body mean (`decoding`), who may have one (`pool`), a body
//! on its way (`wire`), what comes of it (`response`), where it leads (`redirect`), what a program
//! holds (`session`), and what can be put into a request (`upload`, `compose`).
//!
//! Of the features that are off by default, `json` adds `RequestBuilder::json` and
//! `Response::json`, `cookies` the jar for `SessionConfig::cookies`, and `psl` the list of the
//! domains that a cookie must not be for.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod error;
pub mod message;
pub mod cookies;
pub mod codec;
pub mod proxy;
mod timeouts;
mod connect;
mod unread;
mod sending;
mod connection;
mod decoding;
mod pool;
mod wire;
mod response;
mod redirect;
mod into_url;
mod config;
mod session;
mod upload;
mod compose;
#[cfg(feature = "json")]
mod json;

pub use looplet as runtime;

pub use config::SessionConfig;
pub use error::{Error, Phase};
pub use into_url::IntoUrl;
pub use message::{Headers, Method, StatusCode};
pub use pool::PoolLimits;
pub use redirect::RedirectPolicy;
pub use response::{Hop, Response};
pub use session::{RequestBuilder, Session, get};
pub use timeouts::Timeouts;
pub use upload::{Multipart, Part};
