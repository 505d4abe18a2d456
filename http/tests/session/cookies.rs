//! A session with a jar: what comes into it, and what goes out of it with every hop.

use looplet_http::cookies::CookieJar;
use looplet_http::message::Headers;
use looplet_http::{Session, SessionConfig};
use url::Url;

use crate::server::{EMPTY, HELLO, Peer, Sent, TestServer, moved, on_loop};

/// A session with this jar and without default headers.
fn session_with(jar: &CookieJar) -> Session {
    Session::with(SessionConfig {
        headers: Headers::new(),
        decode: false,
        cookies: Some(jar.clone()),
        ..SessionConfig::default()
    })
}

/// An answer with more lines in its head.
fn with_lines(answer: &str, lines: &str) -> String {
    answer.replacen("\r\n", &format!("\r\n{lines}"), 1)
}

/// A server that gives its answers in turn, one connection after the other.
async fn answering_in_turn<const N: usize>(answers: [String; N]) -> TestServer {
    let left = std::cell::RefCell::new(answers.to_vec());
    let server = TestServer::start(async move |mut peer: Peer| {
        while peer.expect().await.is_some() {
            let answer = left.borrow_mut().remove(0);
            peer.send(answer);
        }
    });
    server.await
}

/// The values of `Cookie` in each request; `-` where there is none.
fn cookies_of(server: &TestServer) -> Vec<String> {
    let requests = server.requests();
    let value = |request: &String| {
        let fields: Vec<&str> = request
            .lines()
            .filter_map(|line| line.strip_prefix("Cookie: "))
            .collect();
        assert!(fields.len() < 2, "{request}");
        fields
            .first()
            .map_or("-".to_owned(), |value| (*value).to_owned())
    };
    requests.iter().map(value).collect()
}

/// The names in a jar, the oldest first.
fn names(jar: &CookieJar) -> Vec<String> {
    let cookies = jar.cookies();
    cookies
        .iter()
        .map(|cookie| cookie.name().to_owned())
        .collect()
}

#[test]
fn what_a_server_sets_comes_back_to_it() {
    on_loop(async {
        let set = with_lines(
            HELLO,
            "Set-Cookie: the=winner; path=/;\r\nset-cookie: b=2\r\n",
        );
        let server = TestServer::answering(set).await;
        let session = session_with(&CookieJar::new());
        for _ in 0..3 {
            session.get(server.url("/want/27")).sent().await.unwrap();
        }
        let both = "b=2; the=winner";
        assert_eq!(cookies_of(&server), ["-", both, both]);
    });
}

#[test]
fn the_callers_cookies_go_first() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let jar = CookieJar::new();
        jar.set(&Url::parse(&server.url("/")).unwrap(), "kept=1")
            .unwrap();
        let session = session_with(&jar);
        let own = session.get(server.url("/")).header("cookie", "a=1");
        own.cookie("b", "2").sent().await.unwrap();
        let mut headers = Headers::new();
        headers.append("Cookie", "default=1").unwrap();
        let session = Session::with(SessionConfig {
            headers,
            cookies: Some(jar.clone()),
            ..SessionConfig::default()
        });
        session.get(server.url("/")).sent().await.unwrap();
        session
            .get(server.url("/"))
            .cookie("a", "1")
            .sent()
            .await
            .unwrap();
        let expected = ["a=1; b=2; kept=1", "default=1; kept=1", "a=1; kept=1"];
        assert_eq!(cookies_of(&server), expected);
        assert_eq!(names(&jar), ["kept"]);
    });
}

#[test]
fn a_redirect_sets_cookies_for_its_next_hop() {
    on_loop(async {
        let first = with_lines(
            &moved(301, "/want/next"),
            "Set-Cookie: dead=1; path=/; expires=Thu Jan  1 00:00:00 GMT 1970;\r\n\
             Set-Cookie: test2=true; domain=127.0.0.1; path=/; expires=Fri Feb 13 11:56:27 GMT 2525;\r\n",
        );
        let second = with_lines(
            &moved(302, "/"),
            "Set-Cookie: test2=; path=/; Max-Age=0\r\n",
        );
        let server = answering_in_turn([first, second, HELLO.to_owned()]).await;
        let jar = CookieJar::new();
        let request = session_with(&jar)
            .get(server.url("/want/"))
            .cookie("own", "1");
        request.sent().await.unwrap();
        assert_eq!(cookies_of(&server), ["own=1", "own=1; test2=true", "own=1"]);
        assert!(jar.is_empty());
    });
}

#[test]
fn another_host_gets_its_own_cookies_and_no_others() {
    on_loop(async {
        let away = TestServer::answering(with_lines(HELLO, "Set-Cookie: away=2\r\n")).await;
        let place = away.url("/").replace("127.0.0.1", "localhost");
        let answer = with_lines(&moved(302, &place), "Set-Cookie: home=2\r\n");
        let home = TestServer::answering(answer).await;
        let jar = CookieJar::new();
        jar.set(&Url::parse(&home.url("/")).unwrap(), "home=1")
            .unwrap();
        jar.set(&Url::parse(&place).unwrap(), "away=1").unwrap();
        let session = session_with(&jar);
        for _ in 0..2 {
            let request = session.get(home.url("/")).cookie("own", "1");
            request.sent().await.unwrap();
        }
        assert_eq!(cookies_of(&home), ["own=1; home=1", "own=1; home=2"]);
        assert_eq!(cookies_of(&away), ["away=1", "away=2"]);
    });
}

#[test]
fn an_interim_answer_sets_nothing() {
    on_loop(async {
        let hints = "HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\n";
        let answer = format!("{hints}{}", with_lines(EMPTY, "Set-Cookie: late=1\r\n"));
        let server = TestServer::answering(answer).await;
        let jar = CookieJar::new();
        session_with(&jar)
            .get(server.url("/"))
            .sent()
            .await
            .unwrap();
        assert_eq!(names(&jar), ["late"]);
    });
}

#[test]
fn of_one_answer_50_lines_are_looked_at() {
    on_loop(async {
        let line = |number| format!("Set-Cookie: cookie-{number}=yes;\r\n");
        let lines: String = (1..=80).map(line).collect();
        let server = TestServer::answering(with_lines(EMPTY, &lines)).await;
        let jar = CookieJar::new();
        let response = session_with(&jar).get(server.url("/")).sent().await;
        assert_eq!(response.unwrap().status(), 200);
        let names = names(&jar);
        assert_eq!(
            (names.len(), &*names[0], &*names[49]),
            (50, "cookie-1", "cookie-50")
        );
    });
}

#[test]
fn what_is_refused_is_no_reason_to_refuse_the_answer() {
    on_loop(async {
        let lines = "Set-Cookie: a=1; domain=other.example\r\nSet-Cookie:\r\n\
                     Set-Cookie: b=2;\r\n path=/;\r\n httponly\r\nSet-Cookie: =c\r\n";
        let server = TestServer::answering(with_lines(HELLO, lines)).await;
        let jar = CookieJar::new();
        let response = session_with(&jar).get(server.url("/x/")).sent().await;
        assert_eq!(response.unwrap().text().await.unwrap(), "hello");
        let cookies = jar.cookies();
        assert_eq!(names(&jar), ["b"]);
        assert_eq!((cookies[0].path(), cookies[0].is_http_only()), ("/", true));
    });
}

#[test]
fn sessions_share_a_jar() {
    on_loop(async {
        let server = TestServer::answering(with_lines(HELLO, "Set-Cookie: a=1\r\n")).await;
        let jar = CookieJar::new();
        for _ in 0..2 {
            session_with(&jar)
                .get(server.url("/"))
                .sent()
                .await
                .unwrap();
        }
        Session::new().get(server.url("/")).sent().await.unwrap();
        assert_eq!(cookies_of(&server), ["-", "a=1", "-"]);
    });
}
