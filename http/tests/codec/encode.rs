//! What a request looks like on the wire, and what is refused before it gets there.

use looplet_http::Error;
use looplet_http::codec::{Expected, TargetForm, default_headers, encode_head};
use looplet_http::message::{Body, Headers, Method, Request};
use looplet_http::runtime::iter;
use url::Url;

/// A request with headers and a body.
fn request(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let mut request = Request::new(Method::new(method).unwrap(), Url::parse(url).unwrap());
    for (name, value) in headers {
        request.headers.append(name, value).unwrap();
    }
    request.body = Body::from(body);
    request
}

/// The head without defaults, as text.
fn encode(request: &Request, form: TargetForm) -> Result<String, Error> {
    let mut out = b"kept".to_vec();
    let result = encode_head(request, &Headers::new(), form, &mut out);
    let head = String::from_utf8(out)
        .unwrap()
        .strip_prefix("kept")
        .unwrap()
        .to_owned();
    assert!(
        result.is_ok() || head.is_empty(),
        "an error leaves the buffer as it was"
    );
    result.map(|_| head)
}

#[test]
fn host_comes_first_then_the_callers_headers_in_order_and_case() {
    let headers = [("b-B", "1"), ("A", "2"), ("B-b", "3")];
    let get = request("GET", "http://u:p@A.example:80/p/%20?q=1#f", &headers, "");
    let head = "GET /p/%20?q=1 HTTP/1.1\r\nHost: a.example\r\nb-B: 1\r\nA: 2\r\nB-b: 3\r\n\r\n";
    assert_eq!(encode(&get, TargetForm::Origin).unwrap(), head);
}

#[test]
fn every_form_of_the_target_leaves_user_and_fragment_out() {
    let cases = [
        (
            TargetForm::Origin,
            "http://u:p@a.example:8080/x?y#z",
            "/x?y",
            "a.example:8080",
        ),
        (TargetForm::Origin, "http://a.example", "/", "a.example"),
        (TargetForm::Origin, "http://a.example./?", "/?", "a.example"),
        (TargetForm::Origin, "http://[::1]:81/", "/", "[::1]:81"),
        (
            TargetForm::Absolute,
            "http://u:p@a.example./x?y#z",
            "http://a.example/x?y",
            "a.example",
        ),
        (
            TargetForm::Absolute,
            "http://[::1]:81/",
            "http://[::1]:81/",
            "[::1]:81",
        ),
        (
            TargetForm::Authority,
            "https://u:p@a.example/x",
            "a.example:443",
            "a.example",
        ),
        (TargetForm::Asterisk, "http://a.example/x", "*", "a.example"),
    ];
    for (form, url, target, host) in cases {
        let head = encode(&request("OPTIONS", url, &[], ""), form).unwrap();
        assert_eq!(
            head,
            format!("OPTIONS {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            "{url}"
        );
    }
}

#[test]
fn an_absolute_target_spells_the_host_as_the_caller_does_and_never_another_host() {
    for (host, target) in [
        ("A.Example:81", "http://A.Example:81/x"),
        ("b.example", "http://a.example:81/x"),
    ] {
        let get = request("GET", "http://a.example:81/x", &[("Host", host)], "");
        let head = encode(&get, TargetForm::Absolute).unwrap();
        let expected = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(head, expected);
    }
}

#[test]
fn a_host_from_the_caller_replaces_ours_and_is_sent_once_and_first() {
    let get = request(
        "GET",
        "http://a.example/",
        &[("A", "1"), ("hOST", "b.example")],
        "",
    );
    let head = "GET / HTTP/1.1\r\nHost: b.example\r\nA: 1\r\n\r\n";
    assert_eq!(encode(&get, TargetForm::Origin).unwrap(), head);
}

#[test]
fn the_length_is_announced_where_the_method_or_the_body_wants_it() {
    let cases = [
        ("GET", "", None),
        ("HEAD", "", None),
        ("DELETE", "", None),
        ("PURGE", "", None),
        ("POST", "", Some(0)),
        ("PUT", "", Some(0)),
        ("PATCH", "", Some(0)),
        ("GET", "body", Some(4)),
        ("DELETE", "body", Some(4)),
        ("POST", "body", Some(4)),
    ];
    for (method, body, length) in cases {
        let head = encode(&request(method, "http://a/", &[], body), TargetForm::Origin).unwrap();
        let line = length.map_or(String::new(), |length| {
            format!("Content-Length: {length}\r\n")
        });
        assert_eq!(
            head,
            format!("{method} / HTTP/1.1\r\nHost: a\r\n{line}\r\n")
        );
    }
}

#[test]
fn a_correct_length_from_the_caller_is_sent_as_given() {
    let post = request(
        "POST",
        "http://a/",
        &[("content-length", "4"), ("Z", "")],
        "body",
    );
    let head = "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 4\r\nZ: \r\n\r\n";
    assert_eq!(encode(&post, TargetForm::Origin).unwrap(), head);
}

#[test]
fn the_caller_cannot_break_the_framing() {
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("Content-Length", "5")], "Content-Length"),
        (&[("Content-Length", "04")], "Content-Length"),
        (&[("Content-Length", "4, 4")], "Content-Length"),
        (
            &[("Content-Length", "4"), ("content-length", "4")],
            "Content-Length",
        ),
        (&[("Transfer-Encoding", "chunked")], "Transfer-Encoding"),
        (&[("transfer-encoding", "identity")], "Transfer-Encoding"),
        (&[("Host", "a"), ("HOST", "a")], "Host"),
    ];
    for (headers, refused) in cases {
        let post = request("POST", "http://a/", headers, "body");
        match encode(&post, TargetForm::Origin) {
            Err(Error::RefusedHeader { name, .. }) => assert_eq!(name, refused),
            other => panic!("{headers:?} gives {other:?}"),
        }
    }
}

#[test]
fn a_body_of_unknown_length_is_announced_as_chunked_and_has_no_length_from_the_caller() {
    let mut post = request("POST", "http://a/", &[], "");
    post.body = Body::stream(iter([Ok("x")]));
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(encode(&post, TargetForm::Origin).unwrap(), head);
    post.headers.append("Content-Length", "1").unwrap();
    let refused = encode(&post, TargetForm::Origin);
    assert!(
        matches!(refused, Err(Error::RefusedHeader { .. })),
        "{refused:?}"
    );

    post.body = Body::sized_stream(1 << 40, iter([Ok("x")]));
    post.headers.remove("Content-Length");
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1099511627776\r\n\r\n";
    assert_eq!(encode(&post, TargetForm::Origin).unwrap(), head);
}

#[test]
fn a_body_that_waits_to_be_asked_for_is_remembered() {
    let continues = |value: &str| {
        let put = request("PUT", "http://a/", &[("EXPECT", value)], "body");
        let expected = encode_head(&put, &Headers::new(), TargetForm::Origin, &mut Vec::new());
        expected.unwrap().continues
    };
    assert!(continues("100-Continue") && continues("other, 100-continue"));
    assert!(!continues("other") && !continues(""));
}

#[test]
fn connect_and_trace_have_no_body() {
    for method in ["CONNECT", "TRACE"] {
        let refused = encode(
            &request(method, "http://a/", &[], "body"),
            TargetForm::Origin,
        );
        assert_eq!(
            refused,
            Err(Error::BodyNotAllowed {
                method: method.to_owned()
            })
        );
        assert!(encode(&request(method, "http://a/", &[], ""), TargetForm::Origin).is_ok());
    }
}

#[test]
fn only_http_is_spoken() {
    for url in ["ftp://a/", "file:///a", "data:,a", "http://./"] {
        assert!(
            encode(&request("GET", url, &[], ""), TargetForm::Origin).is_err(),
            "{url}"
        );
    }
}

#[test]
fn white_space_and_other_scripts_in_a_url_reach_the_wire_escaped() {
    let url = "http://a/x y\u{e4}\u{7f}?q=a b\u{e4}\"<>";
    let head = encode(&request("GET", url, &[], ""), TargetForm::Origin).unwrap();
    let target = "/x%20y%C3%A4%7F?q=a%20b%C3%A4%22%3C%3E";
    assert_eq!(head, format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"));
}

#[test]
fn defaults_fill_only_what_is_missing_and_never_frame() {
    let mut defaults = default_headers();
    for name in ["Host", "Content-Length", "Transfer-Encoding"] {
        defaults.append(name, "7").unwrap();
    }
    let get = request("GET", "http://a/", &[("accept", "text/html")], "");
    let mut out = Vec::new();
    encode_head(&get, &defaults, TargetForm::Origin, &mut out).unwrap();
    let agent = concat!(
        "User-Agent: looplet-http/",
        env!("CARGO_PKG_VERSION"),
        "\r\n"
    );
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\naccept: text/html\r\n{agent}\r\n");
    assert_eq!(String::from_utf8(out).unwrap(), head);
}

#[test]
fn te_is_named_in_connection_once() {
    for (headers, lines) in [
        (&[("TE", "gzip")][..], "TE: gzip\r\nConnection: TE\r\n"),
        (
            &[("TE", "gzip"), ("Connection", "close, te")],
            "TE: gzip\r\nConnection: close, te\r\n",
        ),
        (
            &[("Connection", "close"), ("TE", "trailers")],
            "Connection: close\r\nTE: trailers\r\nConnection: TE\r\n",
        ),
    ] {
        let get = request("GET", "http://a.example/", headers, "");
        let head = encode(&get, TargetForm::Origin).unwrap();
        let expected = format!("GET / HTTP/1.1\r\nHost: a.example\r\n{lines}\r\n");
        assert_eq!(head, expected);
    }
}

#[test]
fn what_the_request_says_about_the_connection_is_remembered() {
    let expect = |given: &[(&str, &str)], default: Option<&str>| {
        let mut defaults = Headers::new();
        if let Some(value) = default {
            defaults.append("Connection", value).unwrap();
        }
        let get = request("GET", "http://a/", given, "");
        encode_head(&get, &defaults, TargetForm::Origin, &mut Vec::new()).unwrap()
    };
    let plain = Expected::answer_to(Method::GET);
    let last = Expected {
        last: true,
        ..plain.clone()
    };
    let upgrade = Expected {
        upgrade: true,
        ..plain.clone()
    };
    assert_eq!(expect(&[], None), plain);
    assert_eq!(expect(&[("Connection", "keep-alive")], None), plain);
    assert_eq!(expect(&[("connection", "foo, Close")], None), last);
    let offers = |te| expect(&[("TE", te)], None).codings;
    assert_eq!(
        offers("trailers, GZip ; q=0.5,deflate;Q=1"),
        ["gzip", "deflate"]
    );
    for nothing in [
        "trailers",
        "",
        "chunked, identity",
        "gzip;q=0, br;x=1;q=0.000",
    ] {
        assert_eq!(offers(nothing), [""; 0], "{nothing}");
    }
    assert_eq!(expect(&[], Some("close")), last);
    assert_eq!(
        expect(&[("Connection", "keep-alive")], Some("close")),
        plain
    );
    assert_eq!(
        expect(&[("Connection", "Upgrade"), ("Upgrade", "x")], None),
        upgrade
    );
}
