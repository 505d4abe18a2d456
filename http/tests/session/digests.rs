//! Digest on the wire: what is sent first, and what after a refusal.

use looplet_http::message::{Body, Headers};
use looplet_http::runtime::iter;
use looplet_http::{Auth, Method, Session, SessionConfig, Timeouts};

use crate::server::{
    EMPTY, HELLO, Peer, Sent, TestServer, moved, ms, on_loop, plain_session, session_with_timeouts,
};

/// The server wants to be asked for leave, with this nonce.
fn refusal(nonce: &str) -> String {
    format!(
        "HTTP/1.1 401 X\r\nWWW-Authenticate: Digest realm=r, nonce=\"{nonce}\", qop=\"auth\"\r\n\
         Content-Length: 2\r\n\r\nno"
    )
}

/// A server that gives these answers, one after the other, whatever it is asked.
async fn answering(answers: &'static [fn() -> String]) -> TestServer {
    let given = std::cell::Cell::new(0);
    let server = TestServer::start(async move |mut peer: Peer| {
        while peer.expect().await.is_some() {
            let answer = answers[given.replace(given.get() + 1)];
            peer.send(answer());
        }
    });
    server.await
}

fn hello() -> String {
    HELLO.to_string()
}

fn empty() -> String {
    EMPTY.to_string()
}

fn first() -> String {
    refusal("1")
}

fn second() -> String {
    refusal("2")
}

fn stale() -> String {
    refusal("2").replace("realm=r", "realm=r, stale=true")
}

/// What is the same in every run of each request: the line, and for what it asks leave.
fn asked(server: &TestServer) -> Vec<String> {
    let short = |request: &String| {
        let part = |name: &str| {
            let (_, rest) = request.split_once(name)?;
            rest.split([',', '\r']).next()
        };
        let line = request.split(" HTTP").next().unwrap();
        let nonce = part(" nonce=").unwrap_or("-");
        let uri = part(" uri=").unwrap_or("-");
        let count = part(" nc=").unwrap_or("-");
        let length = part("Content-Length: ").unwrap_or("-");
        let body = request.split_once("\r\n\r\n").unwrap().1;
        format!("{line} {nonce} {uri} {count} {length} {body}")
    };
    server.requests().iter().map(short).collect()
}

#[test]
fn a_refusal_is_answered_on_the_same_connection() {
    on_loop(async {
        let server = answering(&[first, hello]).await;
        let request = plain_session().get(server.url("/a?b=c"));
        let response = request
            .auth(Auth::digest("me", "secret"))
            .sent()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        let expected = [
            "GET /a?b=c - - - - ",
            "GET /a?b=c \"1\" \"/a?b=c\" 00000001 - ",
        ];
        assert_eq!(asked(&server), expected);
        assert_eq!(server.per_connection(), [2]);
        assert!(
            server
                .requests()
                .iter()
                .all(|request| !request.contains("secret"))
        );
    });
}

#[test]
fn a_body_is_held_back_until_it_is_wanted() {
    on_loop(async {
        let server = answering(&[first, hello]).await;
        let once = Body::sized_stream(4, iter(["da", "ta"].map(Ok)));
        // The server asks for no body; it gets it at once.
        let session = session_with_timeouts(Timeouts {
            continue_wait: Some(ms(1)),
            ..Timeouts::default()
        });
        let request = session.post(server.url("/")).body(once).expect_continue();
        let request = request.set_header("Content-Length", "4");
        request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        let expected = ["POST / - - - 0 ", "POST / \"1\" \"/\" 00000001 4 data"];
        assert_eq!(asked(&server), expected);
        assert!(!server.requests()[0].contains("Expect"));
    });
}

#[test]
fn a_body_that_nobody_asks_leave_for_is_sent_after_all() {
    on_loop(async {
        for (method, last) in [
            (Method::PUT, "PUT / - - - 4 data"),
            (Method::DELETE, "DELETE / - - - 4 data"),
        ] {
            let server = answering(&[empty, hello]).await;
            let request = plain_session()
                .request(method, server.url("/"))
                .body("data");
            let mut response = request.auth(Auth::digest("u", "p")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            assert_eq!(asked(&server), [&last.replace("4 data", "0 ")[..], last]);
        }
    });
}

#[test]
fn another_answer_to_the_question_is_the_answer() {
    on_loop(async {
        let not_found = || "HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n".to_string();
        let server = TestServer::answering(not_found()).await;
        let request = plain_session().post(server.url("/")).body("data");
        let response = request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        assert_eq!(response.status(), 404);
        assert_eq!(asked(&server), ["POST / - - - 0 "]);
    });
}

#[test]
fn a_second_refusal_is_the_answer_unless_the_nonce_was_stale() {
    on_loop(async {
        let server = answering(&[first, second]).await;
        let request = plain_session().get(server.url("/"));
        let response = request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), server.requests().len()),
            (401, 2)
        );

        let server = answering(&[first, stale, hello]).await;
        let request = plain_session().get(server.url("/"));
        let response = request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        assert_eq!(response.status(), 200);
        let expected = [
            "GET / - - - - ",
            "GET / \"1\" \"/\" 00000001 - ",
            "GET / \"2\" \"/\" 00000001 - ",
        ];
        assert_eq!(asked(&server), expected);
    });
}

#[test]
fn the_next_request_is_not_refused_first() {
    on_loop(async {
        let server = answering(&[first, hello, hello, stale, hello]).await;
        let session = Session::with(SessionConfig {
            auth: Some(Auth::digest("u", "p")),
            headers: Headers::new(),
            decode: false,
            ..SessionConfig::default()
        });
        session.get(server.url("/a")).sent().await.unwrap();
        session
            .put(server.url("/b"))
            .body("data")
            .sent()
            .await
            .unwrap();
        session
            .put(server.url("/c"))
            .body("data")
            .sent()
            .await
            .unwrap();
        let expected = [
            "GET /a - - - - ",
            "GET /a \"1\" \"/a\" 00000001 - ",
            "PUT /b \"1\" \"/b\" 00000002 4 data",
            "PUT /c \"1\" \"/c\" 00000003 4 data",
            "PUT /c \"2\" \"/c\" 00000001 4 data",
        ];
        assert_eq!(asked(&server), expected);
    });
}

#[test]
fn a_body_that_is_there_once_is_held_back_whatever_is_remembered() {
    on_loop(async {
        let server = answering(&[first, hello, second, hello]).await;
        let auth = Auth::digest("u", "p");
        let session = plain_session();
        session
            .get(server.url("/a"))
            .auth(auth.clone())
            .sent()
            .await
            .unwrap();
        let once = Body::sized_stream(4, iter(["da", "ta"].map(Ok)));
        session
            .put(server.url("/b"))
            .auth(auth)
            .body(once)
            .sent()
            .await
            .unwrap();
        let expected = ["PUT /b - - - 0 ", "PUT /b \"2\" \"/b\" 00000001 4 data"];
        assert_eq!(asked(&server)[2..], expected);
    });
}

#[test]
fn a_redirect_within_the_origin_is_answered_at_once_and_one_away_not_at_all() {
    on_loop(async {
        let other = TestServer::answering(refusal("3")).await;
        let away = other.url("/away");
        let server = TestServer::start(async move |mut peer: Peer| {
            for answer in [first(), moved(307, "/b?c"), moved(307, &away)] {
                peer.expect().await;
                peer.send(answer);
            }
        });
        let server = server.await;
        let request = plain_session().post(server.url("/a")).body("data");
        let response = request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        assert_eq!(response.status(), 401);
        let expected = [
            "POST /a - - - 0 ",
            "POST /a \"1\" \"/a\" 00000001 4 data",
            "POST /b?c \"1\" \"/b?c\" 00000002 4 data",
        ];
        assert_eq!(asked(&server), expected);
        assert_eq!(asked(&other), ["POST /away - - - 4 data"]);
    });
}

#[test]
fn a_trusted_redirect_is_answered_with_the_nonce_of_the_other_origin() {
    on_loop(async {
        let other = answering(&[second, hello]).await;
        let away = other.url("/away");
        let server = TestServer::start(async move |mut peer: Peer| {
            for answer in [first(), moved(302, &away)] {
                peer.expect().await;
                peer.send(answer);
            }
        });
        let server = server.await;
        let request = plain_session().get(server.url("/")).trust_redirects();
        request.auth(Auth::digest("u", "p")).sent().await.unwrap();
        let expected = [
            "GET /away - - - - ",
            "GET /away \"2\" \"/away\" 00000001 - ",
        ];
        assert_eq!(asked(&other), expected);
    });
}
