//! Cookies that a program sends itself, without a jar.

use looplet_http::{Error, Session};

use crate::server::{HELLO, Sent, TestServer, moved, on_loop, plain_session, wire};

#[test]
fn cookies_of_a_request_are_one_header_in_their_order() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            let request = session.get(server.url("/")).cookie("a", "1");
            request
                .header("X-Tag", "x")
                .cookie("b[c]", "x y, \"é\" =")
                .cookie("d", "")
        });
        let expected = "GET / HTTP/1.1\r\nHost: SERVER\r\nCookie: a=1; b[c]=x y, \"é\" =; d=\r\n\
                        X-Tag: x\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn they_join_a_header_that_is_given_by_hand() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            let request = session.get(server.url("/")).header("cookie", "a=1;b=2");
            request.header("Cookie", "c=3").cookie("d", "4")
        });
        let expected = "GET / HTTP/1.1\r\nHost: SERVER\r\nCookie: a=1;b=2; c=3; d=4\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn what_would_end_a_name_or_a_value_is_refused() {
    let name = "there is white space, a control byte, `=` or `;` in its name";
    let value = "there is a control byte or `;` in its value";
    let around = "there is white space around its value";
    on_loop(async move {
        for (pair, reason) in [
            (("", "v"), "its name is empty"),
            (("a=b", "v"), name),
            (("a;b", "v"), name),
            (("a b", "v"), name),
            (("a\r\n", "v"), name),
            (("a\0", "v"), name),
            (("n", "a;b"), value),
            (("n", "a\r\nEvil: yes"), value),
            (("n", "a\tb"), value),
            (("n", "\x7f"), value),
            (("n", " v"), around),
            (("n", "v\u{a0}"), around),
        ] {
            let request = Session::new()
                .get("http://127.0.0.1/")
                .cookie(pair.0, pair.1);
            match request.sent().await {
                Err(Error::InvalidCookie { reason: found, .. }) => assert_eq!(found, reason),
                other => panic!("{pair:?}: {other:?}"),
            }
        }
    });
}

#[test]
fn they_go_along_within_an_origin_only() {
    on_loop(async {
        let away = TestServer::answering(HELLO).await;
        let answers = [moved(302, "/next"), moved(302, &away.url("/"))];
        let home = TestServer::start(async move |mut peer| {
            for answer in &answers {
                peer.expect().await;
                peer.send(answer);
            }
        });
        let home = home.await;
        let request = Session::new().get(home.url("/")).cookie("a", "1");
        request.sent().await.unwrap();
        let requests = home.requests();
        assert!(
            requests
                .iter()
                .all(|request| request.contains("\r\nCookie: a=1\r\n"))
        );
        assert_eq!(requests.len(), 2);
        assert!(!away.requests()[0].contains("Cookie"));
    });
}
