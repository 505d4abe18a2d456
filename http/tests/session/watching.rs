//! What is known of a request while it is under way and afterwards: progress, timings, the wire.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use looplet_http::message::Body;
use looplet_http::runtime::{create_task, sleep};
use looplet_http::{Error, MinSpeed, Phase, Progress, Session, SessionConfig, Timeouts, WireEvent};

use crate::server::{
    EMPTY, HELLO, Peer, TestServer, moved, ms, on_loop, plain_session, session_with_timeouts, until,
};

/// The sum of all phases but the earlier hops.
fn sum(progress: &Progress) -> Duration {
    let t = progress.timings();
    t.pool_wait + t.resolve + t.connect + t.proxy + t.tls + t.send + t.first_byte + t.head + t.body
}

#[test]
fn phases_are_where_the_time_went() {
    on_loop(async {
        let progress = Progress::new();
        let watched = progress.clone();
        // Each pause begins when the phase has: however late the client notices what has come.
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect().await;
            until(|| watched.phase() == Some(Phase::FirstByte)).await;
            sleep(ms(30)).await;
            peer.send("HTTP/1.1 200 OK\r\n");
            until(|| watched.phase() == Some(Phase::Head)).await;
            sleep(ms(20)).await;
            peer.send("Content-Length: 5\r\n\r\n");
            until(|| watched.phase() == Some(Phase::Body)).await;
            sleep(ms(10)).await;
            peer.send("hello");
            peer.until_gone().await;
        })
        .await;
        let request = plain_session().get(server.url("/")).progress(&progress);
        let mut response = request.send().await.unwrap();
        assert_eq!(progress.phase(), Some(Phase::Body));
        response.bytes().await.unwrap();
        let timings = progress.timings();
        assert!(timings.first_byte >= ms(29), "{timings:?}");
        assert!(timings.head >= ms(19), "{timings:?}");
        assert!(timings.body >= ms(9), "{timings:?}");
        assert_eq!(timings.total(), sum(&progress));
        assert_eq!(progress.phase(), None);
        assert_eq!(progress.timings(), timings);
    });
}

#[test]
fn whoever_is_told_of_an_interim_head_finds_the_phase_of_the_head() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 103 Early Hints\r\n\r\n");
            peer.send(HELLO);
        })
        .await;
        let (progress, seen) = (Progress::new(), Rc::new(RefCell::default()));
        let (watched, note) = (progress.clone(), seen.clone());
        let request = plain_session().get(server.url("/")).progress(&progress);
        let told = request.on_informational(move |_| *note.borrow_mut() = watched.phase());
        told.send().await.unwrap();
        assert_eq!(seen.take(), Some(Phase::Head));
    });
}

#[test]
fn the_time_of_a_redirect_is_earlier() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            sleep(ms(20)).await;
            peer.send(moved(302, "/2"));
            peer.serve(HELLO).await;
        })
        .await;
        let response = plain_session().get(server.url("/")).send().await.unwrap();
        let timings = response.timings();
        assert!(timings.earlier >= ms(19), "{timings:?}");
        assert_eq!(timings.total(), timings.earlier + sum(response.progress()));
    });
}

#[test]
fn bytes_are_counted_without_framing_and_before_decoding() {
    on_loop(async {
        let server = TestServer::answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        )
        .await;
        let session = plain_session();
        let body = Body::from("some bytes");
        let mut response = session
            .put(server.url("/"))
            .body(body)
            .send()
            .await
            .unwrap();
        response.bytes().await.unwrap();
        let progress = response.progress();
        assert_eq!((progress.sent(), progress.to_send()), (10, Some(10)));
        assert_eq!((progress.received(), progress.expected()), (5, None));
        assert_eq!(progress.peer_addr(), Some(server.address()));
    });
}

#[cfg(feature = "gzip")]
#[test]
fn a_coded_body_counts_as_it_is_on_the_wire() {
    on_loop(async {
        // An empty member: header, one final block of no bytes, checksum and length.
        let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0\0\0\0\0\0\0\0\0";
        let server = TestServer::start(async move |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n");
            peer.send(gzip);
        })
        .await;
        let mut response = Session::new().get(server.url("/")).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), b"");
        let progress = response.progress();
        assert_eq!((progress.received(), progress.expected()), (20, Some(20)));
    });
}

#[test]
fn a_body_that_is_sent_once_more_is_counted_once() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send(EMPTY);
            // The first connection is closed when the second request has come.
            if peer.number > 0 || peer.expect().await.is_none() {
                peer.until_gone().await;
            }
        })
        .await;
        let session = plain_session();
        session.get(server.url("/")).send().await.unwrap();
        let response = session
            .put(server.url("/"))
            .body("12345")
            .send()
            .await
            .unwrap();
        assert_eq!(server.per_connection(), [2, 1]);
        assert_eq!(response.progress().sent(), 5);
        assert!(!response.progress().is_reused());
    });
}

#[test]
fn a_failure_has_no_peer_but_its_own() {
    on_loop(async {
        let deserted = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let server = TestServer::answering(moved(302, &format!("http://{deserted}/"))).await;
        let failure = plain_session()
            .get(server.url("/"))
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            failure.url().unwrap().as_str(),
            format!("http://{deserted}/")
        );
        assert_eq!(failure.peer_addr(), None);
        assert!(failure.timings().earlier > Duration::ZERO);
    });
}

#[test]
fn a_request_that_is_given_up_is_in_no_phase_any_more() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            if peer.number == 1 {
                peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel");
            }
            peer.until_gone().await;
        })
        .await;
        // In the middle of waiting for the answer.
        let progress = Progress::new();
        let request = plain_session().get(server.url("/")).progress(&progress);
        let task = create_task(request.send());
        until(|| progress.phase() == Some(Phase::FirstByte)).await;
        task.cancel();
        let _ = task.join().await;
        assert_eq!(progress.phase(), None);
        // In the middle of the body.
        let progress = Progress::new();
        let request = plain_session().get(server.url("/")).progress(&progress);
        let response = request.send().await.unwrap();
        assert_eq!(progress.phase(), Some(Phase::Body));
        drop(response);
        assert_eq!(progress.phase(), None);
    });
}

#[test]
fn the_wire_is_told_in_order_and_byte_for_byte() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
            peer.send(moved(302, "/2"));
            peer.serve(HELLO).await;
        })
        .await;
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hearing = heard.clone();
        let request = plain_session().get(server.url("/1")).on_wire(move |event| {
            hearing.borrow_mut().push(match event {
                WireEvent::Connected { peer, reused, .. } => format!("{} {reused}", peer.unwrap()),
                WireEvent::RequestHead(head) | WireEvent::ResponseHead(head) => {
                    String::from_utf8(head.to_vec()).unwrap()
                }
                other => panic!("{other:?}"),
            });
        });
        request.send().await.unwrap();
        let (at, [first, second]) = (server.address(), server.requests().try_into().unwrap());
        assert_eq!(
            heard.borrow()[..],
            [
                format!("{at} false"),
                first,
                "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_owned(),
                moved(302, "/2"),
                format!("{at} true"),
                second,
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_owned(),
            ]
        );
    });
}

/// A session that wants 1000 bytes in every 50 ms.
fn impatient() -> Session {
    session_with_timeouts(Timeouts {
        min_speed: Some(MinSpeed {
            bytes: 1000,
            within: ms(50),
        }),
        ..Timeouts::default()
    })
}

#[test]
fn a_body_that_drips_is_too_slow() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
            while peer.drained().await {
                peer.send_slowly([&b"x"[..]]).await;
            }
        })
        .await;
        let mut response = impatient().get(server.url("/")).send().await.unwrap();
        let slow = response.bytes().await.unwrap_err();
        let Error::TooSlow {
            phase,
            bytes,
            within,
        } = slow
        else {
            panic!("{slow}");
        };
        assert_eq!((phase, within), (Phase::Body, ms(50)));
        assert!((1..1000).contains(&bytes), "{bytes}");
    });
}

#[test]
fn a_server_that_takes_nothing_is_too_slow() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect_head().await;
            sleep(Duration::from_secs(5)).await;
        })
        .await;
        let body = vec![0; 32 * 1024 * 1024];
        let slow = impatient()
            .put(server.url("/"))
            .body(body)
            .send()
            .await
            .unwrap_err();
        let is_slow = matches!(
            slow.error(),
            Error::TooSlow {
                phase: Phase::Send,
                bytes: 0..,
                ..
            }
        );
        assert!(is_slow, "{slow}");
    });
}

#[test]
fn a_program_that_reads_slowly_is_not_blamed_on_the_server() {
    on_loop(async {
        let config = SessionConfig {
            timeouts: Timeouts {
                min_speed: Some(MinSpeed {
                    bytes: 1_000_000,
                    within: ms(40),
                }),
                ..Timeouts::default()
            },
            ..SessionConfig::default()
        };
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
            peer.send(vec![b'x'; 200_000]);
            peer.until_gone().await;
        })
        .await;
        let mut response = Session::with(config)
            .get(server.url("/"))
            .send()
            .await
            .unwrap();
        let mut length = 0;
        while let Some(piece) = response.chunk().await.unwrap() {
            length += piece.len();
            sleep(ms(10)).await;
        }
        assert_eq!(length, 200_000);
    });
}
