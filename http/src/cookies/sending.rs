//! Where a session meets its jar: before a request is sent, and when the head of an answer is here.
//!
//! The request itself is left alone: a redirect makes the next one of it, and what the jar has
//! for one host must not travel to the other.

use std::borrow::Cow;

use url::Url;

use super::jar::CookieJar;
use crate::error::Error;
use crate::message::{Headers, Request, ResponseHead};

/// The request as it is sent to its URL: the caller's cookies first, then those of the jar.
///
/// The caller's are those of the request, or else of the `defaults`.
pub(crate) fn with_cookies<'r>(
    jar: Option<&CookieJar>,
    request: &'r Request,
    defaults: &Headers,
) -> Result<Cow<'r, Request>, Error> {
    let Some(kept) = jar.and_then(|jar| jar.header(&request.url)) else {
        return Ok(Cow::Borrowed(request));
    };
    let own = [&request.headers, defaults];
    let own = own.into_iter().find(|headers| headers.contains("cookie"));
    let own = own
        .into_iter()
        .flat_map(|headers| headers.get_all("cookie"));
    let values: Vec<&[u8]> = own.chain([kept.as_bytes()]).collect();
    let mut request = request.clone();
    request.headers.insert("Cookie", values.join(&b"; "[..]))?;
    Ok(Cow::Owned(request))
}

/// Puts the cookies of an answer from `url` into the jar.
pub(crate) fn keep_cookies(jar: Option<&CookieJar>, url: &Url, head: &ResponseHead) {
    if let Some(jar) = jar {
        jar.store(url, head.fields());
    }
}
