//! CONNECT: what a proxy is asked, and what is made of its answers.

use looplet_http::proxy::{Proxies, Proxy};
use looplet_http::{Auth, Error, Session, SessionConfig};

use super::{config, text_of};
use crate::server::{HELLO, Peer, Sent, TestServer, on_loop, pool_of, until};

/// A proxy that answers a CONNECT like this, and is the server behind itself then.
async fn proxy_answering(answer: impl Into<Vec<u8>>) -> TestServer {
    let answer = answer.into();
    TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(&answer);
        peer.serve(HELLO).await;
    })
    .await
}

/// A session that asks the proxy for tunnels, for plain requests too.
fn tunneling(proxy: Proxy) -> Session {
    let mut proxies = Proxies::all(proxy);
    proxies.tunnel = true;
    Session::with(SessionConfig {
        proxies,
        ..config()
    })
}

fn at(server: &TestServer, login: &str) -> Proxy {
    format!("http://{login}{}", server.authority())
        .parse()
        .unwrap()
}

#[test]
fn a_proxy_and_the_server_behind_it_see_only_their_own_headers() {
    on_loop(async {
        let server = proxy_answering("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let proxy = at(&server, "me:pass@")
            .with_header("X-For-Proxy", "1")
            .unwrap();
        let session = tunneling(proxy);
        let request = session
            .get("http://a.test:8080/x")
            .header("X-For-Server", "2");
        let mut response = request.auth(Auth::bearer("t")).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        let [connect, get] = server.requests().try_into().unwrap();
        assert_eq!(
            connect,
            "CONNECT a.test:8080 HTTP/1.1\r\nHost: a.test:8080\r\n\
             X-For-Proxy: 1\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n\r\n"
        );
        assert_eq!(
            get,
            "GET /x HTTP/1.1\r\nHost: a.test:8080\r\nX-For-Server: 2\r\nAuthorization: Bearer t\r\n\r\n"
        );
    });
}

#[test]
fn what_a_success_says_of_a_body_is_ignored() {
    on_loop(async {
        for answer in [
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 299 Fine\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            let server = proxy_answering(answer).await;
            let mut response = tunneling(at(&server, ""))
                .get("http://a.test/")
                .send()
                .await
                .unwrap();
            assert_eq!(response.text().await.unwrap(), "hello", "{answer}");
        }
    });
}

#[test]
fn a_refusal_names_the_status_and_closes_the_connection() {
    on_loop(async {
        for (answer, code) in [
            (
                "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 3\r\n\r\nwho",
                407,
            ),
            (
                "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\n\r\n<html>",
                500,
            ),
            (
                "HTTP/1.1 302 Found\r\nLocation: http://b.test/\r\nContent-Length: 0\r\n\r\n",
                302,
            ),
        ] {
            let server = proxy_answering(answer).await;
            let session = tunneling(at(&server, ""));
            let refused = session.get("http://a.test/").sent().await.unwrap_err();
            let text = format!("proxy http://PROXY refused to connect: status {code}");
            assert_eq!(text_of(&refused, &server), text);
            server.until_open(0).await;
            assert_eq!(pool_of(&session).idle, 0);
        }
    });
}

#[test]
fn an_answer_that_cannot_be_understood_has_the_error_of_its_fault() {
    on_loop(async {
        let large = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1_000_000));
        for (answer, expected) in [
            (
                &b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"[..],
                "proxy http://PROXY: 19 bytes follow its answer, which cannot be the server's",
            ),
            (
                b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
                r#"bad header line "X: a\x00b""#,
            ),
            (
                b"SSH-2.0-OpenSSH\r\n\r\n",
                "not an HTTP response: starts with",
            ),
            (large.as_bytes(), "response head is larger than"),
        ] {
            let server = proxy_answering(answer).await;
            let refused = tunneling(at(&server, ""))
                .get("http://a.test/")
                .sent()
                .await;
            let text = text_of(&refused.unwrap_err(), &server);
            assert!(text.starts_with(expected), "{text}");
            server.until_open(0).await;
        }
    });
}

#[test]
fn an_answer_that_breaks_off_at_any_byte_is_an_error() {
    on_loop(async {
        let answer = "HTTP/1.1 200 OK\r\nX: y\r\n\r\n";
        for end in 0..answer.len() {
            let server = TestServer::start(async move |mut peer: Peer| {
                peer.expect().await;
                peer.send(&answer[..end]);
            })
            .await;
            let refused = tunneling(at(&server, ""))
                .get("http://a.test/")
                .sent()
                .await;
            let expected = match end {
                0 => Error::EmptyReply,
                got => Error::HeadTruncated { got },
            };
            assert_eq!(refused.unwrap_err(), expected);
        }
    });
}

#[test]
fn a_tunnel_is_used_again_by_its_origin_only() {
    on_loop(async {
        let server = proxy_answering("HTTP/1.1 200 OK\r\n\r\n").await;
        let session = tunneling(at(&server, ""));
        for url in [
            "http://a.test/1",
            "http://a.test/2",
            "http://b.test/",
            "http://a.test/3",
        ] {
            session.get(url).send().await.unwrap();
        }
        assert_eq!(
            server.lines(),
            [
                "CONNECT a.test:80",
                "GET /1",
                "GET /2",
                "GET /3",
                "CONNECT b.test:80",
                "GET /"
            ]
        );
        assert_eq!(server.per_connection(), [4, 2]);
        session.close();
        until(|| server.open() == 0).await;
    });
}
