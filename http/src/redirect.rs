//! Redirects: whether a response sends the request elsewhere, and what becomes of it there.
//!
//! The rules are those of the fetch standard, which is what servers are tested with
//! (RFC 9110, section 15.4 allows more):
//!
//! 1. 301 and 302 turn POST into GET; 303 turns everything but HEAD into GET. 307 and 308
//!    keep method and body. What is turned into GET loses its body and the headers that
//!    describe it.
//! 2. When the origin changes, credentials stay behind: `Authorization`, `Cookie`,
//!    `Proxy-Authorization`, and a `Host` that was set by hand. It does not matter whether
//!    they were the request's own or those of the session. If redirects are trusted, all but
//!    the `Host` are taken along. (What is in no header is the business of `auth`.)
//!    The `Referer` stays behind as well: it may tell what only the first origin is to know.
//! 3. The fragment is inherited; user and password in a `Location` are not used.
//! 4. A redirect leads to http or https and nowhere else.

use url::Url;

use crate::codec::with_defaults;
use crate::error::{Error, Excerpt};
use crate::message::{Body, Headers, Method, Request, ResponseHead, same_origin};

/// Whether and how far redirects are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectPolicy {
    /// A redirect is a response like any other.
    None,
    /// At most this many are followed; one more is [`Error::TooManyRedirects`].
    Limit(u32),
}

impl RedirectPolicy {
    /// Whether one more may be followed after so many.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRedirects`].
    pub(crate) fn check(self, followed: usize) -> Result<(), Error> {
        match self {
            RedirectPolicy::Limit(limit) if followed >= limit as usize => {
                Err(Error::TooManyRedirects { limit })
            }
            _ => Ok(()),
        }
    }
}

impl Default for RedirectPolicy {
    /// At most 10.
    fn default() -> Self {
        RedirectPolicy::Limit(10)
    }
}

/// Headers that are for one origin only.
const FOR_THE_ORIGIN: [&str; 4] = ["Authorization", "Cookie", "Proxy-Authorization", "Referer"];
/// Headers that describe a body.
const ABOUT_THE_BODY: [&str; 7] = [
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Language",
    "Content-Location",
    "Transfer-Encoding",
    "Expect",
];

/// Returns the request that a redirect asks for; `None` if `head` is not a redirect.
///
/// The next request carries the `defaults` that this one was sent with, as far as it may, and
/// is to be sent without any. If redirects are trusted (`trusting`), credentials go anywhere.
///
/// # Errors
///
/// [`Error::BadRedirect`], [`Error::ConflictingHeader`], [`Error::BodyNotReplayable`].
pub(crate) fn follow(
    request: &Request,
    defaults: &Headers,
    head: &ResponseHead,
    trusting: bool,
) -> Result<Option<Request>, Error> {
    let status = head.status().as_u16();
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = head.fields().unique("Location")? else {
        return Ok(None);
    };
    let url = target(&request.url, location)?;
    let mut next = Request {
        method: request.method.clone(),
        url,
        headers: with_defaults(&request.headers, defaults),
        body: request.body.clone(),
        target: None,
        version: request.version,
    };
    if becomes_get(status, &request.method) {
        next.method = Method::GET;
        next.body = Body::Empty;
        remove_all(&mut next.headers, &ABOUT_THE_BODY);
    } else if request.body.is_used_up() {
        return Err(Error::BodyNotReplayable);
    }
    if !same_origin(&request.url, &next.url) {
        next.headers.remove("Host");
        if !trusting {
            remove_all(&mut next.headers, &FOR_THE_ORIGIN);
        }
    }
    Ok(Some(next))
}

fn remove_all(headers: &mut Headers, names: &[&str]) {
    for name in names {
        headers.remove(name);
    }
}

fn becomes_get(status: u16, method: &Method) -> bool {
    match status {
        301 | 302 => *method == Method::POST,
        303 => *method != Method::HEAD && *method != Method::GET,
        _ => false,
    }
}

/// Where a `Location` leads from `base`.
fn target(base: &Url, location: &[u8]) -> Result<Url, Error> {
    let bad = |reason: &str| Error::BadRedirect {
        location: Excerpt::start_of(location),
        reason: reason.to_string(),
    };
    if location.is_empty() {
        return Err(bad("it is empty"));
    }
    // Raw UTF-8 is common, and `join` escapes it; what is not even that is taken as Latin-1.
    let text = match std::str::from_utf8(location) {
        Ok(text) => text.to_string(),
        Err(_) => location.iter().map(|&byte| char::from(byte)).collect(),
    };
    let mut url = base.join(&text).map_err(|error| bad(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad("it leads to something that is neither http nor https"));
    }
    if url.fragment().is_none() {
        url.set_fragment(base.fragment());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(base: &str, location: &[u8]) -> Result<String, Error> {
        let base = Url::parse(base).expect("a valid base");
        target(&base, location).map(|url| url.to_string())
    }

    #[test]
    fn locations_are_resolved_against_the_request() {
        let base = "http://a.example/dir/page?q#part";
        for (given, expected) in [
            (&b"/x"[..], "http://a.example/x#part"),
            (b"x#own", "http://a.example/dir/x#own"),
            (b"?y", "http://a.example/dir/page?y#part"),
            (b"//b.example/z", "http://b.example/z#part"),
            (b"https://c.example", "https://c.example/#part"),
            ("/\u{e9}".as_bytes(), "http://a.example/%C3%A9#part"),
            (b"/\xe9", "http://a.example/%C3%A9#part"),
            (b"/a b", "http://a.example/a%20b#part"),
        ] {
            assert_eq!(location(base, given).as_deref(), Ok(expected), "{given:?}");
        }
    }

    #[test]
    fn a_location_that_leads_nowhere_is_refused() {
        for given in [
            &b""[..],
            b"file:///etc/passwd",
            b"data:,x",
            b"ftp://a/",
            b"http://",
            b"http:////",
        ] {
            let refused = location("http://a.example/", given);
            assert!(
                matches!(refused, Err(Error::BadRedirect { .. })),
                "{given:?}: {refused:?}"
            );
        }
    }

    #[test]
    fn methods_change_as_in_the_fetch_standard() {
        for (status, method, get) in [
            (301, Method::POST, true),
            (302, Method::POST, true),
            (301, Method::PUT, false),
            (302, Method::HEAD, false),
            (303, Method::PUT, true),
            (303, Method::HEAD, false),
            (307, Method::POST, false),
            (308, Method::POST, false),
        ] {
            assert_eq!(becomes_get(status, &method), get, "{status} {method:?}");
        }
    }
}
