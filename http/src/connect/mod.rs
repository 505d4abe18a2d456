//! From a URL to something that a request can be sent on.
//!
//! The steps, in their order; each is a phase of its own for [`Timings`](crate::Timings): find
//! the way (`route`), look the name up (`resolve`), drop the addresses that must not be used
//! (`policy`), try the others (`dial`), ask a proxy for a connection (`socks`, `tunnel`), and
//! make the TLS handshake. `connector` has these steps, `ways` and `through_socks` their order for
//! each way.
//!
//! # Rules
//!
//! 1. An address that the policy forbids is never connected to, in no hop.
//! 2. Connecting, proxy and TLS share one limit, `Timeouts::connect`.
//! 3. A name is looked up by whoever connects to it: by us, or by a proxy that is told names.
//! 4. Who gives up in the middle leaves nothing behind but a look-up on its thread.

mod policy;
mod resolve;
mod config;
mod dial;
mod talk;
#[cfg(feature = "socks")]
mod socks;
mod tunnel;
mod route;
mod connector;
#[cfg(feature = "socks")]
mod through_socks;
#[cfg(not(feature = "socks"))]
mod no_socks;
mod ways;

pub use config::ConnectConfig;
pub(crate) use connector::Connector;
pub use policy::AddrPolicy;
pub use resolve::{Resolver, Resolving, StaticResolver, SystemResolver};
pub(crate) use route::Route;
