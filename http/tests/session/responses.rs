//! How answers are read, whole and in pieces, and which ones are refused.

use std::rc::Rc;
use std::time::Duration;

use looplet_http::codec::Limits;
use looplet_http::message::Version;
use looplet_http::runtime::{Event, timeout};
use looplet_http::{Error, Response, Session, SessionConfig, Timeouts};

use crate::server::{
    HELLO, Peer, Sent, TestServer, a_moment, at_rest, ms, on_loop, pool_of, session_with_timeouts,
};

/// A server that sends these bytes as the answer to one request and then ends the connection.
async fn saying(answer: impl Into<Vec<u8>>) -> TestServer {
    let answer = answer.into();
    TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(&answer);
    })
    .await
}

/// What comes of an answer: the response and its body.
async fn outcome(answer: impl Into<Vec<u8>>) -> Result<(Response, Vec<u8>), Error> {
    let server = saying(answer).await;
    let mut response = Session::new().get(server.url("/")).sent().await?;
    let body = response.bytes().await?;
    Ok((response, body))
}

async fn error_of(answer: impl Into<Vec<u8>>) -> Error {
    outcome(answer).await.map(|(_, body)| body).unwrap_err()
}

#[test]
fn a_response_has_status_version_url_and_headers_in_order_and_case() {
    on_loop(async {
        let answer = b"HTTP/1.0 418 short and stout\r\nX-B: 1\r\nx-a: \xe9\r\nx-b: 2\r\n\r\nbody";
        let server = saying(answer).await;
        let url = server.url("/tea?green");
        let mut response = Session::new().get(&url).sent().await.unwrap();
        assert_eq!(response.status(), 418);
        assert_eq!(response.version(), Version::Http10);
        assert_eq!(response.head().reason(), b"short and stout");
        assert_eq!(response.url().as_str(), url);
        assert!(response.history().is_empty());
        let names: Vec<_> = response.headers().iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["X-B", "x-a", "x-b"]);
        assert_eq!(response.header("X-b"), Some("1"));
        assert_eq!(response.text().await.unwrap(), "body");
    });
}

#[test]
fn a_body_ends_where_the_framing_says() {
    on_loop(async {
        for (framing, answer, expected) in [
            ("length", "Content-Length: 5\r\n\r\nhello", "hello"),
            (
                "length twice",
                "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi",
                "hi",
            ),
            ("length of nothing", "Content-Length: 0\r\n\r\n", ""),
            (
                "length and more",
                "Content-Length: 4\r\n\r\nfourHTTP/1.1 200",
                "four",
            ),
            (
                "chunked",
                "Transfer-Encoding: chunked\r\n\r\n3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
                "hello",
            ),
            (
                "chunked nothing",
                "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                "",
            ),
            (
                "chunked and length",
                "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
                "hi",
            ),
            ("close", "\r\nhello", "hello"),
            ("close at once", "\r\n", ""),
        ] {
            let answer = format!("HTTP/1.1 200 OK\r\n{answer}");
            let (_, body) = outcome(answer).await.unwrap();
            assert_eq!(String::from_utf8(body).unwrap(), expected, "{framing}");
        }
    });
}

#[test]
fn statuses_without_a_body_have_none_whatever_they_announce() {
    on_loop(async {
        for status in [204, 304] {
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\n\r\n");
            let (response, body) = outcome(answer).await.unwrap();
            assert_eq!((response.status().as_u16(), body), (status, Vec::new()));
        }
    });
}

#[test]
fn the_answer_to_a_head_request_has_no_body_but_its_headers() {
    on_loop(async {
        let server = saying("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n").await;
        let mut response = Session::new().head(server.url("/")).sent().await.unwrap();
        assert_eq!(response.header("content-length"), Some("1000"));
        assert_eq!(response.bytes().await, Ok(Vec::new()));
    });
}

#[test]
fn interim_responses_are_skipped() {
    on_loop(async {
        let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n\
                       HTTP/1.1 199 X\r\n\r\n";
        let (response, body) = outcome(format!("{interim}{HELLO}")).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.header("Link"), None);
        assert_eq!(body, b"hello");
    });
}

#[test]
fn an_answer_in_pieces_of_one_byte_is_the_same_answer() {
    on_loop(async {
        let answers = [
            HELLO,
            "HTTP/1.1 100 Go on\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n",
        ];
        for answer in answers {
            let server = TestServer::start(async move |mut peer: Peer| {
                while peer.expect().await.is_some() {
                    peer.send_slowly(answer.as_bytes().chunks(1)).await;
                }
            });
            let server = server.await;
            let session = Session::new();
            for _ in 0..2 {
                let mut response = session.get(server.url("/")).sent().await.unwrap();
                assert_eq!(response.text().await.unwrap(), "hello");
            }
            assert_eq!(server.per_connection(), [2]);
        }
    });
}

#[test]
fn chunk_gives_the_body_as_it_comes_and_then_its_end() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
            peer.send_slowly([&b"ab"[..], b"cd", b"ef"]).await;
            peer.until_gone().await;
        });
        let server = server.await;
        let session = Session::new();
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        let mut chunks = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            chunks.push(chunk);
        }
        assert_eq!(chunks, [b"ab", b"cd", b"ef"]);
        assert_eq!(response.chunk().await, Ok(None));
        assert_eq!(pool_of(&session), at_rest(1));
    });
}

#[test]
fn chunk_gives_a_body_that_came_with_its_head() {
    on_loop(async {
        let server = saying(HELLO).await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.chunk().await, Ok(Some(b"hello".to_vec())));
        assert_eq!(response.chunk().await, Ok(None));
    });
}

#[test]
fn bytes_after_chunks_are_the_rest() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            peer.send_slowly([&b"3\r\nabc\r\n"[..], b"3\r\ndef\r\n", b"0\r\n\r\n"])
                .await;
        });
        let server = server.await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.chunk().await, Ok(Some(b"abc".to_vec())));
        assert_eq!(response.bytes().await, Ok(b"def".to_vec()));
    });
}

#[test]
fn a_chunk_that_was_given_up_loses_and_invents_nothing() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
            looplet_http::runtime::sleep(ms(40)).await;
            peer.send("body");
            peer.until_gone().await;
        });
        let server = server.await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        for _ in 0..2 {
            assert!(timeout(ms(5), response.chunk()).await.is_err());
        }
        assert_eq!(response.chunk().await, Ok(Some(b"body".to_vec())));
        assert_eq!(response.chunk().await, Ok(None));
    });
}

#[test]
fn text_is_utf8_unless_the_header_says_latin1() {
    on_loop(async {
        for (content_type, body, expected) in [
            ("text/html", &b"caf\xc3\xa9"[..], "caf\u{e9}"),
            ("text/html; charset=ISO-8859-1", b"caf\xe9", "caf\u{e9}"),
            (
                "text/html; a=b; Charset=\"latin1\"",
                b"caf\xe9",
                "caf\u{e9}",
            ),
            ("text/html; charset=utf-8", b"caf\xe9", "caf\u{fffd}"),
        ] {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
            );
            let server = saying([head.as_bytes(), body].concat()).await;
            let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), expected, "{content_type}");
        }
    });
}

/// Bytes that no period of the code divides.
fn large_body() -> Vec<u8> {
    (0..10 * 1024 * 1024_u32)
        .map(|index| (index % 251) as u8)
        .collect()
}

#[test]
fn ten_megabytes_arrive_byte_for_byte_in_every_framing() {
    on_loop(async {
        let body = large_body();
        let length = format!("Content-Length: {}\r\n\r\n", body.len());
        let mut chunked = Vec::new();
        for chunk in body.chunks(70_001) {
            chunked.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunked.extend_from_slice(chunk);
            chunked.extend_from_slice(b"\r\n");
        }
        chunked.extend_from_slice(b"0\r\n\r\n");
        for (framing, coded) in [
            (length.as_str(), body.clone()),
            ("Transfer-Encoding: chunked\r\n\r\n", chunked),
            ("\r\n", body.clone()),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{framing}");
            let (_, received) = outcome([head.as_bytes(), &coded].concat()).await.unwrap();
            assert!(received == body, "{framing:?}: {} bytes", received.len());
        }
    });
}

#[test]
fn ten_megabytes_arrive_byte_for_byte_in_chunks() {
    on_loop(async {
        let body = large_body();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        let server = saying([head.as_bytes(), &body].concat()).await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        let mut received = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            assert!(!chunk.is_empty());
            received.extend(chunk);
        }
        assert!(received == body, "{} bytes", received.len());
    });
}

#[test]
fn a_body_above_the_limit_is_refused_whether_announced_or_not() {
    on_loop(async {
        let body = "x".repeat(1001);
        let session = Session::with(SessionConfig {
            max_body: 1000,
            ..SessionConfig::default()
        });
        let announced_and_never_sent = "Content-Length: 9223372036854775807\r\n\r\n".to_owned();
        for framing in [
            format!("Content-Length: 1001\r\n\r\n{body}"),
            format!("Transfer-Encoding: chunked\r\n\r\n3e9\r\n{body}\r\n0\r\n\r\n"),
            format!("\r\n{body}"),
            announced_and_never_sent,
        ] {
            let server = TestServer::answering(format!("HTTP/1.1 200 OK\r\n{framing}")).await;
            let mut response = session.get(server.url("/")).sent().await.unwrap();
            let refused = response.bytes().await;
            assert_eq!(
                refused,
                Err(Error::BodyTooLarge { limit: 1000 }),
                "{framing}"
            );
        }
    });
}

#[test]
fn a_body_of_exactly_the_limit_is_read() {
    on_loop(async {
        let body = "x".repeat(1000);
        let session = Session::with(SessionConfig {
            max_body: 1000,
            ..SessionConfig::default()
        });
        for framing in [
            format!("Content-Length: 1000\r\n\r\n{body}"),
            format!("Transfer-Encoding: chunked\r\n\r\n3e8\r\n{body}\r\n0\r\n\r\n"),
            format!("\r\n{body}"),
        ] {
            let server = saying(format!("HTTP/1.1 200 OK\r\n{framing}")).await;
            let mut response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.bytes().await.unwrap().len(), 1000, "{framing}");
        }
    });
}

#[test]
fn an_announced_length_reserves_no_memory() {
    on_loop(async {
        // More than any machine has: reserving it would abort.
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nabc",
            u64::MAX / 2
        );
        let session = Session::with(SessionConfig {
            max_body: u64::MAX,
            ..SessionConfig::default()
        });
        let server = saying(answer).await;
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        let (got, want) = (3, u64::MAX / 2);
        assert_eq!(
            response.bytes().await,
            Err(Error::BodyTruncated { got, want })
        );
    });
}

#[test]
fn a_body_that_ends_early_is_an_error_not_a_short_body() {
    on_loop(async {
        let short = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
        assert_eq!(
            error_of(short).await,
            Error::BodyTruncated { got: 3, want: 10 }
        );
        let cut = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        assert_eq!(error_of(cut).await, Error::ChunkedTruncated { got: 5 });
        let no_last_line = format!("{cut}0\r\n");
        assert_eq!(
            error_of(no_last_line).await,
            Error::ChunkedTruncated { got: 5 }
        );
    });
}

#[test]
fn what_came_before_a_fault_can_be_read_in_chunks_and_the_fault_repeats() {
    on_loop(async {
        let server = saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").await;
        let session = Session::new();
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.chunk().await, Ok(Some(b"abc".to_vec())));
        let truncated = Error::BodyTruncated { got: 3, want: 10 };
        assert_eq!(response.chunk().await, Err(truncated.clone()));
        // A fault must not look like the end when somebody asks again.
        assert_eq!(response.chunk().await, Err(truncated.clone()));
        assert_eq!(response.bytes().await, Err(truncated));
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_fault_of_a_whole_body_repeats() {
    on_loop(async {
        let server = saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc").await;
        let mut response = Session::new().get(server.url("/")).sent().await.unwrap();
        let truncated = Error::BodyTruncated { got: 3, want: 10 };
        assert_eq!(response.bytes().await, Err(truncated.clone()));
        assert_eq!(response.bytes().await, Err(truncated));
    });
}

#[test]
fn broken_chunks_and_framing_are_errors() {
    on_loop(async {
        let chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n";
        assert!(matches!(
            error_of(chunk).await,
            Error::BadChunk { found: b'Z', .. }
        ));
        let coding = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n";
        assert!(matches!(
            error_of(coding).await,
            Error::BadTransferEncoding { .. }
        ));
        for lengths in ["1\r\nContent-Length: 2", "1, 2", "+3", "-1", ""] {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {lengths}\r\n\r\nabc");
            let error = error_of(answer).await;
            assert!(
                matches!(error, Error::BadContentLength { .. }),
                "{lengths}: {error:?}"
            );
        }
    });
}

#[test]
fn heads_that_end_early_or_never_begin_are_told_apart() {
    on_loop(async {
        assert_eq!(error_of("").await, Error::EmptyReply);
        let head = "HTTP/1.1 200 OK\r\nA: b\r\n";
        assert_eq!(
            error_of(head).await,
            Error::HeadTruncated { got: head.len() }
        );
        let interim = "HTTP/1.1 100 Continue\r\n\r\n";
        assert_eq!(error_of(interim).await, Error::NoFinalResponse);
        let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n";
        assert_eq!(error_of(upgrade).await, Error::UnexpectedUpgrade);
    });
}

#[test]
fn the_limits_of_the_head_hold() {
    on_loop(async {
        let limits = Limits {
            head_bytes: 500,
            fields: 3,
            interim: 2,
            ..Limits::default()
        };
        let session = Session::with(SessionConfig {
            limits,
            ..SessionConfig::default()
        });
        let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(3);
        for (answer, expected) in [
            (
                format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(500)),
                Error::HeadTooLarge { limit: 500 },
            ),
            (
                "HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n".to_owned(),
                Error::TooManyHeaders { limit: 3 },
            ),
            (
                format!("{interim}{HELLO}"),
                Error::TooManyInterim { limit: 2 },
            ),
        ] {
            let server = TestServer::answering(answer).await;
            let error = session.get(server.url("/")).sent().await.unwrap_err();
            assert_eq!(error, expected);
            server.until_open(0).await;
        }
    });
}

#[test]
fn an_endless_head_is_refused_at_the_limit() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\n");
            while peer.drained().await {
                peer.send("X-Header: the same again\r\n".repeat(100));
            }
        });
        let server = server.await;
        let session = Session::with(SessionConfig {
            limits: Limits {
                fields: usize::MAX,
                ..Limits::default()
            },
            ..SessionConfig::default()
        });
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        let expected = matches!(
            error,
            Error::HeadTooLarge { .. } | Error::TooManyHeaders { .. }
        );
        assert!(expected, "{error:?}");
        server.until_open(0).await;
    });
}

#[test]
fn what_is_not_http_is_shown() {
    on_loop(async {
        let error = error_of("SSH-2.0-OpenSSH_9.2\r\n").await;
        assert!(matches!(error, Error::NotHttp { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(r"SSH-2.0-OpenSSH_9.2\x0d\x0a"), "{text}");
        let tls_alert = error_of(&b"\x15\x03\x01\x00\x02\x02\x46"[..]).await;
        assert!(tls_alert.to_string().contains(r"\x15\x03"), "{tls_alert}");
    });
}

#[test]
fn bytes_behind_a_response_cost_it_its_connection() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.serve(&format!(
                "{HELLO}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
            ))
            .await;
        });
        let server = server.await;
        let session = Session::new();
        for _ in 0..3 {
            let mut response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
        }
        assert_eq!(server.per_connection(), [1, 1, 1]);
    });
}

#[test]
fn bytes_that_come_while_a_connection_is_idle_cost_it_its_place() {
    on_loop(async {
        let (received, sent) = (Rc::new(Event::new()), Rc::new(Event::new()));
        let (go, done) = (received.clone(), sent.clone());
        let server = TestServer::start(async move |mut peer: Peer| {
            if peer.number == 0 {
                peer.expect().await;
                peer.send(HELLO);
                go.wait().await;
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                done.set();
            }
            peer.serve(HELLO).await;
        });
        let server = server.await;
        let session = Session::new();
        session.get(server.url("/")).sent().await.unwrap();
        received.set();
        sent.wait().await;
        // The loop has to ask the kernel once to know of them.
        a_moment().await;
        let mut response = session.get(server.url("/")).sent().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(server.per_connection(), [1, 1]);
    });
}

#[test]
fn a_body_where_none_may_be_costs_the_connection() {
    on_loop(async {
        let server = TestServer::answering("HTTP/1.1 204 X\r\nContent-Length: 4\r\n\r\nevil").await;
        let session = Session::new();
        for _ in 0..2 {
            let response = session.get(server.url("/")).sent().await.unwrap();
            assert_eq!(response.status(), 204);
        }
        assert_eq!(server.per_connection(), [1, 1]);
    });
}

#[test]
fn a_refusal_by_a_server_that_hears_no_more_is_read_at_once() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.receive_some().await;
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nsorry");
            std::future::pending::<()>().await;
        });
        let server = server.await;
        let session = session_with_timeouts(Timeouts {
            write_idle: Some(ms(500)),
            ..Timeouts::default()
        });
        let body = vec![b'x'; 16 * 1024 * 1024];
        let response = session.post(server.url("/")).body(body).sent().await;
        assert_eq!(response.unwrap().text().await.unwrap(), "sorry");
    });
}

#[test]
fn an_early_answer_to_a_large_request_is_read() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.receive_some().await;
            peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nsorry");
        });
        let server = server.await;
        let session = Session::new();
        let body = vec![b'x'; 16 * 1024 * 1024];
        let response = session.post(server.url("/")).body(body).sent().await;
        let mut response = response.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(response.text().await.unwrap(), "sorry");
        // The request was never whole, so nothing else may follow it.
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn raise_for_status_makes_an_error_of_4xx_and_5xx_only() {
    on_loop(async {
        for status in [200, 204, 304, 404, 500, 599] {
            let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
            let server = saying(answer).await;
            let url = server.url("/").replace("//", "//user:secret@");
            let response = Session::new().get(url).sent().await.unwrap();
            let raised = response.raise_for_status().map(|_| ());
            if status < 400 {
                assert_eq!(raised, Ok(()));
            } else {
                let (code, url) = (status, server.url("/"));
                assert_eq!(raised, Err(Error::Status { code, url }));
            }
        }
    });
}

#[test]
fn the_shortcut_fetches_a_url() {
    on_loop(async {
        let server = saying(HELLO).await;
        let mut response = looplet_http::get(server.url("/")).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        server.until_open(0).await;
    });
}

#[test]
fn a_session_can_be_dropped_before_its_response() {
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
        drop(session);
        let body = timeout(Duration::from_secs(2), response.bytes())
            .await
            .unwrap();
        assert_eq!(body, Ok(b"body".to_vec()));
        server.until_open(0).await;
    });
}
