//! One request, as it will be sent.
//!
//! A `Request` is what is left when all decisions are made: redirects, cookies and
//! authentication have put their headers in. Sending it twice sends the same bytes twice.
//!
//! # What is not in here
//!
//! * What holds for a whole session: default headers, time limits, the redirect policy.
//! * `Host` and the framing headers, which the encoder derives from URL and body, so that
//!   they cannot contradict them.
//! * The connection: whether the target is written for a server or for a proxy is a
//!   [`TargetForm`](crate::codec::TargetForm), chosen by who knows the peer.

use url::{Position, Url};

use super::{Body, Headers, Method, Version};

/// A request: method, URL, headers and body.
///
/// The URL is already parsed, because parsing is half of what a small request costs; who
/// fetches the same host often parses once and joins.
#[derive(Clone, Debug)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// With what. User, password and fragment are never sent.
    pub url: Url,
    /// The headers of this request. `Host` and the framing headers are added when it is
    /// encoded.
    pub headers: Headers,
    /// What follows the head.
    pub body: Body,
    /// What stands as the target in the first line, instead of path and query of the URL: for
    /// what a URL cannot say, such as `*`. Visible ASCII only.
    pub target: Option<String>,
    /// What the first line says. With [`Version::Http10`], the length of the body must be known,
    /// and the connection ends with the exchange.
    pub version: Version,
}

impl Request {
    /// Makes a request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Request {
            method,
            url,
            headers: Headers::new(),
            body: Body::Empty,
            target: None,
            version: Version::Http11,
        }
    }

    /// What is asked for: path and query of the URL, or what the caller says instead.
    pub fn target(&self) -> &str {
        let of_url = &self.url[Position::BeforePath..Position::AfterQuery];
        self.target.as_deref().unwrap_or(of_url)
    }
}
