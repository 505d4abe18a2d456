//! `Expect: 100-continue`, and what else comes before an answer.

use std::cell::RefCell;
use std::rc::Rc;

use looplet_http::message::Body;
use looplet_http::runtime::iter;
use looplet_http::{Error, Session, SessionConfig, Timeouts};

use crate::server::{
    EMPTY, HELLO, Peer, Sent, TestServer, at_rest, moved, ms, on_loop, plain_session, pool_of,
};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// A session that waits this long for a 100.
fn waiting(milliseconds: u64) -> Session {
    Session::with(SessionConfig {
        timeouts: Timeouts {
            continue_wait: Some(ms(milliseconds)),
            ..Timeouts::default()
        },
        ..SessionConfig::default()
    })
}

#[test]
fn a_body_is_sent_when_the_server_asks_for_it() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            let head = peer.expect_head().await.unwrap();
            peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
            peer.drained().await;
            crate::server::a_moment().await;
            peer.send(CONTINUE);
            let body = peer.receive(4).await.unwrap();
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                4 + head.len()
            ));
            peer.send(body);
            peer.send(head);
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::with(SessionConfig {
            timeouts: Timeouts {
                continue_wait: None,
                ..Timeouts::default()
            },
            headers: looplet_http::message::Headers::new(),
            decode: false,
            ..SessionConfig::default()
        });
        let request = session.post(server.url("/")).body("body").expect_continue();
        let text = request.sent().await.unwrap().text().await.unwrap();
        let host = server.authority();
        let expected = format!(
            "bodyPOST / HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
             Content-Length: 4\r\n\r\n"
        );
        assert_eq!(text, expected);
        assert_eq!(pool_of(&session), at_rest(1));
    });
}

#[test]
fn a_server_that_says_nothing_gets_the_body_after_a_while() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let request = waiting(20).put(server.url("/")).body("body");
        let response = request.expect_continue().sent().await.unwrap();
        assert_eq!(response.status(), 200);
        assert!(server.requests()[0].ends_with("\r\n\r\nbody"));
    });
}

#[test]
fn an_answer_instead_of_a_100_spares_the_body_and_closes() {
    on_loop(async {
        for status in [200, 401, 413] {
            let server = TestServer::start(async move |mut peer: Peer| {
                peer.expect_head().await;
                peer.send(format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nno"
                ));
                assert_eq!(peer.receive(1).await, None, "the body comes nevertheless");
                peer.send("never read");
            });
            let server = server.await;
            let session = waiting(4000);
            let body = Body::stream(iter([Ok("body")]));
            let request = session.post(server.url("/")).body(body.clone());
            let mut response = request.expect_continue().sent().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(response.text().await.unwrap(), "no");
            assert!(!body.is_used_up());
            assert_eq!(pool_of(&session), at_rest(0));
            server.until_open(0).await;
        }
    });
}

#[test]
fn a_server_that_does_not_know_the_question_is_not_asked_again() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            if peer.number == 0 {
                peer.expect_head().await;
                peer.send("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
                peer.until_gone().await;
            } else {
                peer.serve(HELLO).await;
            }
        });
        let server = server.await;
        let body = Body::stream(iter([Ok("body")]));
        let request = plain_session().post(server.url("/")).body(body);
        let mut response = request.expect_continue().sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        let line = format!("POST / HTTP/1.1\r\nHost: {}\r\n", server.authority());
        let expected = [
            format!("{line}Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"),
            format!("{line}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"),
        ];
        assert_eq!(server.requests(), expected);
    });
}

#[test]
fn a_417_to_a_body_that_is_used_up_is_an_answer() {
    on_loop(async {
        let server = TestServer::answering("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n").await;
        let body = Body::stream(iter([Ok("body")]));
        let request = waiting(10).post(server.url("/")).body(body);
        let response = request.expect_continue().sent().await.unwrap();
        assert_eq!(response.status(), 417);
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn a_stream_that_was_not_asked_for_follows_a_redirect() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            if peer.number == 0 {
                peer.expect_head().await;
                peer.send(moved(307, "/next"));
                peer.until_gone().await;
            } else {
                peer.expect_head().await;
                peer.send(CONTINUE);
                assert_eq!(peer.receive(9).await.unwrap(), b"4\r\nbody\r\n");
                peer.send(HELLO);
                peer.until_gone().await;
            }
        });
        let server = server.await;
        let body = Body::stream(iter([Ok("body")]));
        let request = waiting(4000).put(server.url("/")).body(body);
        let mut response = request.expect_continue().sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(server.lines(), ["PUT /", "PUT /next"]);
    });
}

#[test]
fn a_server_that_talks_without_end_instead_of_asking_is_an_error() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            while peer.drained().await {
                peer.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(10_000));
            }
        });
        let server = server.await;
        let request = waiting(4000).post(server.url("/")).body("body");
        let error = request.expect_continue().sent().await.unwrap_err();
        assert_eq!(error, Error::TooManyInterim { limit: 32 });
        server.until_open(0).await;
    });
}

#[test]
fn without_a_body_nothing_is_asked() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let request = waiting(4000).post(server.url("/")).expect_continue();
        request.sent().await.unwrap();
        assert!(!server.requests()[0].contains("Expect"));
    });
}

#[test]
fn interim_answers_are_shown_in_their_order() {
    on_loop(async {
        let answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Wait\r\n\r\n";
        let server = TestServer::answering(format!("{answer}{HELLO}")).await;
        let seen = Rc::new(RefCell::new(Vec::new()));
        let shared = seen.clone();
        let request = Session::new().get(server.url("/"));
        let request = request.on_informational(move |head| {
            let link = head.header_str("Link").map(str::to_owned);
            shared.borrow_mut().push((head.status().as_u16(), link));
        });
        let mut response = request.sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        let links = [(103, Some("</a>".to_owned())), (102, None)];
        assert_eq!(*seen.borrow(), links);
    });
}
