//! Whose credentials are shown, where, and what a refusal leads to.

use looplet_http::message::{Body, Headers};
use looplet_http::runtime::iter;
use looplet_http::{Auth, Error, Netrc, Session, SessionConfig};

use crate::server::{EMPTY, HELLO, Peer, Sent, TestServer, moved, on_loop, target_of};

/// `Authorization: Basic` for these users, with the password `p`.
const ONE: &str = "Basic b25lOnA=";
const TWO: &str = "Basic dHdvOnA=";

fn one() -> Auth {
    Auth::basic("one", "p")
}

fn two() -> Auth {
    Auth::basic("two", "p")
}

/// A session that adds nothing but credentials.
fn session(change: impl FnOnce(&mut SessionConfig)) -> Session {
    let mut config = SessionConfig {
        headers: Headers::new(),
        decode: false,
        ..SessionConfig::default()
    };
    change(&mut config);
    Session::with(config)
}

/// The value of `Authorization` in each request.
fn shown(server: &TestServer) -> Vec<Option<String>> {
    let value = |request: &String| {
        let mut lines = request.lines();
        let found = lines.find_map(|line| line.strip_prefix("Authorization: "));
        found.map(str::to_string)
    };
    server.requests().iter().map(value).collect()
}

/// The URL of a target with user and password in it.
fn with_user(server: &TestServer, user: &str, target: &str) -> String {
    server
        .url(target)
        .replace("http://", &format!("http://{user}@"))
}

/// A server that refuses what has no `Authorization`.
async fn refusing(challenge: &'static str) -> TestServer {
    let server = TestServer::start(async move |mut peer: Peer| {
        while let Some(request) = peer.expect().await {
            match request.contains("\r\nAuthorization: ") {
                true => peer.send(HELLO),
                false => peer.send(refusal(challenge, "no")),
            }
        }
    });
    server.await
}

fn refusal(challenge: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 401 X\r\nWWW-Authenticate: {challenge}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// A server that sends `/` elsewhere and greets everywhere else.
async fn sending_to(location: String) -> TestServer {
    let server = TestServer::start(async move |mut peer: Peer| {
        while let Some(request) = peer.expect().await {
            match target_of(&request) {
                "/" => peer.send(moved(302, &location)),
                _ => peer.send(HELLO),
            }
        }
    });
    server.await
}

#[test]
fn the_first_of_header_request_url_session_and_netrc_is_shown() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let netrc = "machine 127.0.0.1 login five password p";
        let session = session(|config| {
            config.auth = Some(Auth::basic("four", "p"));
            config.netrc = Some(Netrc::parse(netrc).unwrap());
        });
        let plain = session.get(server.url("/"));
        let in_url = session.get(with_user(&server, "three:p", "/"));
        let asked = in_url.clone().auth(one()).auth(two());
        let header = asked.clone().header("authorization", "Own");
        for request in [header, asked, in_url, plain] {
            request.sent().await.unwrap();
        }
        let only_netrc = crate::credentials::session(|config| {
            config.netrc = Some(Netrc::parse(netrc).unwrap());
        });
        only_netrc.get(server.url("/")).sent().await.unwrap();
        let headers = server.requests()[0].contains("\r\nauthorization: Own\r\n");
        assert!(headers && shown(&server)[0].is_none());
        let expected = [
            "Basic dHdvOnA=",
            "Basic dGhyZWU6cA==",
            "Basic Zm91cjpw",
            "Basic Zml2ZTpw",
        ];
        assert_eq!(
            shown(&server)[1..],
            expected.map(|value| Some(value.to_string()))
        );
    });
}

#[test]
fn a_header_of_the_session_goes_before_credentials() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = session(|config| config.headers.append("Authorization", "Own").unwrap());
        let request = session.get(with_user(&server, "three:p", "/")).auth(one());
        request.sent().await.unwrap();
        assert_eq!(shown(&server), [Some("Own".to_string())]);
    });
}

#[test]
fn user_and_password_of_a_url_are_decoded() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        for user in ["foo%40bar:s%2Fe%20c", "me", ":p", "%ff:%C3%A4", "u:p%3Aq"] {
            session(|_| ())
                .get(with_user(&server, user, "/"))
                .sent()
                .await
                .unwrap();
        }
        // foo@bar:s/e c, me:, :p, the bytes ff 3a c3 a4, u:p:q
        let expected = [
            "Zm9vQGJhcjpzL2UgYw==",
            "bWU6",
            "OnA=",
            "/zrDpA==",
            "dTpwOnE=",
        ];
        assert_eq!(
            shown(&server),
            expected.map(|value| Some(format!("Basic {value}")))
        );
    });
}

#[test]
fn what_cannot_be_shown_is_told_before_a_connect() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        for user in ["u%0d%0aEvil:p", "a%3Ab:p", "u:%00"] {
            let sent = Session::new()
                .get(with_user(&server, user, "/"))
                .sent()
                .await;
            let error = sent.unwrap_err();
            assert!(
                matches!(error, Error::InvalidCredentials { .. }),
                "{error:?}"
            );
            assert!(error.is_caller_mistake());
        }
        assert!(server.is_untouched().await);
    });
}

#[test]
fn the_netrc_file_completes_a_url_and_needs_no_login() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        for (netrc, user, expected) in [
            ("machine 127.0.0.1 login one password p", "one", Some(ONE)),
            ("machine 127.0.0.1 password p", "one", Some(ONE)),
            ("machine 127.0.0.1 login one password p", "two:p", Some(TWO)),
            (
                "machine 127.0.0.1 login one password p",
                "two:",
                Some("Basic dHdvOg=="),
            ),
            ("machine 127.0.0.1 password p", "", Some("Basic OnA=")),
            ("machine 127.0.0.1 login one", "", Some("Basic b25lOg==")),
            ("default login one password p", "", Some(ONE)),
            ("machine 127.0.0.1 default login one password p", "", None),
            ("machine a.example login one password p", "", None),
        ] {
            let session = session(|config| config.netrc = Some(Netrc::parse(netrc).unwrap()));
            let url = match user {
                "" => server.url("/"),
                user => with_user(&server, user, "/"),
            };
            session.get(url).sent().await.unwrap();
            assert_eq!(
                shown(&server).pop().unwrap().as_deref(),
                expected,
                "{netrc} {user}"
            );
        }
    });
}

#[test]
fn credentials_follow_within_an_origin_and_stay_behind_elsewhere() {
    on_loop(async {
        let other = TestServer::answering(HELLO).await;
        for (location, follows) in [("/next".to_string(), true), (other.url("/"), false)] {
            let server = sending_to(location).await;
            let by_session = session(|config| config.auth = Some(one()));
            let plain = session(|_| ());
            for request in [
                plain.get(server.url("/")).auth(one()),
                plain.get(with_user(&server, "one:p", "/")),
                by_session.get(server.url("/")),
            ] {
                request.sent().await.unwrap();
            }
            let at_home = shown(&server);
            assert_eq!(at_home.len(), if follows { 6 } else { 3 });
            assert!(at_home.iter().all(|value| value.as_deref() == Some(ONE)));
        }
        assert_eq!(shown(&other), [None, None, None]);
    });
}

#[test]
fn an_absolute_location_within_the_origin_keeps_what_the_url_had() {
    on_loop(async {
        let server = TestServer::start(async move |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                let (_, rest) = request.split_once("Host: ").unwrap();
                let host = rest.lines().next().unwrap();
                match target_of(&request) {
                    "/" => peer.send(moved(302, &format!("http://evil:x@{host}/next"))),
                    _ => peer.send(HELLO),
                }
            }
        })
        .await;
        let request = session(|_| ()).get(with_user(&server, "one:p", "/"));
        request.sent().await.unwrap();
        assert_eq!(
            shown(&server),
            [Some(ONE.to_string()), Some(ONE.to_string())]
        );
    });
}

#[test]
fn what_stayed_behind_is_not_taken_up_on_the_way_back() {
    on_loop(async {
        let (home, away) = (sending_to_query().await, sending_to_query().await);
        let way = format!("/?{}", away.url(&format!("/?{}", home.url("/back"))));
        let request = session(|_| ()).get(home.url(&way)).auth(one());
        request.sent().await.unwrap();
        assert_eq!(
            home.lines(),
            [format!("GET {way}"), "GET /back".to_string()]
        );
        assert_eq!(shown(&home), [Some(ONE.to_string()), None]);
    });
}

/// A server that sends a request to the URL in its query.
async fn sending_to_query() -> TestServer {
    let server = TestServer::start(async move |mut peer: Peer| {
        while let Some(request) = peer.expect().await {
            match target_of(&request).split_once('?') {
                Some((_, location)) => peer.send(moved(302, location)),
                None => peer.send(HELLO),
            }
        }
    });
    server.await
}

#[test]
fn trusted_redirects_take_credentials_and_headers_anywhere_but_not_the_host() {
    on_loop(async {
        let other = TestServer::answering(HELLO).await;
        let server = sending_to(other.url("/")).await;
        let trusting = session(|config| config.trust_redirects = true);
        let plain = session(|_| ());
        for request in [
            plain.get(server.url("/")).auth(one()).trust_redirects(),
            trusting.get(with_user(&server, "one:p", "/")),
            trusting.get(server.url("/")).header("Authorization", ONE),
        ] {
            let request = request
                .header("Cookie", "a=b")
                .header("Host", "front.example");
            request.sent().await.unwrap();
        }
        assert_eq!(shown(&other), [(); 3].map(|()| Some(ONE.to_string())));
        let host = format!("\r\nHost: {}\r\n", other.authority());
        for request in other.requests() {
            assert!(request.contains("\r\nCookie: a=b\r\n"), "{request}");
            assert!(request.contains(&host), "{request}");
        }
    });
}

#[test]
fn the_netrc_file_is_asked_for_each_origin() {
    on_loop(async {
        let other = TestServer::answering(HELLO).await;
        let location = other.url("/").replace("127.0.0.1", "localhost");
        let server = sending_to(location).await;
        for (netrc, expected) in [
            (
                "machine 127.0.0.1 login one password p machine localhost login two password p",
                Some(TWO),
            ),
            ("machine 127.0.0.1 login one password p default", None),
        ] {
            let session = session(|config| config.netrc = Some(Netrc::parse(netrc).unwrap()));
            session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(shown(&server).pop().unwrap().as_deref(), Some(ONE));
            assert_eq!(shown(&other).pop().unwrap().as_deref(), expected);
        }
    });
}

#[test]
fn who_waits_to_be_asked_answers_on_the_same_connection() {
    on_loop(async {
        let server = refusing("Basic realm=x").await;
        let request = session(|_| ())
            .post(server.url("/"))
            .auth(Auth::any("one", "p"));
        let mut response = request.body("data").sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert!(response.history().is_empty());
        assert_eq!(shown(&server), [None, Some(ONE.to_string())]);
        assert!(
            server
                .requests()
                .iter()
                .all(|request| request.ends_with("\r\n\r\ndata"))
        );
        assert_eq!(server.per_connection(), [2]);
    });
}

#[test]
fn a_refusal_whose_body_comes_late_keeps_the_connection() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                if request.contains("\r\nAuthorization: ") {
                    peer.send(HELLO);
                } else {
                    let refusal = refusal("Basic realm=x", "piece by piece");
                    peer.send_slowly(refusal.as_bytes().chunks(40)).await;
                }
            }
        });
        let server = server.await;
        let request = session(|_| ())
            .get(server.url("/"))
            .auth(Auth::any("one", "p"));
        assert_eq!(request.sent().await.unwrap().status(), 200);
        assert_eq!(server.per_connection(), [2]);
    });
}

#[test]
fn a_refusal_with_a_body_that_is_long_or_never_ends_is_answered_on_another_connection() {
    on_loop(async {
        for framing in [
            "Content-Length: 1000000",
            "Content-Length: 5",
            "X-Until: the end",
        ] {
            let server = TestServer::start(async move |mut peer: Peer| {
                while let Some(request) = peer.expect().await {
                    match request.contains("\r\nAuthorization: ") {
                        true => peer.send(HELLO),
                        false => peer.send(format!(
                            "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=x\r\n{framing}\r\n\r\nno"
                        )),
                    }
                }
            });
            let server = server.await;
            let request = session(|_| ())
                .get(server.url("/"))
                .auth(Auth::any("one", "p"));
            assert_eq!(request.sent().await.unwrap().status(), 200);
            assert_eq!(server.per_connection(), [1, 1], "{framing}");
        }
    });
}

#[test]
fn a_refusal_that_cannot_be_answered_is_a_response() {
    on_loop(async {
        for (auth, requests) in [(one(), 1), (Auth::any("one", "p"), 2)] {
            let server = TestServer::answering(refusal("Basic realm=x", "no")).await;
            let request = session(|_| ()).get(server.url("/")).auth(auth);
            let mut response = request.sent().await.unwrap();
            assert_eq!(response.status(), 401);
            assert_eq!(response.text().await.unwrap(), "no");
            assert_eq!(server.requests().len(), requests);
        }
    });
}

#[test]
fn a_body_that_is_used_up_cannot_be_sent_to_whoever_asks() {
    on_loop(async {
        let server = refusing("Basic realm=x").await;
        let body = Body::sized_stream(4, iter(["da", "ta"].map(Ok)));
        let request = session(|_| ())
            .post(server.url("/"))
            .auth(Auth::any("one", "p"));
        let error = request.body(body).sent().await.unwrap_err();
        assert_eq!(error, Error::BodyNotReplayable);
        assert_eq!(server.requests().len(), 1);
    });
}
