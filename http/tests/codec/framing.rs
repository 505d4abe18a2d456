//! Where a body ends, and whether the connection lives on.

use crate::table::{Expect, Row, bad, check_all, row};

/// Rows about `Content-Length`.
pub(crate) const LENGTH: &[Row] = &[
    row(
        "a body shorter than announced is truncated",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
        Expect::Error(b"hello", "BodyTruncated"),
    ),
    row(
        "no byte of an announced body is truncated too",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
        Expect::Error(b"", "BodyTruncated"),
    ),
    row(
        "bytes behind the body are not delivered and end the connection",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more",
        Expect::Close(200, b"hi"),
    ),
    row(
        "the same length in two fields counts once",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "the same length in a list counts once",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\t,2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "leading zeros do not make a length different",
        b"HTTP/1.1 200 OK\r\nContent-Length: 002, 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    bad(
        "two fields with different lengths",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
        "BadContentLength",
    ),
    bad(
        "a list with different lengths",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi!",
        "BadContentLength",
    ),
    bad(
        "a list with an empty member",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2,\r\n\r\nhi",
        "BadContentLength",
    ),
    bad(
        "a length with a space",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3 3\r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a length with a plus",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "a length with an underscore",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a hexadecimal length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "a length with a unit",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3s\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "a length of letters",
        b"HTTP/1.1 200 OK\r\nContent-Length: aaaah\r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a fractional length",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3.0\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "an empty length",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a length of white space",
        b"HTTP/1.1 200 OK\r\nContent-Length: \t \r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a negative length",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "a control byte before a negative length",
        b"HTTP/1.1 200 OK\r\nContent-Length: \x0c-3\r\n\r\nabc",
        "BadHeaderLine",
    ),
    bad(
        "Arabic digits",
        b"HTTP/1.1 200 OK\r\nContent-Length: \xd9\xa3\r\n\r\nabc",
        "BadContentLength",
    ),
    bad(
        "a length of 2^63",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775808\r\n\r\n",
        "BadContentLength",
    ),
    bad(
        "a length of 2^64 + 2",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551618\r\n\r\nhi",
        "BadContentLength",
    ),
    row(
        "a length of 2^63 - 1 allocates nothing",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\nhi",
        Expect::Error(b"hi", "BodyTruncated"),
    ),
];

/// Rows about `Transfer-Encoding` against everything else.
pub(crate) const CODING: &[Row] = &[
    row(
        "chunked wins over a length, and the connection ends",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Close(200, b"hi"),
    ),
    row(
        "chunked wins over an invalid length, and the connection ends",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Close(200, b"hi"),
    ),
    row(
        "chunked in HTTP/1.0 is decoded, and the connection ends",
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Close(200, b"hi"),
    ),
    row(
        "chunked ignores case, and empty list members",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: ,\tChunkeD ,\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        Expect::Reuse(200, b"hi"),
    ),
    bad("xchunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("chunked with a parameter", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("chunkedchunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunkedchunked\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("chunked in quotes", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("chunked twice in a list", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad(
        "chunked twice in two fields",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "BadTransferEncoding",
    ),
    bad(
        "chunked and then identity in another field",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "BadTransferEncoding",
    ),
    bad("chunked and then identity in a list", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("identity before chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("a coding that nobody knows", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: what\r\n\r\nhi", "BadTransferEncoding"),
    bad("identity alone", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi", "BadTransferEncoding"),
    bad("gzip before chunked was not asked for", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("gzip behind chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", "BadTransferEncoding"),
    bad("an empty Transfer-Encoding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\nContent-Length: 2\r\n\r\nhi", "BadTransferEncoding"),
];

/// Rows about responses that have no body, or one without an announced end.
pub(crate) const BODILESS: &[Row] = &[
    row(
        "without length and coding the body ends with the connection",
        b"HTTP/1.1 200 OK\r\n\r\nall of\r\n\r\nthis",
        Expect::Close(200, b"all of\r\n\r\nthis"),
    ),
    row(
        "a body that ends with the connection may be empty",
        b"HTTP/1.1 200 OK\r\n\r\n",
        Expect::Close(200, b""),
    ),
    row(
        "HEAD has no body, whatever its length says",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        Expect::Reuse(200, b""),
    )
    .to("HEAD"),
    row(
        "HEAD has no body, whatever its coding says",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        Expect::Reuse(200, b""),
    )
    .to("HEAD"),
    row(
        "a body sent for HEAD is not delivered and ends the connection",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(200, b""),
    )
    .to("HEAD"),
    row(
        "204 has no body",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        Expect::Reuse(204, b""),
    ),
    row(
        "a body sent with 204 ends the connection",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(204, b""),
    ),
    row(
        "304 has no body",
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        Expect::Reuse(304, b""),
    ),
    row(
        "a body sent with 304 ends the connection",
        b"HTTP/1.1 304 Not Modified\r\n\r\nhi",
        Expect::Close(304, b""),
    ),
    row(
        "205 is read by its framing",
        b"HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n\r\nabc",
        Expect::Reuse(205, b"abc"),
    ),
    row(
        "a tunnel is no body, and what follows belongs to it",
        b"HTTP/1.1 200 Established\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n\x16\x03\x01",
        Expect::Close(200, b""),
    )
    .to("CONNECT"),
    row(
        "a tunnel is never an idle connection",
        b"HTTP/1.1 200 Established\r\n\r\n",
        Expect::Close(200, b""),
    )
    .to("CONNECT"),
    row(
        "a refused CONNECT has a body like any response",
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno",
        Expect::Reuse(407, b"no"),
    )
    .to("CONNECT"),
];

/// Rows about the life of the connection.
pub(crate) const PERSISTENCE: &[Row] = &[
    row(
        "close ends it",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(200, b"hi"),
    ),
    row(
        "close is found in a list, in any case",
        b"HTTP/1.1 200 OK\r\nConnection: foo, CLOSE\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(200, b"hi"),
    ),
    row(
        "close wins over keep-alive",
        b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(200, b"hi"),
    ),
    row(
        "a word that contains close is not close",
        b"HTTP/1.1 200 OK\r\nConnection: closed, not close\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "HTTP/1.0 ends it by default",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Close(200, b"hi"),
    ),
    row(
        "HTTP/1.0 with keep-alive keeps it",
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "the next response, unasked, ends it",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstale",
        Expect::Close(200, b"hi"),
    ),
];

#[test]
fn content_length_is_one_decimal_number_or_an_error() {
    check_all(LENGTH);
}

#[test]
fn transfer_encoding_is_chunked_or_an_error() {
    check_all(CODING);
}

#[test]
fn bodies_without_a_length_end_where_the_rules_say() {
    check_all(BODILESS);
}

#[test]
fn the_connection_lives_only_if_nobody_objects() {
    check_all(PERSISTENCE);
}
