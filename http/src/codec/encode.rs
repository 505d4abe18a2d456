//! Writes the head of a request.
//!
//! The whole head goes into one buffer that the connection keeps, so that head and body
//! leave in one write. Order: request line, `Host` (RFC 9110, section 7.2 wants it first),
//! the caller's headers as they are, the defaults that the caller has not given, `Connection:
//! TE` where `TE` calls for it, and `Content-Length` or `Transfer-Encoding`.
//!
//! # Rules
//!
//! 1. The caller's headers are sent in their order and case; they were validated when they
//!    were built.
//! 2. The framing belongs to the client. `Content-Length` from the caller must be the
//!    length of the body, `Transfer-Encoding` is refused, `Host` is sent once.
//! 3. `Content-Length: 0` is sent where the method suggests a body: POST, PUT, PATCH
//!    (RFC 9110, section 8.6).
//! 4. The target is path and query of the URL, byte for byte, unless the caller has given
//!    another one, and visible ASCII only. User, password and fragment are never sent.
//! 5. After an error the buffer is as it was.
//! 6. A body of unknown length is sent chunked (RFC 9112, section 7.1), without extensions
//!    and trailers. An announced length is always sent instead.

use url::Url;

use crate::error::{Error, Excerpt};
use crate::message::syntax::{first_not, is_target_byte, push_decimal};
use crate::message::{Headers, Line, Method, Request, Version, host_of};

/// How the target stands on the request line (RFC 9112, section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TargetForm {
    /// Path and query: to the server itself.
    #[default]
    Origin,
    /// The whole URL: to a proxy.
    Absolute,
    /// Host and port: CONNECT, to a proxy.
    Authority,
    /// An asterisk: OPTIONS for the server as a whole.
    Asterisk,
}

/// What must be remembered of a request to understand the answer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The method: it decides whether the answer has a body.
    pub method: Method,
    /// Whether the request said `Connection: close`, or was one of HTTP/1.0.
    pub last: bool,
    /// Whether the request asked for another protocol, so that 101 is an answer.
    pub upgrade: bool,
    /// Whether the request said `Expect: 100-continue`, so that the server may ask for the
    /// body or refuse it.
    pub continues: bool,
    /// The transfer codings that the request has offered to take off (`TE`), in lower case.
    pub codings: Vec<String>,
}

impl Expected {
    /// What an ordinary request with this method expects.
    pub fn answer_to(method: Method) -> Self {
        Expected {
            method,
            last: false,
            upgrade: false,
            continues: false,
            codings: Vec::new(),
        }
    }

    /// Whether a transfer coding was offered. `x-gzip` is `gzip` (RFC 9112, section 7.2).
    pub(super) fn offers(&self, coding: &[u8]) -> bool {
        let coding = match coding.eq_ignore_ascii_case(b"x-gzip") {
            true => b"gzip",
            false => coding,
        };
        let mut offered = self.codings.iter();
        offered.any(|name| coding.eq_ignore_ascii_case(name.as_bytes()))
    }
}

/// The headers that every request has unless it has its own: `Accept: */*` and
/// `User-Agent: looplet-http/VERSION`.
pub fn default_headers() -> Headers {
    let mut headers = Headers::new();
    let agent = concat!("looplet-http/", env!("CARGO_PKG_VERSION"));
    for (name, value) in [("Accept", "*/*"), ("User-Agent", agent)] {
        headers
            .append(name, value)
            .expect("constants are valid headers");
    }
    headers
}

/// Appends the head of `request` to `out`, the empty line at its end included.
///
/// Of the `defaults`, usually those of the session, the ones are sent that the request
/// does not have. `Host`, `Expect` and framing headers among them are ignored.
///
/// # Errors
///
/// [`Error::UnsupportedScheme`], [`Error::InvalidUrl`], [`Error::InvalidTarget`],
/// [`Error::RefusedHeader`], [`Error::BodyNotAllowed`], [`Error::LengthUnknown`]. `out` is not
/// changed then.
///
/// ```
/// use looplet_http::codec::{TargetForm, default_headers, encode_head};
/// use looplet_http::message::{Headers, Method, Request};
/// use url::Url;
///
/// let request = Request::new(Method::GET, Url::parse("http://a.example/x?y#z").unwrap());
/// let mut out = Vec::new();
/// encode_head(&request, &Headers::new(), TargetForm::Origin, &mut out)?;
/// assert_eq!(out, b"GET /x?y HTTP/1.1\r\nHost: a.example\r\n\r\n");
/// # Ok::<(), looplet_http::Error>(())
/// ```
pub fn encode_head(
    request: &Request,
    defaults: &Headers,
    form: TargetForm,
    out: &mut Vec<u8>,
) -> Result<Expected, Error> {
    let special = Special::of(request)?;
    let host = host_of(&request.url)?;
    check_target(request.target())?;
    check_body(request)?;

    let wire = request.headers.as_wire();
    let url_length = request.url.as_str().len();
    out.reserve(wire.len() + defaults.as_wire().len() + 2 * url_length + 96);
    push_request_line(out, request, (host, special.host), form);
    push_host(out, &request.url, host, special.host);
    if special.host.is_none() {
        out.extend_from_slice(wire);
    } else {
        let others = request.headers.lines();
        push_lines(out, others.filter(|line| !line.is_named(b"host")));
    }
    let missing = defaults.lines();
    push_lines(
        out,
        missing.filter(|line| is_missing(line, &request.headers)),
    );
    let options = sent_members(request, defaults, "connection");
    let offers = sent_members(request, defaults, "te");
    if lacks_te_option(&options, &offers) {
        push_line(out, "Connection", b"TE");
    }
    push_framing(out, request, &special);
    out.extend_from_slice(b"\r\n");
    Ok(expected(request, &options, &offers))
}

/// The caller's headers that the client has an opinion on.
struct Special<'r> {
    /// The value of `Host`.
    host: Option<&'r [u8]>,
    /// The value of `Content-Length`, already found to be right.
    content_length: Option<&'r [u8]>,
}

impl<'r> Special<'r> {
    /// Finds and checks them.
    fn of(request: &'r Request) -> Result<Self, Error> {
        let mut special = Special {
            host: None,
            content_length: None,
        };
        for (name, value) in request.headers.iter() {
            if is(name, "host") && special.host.replace(value).is_some() {
                return Err(Error::RefusedHeader {
                    name: "Host",
                    reason: "it is given twice",
                });
            }
            if is(name, "content-length") && special.content_length.replace(value).is_some() {
                let reason = "it is given twice";
                return Err(Error::RefusedHeader {
                    name: "Content-Length",
                    reason,
                });
            }
            if is(name, "transfer-encoding") {
                let reason = "the client frames the body";
                return Err(Error::RefusedHeader {
                    name: "Transfer-Encoding",
                    reason,
                });
            }
        }
        special.check_length(request.body.length())?;
        Ok(special)
    }

    /// Compares the caller's `Content-Length` with the body.
    fn check_length(&self, body: Option<u64>) -> Result<(), Error> {
        let Some(value) = self.content_length else {
            return Ok(());
        };
        if body.is_some_and(|length| length.to_string().as_bytes() == value) {
            return Ok(());
        }
        let reason = "it is not the length of the body";
        Err(Error::RefusedHeader {
            name: "Content-Length",
            reason,
        })
    }
}

/// Whether two header names are the same; `lower` is in lower case.
fn is(name: &str, lower: &str) -> bool {
    name.eq_ignore_ascii_case(lower)
}

/// The headers of a request together with the defaults that it does not have, as
/// [`encode_head`] would send them.
pub(crate) fn with_defaults(given: &Headers, defaults: &Headers) -> Headers {
    let mut all = given.clone();
    for line in defaults.lines().filter(|line| is_missing(line, given)) {
        all.append(line.name(), line.value)
            .expect("what is in a Headers is valid");
    }
    all
}

/// Whether a default header is to be sent.
fn is_missing(line: &Line<'_>, given: &Headers) -> bool {
    const OF_ONE_REQUEST: [&[u8]; 4] =
        [b"host", b"content-length", b"transfer-encoding", b"expect"];
    // A range of coded data could not be decoded.
    let of_whole = line.is_named(b"accept-encoding") && given.contains("range");
    !OF_ONE_REQUEST.iter().any(|own| line.is_named(own)) && !given.has(line) && !of_whole
}

/// Refuses a target with bytes that could end it early. The `url` crate escapes them; this
/// is the second lock on the door.
fn check_target(target: &str) -> Result<(), Error> {
    match first_not(target.as_bytes(), is_target_byte) {
        None => Ok(()),
        Some((byte, at)) => Err(Error::InvalidTarget {
            target: Excerpt::around(target.as_bytes(), at),
            byte,
        }),
    }
}

/// Refuses a body where the method cannot have one (RFC 9110, sections 9.3.6 and 9.3.8), or
/// where nothing would say where it ends (RFC 9112, section 6.1).
fn check_body(request: &Request) -> Result<(), Error> {
    let bodiless = request.method == Method::CONNECT || request.method == Method::TRACE;
    if bodiless && !request.body.is_empty() {
        return Err(Error::BodyNotAllowed {
            method: request.method.to_string(),
        });
    }
    if request.version == Version::Http10 && request.body.length().is_none() {
        return Err(Error::LengthUnknown);
    }
    Ok(())
}

/// The length to announce, if the caller has not announced it.
fn announced_length(request: &Request, special: &Special<'_>) -> Option<u64> {
    let suggests_body = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    let length = request.body.length()?;
    (special.content_length.is_none() && (length > 0 || suggests_body)).then_some(length)
}

/// Writes how the end of the body is found.
fn push_framing(out: &mut Vec<u8>, request: &Request, special: &Special<'_>) {
    if request.body.length().is_none() {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    } else if let Some(length) = announced_length(request, special) {
        out.extend_from_slice(b"Content-Length: ");
        push_decimal(out, length);
        out.extend_from_slice(b"\r\n");
    }
}

/// What stands before the data of a chunk, which is not empty.
pub(crate) fn chunk_start(length: usize) -> String {
    format!("{length:x}\r\n")
}

/// What stands behind the data of a chunk.
pub(crate) const CHUNK_END: &[u8] = b"\r\n";
/// What ends a chunked body.
pub(crate) const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Writes method, target and version. `given` is the caller's `Host`: where the target has a
/// host, too, both are spelled in the same way.
fn push_request_line(
    out: &mut Vec<u8>,
    request: &Request,
    (host, given): (&str, Option<&[u8]>),
    form: TargetForm,
) {
    let url = &request.url;
    let target = request.target().as_bytes();
    out.extend_from_slice(request.method.as_str().as_bytes());
    out.push(b' ');
    match form {
        TargetForm::Origin => out.extend_from_slice(target),
        TargetForm::Absolute => {
            out.extend_from_slice(url.scheme().as_bytes());
            out.extend_from_slice(b"://");
            let start = out.len();
            push_authority(out, host, url.port());
            if let Some(given) = given.filter(|given| given.eq_ignore_ascii_case(&out[start..])) {
                out[start..].copy_from_slice(given);
            }
            out.extend_from_slice(target);
        }
        TargetForm::Authority => push_authority(out, host, url.port_or_known_default()),
        TargetForm::Asterisk => out.push(b'*'),
    }
    out.push(b' ');
    out.extend_from_slice(request.version.as_str().as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Writes host and port; the URL has no port if it is the default one.
fn push_authority(out: &mut Vec<u8>, host: &str, port: Option<u16>) {
    out.extend_from_slice(host.as_bytes());
    if let Some(port) = port {
        out.push(b':');
        push_decimal(out, port.into());
    }
}

/// Writes `Host`: the caller's, or that of the URL.
fn push_host(out: &mut Vec<u8>, url: &Url, host: &str, given: Option<&[u8]>) {
    if let Some(value) = given {
        return push_line(out, "Host", value);
    }
    out.extend_from_slice(b"Host: ");
    push_authority(out, host, url.port());
    out.extend_from_slice(b"\r\n");
}

/// Writes several field lines.
fn push_lines<'h>(out: &mut Vec<u8>, lines: impl Iterator<Item = Line<'h>>) {
    lines.for_each(|line| out.extend_from_slice(line.whole));
}

/// Writes one field line.
fn push_line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// What the request that was written, with these options of the connection and offers of codings,
/// lets the answer be.
fn expected(request: &Request, options: &[&[u8]], offers: &[&[u8]]) -> Expected {
    let mut expected = Expected::answer_to(request.method.clone());
    expected.last = request.version == Version::Http10;
    for option in options {
        expected.last |= option.eq_ignore_ascii_case(b"close");
        expected.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
    }
    let is_continue = |member: &&[u8]| member.eq_ignore_ascii_case(b"100-continue");
    expected.continues = request.headers.members("expect").iter().any(is_continue);
    expected.codings = offers.iter().copied().filter_map(offered_coding).collect();
    expected
}

/// The members of a list that is sent: that of the request, or else that of the defaults.
fn sent_members<'h>(request: &'h Request, defaults: &'h Headers, name: &str) -> Vec<&'h [u8]> {
    match request.headers.contains(name) {
        true => request.headers.members(name),
        false => defaults.members(name),
    }
}

/// Whether `TE` is sent, but not said to be for the next hop only (RFC 9110, section 10.1.4).
fn lacks_te_option(options: &[&[u8]], offers: &[&[u8]]) -> bool {
    let is_te = |option: &&[u8]| option.eq_ignore_ascii_case(b"te");
    !offers.is_empty() && !options.iter().any(is_te)
}

/// The transfer coding that a member of `TE` offers, unless its weight is zero.
fn offered_coding(member: &[u8]) -> Option<String> {
    let mut parts = std::str::from_utf8(member).ok()?.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let is_coding = !matches!(name.as_str(), "" | "trailers" | "chunked" | "identity");
    let mut weights = parts.filter_map(|part| part.strip_prefix(['q', 'Q'])?.strip_prefix('='));
    let is_refused = weights.any(|weight| weight.trim_matches(['0', '.']).is_empty());
    (is_coding && !is_refused).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_visible_ascii() {
        assert_eq!(check_target("/a?b=%20'~"), Ok(()));
        for (target, bad) in [
            ("/a b", b' '),
            ("/\r\n", b'\r'),
            ("/\u{e4}", 0xc3),
            ("/\0", 0),
        ] {
            let target_excerpt = Excerpt::start_of(target.as_bytes());
            let expected = Error::InvalidTarget {
                target: target_excerpt,
                byte: bad,
            };
            assert_eq!(check_target(target), Err(expected));
        }
    }
}
