//! What a request is for, as far as the answer to a challenge depends on it.

use crate::message::{Method, Origin};

/// What a request is for. Digest makes it a part of what it proves.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Who is to be convinced: the server, or the proxy.
    pub origin: &'a Origin,
    /// The method of the request, CONNECT included.
    pub method: &'a Method,
    /// The target on the request line: path and query, or host and port for CONNECT.
    pub uri: &'a str,
}
