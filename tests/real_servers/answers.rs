//! What httpbin answers, by the name of its pages.

use std::time::Duration;

use looplet_http::{Error, Phase, RedirectPolicy, Response, Session, SessionConfig, Timeouts};
use serde_json::Value;

use crate::servers::httpbin;
use crate::{on_loop, status_of};

/// Fetches a page of httpbin and returns what `look` makes of the answer.
fn page<T: 'static>(path: &str, look: impl AsyncFnOnce(Response) -> T + 'static) -> Option<T> {
    let url = httpbin()?.url(path);
    Some(on_loop(async move {
        let session = Session::with(SessionConfig {
            redirects: RedirectPolicy::None,
            ..SessionConfig::default()
        });
        look(session.get(url).send().await.unwrap()).await
    }))
}

#[test]
fn a_teapot_says_so() {
    page("/status/418", async |mut response| {
        assert_eq!(response.status().as_u16(), 418);
        assert!(response.text().await.unwrap().contains("teapot"));
    });
}

#[test]
fn twenty_lines_come_in_chunks() {
    page("/stream/20", async |mut response| {
        assert_eq!(response.header("Transfer-Encoding"), Some("chunked"));
        let text = response.text().await.unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let numbers: Vec<_> = lines.map(|line| line["id"].as_u64().unwrap()).collect();
        assert_eq!(numbers, (0..20).collect::<Vec<_>>());
    });
}

#[test]
fn a_body_that_drips_comes_drop_by_drop() {
    page(
        "/drip?numbytes=5&duration=0.5&delay=0",
        async |mut response| {
            assert_eq!(response.header("Content-Length"), Some("5"));
            let mut drops = Vec::new();
            while let Some(drop) = response.chunk().await.unwrap() {
                drops.push(drop);
            }
            assert_eq!(drops.concat(), b"*****");
            assert!(drops.len() > 1, "{drops:?}");
        },
    );
}

#[test]
fn a_text_in_many_scripts_is_read() {
    page("/encoding/utf8", async |mut response| {
        let text = response.text().await.unwrap();
        for part in [
            "Markus Kuhn",
            "\u{222e} E\u{22c5}da",
            "\u{1200}",
            "\u{16bb}",
        ] {
            assert!(text.contains(part), "{part}");
        }
    });
}

#[test]
fn bytes_with_a_seed_are_the_same_in_one_piece_and_in_chunks() {
    let whole = page("/bytes/10000?seed=7", async |mut response| {
        assert_eq!(response.header("Content-Length"), Some("10000"));
        response.bytes().await.unwrap()
    });
    let chunked = page(
        "/stream-bytes/10000?seed=7&chunk_size=333",
        async |mut response| {
            assert_eq!(response.header("Content-Length"), None);
            response.bytes().await.unwrap()
        },
    );
    assert_eq!(whole, chunked);
}

#[test]
fn a_cookie_is_set_with_a_redirect() {
    page("/cookies/set?a=1", async |response| {
        assert_eq!(response.status(), 302);
        assert_eq!(response.header("Set-Cookie"), Some("a=1; Path=/"));
        assert_eq!(response.header("Location"), Some("/cookies"));
    });
}

#[test]
fn headers_that_come_twice_are_both_there() {
    page(
        "/response-headers?X-Note=one&X-Note=two",
        async |response| {
            let notes: Vec<_> = response.headers().get_all("X-Note").collect();
            assert_eq!(notes, [b"one", b"two"]);
        },
    );
}

#[test]
fn credentials_are_asked_for_and_accepted() {
    let Some(httpbin) = httpbin() else { return };
    let url = httpbin.url("/basic-auth/user/pass");
    on_loop(async move {
        let session = Session::new();
        let refused = session.get(&url).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        let challenge = refused.header("WWW-Authenticate");
        assert_eq!(challenge, Some("Basic realm=\"Fake Realm\""));
        let request = session
            .get(&url)
            .header("Authorization", "Basic dXNlcjpwYXNz");
        let mut accepted = request.send().await.unwrap();
        let answer: Value = accepted.json().await.unwrap();
        assert_eq!(answer["user"], "user");
    });
}

#[test]
fn an_answer_that_takes_too_long_ends_at_its_limit() {
    let Some(httpbin) = httpbin() else { return };
    let url = httpbin.url("/delay/3");
    let limit = Duration::from_millis(300);
    let timeouts = Timeouts {
        first_byte: Some(limit),
        ..Timeouts::default()
    };
    let answer = on_loop(async move {
        let config = SessionConfig {
            timeouts,
            ..SessionConfig::default()
        };
        status_of(Session::with(config).get(url)).await
    });
    let phase = Phase::FirstByte;
    let after = limit;
    assert_eq!(answer, Err(Error::Timeout { phase, after }));
}

#[test]
fn raise_for_status_names_the_page() {
    page("/status/503", async |response| {
        let url = response.url().to_string();
        let error = response.raise_for_status().err();
        assert_eq!(error, Some(Error::Status { code: 503, url }));
    });
}
