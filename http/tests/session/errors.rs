//! What goes wrong on the way to a server, and while it is spoken to.

use std::cell::Cell;
use std::io;
use std::rc::Rc;

use looplet_http::runtime::{TcpListener, create_task};
use looplet_http::{Error, Phase, Session};

use crate::server::{EMPTY, Peer, Sent, TestServer, at_rest, on_loop, pool_of};

#[test]
fn a_refused_port_is_named_by_its_address() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let (url, address) = (server.url("/"), server.authority());
        drop(server);
        let session = Session::new();
        let mut errors = Vec::new();
        for _ in 0..2 {
            errors.push(session.get(&url).sent().await.unwrap_err());
        }
        let error = errors.pop().unwrap();
        let Error::Connect { host, attempts } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(host, "127.0.0.1");
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].address.to_string(), address);
        assert_eq!(attempts[0].kind, io::ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&address), "{error}");
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_host_with_several_addresses_lists_them_all_once() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let port = server.authority().split_once(':').unwrap().1.to_owned();
        drop(server);
        let url = format!("http://localhost:{port}/");
        let error = Session::new().get(url).sent().await.unwrap_err();
        let Error::Connect { host, attempts } = error else {
            panic!("{error:?}");
        };
        assert_eq!(host, "localhost");
        let mut addresses: Vec<_> = attempts.iter().map(|attempt| attempt.address).collect();
        let found = addresses.len();
        addresses.sort();
        addresses.dedup();
        assert!(found >= 1 && addresses.len() == found, "{attempts:?}");
    });
}

#[test]
fn a_host_is_reached_at_the_address_that_answers() {
    on_loop(async {
        // `localhost` is ::1 as well on many machines, and nobody listens there.
        let server = TestServer::answering(EMPTY).await;
        let port = server.authority().split_once(':').unwrap().1.to_owned();
        let url = format!("http://LocalHost.:{port}/");
        Session::new().get(url).sent().await.unwrap();
        let host = format!("\r\nHost: localhost:{port}\r\n");
        assert!(server.requests()[0].contains(&host), "{server:?}");
    });
}

#[test]
fn an_unknown_host_is_named() {
    on_loop(async {
        let session = Session::new();
        let url = "http://user:secret@nobody.invalid/";
        let error = session.get(url).sent().await.unwrap_err();
        let Error::Resolve { host, cause } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(host, "nobody.invalid");
        assert!(!cause.is_empty());
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn an_empty_reply_on_a_fresh_connection_is_not_repeated() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.expect().await;
        });
        let server = server.await;
        let session = Session::new();
        let error = session.get(server.url("/")).sent().await.unwrap_err();
        assert_eq!(error, Error::EmptyReply);
        assert_eq!(server.per_connection(), [1]);
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

/// A server that sends bytes and resets the connection: the kernel does that if a socket is
/// closed while there is something to read from it.
async fn resetting_after(bytes: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    create_task(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // One byte is read, so that all the others are here and stay.
            stream.read(&mut [0]).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
        }
    });
    url
}

#[test]
fn a_reset_instead_of_an_answer_is_an_error_of_the_system() {
    on_loop(async {
        let url = resetting_after("").await;
        let session = Session::new();
        let error = session.get(url).sent().await.unwrap_err();
        let Error::Io { phase, kind, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            (phase, kind),
            (Phase::FirstByte, io::ErrorKind::ConnectionReset)
        );
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn a_reset_of_a_reused_connection_is_answered_by_a_fresh_one() {
    on_loop(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let connections = Rc::new(Cell::new(0));
        let accepted = connections.clone();
        create_task(async move {
            while let Ok((stream, _)) = listener.accept().await {
                accepted.set(accepted.get() + 1);
                stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(EMPTY.as_bytes()).await.unwrap();
                // What is left of the second request makes the end a reset.
                let _ = stream.read(&mut [0]).await;
            }
        });
        let session = Session::new();
        session.get(&url).sent().await.unwrap();
        session.get(&url).sent().await.unwrap();
        assert_eq!(connections.get(), 2);
    });
}

#[test]
fn a_reset_inside_a_body_comes_after_what_had_arrived() {
    on_loop(async {
        let url = resetting_after("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
        let session = Session::new();
        let mut response = session.get(url).sent().await.unwrap();
        assert_eq!(response.chunk().await, Ok(Some(b"hello".to_vec())));
        let error = response.chunk().await.unwrap_err();
        let Error::Io { phase, kind, .. } = error else {
            panic!("{error:?}");
        };
        assert_eq!((phase, kind), (Phase::Body, io::ErrorKind::ConnectionReset));
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn an_answer_before_a_reset_is_read_even_if_the_request_could_not_be_sent() {
    on_loop(async {
        let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nsorry";
        let url = resetting_after(answer).await;
        let session = Session::new();
        let body = vec![b'x'; 16 * 1024 * 1024];
        let mut response = session.post(url).body(body).sent().await.unwrap();
        assert_eq!(response.status(), 413);
        assert_eq!(response.text().await.unwrap(), "sorry");
        assert_eq!(pool_of(&session), at_rest(0));
    });
}

#[test]
fn an_error_can_leave_as_an_io_error_and_keeps_its_kind() {
    let error = Error::Io {
        phase: Phase::Body,
        kind: io::ErrorKind::ConnectionReset,
        message: "reset".to_owned(),
    };
    let text = error.to_string();
    let outside = io::Error::from(error);
    assert_eq!(outside.kind(), io::ErrorKind::ConnectionReset);
    assert_eq!(outside.to_string(), text);
    let after = std::time::Duration::from_secs(1);
    let late = Error::Timeout {
        phase: Phase::Total,
        after,
    };
    assert_eq!(io::Error::from(late).kind(), io::ErrorKind::TimedOut);
}
