//! Where redirects lead, and what is taken along.

use looplet_http::message::Headers;
use looplet_http::{Error, Method, RedirectPolicy, Session, SessionConfig, StatusCode};

use crate::server::{
    EMPTY, HELLO, Peer, Sent, TestServer, at_rest, moved, on_loop, pool_of, session_with_redirects,
    target_of,
};

/// A server that sends `/` with this answer elsewhere and greets everywhere else.
async fn sending_away(answer: impl Into<String>) -> TestServer {
    let answer = answer.into();
    let server = TestServer::start(async move |mut peer: Peer| {
        while let Some(request) = peer.expect().await {
            let at_start = target_of(&request) == "/";
            let head = request.starts_with("HEAD");
            peer.send(if at_start {
                &answer
            } else if head {
                EMPTY
            } else {
                HELLO
            });
        }
    });
    server.await
}

/// The headers of a request below `Host`.
fn fields(request: &str) -> Vec<&str> {
    let (head, _) = request.split_once("\r\n\r\n").unwrap();
    head.lines().skip(2).collect()
}

/// A session without default headers.
fn plain_session() -> Session {
    Session::with(SessionConfig {
        headers: Headers::new(),
        decode: false,
        ..SessionConfig::default()
    })
}

#[test]
fn methods_and_bodies_change_as_in_the_fetch_standard() {
    on_loop(async {
        let same = |method: &'static str| (method, true);
        for (status, method, (becomes, keeps_body)) in [
            (301, "GET", same("GET")),
            (301, "POST", ("GET", false)),
            (301, "PUT", same("PUT")),
            (301, "HEAD", same("HEAD")),
            (302, "GET", same("GET")),
            (302, "POST", ("GET", false)),
            (302, "DELETE", same("DELETE")),
            (302, "HEAD", same("HEAD")),
            (303, "GET", same("GET")),
            (303, "POST", ("GET", false)),
            (303, "PUT", ("GET", false)),
            (303, "HEAD", same("HEAD")),
            (307, "POST", same("POST")),
            (307, "PUT", same("PUT")),
            (307, "HEAD", same("HEAD")),
            (308, "GET", same("GET")),
            (308, "POST", same("POST")),
        ] {
            let server = sending_away(moved(status, "/next")).await;
            let mut request = plain_session()
                .request(Method::new(method).unwrap(), server.url("/"))
                .header("X-Kept", "yes");
            let with_body = matches!(method, "POST" | "PUT" | "DELETE");
            if with_body {
                request = request.header("content-type", "text/plain").body("body");
            }
            let response = request.sent().await.unwrap();
            assert_eq!(response.status(), 200);
            let sent = server.requests();
            let expected_lines = [format!("{method} /"), format!("{becomes} /next")];
            assert_eq!(server.lines(), expected_lines, "{status}");
            let expected = if with_body && keeps_body {
                vec![
                    "X-Kept: yes",
                    "content-type: text/plain",
                    "Content-Length: 4",
                ]
            } else {
                vec!["X-Kept: yes"]
            };
            assert_eq!(fields(&sent[1]), expected, "{status} {method}");
            let body = if with_body && keeps_body {
                "\r\n\r\nbody"
            } else {
                "\r\n\r\n"
            };
            assert!(sent[1].ends_with(body), "{status} {method}");
        }
    });
}

#[test]
fn other_statuses_with_a_location_are_responses() {
    on_loop(async {
        for status in [200, 201, 300, 304, 305, 306, 399, 404] {
            let server = sending_away(moved(status, "/next")).await;
            let response = Session::new().get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.status(), status);
            assert_eq!(server.lines(), ["GET /"]);
        }
    });
}

#[test]
fn the_history_has_every_hop_and_the_url_is_the_last_one() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                peer.send(match target_of(&request) {
                    "/a/1" => moved(301, "2?q=1"),
                    "/a/2?q=1" => moved(307, "?q=2"),
                    "/a/2?q=2" => moved(302, "/b"),
                    _ => HELLO.to_owned(),
                });
            }
        });
        let server = server.await;
        let session = Session::new();
        let response = session.get(server.url("/a/1#part")).sent().await.unwrap();
        let history: Vec<_> = response
            .history()
            .iter()
            .map(|hop| (hop.status.as_u16(), hop.url.to_string()))
            .collect();
        let expected = [
            (301, server.url("/a/1#part")),
            (307, server.url("/a/2?q=1#part")),
            (302, server.url("/a/2?q=2#part")),
        ];
        assert_eq!(history, expected);
        // The fragment is inherited, and never sent.
        assert_eq!(response.url().as_str(), server.url("/b#part"));
        assert_eq!(server.per_connection(), [4]);
        assert_eq!(server.lines()[3], "GET /b");
    });
}

#[test]
fn a_fragment_of_the_location_takes_the_place_of_the_first_one() {
    on_loop(async {
        let server = sending_away(moved(302, "/next#own")).await;
        let response = Session::new()
            .get(server.url("/#part"))
            .sent()
            .await
            .unwrap();
        assert_eq!(response.url().as_str(), server.url("/next#own"));
    });
}

const SECRETS: [(&str, &str); 6] = [
    ("Authorization", "Basic one"),
    ("authorization", "Basic two"),
    ("Cookie", "a=1"),
    ("cookie", "b=2"),
    ("Proxy-Authorization", "Basic three"),
    ("Host", "by-hand.example"),
];

#[test]
fn credentials_go_along_within_an_origin() {
    on_loop(async {
        let server = sending_away(moved(307, "/next")).await;
        let mut request = plain_session().get(server.url("/"));
        for (name, value) in SECRETS {
            request = request.header(name, value);
        }
        request.sent().await.unwrap();
        let sent = server.requests();
        assert_eq!(sent[0].replace("GET / ", "GET /next "), sent[1]);
        assert_eq!(fields(&sent[1]).len(), 5);
    });
}

#[test]
fn credentials_stay_behind_when_the_origin_changes() {
    on_loop(async {
        let other = TestServer::answering(HELLO).await;
        for status in [301, 302, 303, 307, 308] {
            let server = sending_away(moved(status, &other.url("/next"))).await;
            let request = plain_session().get(server.url("/"));
            let mut request = request
                .header("X-Kept", "yes")
                .header("Referer", "http://a/");
            for (name, value) in SECRETS {
                request = request.header(name, value);
            }
            request.sent().await.unwrap();
        }
        let expected = format!(
            "GET /next HTTP/1.1\r\nHost: {}\r\nX-Kept: yes\r\n\r\n",
            other.authority()
        );
        assert_eq!(other.requests(), vec![expected; 5]);
    });
}

#[test]
fn credentials_that_stayed_behind_do_not_come_back_with_the_first_origin() {
    on_loop(async {
        let home = TestServer::answering(HELLO).await;
        let away = sending_away(moved(302, &home.url("/back"))).await;
        let start = sending_away(moved(302, &away.url("/"))).await;
        let request = Session::new()
            .get(start.url("/"))
            .header("Authorization", "Basic one");
        request.sent().await.unwrap();
        assert!(start.requests()[0].contains("Basic one"));
        assert!(!away.requests()[0].contains("Basic"));
        assert!(!home.requests()[0].contains("Basic"));
    });
}

#[test]
fn credentials_of_the_session_stay_behind_as_well() {
    on_loop(async {
        let mut headers = Headers::new();
        headers.append("X-Session", "yes").unwrap();
        for (name, value) in SECRETS {
            headers.append(name, value).unwrap();
        }
        let session = Session::with(SessionConfig {
            headers,
            decode: false,
            ..SessionConfig::default()
        });
        let other = TestServer::answering(HELLO).await;
        let server = TestServer::start(async |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                let (_, away) = request.split_once("?").unwrap();
                let (away, _) = away.split_once(" ").unwrap();
                peer.send(moved(302, if away.is_empty() { "/?last" } else { away }));
            }
        });
        let server = server.await;
        let target = format!("/?{}", other.url("/next"));
        session.get(server.url(&target)).sent().await.unwrap();
        assert!(server.requests()[0].contains("Basic one"));
        assert_eq!(fields(&other.requests()[0]), ["X-Session: yes"]);
        // A request of its own to the other server is another matter: the caller wants it.
        session.get(other.url("/")).sent().await.unwrap();
        assert!(other.requests()[1].contains("Basic one"));
    });
}

#[test]
fn headers_of_the_session_go_along_within_an_origin() {
    on_loop(async {
        let mut headers = Headers::new();
        headers.append("Authorization", "Basic one").unwrap();
        headers.append("X-Session", "yes").unwrap();
        let session = Session::with(SessionConfig {
            headers,
            decode: false,
            ..SessionConfig::default()
        });
        let server = sending_away(moved(302, "/next")).await;
        session
            .get(server.url("/"))
            .header("X-Own", "1")
            .sent()
            .await
            .unwrap();
        let expected = ["X-Own: 1", "Authorization: Basic one", "X-Session: yes"];
        assert_eq!(fields(&server.requests()[0]), expected);
        assert_eq!(fields(&server.requests()[1]), expected);
    });
}

#[test]
fn a_user_and_password_in_a_location_are_not_sent() {
    on_loop(async {
        let other = TestServer::answering(HELLO).await;
        let location = other.url("/next").replace("//", "//user:secret@");
        let server = sending_away(moved(302, &location)).await;
        Session::new().get(server.url("/")).sent().await.unwrap();
        let request = &other.requests()[0];
        assert!(
            !request.contains("secret") && !request.contains("Authorization"),
            "{request}"
        );
    });
}

#[test]
fn a_loop_ends_after_ten_redirects() {
    on_loop(async {
        let server = sending_away(moved(302, "/")).await;
        let session = Session::new();
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        assert_eq!(error, Error::TooManyRedirects { limit: 10 });
        assert_eq!(server.requests().len(), 11);
        // The last response is not wanted, and its connection is not kept.
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn exactly_as_many_redirects_as_allowed_are_followed() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                let left: u32 = target_of(&request)[1..].parse().unwrap();
                peer.send(match left {
                    0 => HELLO.to_owned(),
                    _ => moved(302, &format!("/{}", left - 1)),
                });
            }
        });
        let server = server.await;
        let session = session_with_redirects(RedirectPolicy::Limit(3));
        let response = session.get(server.url("/3")).sent().await.unwrap();
        assert_eq!(response.history().len(), 3);
        let error = session.get(server.url("/4")).sent().await.unwrap_err();
        assert_eq!(error, Error::TooManyRedirects { limit: 3 });
        let none = session_with_redirects(RedirectPolicy::Limit(0));
        let error = none.get(server.url("/1")).sent().await.unwrap_err();
        assert_eq!(error, Error::TooManyRedirects { limit: 0 });
        assert_eq!(
            none.get(server.url("/0")).sent().await.unwrap().status(),
            200
        );
    });
}

#[test]
fn without_a_policy_a_redirect_is_a_response_whatever_it_says() {
    on_loop(async {
        let twice = "HTTP/1.1 302 X\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n";
        for answer in [
            moved(302, "/next"),
            moved(302, "file:///x"),
            twice.to_owned(),
        ] {
            let server = sending_away(answer).await;
            let session = session_with_redirects(RedirectPolicy::None);
            let response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.status(), StatusCode::FOUND);
            assert_eq!(server.lines(), ["GET /"]);
        }
    });
}

#[test]
fn a_redirect_to_something_else_than_http_is_refused() {
    on_loop(async {
        for location in [
            "file:///etc/passwd",
            "ftp://host/",
            "data:,x",
            "javascript:x",
            "",
        ] {
            let server = sending_away(moved(302, location)).await;
            let session = Session::new();
            let error = session.get(server.url("/")).sent().await.unwrap_err();
            assert!(
                matches!(error, Error::BadRedirect { .. }),
                "{location:?}: {error:?}"
            );
            assert_eq!(pool_of(&session), at_rest(0));
        }
    });
}

#[test]
fn two_different_locations_are_a_conflict_and_the_same_twice_is_one() {
    on_loop(async {
        let two = |other: &str| {
            format!(
                "HTTP/1.1 302 X\r\nLocation: /next\r\nlocation: {other}\r\n\
                 Content-Length: 0\r\n\r\n"
            )
        };
        let server = sending_away(two("/other")).await;
        let error = Session::new()
            .get(server.url("/"))
            .sent()
            .await
            .unwrap_err();
        let name = "Location".to_owned();
        assert_eq!(error, Error::ConflictingHeader { name });
        assert_eq!(server.lines(), ["GET /"]);
        let server = sending_away(two("/next")).await;
        Session::new().get(server.url("/")).sent().await.unwrap();
        assert_eq!(server.lines(), ["GET /", "GET /next"]);
    });
}

#[test]
fn a_redirect_without_a_location_is_a_response() {
    on_loop(async {
        let answer = "HTTP/1.1 302 Found\r\nContent-Length: 4\r\n\r\nlost";
        let server = sending_away(answer).await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.status(), 302);
        assert_eq!(response.text().await.unwrap(), "lost");
    });
}

#[test]
fn a_redirect_whose_body_is_here_keeps_its_connection() {
    on_loop(async {
        for body in [
            "Content-Length: 4\r\n\r\ngone",
            "Transfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n0\r\n\r\n",
        ] {
            let server = sending_away(format!("HTTP/1.1 302 X\r\nLocation: /next\r\n{body}")).await;
            let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            assert_eq!(server.per_connection(), [2]);
        }
    });
}

#[test]
fn a_redirect_whose_body_is_on_the_wire_is_followed_on_another_connection() {
    on_loop(async {
        for body in [
            "Content-Length: 100000\r\n\r\nstart of",
            "Transfer-Encoding: chunked\r\n\r\n4\r\ngone\r\n",
            "\r\nuntil the end, which does not come",
        ] {
            let server = sending_away(format!("HTTP/1.1 302 X\r\nLocation: /next\r\n{body}")).await;
            let session = Session::new();
            let mut response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            assert_eq!(server.per_connection(), [1, 1]);
            server.until_open(1).await;
            assert_eq!(pool_of(&session), at_rest(1));
        }
    });
}

#[test]
fn a_redirect_needs_no_second_place() {
    on_loop(async {
        let server = sending_away("HTTP/1.1 302 X\r\nLocation: /next\r\n\r\nbody").await;
        let session = Session::with(SessionConfig {
            pool: looplet_http::PoolLimits {
                total: 1,
                per_host: 1,
                ..Default::default()
            },
            ..SessionConfig::default()
        });
        let response = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.status(), 200);
    });
}

#[test]
fn what_is_printed_for_debugging_shows_no_password() {
    on_loop(async {
        let server = sending_away(moved(302, "/there")).await;
        let url = server.url("/").replace("http://", "http://user:secret@");
        let request = Session::new().get(url);
        assert!(!format!("{request:?}").contains("secret"), "{request:?}");
        let response = request.sent().await.expect("an answer");
        assert_eq!(response.history().len(), 1);
        assert!(!format!("{:?}", response.history()).contains("secret"));
    });
}
