//! What it costs to parse the head of a response.
//!
//! One is what a small API sends: 8 fields in 254 bytes; the other what a large site sends
//! through its proxies: 20 fields in 1970 bytes. The last figure is the worst way to receive
//! the small one, a byte at a time.
//!
//! ```text
//! cargo bench -p looplet-http --bench head
//! ```

mod measure;

use std::hint::black_box;

use looplet_http::codec::{HeadParser, Limits};
use measure::figure;

fn main() {
    let (small, large) = (small_head(), large_head());
    figure("a head of 8 fields, 254 bytes", 500_000, || parse(&small));
    figure("a head of 20 fields, 1970 bytes", 200_000, || parse(&large));
    figure("8 fields, 254 bytes, a byte at a time", 20_000, || {
        drip(&small)
    });
}

fn parse(bytes: &[u8]) {
    let mut parser = HeadParser::new();
    let found = parser.parse(black_box(bytes), &Limits::default());
    let (head, length) = found.expect("it is valid").expect("it is complete");
    assert_eq!(length, bytes.len());
    black_box(head);
}

fn drip(bytes: &[u8]) {
    let (mut parser, limits) = (HeadParser::new(), Limits::default());
    for end in 1..bytes.len() {
        let found = parser.parse(black_box(&bytes[..end]), &limits);
        assert!(found.expect("it is valid").is_none());
    }
    let found = parser.parse(bytes, &limits).expect("it is valid");
    assert!(black_box(found).is_some());
}

fn small_head() -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\n\
        Date: Tue, 05 Mar 2024 10:20:30 GMT\r\n\
        Server: nginx/1.24.0\r\n\
        Content-Type: application/json; charset=utf-8\r\n\
        Content-Length: 1024\r\n\
        Connection: keep-alive\r\n\
        Cache-Control: no-cache\r\n\
        Vary: Accept-Encoding\r\n";
    padded(head, "ETag", 254)
}

fn large_head() -> Vec<u8> {
    let mut head = "HTTP/1.1 200 OK\r\n\
        Date: Tue, 05 Mar 2024 10:20:30 GMT\r\n\
        Content-Type: text/html; charset=utf-8\r\n\
        Transfer-Encoding: chunked\r\n\
        Connection: keep-alive\r\n"
        .to_string();
    for number in 1..=15 {
        let value = "a-value-of-some-length; ".repeat(1 + number % 5);
        head.push_str(&format!(
            "X-Header-Number-{number}: {}\r\n",
            value.trim_end()
        ));
    }
    padded(&head, "Content-Security-Policy", 1970)
}

/// Adds one field that makes the head as long as it has to be, and the empty line.
fn padded(head: &str, name: &str, length: usize) -> Vec<u8> {
    let taken = head.len() + name.len() + ": \r\n\r\n".len();
    let value = "x".repeat(length - taken);
    let head = format!("{head}{name}: {value}\r\n\r\n");
    assert_eq!(head.len(), length);
    head.into_bytes()
}
