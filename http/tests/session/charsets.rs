//! Texts in other charsets; the order of the sources is claimed where it is decided.

use looplet_http::Session;

use crate::server::{Peer, Sent, TestServer, on_loop};

#[test]
fn header_mark_and_meta_name_the_charset_of_a_text() {
    on_loop(async {
        for (content_type, body) in [
            ("text/plain; charset=gbk", &b"\xd6\xd0\xce\xc4"[..]),
            ("text/plain", b"\xff\xfe\x2d\x4e\x87\x65"),
            ("text/html", b"<meta charset=gb2312>\xd6\xd0\xce\xc4"),
        ] {
            let length = body.len();
            let head = format!("Content-Type: {content_type}\r\nContent-Length: {length}");
            let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
            let answer = [head.as_bytes(), body].concat();
            let server = TestServer::start(async move |mut peer: Peer| {
                peer.expect().await;
                peer.send(&answer);
            });
            let server = server.await;
            let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
            let text = response.text().await.unwrap();
            assert!(text.ends_with("\u{4e2d}\u{6587}"), "{content_type}: {text}");
        }
    });
}
