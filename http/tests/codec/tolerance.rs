//! Faults that are errors by default, and what comes of each where it is tolerated; and transfer
//! codings that the request has offered to take off.

use looplet_http::codec::{Event, Expected, Limits, ResponseReader, Tolerance};
use looplet_http::message::{Method, Version};

use crate::table::{Expect, check, check_within};

/// A fault: the claim, the bytes, and what comes of them with and without the switch.
pub(crate) struct Fault {
    claim: &'static str,
    pub(crate) bytes: &'static [u8],
    switched_off: Expect,
    switched_on: Expect,
}

const fn fault(
    claim: &'static str,
    bytes: &'static [u8],
    switched_off: &'static str,
    switched_on: Expect,
) -> Fault {
    Fault {
        claim,
        bytes,
        switched_off: Expect::Error(b"", switched_off),
        switched_on,
    }
}

impl Fault {
    /// The same fault, found only behind some of the body.
    const fn behind(self, body: &'static [u8], error: &'static str) -> Fault {
        Fault {
            switched_off: Expect::Error(body, error),
            ..self
        }
    }
}

/// How to switch it on, and its faults.
type Switch = (fn(&mut Tolerance), &'static [Fault]);

/// What the switches do that are off by default.
pub(crate) const SWITCHES: &[Switch] = &[
    (|tolerance| tolerance.headless = true, HEADLESS),
    (
        |tolerance| tolerance.indented_first_field = true,
        INDENTED_FIRST_FIELD,
    ),
    (|tolerance| tolerance.broken_fields = true, BROKEN_FIELDS),
    (|tolerance| tolerance.control_bytes = true, CONTROL_BYTES),
    (
        |tolerance| tolerance.bare_line_feeds = true,
        BARE_LINE_FEEDS,
    ),
    (
        |tolerance| tolerance.redundant_codings = true,
        REDUNDANT_CODINGS,
    ),
    (
        |tolerance| tolerance.missing_last_line = true,
        MISSING_LAST_LINE,
    ),
];

const HEADLESS: &[Fault] = &[
    fault(
        "a body without a head is a body",
        b"no head at all",
        "NotHttp",
        Expect::Close(200, b"no head at all"),
    ),
    fault(
        "a single byte is a body",
        b"-",
        "NotHttp",
        Expect::Close(200, b"-"),
    ),
    fault(
        "a body may begin like HTTP and go on in another way",
        b"HTX",
        "NotHttp",
        Expect::Close(200, b"HTX"),
    ),
    fault(
        "lower case http is a body",
        b"http/1.1 200 OK\r\n\r\n",
        "NotHttp",
        Expect::Close(200, b"http/1.1 200 OK\r\n\r\n"),
    ),
    fault(
        "empty lines before such a body belong to it",
        b"\r\n\n<html>",
        "NotHttp",
        Expect::Close(200, b"\r\n\n<html>"),
    ),
    fault(
        "three empty lines are a body",
        b"\r\n\r\n\r\n",
        "NotHttp",
        Expect::Close(200, b"\r\n\r\n\r\n"),
    ),
    fault(
        "no byte at all is no body",
        b"",
        "EmptyReply",
        Expect::Error(b"", "EmptyReply"),
    ),
    fault(
        "the beginning of HTTP is a head that was cut off",
        b"HTTP",
        "HeadTruncated",
        Expect::Error(b"", "HeadTruncated"),
    ),
    fault(
        "a version that there is not is no body",
        b"HTTP/1.2 200 OK\r\n\r\n",
        "BadStatusLine",
        Expect::Error(b"", "BadStatusLine"),
    ),
    fault(
        "behind an interim response, a head must come",
        b"HTTP/1.1 100 Continue\r\n\r\nbody",
        "NotHttp",
        Expect::Error(b"", "NotHttp"),
    ),
];

const INDENTED_FIRST_FIELD: &[Fault] = &[
    fault(
        "white space before the first name is skipped",
        b"HTTP/1.1 200 OK\r\n \tDate: x\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "the first field frames the body, too",
        b"HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a blank line is not the end of a head",
        b"HTTP/1.1 200 OK\r\n \r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "nor is it if nothing comes behind it",
        b"HTTP/1.1 200 OK\r\n \r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "white space before a colon is still a fault",
        b"HTTP/1.1 200 OK\r\n A : b\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
];

const BROKEN_FIELDS: &[Fault] = &[
    fault(
        "a line without a colon is dropped",
        b"HTTP/1.1 200 OK\r\nServer x\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a line with an empty name is dropped",
        b"HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a line with a name that is none is dropped, and its fold too",
        b"HTTP/1.1 200 OK\r\nA(b): x\r\n y\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a line with a control byte in the value is dropped",
        b"HTTP/1.1 200 OK\r\nA: b\x01\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a second status line is dropped",
        b"HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a length with a space before its colon is not dropped",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a coding without a colon is not dropped",
        b"HTTP/1.1 200 OK\r\nX\r\nTransfer-Encoding chunked\r\n\r\n0\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a coding behind a control byte is not dropped",
        b"HTTP/1.1 200 OK\r\n\x0bTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a length before the first field is not dropped",
        b"HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a length with a fault in its fold is not dropped",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n \x01\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "NUL is still a fault",
        b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a lone CR is still a fault",
        b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
];

const CONTROL_BYTES: &[Fault] = &[
    fault(
        "control bytes in a value are kept",
        b"HTTP/1.1 200 OK\r\nA: \x01b\x1b\x7f\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "control bytes in a fold are kept",
        b"HTTP/1.1 200 OK\r\nA: b\r\n \x01\r\nContent-Length: 2\r\n\r\nhi",
        "BadHeaderLine",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a control byte in a length makes it no number",
        b"HTTP/1.1 200 OK\r\nContent-Length: \x0c-3\r\n\r\nabc",
        "BadHeaderLine",
        Expect::Error(b"", "BadContentLength"),
    ),
    fault(
        "a control byte in a name is still a fault",
        b"HTTP/1.1 200 OK\r\nA\x01: b\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
    fault(
        "a control byte in the reason is still a fault",
        b"HTTP/1.1 200 O\x01K\r\n\r\n",
        "BadStatusLine",
        Expect::Error(b"", "BadStatusLine"),
    ),
    fault(
        "NUL in a value is still a fault beside others",
        b"HTTP/1.1 200 OK\r\nA: \x01\0\r\n\r\n",
        "BadHeaderLine",
        Expect::Error(b"", "BadHeaderLine"),
    ),
];

const BARE_LINE_FEEDS: &[Fault] = &[
    fault(
        "every line of a chunked body may end with a bare LF",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\nhi\n1 \n!\r\n0\na: b\n\n",
        "BadChunk",
        Expect::Reuse(200, b"hi!"),
    ),
    fault(
        "an empty line where a size should be is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n\n0\n\n",
        "",
        Expect::Error(b"hi", "BadChunk"),
    )
    .behind(b"hi", "BadChunk"),
    fault(
        "a CR before a digit is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r2\nhi",
        "BadChunk",
        Expect::Error(b"", "BadChunk"),
    ),
];

const REDUNDANT_CODINGS: &[Fault] = &[
    fault(
        "chunked twice is once",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "BadTransferEncoding",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "identity before a length is nothing, and the connection ends",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity, identity\r\nContent-Length: 2\r\n\r\nhi",
        "BadTransferEncoding",
        Expect::Close(200, b"hi"),
    ),
    fault(
        "identity alone lets the body end with the connection",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhi",
        "BadTransferEncoding",
        Expect::Close(200, b"hi"),
    ),
    fault(
        "identity between chunked and chunked is nothing",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, identity\r\n\
          Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        "BadTransferEncoding",
        Expect::Reuse(200, b"hi"),
    ),
    fault(
        "a coding that was not offered is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "BadTransferEncoding",
        Expect::Error(b"", "BadTransferEncoding"),
    ),
];

const MISSING_LAST_LINE: &[Fault] = &[
    fault(
        "the end right behind the last chunk is the end of the body",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
        "",
        Expect::Close(200, b"hi"),
    )
    .behind(b"hi", "ChunkedTruncated"),
    fault(
        "half of the last line end is enough",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r",
        "",
        Expect::Close(200, b"hi"),
    )
    .behind(b"hi", "ChunkedTruncated"),
    fault(
        "the end in the line of the last chunk is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r",
        "",
        Expect::Error(b"hi", "ChunkedTruncated"),
    )
    .behind(b"hi", "ChunkedTruncated"),
    fault(
        "the end behind a trailer is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n",
        "",
        Expect::Error(b"hi", "ChunkedTruncated"),
    )
    .behind(b"hi", "ChunkedTruncated"),
    fault(
        "the end between chunks is still a fault",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
        "",
        Expect::Error(b"hi", "ChunkedTruncated"),
    )
    .behind(b"hi", "ChunkedTruncated"),
];

fn get() -> Expected {
    Expected::answer_to(Method::GET)
}

fn tolerating(tolerance: Tolerance) -> Limits {
    Limits {
        tolerance,
        ..Limits::default()
    }
}

#[test]
fn a_fault_is_an_error_and_with_its_switch_what_the_switch_says() {
    for (switch_on, faults) in SWITCHES {
        let mut tolerance = Tolerance::default();
        switch_on(&mut tolerance);
        for fault in *faults {
            check(fault.claim, &get(), fault.bytes, fault.switched_off);
            let claim = format!("{}, tolerated", fault.claim);
            let within = (&get(), tolerating(tolerance));
            check_within(&claim, within, fault.bytes, fault.switched_on);
        }
    }
}

#[test]
fn a_length_beside_a_coding_is_ignored_by_default_and_an_error_where_all_is_strict() {
    let claim = "both, in either order";
    for head in [
        "Content-Length: 9\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 9",
    ] {
        let bytes = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
        check(claim, &get(), bytes.as_bytes(), Expect::Close(200, b"hi"));
        let within = (&get(), tolerating(Tolerance::strict()));
        let refused = Expect::Error(b"", "ConflictingFraming");
        check_within(claim, within, bytes.as_bytes(), refused);
    }
}

#[test]
fn a_kept_control_byte_is_in_the_value_and_a_dropped_line_is_nowhere() {
    let mut reader = ResponseReader::new(get(), tolerating(Tolerance::lenient()));
    let bytes = b"HTTP/1.1 200 OK\r\n A: \x01b\r\nServer\r\nB: c\r\n \x02d\r\n\r\n";
    let Event::Head(head) = reader.read(bytes).unwrap().event else {
        panic!("the head is whole")
    };
    let fields: Vec<_> = head.headers().collect();
    assert_eq!(fields, [("A", &b"\x01b"[..]), ("B", b"c \x02d")]);
}

#[test]
fn an_error_shows_the_bytes_as_they_were_received() {
    let control_bytes = Tolerance {
        control_bytes: true,
        ..Tolerance::default()
    };
    let mut reader = ResponseReader::new(get(), tolerating(control_bytes));
    let error = reader.read(b"HTTP/1.1 200 OK\r\nA: b\x01\r\n\x02C: d\r\n\r\n");
    assert_eq!(
        error.unwrap_err().to_string(),
        r#"bad header line "\x02C: d": byte not allowed in a name"#
    );
}

#[test]
fn an_answer_without_a_head_has_an_empty_one() {
    let headless = Tolerance {
        headless: true,
        ..Tolerance::default()
    };
    let mut reader = ResponseReader::new(get(), tolerating(headless));
    let step = reader.read(b"body").unwrap();
    let Event::Head(head) = step.event else {
        panic!("a head comes first")
    };
    assert_eq!((step.consumed, head.headers().count()), (0, 0));
    assert_eq!(
        (head.status().as_u16(), head.version(), head.reason()),
        (200, Version::Http10, &b""[..])
    );
}

#[test]
fn a_method_whose_success_has_no_body_is_never_answered_without_a_head() {
    let headless = Tolerance {
        headless: true,
        ..Tolerance::default()
    };
    for method in [Method::HEAD, Method::CONNECT] {
        let expected = Expected::answer_to(method);
        let within = (&expected, tolerating(headless));
        let refused = Expect::Error(b"", "NotHttp");
        check_within("no head", within, b"220 mail.example", refused);
    }
}

#[test]
fn codings_that_were_offered_stand_before_chunked_or_end_with_the_connection() {
    let expected = Expected {
        codings: vec!["gzip".to_owned(), "br".to_owned()],
        ..get()
    };
    let refused = Expect::Error(b"", "BadTransferEncoding");
    for (codings, expect) in [
        ("chunked", Expect::Reuse(200, b"hi")),
        ("gzip, chunked", Expect::Reuse(200, b"hi")),
        ("GZip,x-gzip ,, Chunked", Expect::Reuse(200, b"hi")),
        (
            "gzip\r\nTransfer-Encoding: br\r\nTransfer-Encoding: chunked",
            Expect::Reuse(200, b"hi"),
        ),
        ("gzip", Expect::Close(200, b"2\r\nhi\r\n0\r\n\r\n")),
        (
            "gzip\r\nContent-Length: 2",
            Expect::Close(200, b"2\r\nhi\r\n0\r\n\r\n"),
        ),
        (
            "gzip, chunked\r\nContent-Length: 2",
            Expect::Close(200, b"hi"),
        ),
        (
            "gzip, gzip, gzip, gzip, gzip, chunked",
            Expect::Reuse(200, b"hi"),
        ),
        ("gzip, gzip, gzip, gzip, gzip, gzip, chunked", refused),
        ("gzip, gzip, gzip, gzip, gzip, gzip", refused),
        ("deflate, chunked", refused),
        ("gzip, deflate", refused),
        ("identity, chunked", refused),
        ("gzip;q=1, chunked", refused),
        ("chunked, gzip", refused),
        ("chunked, gzip, chunked", refused),
        ("chunked, chunked", refused),
    ] {
        let head = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {codings}\r\n\r\n");
        let bytes = head + "2\r\nhi\r\n0\r\n\r\n";
        check(codings, &expected, bytes.as_bytes(), expect);
    }
}
