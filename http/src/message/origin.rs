//! Scheme, host and port: the boundary for credentials and the key of the pool.
//!
//! Nearly every leak of a password, a cookie or a token by an HTTP client is a redirect
//! that crossed an origin while some comparison thought it had not. So the comparison
//! exists once, as the equality of [`Origin`].
//!
//! # Rules
//!
//! 1. Two URLs have the same origin if scheme, host and *effective* port are equal:
//!    `http://a` and `http://a:80` are, `http://a` and `https://a` are not.
//! 2. Hosts are compared without regard to case and without a trailing dot.
//! 3. User and password are no part of an origin.
//! 4. There is no origin but that of http and https.
//!
//! The `url` crate has already lower-cased the host, decoded it, turned it to Punycode and
//! normalized IPv4 spellings such as `127.1` when it comes here.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::rc::Rc;

use url::Url;

use crate::error::Error;

/// The two schemes that the client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scheme {
    /// Plain text.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    /// The port that a URL without one means.
    pub fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Scheme, host and port of a URL, normalized. Cheap to clone, hash and compare.
///
/// ```
/// use looplet_http::message::Origin;
/// use url::Url;
///
/// let origin = Origin::of(&Url::parse("http://user:pass@Example.COM.:80/path").unwrap())?;
/// assert_eq!(origin.host(), "example.com");
/// assert_eq!(origin.authority(), "example.com");
/// assert_eq!(origin.to_string(), "http://example.com");
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Origin {
    /// How to speak to it.
    scheme: Scheme,
    /// The host in lower case, without a trailing dot; IPv6 addresses in brackets.
    host: Rc<str>,
    /// The port to connect to, the default one included.
    port: u16,
}

impl Origin {
    /// Takes the origin from a URL.
    ///
    /// # Errors
    ///
    /// [`Error::UnsupportedScheme`] for anything but http and https, [`Error::InvalidUrl`]
    /// if nothing is left of the host.
    pub fn of(url: &Url) -> Result<Self, Error> {
        let scheme = scheme_of(url)?;
        let host = host_of(url)?.into();
        Ok(Origin {
            scheme,
            host,
            port: url.port().unwrap_or(scheme.default_port()),
        })
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address to resolve and connect to; IPv6 addresses without brackets.
    pub fn host(&self) -> &str {
        self.host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(&self.host)
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, if the host is one and needs no resolving.
    pub fn ip_addr(&self) -> Option<IpAddr> {
        self.host().parse().ok()
    }

    /// The value of the `Host` header: IPv6 addresses in brackets, the default port left
    /// out, never with user and password (RFC 9110, section 7.2).
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            return self.host.to_string();
        }
        format!("{}:{}", self.host, self.port)
    }
}

impl Origin {
    /// Host and port, also the default one: what CONNECT names (RFC 9110, section 9.3.6).
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Whether credentials for one URL may be sent to the other. `false` if one of them is not
/// http or https.
pub fn same_origin(a: &Url, b: &Url) -> bool {
    match (Origin::of(a), Origin::of(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// The scheme of a URL, if it is one of ours.
pub(crate) fn scheme_of(url: &Url) -> Result<Scheme, Error> {
    match url.scheme() {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        other => Err(Error::UnsupportedScheme {
            scheme: other.to_owned(),
        }),
    }
}

/// The host of an http or https URL as it goes into `Host`: without a trailing dot, IPv6 in
/// brackets.
pub(crate) fn host_of(url: &Url) -> Result<&str, Error> {
    scheme_of(url)?;
    let host = url.host_str().unwrap_or_default();
    match host.strip_suffix('.').unwrap_or(host) {
        "" => Err(Error::InvalidUrl {
            url: format!("{}://{host}", url.scheme()),
            reason: "it has no host".to_owned(),
        }),
        host => Ok(host),
    }
}

impl Hash for Origin {
    /// Writes twice, where a derived one would four times: each request looks its origin up.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.host.as_bytes());
        state.write_u32(u32::from(self.port) << 1 | self.scheme as u32);
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(a: &str, b: &str) -> bool {
        same_origin(&Url::parse(a).unwrap(), &Url::parse(b).unwrap())
    }

    #[test]
    fn case_trailing_dot_default_port_and_userinfo_do_not_matter() {
        assert!(same("http://a.example/x", "HTTP://A.EXAMPLE/y"));
        assert!(same("http://a.example", "http://a.example."));
        assert!(same("http://a.example", "http://a.example:80"));
        assert!(same("https://a.example:443", "https://a.example"));
        assert!(same("http://me:secret@a.example", "http://a.example"));
        assert!(same("http://127.0.0.1", "http://0x7f.1"));
    }

    #[test]
    fn scheme_port_and_any_other_host_do_matter() {
        assert!(!same("http://a.example", "https://a.example"));
        assert!(!same("http://a.example:443", "https://a.example:443"));
        assert!(!same("http://a.example", "http://a.example:8080"));
        assert!(!same("http://a.example", "http://www.a.example"));
        assert!(!same("http://a.example", "http://a.example.."));
        assert!(!same("ftp://a.example", "ftp://a.example"));
    }

    #[test]
    fn the_authority_is_what_host_wants() {
        let cases = [
            ("http://[::1]/", "[::1]", "::1", 80),
            ("http://[::1]:8080/", "[::1]:8080", "::1", 8080),
            (
                "https://u:p@a.example.:444/",
                "a.example:444",
                "a.example",
                444,
            ),
            ("http://a_b.example/", "a_b.example", "a_b.example", 80),
            (
                "https://münchen.example/",
                "xn--mnchen-3ya.example",
                "xn--mnchen-3ya.example",
                443,
            ),
        ];
        for (url, authority, host, port) in cases {
            let origin = Origin::of(&Url::parse(url).unwrap()).unwrap();
            let found = (origin.authority(), origin.host(), origin.port());
            assert_eq!(found, (authority.to_owned(), host, port), "{url}");
        }
    }

    #[test]
    fn other_schemes_have_no_origin() {
        for url in ["file:///etc/passwd", "ftp://a/", "data:,x", "ws://a/"] {
            let refused = Origin::of(&Url::parse(url).unwrap()).unwrap_err();
            assert!(
                matches!(refused, Error::UnsupportedScheme { .. }),
                "{url}: {refused}"
            );
        }
    }

    #[test]
    fn a_host_that_is_only_a_dot_is_none() {
        let refused = Origin::of(&Url::parse("http://./").unwrap()).unwrap_err();
        assert!(matches!(refused, Error::InvalidUrl { .. }), "{refused}");
    }

    #[test]
    fn addresses_need_no_resolving() {
        let origin = Origin::of(&Url::parse("http://[::1]/").unwrap()).unwrap();
        assert_eq!(
            origin.ip_addr(),
            Some(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]))
        );
        let origin = Origin::of(&Url::parse("http://localhost/").unwrap()).unwrap();
        assert_eq!(origin.ip_addr(), None);
    }
}
