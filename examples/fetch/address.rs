//! A URL as curl reads it: forgiving at the front, byte for byte behind the host.
//!
//! The `url` crate follows the standard of the browsers, which rewrites more of a path than a
//! person at a shell wants. So the parts are split here, and the crate is asked about the host
//! alone, whose names and numbers have many spellings.

use std::fmt::Write as _;

use crate::failure::{Failure, code};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) scheme: Scheme,
    /// What stands before the `@`, decoded; a password only behind a colon.
    pub(crate) user: Option<(Vec<u8>, Option<Vec<u8>>)>,
    /// As given, if that is ASCII; addresses in their usual form, IPv6 in brackets.
    pub(crate) host: String,
    /// Only if it is not the usual one of the scheme.
    pub(crate) port: Option<u16>,
    /// From the first `/` on; never empty.
    pub(crate) path: String,
    /// Behind the `?`.
    pub(crate) query: Option<String>,
    /// Behind the `#`; never sent.
    pub(crate) fragment: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// What is done to dots in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dots {
    /// `/a/../b` becomes `/b`.
    Resolved,
    Kept,
}

impl Address {
    /// Reads what a person typed. Without a scheme, it is `default`.
    pub(crate) fn parse(text: &str, default: Scheme, dots: Dots) -> Result<Self, Failure> {
        let malformed = |why: &str| {
            let text = without_secrets(text);
            Failure::new(code::URL_MALFORMAT, format!("URL {text:?}: {why}"))
        };
        if text.is_empty() {
            return Err(malformed("no URL given"));
        }
        if text.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
            return Err(malformed("a space or a control byte"));
        }
        let (scheme, rest) = split_scheme(text, default)?;
        let (rest, fragment) = split_at(rest, '#');
        let (rest, query) = split_at(rest, '?');
        let authority = rest.split('/').next().unwrap_or_default();
        let path = escaped(&rest[authority.len()..]);
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let (host, port) = split_port(host).ok_or_else(|| malformed("bad port"))?;
        let host = host_name(host).ok_or_else(|| malformed("bad host"))?;
        let path = match (path.is_empty(), dots) {
            (true, _) => "/".to_string(),
            (_, Dots::Resolved) => without_dots(&path),
            (_, Dots::Kept) => path,
        };
        Ok(Self {
            scheme,
            user: user.map(split_user),
            host,
            port: port.filter(|port| *port != scheme.port()),
            path,
            query: query.map(escaped),
            fragment: fragment.map(str::to_string),
        })
    }

    /// Where a `Location` leads from here.
    pub(crate) fn join(&self, location: &[u8], dots: Dots) -> Result<Self, Failure> {
        let location = visible(location);
        if has_scheme(&location) {
            return Self::parse(&location, self.scheme, dots);
        }
        let mut base = self.clone();
        let relative = if let Some(rest) = location.strip_prefix("//") {
            format!("{}://{rest}", self.scheme.name())
        } else {
            base.user = None;
            let path = match location.chars().next() {
                Some('/') => location.clone(),
                Some('?') => format!("{}{location}", self.path),
                Some('#') => format!("{}{location}", self.target()),
                _ => {
                    let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                    format!("{folder}/{location}")
                }
            };
            format!("{}{path}", base.origin())
        };
        let mut there = Self::parse(&relative, self.scheme, dots)?;
        if !location.starts_with("//") {
            // As it was spelled.
            there.host.clone_from(&self.host);
        }
        Ok(there)
    }

    /// Path and query, as they are sent.
    pub(crate) fn target(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.path),
            None => self.path.clone(),
        }
    }

    /// Host, and port if it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The port that is connected to.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(self.scheme.port())
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.scheme.name(), self.authority())
    }

    /// Whether credentials for one are meant for the other, too.
    pub(crate) fn same_origin(&self, other: &Address) -> bool {
        self.scheme == other.scheme
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port() == other.port()
    }

    /// The whole without user and password.
    pub(crate) fn shown(&self) -> String {
        self.origin() + &self.target()
    }

    /// The last part of the path, for a file name.
    pub(crate) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Adds to the query.
    pub(crate) fn add_query(&mut self, more: &str) {
        self.query = Some(match self.query.take() {
            Some(query) if !query.is_empty() => format!("{query}&{more}"),
            _ => more.to_string(),
        });
    }
}

/// `scheme:` at the front, as far as a URL can begin with one.
fn has_scheme(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && rest.starts_with('/')
}

fn split_scheme(text: &str, default: Scheme) -> Result<(Scheme, &str), Failure> {
    if !has_scheme(text) {
        return Ok((default, text));
    }
    let (name, rest) = text.split_once(':').expect("there is a scheme");
    let scheme = match name.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => {
            let message = format!("URL: protocol {name:?} not supported, only http and https");
            return Err(Failure::new(code::UNSUPPORTED_PROTOCOL, message));
        }
    };
    let slashes = rest.bytes().take_while(|byte| *byte == b'/').count();
    if slashes > 3 {
        let message = format!("URL {:?}: too many slashes", without_secrets(text));
        return Err(Failure::new(code::URL_MALFORMAT, message));
    }
    Ok((scheme, &rest[slashes..]))
}

fn split_at(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// Host and port; `None` if the port is not one.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let after_brackets = text.rfind(']').map_or(0, |at| at + 1);
    match text[after_brackets..].split_once(':') {
        None => Some((text, None)),
        Some((_, "")) => Some((&text[..text.len() - 1], None)),
        Some((before, port)) => {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|_| digits)?;
            Some((&text[..after_brackets + before.len()], Some(port)))
        }
    }
}

/// The host in the form in which it is sent; `None` if it is not one.
fn host_name(text: &str) -> Option<String> {
    // The zone of a link-local address means something on this machine only.
    let without_zone = match (text.find('%'), text.starts_with('[')) {
        (Some(at), true) => format!("{}]", &text[..at]),
        _ => text.to_string(),
    };
    match url::Host::parse(&without_zone).ok()? {
        url::Host::Domain(name) if without_zone.eq_ignore_ascii_case(&name) => Some(without_zone),
        url::Host::Ipv6(_) => Some(without_zone),
        host => Some(host.to_string()),
    }
}

/// User and password, decoded.
fn split_user(text: &str) -> (Vec<u8>, Option<Vec<u8>>) {
    match text.split_once(':') {
        Some((user, password)) => (decoded(user), Some(decoded(password))),
        None => (decoded(text), None),
    }
}

/// Takes the percent signs away.
pub(crate) fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                plain.push(byte);
                at += 3;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    plain
}

/// What is not ASCII gets percent signs; everything else stays as it is.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        push_escaped(&mut escaped, byte, byte.is_ascii());
    }
    escaped
}

fn push_escaped(text: &mut String, byte: u8, is_plain: bool) {
    if is_plain {
        text.push(char::from(byte));
    } else {
        let _ = write!(text, "%{byte:02x}");
    }
}

/// A `Location` in a form that can be sent: many have spaces in them.
fn visible(location: &[u8]) -> String {
    let mut text = String::new();
    let mut in_query = false;
    let host_end = end_of_host(location);
    for (at, &byte) in location.iter().enumerate() {
        in_query |= byte == b'?';
        if byte == b' ' && in_query {
            text.push('+');
        } else if byte >= 0x80 && at < host_end {
            return match std::str::from_utf8(location) {
                Ok(location) => location.replace(' ', "%20"),
                Err(_) => String::from_utf8_lossy(location).into_owned(),
            };
        } else {
            push_escaped(&mut text, byte, byte.is_ascii_graphic());
        }
    }
    text
}

/// Up to where a host reaches, whose letters are not for percent signs.
fn end_of_host(location: &[u8]) -> usize {
    let Some(start) = location.windows(2).position(|two| two == b"//") else {
        return 0;
    };
    let host = location[start + 2..].iter();
    let length = host.take_while(|byte| !b"/?#".contains(byte)).count();
    start + 2 + length
}

/// RFC 3986, section 5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        match *segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => {
                kept.push(segment);
                continue;
            }
        }
        if is_last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

/// A URL that may be shown.
fn without_secrets(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else {
        return text.to_string();
    };
    let scheme = before.find("//").map_or("", |at| &before[..at + 2]);
    format!("{scheme}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Address {
        Address::parse(text, Scheme::Http, Dots::Resolved).expect("a URL")
    }

    #[test]
    fn the_front_is_forgiving() {
        for text in [
            "http://h:81/a",
            "http:/h:81/a",
            "http:///h:81/a",
            "h:81/a",
            "HTTP://h:81/a",
        ] {
            assert_eq!(parse(text).shown(), "http://h:81/a", "{text}");
        }
        assert_eq!(parse("http://0").host, "0.0.0.0");
        assert_eq!(
            parse("HTTPS://Host.Example:443").authority(),
            "Host.Example"
        );
    }

    #[test]
    fn a_path_is_kept_byte_for_byte() {
        let address = parse("http://h/a'b|c[]^{}?x='\"&y#frag");
        assert_eq!(address.target(), "/a'b|c[]^{}?x='\"&y");
        assert_eq!(address.fragment.as_deref(), Some("frag"));
        assert_eq!(parse("http://h/\u{e9}").target(), "/%c3%a9");
        assert_eq!(parse("http://h?q").target(), "/?q");
    }

    #[test]
    fn dots_are_resolved_or_kept() {
        assert_eq!(parse("http://h/a/./b/../c/..").path, "/a/");
        assert_eq!(parse("http://h/../../x").path, "/x");
        let kept = Address::parse("http://h/../x", Scheme::Http, Dots::Kept);
        assert_eq!(kept.expect("a URL").path, "/../x");
    }

    #[test]
    fn users_are_decoded() {
        let user = parse("http://foo%40bar:s%3a@h/").user;
        assert_eq!(user, Some((b"foo@bar".to_vec(), Some(b"s:".to_vec()))));
        assert_eq!(parse("http://@h/").user, Some((Vec::new(), None)));
        assert_eq!(parse("http://h/a@b").user, None);
    }

    #[test]
    fn names_are_sent_in_ascii_and_zones_are_not() {
        assert_eq!(
            parse("http://www.\u{e5}\u{e4}\u{f6}.se").host,
            "www.xn--4cab6c.se"
        );
        assert_eq!(parse("http://[::1%259]:80/").authority(), "[::1]");
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for (text, code) in [
            ("", 3),
            ("http://h/a b", 3),
            ("http://h:x/", 3),
            ("http://h:99999/", 3),
            ("http://", 3),
            ("http:////h", 3),
            ("ftp://h/", 1),
        ] {
            let refused = Address::parse(text, Scheme::Http, Dots::Resolved);
            assert_eq!(refused.map_err(|failure| failure.code), Err(code), "{text}");
        }
        let refused = Address::parse("http://me:hunter2@h:x/", Scheme::Http, Dots::Resolved);
        assert!(!refused.expect_err("a bad port").message.contains("hunter2"));
    }

    #[test]
    fn locations_lead_on() {
        let base = parse("http://Base/dir/page?q");
        for (location, expected) in [
            (&b"/x"[..], "http://Base/x"),
            (b"x y#z", "http://Base/dir/x%20y"),
            (b"?a b", "http://Base/dir/page?a+b"),
            (b"//other/z", "http://other/z"),
            (b"https://o.example", "https://o.example/"),
            (b"../../../up", "http://Base/up"),
            (b"page:1", "http://Base/dir/page:1"),
            (b"/\xe9", "http://Base/%e9"),
        ] {
            let there = base
                .join(location, Dots::Resolved)
                .expect("it leads somewhere");
            assert_eq!(there.shown(), expected, "{location:?}");
        }
    }
}
