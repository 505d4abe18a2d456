//! Status lines, header fields and interim responses.

use looplet_http::Error;
use looplet_http::codec::{Event, Expected, HeadParser, Limits, ResponseReader};
use looplet_http::message::{Method, ResponseHead};

use crate::driver::{Delivery, play};
use crate::table::{Expect, Row, bad, check, check_all, row};

/// Rows about the status line and the fields.
pub(crate) const HEADS: &[Row] = &[
    row(
        "a plain response is read and the connection reused",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "a missing reason phrase is fine, with and without the space",
        b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "bare LF may end the lines of a head",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "one empty line may precede the status line",
        b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    row(
        "two empty lines may precede the status line",
        b"\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    bad("three empty lines are too many", b"\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "NotHttp"),
    bad("a lone CR in the status line", b"HTTP/1.1\r200 OK\r\n\r\n", "BadStatusLine"),
    bad("a lone CR in the reason", b"HTTP/1.1 200 O\rK\r\n\r\n", "BadStatusLine"),
    bad("a lone CR between fields", b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", "BadHeaderLine"),
    bad("a lone CR at the end of the head", b"HTTP/1.1 200 OK\r\nA: b\r\n\rX", "BadHeaderLine"),
    bad("a status of one digit", b"HTTP/1.1 2 OK\r\n\r\n", "BadStatusLine"),
    bad("a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n", "BadStatusLine"),
    bad("a status of four digits", b"HTTP/1.1 2000 OK\r\n\r\n", "BadStatusLine"),
    bad("a status above 16 bits", b"HTTP/1.1 65736 OK\r\n\r\n", "BadStatusLine"),
    bad("a status below 100", b"HTTP/1.1 099 OK\r\n\r\n", "BadStatusLine"),
    bad("a status of zeros", b"HTTP/1.1 000 OK\r\n\r\n", "BadStatusLine"),
    bad("a negative status", b"HTTP/1.1 -200 OK\r\n\r\n", "BadStatusLine"),
    bad("a status with a letter", b"HTTP/1.1 2a0 OK\r\n\r\n", "BadStatusLine"),
    bad("two spaces before the status", b"HTTP/1.1  200 OK\r\n\r\n", "BadStatusLine"),
    bad(
        "a status of a hundred digits",
        b"HTTP/1.1 2222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222222 OK\r\n\r\n",
        "BadStatusLine",
    ),
    bad(
        "a minor version of many digits",
        b"HTTP/1.11111111111111111111111111111111111111111111111111111111 200 OK\r\n\r\n",
        "BadStatusLine",
    ),
    bad("HTTP/1.2", b"HTTP/1.2 200 OK\r\n\r\n", "BadStatusLine"),
    bad("HTTP/2 without a minor version", b"HTTP/2 200\r\n\r\n", "BadStatusLine"),
    bad("HTTP/2.0", b"HTTP/2.0 200 OK\r\n\r\n", "BadStatusLine"),
    bad("HTTP/0.9 in a status line", b"HTTP/0.9 200 OK\r\n\r\n", "BadStatusLine"),
    bad("lower case http", b"http/1.1 200 OK\r\n\r\n", "NotHttp"),
    bad("ICY", b"ICY 200 OK\r\n\r\n", "NotHttp"),
    bad("RTSP", b"RTSP/1.0 200 OK\r\n\r\n", "NotHttp"),
    bad("an SSH banner", b"SSH-2.0-OpenSSH_9.2p1\r\n", "NotHttp"),
    bad("a TLS alert", b"\x15\x03\x01\x00\x02\x02\x0a", "NotHttp"),
    bad("a body without a head", b"<html>hello</html>", "NotHttp"),
    bad("a byte order mark", b"\xef\xbb\xbfHTTP/1.1 200 OK\r\n\r\n", "NotHttp"),
    bad("no byte at all", b"", "EmptyReply"),
    bad("the end inside the status line", b"HTTP/1.1 20", "HeadTruncated"),
    bad("the end inside a field", b"HTTP/1.1 200 OK\r\nServ", "HeadTruncated"),
    bad("the end before the empty line", b"HTTP/1.1 200 OK\r\nA: b\r\n", "HeadTruncated"),
    bad("the end inside the empty line", b"HTTP/1.1 200 OK\r\nA: b\r\n\r", "HeadTruncated"),
    bad("the end after an empty line in front", b"\r\n", "HeadTruncated"),
    bad("the end after a bad field", b"HTTP/1.1 200 OK\r\nA b\r\nC:", "BadHeaderLine"),
    bad("NUL in a name", b"HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n", "BadHeaderLine"),
    bad("NUL in a value", b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "BadHeaderLine"),
    bad("NUL in the reason", b"HTTP/1.1 200 O\0K\r\n\r\n", "BadStatusLine"),
    bad("a control byte in a value", b"HTTP/1.1 200 OK\r\nA: b\x01c\r\n\r\n", "BadHeaderLine"),
    bad("DEL in a value", b"HTTP/1.1 200 OK\r\nA: b\x7fc\r\n\r\n", "BadHeaderLine"),
    bad("a byte above 0x7f in a name", b"HTTP/1.1 200 OK\r\n\xc3\xa4: b\r\n\r\n", "BadHeaderLine"),
    bad("a field without a colon", b"HTTP/1.1 200 OK\r\nServer x\r\n\r\n", "BadHeaderLine"),
    bad("a line of one word", b"HTTP/1.1 200 OK\r\nServer\r\n\r\n", "BadHeaderLine"),
    bad("an empty name", b"HTTP/1.1 200 OK\r\n: x\r\n\r\n", "BadHeaderLine"),
    bad("a second status line", b"HTTP/1.1 200 OK\r\nHTTP/1.1 200 OK\r\n\r\n", "BadHeaderLine"),
    bad("a space before the colon of any field", b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "BadHeaderLine"),
    bad("a name that is no token", b"HTTP/1.1 200 OK\r\nA(b): c\r\n\r\n", "BadHeaderLine"),
    bad("a space in a name", b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "BadHeaderLine"),
    bad(
        "a space before the colon of Content-Length",
        b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi",
        "BadHeaderLine",
    ),
    bad(
        "a tab before the colon of Transfer-Encoding",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n",
        "BadHeaderLine",
    ),
    row(
        "a folded field is accepted",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    bad(
        "Content-Length is not folded",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n 2\r\n\r\nhi",
        "FoldedFraming",
    ),
    bad(
        "Content-Length is not folded before its value",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi",
        "FoldedFraming",
    ),
    bad(
        "Transfer-Encoding is not folded",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\n\t\r\n\r\n0\r\n\r\n",
        "FoldedFraming",
    ),
    bad("a fold before the first field", b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "BadHeaderLine"),
    row(
        "bytes above 0x7f in a value and in the reason are kept",
        b"HTTP/1.1 200 \xd6k\r\nA: \xff\xfe\r\nContent-Length: 0\r\n\r\n",
        Expect::Reuse(200, b""),
    ),
];

/// Rows about interim responses.
pub(crate) const INTERIM: &[Row] = &[
    row(
        "100, 102, 103 and 199 are skipped",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
          HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 199 Whatever\r\n\r\n\
          HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        Expect::Reuse(200, b"hi"),
    ),
    bad(
        "100 and then the end",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        "NoFinalResponse",
    ),
    bad(
        "103 and then half a head",
        b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 2",
        "HeadTruncated",
    ),
    bad(
        "100 has no body, even with a length",
        b"HTTP/1.1 100 Continue\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n\r\n",
        "NotHttp",
    ),
    bad(
        "101 without a request to upgrade",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw",
        "UnexpectedUpgrade",
    ),
];

#[test]
fn heads_are_read_or_refused_as_decided() {
    check_all(HEADS);
}

#[test]
fn interim_responses_are_skipped_and_never_final() {
    check_all(INTERIM);
}

fn get() -> Expected {
    Expected::answer_to(Method::GET)
}

fn parse(bytes: &[u8]) -> ResponseHead {
    HeadParser::new()
        .parse(bytes, &Limits::default())
        .unwrap()
        .unwrap()
        .0
}

#[test]
fn order_case_and_bytes_of_fields_are_kept() {
    let head = parse(b"HTTP/1.0 404 N\xf6 such\r\nB: \t2 \r\na:1\r\nEmpty:\r\nA: \xe4\r\n\r\n");
    let all: Vec<_> = head.headers().collect();
    assert_eq!(
        all,
        [
            ("B", &b"2"[..]),
            ("a", b"1"),
            ("Empty", b""),
            ("A", b"\xe4")
        ]
    );
    assert_eq!(head.reason(), b"N\xf6 such");
    assert_eq!(
        head.headers_all("A").collect::<Vec<_>>(),
        [&b"1"[..], b"\xe4"]
    );
    assert_eq!(head.header_str("A"), Some("1"));
    assert_eq!(head.header("missing"), None);
}

#[test]
fn a_value_that_is_not_ascii_is_no_text_but_latin1() {
    let head = parse(b"HTTP/1.1 200 OK\r\nName: J\xf6rg\r\n\r\n");
    assert_eq!(head.header_str("name"), None);
    assert_eq!(
        head.fields().get_latin1("name").as_deref(),
        Some("J\u{f6}rg")
    );
}

#[test]
fn every_fold_becomes_one_space() {
    let head = parse(
        b"HTTP/1.1 200 OK\r\nA: one \t\r\n \t two\n three\r\nB:\r\n four\r\nC:\r\n \r\nD: x\r\n  \r\n y\r\n\r\n",
    );
    let all: Vec<_> = head.headers().collect();
    assert_eq!(
        all,
        [
            ("A", &b"one two three"[..]),
            ("B", b"four"),
            ("C", b""),
            ("D", b"x y")
        ]
    );
}

#[test]
fn two_different_locations_are_a_conflict_and_equal_ones_are_not() {
    let same = parse(b"HTTP/1.1 302 F\r\nLocation: /a\r\nlocation: /a\r\n\r\n");
    assert_eq!(same.fields().unique("Location"), Ok(Some(&b"/a"[..])));
    let differing = parse(b"HTTP/1.1 302 F\r\nLocation: /a\r\nLocation: /b\r\n\r\n");
    let conflict = differing.fields().unique("Location").unwrap_err();
    assert_eq!(
        conflict.to_string(),
        "header Location has two different values"
    );
    assert_eq!(same.fields().unique("Other"), Ok(None));
}

#[test]
fn the_message_shows_the_bytes_that_were_wrong() {
    let cases: [(&[u8], &str); 6] = [
        (
            b"SSH-2.0-Open\r\n",
            r#"not an HTTP response: starts with "SSH-2.0-Open\x0d\x0a""#,
        ),
        (
            b"HTTP/3 200 OK\r\n",
            r#"bad status line: "HTTP/3 200 OK\x0d""#,
        ),
        (
            b"HTTP/1.1 200 OK\r\nA: b\r\nCookie: a\x02b\r\n\r\n",
            r#"bad header line "Cookie: a\x02b": control byte in a value"#,
        ),
        (
            b"HTTP/1.1 200 OK\r\nServer\r\n\r\n",
            r#"bad header line "Server": no colon"#,
        ),
        (
            b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            r#"bad header line "A : b": white space in or after the name"#,
        ),
        (
            b"HTTP/1.1 200 OK\r\n x\r\n\r\n",
            r#"bad header line " x": folded line"#,
        ),
    ];
    for (bytes, text) in cases {
        let error = HeadParser::new()
            .parse(bytes, &Limits::default())
            .unwrap_err();
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_long_reason_is_accepted_below_the_cap_and_refused_above() {
    let head = |reason| {
        format!(
            "HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n",
            "r".repeat(reason)
        )
    };
    let long = head(70_000);
    check(
        "70 000 bytes of reason",
        &get(),
        long.as_bytes(),
        Expect::Reuse(200, b""),
    );
    let endless = head(140_000);
    check(
        "140 000",
        &get(),
        endless.as_bytes(),
        Expect::Error(b"", "HeadTooLarge"),
    );
}

#[test]
fn the_head_cap_is_exact() {
    let limit = Limits::default().head_bytes;
    let frame = "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n".len();
    let head = |size: usize| {
        format!(
            "HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n",
            "r".repeat(size - frame)
        )
    };
    check(
        "exactly",
        &get(),
        head(limit).as_bytes(),
        Expect::Reuse(200, b""),
    );
    check(
        "one more",
        &get(),
        head(limit + 1).as_bytes(),
        Expect::Error(b"", "HeadTooLarge"),
    );
}

#[test]
fn a_head_without_end_is_refused_at_the_cap() {
    let limits = Limits {
        head_bytes: 1000,
        ..Limits::default()
    };
    let bytes = format!("HTTP/1.1 200 {}", "r".repeat(2000));
    let mut parser = HeadParser::new();
    for end in 0..1000 {
        assert_eq!(
            parser.parse(&bytes.as_bytes()[..end], &limits),
            Ok(None),
            "{end}"
        );
    }
    let refused = Err(Error::HeadTooLarge { limit: 1000 });
    assert_eq!(parser.parse(&bytes.as_bytes()[..1000], &limits), refused);
}

#[test]
fn the_field_cap_is_exact() {
    let head = |fields: usize| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{}\r\n",
            "a: b\r\n".repeat(fields - 1)
        )
    };
    check(
        "256 fields",
        &get(),
        head(256).as_bytes(),
        Expect::Reuse(200, b""),
    );
    check(
        "257",
        &get(),
        head(257).as_bytes(),
        Expect::Error(b"", "TooManyHeaders"),
    );
    let many = head(20_000);
    check(
        "20 000",
        &get(),
        many.as_bytes(),
        Expect::Error(b"", "TooManyHeaders"),
    );

    for fields in [1000, usize::MAX] {
        let limits = Limits {
            fields,
            ..Limits::default()
        };
        let parsed = HeadParser::new()
            .parse(head(1000).as_bytes(), &limits)
            .unwrap()
            .unwrap();
        assert_eq!(parsed.0.fields().len(), 1000);
    }
}

#[test]
fn the_cap_of_interim_responses_is_exact() {
    let bytes = |interim: usize| {
        let last = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        format!("{}{last}", "HTTP/1.1 100 C\r\n\r\n".repeat(interim))
    };
    let outcome = check("32", &get(), bytes(32).as_bytes(), Expect::Reuse(200, b""));
    assert_eq!(outcome.interim, 32);
    check(
        "33",
        &get(),
        bytes(33).as_bytes(),
        Expect::Error(b"", "TooManyInterim"),
    );
}

#[test]
fn a_wanted_upgrade_ends_the_response_and_leaves_the_rest_alone() {
    let expected = Expected {
        upgrade: true,
        ..get()
    };
    let bytes = b"HTTP/1.1 101 Switching Protocols\r\n\r\nraw";
    check("101", &expected, bytes, Expect::Close(101, b""));
    let mut reader = ResponseReader::new(expected, Limits::default());
    let step = reader.read(bytes).unwrap();
    assert_eq!(&bytes[step.consumed..], b"raw");
    assert!(matches!(step.event, Event::Head(_)));
    assert!(!reader.is_reusable(&[]));
}

#[test]
fn after_an_error_every_call_gives_it_again() {
    let mut reader = ResponseReader::new(get(), Limits::default());
    let error = reader.read(b"SSH-2.0\r\n").unwrap_err();
    assert_eq!(reader.read(b"HTTP/1.1 200 OK\r\n\r\n"), Err(error.clone()));
    assert_eq!(reader.end_of_stream(b""), Err(error));
}

#[test]
fn a_head_that_drips_in_is_whole_at_its_last_byte() {
    // So many lines that a parse for each byte, or for each line, would take minutes.
    let lines = "x: y\r\n".repeat(2) + "x:\r\n" + &" \r\n".repeat(40_000);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{lines}\r\n");
    let mut parser = HeadParser::new();
    let limits = Limits::default();
    let bytes = head.as_bytes();
    for end in 0..bytes.len() {
        assert_eq!(parser.parse(&bytes[..end], &limits), Ok(None), "{end}");
    }
    assert!(parser.parse(bytes, &limits).unwrap().is_some());
}

#[test]
fn a_reply_after_connection_close_is_not_reused() {
    let expected = Expected {
        last: true,
        ..get()
    };
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    check(
        "the request said close",
        &expected,
        bytes,
        Expect::Close(200, b"hi"),
    );
    let whole = play(
        &get(),
        Limits::default(),
        Delivery::Direct,
        [&bytes[..]].into_iter(),
    );
    assert_eq!(whole.end, Ok(true));
}
