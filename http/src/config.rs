//! The settings of a session.

use crate::auth::{Access, Auth};
use crate::codec::{Limits, accept_encoding, default_headers};
use crate::connect::ConnectConfig;
use crate::cookies::CookieJar;
use crate::message::Headers;
use crate::netrc::Netrc;
use crate::politeness::Politeness;
use crate::pool::PoolLimits;
use crate::proxy::Proxies;
use crate::redirect::RedirectPolicy;
use crate::retry::Retry;
use crate::timeouts::Timeouts;
use crate::tls::TlsConfig;

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
    /// How connections are made: resolver, policy, addresses.
    pub connect: ConnectConfig,
    /// How https is spoken.
    pub tls: TlsConfig,
    /// Which proxy is for which URL. Default: none; the environment is not read.
    pub proxies: Proxies,
    /// How much a server may send before the body.
    pub limits: Limits,
    /// Whether and how far redirects are followed.
    pub redirects: RedirectPolicy,
    /// Whether a URL that is not `https` is refused, in every hop, with [`Error::NotSecure`].
    /// Default: no.
    ///
    /// [`Error::NotSecure`]: crate::Error::NotSecure
    pub https_only: bool,
    /// How often one origin is asked. Default: as often as the program wants.
    pub politeness: Option<Politeness>,
    /// What is tried again. Default: nothing, but for a request that met a connection which the
    /// server was just closing.
    pub retry: Option<Retry>,
    /// Bytes of a body that is read to its end into memory, decoded. Default 64 MiB.
    pub max_body: u64,
    /// Whether content codings (gzip and the like) are asked for and taken off. Asked for are
    /// those that are compiled in, if a request, or `headers`, has no `Accept-Encoding` and
    /// no `Range`. Default: yes.
    pub decode: bool,
    /// Headers for every request that does not have them. Default: `Accept: */*` and a
    /// `User-Agent`.
    pub headers: Headers,
    /// Credentials for every request that has none of its own: no `Authorization`, no
    /// [`auth`](crate::RequestBuilder::auth), no user and password in its URL. They are for
    /// the origin of that URL, whichever it is, and stay behind when a redirect leaves it.
    /// Default: none.
    pub auth: Option<Auth>,
    /// Users and passwords by host, for requests for whose origin there is nothing else; also
    /// the passwords of URLs that have only a user. Default: none.
    pub netrc: Option<Netrc>,
    /// Whether credentials follow redirects to any origin, as if every request had
    /// [`trust_redirects`](crate::RequestBuilder::trust_redirects). Default: no.
    pub trust_redirects: bool,
    /// The jar that takes the cookies of every response, those of redirects included, and that
    /// gives every request its own. Needs the feature `cookies`. Default: none.
    pub cookies: Option<CookieJar>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig {
            timeouts: Timeouts::default(),
            pool: PoolLimits::default(),
            connect: ConnectConfig::default(),
            tls: TlsConfig::default(),
            proxies: Proxies::default(),
            limits: Limits::default(),
            redirects: RedirectPolicy::default(),
            https_only: false,
            politeness: None,
            retry: None,
            max_body: 64 * 1024 * 1024,
            decode: true,
            headers: default_headers(),
            auth: None,
            netrc: None,
            trust_redirects: false,
            cookies: None,
        }
    }
}

impl SessionConfig {
    /// The credentials of a request, before it has any of its own.
    pub(crate) fn access(&self) -> Access {
        Access::new(self.auth.clone(), self.netrc.clone(), self.trust_redirects)
    }

    /// Adds the codings to ask for to the headers.
    pub(crate) fn with_codings(mut self) -> Self {
        if self.decode && !self.headers.contains("accept-encoding") {
            let added = self.headers.append("Accept-Encoding", accept_encoding());
            added.expect("names of codings are valid in a header");
        }
        self
    }
}
