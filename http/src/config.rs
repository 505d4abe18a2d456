//! The settings of a session.

use crate::codec::{Limits, default_headers};
use crate::message::Headers;
use crate::pool::PoolLimits;
use crate::redirect::RedirectPolicy;
use crate::timeouts::Timeouts;

/// Settings of a session. A plain struct: change what matters and take the rest from
/// [`Default`].
///
/// ```
/// use looplet_http::{RedirectPolicy, Session, SessionConfig};
///
/// let config = SessionConfig { redirects: RedirectPolicy::None, ..SessionConfig::default() };
/// let session = Session::with(config);
/// # drop(session);
/// ```
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// How long each phase of an exchange may take.
    pub timeouts: Timeouts,
    /// How many connections there may be.
    pub pool: PoolLimits,
    /// How much a server may send before the body.
    pub limits: Limits,
    /// Whether and how far redirects are followed.
    pub redirects: RedirectPolicy,
    /// Bytes of a body that is read to its end into memory. Default 64 MiB.
    pub max_body: u64,
    /// Headers for every request that does not have them. Default: `Accept: */*` and a
    /// `User-Agent`.
    pub headers: Headers,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            timeouts: Timeouts::default(),
            pool: PoolLimits::default(),
            limits: Limits::default(),
            redirects: RedirectPolicy::default(),
            max_body: 64 * 1024 * 1024,
            headers: default_headers(),
        }
    }
}
