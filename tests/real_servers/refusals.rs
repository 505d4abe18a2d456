//! Servers that do not want what they are sent, or do not answer at all.

use std::cell::Cell;
use std::fs;
use std::io;
use std::rc::Rc;

use looplet::{AsyncIterator, from_fn};
use looplet_http::message::Body;
use looplet_http::{Error, RequestBuilder, Session};

use crate::servers::{Server, apache, httpbin, nginx};
use crate::{content, on_loop, status_of};

const MEGABYTES: usize = 5 << 20;

#[test]
fn a_connection_that_nginx_closes_unanswered_is_an_empty_reply() {
    let Some(nginx) = nginx() else { return };
    let url = nginx.url("/nothing");
    let answer = on_loop(async move { status_of(Session::new().get(url)).await });
    assert_eq!(answer, Err(Error::EmptyReply));
    assert_eq!(nginx.logged(1).len(), 1);
}

/// Fetches a file, and then, on the same connection, sends a request that is not answered.
fn unanswered(nginx: &Server, build: impl FnOnce(&Session, String) -> RequestBuilder + 'static) {
    nginx.add_file("hello.txt", "hello");
    let (good, bad) = (nginx.url("/hello.txt"), nginx.url("/nothing"));
    on_loop(async move {
        let session = Session::new();
        session.get(good).send().await.unwrap();
        let answer = status_of(build(&session, bad)).await;
        assert_eq!(answer, Err(Error::EmptyReply));
    });
}

#[test]
fn a_get_that_is_not_answered_on_a_kept_connection_is_sent_once_more() {
    let Some(nginx) = nginx() else { return };
    unanswered(&nginx, |session, url| session.get(url));
    assert_eq!(nginx.logged(3).len(), 3);
}

#[test]
fn a_post_that_is_not_answered_on_a_kept_connection_is_not() {
    let Some(nginx) = nginx() else { return };
    unanswered(&nginx, |session, url| session.post(url).body("x"));
    assert_eq!(nginx.logged(2).len(), 2);
}

#[test]
fn a_large_upload_that_nginx_refuses_ends_with_its_answer() {
    let Some(nginx) = nginx() else { return };
    let url = nginx.url("/small");
    on_loop(async move {
        let body = content(MEGABYTES);
        let mut refusal = Session::new().put(url).body(body).send().await.unwrap();
        assert_eq!(refusal.status(), 413);
        let text = refusal.text().await.unwrap();
        assert!(text.contains("413 Request Entity Too Large"), "{text}");
    });
}

#[test]
fn a_large_upload_that_apache_refuses_ends_with_its_answer() {
    let Some(apache) = apache() else { return };
    let url = apache.url("/small");
    on_loop(async move {
        let body = content(MEGABYTES);
        let mut refusal = Session::new().post(url).body(body).send().await.unwrap();
        assert_eq!(refusal.status(), 413);
        let text = refusal.text().await.unwrap();
        assert!(text.contains("Request Entity Too Large"), "{text}");
    });
}

const PIECE: usize = 64 << 10;

/// Pieces for a body, and how many of them were asked for.
fn counted(
    pieces: usize,
) -> (
    impl AsyncIterator<Item = io::Result<Vec<u8>>>,
    Rc<Cell<usize>>,
) {
    let given = Rc::new(Cell::new(0));
    let count = given.clone();
    let pieces = from_fn(async move || {
        let next = count.get() + 1;
        (next <= pieces).then(|| {
            count.set(next);
            Ok(vec![b'x'; PIECE])
        })
    });
    (pieces, given)
}

#[test]
fn an_upload_of_unknown_length_that_nginx_refuses_stops() {
    let Some(nginx) = nginx() else { return };
    let url = nginx.url("/small");
    on_loop(async move {
        let (pieces, given) = counted(10_000);
        let request = Session::new().put(url).body(Body::stream(pieces));
        assert_eq!(request.send().await.unwrap().status(), 413);
        assert!(given.get() < 1000, "{} pieces were sent", given.get());
    });
}

/// Asks for leave before a body of `pieces` is sent. Returns the status, and how many pieces
/// were sent.
fn with_leave(url: String, pieces: usize) -> (u16, usize) {
    on_loop(async move {
        let (source, given) = counted(pieces);
        let body = Body::sized_stream((pieces * PIECE) as u64, source);
        let request = Session::new().put(url).body(body).expect_continue();
        let status = request.send().await.unwrap().status().as_u16();
        (status, given.get())
    })
}

#[test]
fn a_refusal_of_nginx_spares_an_upload_that_asks_for_leave() {
    let Some(nginx) = nginx() else { return };
    assert_eq!(with_leave(nginx.url("/small"), 80), (413, 0));
}

#[test]
fn nginx_gives_leave_and_gets_the_body() {
    let Some(nginx) = nginx() else { return };
    assert_eq!(with_leave(nginx.url("/uploads"), 16), (201, 16));
    let sent = fs::metadata(nginx.file("uploads")).unwrap();
    assert_eq!(sent.len(), 16 * PIECE as u64);
}

#[test]
fn waitress_gives_leave_and_gets_the_body() {
    let Some(httpbin) = httpbin() else { return };
    assert_eq!(with_leave(httpbin.url("/status/202"), 2), (202, 2));
}

#[test]
fn a_refusal_of_apache_spares_an_upload_that_asks_for_leave() {
    let Some(apache) = apache() else { return };
    assert_eq!(with_leave(apache.url("/small"), 80), (413, 0));
}
