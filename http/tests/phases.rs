//! Where the time of a request went, and since when its connection is idle, on the virtual clock.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use looplet_http::runtime::{Clock, Runner, create_task, sleep};
use looplet_http::{Conversation, PoolLimits, Progress, Replay, Session, SessionConfig};

const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const URL: &str = "http://a.example/";
const LATE: Duration = Duration::from_secs(20);

/// Runs a test under the virtual clock.
fn on_loop(test: impl Future<Output = ()> + 'static) {
    Runner::with_clock(Clock::Virtual)
        .unwrap()
        .run(test)
        .unwrap();
}

/// A session with so many places for a host.
fn session(per_host: usize, conversations: impl IntoIterator<Item = Conversation>) -> Session {
    let mut config = SessionConfig {
        pool: PoolLimits {
            per_host,
            ..PoolLimits::default()
        },
        ..SessionConfig::default()
    };
    config.connect.replay = Some(Replay::new(conversations));
    Session::with(config)
}

/// How many connections are idle, after those that are over were closed.
async fn idle(session: &Session) -> usize {
    sleep(Duration::from_millis(1)).await;
    let text = format!("{session:?}");
    let (_, behind) = text.split_once("idle: ").unwrap();
    behind.split_once(',').unwrap().0.parse().unwrap()
}

#[test]
fn a_head_in_one_piece_and_a_body_that_came_with_it_took_no_time() {
    on_loop(async {
        let late = Conversation::new().answer_after(LATE, HELLO);
        let response = session(1, [late]).get(URL).send().await.unwrap();
        let timings = response.timings();
        assert_eq!(timings.first_byte.as_secs(), 20);
        assert_eq!((timings.head, timings.body), Default::default());
        assert_eq!(response.progress().phase(), None);
    });
}

#[test]
fn who_waited_for_a_place_and_got_a_kept_connection_waited_in_pool_wait() {
    on_loop(async {
        let both = Conversation::new().answer_after(LATE, HELLO).answer(HELLO);
        let session = session(1, [both]);
        let first = create_task(session.get(URL).send());
        let second = create_task(session.get(URL).send());
        first.await.unwrap();
        let response = second.await.unwrap();
        let timings = response.timings();
        assert!(response.progress().is_reused());
        assert_eq!(timings.pool_wait.as_secs(), 20);
        assert_eq!(timings.send.as_secs(), 0);
    });
}

#[test]
fn two_requests_with_one_record_spoil_no_connection() {
    on_loop(async {
        let late = Conversation::new().answer_after(LATE, HELLO).answer(HELLO);
        let half = Conversation::new().answer(HELLO.strip_suffix("lo").unwrap());
        let session = session(2, [late, half]);
        let progress = Progress::new();
        let request = || session.get(URL).progress(&progress);
        let late = create_task(request().send());
        sleep(Duration::from_millis(1)).await;
        // Its body is under way when the late answer comes.
        let _half = request().send().await.unwrap();
        late.await.unwrap();
        assert!(progress.timings().body > LATE - Duration::from_millis(2));
        assert_eq!(idle(&session).await, 1);
    });
}

#[cfg(feature = "gzip")]
#[test]
fn a_connection_whose_coded_body_is_read_late_is_idle_from_then_on() {
    use flate2::{Compress, Compression, FlushCompress};

    on_loop(async {
        // More than is decoded before somebody asks for it.
        let content = vec![7; 300_000];
        let mut coded = Vec::with_capacity(content.len());
        Compress::new_gzip(Compression::best(), 15)
            .compress_vec(&content, &mut coded, FlushCompress::Finish)
            .unwrap();
        let length = coded.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
        );
        let answer = [head.into_bytes(), coded].concat();
        let session = session(1, [Conversation::new().answer(answer).answer(HELLO)]);
        let mut response = session.get(URL).send().await.unwrap();
        sleep(LATE).await;
        assert_eq!(response.bytes().await.unwrap(), content);
        assert_eq!(idle(&session).await, 1);
    });
}
