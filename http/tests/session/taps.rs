//! What whoever taps the wire is told, and answers that are taken only where that is tolerated.

use std::cell::RefCell;
use std::rc::Rc;

use looplet_http::codec::{Limits, Tolerance};
use looplet_http::{Error, Response, Session, SessionConfig, WireEvent};

use crate::server::{Peer, Sent, TestServer, ms, on_loop};

/// What was told, without requests and connections.
type Told = Rc<RefCell<Vec<String>>>;

/// Sends an answer to a tapped request, ends the connection, and reads the body.
async fn tapped(
    answer: &'static [u8],
    tolerance: Tolerance,
) -> (Vec<String>, Result<String, Error>) {
    let server = TestServer::start(async move |mut peer: Peer| {
        peer.expect().await;
        peer.send(answer);
    })
    .await;
    let limits = Limits {
        tolerance,
        ..Limits::default()
    };
    let session = Session::with(SessionConfig {
        limits,
        ..SessionConfig::default()
    });
    let told = Told::default();
    let note = told.clone();
    let request = session.get(server.url("/")).on_wire(move |event| {
        let (name, bytes) = match event {
            WireEvent::ResponseHead(bytes) => ("head", bytes),
            WireEvent::BrokenHead(bytes) => ("broken", bytes),
            WireEvent::Trailers(bytes) => ("trailers", bytes),
            _ => return,
        };
        note.borrow_mut()
            .push(format!("{name}: {}", bytes.escape_ascii()));
    });
    let body = match request.sent().await {
        Ok(response) => text(response).await,
        Err(error) => Err(error),
    };
    (told.take(), body)
}

async fn text(mut response: Response) -> Result<String, Error> {
    response.text().await
}

#[test]
fn heads_and_trailers_are_told_as_they_were_received() {
    on_loop(async {
        let answer =
            b"HTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\nTransfer-Encoding:  chunked\
            \r\n\r\n2\r\nhi\r\n0\r\nA:  b\r\nHost: c\r\n\r\n";
        let (told, body) = tapped(answer, Tolerance::default()).await;
        assert_eq!(
            told,
            [
                r"head: HTTP/1.1 103 E\r\nLink: a\r\n\r\n",
                r"head: HTTP/1.1 200 OK\nTransfer-Encoding:  chunked\r\n\r\n",
                r"trailers: A:  b\r\nHost: c\r\n\r\n",
            ]
        );
        assert_eq!(body, Ok("hi".to_owned()));
    });
}

#[test]
fn trailers_are_told_although_the_body_is_too_large() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            looplet_http::runtime::sleep(ms(20)).await;
            peer.send("5\r\nhello\r\n0\r\nA: b\r\n\r\n");
        })
        .await;
        let session = Session::with(SessionConfig {
            max_body: 3,
            ..SessionConfig::default()
        });
        let told = Told::default();
        let note = told.clone();
        let request = session.get(server.url("/")).on_wire(move |event| {
            if let WireEvent::Trailers(bytes) = event {
                note.borrow_mut().push(bytes.escape_ascii().to_string());
            }
        });
        let body = text(request.sent().await.unwrap()).await;
        assert_eq!(body, Err(Error::BodyTooLarge { limit: 3 }));
        assert_eq!(told.take(), ["A: b\\r\\n\\r\\n"]);
    });
}

#[test]
fn a_head_that_ends_in_an_error_is_told_before_it() {
    on_loop(async {
        let (told, body) = tapped(b"HTTP/1.1 200 OK\r\nServer: a", Tolerance::default()).await;
        assert_eq!(told, [r"broken: HTTP/1.1 200 OK\r\nServer: a"]);
        assert_eq!(body, Err(Error::HeadTruncated { got: 26 }));
        let (told, body) = tapped(b"HTTP/1.1 200 OK\r\nA b\r\n\r\n", Tolerance::default()).await;
        assert_eq!(told, [r"broken: HTTP/1.1 200 OK\r\nA b\r\n\r\n"]);
        assert!(matches!(body, Err(Error::BadHeaderLine { .. })), "{body:?}");
        let (told, body) = tapped(b"", Tolerance::default()).await;
        assert_eq!((told, body), (vec![], Err(Error::EmptyReply)));
    });
}

#[test]
fn an_answer_without_a_head_is_a_body_where_that_is_tolerated_and_no_head_is_told() {
    on_loop(async {
        let headless = Tolerance {
            headless: true,
            ..Tolerance::default()
        };
        let (told, body) = tapped(b"no head", headless).await;
        assert_eq!((told, body), (vec![], Ok("no head".to_owned())));
        let (told, body) = tapped(b"no head", Tolerance::default()).await;
        assert_eq!(told, ["broken: no head"]);
        assert!(matches!(body, Err(Error::NotHttp { .. })), "{body:?}");
    });
}

#[test]
fn a_body_without_its_last_line_is_whole_where_that_is_tolerated() {
    on_loop(async {
        let answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n";
        let (_, body) = tapped(answer, Tolerance::lenient()).await;
        assert_eq!(body, Ok("hi".to_owned()));
        let (_, body) = tapped(answer, Tolerance::default()).await;
        assert_eq!(body, Err(Error::ChunkedTruncated { got: 2 }));
    });
}
