//! Sessions whose server is made of answers.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use looplet_http::runtime::{Clock, Runner, get_running_loop};
use looplet_http::{Conversation, Error, Replay, Retry, Session, SessionConfig, Timeouts};

const EMPTY: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// Runs a test under the virtual clock.
fn on_loop(test: impl Future<Output = ()> + 'static) {
    Runner::with_clock(Clock::Virtual)
        .unwrap()
        .run(test)
        .unwrap();
}

fn config(replay: &Replay) -> SessionConfig {
    let mut config = SessionConfig::default();
    config.connect.replay = Some(replay.clone());
    config
}

#[test]
fn a_conversation_has_an_answer_for_each_request_and_keeps_what_was_asked() {
    on_loop(async {
        let one = Conversation::new().answer(EMPTY).answer(EMPTY);
        let replay = Replay::new([one]);
        let session = Session::with(config(&replay));
        let sent = session.post("http://a.example/1").body("two").send().await;
        assert_eq!(sent.unwrap().status(), 204);
        let sent = session.get("http://a.example/2").send().await;
        assert_eq!(sent.unwrap().status(), 204);
        let requests = replay.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[0].starts_with(b"POST /1 ") && requests[0].ends_with(b"\r\n\r\ntwo"));
        assert!(requests[1].starts_with(b"GET /2 "));
        assert_eq!(replay.left(), 0);
    });
}

#[test]
fn what_is_asked_beyond_the_answers_is_refused() {
    on_loop(async {
        let replay = Replay::new([Conversation::new().answer(EMPTY)]);
        let session = Session::with(config(&replay));
        session.get("http://a.example/").send().await.unwrap();
        let refused = session.get("http://b.example/").send().await.unwrap_err();
        assert!(
            refused.to_string().contains("no conversation is left"),
            "{refused}"
        );
    });
}

#[test]
fn a_late_answer_is_late_on_the_clock_of_the_loop() {
    on_loop(async {
        let late = || Conversation::new().answer_after(Duration::from_secs(20), EMPTY);
        let replay = Replay::new([late(), late()]);
        let session = Session::with(config(&replay));
        let began = get_running_loop().time();
        session.get("http://a.example/").send().await.unwrap();
        assert_eq!((get_running_loop().time() - began).as_secs(), 20);

        let timeouts = Timeouts {
            first_byte: Some(Duration::from_secs(5)),
            ..Timeouts::default()
        };
        let session = Session::with(SessionConfig {
            timeouts,
            ..config(&replay)
        });
        let failure = session.get("http://a.example/").send().await.unwrap_err();
        assert!(failure.is_timeout(), "{failure}");
        assert_eq!(failure.timings().first_byte.as_secs(), 5);
    });
}

#[test]
fn a_retry_waits_as_long_as_the_server_says() {
    on_loop(async {
        let busy = "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n";
        let replay = Replay::new([Conversation::new().answer(busy).answer(EMPTY)]);
        let retry = Some(Retry::default());
        let session = Session::with(SessionConfig {
            retry,
            ..config(&replay)
        });
        let began = get_running_loop().time();
        let response = session.get("http://a.example/").send().await.unwrap();
        assert_eq!(response.status(), 204);
        assert_eq!((get_running_loop().time() - began).as_secs(), 7);
        assert_eq!(response.timings().earlier.as_secs(), 7);
    });
}

#[test]
fn a_session_for_https_alone_refuses_http_before_it_connects() {
    on_loop(async {
        let replay = Replay::new([Conversation::new().answer(EMPTY)]);
        let session = Session::with(SessionConfig {
            https_only: true,
            ..config(&replay)
        });
        let refused = session.get("http://a.example/").send().await.unwrap_err();
        let host = "a.example".to_owned();
        assert_eq!(refused, Error::NotSecure { host });
        assert_eq!(replay.left(), 1);
    });
}
