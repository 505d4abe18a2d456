//! What a jar keeps, what it sends, and what it writes: tables over RFC 6265bis and what curl
//! does. Nothing here opens a socket; a session with a jar is in the tests of sessions.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod receiving;
mod dates;
mod secure;
mod suffixes;
mod limits;
mod sending;
mod files;
mod random;
#[cfg(feature = "json")]
mod json_lines;

use looplet_http::Error;
use looplet_http::cookies::CookieJar;
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A jar after these `Set-Cookie` lines, none of which is refused.
fn jar_with(cookies: &[(&str, &str)]) -> CookieJar {
    let jar = CookieJar::new();
    for (from, line) in cookies {
        jar.set(&url(from), line).unwrap();
    }
    jar
}

/// The lines of the file without its header, the newest first, with spaces for tabs.
fn lines(jar: &CookieJar) -> Vec<String> {
    let text = jar.to_netscape();
    let lines = text.lines().skip(4);
    lines.map(|line| line.replace('\t', " ")).collect()
}

/// Name and value of what is sent to a URL.
fn sent(jar: &CookieJar, to: &str) -> String {
    let cookies = jar.cookies_for(&url(to));
    let pairs = cookies.iter();
    let pairs = pairs.map(|cookie| format!("{}={}", cookie.name(), cookie.value()));
    pairs.collect::<Vec<_>>().join("; ")
}

/// Why a line is refused.
fn refusal(from: &str, line: &str) -> &'static str {
    match CookieJar::new().set(&url(from), line) {
        Err(Error::InvalidCookie { reason, .. }) => reason,
        other => panic!("{line}: {other:?}"),
    }
}
