//! Reads a `Set-Cookie` line that came from a URL (RFC 6265bis, sections 5.6 and 5.7).
//!
//! The crate splits the line and finds domain and path. What it does not know is added here:
//! lenient dates, a `Max-Age` without digits, dots at the end of hosts, addresses as domains,
//! and what a plain connection may set.

use std::borrow::Cow;

use cookie_store::{CookieDomain, CookieError, CookieExpiration, CookiePath, RawCookie};
use url::{Host, Url};

use super::cookie::Cookie;
use super::date;
use super::rules::{check, is_public, is_trusted};

/// Bytes of a whole line, as in curl.
const LINE_BYTES: usize = 5000;

/// Reads a line. The URL is [`canonical`].
pub(super) fn read(line: &[u8], url: &Url) -> Result<Cookie, &'static str> {
    if line.len() > LINE_BYTES {
        return Err("it has more than 5000 bytes");
    }
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8")?;
    // A tab may stand between attributes; `check` looks for the others.
    if line
        .bytes()
        .any(|byte| byte.is_ascii_control() && byte != b'\t')
    {
        return Err("there is a control byte in it");
    }
    let raw = RawCookie::parse(line).map_err(|_| "it is no name with a value")?;
    let cookie = Cookie::from_inner(bound_to(raw.into_owned(), line, url)?);
    if cookie.is_secure() && !is_trusted(url) {
        return Err("it is secure, and came over a plain connection");
    }
    check(&cookie)?;
    Ok(cookie)
}

/// Finds out where a cookie is sent and until when it is kept.
fn bound_to(
    mut raw: RawCookie<'static>,
    line: &str,
    url: &Url,
) -> Result<cookie_store::Cookie<'static>, &'static str> {
    if let Some(domain) = raw.domain().and_then(|domain| domain.strip_suffix('.')) {
        let domain = domain.to_owned();
        raw.set_domain(domain);
    }
    let mut cookie = cookie_store::Cookie::try_from_raw_cookie(&raw, url).map_err(refusal)?;
    if let CookieDomain::Suffix(domain) = &cookie.domain
        && (!matches!(url.host(), Some(Host::Domain(_))) || is_public(domain))
    {
        if !cookie.domain.host_is_identical(url) {
            return Err("its domain is a public suffix");
        }
        cookie.domain = CookieDomain::host_only(url).map_err(refusal)?;
    }
    // As in curl: `/a/` is also for `/a`.
    if let Some(path) = cookie.path.strip_suffix('/').and_then(CookiePath::parse) {
        cookie.path = path;
    }
    if !has_max_age(line) {
        cookie.expires = expires(line);
    }
    Ok(cookie)
}

fn refusal(error: CookieError) -> &'static str {
    match error {
        CookieError::DomainMismatch => "its domain is not that of the host",
        _ => "its domain cannot be read",
    }
}

/// The attributes with their values.
fn attributes(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let attributes = line.split(';').skip(1);
    attributes.filter_map(|attribute| {
        let (name, value) = attribute.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}

/// Whether there is a `Max-Age` that is a number; it wins over `Expires`.
fn has_max_age(line: &str) -> bool {
    attributes(line).any(|(name, value)| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number && name.eq_ignore_ascii_case("max-age")
    })
}

/// What the last date among the attributes says.
fn expires(line: &str) -> CookieExpiration {
    let dates = attributes(line).filter(|(name, _)| name.eq_ignore_ascii_case("expires"));
    let last = dates.filter_map(|(_, value)| date::read(value)).last();
    last.map_or(CookieExpiration::SessionEnd, CookieExpiration::from)
}

/// The URL without a dot at the end of its host.
pub(super) fn canonical(url: &Url) -> Cow<'_, Url> {
    let host = url.host_str().and_then(|host| host.strip_suffix('.'));
    let Some(host) = host.filter(|host| !host.is_empty()) else {
        return Cow::Borrowed(url);
    };
    let mut without_dot = url.clone();
    match without_dot.set_host(Some(host)) {
        Ok(()) => Cow::Owned(without_dot),
        Err(_) => Cow::Borrowed(url),
    }
}
