//! Faults that are errors, and what comes of them where they are tolerated; and transfer codings
//! that the request has offered to take.

use looplet_http::codec::{Expected, Limits, Tolerance};
use looplet_http::message::Method;

use crate::table::{Expect, check, check_within};

/// A fault: its name, the bytes, the error, and what a tolerant reader makes of it.
type Fault = (&'static str, &'static [u8], Expect, Expect);

const HEADLESS: [Fault; 4] = [
    (
        "a body without a head",
        b"no head at all",
        Expect::Error(b"", "NotHttp"),
        Expect::Close(200, b"no head at all"),
    ),
    (
        "a single byte",
        b"-",
        Expect::Error(b"", "NotHttp"),
        Expect::Close(200, b"-"),
    ),
    (
        "the beginning of a status line",
        b"HTTP/1",
        Expect::Error(b"", "HeadTruncated"),
        Expect::Error(b"", "HeadTruncated"),
    ),
    (
        "a version that there is not",
        b"HTTP/1.2 200 OK\r\n\r\n",
        Expect::Error(b"", "BadStatusLine"),
        Expect::Error(b"", "BadStatusLine"),
    ),
];

const SLOPPY: [Fault; 8] = [
    (
        "white space before the first name",
        b"HTTP/1.1 200 OK\r\n Date: x\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Error(b"", "BadHeaderLine"),
        Expect::Reuse(200, b"hi"),
    ),
    (
        "chunks with bare line feeds",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\nhi\n1 \n!\r\n0\na: b\n\n",
        Expect::Error(b"", "BadChunk"),
        Expect::Reuse(200, b"hi!"),
    ),
    (
        "an empty line where a size should be",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nhi\n\n0\n\n",
        Expect::Error(b"", "BadChunk"),
        Expect::Error(b"hi", "BadChunk"),
    ),
    (
        "a CR before a digit",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r2\nhi",
        Expect::Error(b"", "BadChunk"),
        Expect::Error(b"", "BadChunk"),
    ),
    (
        "chunked twice",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Error(b"", "BadTransferEncoding"),
        Expect::Reuse(200, b"hi"),
    ),
    (
        "identity with a length",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, identity\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Error(b"", "BadTransferEncoding"),
        Expect::Reuse(200, b"hi"),
    ),
    (
        "identity behind chunked",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Error(b"", "BadTransferEncoding"),
        Expect::Reuse(200, b"hi"),
    ),
    (
        "a coding that was not offered",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        Expect::Error(b"", "BadTransferEncoding"),
        Expect::Error(b"", "BadTransferEncoding"),
    ),
];

fn check_faults(faults: &[Fault], tolerance: Tolerance) {
    let expected = Expected::answer_to(Method::GET);
    let tolerant = Limits {
        tolerance,
        ..Limits::default()
    };
    for (name, bytes, strict, tolerated) in faults {
        check(name, &expected, bytes, *strict);
        let claim = format!("{name}, tolerated");
        check_within(&claim, (&expected, tolerant), bytes, *tolerated);
    }
}

#[test]
fn an_answer_without_a_head_is_a_body_only_where_that_is_tolerated() {
    let headless = Tolerance {
        headless: true,
        ..Tolerance::default()
    };
    check_faults(&HEADLESS, headless);
}

#[test]
fn sloppy_framing_is_understood_only_where_that_is_tolerated() {
    let sloppy = Tolerance {
        sloppy: true,
        ..Tolerance::default()
    };
    check_faults(&SLOPPY, sloppy);
}

#[test]
fn codings_that_were_offered_stand_before_chunked_or_end_with_the_connection() {
    let expected = Expected {
        codings: true,
        ..Expected::answer_to(Method::GET)
    };
    for (codings, expect) in [
        ("chunked", Expect::Reuse(200, b"hi")),
        ("gzip, chunked", Expect::Reuse(200, b"hi")),
        ("gzip", Expect::Close(200, b"2\r\nhi\r\n0\r\n\r\n")),
        ("chunked, gzip", Expect::Error(b"", "BadTransferEncoding")),
        (
            "chunked, gzip, chunked",
            Expect::Error(b"", "BadTransferEncoding"),
        ),
        (
            "chunked, chunked",
            Expect::Error(b"", "BadTransferEncoding"),
        ),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {codings}\r\n\r\n");
        let bytes = head + "2\r\nhi\r\n0\r\n\r\n";
        check(codings, &expected, bytes.as_bytes(), expect);
    }
}
