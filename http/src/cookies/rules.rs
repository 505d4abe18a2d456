//! What a cookie must be like to be kept, wherever it comes from.

use url::{Host, Url};

use super::cookie::Cookie;
use super::suffix_list::is_listed;

/// Bytes of name and value together (RFC 6265bis, section 5.6).
const PAIR_BYTES: usize = 4096;

/// Checks what holds for cookies of servers and of files.
pub(super) fn check(cookie: &Cookie) -> Result<(), &'static str> {
    let (name, value) = (cookie.name(), cookie.value());
    if name.is_empty() {
        return Err("its name is empty");
    }
    if name.len() + value.len() > PAIR_BYTES {
        return Err("its name and value have more than 4096 bytes");
    }
    let mut bytes = name
        .bytes()
        .chain(value.bytes())
        .chain(cookie.path().bytes());
    if bytes.any(|byte| byte.is_ascii_control()) {
        return Err("there is a control byte in it");
    }
    if name.contains([';', '=']) || value.contains(';') {
        return Err("there is a `;` or `=` where it ends a pair");
    }
    if !cookie.is_host_only() && is_public(cookie.domain()) {
        return Err("its domain is a public suffix");
    }
    check_prefix(cookie)
}

/// A name with a prefix promises something (RFC 6265bis, section 4.1.3).
fn check_prefix(cookie: &Cookie) -> Result<(), &'static str> {
    if is_prefix("__Secure-", cookie.name()) && !cookie.is_secure() {
        return Err("its name promises that it is secure, and it is not");
    }
    let is_for_host = cookie.is_secure() && cookie.is_host_only() && cookie.path() == "/";
    if is_prefix("__Host-", cookie.name()) && !is_for_host {
        return Err("its name promises that it is secure, for one host, and for all paths");
    }
    Ok(())
}

fn is_prefix(prefix: &str, name: &str) -> bool {
    let start = name.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Whether anybody can have a name below this domain.
pub(super) fn is_public(domain: &str) -> bool {
    is_listed(domain) || (!domain.contains('.') && domain != "localhost")
}

/// Whether nobody listens on the way: https, or this machine.
pub(super) fn is_trusted(url: &Url) -> bool {
    match url.host() {
        _ if url.scheme() == "https" => true,
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether `new` would hide `old` from some URL (RFC 6265bis, section 5.7, "leave secure cookies
/// alone").
pub(super) fn hides(new: &Cookie, old: &Cookie) -> bool {
    let domains = is_in(new.domain(), old.domain()) || is_in(old.domain(), new.domain());
    new.name() == old.name() && domains && is_below(new.path(), old.path())
}

fn is_in(domain: &str, other: &str) -> bool {
    let before = domain.strip_suffix(other);
    before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

fn is_below(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || other.ends_with('/'))
}
