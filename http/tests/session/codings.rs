//! Coded bodies: what is asked for, what comes out, and what becomes of the connection.

use flate2::{Compress, Compression, FlushCompress};
use looplet_http::codec::accept_encoding;
use looplet_http::{Error, Response, Session, SessionConfig};

use crate::server::{Peer, Sent, TestServer, a_moment, at_rest, on_loop, pool_of};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut engine = Compress::new_gzip(Compression::best(), 15);
    let mut coded = Vec::with_capacity(content.len() + 1024);
    engine
        .compress_vec(content, &mut coded, FlushCompress::Finish)
        .unwrap();
    coded
}

/// An answer with these header lines and this body.
fn answer(lines: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn gzipped(content: &[u8]) -> Vec<u8> {
    answer("Content-Encoding: gzip\r\n", &gzip(content))
}

/// A server that gives every request this answer, in pieces of so many bytes.
async fn answering(answer: Vec<u8>, piece: usize) -> TestServer {
    TestServer::start(async move |mut peer: Peer| {
        while peer.expect().await.is_some() {
            peer.send_slowly(answer.chunks(piece)).await;
        }
    })
    .await
}

async fn get(session: &Session, server: &TestServer) -> Response {
    session.get(server.url("/")).sent().await.unwrap()
}

/// What is wrong with a coding.
fn bad(coding: &str, cause: &str) -> Error {
    Error::BadContentCoding {
        coding: coding.to_owned(),
        cause: cause.to_owned(),
    }
}

#[test]
fn a_coded_body_is_decoded_and_its_headers_are_as_sent() {
    on_loop(async {
        let body = gzip(b"hello");
        for piece in [1, 10_000] {
            let server = answering(gzipped(b"hello"), piece).await;
            let session = Session::new();
            for _ in 0..2 {
                let mut response = get(&session, &server).await;
                assert_eq!(response.header("Content-Encoding"), Some("gzip"));
                let length = body.len().to_string();
                assert_eq!(response.header("Content-Length"), Some(length.as_str()));
                assert_eq!(response.undecoded(), None);
                assert_eq!(response.text().await.unwrap(), "hello");
            }
            assert_eq!(server.per_connection(), [2]);
        }
    });
}

#[test]
fn a_small_coded_body_that_is_here_frees_its_connection_unread() {
    on_loop(async {
        let server = answering(gzipped(b"hello"), 10_000).await;
        let session = Session::new();
        let mut response = get(&session, &server).await;
        assert_eq!(pool_of(&session), at_rest(1));
        assert_eq!(response.chunk().await.unwrap().unwrap(), b"hello");
        assert_eq!(response.chunk().await, Ok(None));
    });
}

#[test]
fn a_large_content_comes_in_small_pieces_and_then_frees_its_connection() {
    on_loop(async {
        let content: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let server = answering(gzipped(&content), 10_000).await;
        let session = Session::new();
        let mut response = get(&session, &server).await;
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            assert!(!chunk.is_empty() && chunk.len() <= 128 * 1024);
            received.extend(chunk);
        }
        assert!(received == content);
        assert_eq!(pool_of(&session), at_rest(1));
    });
}

#[test]
fn several_codings_and_chunks_are_taken_off() {
    on_loop(async {
        let coded = gzip(&gzip(b"hello"));
        let (first, second) = coded.split_at(20);
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Encoding: X-GZIP\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
        let mut answer = head.as_bytes().to_vec();
        for chunk in [first, second, b""] {
            answer.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            answer.extend_from_slice(chunk);
            answer.extend_from_slice(b"\r\n");
        }
        for piece in [3, 10_000] {
            let server = answering(answer.clone(), piece).await;
            let session = Session::new();
            assert_eq!(
                get(&session, &server).await.bytes().await.unwrap(),
                b"hello"
            );
            assert_eq!(pool_of(&session), at_rest(1));
        }
    });
}

#[test]
fn a_body_that_is_empty_needs_no_coding() {
    on_loop(async {
        let coding = "Content-Encoding: gzip\r\n";
        let head_only = format!("HTTP/1.1 200 OK\r\n{coding}Content-Length: 25\r\n\r\n");
        for (head, status) in [
            (false, "200 OK"),
            (false, "204 X"),
            (false, "304 X"),
            (true, ""),
        ] {
            let empty = format!("HTTP/1.1 {status}\r\n{coding}Content-Length: 0\r\n\r\n");
            let answer = if head { head_only.clone() } else { empty };
            let server = answering(answer.into_bytes(), 10_000).await;
            let session = Session::new();
            let request = match head {
                true => session.head(server.url("/")),
                false => session.get(server.url("/")),
            };
            let mut response = request.sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "", "{status}");
            assert_eq!(pool_of(&session), at_rest(1), "{status}");
        }
    });
}

#[test]
fn a_broken_coding_is_an_error_that_closes_the_connection() {
    on_loop(async {
        let sound = gzip(&b"hello".repeat(10));
        let mut wrong = sound.clone();
        wrong[sound.len() - 6] ^= 1;
        for (body, cause) in [
            (sound[..sound.len() - 3].to_vec(), "it ends in the middle"),
            (wrong, "incorrect data check"),
            (
                [&sound, &b"x"[..]].concat(),
                "byte 0x78 stands behind the end",
            ),
            (b"<html>".to_vec(), "the data is corrupt"),
        ] {
            for piece in [7, 10_000] {
                let coded = answer("Content-Encoding: gzip\r\n", &body);
                let server = answering(coded, piece).await;
                let session = Session::new();
                let mut response = get(&session, &server).await;
                let error = bad("gzip", cause);
                assert_eq!(response.bytes().await, Err(error.clone()));
                assert_eq!(response.text().await, Err(error));
                assert_eq!(pool_of(&session), at_rest(0));
                server.until_open(0).await;
            }
        }
    });
}

#[test]
fn what_was_decoded_before_an_error_is_given_out_in_chunks() {
    on_loop(async {
        let body = [gzip(b"hello"), b"garbage".to_vec()].concat();
        let coded = answer("Content-Encoding: gzip\r\n", &body);
        let server = answering(coded, 10_000).await;
        let session = Session::new();
        let mut response = get(&session, &server).await;
        assert_eq!(response.chunk().await.unwrap().unwrap(), b"hello");
        let error = bad("gzip", "byte 0x67 stands behind the end");
        assert_eq!(response.chunk().await, Err(error.clone()));
        assert_eq!(response.chunk().await, Err(error));
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_truncated_body_is_told_as_the_framing_sees_it() {
    on_loop(async {
        let whole = gzipped(b"hello");
        let cut = whole[..whole.len() - 5].to_vec();
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect().await;
            peer.send(&cut);
        });
        let server = server.await;
        let error = get(&Session::new(), &server)
            .await
            .bytes()
            .await
            .unwrap_err();
        assert!(matches!(error, Error::BodyTruncated { .. }), "{error}");
    });
}

#[test]
fn a_bomb_stops_at_the_limit() {
    on_loop(async {
        let session = Session::with(SessionConfig {
            max_body: 10_000,
            ..SessionConfig::default()
        });
        let nothing = gzip(b"").repeat(600);
        for body in [gzip(&vec![0; 4 << 20]), nothing] {
            let coded = answer("Content-Encoding: gzip\r\n", &body);
            let server = answering(coded, 1_000_000).await;
            let error = get(&session, &server).await.bytes().await.unwrap_err();
            assert_eq!(error, Error::BodyTooLarge { limit: 10_000 });
            server.until_open(0).await;
        }
        for (length, expected) in [(10_000, Ok(10_000)), (10_001, Err(10_000))] {
            let server = answering(gzipped(&vec![0; length]), 1_000_000).await;
            let body = get(&session, &server).await.bytes().await;
            let expected = expected.map_err(|limit| Error::BodyTooLarge { limit });
            assert_eq!(body.map(|body| body.len()), expected);
        }
    });
}

#[test]
fn too_many_codings_are_refused_with_the_head() {
    on_loop(async {
        let coded = answer("Content-Encoding: gzip, br, gzip, br, gzip, br\r\n", b"x");
        let server = answering(coded, 10_000).await;
        let session = Session::new();
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        assert_eq!(error, bad("br", "it is one of more than 5 codings"));
        server.until_open(0).await;
    });
}

#[test]
fn a_cancelled_chunk_loses_nothing() {
    on_loop(async {
        let content: Vec<u8> = (0..2000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        let server = answering(gzipped(&content), 100).await;
        let mut response = get(&Session::new(), &server).await;
        let mut received = Vec::new();
        loop {
            let chunk = looplet_http::runtime::timeout(
                std::time::Duration::from_micros(300),
                response.chunk(),
            );
            match chunk.await {
                Ok(Ok(Some(chunk))) => received.extend(chunk),
                Ok(end) => break assert_eq!(end, Ok(None)),
                Err(_) => {}
            }
        }
        assert!(received == content);
    });
}

#[test]
fn an_answer_that_is_dropped_unread_is_not_decoded_and_its_connection_is_closed() {
    on_loop(async {
        let server = answering(gzipped(&vec![0; 1 << 20]), 1_000_000).await;
        let session = Session::new();
        drop(get(&session, &server).await);
        a_moment().await;
        assert_eq!(pool_of(&session), at_rest(0));
        server.until_open(0).await;
    });
}

#[test]
fn what_can_be_decoded_is_asked_for_unless_the_caller_says_something() {
    on_loop(async {
        let server = TestServer::answering(crate::server::EMPTY).await;
        let off = Session::with(SessionConfig {
            decode: false,
            ..SessionConfig::default()
        });
        let url = server.url("/");
        let session = Session::new();
        session.get(&url).sent().await.unwrap();
        let own = session.get(&url).header("accept-ENCODING", "br;q=0.5");
        own.sent().await.unwrap();
        let part = session.get(&url).header("Range", "bytes=0-5");
        part.sent().await.unwrap();
        off.get(&url).sent().await.unwrap();
        let asked = |request: &String| {
            let mut lines = request.lines();
            let line = lines.find(|line| line.to_ascii_lowercase().starts_with("accept-encoding"));
            line.map(str::to_owned)
        };
        let asked: Vec<_> = server.requests().iter().map(asked).collect();
        let automatic = format!("Accept-Encoding: {}", accept_encoding());
        let own = "accept-ENCODING: br;q=0.5".to_owned();
        assert_eq!(asked, [Some(automatic), Some(own), None, None]);
    });
}

#[test]
fn a_coding_of_the_transfer_is_taken_off_if_the_request_has_offered_to() {
    on_loop(async {
        let coded = gzip(b"hello");
        let chunk = format!("{:x}\r\n", coded.len());
        let chunked = [chunk.as_bytes(), &coded, b"\r\n0\r\n\r\n"].concat();
        let head = |coding: &str| {
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n").into_bytes()
        };
        let server = answering([head("gzip, chunked"), chunked].concat(), 10_000).await;
        let config = SessionConfig {
            decode: false,
            ..SessionConfig::default()
        };
        let session = Session::with(config);
        let offering = || session.get(server.url("/")).header("TE", "gzip");
        let mut response = offering().sent().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), b"hello");
        let refused = session.get(server.url("/")).sent().await;
        assert!(matches!(refused, Err(Error::BadTransferEncoding { .. })));
        let other = session.get(server.url("/")).header("TE", "deflate").sent();
        let refused = other.await;
        assert!(matches!(refused, Err(Error::BadTransferEncoding { .. })));
        let server = answering([head("what, chunked"), b"0\r\n\r\n".to_vec()].concat(), 99).await;
        let unknown = session.get(server.url("/")).header("TE", "what");
        let refused = unknown.sent().await.unwrap_err();
        assert_eq!(refused, bad("what", "the client cannot take it off"));
    });
}
