//! What finds addresses.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;

/// A look-up under way.
pub type Resolving<'r> = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + 'r>>;

/// Finds the addresses of hosts.
///
/// The aiohttp counterpart is `AbstractResolver`.
///
/// ```
/// use looplet_http::{Resolver, Resolving, SessionConfig};
/// use std::rc::Rc;
///
/// /// Sends everything to one server.
/// #[derive(Debug)]
/// struct Here;
///
/// impl Resolver for Here {
///     fn resolve<'r>(&'r self, _host: &'r str, _port: u16) -> Resolving<'r> {
///         Box::pin(async { Ok(vec![([127, 0, 0, 1], 8080).into()]) })
///     }
/// }
///
/// let mut config = SessionConfig::default();
/// config.connect.resolver = Rc::new(Here);
/// ```
pub trait Resolver: fmt::Debug {
    /// Finds addresses of `host`, the best first. They are connected to as they are, port
    /// included; usually it is `port`. A host may be an address, without brackets.
    ///
    /// It may be dropped at any time, which must not disturb others.
    ///
    /// # Errors
    ///
    /// Why there are none. An empty list is an error, too.
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r>;

    /// Returns what [`resolve`](Self::resolve) would find, if that is known without waiting, and
    /// `None` if it is not, or if it is an error. It is asked first, and no timer is set for it, so it
    /// must not block. A resolver that does not say has `None` for everything.
    fn known(&self, _host: &str, _port: u16) -> Option<Vec<SocketAddr>> {
        None
    }
}
