//! Every limit of time, and that it is reported by the name of its phase.
//!
//! Looking a name up is missing: the resolver of the system cannot be made slow from here.

use std::cell::Cell;
use std::io::{ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use looplet_http::runtime::{create_task, sleep, yield_now};
use looplet_http::{Error, Phase, Response, Timeouts};

use crate::server::{
    EMPTY, HELLO, Peer, Sent, TestServer, a_moment, at_rest, moved, ms, on_loop, pool_of,
    session_with_timeouts,
};

const SHORT: Duration = Duration::from_millis(30);
/// A limit that what goes well keeps also on a machine with other things to do.
const AMPLE: Duration = Duration::from_millis(500);

fn timed_out<T>(phase: Phase) -> Result<T, Error> {
    Err(Error::Timeout {
        phase,
        after: SHORT,
    })
}

/// The outcome without the response.
fn verdict(sent: Result<Response, Error>) -> Result<(), Error> {
    sent.map(|_| ())
}

/// A listener that nobody accepts from and that takes no more connections, and what fills it.
fn full_listener() -> Option<(TcpListener, Vec<TcpStream>, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..10_000 {
        match TcpStream::connect_timeout(&address, ms(50)) {
            Ok(stream) => waiting.push(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                return Some((listener, waiting, address));
            }
            // Too many open files, for example.
            Err(_) => return None,
        }
    }
    None
}

#[test]
fn a_connect_that_is_not_answered_ends_at_its_limit() {
    let Some((_listener, _waiting, address)) = full_listener() else {
        // Where no queue can be filled, there is nothing to wait for.
        return;
    };
    on_loop(async move {
        let session = session_with_timeouts(Timeouts {
            connect: Some(SHORT),
            ..Timeouts::default()
        });
        let sent = session.get(format!("http://{address}/")).sent().await;
        assert_eq!(verdict(sent), timed_out(Phase::Connect));
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn an_answer_that_does_not_begin_ends_at_the_limit_of_the_first_byte() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let session = session_with_timeouts(Timeouts {
            first_byte: Some(SHORT),
            ..Timeouts::default()
        });
        let sent = session.get(server.url("/")).sent().await;
        assert_eq!(verdict(sent), timed_out(Phase::FirstByte));
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_time_out_on_a_reused_connection_is_not_repeated() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(EMPTY);
            while peer.expect().await.is_some() {}
        });
        let server = server.await;
        let session = session_with_timeouts(Timeouts {
            first_byte: Some(SHORT),
            ..Timeouts::default()
        });
        session.get(server.url("/")).sent().await.unwrap();
        let sent = session.get(server.url("/")).sent().await;
        assert_eq!(verdict(sent), timed_out(Phase::FirstByte));
        assert_eq!(server.per_connection(), [2]);
    });
}

#[test]
fn a_head_that_stops_ends_at_the_limit_between_reads() {
    on_loop(async {
        for start in [
            "H",
            "HTTP/1.1 200 OK\r\nA: b\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ] {
            let server = TestServer::answering(start).await;
            let session = session_with_timeouts(Timeouts {
                read_idle: Some(SHORT),
                ..Timeouts::default()
            });
            let sent = session.get(server.url("/")).sent().await;
            assert_eq!(verdict(sent), timed_out(Phase::Head), "{start}");
            server.until_open(0).await;
        }
    });
}

#[test]
fn a_body_that_stops_ends_at_the_limit_between_reads() {
    on_loop(async {
        for framing in [
            "Content-Length: 100\r\n",
            "Transfer-Encoding: chunked\r\n",
            "",
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{framing}\r\n5\r\nhello\r\n");
            let server = TestServer::answering(answer).await;
            let session = session_with_timeouts(Timeouts {
                read_idle: Some(SHORT),
                ..Timeouts::default()
            });
            let mut whole = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(whole.bytes().await, timed_out(Phase::Body), "{framing}");
            let mut pieces = session.get(server.url("/")).sent().await.unwrap();
            assert!(matches!(pieces.chunk().await, Ok(Some(_))), "{framing}");
            assert_eq!(pieces.chunk().await, timed_out(Phase::Body), "{framing}");
            assert_eq!(pool_of(&session), at_rest(0));
            server.until_open(0).await;
        }
    });
}

#[test]
fn a_slow_body_may_take_longer_than_the_limit_between_reads() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
            for _ in 0..10 {
                sleep(ms(20)).await;
                peer.send("x");
            }
        });
        let server = server.await;
        let session = session_with_timeouts(Timeouts {
            read_idle: Some(ms(150)),
            ..Timeouts::default()
        });
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), b"xxxxxxxxxx");
    });
}

#[test]
fn a_request_that_the_server_does_not_read_ends_at_the_limit_between_writes() {
    on_loop(async {
        let server = TestServer::start(async |_peer: Peer| sleep(ms(3000)).await).await;
        let session = session_with_timeouts(Timeouts {
            write_idle: Some(SHORT),
            ..Timeouts::default()
        });
        let body = vec![b'x'; 32 * 1024 * 1024];
        let sent = session.post(server.url("/")).body(body).sent().await;
        assert_eq!(verdict(sent), timed_out(Phase::Send));
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

/// Sends a body that never ends, a byte a time.
async fn dripping() -> TestServer {
    let server = TestServer::start(async |mut peer: Peer| {
        peer.expect().await;
        peer.send("HTTP/1.1 200 OK\r\n\r\n");
        while peer.drained().await {
            peer.send("x");
            sleep(ms(1)).await;
        }
    });
    server.await
}

#[test]
fn a_body_that_never_ends_ends_at_the_limit_of_the_whole() {
    on_loop(async {
        let server = dripping().await;
        let session = session_with_timeouts(Timeouts {
            total: Some(SHORT),
            ..Timeouts::default()
        });
        let mut whole = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(whole.bytes().await, timed_out(Phase::Total));
        let mut pieces = session.get(server.url("/")).sent().await.unwrap();
        let last = loop {
            match pieces.chunk().await {
                Ok(Some(_)) => {}
                last => break last,
            }
        };
        assert_eq!(last, timed_out(Phase::Total));
        server.until_open(0).await;
    });
}

#[test]
fn the_limit_of_a_request_takes_the_place_of_that_of_the_session() {
    on_loop(async {
        let server = dripping().await;
        let session = session_with_timeouts(Timeouts {
            total: Some(Duration::from_secs(60)),
            ..Timeouts::default()
        });
        let sending = session.get(server.url("/")).timeout(SHORT).sent();
        let mut response = sending.await.unwrap();
        assert_eq!(response.bytes().await, timed_out(Phase::Total));
    });
}

#[test]
fn the_shorter_of_two_limits_is_the_one_that_is_reported() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let long = Some(Duration::from_secs(60));
        for (first_byte, total, phase) in [
            (Some(SHORT), long, Phase::FirstByte),
            (long, Some(SHORT), Phase::Total),
            (None, Some(SHORT), Phase::Total),
        ] {
            let session = session_with_timeouts(Timeouts {
                first_byte,
                total,
                ..Timeouts::default()
            });
            let sent = session.get(server.url("/")).sent().await;
            assert_eq!(verdict(sent), timed_out(phase));
        }
    });
}

#[test]
fn the_limit_of_the_whole_covers_all_redirects() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            while peer.expect().await.is_some() {
                sleep(ms(8)).await;
                peer.send(moved(302, "/"));
            }
        });
        let server = server.await;
        let sending = session_with_timeouts(Timeouts::default())
            .get(server.url("/"))
            .timeout(SHORT)
            .sent();
        assert_eq!(verdict(sending.await), timed_out(Phase::Total));
    });
}

/// Sends a body that never ends, as fast as it can: the server has a thread of its own, so
/// that there is always something to read.
fn flooding() -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let flooding = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        while stream.write_all(&[b'x'; 256 * 1024]).is_ok() {}
    });
    (address, flooding)
}

/// Does something with a piece of a body that takes longer than its coming.
fn digest() {
    std::thread::sleep(ms(1));
}

#[test]
fn a_body_that_comes_faster_than_it_is_read_leaves_the_others_their_turn() {
    let (address, flooding) = flooding();
    on_loop(async move {
        let session = session_with_timeouts(Timeouts::default());
        let mut response = session
            .get(format!("http://{address}/"))
            .sent()
            .await
            .unwrap();
        a_moment().await;
        let turns = Rc::new(Cell::new(0));
        let other = turns.clone();
        let _other = create_task(async move {
            loop {
                other.set(other.get() + 1);
                yield_now().await;
            }
        });
        for _ in 0..64 {
            assert!(response.chunk().await.unwrap().is_some());
            digest();
        }
        assert!(turns.get() >= 5, "{} turns", turns.get());
    });
    flooding.join().unwrap();
}

#[test]
fn a_body_that_comes_faster_than_it_is_read_ends_at_the_limit_of_the_whole() {
    let (address, flooding) = flooding();
    on_loop(async move {
        let session = session_with_timeouts(Timeouts::default());
        let sending = session
            .get(format!("http://{address}/"))
            .timeout(AMPLE)
            .sent();
        let mut response = sending.await.unwrap();
        let last = loop {
            match response.chunk().await {
                Ok(Some(_)) => digest(),
                last => break last,
            }
        };
        let (phase, after) = (Phase::Total, AMPLE);
        assert_eq!(last, Err(Error::Timeout { phase, after }));
    });
    flooding.join().unwrap();
}

#[test]
fn no_limit_runs_when_nothing_is_waited_for() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let session = session_with_timeouts(Timeouts {
            read_idle: Some(AMPLE),
            first_byte: Some(AMPLE),
            ..Timeouts::default()
        });
        session.get(server.url("/")).sent().await.unwrap();
        // An idle connection and a response at rest wait for nothing.
        sleep(AMPLE * 2).await;
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        sleep(AMPLE * 2).await;
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(server.per_connection(), [2]);
    });
}
