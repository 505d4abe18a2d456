//! The settings of a session.

use crate::codec::{Limits, accept_encoding, default_headers};
use crate::cookies::CookieJar;
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
    /// Bytes of a body that is read to its end into memory, decoded. Default 64 MiB.
    pub max_body: u64,
    /// Whether content codings (gzip and the like) are asked for and taken off. Asked for are
    /// those that are compiled in, if a request, or `headers`, has no `Accept-Encoding` and
    /// no `Range`. Default: yes.
    pub decode: bool,
    /// Headers for every request that does not have them. Default: `Accept: */*` and a
    /// `User-Agent`.
    pub headers: Headers,
    /// The jar that takes the cookies of every response, those of redirects included, and that
    /// gives every request its own. Needs the feature `cookies`. Default: none.
    pub cookies: Option<CookieJar>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            timeouts: Timeouts::default(),
            pool: PoolLimits::default(),
            limits: Limits::default(),
            redirects: RedirectPolicy::default(),
            max_body: 64 * 1024 * 1024,
            decode: true,
            headers: default_headers(),
            cookies: None,
        }
    }
}

impl SessionConfig {
    /// Adds the codings to ask for to the headers.
    pub(crate) fn with_codings(mut self) -> Self {
        if self.decode && !self.headers.contains("accept-encoding") {
            let added = self.headers.append("Accept-Encoding", accept_encoding());
            added.expect("names of codings are valid in a header");
        }
        self
    }
}
