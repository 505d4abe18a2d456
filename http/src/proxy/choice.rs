//! Which proxy is for which URL, and what the environment says about it.
//!
//! # Rules of the environment
//!
//! 1. `http_proxy` is for `http`, `https_proxy` for `https`, and `all_proxy` for the scheme
//!    that has none of its own. `no_proxy` lists the exceptions.
//! 2. Each is also read in upper case. The spelling in lower case wins.
//! 3. An empty value is no proxy; in lower case it hides the one in upper case. `all_proxy`
//!    still applies then, as in curl and Python.
//! 4. `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD` is set. Under CGI it is
//!    what the client sent as the header `Proxy` ("httpoxy").
//! 5. A value that cannot be read is an error that names the variable.

use std::ffi::OsString;

use url::Url;

use super::address::Proxy;
use super::no_proxy::NoProxy;
use crate::error::Error;

/// Which proxy is for which URL. Default: none for all.
///
/// ```
/// use looplet_http::proxy::Proxies;
/// use url::Url;
///
/// let proxies = Proxies {
///     no_proxy: "localhost".parse()?,
///     ..Proxies::all("proxy.example:3128".parse()?)
/// };
/// let url = Url::parse("https://a.example/").unwrap();
/// assert_eq!(proxies.for_url(&url).unwrap().to_string(), "http://proxy.example:3128");
/// assert_eq!(proxies.for_url(&Url::parse("http://localhost/").unwrap()), None);
/// # Ok::<(), looplet_http::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Proxies {
    /// The proxy for `http` URLs.
    pub http: Option<Proxy>,
    /// The proxy for `https` URLs.
    pub https: Option<Proxy>,
    /// The hosts that are reached without either.
    pub no_proxy: NoProxy,
    /// Whether an HTTP proxy has to pass bytes on (CONNECT) for `http` URLs, too, as it does for
    /// `https` ones. Default: no; it is given the requests.
    pub tunnel: bool,
}

impl Proxies {
    /// Uses one proxy for all URLs.
    pub fn all(proxy: Proxy) -> Self {
        Proxies {
            http: Some(proxy.clone()),
            https: Some(proxy),
            ..Proxies::default()
        }
    }

    /// Takes what the environment says: `http_proxy`, `https_proxy`, `all_proxy` and
    /// `no_proxy`, in lower or upper case. The aiohttp counterpart is `trust_env`.
    ///
    /// `HTTP_PROXY` in upper case is not read where `REQUEST_METHOD` is set: under CGI,
    /// whoever sends a request chooses its value.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidProxy`] with the name of the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Takes what an environment says that `variable` looks into; see
    /// [`from_env`](Self::from_env).
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    ///
    /// ```
    /// use looplet_http::proxy::Proxies;
    ///
    /// let proxies = Proxies::from_variables(|name| match name {
    ///     "https_proxy" => Some("proxy.example:3128".into()),
    ///     _ => None,
    /// })?;
    /// assert!(proxies.http.is_none() && proxies.https.is_some());
    /// # Ok::<(), looplet_http::Error>(())
    /// ```
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let variable = |name: &str| match name {
            "HTTP_PROXY" if is_cgi => None,
            _ => variable(name),
        };
        let all: Option<Proxy> = read(&variable, ["all_proxy", "ALL_PROXY"])?;
        let http = read(&variable, ["http_proxy", "HTTP_PROXY"])?;
        let https = read(&variable, ["https_proxy", "HTTPS_PROXY"])?;
        let no_proxy = read(&variable, ["no_proxy", "NO_PROXY"])?;
        Ok(Proxies {
            http: http.or_else(|| all.clone()),
            https: https.or(all),
            no_proxy: no_proxy.unwrap_or_default(),
            tunnel: false,
        })
    }

    /// The proxy to fetch a URL through, if it is not to be fetched directly. There is none for
    /// other schemes than `http` and `https`.
    pub fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = match url.scheme() {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        };
        proxy.filter(|_| !self.no_proxy.covers(url))
    }
}

/// Reads the first of the variables that is set. An empty one is nothing.
fn read<T: std::str::FromStr<Err = Error>>(
    variable: &impl Fn(&str) -> Option<OsString>,
    names: [&str; 2],
) -> Result<Option<T>, Error> {
    let mut set = names
        .iter()
        .filter_map(|name| Some((*name, variable(name)?)));
    let Some((name, value)) = set.next() else {
        return Ok(None);
    };
    let Ok(value) = value.into_string() else {
        return Err(Error::InvalidProxy {
            proxy: name.to_owned(),
            reason: "the value of this variable is not UTF-8".to_owned(),
        });
    };
    if value.trim().is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|error| named(error, name))
}

/// Adds the name of the variable to an error.
fn named(error: Error, name: &str) -> Error {
    match error {
        Error::InvalidProxy { proxy, reason } => Error::InvalidProxy {
            proxy,
            reason: format!("{reason} (in the variable {name})"),
        },
        other => other,
    }
}
