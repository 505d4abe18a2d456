//! What a request leaves behind when nobody wants its answer any more: nothing.

use looplet_http::runtime::{Task, TaskError, create_task, timeout};
use looplet_http::{Error, PoolLimits, Response, Session};

use crate::server::{
    EMPTY, HELLO, Peer, PoolState, Sent, TestServer, a_moment, at_rest, ms, on_loop, pool_of,
    session_with_pool, until,
};

/// A server that never says more than this.
async fn stopping_after(bytes: &'static str) -> TestServer {
    let server = TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(bytes);
        peer.until_gone().await;
    });
    server.await
}

/// Cancels a request and claims that it is cancelled and not answered.
async fn cancel(request: Task<Result<Response, Error>>) {
    assert!(request.cancel());
    let joined = request.join().await;
    assert!(matches!(joined, Err(TaskError::Cancelled(_))), "{joined:?}");
    assert!(request.cancelled());
}

#[test]
fn a_request_that_is_cancelled_in_the_middle_closes_its_connection_and_frees_its_place() {
    on_loop(async {
        for phase in ["", "HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n"] {
            let server = stopping_after(phase).await;
            let session = Session::new();
            let request = create_task(session.get(server.url("/")).sent());
            server.until_asked(1).await;
            a_moment().await;
            let in_use = PoolState {
                hosts: 1,
                idle: 0,
                free: 99,
            };
            assert_eq!(pool_of(&session), in_use);
            cancel(request).await;
            assert_eq!(pool_of(&session), at_rest(0), "{phase}");
            server.until_open(0).await;
        }
    });
}

#[test]
fn a_request_that_is_cancelled_before_its_first_step_does_nothing() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        cancel(create_task(session.get(server.url("/")).sent())).await;
        assert!(server.is_untouched().await);
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_request_can_be_cancelled_after_any_number_of_steps() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let session = Session::new();
        let mut answered = 0;
        for steps in 0..40 {
            let request = create_task(session.get(server.url("/")).sent());
            for _ in 0..steps {
                looplet_http::runtime::yield_now().await;
            }
            request.cancel();
            answered += usize::from(request.join().await.is_ok());
            let state = pool_of(&session);
            assert!(
                state == at_rest(0) || state == at_rest(1),
                "{steps}: {state:?}"
            );
            // Whatever was left behind, the next one gets its own answer.
            let mut next = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(next.text().await.unwrap(), "hello");
        }
        assert!(answered < 40);
        assert_eq!(pool_of(&session), at_rest(1));
        server.until_open(1).await;
    });
}

#[test]
fn a_request_that_is_cancelled_on_a_reused_connection_takes_it_along() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(EMPTY);
            peer.expect().await;
            a_moment().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::new();
        session.get(server.url("/1")).sent().await.unwrap();
        let request = create_task(session.get(server.url("/2")).sent());
        server.until_asked(2).await;
        cancel(request).await;
        assert_eq!(pool_of(&session), at_rest(0));
        // The late answer to the second request must not become that to the third.
        let mut response = session.get(server.url("/3")).sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "");
        assert_eq!(server.per_connection(), [2, 1]);
    });
}

#[test]
fn a_request_that_is_cancelled_in_line_leaves_the_line() {
    on_loop(async {
        let server = stopping_after("").await;
        let session = session_with_pool(PoolLimits {
            per_host: 1,
            ..PoolLimits::default()
        });
        let holding = create_task(session.get(server.url("/1")).sent());
        server.until_asked(1).await;
        let waiting = create_task(session.get(server.url("/2")).sent());
        a_moment().await;
        cancel(waiting).await;
        assert_eq!(
            pool_of(&session),
            PoolState {
                hosts: 1,
                idle: 0,
                free: 99
            }
        );
        cancel(holding).await;
        assert_eq!(pool_of(&session), at_rest(0));
        assert_eq!(server.lines(), ["GET /1"]);
    });
}

#[test]
fn a_request_that_waits_for_the_session_gives_the_place_of_its_host_back() {
    on_loop(async {
        let (one, other) = (stopping_after("").await, TestServer::answering(EMPTY).await);
        let limits = PoolLimits {
            total: 1,
            per_host: 1,
            ..PoolLimits::default()
        };
        let session = session_with_pool(limits);
        let holding = create_task(session.get(one.url("/")).sent());
        one.until_asked(1).await;
        // It has the place of its host, and waits for one of the session.
        let waiting = create_task(session.get(other.url("/1")).sent());
        a_moment().await;
        cancel(waiting).await;
        cancel(holding).await;
        session.get(other.url("/2")).sent().await.unwrap();
        assert_eq!(other.lines(), ["GET /2"]);
        assert_eq!(
            pool_of(&session),
            PoolState {
                hosts: 0,
                idle: 1,
                free: 1
            }
        );
    });
}

#[test]
fn a_request_that_is_dropped_unfinished_frees_its_place() {
    on_loop(async {
        let server = stopping_after("").await;
        let session = Session::new();
        let sent = timeout(ms(20), session.get(server.url("/")).sent()).await;
        assert!(sent.is_err());
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_request_that_is_never_sent_does_nothing() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        drop(session.get(server.url("/")));
        drop(session.get(server.url("/")).sent());
        assert!(server.is_untouched().await);
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn reading_a_body_whole_closes_the_connection_when_it_is_cancelled() {
    on_loop(async {
        let server = stopping_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").await;
        let session = Session::new();
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        let reading = create_task(async move { response.bytes().await });
        a_moment().await;
        reading.cancel();
        assert!(reading.join().await.is_err());
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_large_request_can_be_cancelled_while_it_is_sent() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.receive_some().await;
            looplet_http::runtime::sleep(ms(100)).await;
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::new();
        let body = vec![b'x'; 32 * 1024 * 1024];
        let request = create_task(session.post(server.url("/")).body(body).sent());
        until(|| server.connections() == 1).await;
        a_moment().await;
        cancel(request).await;
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_body_that_was_given_up_in_the_middle_is_not_taken_for_an_empty_one() {
    on_loop(async {
        let server = stopping_after("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").await;
        let mut response = Session::new()
            .get(server.url("/"))
            .sent()
            .await
            .expect("a head");
        assert!(timeout(ms(20), response.bytes()).await.is_err());
        assert_eq!(response.bytes().await, Err(Error::BodyAbandoned));
        assert_eq!(response.chunk().await, Err(Error::BodyAbandoned));
        server.until_open(0).await;
    });
}
