//! How connections are kept, and what it costs when a server ends them.

use std::time::Duration;

use looplet::{map_concurrent, sleep};
use looplet_http::{ConnectConfig, Session, SessionConfig};

use crate::servers::{Logged, apache, nginx};
use crate::{on_loop, per_connection};

/// Fetches the same URL again and again, with another query each time.
fn fetch_in_a_row(url: String, count: usize) {
    on_loop(async move {
        let session = Session::new();
        for number in 0..count {
            let mut response = session.get(format!("{url}?{number}")).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
        }
    });
}

/// The queries of all requests, sorted by their numbers.
fn numbers(log: &[Logged]) -> Vec<usize> {
    let query = |request: &Logged| request.target.split_once('?').unwrap().1.parse();
    let mut numbers: Vec<usize> = log.iter().map(|request| query(request).unwrap()).collect();
    numbers.sort();
    numbers
}

#[test]
fn requests_in_a_row_share_a_connection_with_nginx() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    fetch_in_a_row(nginx.url("/hello.txt"), 500);
    assert_eq!(per_connection(&nginx.logged(500)), [500]);
}

#[test]
fn five_requests_a_connection_is_what_nginx_allows_and_gets() {
    let Some(nginx) = nginx() else { return };
    fetch_in_a_row(nginx.url("/five"), 500);
    let log = nginx.logged(500);
    assert_eq!(per_connection(&log), [5; 100]);
    assert_eq!(numbers(&log), (0..500).collect::<Vec<_>>());
}

#[test]
fn five_requests_a_connection_is_what_apache_allows_and_gets() {
    let Some(apache) = apache() else { return };
    apache.add_file("hello.txt", "hello");
    fetch_in_a_row(apache.url("/hello.txt"), 500);
    let log = apache.logged(500);
    assert_eq!(per_connection(&log), [5; 100]);
    assert_eq!(numbers(&log), (0..500).collect::<Vec<_>>());
}

/// The times at which the client asks are around the time at which nginx closes, so some
/// requests meet a connection that is being closed.
#[test]
fn no_request_is_lost_or_doubled_when_nginx_closes_idle_connections_all_the_time() {
    let Some(nginx) = nginx() else { return };
    let url = nginx.url("/impatient");
    on_loop(async move {
        let session = Session::new();
        let statuses = map_concurrent(0..500_u64, 6, |number| {
            let request = session.get(format!("{url}?{number}"));
            async move {
                sleep(Duration::from_micros(4000 + number * 37 % 2500)).await;
                request.send().await.unwrap().status().as_u16()
            }
        });
        assert_eq!(statuses.await, [200; 500]);
    });
    let log = nginx.logged(500);
    assert_eq!(numbers(&log), (0..500).collect::<Vec<_>>());
    assert!(per_connection(&log).len() > 6, "nginx has closed none");
}

#[test]
fn many_requests_at_a_time_use_six_connections_at_a_time() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    let url = nginx.url("/hello.txt");
    on_loop(async move {
        let session = Session::new();
        let answers = map_concurrent(0..500, 100, |number| {
            let request = session.get(format!("{url}?{number}"));
            async move { request.send().await.unwrap().text().await.unwrap() }
        });
        assert_eq!(answers.await, ["hello"; 500]);
    });
    let log = nginx.logged(500);
    assert_eq!(per_connection(&log).len(), 6);
    assert_eq!(numbers(&log), (0..500).collect::<Vec<_>>());
}

#[test]
fn answers_without_a_body_keep_their_connection() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    let url = nginx.url("/hello.txt");
    on_loop(async move {
        let session = Session::new();
        let whole = session.get(&url).send().await.unwrap();
        let tag = whole.header("ETag").unwrap();
        let again = session.get(&url).header("If-None-Match", tag);
        let mut unchanged = again.send().await.unwrap();
        assert_eq!(unchanged.status(), 304);
        assert_eq!(unchanged.bytes().await.unwrap(), b"");
        let mut head = session.head(&url).send().await.unwrap();
        assert_eq!(head.header("Content-Length"), Some("5"));
        assert_eq!(head.bytes().await.unwrap(), b"");
        let last = session.get(&url).send().await.unwrap();
        assert_eq!(last.status(), 200);
    });
    assert_eq!(per_connection(&nginx.logged(4)), [4]);
}

#[test]
fn a_unix_socket_of_nginx_is_as_good_as_a_port() {
    let Some(nginx) = nginx() else { return };
    nginx.add_file("hello.txt", "hello");
    let connect = ConnectConfig {
        unix_socket: Some(nginx.file("socket")),
        ..ConnectConfig::default()
    };
    on_loop(async move {
        let session = Session::with(SessionConfig {
            connect,
            ..SessionConfig::default()
        });
        for _ in 0..3 {
            let mut response = session
                .get("http://a.example/hello.txt")
                .send()
                .await
                .unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
        }
    });
    assert_eq!(per_connection(&nginx.logged(3)), [3]);
}
