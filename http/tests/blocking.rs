//! The session that blocks: the same answers, the same connections, and a loop that stands still
//! between two calls.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use looplet_http::blocking::{self, Response, Session};
use looplet_http::runtime::run;
use looplet_http::{Error, Failure, Multipart, Phase};

/// A server on a thread of its own: it gives every request this answer, on as many connections
/// as it takes, and tells what it has received.
struct Answering {
    address: SocketAddr,
    /// The number of the connection, and the head of the request with what has come behind it.
    heard: Receiver<(usize, String)>,
}

impl Answering {
    fn start(answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, heard) = channel();
        let answer = answer.to_owned();
        thread::spawn(move || {
            for (number, peer) in listener.incoming().enumerate() {
                let (mut peer, tell, answer) = (peer.unwrap(), tell.clone(), answer.clone());
                thread::spawn(move || {
                    let mut request = vec![0; 64 * 1024];
                    while let Ok(count @ 1..) = peer.read(&mut request) {
                        let text = String::from_utf8_lossy(&request[..count]).into_owned();
                        if tell.send((number, text)).is_err()
                            || peer.write_all(answer.as_bytes()).is_err()
                        {
                            return;
                        }
                    }
                });
            }
        });
        Self { address, heard }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The connections that requests came on.
    fn connections(&self) -> Vec<usize> {
        self.heard.try_iter().map(|(number, _)| number).collect()
    }
}

/// Five bytes, of which the last ones come in a chunk of their own.
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nT: 1\r\n\r\n";
/// As much, with a length.
const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

#[test]
fn a_connection_is_used_again_between_calls() {
    let server = Answering::start(HELLO);
    let session = Session::new().unwrap();
    for _ in 0..3 {
        assert_eq!(
            session.get(server.url()).send().unwrap().text().unwrap(),
            "hello"
        );
    }
    assert_eq!(server.connections(), [0, 0, 0]);
    session.close();
    let refused = session.get(server.url()).send().unwrap_err();
    assert_eq!(*refused.error(), Error::SessionClosed);
}

#[test]
fn a_request_is_what_the_builder_makes_of_it() {
    let server = Answering::start(HELLO);
    let session = Session::new().unwrap();
    let request = session
        .post(server.url())
        .header("X-Tag", "1")
        .query("a", "b c");
    request.form([("n", "v")]).send().unwrap();
    let (_, heard) = server.heard.recv().unwrap();
    assert!(
        heard.starts_with("POST /?a=b+c HTTP/1.1\r\n")
            || heard.starts_with("POST /?a=b%20c HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(
        heard.contains("\r\nX-Tag: 1\r\n") && heard.ends_with("\r\n\r\nn=v"),
        "{heard}"
    );

    let form = Multipart::new().text("name", "value");
    session
        .put(server.url())
        .change(|request| request.multipart(form))
        .send()
        .unwrap();
    let (_, heard) = server.heard.recv().unwrap();
    assert!(
        heard.contains("\r\nContent-Type: multipart/form-data; boundary="),
        "{heard}"
    );
}

#[test]
fn a_body_is_read_in_pieces_and_none_is_lost() {
    let server = Answering::start(CHUNKED);
    let session = Session::new().unwrap();
    let read_one = || {
        let mut response = session.get(server.url()).send().unwrap();
        let mut first = [0];
        response.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"h");
        response
    };
    assert_eq!(Response::bytes(&mut read_one()).unwrap(), b"ello");
    assert_eq!(read_one().text().unwrap(), "ello");
    assert_eq!(read_one().text_with("utf-8").unwrap(), "ello");
    let mut rest = String::new();
    read_one().read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "ello");
    let mut response = read_one();
    let mut pieces = Vec::new();
    while let Some(piece) = response.chunk().unwrap() {
        pieces.extend(piece);
    }
    assert_eq!(pieces, b"ello");
    assert_eq!(response.trailers().get("T"), Some(&b"1"[..]));
    assert_eq!(response.read(&mut [0; 9]).unwrap(), 0);
    assert_eq!(server.connections(), [0; 5]);
}

#[test]
fn an_unknown_charset_loses_nothing() {
    let server = Answering::start(CHUNKED);
    let mut response = blocking::get(server.url()).unwrap();
    let unknown = response.text_with("no-such-charset").unwrap_err();
    assert!(matches!(unknown, Error::UnknownCharset { .. }), "{unknown}");
    assert_eq!(response.text().unwrap(), "hello");
}

#[test]
fn between_two_calls_a_response_can_be_asked_anything() {
    let half = HELLO.strip_suffix("lo").unwrap();
    let server = Answering::start(half);
    let session = Session::new().unwrap();
    let response = session.get(server.url()).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.progress().phase(), Some(Phase::Body));
    let timings = response.timings();
    assert_eq!(response.timings(), timings);
    let progress = response.progress().clone();
    drop(response);
    assert_eq!(progress.phase(), None);
    assert_eq!(format!("{session:?}").matches("idle: 0").count(), 1);
}

#[test]
fn where_a_loop_is_running_blocking_is_an_error_that_loses_nothing() {
    let server = Answering::start(&CHUNKED.replace("0\r\nT", "00\r\nT"));
    let half = Answering::start(HELLO.strip_suffix("lo").unwrap());
    let session = Session::new().unwrap();
    let mut response = session.get(half.url()).send().unwrap();
    let url = server.url();
    let inside = session.clone();
    let response = run(async move {
        let is_refused = |error: &Error| matches!(error, Error::NoLoop { .. });
        assert!(is_refused(inside.get(&*url).send().unwrap_err().error()));
        assert!(is_refused(blocking::get(&*url).unwrap_err().error()));
        assert!(is_refused(&response.chunk().unwrap_err()));
        assert!(is_refused(&response.text().unwrap_err()));
        assert_eq!(
            response.read(&mut [0]).unwrap_err().kind(),
            std::io::ErrorKind::Other
        );
        assert_eq!(response.status(), 200);
        response
    });
    let mut response = response;
    assert_eq!(response.chunk().unwrap().as_deref(), Some(&b"hel"[..]));
    assert_eq!(
        session.get(server.url()).send().unwrap().text().unwrap(),
        "hello"
    );
}

#[test]
fn a_request_may_outlive_its_session() {
    let server = Answering::start(HELLO);
    let session = Session::new().unwrap();
    session.get(server.url()).send().unwrap();
    let (sent, dropped) = (session.get(server.url()), session.get(server.url()));
    drop(session);
    drop(dropped);
    let mut response = sent.send().unwrap();
    assert_eq!(response.text().unwrap(), "hello");
    assert_eq!(server.connections(), [0, 0]);
    drop(response);
}

#[test]
fn an_error_status_is_an_error_when_asked() {
    let server = Answering::start("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let response = blocking::get(server.url()).unwrap();
    let refused = response.raise_for_status().unwrap_err();
    assert_eq!(
        refused,
        Error::Status {
            code: 404,
            url: server.url()
        }
    );
}

#[test]
fn a_download_is_a_file() {
    let server = Answering::start(CHUNKED);
    let path = std::env::temp_dir().join(format!("looplet-blocking-{}", std::process::id()));
    let session = Session::new().unwrap();
    let saved = session.get(server.url()).download(&path).unwrap();
    let body = std::fs::read_to_string(&path);
    std::fs::remove_file(&path).unwrap();
    assert_eq!((saved.length, body.unwrap()), (5, "hello".to_owned()));
}

#[test]
fn a_function_may_give_a_failure_for_what_goes_wrong_in_a_body() {
    fn fetch(url: &str) -> Result<String, Failure> {
        Ok(blocking::get(url)?.text_with("klingon")?)
    }
    let server = Answering::start(CHUNKED);
    let failure = fetch(&server.url()).unwrap_err();
    assert_eq!(
        (failure.url(), failure.to_string().as_str()),
        (None, "unknown charset \"klingon\"")
    );
}
