//! Which connections are used again, how many there are, and who waits for one.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use looplet_http::runtime::{Clock, Event, Runner, create_task, gather, sleep};
use looplet_http::{Error, PoolLimits, Session, SessionConfig, Timeouts};

use crate::server::{
    EMPTY, HELLO, Peer, PoolState, Sent, TestServer, a_moment, at_rest, ms, on_loop, pool_of,
    session_with_pool, until,
};

/// Sends `count` requests one after the other and returns the requests on each connection.
async fn sequence(count: usize, answer: impl Into<String>) -> Vec<usize> {
    let server = TestServer::answering(answer).await;
    let session = Session::new();
    for _ in 0..count {
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        response.bytes().await.unwrap();
    }
    server.per_connection()
}

#[test]
fn sequential_requests_share_a_connection() {
    on_loop(async {
        assert_eq!(sequence(20, HELLO).await, [20]);
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        assert_eq!(sequence(20, chunked).await, [20]);
        let large = "x".repeat(300_000);
        let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n{large}");
        assert_eq!(sequence(5, large).await, [5]);
    });
}

#[test]
fn a_connection_that_was_announced_to_end_is_not_used_again() {
    on_loop(async {
        for head in [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        ] {
            assert_eq!(sequence(3, head).await, [1, 1, 1], "{head}");
        }
        let kept = "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(sequence(3, kept).await, [3]);
    });
}

#[test]
fn a_request_that_says_close_is_the_last_of_its_connection() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        for _ in 0..2 {
            let request = session.get(server.url("/")).header("connection", "close");
            request.sent().await.unwrap();
        }
        assert_eq!(server.per_connection(), [1, 1]);
    });
}

#[test]
fn a_body_that_ends_with_its_connection_ends_it() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
        });
        let server = server.await;
        let session = Session::new();
        for _ in 0..2 {
            let mut response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            assert_eq!(pool_of(&session), at_rest(0));
        }
        assert_eq!(server.per_connection(), [1, 1]);
    });
}

#[test]
fn answers_without_a_body_keep_their_connection() {
    on_loop(async {
        let answer = "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n";
        assert_eq!(sequence(3, answer).await, [3]);
        assert_eq!(sequence(3, "HTTP/1.1 304 Not Modified\r\n\r\n").await, [3]);
        let head_only = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        let server = TestServer::answering(head_only).await;
        let session = Session::new();
        for _ in 0..3 {
            session.head(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(server.per_connection(), [3]);
    });
}

#[test]
fn a_small_body_that_nobody_reads_keeps_its_connection() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let session = Session::new();
        let mut responses = Vec::new();
        for _ in 0..3 {
            responses.push(session.get(server.url("/")).sent().await.unwrap());
            // Nor does a response that is kept hold it back.
            assert_eq!(pool_of(&session), at_rest(1));
        }
        assert_eq!(server.per_connection(), [3]);
        assert_eq!(responses[0].text().await.unwrap(), "hello");
    });
}

#[test]
fn a_response_that_is_dropped_half_read_closes_its_connection() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::new();
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.chunk().await, Ok(Some(b"hello".to_vec())));
        let in_use = PoolState {
            hosts: 1,
            idle: 0,
            free: 99,
        };
        assert_eq!(pool_of(&session), in_use);
        drop(response);
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_fault_in_the_head_or_the_body_closes_the_connection() {
    on_loop(async {
        for answer in [
            "HTTP/1.1 999999 X\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n",
        ] {
            let server = TestServer::answering(answer).await;
            let session = Session::new();
            if let Ok(mut response) = session.get(server.url("/")).sent().await {
                response.bytes().await.unwrap_err();
            }
            assert_eq!(pool_of(&session), at_rest(0), "{answer}");
            server.until_open(0).await;
        }
    });
}

#[test]
fn the_youngest_idle_connection_is_taken_first() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            while let Some(request) = peer.expect().await {
                sleep(ms(if request.starts_with("GET /slow") {
                    20
                } else {
                    5
                }))
                .await;
                peer.send(EMPTY);
            }
        });
        let server = server.await;
        let session = Session::new();
        let slow = session.get(server.url("/slow")).sent();
        let fast = session.get(server.url("/fast")).sent();
        let (slow, fast) = gather((slow, fast)).await;
        assert!(slow.is_ok() && fast.is_ok());
        assert_eq!(pool_of(&session), at_rest(2));
        session.get(server.url("/next")).sent().await.unwrap();
        let next = server.lines().iter().position(|line| line == "GET /next");
        let slow = server.lines().iter().position(|line| line == "GET /slow");
        assert_eq!(next, slow.map(|at| at + 1), "{server:?}");
    });
}

/// Starts `count` requests at once, to a server that answers when it is told to.
struct Rush {
    server: TestServer,
    session: Session,
    /// Set to let all answers go.
    answer: Rc<Event>,
    /// The numbers of the requests that were answered, in that order.
    answered: Rc<RefCell<Vec<usize>>>,
}

impl Rush {
    async fn start(pool: PoolLimits, count: usize) -> Self {
        let answer = Rc::new(Event::new());
        let gate = answer.clone();
        let server = TestServer::start(async move |mut peer: Peer| {
            while peer.expect().await.is_some() {
                gate.wait().await;
                peer.send(EMPTY);
            }
        });
        let rush = Rush {
            server: server.await,
            session: session_with_pool(pool),
            answer,
            answered: Rc::default(),
        };
        for number in 0..count {
            let sending = rush
                .session
                .get(rush.server.url(&format!("/{number}")))
                .sent();
            let answered = rush.answered.clone();
            create_task(async move {
                sending.await.unwrap();
                answered.borrow_mut().push(number);
            });
        }
        rush
    }

    /// The targets that the server was asked for, by connection.
    fn asked(&self) -> Vec<String> {
        self.server.lines()
    }
}

#[test]
fn a_host_gets_six_connections_and_the_rest_wait_in_line() {
    on_loop(async {
        let rush = Rush::start(PoolLimits::default(), 9).await;
        rush.server.until_asked(6).await;
        a_moment().await;
        assert_eq!(rush.server.connections(), 6);
        let first_six: Vec<_> = (0..6).map(|number| format!("GET /{number}")).collect();
        assert_eq!(rush.asked(), first_six);
        rush.answer.set();
        until(|| rush.answered.borrow().len() == 9).await;
        assert_eq!(*rush.answered.borrow(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(rush.server.connections(), 6);
        assert_eq!(pool_of(&rush.session), at_rest(6));
    });
}

#[test]
fn one_place_serves_everybody_in_the_order_of_their_coming() {
    on_loop(async {
        let one = PoolLimits {
            per_host: 1,
            ..PoolLimits::default()
        };
        let rush = Rush::start(one, 20).await;
        rush.answer.set();
        until(|| rush.answered.borrow().len() == 20).await;
        assert_eq!(*rush.answered.borrow(), Vec::from_iter(0..20));
        assert_eq!(rush.server.per_connection(), [20]);
    });
}

#[test]
fn the_places_of_a_session_are_limited_over_all_hosts() {
    on_loop(async {
        let limits = PoolLimits {
            total: 2,
            ..PoolLimits::default()
        };
        let session = session_with_pool(limits);
        let most = Rc::new(Cell::new(0));
        let busy = Rc::new(Cell::new(0));
        let mut servers = Vec::new();
        for _ in 0..4 {
            let (most, busy) = (most.clone(), busy.clone());
            let server = TestServer::start(async move |mut peer: Peer| {
                peer.expect().await;
                busy.set(busy.get() + 1);
                most.set(most.get().max(busy.get()));
                sleep(ms(5)).await;
                busy.set(busy.get() - 1);
                peer.send(EMPTY);
                peer.until_gone().await;
            });
            servers.push(server.await);
        }
        let sending = servers
            .iter()
            .map(|server| session.get(server.url("/")).sent());
        for outcome in gather(sending.collect::<Vec<_>>()).await {
            outcome.unwrap();
        }
        assert_eq!(most.get(), 2);
        assert_eq!(
            pool_of(&session),
            PoolState {
                hosts: 0,
                idle: 4,
                free: 2
            }
        );
    });
}

#[test]
fn who_waits_too_long_for_a_place_is_told() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let session = Session::with(SessionConfig {
            pool: PoolLimits {
                per_host: 1,
                ..PoolLimits::default()
            },
            timeouts: Timeouts {
                pool_wait: Some(ms(20)),
                ..Timeouts::default()
            },
            ..SessionConfig::default()
        });
        let holding = create_task(session.get(server.url("/")).sent());
        a_moment().await;
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        let phase = looplet_http::Phase::PoolWait;
        assert_eq!(
            error,
            Error::Timeout {
                phase,
                after: ms(20)
            }
        );
        assert_eq!(server.connections(), 1);
        assert_eq!(
            pool_of(&session),
            PoolState {
                hosts: 1,
                idle: 0,
                free: 99
            }
        );
        holding.cancel();
        until(|| pool_of(&session) == at_rest(0)).await;
    });
}

#[test]
fn a_request_that_waits_is_not_disturbed_by_one_that_gives_up() {
    on_loop(async {
        let one = PoolLimits {
            per_host: 1,
            ..PoolLimits::default()
        };
        let rush = Rush::start(one, 1).await;
        rush.server.until_asked(1).await;
        let given_up = create_task(rush.session.get(rush.server.url("/given-up")).sent());
        a_moment().await;
        let patient = create_task(rush.session.get(rush.server.url("/patient")).sent());
        a_moment().await;
        given_up.cancel();
        rush.answer.set();
        patient.await.unwrap();
        assert_eq!(rush.asked(), ["GET /0", "GET /patient"]);
    });
}

#[test]
fn a_place_that_is_given_up_at_the_moment_it_is_free_goes_to_the_next() {
    on_loop(async {
        let one = PoolLimits {
            per_host: 1,
            ..PoolLimits::default()
        };
        let rush = Rush::start(one, 1).await;
        rush.server.until_asked(1).await;
        let waiting = |target: &str| create_task(rush.session.get(rush.server.url(target)).sent());
        let (first, second) = (waiting("/first"), waiting("/second"));
        a_moment().await;
        rush.answer.set();
        until(|| !rush.answered.borrow().is_empty()).await;
        // The place has been promised to the first in line, or has been taken by it.
        first.cancel();
        second.await.unwrap();
        until(|| pool_of(&rush.session).free == 100).await;
    });
}

/// A session that sets no other timers than that of the pool: the virtual clock jumps to any that
/// is set.
fn session_without_timers() -> Session {
    let timeouts = Timeouts {
        pool_wait: None,
        resolve: None,
        connect: None,
        write_idle: None,
        continue_wait: None,
        first_byte: None,
        read_idle: None,
        min_speed: None,
        total: None,
    };
    Session::with(SessionConfig {
        timeouts,
        ..SessionConfig::default()
    })
}

#[test]
fn idle_connections_are_closed_after_fifteen_seconds() {
    let runner = Runner::with_clock(Clock::Virtual).unwrap();
    let test = async move {
        let server = TestServer::answering(EMPTY).await;
        let session = session_without_timers();
        session.get(server.url("/")).sent().await.unwrap();
        sleep(Duration::from_millis(14_900)).await;
        assert_eq!(pool_of(&session), at_rest(1));
        // A use makes it young again.
        session.get(server.url("/")).sent().await.unwrap();
        sleep(Duration::from_millis(14_900)).await;
        assert_eq!(pool_of(&session), at_rest(1));
        assert_eq!(server.per_connection(), [2]);
        sleep(Duration::from_millis(200)).await;
        assert_eq!(pool_of(&session), at_rest(0));
        // The close has to travel, which takes real time but hardly any turns.
        until(|| server.open() == 0).await;
    };
    runner.run(test).unwrap();
}

#[test]
fn idle_connections_have_their_time_also_in_the_second_run_of_a_session() {
    let session = session_without_timers();
    for stays_until_the_end in [false, true] {
        let session = session.clone();
        let runner = Runner::with_clock(Clock::Virtual).unwrap();
        let test = async move {
            let server = TestServer::answering(EMPTY).await;
            session.get(server.url("/")).sent().await.unwrap();
            if stays_until_the_end {
                // One of the first run, and its own.
                sleep(Duration::from_millis(14_900)).await;
                assert_eq!(pool_of(&session), at_rest(2));
                sleep(Duration::from_millis(200)).await;
                assert_eq!(pool_of(&session), at_rest(0));
            }
        };
        runner.run(test).unwrap();
    }
}

#[test]
fn idle_connections_may_be_kept_for_ever() {
    on_loop(async {
        let session = session_with_pool(PoolLimits {
            idle_timeout: Duration::MAX,
            ..PoolLimits::default()
        });
        let server = TestServer::answering(EMPTY).await;
        for _ in 0..2 {
            session.get(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(server.per_connection(), [2]);
    });
}

#[test]
fn each_idle_connection_has_a_time_of_its_own() {
    on_loop(async {
        let session = session_with_pool(PoolLimits {
            idle_timeout: ms(200),
            ..PoolLimits::default()
        });
        let (old, young) = (
            TestServer::answering(EMPTY).await,
            TestServer::answering(EMPTY).await,
        );
        session.get(old.url("/")).sent().await.unwrap();
        sleep(ms(100)).await;
        session.get(young.url("/")).sent().await.unwrap();
        until(|| old.open() == 0).await;
        assert_eq!(young.open(), 1);
        young.until_open(0).await;
    });
}

#[test]
fn the_oldest_goes_when_there_are_too_many_idle_connections() {
    on_loop(async {
        let session = session_with_pool(PoolLimits {
            idle: 2,
            ..PoolLimits::default()
        });
        let mut servers = Vec::new();
        for _ in 0..3 {
            let server = TestServer::answering(EMPTY).await;
            session.get(server.url("/")).sent().await.unwrap();
            servers.push(server);
        }
        servers[0].until_open(0).await;
        assert_eq!((servers[1].open(), servers[2].open()), (1, 1));
        assert_eq!(pool_of(&session), at_rest(2));
    });
}

#[test]
fn no_idle_connections_are_kept_if_none_are_wanted() {
    on_loop(async {
        let session = session_with_pool(PoolLimits {
            idle: 0,
            ..PoolLimits::default()
        });
        let server = TestServer::answering(EMPTY).await;
        for _ in 0..2 {
            session.get(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(server.per_connection(), [1, 1]);
    });
}

#[test]
fn a_connection_that_the_server_closed_while_idle_is_not_handed_out() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(EMPTY);
        });
        let server = server.await;
        let session = Session::new();
        for _ in 0..3 {
            // A POST would fail on a dead connection: it is never repeated.
            session.post(server.url("/")).sent().await.unwrap();
            a_moment().await;
        }
        assert_eq!(server.per_connection(), [1, 1, 1]);
    });
}

/// A server that answers one request on its first connection and closes it on receipt of the
/// second; other connections are served.
async fn closing_on_the_second() -> TestServer {
    let server = TestServer::start(async |mut peer: Peer| {
        if peer.number > 0 {
            return peer.serve(HELLO).await;
        }
        peer.expect().await;
        peer.send(EMPTY);
        peer.expect().await;
    });
    server.await
}

#[test]
fn an_idempotent_request_on_a_stale_connection_is_sent_once_more() {
    on_loop(async {
        let server = closing_on_the_second().await;
        let session = Session::new();
        session.get(server.url("/1")).sent().await.unwrap();
        let request = session.put(server.url("/2")).body("again");
        let mut response = request.sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        // What went out on the dead connection is not counted.
        assert_eq!(response.progress().sent(), 5);
        assert_eq!(server.lines(), ["GET /1", "PUT /2", "PUT /2"]);
        let requests = server.requests();
        assert_eq!(requests[1], requests[2]);
        assert_eq!(pool_of(&session), at_rest(1));
    });
}

#[test]
fn a_post_on_a_stale_connection_is_an_error() {
    on_loop(async {
        let server = closing_on_the_second().await;
        let session = Session::new();
        session.get(server.url("/1")).sent().await.unwrap();
        let error = session
            .post(server.url("/2"))
            .body("once")
            .sent()
            .await
            .unwrap_err();
        assert_eq!(error, Error::EmptyReply);
        assert_eq!(server.lines(), ["GET /1", "POST /2"]);
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_request_is_sent_twice_at_most_and_never_twice_on_fresh_connections() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            if peer.number == 0 {
                peer.send(EMPTY);
                peer.expect().await;
            }
        });
        let server = server.await;
        let session = Session::new();
        session.get(server.url("/1")).sent().await.unwrap();
        let error = session.get(server.url("/2")).sent().await.unwrap_err();
        assert_eq!(error, Error::EmptyReply);
        assert_eq!(server.per_connection(), [2, 1]);
    });
}

#[test]
fn half_an_answer_on_a_reused_connection_is_not_repeated() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(EMPTY);
            peer.expect().await;
            peer.send("HTTP/1.1 200");
        });
        let server = server.await;
        let session = Session::new();
        session.get(server.url("/1")).sent().await.unwrap();
        let error = session.get(server.url("/2")).sent().await.unwrap_err();
        assert_eq!(error, Error::HeadTruncated { got: 12 });
        assert_eq!(server.per_connection(), [2]);
    });
}

#[test]
fn origins_do_not_share_connections() {
    on_loop(async {
        let (one, other) = (
            TestServer::answering(EMPTY).await,
            TestServer::answering(EMPTY).await,
        );
        let session = Session::new();
        for server in [&one, &other, &one, &other] {
            session.get(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(
            (one.per_connection(), other.per_connection()),
            (vec![2], vec![2])
        );
    });
}

#[test]
fn clones_of_a_session_share_its_connections_and_other_sessions_do_not() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        for session in [session.clone(), session, Session::new()] {
            session.get(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(server.per_connection(), [2, 1]);
    });
}

#[test]
fn a_session_that_is_dropped_closes_its_idle_connections() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(server.open(), 1);
        drop(session);
        server.until_open(0).await;
    });
}

#[test]
fn closing_a_session_closes_what_is_idle_and_refuses_what_comes() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let session = Session::new();
        session.get(server.url("/")).sent().await.unwrap();
        session.close();
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        assert_eq!(error, Error::SessionClosed);
        assert_eq!(server.per_connection(), [1]);
    });
}

#[test]
fn a_response_of_a_closed_session_is_read_to_its_end_and_its_connection_closed() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            peer.send_slowly([&b"bo"[..], b"dy"]).await;
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::new();
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        session.close();
        assert_eq!(response.bytes().await, Ok(b"body".to_vec()));
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_request_that_waits_when_its_session_is_closed_is_refused() {
    on_loop(async {
        let one = PoolLimits {
            per_host: 1,
            ..PoolLimits::default()
        };
        let rush = Rush::start(one, 1).await;
        rush.server.until_asked(1).await;
        let waiting = create_task(rush.session.get(rush.server.url("/late")).sent());
        a_moment().await;
        rush.session.close();
        rush.answer.set();
        assert_eq!(waiting.await.map(|_| ()), Err(Error::SessionClosed));
        assert_eq!(rush.asked(), ["GET /0"]);
        until(|| pool_of(&rush.session) == at_rest(0)).await;
    });
}

#[test]
fn a_crawl_of_many_hosts_leaves_no_trace() {
    on_loop(async {
        let session = session_with_pool(PoolLimits {
            idle: 3,
            ..PoolLimits::default()
        });
        for _ in 0..20 {
            let server = TestServer::answering(EMPTY).await;
            session.get(server.url("/")).sent().await.unwrap();
        }
        assert_eq!(pool_of(&session), at_rest(3));
    });
}

#[test]
fn a_session_that_outlives_its_loop_connects_anew() {
    use std::io::{BufRead, BufReader, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    // Answers one request on each of two connections, and keeps both open.
    let serving = std::thread::spawn(move || {
        [(); 2].map(|()| {
            let mut stream = listener.accept().expect("a client").0;
            let lines = BufReader::new(&stream).lines();
            let head = lines
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty());
            assert!(head.count() > 0);
            stream.write_all(HELLO.as_bytes()).expect("a client");
            stream
        })
    });
    let session = Session::new();
    for _ in 0..2 {
        let (session, url) = (session.clone(), url.clone());
        on_loop(async move {
            // A POST is not repeated, so a connection of the other loop would be an error.
            let mut answer = session.post(url).sent().await.expect("an answer");
            assert_eq!(answer.text().await.expect("a body"), "hello");
            assert_eq!(pool_of(&session).idle, 1);
        });
    }
    drop(serving.join().expect("both were served"));
}
