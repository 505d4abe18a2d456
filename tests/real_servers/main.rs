//! The client and servers that others have written: nginx, Apache httpd, Caddy, httpbin, and
//! the proxies tinyproxy and microsocks.
//!
//! The tests of the client have a server that does as it is told, byte for byte. These show that
//! real ones agree: what they ask for is given, what they send is understood, and what they do
//! to connections costs no request.
//!
//! Every test starts its servers with `tests/servers`; where a program is not installed, its
//! tests say so and pass. A server's own log says what came on which connection.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "../servers/mod.rs"]
mod servers;

mod connections;
mod refusals;
mod redirects;
mod codings;
mod transfers;
mod echoes;
mod answers;
mod credentials;
mod cookies;
mod tls;
mod proxies;

use std::collections::BTreeMap;
use std::time::Duration;

use looplet::{run, timeout};
use looplet_http::{Error, RequestBuilder};

use self::servers::Logged;

/// Runs the client's part of a test. One that hangs fails.
#[track_caller]
fn on_loop<T: 'static>(test: impl Future<Output = T> + 'static) -> T {
    let hangs = Duration::from_secs(30);
    let ended = run(async move { timeout(hangs, test).await });
    ended.expect("the test hangs")
}

/// Sends a request and returns the status of the answer.
async fn status_of(request: RequestBuilder) -> Result<u16, Error> {
    let response = request.send().await?;
    Ok(response.status().as_u16())
}

/// How many requests came on each connection.
fn per_connection(log: &[Logged]) -> Vec<usize> {
    let mut counts = BTreeMap::new();
    for request in log {
        *counts.entry(&request.connection).or_insert(0) += 1;
    }
    counts.into_values().collect()
}

/// Bytes that are the same nowhere: a piece that is lost, repeated or moved changes them.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend(next());
    }
    bytes.truncate(length);
    bytes
}
