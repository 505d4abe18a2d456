//! One proxy: how to speak to it, where it is, and who asks.
//!
//! # Rules
//!
//! 1. The text is what `curl -x` takes: `[scheme://][user[:password]@]host[:port]`, and what
//!    follows a slash is ignored. Without a scheme it is an HTTP proxy.
//! 2. Without a port it is 443 for `https`, and 1080 for all others, as in curl.
//! 3. User and password are percent-decoded, and are bytes: no charset is assumed.
//! 4. No byte of them is a control byte, and for SOCKS they have at most 255, which is what
//!    its one-byte lengths can say (RFC 1929).
//! 5. Neither an error nor `Debug` nor `Display` shows user or password.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use url::Host;

use crate::auth::basic;
use crate::error::Error;
use crate::message::{Headers, Version};

/// The protocols that proxies speak. Those of SOCKS are spoken with the feature `socks`; without it,
/// a request that needs one fails with [`Error::Proxy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP over TCP: absolute targets for `http`, CONNECT for `https`.
    Http,
    /// The same over TLS.
    Https,
    /// SOCKS 4: the client resolves the name, and only to IPv4.
    Socks4,
    /// SOCKS 4a: the proxy resolves the name.
    Socks4a,
    /// SOCKS 5 (RFC 1928): the client resolves the name.
    Socks5,
    /// SOCKS 5: the proxy resolves the name.
    Socks5h,
}

impl ProxyKind {
    /// The scheme in the text of a proxy, such as `socks5h`.
    pub fn as_str(self) -> &'static str {
        match self {
            ProxyKind::Http => "http",
            ProxyKind::Https => "https",
            ProxyKind::Socks4 => "socks4",
            ProxyKind::Socks4a => "socks4a",
            ProxyKind::Socks5 => "socks5",
            ProxyKind::Socks5h => "socks5h",
        }
    }

    /// The port of a proxy whose text has none.
    pub fn default_port(self) -> u16 {
        match self {
            ProxyKind::Https => 443,
            _ => 1080,
        }
    }

    /// Whether it is one of the SOCKS protocols.
    pub fn is_socks(self) -> bool {
        !matches!(self, ProxyKind::Http | ProxyKind::Https)
    }

    fn of_scheme(scheme: &str) -> Option<Self> {
        Some(match scheme.to_ascii_lowercase().as_str() {
            "http" => ProxyKind::Http,
            "https" => ProxyKind::Https,
            "socks" | "socks4" => ProxyKind::Socks4,
            "socks4a" => ProxyKind::Socks4a,
            "socks5" => ProxyKind::Socks5,
            "socks5h" => ProxyKind::Socks5h,
            _ => return None,
        })
    }
}

/// A proxy. Two are equal if they are reached in the same way by the same user.
///
/// ```
/// use looplet_http::proxy::{Proxy, ProxyKind};
///
/// let proxy: Proxy = "socks5h://me:s%40cret@proxy.example".parse()?;
/// assert_eq!(proxy.kind(), ProxyKind::Socks5h);
/// assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 1080));
/// assert_eq!(proxy.credentials(), Some((&b"me"[..], &b"s@cret"[..])));
/// assert_eq!(proxy.to_string(), "socks5h://proxy.example:1080");
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy {
    /// How to speak to it.
    kind: ProxyKind,
    /// The host, normalized, IPv6 addresses in brackets.
    host: Box<str>,
    /// The port to connect to.
    port: u16,
    /// User and password, decoded.
    credentials: Option<Credentials>,
    /// What else an HTTP proxy is told.
    headers: Headers,
    /// The version that an HTTP proxy is asked in for a tunnel.
    version: Version,
}

/// User and password.
type Credentials = (Box<[u8]>, Box<[u8]>);

impl Proxy {
    /// How to speak to it.
    pub fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// The name or address to resolve and connect to, in lower case and without a trailing
    /// dot; IPv6 addresses without brackets.
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

    /// User and password, decoded. A text with a user alone has an empty password.
    pub fn credentials(&self) -> Option<(&[u8], &[u8])> {
        let (user, password) = self.credentials.as_ref()?;
        Some((user, password))
    }

    /// The headers that an HTTP proxy gets in addition: with CONNECT, or with every request
    /// where it gets the request itself. A SOCKS proxy knows no headers.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// All that an HTTP proxy is told: its headers, and user and password as
    /// `Proxy-Authorization`, unless that is one of the headers.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCredentials`] for a user with a colon.
    pub(crate) fn all_headers(&self) -> Result<Headers, Error> {
        let mut headers = self.headers.clone();
        if let Some((user, password)) = &self.credentials
            && !headers.contains("Proxy-Authorization")
        {
            headers.append("Proxy-Authorization", basic(user, password)?)?;
        }
        Ok(headers)
    }

    /// The version that an HTTP proxy is asked in for a tunnel: HTTP/1.1, unless it was told
    /// otherwise.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Asks for tunnels in another version, for old proxies that know no HTTP/1.1.
    pub fn with_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Replaces user and password. They are taken as they are, not decoded.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidProxy`] for a control byte, and for more than 255 bytes for SOCKS.
    pub fn with_credentials(
        mut self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
    ) -> Result<Self, Error> {
        let (user, password) = (user.as_ref(), password.as_ref());
        for (what, bytes) in [("user", user), ("password", password)] {
            if let Err(reason) = check_credential(self.kind, what, bytes) {
                return Err(invalid(&self.to_string(), &reason));
            }
        }
        self.credentials = Some((user.into(), password.into()));
        Ok(self)
    }

    /// Adds a header; see [`headers`](Self::headers).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidHeader`].
    pub fn with_header(mut self, name: &str, value: impl AsRef<[u8]>) -> Result<Self, Error> {
        self.headers.append(name, value)?;
        Ok(self)
    }
}

impl FromStr for Proxy {
    type Err = Error;

    /// Reads what `curl -x` takes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidProxy`], which shows the text without user and password.
    fn from_str(text: &str) -> Result<Self, Error> {
        read(text.trim()).map_err(|reason| invalid(text.trim(), &reason))
    }
}

fn read(text: &str) -> Result<Proxy, String> {
    let (kind, rest) = match text.split_once("://") {
        None => (ProxyKind::Http, text),
        Some((scheme, rest)) => {
            let kind = ProxyKind::of_scheme(scheme);
            let unknown = "its scheme is none of http, https, socks4, socks4a, socks5, socks5h";
            (kind.ok_or(unknown)?, rest)
        }
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (userinfo, place),
        None => ("", authority),
    };
    let (host, port) = split_port(place)?;
    Ok(Proxy {
        kind,
        host: normalized(host)?,
        port: read_port(port)?.unwrap_or(kind.default_port()),
        credentials: read_userinfo(kind, userinfo)?,
        headers: Headers::new(),
        version: Version::Http11,
    })
}

/// Splits `host:port`. The colons in the brackets of an IPv6 address are none.
fn split_port(place: &str) -> Result<(&str, &str), String> {
    let behind_bracket = place.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match place[behind_bracket..].split_once(':') {
        Some((inside, port)) => (&place[..behind_bracket + inside.len()], port),
        None => (place, ""),
    };
    if behind_bracket == 0 && port.contains(':') {
        return Err("an IPv6 address has to stand in brackets".to_owned());
    }
    Ok((host, port))
}

/// The host as it is compared: decoded, in lower case, names in Punycode, without a trailing
/// dot.
fn normalized(host: &str) -> Result<Box<str>, String> {
    let host = match host.strip_suffix('.').unwrap_or(host) {
        "" => return Err("it has no host".to_owned()),
        host => Host::parse(host).map_err(|error| error.to_string())?,
    };
    Ok(host.to_string().into())
}

/// A port that is given. None is given by an empty text, as in a URL.
pub(super) fn read_port(port: &str) -> Result<Option<u16>, String> {
    if port.is_empty() {
        return Ok(None);
    }
    // `parse` alone would take a sign.
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(number) if digits && number != 0 => Ok(Some(number)),
        _ => Err("its port is not a number from 1 to 65535".to_owned()),
    }
}

fn read_userinfo(kind: ProxyKind, userinfo: &str) -> Result<Option<Credentials>, String> {
    if userinfo.is_empty() {
        return Ok(None);
    }
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decode = |what, text| {
        let bytes: Vec<u8> = percent_decode_str(text).collect();
        check_credential(kind, what, &bytes)?;
        Ok::<Box<[u8]>, String>(bytes.into())
    };
    Ok(Some((decode("user", user)?, decode("password", password)?)))
}

fn check_credential(kind: ProxyKind, what: &str, bytes: &[u8]) -> Result<(), String> {
    if bytes.iter().any(u8::is_ascii_control) {
        return Err(format!("there is a control byte in the {what}"));
    }
    if kind.is_socks() && bytes.len() > 255 {
        return Err(format!(
            "the {what} has {} bytes, and SOCKS allows 255",
            bytes.len()
        ));
    }
    Ok(())
}

pub(super) fn invalid(text: &str, reason: &str) -> Error {
    Error::InvalidProxy {
        proxy: without_secrets(text),
        reason: reason.to_owned(),
    }
}

/// The text without all that may be user or password, even where it is malformed.
fn without_secrets(text: &str) -> String {
    let Some((before, place)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    match before.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://...@{place}"),
        None => format!("...@{place}"),
    }
}

impl fmt::Display for Proxy {
    /// Scheme, host and port, which is what a log may show.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind.as_str(), self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    /// As `Display`, and whether there is a user, and the names of the headers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name).collect();
        let user = self.credentials.as_ref().map(|_| "[hidden]");
        f.debug_struct("Proxy")
            .field("address", &self.to_string())
            .field("credentials", &user)
            .field("headers", &names)
            .finish()
    }
}
