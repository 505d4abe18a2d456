//! One cookie of a jar.

use std::fmt;
use std::time::SystemTime;

use cookie_store::{CookieDomain, CookieExpiration, CookiePath, RawCookie};
use time::OffsetDateTime;
use url::Url;

/// A cookie: a name, a value, where it is sent, and until when.
#[derive(Clone, PartialEq)]
pub struct Cookie {
    /// What it is, with the path and the domain normalized.
    inner: cookie_store::Cookie<'static>,
}

/// The parts of a cookie that comes from a file.
pub(super) struct Parts<'p> {
    /// The name.
    pub(super) name: &'p str,
    /// The value.
    pub(super) value: &'p str,
    /// The host or domain; a dot in front means nothing.
    pub(super) domain: &'p str,
    /// Whether it is for that host only.
    pub(super) host_only: bool,
    /// The path below which it is sent.
    pub(super) path: &'p str,
    /// Whether it is sent over secure connections only.
    pub(super) secure: bool,
    /// Whether it is hidden from scripts.
    pub(super) http_only: bool,
    /// Seconds since 1970; `None` for the end of the session.
    pub(super) expires: Option<i64>,
}

impl Cookie {
    /// The name.
    pub fn name(&self) -> &str {
        self.inner.name()
    }

    /// The value, as the server sent it: quotes and escapes are part of it.
    pub fn value(&self) -> &str {
        self.inner.value()
    }

    /// The host, or the domain, in lower case and without dots at its ends; an IPv6 address is
    /// in brackets.
    pub fn domain(&self) -> &str {
        match &self.inner.domain {
            CookieDomain::HostOnly(domain) | CookieDomain::Suffix(domain) => domain,
            CookieDomain::NotPresent | CookieDomain::Empty => "",
        }
    }

    /// Whether it is sent to that host only, and not to those below it.
    pub fn is_host_only(&self) -> bool {
        matches!(self.inner.domain, CookieDomain::HostOnly(_))
    }

    /// The path below which it is sent.
    pub fn path(&self) -> &str {
        &self.inner.path
    }

    /// Whether it is sent over secure connections only: https, or to this machine.
    pub fn is_secure(&self) -> bool {
        self.inner.secure() == Some(true)
    }

    /// Whether the server wants it hidden from scripts, of which there are none here.
    pub fn is_http_only(&self) -> bool {
        self.inner.http_only() == Some(true)
    }

    /// Until when it is kept; `None` means to the end of the session.
    pub fn expires(&self) -> Option<SystemTime> {
        match self.inner.expires {
            CookieExpiration::AtUtc(time) => Some(time.into()),
            CookieExpiration::SessionEnd => None,
        }
    }

    pub(super) fn from_inner(inner: cookie_store::Cookie<'static>) -> Self {
        Cookie { inner }
    }

    /// Makes one from parts that are only as good as a file.
    pub(super) fn from_parts(parts: &Parts<'_>) -> Result<Self, &'static str> {
        let domain = parts.domain.strip_prefix('.').unwrap_or(parts.domain);
        let is_ipv6 = domain.contains(':') && !domain.starts_with('[');
        let url = if is_ipv6 {
            format!("https://[{domain}]/")
        } else {
            format!("https://{domain}/")
        };
        let url = Url::parse(&url).map_err(|_| "its domain is none")?;
        let mut raw = RawCookie::new(parts.name.to_owned(), parts.value.to_owned());
        raw.set_secure(parts.secure);
        raw.set_http_only(parts.http_only);
        if !parts.host_only {
            raw.set_domain(domain.to_owned());
        }
        let inner = cookie_store::Cookie::try_from_raw_cookie(&raw, &url);
        let mut inner = inner.map_err(|_| "its domain is none")?;
        inner.path = CookiePath::parse(parts.path).ok_or("its path does not begin with a slash")?;
        if let Some(seconds) = parts.expires {
            inner.expires = expiry(seconds);
        }
        Ok(Cookie { inner })
    }

    /// Seconds since 1970; `None` for the end of the session.
    pub(super) fn expires_at(&self) -> Option<i64> {
        match self.inner.expires {
            CookieExpiration::AtUtc(time) => Some(time.unix_timestamp()),
            CookieExpiration::SessionEnd => None,
        }
    }

    /// The domain in the spelling of the server.
    pub(super) fn domain_as_spelled(&self) -> &str {
        match (*self.inner).domain() {
            Some(spelled) if spelled.eq_ignore_ascii_case(self.domain()) => spelled,
            _ => self.domain(),
        }
    }

    pub(super) fn is_expired(&self) -> bool {
        self.inner.is_expired()
    }

    /// Whether it is to be sent to a URL, but for its expiry.
    pub(super) fn matches(&self, url: &Url) -> bool {
        self.inner.matches(url)
    }

    /// Whether one is another version of the other.
    pub(super) fn is_same_as(&self, other: &Cookie) -> bool {
        self.name() == other.name()
            && self.inner.domain == other.inner.domain
            && self.path() == other.path()
    }
}

/// Far times become the end of the year 9999.
fn expiry(seconds: i64) -> CookieExpiration {
    const LAST: i64 = 253_402_300_799;
    let seconds = seconds.clamp(0, LAST);
    let time = OffsetDateTime::from_unix_timestamp(seconds).expect("the years up to 9999 exist");
    CookieExpiration::AtUtc(time)
}

impl fmt::Debug for Cookie {
    /// Shows everything but the value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name())
            .field("domain", &self.domain())
            .field("host_only", &self.is_host_only())
            .field("path", &self.path())
            .field("secure", &self.is_secure())
            .field("http_only", &self.is_http_only())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}
