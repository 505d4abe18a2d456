//! What a request looks like on the wire, and which ones never get there.

use looplet_http::codec::accept_encoding;
use looplet_http::error::{Excerpt, HeaderPart};
use looplet_http::message::Headers;
use looplet_http::{Error, Method, RequestBuilder, Session, SessionConfig};

use crate::server::{EMPTY, Peer, Sent, TestServer, on_loop, plain_session, wire};

#[test]
fn a_get_is_its_line_the_host_and_the_defaults() {
    on_loop(async {
        let wire = wire(Session::new(), |session, server| {
            session.get(server.url("/path?query"))
        });
        let version = env!("CARGO_PKG_VERSION");
        let expected = format!(
            "GET /path?query HTTP/1.1\r\nHost: SERVER\r\nAccept: */*\r\n\
             User-Agent: looplet-http/{version}\r\nAccept-Encoding: {}\r\n\r\n",
            accept_encoding()
        );
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_head_has_no_body_and_no_length() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session.head(server.url("/"))
        });
        assert_eq!(wire.await, "HEAD / HTTP/1.1\r\nHost: SERVER\r\n\r\n");
    });
}

#[test]
fn a_post_announces_its_body_and_sends_it() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session.post(server.url("/")).body("a=1&b=2")
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\nContent-Length: 7\r\n\r\na=1&b=2";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_post_without_a_body_says_that_it_has_none() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session.post(server.url("/"))
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn headers_keep_their_order_and_case_and_take_the_place_of_defaults() {
    on_loop(async {
        let mut headers = Headers::new();
        headers.append("Accept", "*/*").unwrap();
        headers.append("X-Session", "yes").unwrap();
        let session = Session::with(SessionConfig {
            headers,
            decode: false,
            ..SessionConfig::default()
        });
        let wire = wire(session, |session, server| {
            session
                .get(server.url("/"))
                .header("x-B", "2")
                .header("ACCEPT", "text/html")
                .header("X-a", "1")
                .header("x-B", " 3 ")
        });
        let expected = "GET / HTTP/1.1\r\nHost: SERVER\r\nx-B: 2\r\nACCEPT: text/html\r\n\
                        X-a: 1\r\nx-B: 3\r\nX-Session: yes\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_host_of_the_caller_is_sent_once_and_first() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session
                .get(server.url("/"))
                .header("X-A", "1")
                .header("host", "other.example")
        });
        let expected = "GET / HTTP/1.1\r\nHost: other.example\r\nX-A: 1\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn path_and_query_are_sent_as_they_are() {
    on_loop(async {
        let target = "/a%2Fb/%7e;x=1?a=%20+&&b=[1]&c=%zz";
        let wire = wire(plain_session(), |session, server| {
            session.get(server.url(target))
        });
        let expected = format!("GET {target} HTTP/1.1\r\nHost: SERVER\r\n\r\n");
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn user_password_and_fragment_stay_at_home() {
    on_loop(async {
        let wire = wire(Session::new(), |session, server| {
            session.get(format!("http://user:secret@{}/#part", server.authority()))
        });
        let wire = wire.await;
        assert!(
            wire.starts_with("GET / HTTP/1.1\r\nHost: SERVER\r\n"),
            "{wire}"
        );
        for hidden in ["user:", "secret", "part", "#", "@"] {
            assert!(!wire.contains(hidden), "{hidden} in {wire}");
        }
    });
}

#[test]
fn a_method_of_the_caller_is_sent_as_it_is() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session.request(Method::new("ProPfind").unwrap(), server.url("/"))
        });
        assert_eq!(wire.await, "ProPfind / HTTP/1.1\r\nHost: SERVER\r\n\r\n");
    });
}

#[test]
fn a_body_larger_than_the_buffers_of_the_kernel_arrives() {
    on_loop(async {
        let body = "0123456789abcdef".repeat(512 * 1024);
        let sent = body.clone();
        let wire = wire(plain_session(), move |session, server| {
            session.put(server.url("/")).body(sent.as_str())
        });
        let wire = wire.await;
        let (head, received) = wire.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with("Content-Length: 8388608"), "{head}");
        assert!(received == body, "the body is another");
    });
}

/// What sending gives, if it must not even connect.
async fn refused(build: impl Fn(&Session, &str) -> RequestBuilder) -> Error {
    let server = TestServer::answering(EMPTY).await;
    let error = build(&Session::new(), &server.url("/"))
        .sent()
        .await
        .unwrap_err();
    assert!(server.is_untouched().await);
    assert!(error.is_caller_mistake(), "{error:?}");
    error
}

#[test]
fn a_url_that_is_none_is_refused_before_a_connect() {
    on_loop(async {
        for text in [
            "",
            "foo",
            "/path",
            "http://",
            "http://:80",
            "http://a b/",
            "http://[::1/",
        ] {
            let error = refused(|session, _| session.get(text)).await;
            let expected = matches!(&error, Error::InvalidUrl { url, .. } if url == text);
            assert!(expected, "{text:?}: {error:?}");
        }
    });
}

#[test]
fn an_invalid_url_is_shown_without_its_password() {
    on_loop(async {
        for text in [
            "http://user:secret@host:99999/",
            "http://user:secret@/path@x",
            "//u:secret@h",
        ] {
            let error = refused(|session, _| session.get(text)).await;
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    });
}

#[test]
fn other_schemes_are_refused_before_a_connect() {
    on_loop(async {
        for scheme in ["ftp", "file", "ws", "data"] {
            let error = refused(|session, _| session.get(format!("{scheme}://host/"))).await;
            let scheme = scheme.to_owned();
            assert_eq!(error, Error::UnsupportedScheme { scheme });
        }
    });
}

#[cfg(not(feature = "tls"))]
#[test]
fn https_is_refused_with_a_clear_error_without_tls() {
    on_loop(async {
        let error = refused(|session, url| session.get(url.replace("http:", "https:"))).await;
        let scheme = "https".to_owned();
        assert_eq!(error, Error::UnsupportedScheme { scheme });
    });
}

#[test]
fn a_header_with_a_line_break_is_refused_before_a_connect() {
    on_loop(async {
        let error = refused(|session, url| session.get(url).header("X-A", "1\r\nEvil: 2")).await;
        let expected = Error::InvalidHeader {
            name: Excerpt::start_of(b"X-A"),
            part: HeaderPart::Value,
            byte: Some((b'\r', 1)),
        };
        assert_eq!(error, expected);
        let error = refused(|session, url| session.get(url).header("X A", "1")).await;
        let expected = Error::InvalidHeader {
            name: Excerpt::start_of(b"X A"),
            part: HeaderPart::Name,
            byte: Some((b' ', 1)),
        };
        assert_eq!(error, expected);
    });
}

#[test]
fn the_first_mistake_of_a_builder_is_the_one_that_is_reported() {
    on_loop(async {
        let error = refused(|session, url| {
            let request = session.get(url).header("", "empty name");
            request.header("X-A", "\n").body("ignored")
        });
        assert!(matches!(
            error.await,
            Error::InvalidHeader { byte: None, .. }
        ));
    });
}

#[test]
fn framing_headers_of_the_caller_are_refused_before_a_connect() {
    on_loop(async {
        for (name, value, refused_name) in [
            ("transfer-encoding", "chunked", "Transfer-Encoding"),
            ("Content-Length", "3", "Content-Length"),
            ("content-length", "+4", "Content-Length"),
        ] {
            let error = refused(|session, url| session.post(url).header(name, value).body("four"));
            let error = error.await;
            let named = matches!(error, Error::RefusedHeader { name, .. } if name == refused_name);
            assert!(named, "{name}: {value}: {error:?}");
        }
    });
}

#[test]
fn a_body_where_none_is_allowed_is_refused_before_a_connect() {
    on_loop(async {
        let error = refused(|session, url| session.request(Method::TRACE, url).body("x")).await;
        let method = "TRACE".to_owned();
        assert_eq!(error, Error::BodyNotAllowed { method });
    });
}

#[test]
fn a_method_that_is_no_token_is_refused() {
    for text in ["", "GE T", "GET\r\n", "G\u{e9}T", "GET/"] {
        let refused = Method::new(text);
        assert!(
            matches!(refused, Err(Error::InvalidMethod { .. })),
            "{text:?}"
        );
    }
}

#[test]
fn an_ipv6_address_is_connected_to_and_stands_in_brackets_in_the_host() {
    on_loop(async {
        let serving = async |mut peer: Peer| peer.serve(EMPTY).await;
        let Ok(server) = TestServer::start_at("[::1]:0", serving).await else {
            // A machine without IPv6.
            return;
        };
        plain_session().get(server.url("/")).sent().await.unwrap();
        let host = server.authority();
        assert!(host.starts_with("[::1]:"));
        assert_eq!(
            server.requests(),
            [format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")]
        );
    });
}

#[test]
fn the_buffer_of_a_large_request_does_not_leak_into_the_next_one() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = plain_session();
        session
            .post(server.url("/"))
            .body("x".repeat(1000))
            .sent()
            .await
            .unwrap();
        session.get(server.url("/2")).sent().await.unwrap();
        let expected = format!("GET /2 HTTP/1.1\r\nHost: {}\r\n\r\n", server.authority());
        assert_eq!(server.requests()[1], expected);
    });
}

#[test]
fn a_header_that_is_set_takes_the_place_of_all_of_its_name() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session
                .get(server.url("/"))
                .header("X-A", "1")
                .header("X-B", "2")
                .header("x-a", "3")
                .set_header("x-A", "4")
        });
        let expected = "GET / HTTP/1.1\r\nHost: SERVER\r\nx-A: 4\r\nX-B: 2\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn queries_are_added_to_what_is_there_and_encoded_as_forms_are() {
    on_loop(async {
        let none: [(&str, &str); 0] = [];
        for (target, expected) in [
            ("/", "/?a=b+%26%3D%2B%C3%A4&n=1&n=2"),
            ("/?", "/?a=b+%26%3D%2B%C3%A4&n=1&n=2"),
            ("/p?x=%20y", "/p?x=%20y&a=b+%26%3D%2B%C3%A4&n=1&n=2"),
        ] {
            let wire = wire(plain_session(), |session, server| {
                session
                    .get(server.url(target))
                    .query("a", "b &=+\u{e4}")
                    .query_pairs([("n", "1"), ("n", "2")])
                    .query_pairs(none)
            });
            let expected = format!("GET {expected} HTTP/1.1\r\nHost: SERVER\r\n\r\n");
            assert_eq!(wire.await, expected);
        }
        let wire = wire(plain_session(), |session, server| {
            session.get(server.url("/p")).query_pairs(none)
        });
        assert_eq!(wire.await, "GET /p HTTP/1.1\r\nHost: SERVER\r\n\r\n");
    });
}

#[test]
fn every_method_has_its_name() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let (session, url) = (plain_session(), server.url("/"));
        for request in [
            session.get(&*url),
            session.head(&*url),
            session.post(&*url),
            session.put(&*url),
            session.patch(&*url),
            session.delete(&*url),
            session.options(&*url),
        ] {
            request.sent().await.unwrap();
        }
        let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        assert_eq!(server.lines(), names.map(|name| format!("{name} /")));
    });
}
