//! https: who is believed, what is said, where it may end, and what goes through proxies.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use looplet_http::message::Body;
use looplet_http::proxy::Proxies;
use looplet_http::runtime::{from_fn, sleep};
use looplet_http::{
    AcceptAnyCertificate, Error, Identity, Response, Session, SessionConfig, TlsConfig, Trust,
    WireEvent,
};
use rustls::ServerConfig;

use super::config;
use super::tls_peer::{
    AUTHORITY, CLIENT, EXPIRED, NAMED, Pem, SERVER, STRANGER, TlsPeer, Wire,
    server_for_known_clients, server_with, trusting,
};
use crate::server::{HELLO, Peer, Sent, TestServer, a_moment, at_rest, ms, on_loop, pool_of};

/// A server that speaks TLS and runs a script behind the handshake.
async fn start(
    settings: ServerConfig,
    script: impl AsyncFn(TlsPeer<Peer>) + 'static,
) -> TestServer {
    let settings = Arc::new(settings);
    TestServer::start(async move |peer: Peer| {
        if let Some(peer) = TlsPeer::accept(peer, &settings).await {
            script(peer).await;
        }
    })
    .await
}

async fn serving(pem: &Pem) -> TestServer {
    start(server_with(pem), async |mut peer| peer.serve(HELLO).await).await
}

fn session(tls: TlsConfig) -> Session {
    Session::with(SessionConfig { tls, ..config() })
}

/// The URL of a server, by name or by address.
fn url(host: &str, server: &TestServer) -> String {
    format!("https://{host}:{}/", server.address().port())
}

async fn get(tls: TlsConfig, url: String) -> Result<Response, Error> {
    session(tls).get(url).sent().await
}

fn insecure() -> TlsConfig {
    let permission = AcceptAnyCertificate::although_anybody_can_read_and_change_everything();
    TlsConfig {
        trust: Trust::Anybody(permission),
        ..TlsConfig::default()
    }
}

#[test]
fn a_server_is_believed_by_its_name_and_by_its_address() {
    on_loop(async {
        let server = serving(&SERVER).await;
        for host in ["localhost", "127.0.0.1"] {
            let mut response = get(trusting(AUTHORITY), url(host, &server)).await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
        }
    });
}

#[test]
fn a_certificate_that_proves_nothing_is_refused_with_the_cause() {
    on_loop(async {
        for (pem, tls, host, cause) in [
            (&SERVER, trusting(STRANGER), "localhost", "UnknownIssuer"),
            (&SERVER, TlsConfig::default(), "localhost", "UnknownIssuer"),
            (
                &EXPIRED,
                trusting(AUTHORITY),
                "localhost",
                "certificate expired",
            ),
            (
                &NAMED,
                trusting(AUTHORITY),
                "127.0.0.1",
                "certificate not valid for name \"127.0.0.1\"",
            ),
            (
                &CLIENT,
                trusting(AUTHORITY),
                "localhost",
                "certificate does not allow extended key usage for server authentication",
            ),
        ] {
            let server = serving(pem).await;
            let refused = get(tls, url(host, &server)).await.unwrap_err();
            let Error::Certificate {
                host: named,
                cause: why,
            } = &refused
            else {
                panic!("{refused}");
            };
            assert_eq!(named, host);
            assert!(why.contains(cause), "{why}");
            server.until_open(0).await;
        }
    });
}

#[test]
fn who_believes_everybody_shares_nothing_with_who_does_not() {
    on_loop(async {
        let server = serving(&EXPIRED).await;
        let (trusting_all, careful) = (session(insecure()), session(trusting(AUTHORITY)));
        let url = url("localhost", &server);
        trusting_all.get(&*url).send().await.unwrap();
        let refused = careful.get(&*url).sent().await;
        assert!(
            matches!(refused, Err(Error::Certificate { .. })),
            "{refused:?}"
        );
        trusting_all.get(&*url).send().await.unwrap();
        assert_eq!(server.per_connection(), [2, 0]);
    });
}

#[test]
fn settings_that_cannot_be_used_are_said_before_anything_is_connected() {
    on_loop(async {
        let server = serving(&SERVER).await;
        let with = |certificates: &[u8], key: &[u8]| TlsConfig {
            identity: Some(Identity {
                certificates: certificates.to_vec(),
                key: key.to_vec(),
            }),
            ..trusting(AUTHORITY)
        };
        for (tls, cause) in [
            (
                trusting(b"no PEM"),
                "there is no certificate among the roots",
            ),
            (
                trusting(SERVER.key),
                "there is no certificate among the roots",
            ),
            (
                with(b"", CLIENT.key),
                "there is no certificate in the identity",
            ),
            (
                with(CLIENT.certificate, b""),
                "the private key cannot be read",
            ),
            (
                with(CLIENT.certificate, SERVER.key),
                "certificate and key cannot be used",
            ),
        ] {
            let refused = get(tls, url("localhost", &server))
                .await
                .unwrap_err()
                .to_string();
            assert!(
                refused.starts_with(&format!("TLS cannot be set up: {cause}")),
                "{refused}"
            );
        }
        assert!(server.is_untouched().await);
    });
}

#[test]
fn a_client_shows_its_certificate_to_who_asks() {
    on_loop(async {
        let server = start(server_for_known_clients(), async |mut peer| {
            peer.serve(HELLO).await
        })
        .await;
        let known = TlsConfig {
            identity: Some(Identity {
                certificates: CLIENT.certificate.to_vec(),
                key: CLIENT.key.to_vec(),
            }),
            ..trusting(AUTHORITY)
        };
        let mut response = get(known, url("localhost", &server)).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        let unknown = get(trusting(AUTHORITY), url("localhost", &server))
            .await
            .unwrap_err();
        assert!(
            unknown.to_string().contains("CertificateRequired"),
            "{unknown}"
        );
    });
}

#[test]
fn http_1_1_is_offered_and_names_but_no_addresses_are_sent() {
    on_loop(async {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hearing = heard.clone();
        let server = start(server_with(&SERVER), async move |mut peer| {
            let protocol = peer
                .protocol()
                .map(|name| String::from_utf8(name.to_vec()).unwrap());
            hearing
                .borrow_mut()
                .push((peer.name().map(str::to_owned), protocol));
            peer.serve(HELLO).await;
        })
        .await;
        for host in ["localhost", "127.0.0.1"] {
            get(trusting(AUTHORITY), url(host, &server)).await.unwrap();
        }
        let spoken = Some("http/1.1".to_owned());
        let expected = [
            (Some("localhost".to_owned()), spoken.clone()),
            (None, spoken),
        ];
        assert_eq!(heard.borrow()[..], expected);
    });
}

#[test]
fn a_session_resumes_what_was_agreed_on() {
    on_loop(async {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let hearing = heard.clone();
        let server = start(server_with(&SERVER), async move |mut peer| {
            hearing.borrow_mut().push(peer.handshake());
            peer.expect().await;
            peer.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            peer.farewell();
        })
        .await;
        let told = Rc::new(RefCell::new(Vec::new()));
        let session = session(trusting(AUTHORITY));
        for _ in 0..2 {
            let telling = told.clone();
            let request = session
                .get(url("localhost", &server))
                .on_wire(move |event| {
                    if let WireEvent::Secured { host, description } = event {
                        telling.borrow_mut().push(format!("{host} {description}"));
                    }
                });
            request.send().await.unwrap().bytes().await.unwrap();
        }
        assert_eq!(heard.borrow()[..], ["Full", "Resumed"]);
        let told = told.borrow();
        assert!(
            told[0].starts_with("localhost TLSv1_3 TLS13_AES_") && told[0] == told[1],
            "{told:?}"
        );
    });
}

#[test]
fn an_idle_connection_that_hears_of_new_keys_is_used_again() {
    on_loop(async {
        let server = start(server_with(&SERVER), async |mut peer| {
            peer.expect().await;
            peer.say(HELLO);
            peer.refresh();
            peer.serve(HELLO).await;
        })
        .await;
        let session = session(trusting(AUTHORITY));
        for _ in 0..2 {
            let mut response = session.get(url("localhost", &server)).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            a_moment().await;
        }
        let post = session.post(url("localhost", &server)).send().await;
        assert_eq!(post.unwrap().text().await.unwrap(), "hello");
        assert_eq!(server.per_connection(), [3]);
    });
}

#[test]
fn an_idle_connection_that_was_closed_is_not_used_again() {
    on_loop(async {
        for farewell in [true, false] {
            let server = start(server_with(&SERVER), async move |mut peer| {
                peer.expect().await;
                peer.say(HELLO);
                if farewell {
                    peer.farewell();
                }
            })
            .await;
            let session = session(trusting(AUTHORITY));
            for _ in 0..2 {
                session
                    .post(url("localhost", &server))
                    .send()
                    .await
                    .unwrap();
                server.until_open(0).await;
            }
            assert_eq!(server.per_connection(), [1, 1]);
        }
    });
}

#[test]
fn a_server_that_leaves_without_farewell_is_at_fault_only_where_that_is_the_end() {
    on_loop(async {
        for (said, farewell, expected) in [
            ("", false, Err(Error::EmptyReply)),
            (
                "HTTP/1.1 200 OK\r\n",
                false,
                Err(Error::HeadTruncated { got: 17 }),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                false,
                Err(Error::BodyTruncated { got: 3, want: 5 }),
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
                false,
                Ok("hello"),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
                false,
                Err(Error::ChunkedTruncated { got: 3 }),
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\n",
                false,
                Ok("hel"),
            ),
            (
                "HTTP/1.1 200 OK\r\n\r\nhel",
                false,
                Err(Error::TlsTruncated { got: 3 }),
            ),
            ("HTTP/1.1 200 OK\r\n\r\nhel", true, Ok("hel")),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
                true,
                Err(Error::BodyTruncated { got: 3, want: 5 }),
            ),
        ] {
            let server = start(server_with(&SERVER), async move |mut peer| {
                peer.expect().await;
                peer.say(said);
                if farewell {
                    peer.farewell();
                }
            })
            .await;
            let got = match get(trusting(AUTHORITY), url("localhost", &server)).await {
                Ok(mut response) => response.text().await,
                Err(error) => Err(error),
            };
            assert_eq!(got, expected.map(str::to_owned), "{said:?}");
        }
    });
}

#[test]
fn an_answer_to_half_a_body_is_heard_also_without_farewell() {
    on_loop(async {
        let server = start(server_with(&SERVER), async |mut peer| {
            peer.expect().await;
            peer.say(HELLO);
        })
        .await;
        // Pieces that never end, one each millisecond.
        let endless = from_fn(async || {
            sleep(ms(1)).await;
            Some(Ok("piece"))
        });
        let request = session(trusting(AUTHORITY)).put(url("localhost", &server));
        let mut response = request.body(Body::stream(endless)).send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
    });
}

#[test]
fn what_is_no_tls_is_said_to_be_none() {
    on_loop(async {
        let server = TestServer::start(async |mut peer: Peer| {
            peer.receive_some().await;
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
            peer.until_gone().await;
        })
        .await;
        let refused = get(trusting(AUTHORITY), url("localhost", &server))
            .await
            .unwrap_err();
        let text = refused.to_string();
        assert!(text.starts_with("TLS with localhost failed: "), "{text}");
        let gone = TestServer::start(async |mut peer: Peer| peer.receive_some().await).await;
        let refused = get(trusting(AUTHORITY), url("localhost", &gone))
            .await
            .unwrap_err();
        let closed = "the server closed the connection during the handshake";
        assert_eq!(
            refused.to_string(),
            format!("TLS with localhost failed: {closed}")
        );
    });
}

/// The server of a tunnel: answers CONNECT, then speaks TLS itself.
async fn tunnel(mut wire: impl Wire, settings: &Arc<ServerConfig>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.extend(wire.receive().await);
    }
    wire.note(String::from_utf8(request).unwrap());
    wire.send(b"HTTP/1.1 200 OK\r\n\r\n");
    if let Some(mut peer) = TlsPeer::accept(wire, settings).await {
        peer.serve(HELLO).await;
    }
}

#[test]
fn tls_goes_through_a_proxy_and_through_tls_with_one() {
    on_loop(async {
        let settings = Arc::new(server_with(&SERVER));
        for scheme in ["http", "https"] {
            let settings = settings.clone();
            let server = TestServer::start(async move |peer: Peer| match scheme {
                "http" => tunnel(peer, &settings).await,
                _ => tunnel(TlsPeer::accept(peer, &settings).await.unwrap(), &settings).await,
            })
            .await;
            let proxy = format!("{scheme}://localhost:{}", server.address().port());
            let session = Session::with(SessionConfig {
                tls: trusting(AUTHORITY),
                proxies: Proxies::all(proxy.parse().unwrap()),
                ..config()
            });
            for _ in 0..2 {
                let mut response = session.get("https://a.test/").send().await.unwrap();
                assert_eq!(response.text().await.unwrap(), "hello");
            }
            assert_eq!(server.lines(), ["CONNECT a.test:443", "GET /", "GET /"]);
            assert_eq!(pool_of(&session), at_rest(1));
        }
    });
}

#[test]
fn large_bodies_arrive_whole_both_ways() {
    on_loop(async {
        let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        let (expected, length) = (body.clone(), body.len());
        let server = start(server_with(&SERVER), async move |mut peer| {
            let mut received = Vec::new();
            while received.len() < length || !received.ends_with(&body[length - 9..]) {
                received.extend(Wire::receive(&mut peer).await);
            }
            let at = received.len() - length;
            peer.say(format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
            ));
            peer.say(&received[at..]);
            peer.expect().await;
        })
        .await;
        let request = session(trusting(AUTHORITY)).put(url("localhost", &server));
        let mut response = request.body(expected.clone()).send().await.unwrap();
        assert!(response.bytes().await.unwrap() == expected);
        assert_eq!(response.progress().sent(), length as u64);
        assert_eq!(response.progress().received(), length as u64);
    });
}
