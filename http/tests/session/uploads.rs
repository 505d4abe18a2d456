//! Bodies that come in pieces: what they are on the wire, how much of them is in memory, and
//! what happens when they are not as announced or not wanted.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use looplet_http::message::Body;
use looplet_http::runtime::fs::File;
use looplet_http::runtime::{AsyncIterator, create_task, from_fn, iter, sleep, yield_now};
use looplet_http::{Error, Phase, Session, Timeouts};

use crate::server::{
    EMPTY, HELLO, Peer, Sent, TestServer, at_rest, moved, ms, on_loop, plain_session, pool_of,
    session_with_timeouts, until, wire,
};

/// A file that is removed with this.
pub(crate) struct TempFile(PathBuf);

impl TempFile {
    pub(crate) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let name = format!("looplet-http-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, content).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// Pieces that are there at once.
fn pieces(of: &'static [&'static str]) -> impl AsyncIterator<Item = io::Result<&'static str>> {
    iter(of.iter().map(|piece| Ok(*piece)))
}

#[test]
fn a_stream_of_unknown_length_is_chunked() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            let body = Body::stream(pieces(&["hello", "", " ", "0123456789abcdefg"]));
            session.post(server.url("/")).body(body)
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\nTransfer-Encoding: chunked\r\n\r\n\
                        5\r\nhello\r\n1\r\n \r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_stream_without_pieces_is_the_last_chunk() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            session.put(server.url("/")).body(Body::stream(pieces(&[])))
        });
        let expected =
            "PUT / HTTP/1.1\r\nHost: SERVER\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_stream_of_known_length_is_sent_as_it_is() {
    on_loop(async {
        let wire = wire(plain_session(), |session, server| {
            let body = Body::sized_stream(8, pieces(&["hel", "", "lo", " me"]));
            session.post(server.url("/")).body(body)
        });
        let expected = "POST / HTTP/1.1\r\nHost: SERVER\r\nContent-Length: 8\r\n\r\nhello me";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn pieces_are_sent_when_they_are_there() {
    on_loop(async {
        let seen = Rc::new(Cell::new(0));
        let shared = seen.clone();
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect_head().await;
            for count in 1..=3 {
                assert_eq!(peer.receive(6).await.unwrap(), b"1\r\nx\r\n");
                shared.set(count);
            }
            peer.send(EMPTY);
        });
        let server = server.await;
        let mut given = 0;
        let source = from_fn(async move || {
            // The next piece comes when the server has the last one.
            until(|| seen.get() == given).await;
            given += 1;
            (given <= 3).then_some(Ok("x"))
        });
        let request = Session::new()
            .post(server.url("/"))
            .body(Body::stream(source));
        assert_eq!(request.sent().await.unwrap().status(), 200);
    });
}

#[test]
fn a_stream_that_is_not_as_long_as_announced_is_an_error_and_closes() {
    on_loop(async {
        for (announced, given, pieces) in [
            (5, 4, pieces(&["ab", "cd"])),
            (5, 6, pieces(&["abc", "def"])),
            (0, 1, pieces(&["a"])),
            (4, 5, pieces(&["ab", "cd", "e"])),
        ] {
            let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
            let session = Session::new();
            let body = Body::sized_stream(announced, pieces);
            let sent = session.post(server.url("/")).body(body).sent().await;
            let expected = Error::BodyLengthMismatch { announced, given };
            assert_eq!(sent.map(|_| ()), Err(expected));
            assert_eq!(pool_of(&session), at_rest(0));
            server.until_open(0).await;
        }
    });
}

#[test]
fn an_error_of_the_source_ends_the_request() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let failing = iter([Ok("ab"), Err(io::Error::other("the tape broke"))]);
        let session = Session::new();
        let request = session.put(server.url("/")).body(Body::stream(failing));
        let error = request.sent().await.unwrap_err();
        let (kind, message) = (io::ErrorKind::Other, "the tape broke".to_owned());
        assert_eq!(error, Error::BodySource { kind, message });
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_stream_is_sent_once() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let request = Session::new().put(server.url("/"));
        let request = request.body(Body::stream(pieces(&["x"])));
        assert_eq!(request.clone().sent().await.unwrap().status(), 200);
        let again = request.sent().await.map(|_| ());
        assert_eq!(again, Err(Error::BodyNotReplayable));
    });
}

#[test]
fn a_redirect_that_wants_a_stream_again_is_an_error_unless_it_can_be_made_again() {
    on_loop(async {
        for status in [301, 302, 303, 307, 308] {
            let server = TestServer::start(async move |mut peer: Peer| {
                peer.expect().await;
                peer.send(moved(status, "/next"));
                peer.serve(HELLO).await;
            });
            let server = server.await;
            let session = Session::new();
            let request = session.post(server.url("/"));
            let sent = request.body(Body::stream(pieces(&["x"]))).sent().await;
            if status < 307 {
                assert_eq!(sent.unwrap().status(), 200);
                assert_eq!(server.lines(), ["POST /", "GET /next"]);
            } else {
                assert_eq!(sent.map(|_| ()), Err(Error::BodyNotReplayable));
                assert_eq!(server.lines(), ["POST /"]);
            }
            session.close();
            let body = Body::replayable_stream(None, || pieces(&["x"]));
            let sent = Session::new().post(server.url("/")).body(body).sent().await;
            assert_eq!(sent.unwrap().status(), 200);
        }
    });
}

#[test]
fn a_stream_is_not_sent_again_on_a_fresh_connection() {
    on_loop(async {
        for (body, expected) in [
            (Body::stream(pieces(&["x"])), Err(Error::EmptyReply)),
            (Body::replayable_stream(None, || pieces(&["x"])), Ok(())),
        ] {
            let server = TestServer::start(async |mut peer: Peer| {
                peer.expect().await;
                peer.send(EMPTY);
                if peer.number == 0 {
                    // The first connection hears the second request and says nothing.
                    peer.expect().await;
                }
            });
            let server = server.await;
            let session = Session::new();
            session.get(server.url("/")).sent().await.unwrap();
            let sent = session.put(server.url("/")).body(body).sent().await;
            assert_eq!(sent.map(|_| ()), expected);
        }
    });
}

#[test]
fn a_file_is_sent_with_its_length_and_again_after_a_redirect() {
    on_loop(async {
        let content = "0123456789abcdef".repeat(20_000);
        let file = TempFile::new("upload", &content);
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(moved(308, "/next"));
            peer.serve(EMPTY).await;
        });
        let server = server.await;
        let body = Body::file(file.path()).await.unwrap();
        let sent = plain_session().put(server.url("/")).body(body).sent().await;
        assert_eq!(sent.unwrap().status(), 200);
        for (target, request) in ["/", "/next"].iter().zip(server.requests()) {
            let host = server.authority();
            let head = format!("PUT {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 320000");
            let (sent_head, body) = request.split_once("\r\n\r\n").unwrap();
            assert_eq!(sent_head, head);
            assert!(body == content, "the body is another");
        }
    });
}

#[test]
fn an_open_file_is_sent_from_where_it_stands() {
    on_loop(async {
        let file = TempFile::new("open", "hello, world");
        let mut open = File::open(file.path()).await.unwrap();
        open.read(7).await.unwrap();
        let body = Body::open_file(open).await.unwrap();
        let wire = wire(plain_session(), |session, server| {
            session.put(server.url("/")).body(body.clone())
        });
        let expected = "PUT / HTTP/1.1\r\nHost: SERVER\r\nContent-Length: 5\r\n\r\nworld";
        assert_eq!(wire.await, expected);
    });
}

#[test]
fn a_file_that_changes_its_length_is_sent_as_announced_or_not_at_all() {
    on_loop(async {
        let file = TempFile::new("changing", "0123456789");
        let body = Body::file(file.path()).await.unwrap();
        fs::write(file.path(), "0123456789 and more").unwrap();
        let sent = wire(plain_session(), |session, server| {
            session.put(server.url("/")).body(body.clone())
        });
        assert!(sent.await.ends_with("Content-Length: 10\r\n\r\n0123456789"));

        fs::write(file.path(), "0123").unwrap();
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let sent = Session::new().put(server.url("/")).body(body).sent().await;
        let (announced, given) = (10, 4);
        let expected = Error::BodyLengthMismatch { announced, given };
        assert_eq!(sent.map(|_| ()), Err(expected));
    });
}

#[test]
fn what_is_no_file_is_refused_with_its_path() {
    on_loop(async {
        let error = Body::file("/nowhere/file").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(error.to_string().contains("/nowhere/file"), "{error}");
        let error = Body::file(std::env::temp_dir()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    });
}

const PIECE: usize = 64 * 1024;
const PIECES: usize = 1024;
/// More than the kernel keeps for both ends of a connection on loopback.
const KEPT_BY_THE_KERNEL: usize = 32 * 1024 * 1024;

#[test]
fn a_large_stream_is_asked_for_no_faster_than_the_server_takes_it() {
    on_loop(async {
        let (given, taken) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let (ahead, count) = (Rc::new(Cell::new(0)), taken.clone());
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect_head().await;
            // Time enough to fill every buffer there is.
            sleep(ms(50)).await;
            while count.get() < PIECE * PIECES {
                count.set(count.get() + peer.receive(PIECE).await.unwrap().len());
            }
            peer.send(EMPTY);
        });
        let server = server.await;
        let (counter, most) = (given.clone(), ahead.clone());
        let received = taken.clone();
        let source = from_fn(async move || {
            if counter.get() == PIECE * PIECES {
                return None;
            }
            counter.set(counter.get() + PIECE);
            most.set(most.get().max(counter.get() - received.get()));
            Some(Ok(vec![b'x'; PIECE]))
        });
        let body = Body::sized_stream((PIECE * PIECES) as u64, source);
        let sent = Session::new().put(server.url("/")).body(body).sent().await;
        assert_eq!(sent.unwrap().status(), 200);
        assert_eq!((given.get(), taken.get()), (PIECE * PIECES, PIECE * PIECES));
        assert!(ahead.get() < KEPT_BY_THE_KERNEL, "{} ahead", ahead.get());
    });
}

#[test]
fn a_refusal_ends_the_upload_of_a_source_that_waits() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            peer.receive(6).await;
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nsorry");
            peer.until_gone().await;
        });
        let server = server.await;
        let mut first = true;
        let source = from_fn(async move || {
            if std::mem::take(&mut first) {
                return Some(Ok("x"));
            }
            std::future::pending().await
        });
        let session = Session::new();
        let request = session.post(server.url("/")).body(Body::stream(source));
        let mut response = request.sent().await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(response.text().await.unwrap(), "sorry");
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn a_refusal_larger_than_the_buffers_is_read_and_ends_the_upload() {
    on_loop(async {
        const LARGE: usize = 12 * 1024 * 1024;
        let asked = Rc::new(Cell::new(0_usize));
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            peer.send(format!(
                "HTTP/1.1 403 No\r\nContent-Length: {LARGE}\r\n\r\n"
            ));
            peer.send(vec![b'y'; LARGE]);
            // It hears no word before its answer is read.
            peer.drained().await;
            peer.until_gone().await;
        });
        let server = server.await;
        let counter = asked.clone();
        let endless = from_fn(async move || {
            counter.set(counter.get() + PIECE);
            Some(Ok(vec![b'x'; PIECE]))
        });
        let session = Session::new();
        let request = session.post(server.url("/")).body(Body::stream(endless));
        let mut response = request.sent().await.unwrap();
        assert_eq!(response.status(), 403);
        assert_eq!(response.bytes().await.unwrap().len(), LARGE);
        assert!(
            asked.get() < KEPT_BY_THE_KERNEL,
            "{} asked for",
            asked.get()
        );
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_success_before_the_end_of_the_body_does_not_end_the_upload() {
    on_loop(async {
        let heard = Rc::new(Cell::new(0));
        let count = heard.clone();
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect_head().await;
            peer.send(HELLO);
            while let Some(data) = peer.receive(PIECE).await {
                count.set(count.get() + data.len());
            }
        });
        let server = server.await;
        let body = vec![b'x'; 16 * 1024 * 1024];
        let response = Session::new().put(server.url("/")).body(body).sent().await;
        assert_eq!(response.unwrap().text().await.unwrap(), "hello");
        until(|| heard.get() == 16 * 1024 * 1024).await;
    });
}

#[test]
fn a_success_of_a_server_that_takes_no_more_is_given_out() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            peer.send(HELLO);
            std::future::pending::<()>().await;
        });
        let server = server.await;
        let session = session_with_timeouts(Timeouts {
            write_idle: Some(ms(50)),
            ..Timeouts::default()
        });
        let body = vec![b'x'; 32 * 1024 * 1024];
        let mut response = session
            .put(server.url("/"))
            .body(body)
            .sent()
            .await
            .unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_success_larger_than_what_is_kept_ends_the_upload_when_nothing_moves() {
    on_loop(async {
        const LARGE: usize = 16 * 1024 * 1024;
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            peer.send(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n"
            ));
            peer.send(vec![b'y'; LARGE]);
            std::future::pending::<()>().await;
        });
        let server = server.await;
        let session = session_with_timeouts(Timeouts {
            write_idle: None,
            ..Timeouts::default()
        });
        let body = vec![b'x'; 64 * 1024 * 1024];
        let request = session.put(server.url("/")).body(body);
        let mut response = request.sent().await.unwrap();
        assert_eq!(response.bytes().await.unwrap().len(), LARGE);
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_server_that_closes_ends_the_upload_of_a_source_that_waits() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
        });
        let server = server.await;
        let source =
            from_fn(async || -> Option<io::Result<Vec<u8>>> { std::future::pending().await });
        let request = Session::new().post(server.url("/"));
        let sent = request.body(Body::stream(source)).sent().await;
        let closed = matches!(
            sent,
            Err(Error::Io {
                phase: Phase::Send,
                kind: io::ErrorKind::BrokenPipe,
                ..
            })
        );
        assert!(closed, "{sent:?}");
    });
}

#[test]
fn a_source_that_never_waits_and_gives_nothing_lets_others_run() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let endless = from_fn(async || Some(Ok("")));
        let request = Session::new().put(server.url("/")).timeout(ms(30));
        let sent = request.body(Body::stream(endless)).sent().await;
        assert!(sent.as_ref().is_err_and(Error::is_timeout), "{sent:?}");
    });
}

#[test]
fn an_answer_to_all_that_was_announced_does_not_wait_for_the_end_of_the_source() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let mut first = true;
        let source = from_fn(async move || {
            if std::mem::take(&mut first) {
                return Some(Ok("all"));
            }
            std::future::pending().await
        });
        let request = Session::new().put(server.url("/"));
        let response = request.body(Body::sized_stream(3, source)).sent().await;
        assert_eq!(response.unwrap().text().await.unwrap(), "hello");
    });
}

#[test]
fn the_time_for_everything_also_limits_a_source_that_waits() {
    on_loop(async {
        let server = TestServer::answering(HELLO).await;
        let source =
            from_fn(async || -> Option<io::Result<Vec<u8>>> { std::future::pending().await });
        let request = Session::new().put(server.url("/")).timeout(ms(30));
        let sent = request.body(Body::stream(source)).sent().await;
        assert!(sent.as_ref().is_err_and(Error::is_timeout), "{sent:?}");
        server.until_open(0).await;
    });
}

#[test]
fn a_cancelled_upload_drops_its_source_and_closes() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| peer.until_gone().await).await;
        let token = Rc::new(());
        let held = token.clone();
        let source = from_fn(async move || -> Option<io::Result<Vec<u8>>> {
            let _held = &held;
            std::future::pending().await
        });
        let session = Session::new();
        let request = session.put(server.url("/")).body(Body::stream(source));
        let sending = create_task(request.sent());
        server.until_open(1).await;
        crate::server::a_moment().await;
        sending.cancel();
        assert!(sending.join().await.is_err());
        assert_eq!(Rc::strong_count(&token), 1);
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn an_answer_that_is_here_before_anybody_waits_for_it_leaves_the_others_their_turn() {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let (say, heard) = std::sync::mpsc::channel();
    let serving = std::thread::spawn(move || {
        let mut stream = listener.accept().expect("a client").0;
        assert!(stream.read(&mut [0; 4096]).expect("a client") > 0);
        stream.write_all(HELLO.as_bytes()).expect("a client");
        say.send(()).expect("it is waited for");
        stream
    });
    on_loop(async move {
        let (turns, before) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(None)));
        let other = turns.clone();
        let _other = create_task(async move {
            loop {
                other.set(other.get() + 1);
                yield_now().await;
            }
        });
        let (mut first, seen, noted) = (Some("data"), turns.clone(), before.clone());
        let body = Body::stream(iter(std::iter::from_fn(move || {
            // The end of the body comes when the answer is here, and nobody else runs meanwhile.
            first.take().map(Ok::<_, io::Error>).or_else(|| {
                heard.recv().expect("the server answers");
                noted.set(Some(seen.get()));
                None
            })
        })));
        let sending = plain_session().post(url).body(body).sent();
        assert_eq!(sending.await.expect("an answer").status(), 200);
        let before = before.get().expect("the body has ended");
        assert!(turns.get() > before, "{} turns, then {before}", turns.get());
    });
    drop(serving.join().expect("it was served"));
}
