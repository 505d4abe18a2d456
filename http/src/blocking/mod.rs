//! The same client for programs without an event loop.
//!
//! A [`Session`] here has a loop of its own, which runs while one of its methods does. So its
//! methods block, and what they do is what the asynchronous session does: pool, redirects, limits
//! of time. A response is read with [`Response::bytes`], [`Response::text`] or as an
//! [`io::Read`](std::io::Read).
//!
//! ```
//! # fn serve() -> String {
//! #     use std::io::{Read, Write};
//! #     let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
//! #     let url = format!("http://{}/", listener.local_addr().unwrap());
//! #     std::thread::spawn(move || {
//! #         let (mut peer, _) = listener.accept().unwrap();
//! #         let _ = peer.read(&mut [0; 4096]).unwrap();
//! #         peer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
//! #     });
//! #     url
//! # }
//! # let url = serve();
//! let text = looplet_http::blocking::get(url)?.text()?;
//! assert_eq!(text, "hello");
//! # Ok::<(), looplet_http::Error>(())
//! ```
//!
//! # Rules
//!
//! 1. Nothing here decides anything about HTTP.
//! 2. Between two calls the loop stands still: nothing is sent or received, and connections
//!    that the server closes meanwhile are found out when they are wanted.
//! 3. Where a loop is running, blocking would stop it. So that is an error.

mod engine;
mod response;
mod request_builder;
mod session;

pub use request_builder::RequestBuilder;
pub use response::Response;
pub use session::{Session, get};
