//! HTTP proxies that are given whole requests.

use looplet_http::proxy::Proxies;
use looplet_http::{Session, SessionConfig};

use super::{config, session_through};
use crate::server::{EMPTY, Peer, TestServer, moved, on_loop, target_of};

#[test]
fn the_target_is_absolute_and_the_proxy_sees_its_headers() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let proxy = format!("http://me:pass@{}", server.authority());
        let session = session_through(&proxy);
        session.get("http://a.test/x?y#z").send().await.unwrap();
        assert_eq!(
            server.requests(),
            ["GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\n\
                 Proxy-Authorization: Basic bWU6cGFzcw==\r\n\r\n"]
        );
    });
}

#[test]
fn one_connection_serves_all_origins() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = session_through(&format!("http://{}", server.authority()));
        for url in ["http://a.test/", "http://b.test:81/", "http://[::1]/"] {
            session.get(url).send().await.unwrap();
        }
        assert_eq!(
            server.lines(),
            [
                "GET http://a.test/",
                "GET http://b.test:81/",
                "GET http://[::1]/"
            ]
        );
        assert_eq!(server.per_connection(), [3]);
    });
}

#[test]
fn the_login_of_a_proxy_does_not_go_to_servers_that_are_reached_directly() {
    on_loop(async {
        let direct = TestServer::answering(EMPTY).await;
        let location = direct.url("/there");
        let server = TestServer::start(async move |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                assert!(target_of(&request).starts_with("http://a.test/"));
                peer.send(moved(302, &location));
            }
        })
        .await;
        let mut proxies = Proxies::all(
            format!("http://me:pass@{}", server.authority())
                .parse()
                .unwrap(),
        );
        proxies.no_proxy = "127.0.0.1".parse().unwrap();
        let session = Session::with(SessionConfig {
            proxies,
            ..config()
        });
        session.get("http://a.test/").send().await.unwrap();
        let host = direct.authority();
        assert_eq!(
            direct.requests(),
            [format!("GET /there HTTP/1.1\r\nHost: {host}\r\n\r\n")]
        );
        assert!(server.requests()[0].contains("\r\nProxy-Authorization: Basic "));
    });
}

#[cfg(feature = "tls")]
#[test]
fn proxies_with_other_logins_do_not_share_connections() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            if peer
                .expect()
                .await
                .is_some_and(|request| request.starts_with("CONNECT"))
            {
                return peer.send("HTTP/1.1 200 OK\r\n\r\n");
            }
            peer.send(EMPTY);
            peer.until_gone().await;
        })
        .await;
        let proxy = |login: &str| {
            format!("http://{login}@{}", server.authority())
                .parse()
                .unwrap()
        };
        let proxies = Proxies {
            http: Some(proxy("a:1")),
            https: Some(proxy("b:2")),
            ..Proxies::default()
        };
        let session = Session::with(SessionConfig {
            proxies,
            ..config()
        });
        session.get("http://a.test/").send().await.unwrap();
        // It answers the CONNECT and leaves.
        let refused = session.get("https://a.test/").send().await.unwrap_err();
        assert!(
            refused.to_string().starts_with("TLS with a.test failed: "),
            "{refused}"
        );
        assert_eq!(server.lines(), ["GET http://a.test/", "CONNECT a.test:443"]);
        assert_eq!(server.connections(), 2);
    });
}
