//! The status code.
//!
//! Three digits, of which the first is a class (RFC 9110, section 15). A client has to
//! understand the class even of codes it has never heard of, so this is a number with
//! questions, not an enum.
//!
//! Codes from 100 to 999 are admitted. Those from 600 up have no class in the RFC, but
//! servers in the wild use them (a few CDNs count up to 9xx), and refusing the whole
//! response because of them helps nobody.

use std::fmt;

/// A status code between 100 and 999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatusCode(u16);

impl StatusCode {
    /// 100: the server wants the body.
    pub const CONTINUE: StatusCode = StatusCode(100);
    /// 101: the connection speaks another protocol from now on.
    pub const SWITCHING_PROTOCOLS: StatusCode = StatusCode(101);
    /// 200
    pub const OK: StatusCode = StatusCode(200);
    /// 204: there is no body.
    pub const NO_CONTENT: StatusCode = StatusCode(204);
    /// 206: the body is a part.
    pub const PARTIAL_CONTENT: StatusCode = StatusCode(206);
    /// 301
    pub const MOVED_PERMANENTLY: StatusCode = StatusCode(301);
    /// 302
    pub const FOUND: StatusCode = StatusCode(302);
    /// 303: the answer is elsewhere, to be fetched with GET.
    pub const SEE_OTHER: StatusCode = StatusCode(303);
    /// 304: what the client has is still valid; there is no body.
    pub const NOT_MODIFIED: StatusCode = StatusCode(304);
    /// 307: elsewhere, same method.
    pub const TEMPORARY_REDIRECT: StatusCode = StatusCode(307);
    /// 308: elsewhere for good, same method.
    pub const PERMANENT_REDIRECT: StatusCode = StatusCode(308);
    /// 401
    pub const UNAUTHORIZED: StatusCode = StatusCode(401);
    /// 407
    pub const PROXY_AUTHENTICATION_REQUIRED: StatusCode = StatusCode(407);
    /// 417: the server does not understand `Expect: 100-continue`.
    pub const EXPECTATION_FAILED: StatusCode = StatusCode(417);

    /// Takes a number between 100 and 999.
    pub fn new(code: u16) -> Option<Self> {
        (100..=999).contains(&code).then_some(StatusCode(code))
    }

    /// The number.
    pub fn as_u16(self) -> u16 {
        self.0
    }

    /// 1xx: another response follows.
    pub fn is_informational(self) -> bool {
        self.class() == 1
    }

    /// 2xx
    pub fn is_success(self) -> bool {
        self.class() == 2
    }

    /// 3xx
    pub fn is_redirection(self) -> bool {
        self.class() == 3
    }

    /// 4xx
    pub fn is_client_error(self) -> bool {
        self.class() == 4
    }

    /// 5xx
    pub fn is_server_error(self) -> bool {
        self.class() == 5
    }

    /// The first digit.
    fn class(self) -> u16 {
        self.0 / 100
    }

    /// The phrase that the registry gives for the code, if it has one.
    pub fn canonical_reason(self) -> Option<&'static str> {
        Some(match self.0 {
            100 => "Continue",
            101 => "Switching Protocols",
            102 => "Processing",
            103 => "Early Hints",
            200 => "OK",
            201 => "Created",
            202 => "Accepted",
            203 => "Non-Authoritative Information",
            204 => "No Content",
            205 => "Reset Content",
            206 => "Partial Content",
            207 => "Multi-Status",
            300 => "Multiple Choices",
            301 => "Moved Permanently",
            302 => "Found",
            303 => "See Other",
            304 => "Not Modified",
            307 => "Temporary Redirect",
            308 => "Permanent Redirect",
            400..=499 => return client_error_reason(self.0),
            500 => "Internal Server Error",
            501 => "Not Implemented",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            505 => "HTTP Version Not Supported",
            507 => "Insufficient Storage",
            511 => "Network Authentication Required",
            _ => return None,
        })
    }
}

/// The registered phrases of 4xx.
fn client_error_reason(code: u16) -> Option<&'static str> {
    Some(match code {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        _ => return None,
    })
}

impl PartialEq<u16> for StatusCode {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_three_digits_without_a_leading_zero_are_a_code() {
        assert_eq!(StatusCode::new(99), None);
        assert_eq!(StatusCode::new(1000), None);
        assert_eq!(StatusCode::new(100).map(StatusCode::as_u16), Some(100));
        assert_eq!(StatusCode::new(999).map(StatusCode::as_u16), Some(999));
    }

    #[test]
    fn every_code_has_at_most_one_class() {
        for code in 100..1000 {
            let status = StatusCode::new(code).unwrap();
            let classes = [
                status.is_informational(),
                status.is_success(),
                status.is_redirection(),
                status.is_client_error(),
                status.is_server_error(),
            ];
            let expected = std::array::from_fn(|at| usize::from(code / 100) == at + 1);
            assert_eq!(classes, expected, "{code}");
        }
    }
}
