//! How often a host is asked, and what is asked again: on a clock that jumps.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use looplet_http::runtime::{Clock, Runner, get_running_loop};
use looplet_http::{Error, Phase, Politeness, Response, Retry, Session, SessionConfig, Timeouts};

use crate::server::{EMPTY, Peer, Sent, TestServer, ms};

/// Runs a test in virtual time.
fn in_virtual_time(test: impl Future<Output = ()> + 'static) {
    Runner::with_clock(Clock::Virtual)
        .unwrap()
        .run(test)
        .unwrap();
}

/// A server that answers request after request, the last answer again and again, and when each
/// of them came, from the first one on, in milliseconds.
async fn answering(answers: Vec<String>) -> (TestServer, Rc<RefCell<Vec<u128>>>) {
    let came = Rc::new(RefCell::new(Vec::new()));
    let (coming, began) = (came.clone(), get_running_loop().time());
    let script = async move |mut peer: Peer| {
        while peer.expect().await.is_some() {
            let at = coming.borrow().len();
            let since = get_running_loop().time() - began;
            coming.borrow_mut().push(since.as_millis());
            peer.send(&answers[at.min(answers.len() - 1)]);
        }
    };
    (TestServer::start(script).await, came)
}

fn retrying(retry: Retry) -> Session {
    Session::with(SessionConfig {
        retry: Some(retry),
        timeouts: Timeouts {
            first_byte: Some(ms(500)),
            ..Timeouts::default()
        },
        ..SessionConfig::default()
    })
}

fn answer(status: u16, headers: &str) -> String {
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: 0\r\n\r\n")
}

async fn get(session: &Session, server: &TestServer) -> Result<Response, Error> {
    session.get(server.url("/")).sent().await
}

#[test]
fn a_burst_goes_at_once_and_then_one_each_delay() {
    in_virtual_time(async {
        let (server, came) = answering(vec![EMPTY.to_owned()]).await;
        let session = Session::with(SessionConfig {
            politeness: Some(Politeness {
                delay: ms(1000),
                burst: 2,
            }),
            ..SessionConfig::default()
        });
        for _ in 0..5 {
            get(&session, &server).await.unwrap();
        }
        assert_eq!(came.borrow()[..], [0, 0, 1000, 2000, 3000]);
        // A pause brings the burst back, and no more than that.
        looplet_http::runtime::sleep(ms(60_000)).await;
        let before = came.borrow()[4] + 60_000;
        for _ in 0..3 {
            get(&session, &server).await.unwrap();
        }
        let later: Vec<_> = came.borrow()[5..].iter().map(|at| at - before).collect();
        assert_eq!(later, [0, 0, 1000]);
    });
}

#[test]
fn a_session_that_is_closed_while_a_request_waits_for_its_turn_refuses_it() {
    in_virtual_time(async {
        let (server, came) = answering(vec![EMPTY.to_owned()]).await;
        let politeness = Politeness {
            delay: ms(1000),
            burst: 1,
        };
        let session = Session::with(SessionConfig {
            politeness: Some(politeness),
            ..SessionConfig::default()
        });
        get(&session, &server).await.unwrap();
        let (closing, event_loop) = (session.clone(), get_running_loop());
        event_loop.call_later(ms(500), move || closing.close());
        assert_eq!(
            get(&session, &server).await.unwrap_err(),
            Error::SessionClosed
        );
        assert_eq!(came.borrow().len(), 1);
    });
}

#[test]
fn another_origin_has_a_clock_of_its_own() {
    in_virtual_time(async {
        let (one, _) = answering(vec![EMPTY.to_owned()]).await;
        let (two, came) = answering(vec![EMPTY.to_owned()]).await;
        let session = Session::with(SessionConfig {
            politeness: Some(Politeness {
                delay: ms(1000),
                burst: 0,
            }),
            ..SessionConfig::default()
        });
        for server in [&one, &two, &one, &two] {
            get(&session, server).await.unwrap();
        }
        assert_eq!(came.borrow()[..], [0, 1000]);
    });
}

#[test]
fn each_status_of_the_list_is_tried_again_and_no_other() {
    in_virtual_time(async {
        for (status, tries) in [
            (408, 3),
            (429, 3),
            (500, 3),
            (502, 3),
            (503, 3),
            (504, 3),
            (404, 1),
            (501, 1),
        ] {
            let (server, came) = answering(vec![answer(status, "")]).await;
            let response = get(&retrying(Retry::default()), &server).await.unwrap();
            assert_eq!(
                (response.status().as_u16(), came.borrow().len()),
                (status, tries)
            );
        }
    });
}

#[test]
fn pauses_double_up_to_the_longest_and_lose_at_most_a_half() {
    in_virtual_time(async {
        let retry = Retry {
            attempts: 4,
            first_pause: ms(1000),
            max_pause: ms(3000),
            ..Retry::default()
        };
        let (server, came) = answering(vec![answer(503, "")]).await;
        get(&retrying(retry), &server).await.unwrap();
        let came = came.borrow();
        let pauses: Vec<_> = came.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (pause, full) in pauses.iter().zip([1000, 2000, 3000, 3000]) {
            assert!((full / 2..=full + 1).contains(pause), "{pauses:?}");
        }
    });
}

#[test]
fn a_server_may_ask_for_a_pause_of_its_own() {
    in_virtual_time(async {
        let date = httpdate(SystemTime::now() + Duration::from_secs(20));
        for (asked, bounds) in [
            ("7".to_owned(), 7000..=7001),
            ("0".to_owned(), 0..=1),
            (date, 15_000..=20_001),
            ("Thu, 01 Jan 2015 00:00:00 GMT".to_owned(), 0..=1),
            // What cannot be understood asks for nothing.
            ("soon".to_owned(), 250..=501),
            ("-1".to_owned(), 250..=501),
        ] {
            let answers = vec![
                answer(503, &format!("Retry-After: {asked}\r\n")),
                answer(200, ""),
            ];
            let (server, came) = answering(answers).await;
            let response = get(&retrying(Retry::default()), &server).await.unwrap();
            assert_eq!(response.status(), 200);
            let pause = came.borrow()[1] - came.borrow()[0];
            assert!(bounds.contains(&pause), "{asked}: {pause}");
        }
    });
}

/// A time as it stands in a header.
fn httpdate(time: SystemTime) -> String {
    httpdate::fmt_http_date(time)
}

#[test]
fn a_pause_that_is_too_long_makes_the_answer_stand() {
    in_virtual_time(async {
        for asked in [
            "61",
            "99999999999999999999999",
            "Fri, 01 Jan 2100 00:00:00 GMT",
        ] {
            let answers = vec![answer(503, &format!("Retry-After: {asked}\r\n"))];
            let (server, came) = answering(answers).await;
            let response = get(&retrying(Retry::default()), &server).await.unwrap();
            assert_eq!((response.status().as_u16(), came.borrow().len()), (503, 1));
        }
    });
}

#[test]
fn a_pause_that_would_outlast_the_whole_makes_the_answer_or_the_error_stand() {
    in_virtual_time(async {
        let (server, came) = answering(vec![answer(503, "Retry-After: 20\r\n")]).await;
        let session = retrying(Retry::default());
        let request = session.get(server.url("/")).timeout(ms(20_000));
        let response = request.sent().await.unwrap();
        assert_eq!((response.status().as_u16(), came.borrow().len()), (503, 1));

        let session = retrying(Retry {
            first_pause: ms(60_000),
            max_pause: ms(60_000),
            ..Retry::default()
        });
        let request = session.get("http://127.0.0.1:1/").timeout(ms(20_000));
        let refused = request.sent().await.unwrap_err();
        assert!(matches!(refused, Error::Connect { .. }), "{refused}");
    });
}

#[test]
fn what_cannot_be_repeated_is_not_tried_again() {
    in_virtual_time(async {
        let (server, came) = answering(vec![answer(503, "")]).await;
        let session = retrying(Retry::default());
        session
            .post(server.url("/"))
            .body("x")
            .send()
            .await
            .unwrap();
        assert_eq!(came.borrow().len(), 1);
        session.put(server.url("/")).body("x").send().await.unwrap();
        assert_eq!(came.borrow().len(), 4);
    });
}

#[test]
fn what_fails_on_the_way_is_tried_again_and_the_last_error_is_given() {
    in_virtual_time(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            if peer.number == 2 {
                peer.until_gone().await;
            }
        })
        .await;
        let late = get(&retrying(Retry::default()), &server).await.unwrap_err();
        let after = ms(500);
        assert_eq!(
            late,
            Error::Timeout {
                phase: Phase::FirstByte,
                after
            }
        );
        assert_eq!(server.connections(), 3);
    });
}
