//! Proxies as plain data: what one is, and which one is for which URL.
//!
//! Nothing here opens a socket. A [`Proxy`] is read from the texts that curl takes, and
//! [`Proxies`] says for every URL which one to ask, if any, with the exceptions of
//! [`NoProxy`]. Who connects asks [`Proxies::for_url`], and makes the proxy a part of the key
//! of the connection: it can be compared and hashed, its credentials included.
//!
//! The environment is read when a program asks for that ([`Proxies::from_env`]), never unasked.
//!
//! There are no PAC scripts and no settings of a desktop.

mod address;
mod no_proxy;
mod choice;

pub use address::{Proxy, ProxyKind};
pub use choice::Proxies;
pub use no_proxy::NoProxy;
