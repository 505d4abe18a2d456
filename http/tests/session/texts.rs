//! Bodies as text, and bodies that are none: what is given out as it was sent.

use looplet_http::{Error, Response, Session, SessionConfig};

use crate::server::{Peer, Sent, TestServer, on_loop};

/// The response to a request, with these header lines and this body.
async fn response(session: &Session, status: u16, lines: &str, body: &[u8]) -> Response {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\n{lines}\r\nContent-Length: {length}\r\n\r\n");
    let answer = [head.as_bytes(), body].concat();
    let server = TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(&answer);
    });
    let server = server.await;
    session.get(server.url("/")).sent().await.unwrap()
}

/// The text of a body with this type.
async fn text(content_type: &str, body: &[u8]) -> String {
    let line = format!("Content-Type: {content_type}");
    let mut response = response(&Session::new(), 200, &line, body).await;
    response.text().await.unwrap()
}

#[test]
fn a_text_is_utf8_unless_the_header_knows_better() {
    on_loop(async {
        assert_eq!(text("text/plain", b"caf\xc3\xa9").await, "caf\u{e9}");
        assert_eq!(
            text("text/plain; charset=\"ISO-8859-1\"", b"caf\xe9").await,
            "caf\u{e9}"
        );
        assert_eq!(
            text("text/plain; charset=no-such", b"caf\xc3\xa9").await,
            "caf\u{e9}"
        );
        assert_eq!(
            text("text/plain; charset=utf-8", b"caf\xe9").await,
            "caf\u{fffd}"
        );
        assert_eq!(text("text/plain", b"\xef\xbb\xbfx").await, "x");
    });
}

#[test]
fn a_charset_of_the_caller_goes_before_that_of_the_header() {
    on_loop(async {
        let header = "Content-Type: text/plain; charset=utf-8";
        let mut response = response(&Session::new(), 200, header, b"caf\xe9").await;
        let error = response.text_with("no-such").await.unwrap_err();
        assert_eq!(error.to_string(), r#"unknown charset "no-such""#);
        assert_eq!(response.text_with("latin1").await.unwrap(), "caf\u{e9}");
    });
}

#[test]
fn a_coding_that_is_not_known_is_left_on_and_said() {
    on_loop(async {
        let coding = "Content-Encoding: No-Such, identity";
        let mut response = response(&Session::new(), 200, coding, b"??").await;
        assert_eq!(response.undecoded(), Some("no-such"));
        let error = Error::BadContentCoding {
            coding: "no-such".to_owned(),
            cause: "it is not taken off".to_owned(),
        };
        assert_eq!(response.text().await, Err(error));
        assert_eq!(response.bytes().await.unwrap(), b"??");
        assert_eq!(response.text().await.unwrap(), "");
    });
}

#[test]
fn a_part_of_a_coded_content_is_left_as_it_is() {
    on_loop(async {
        let coding = "Content-Encoding: gzip";
        let mut response = response(&Session::new(), 206, coding, b"\x8b\x08").await;
        assert_eq!(response.undecoded(), Some("gzip"));
        assert_eq!(response.bytes().await.unwrap(), b"\x8b\x08");
    });
}

#[test]
fn without_decoding_every_coding_is_left_on() {
    on_loop(async {
        let session = Session::with(SessionConfig {
            decode: false,
            ..SessionConfig::default()
        });
        let coding = "Content-Encoding: gzip";
        let mut response = response(&session, 200, coding, b"\x1f\x8b").await;
        assert_eq!(response.undecoded(), Some("gzip"));
        assert_eq!(response.chunk().await.unwrap().unwrap(), b"\x1f\x8b");
    });
}
