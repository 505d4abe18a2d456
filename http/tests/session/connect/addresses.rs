//! Which address is connected to, from where, and who is asked about it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::task::Poll;

use looplet_http::proxy::Proxies;
use looplet_http::runtime::{Clock, Runner, UnixListener, create_task, gather, sleep};
use looplet_http::{
    AddrPolicy, Error, Phase, Resolver, Resolving, Session, SessionConfig, SystemResolver,
};

use super::config;
use crate::server::{EMPTY, HELLO, Sent, TestServer, moved, ms, on_loop};

/// Says the same of every host, and counts how often it is asked.
#[derive(Debug, Default)]
struct Always {
    addresses: Vec<SocketAddr>,
    asked: Rc<RefCell<Vec<String>>>,
}

impl Resolver for Always {
    fn resolve<'r>(&'r self, host: &'r str, port: u16) -> Resolving<'r> {
        self.asked.borrow_mut().push(format!("{host}:{port}"));
        Box::pin(async { Ok(self.addresses.clone()) })
    }
}

/// A session for which every host has these addresses.
fn session_at(addresses: Vec<SocketAddr>, change: impl FnOnce(&mut SessionConfig)) -> Session {
    let mut config = config();
    config.connect.resolver = Rc::new(Always {
        addresses,
        ..Always::default()
    });
    change(&mut config);
    Session::with(config)
}

/// An address at which nobody listens.
fn deserted() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_name_is_looked_up_once_and_connected_to_elsewhere() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let resolver = Always {
            addresses: vec![server.address()],
            ..Always::default()
        };
        let asked = resolver.asked.clone();
        let mut config = config();
        config.connect.resolver = Rc::new(resolver);
        let session = Session::with(config);
        for _ in 0..2 {
            session.get("http://a.test:81/").send().await.unwrap();
        }
        assert_eq!(asked.borrow()[..], ["a.test:81"]);
        let get = "GET / HTTP/1.1\r\nHost: a.test:81\r\n\r\n";
        assert_eq!(server.requests(), [get, get]);
    });
}

/// Knows every host, and has no other answer.
#[derive(Debug)]
struct Knows(SocketAddr);

impl Resolver for Knows {
    fn resolve<'r>(&'r self, host: &'r str, _port: u16) -> Resolving<'r> {
        panic!("{host} is known");
    }

    fn known(&self, _host: &str, _port: u16) -> Option<Vec<SocketAddr>> {
        Some(vec![self.0])
    }
}

#[test]
fn what_is_known_is_not_asked_for() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let mut config = config();
        config.connect.resolver = Rc::new(Knows(server.address()));
        let session = Session::with(config);
        session.get("http://a.test/").send().await.unwrap();
        assert_eq!(server.requests().len(), 1);
    });
}

#[test]
fn no_addresses_are_an_error_with_the_name() {
    on_loop(async {
        let refused = session_at(vec![], |_| {})
            .get("http://a.test/")
            .sent()
            .await;
        let text = "cannot resolve a.test: the name has no addresses";
        assert_eq!(refused.unwrap_err().to_string(), text);
    });
}

#[test]
fn an_address_that_is_not_public_is_refused_wherever_it_comes_from() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let here = server.address();
        let strict =
            |config: &mut SessionConfig| config.connect.addr_policy = AddrPolicy::PublicOnly;
        let session = session_at(vec![here], strict);
        for url in ["http://a.test/".to_owned(), server.url("/")] {
            let refused = session.get(&*url).sent().await.unwrap_err();
            let Error::AddressRefused { addresses, .. } = refused else {
                panic!("{refused}");
            };
            assert_eq!(addresses, [here], "{url}");
        }
        assert!(server.is_untouched().await);
    });
}

#[test]
fn a_redirect_is_asked_about_too() {
    on_loop(async {
        let inside = TestServer::answering(EMPTY).await;
        let outside = TestServer::answering(moved(302, &inside.url("/secret"))).await;
        let allowed = outside.address();
        let mut config = config();
        config.connect.addr_policy = AddrPolicy::Custom(Rc::new(move |address| address == allowed));
        let failure = Session::with(config)
            .get(outside.url("/"))
            .send()
            .await
            .unwrap_err();
        let refused = Error::AddressRefused {
            host: "127.0.0.1".to_owned(),
            addresses: vec![inside.address()],
        };
        assert_eq!(*failure.error(), refused);
        assert_eq!((outside.connections(), inside.connections()), (1, 0));
    });
}

#[test]
fn of_several_addresses_the_forbidden_ones_are_left_out() {
    on_loop(async {
        let (inside, outside) = (
            TestServer::answering(EMPTY).await,
            TestServer::answering(EMPTY).await,
        );
        let allowed = outside.address();
        let session = session_at(vec![inside.address(), allowed], |config| {
            config.connect.addr_policy =
                AddrPolicy::Custom(Rc::new(move |address| address == allowed));
        });
        session.get("http://a.test/").send().await.unwrap();
        assert_eq!((outside.connections(), inside.connections()), (1, 0));
    });
}

#[test]
fn behind_a_proxy_only_addresses_in_the_url_are_asked_about() {
    on_loop(async {
        let proxy = TestServer::answering(EMPTY).await;
        let asked = Rc::new(RefCell::new(Vec::new()));
        let asking = asked.clone();
        let mut config = config();
        config.proxies = Proxies::all(format!("http://{}", proxy.authority()).parse().unwrap());
        config.connect.addr_policy = AddrPolicy::Custom(Rc::new(move |address| {
            asking.borrow_mut().push(address.to_string());
            false
        }));
        let session = Session::with(config);
        session.get("http://a.test/").send().await.unwrap();
        assert!(asked.borrow().is_empty());
        for url in ["http://10.0.0.1/", "http://[::1]:81/", "https://10.0.0.2/"] {
            let refused = session.get(url).sent().await;
            assert!(
                matches!(refused, Err(Error::AddressRefused { .. })),
                "{url}"
            );
        }
        assert_eq!(
            asked.borrow()[..],
            ["10.0.0.1:80", "[::1]:81", "10.0.0.2:443"]
        );
        assert_eq!(proxy.lines(), ["GET http://a.test/"]);
    });
}

#[test]
fn when_all_addresses_refuse_each_has_its_line() {
    on_loop(async {
        let (one, two) = (deserted(), deserted());
        let session = session_at(vec![one, two, one], |_| {});
        let refused = session.get("http://a.test/").sent().await.unwrap_err();
        let why = io::Error::from_raw_os_error(111);
        assert_eq!(
            refused.to_string(),
            format!("cannot connect to a.test: {one}: {why}; {two}: {why}")
        );
    });
}

#[test]
fn an_address_that_does_not_answer_does_not_hold_up_the_next() {
    on_loop(async {
        // Whose queue is full, answers nobody; and nobody takes anything out of it.
        let full = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let deaf = full.local_addr().unwrap();
        let waiting = fill(&full);
        let server = TestServer::answering(HELLO).await;
        let session = session_at(vec![deaf, server.address()], |config| {
            config.connect.happy_eyeballs_delay = Some(ms(20));
        });
        let mut response = session.get("http://a.test/").send().await.unwrap();
        assert_eq!(response.text().await.unwrap(), "hello");
        assert_eq!(response.progress().peer_addr(), Some(server.address()));

        let alone = session_at(vec![deaf], |config| config.timeouts.connect = Some(ms(30)));
        let late = alone.get("http://a.test/").sent().await.unwrap_err();
        assert_eq!(
            late,
            Error::Timeout {
                phase: Phase::Connect,
                after: ms(30)
            }
        );
        drop((full, waiting));
    });
}

/// Connects to a listener until it takes no more.
fn fill(listener: &std::net::TcpListener) -> Vec<std::net::TcpStream> {
    let address = listener.local_addr().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, ms(200));
    std::iter::from_fn(|| connect().ok()).collect()
}

#[test]
fn connections_come_from_the_address_that_was_chosen() {
    on_loop(async {
        let server = TestServer::answering(EMPTY).await;
        let from: IpAddr = "127.0.0.9".parse().unwrap();
        let session = session_at(
            vec!["[::1]:1".parse().unwrap(), server.address()],
            |config| {
                config.connect.local_addr = Some(from);
            },
        );
        let response = session.get("http://a.test/").send().await.unwrap();
        let local = response.progress().local_addr().unwrap();
        assert_eq!(local.ip(), from);
    });
}

#[test]
fn a_unix_socket_stands_for_all_hosts() {
    let path = std::env::temp_dir().join(format!("looplet-unix-{}", std::process::id()));
    let at = path.clone();
    on_loop(async move {
        let listener = UnixListener::bind(&at).unwrap();
        let serving = create_task(async move {
            let (mut heard, mut answered) = (Vec::new(), 0);
            while answered < 2 {
                let (stream, _) = listener.accept().await.unwrap();
                let mut head = [0; 1024];
                stream.readable().await.unwrap();
                let count = stream.try_read(&mut head).unwrap();
                heard.push(String::from_utf8(head[..count].to_vec()).unwrap());
                stream.try_write(HELLO.as_bytes()).unwrap();
                answered += 1;
            }
            heard
        });
        let session = session_at(vec![], |config| {
            config.connect.unix_socket = Some(at.clone())
        });
        for url in ["http://a.test/1", "http://b.test/2"] {
            let mut response = session.get(url).send().await.unwrap();
            assert_eq!(response.text().await.unwrap(), "hello");
            assert_eq!(response.progress().peer_addr(), None);
        }
        let get =
            |target: &str, host: &str| format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(serving.await, [get("/1", "a.test"), get("/2", "b.test")]);
        std::fs::remove_file(&at).unwrap();

        let failure = session.get("http://c.test/").send().await.unwrap_err();
        let text = failure.to_string();
        assert!(text.contains(&*at.to_string_lossy()), "{text}");
    });
}

#[test]
fn a_name_that_is_being_looked_up_is_asked_for_once() {
    on_loop(async {
        let resolver = SystemResolver::new();
        let asking = (0..20).map(|_| {
            let resolver = resolver.clone();
            async move { resolver.resolve("localhost", 80).await.unwrap() }
        });
        let found = gather(asking.collect::<Vec<_>>()).await;
        assert!(
            found[0].contains(&"127.0.0.1:80".parse().unwrap()),
            "{found:?}"
        );
        assert!(found.iter().all(|other| *other == found[0]));
        assert_eq!(format!("{resolver:?}"), "SystemResolver { names: 1 }");
    });
}

#[test]
fn a_failure_is_remembered_for_a_second() {
    let runner = Runner::with_clock(Clock::Virtual).unwrap();
    let trace = runner.run(async {
        // No resolver is asked for a name that is none: a label of 64 bytes.
        let (resolver, name) = (SystemResolver::new(), "x".repeat(64));
        let mut trace = Vec::new();
        for pause in [0, 900, 200] {
            sleep(ms(pause)).await;
            let mut looking_up = resolver.resolve(&name, 80);
            // An answer that is known comes at once, and a thread takes its time.
            trace.push(is_ready(&mut looking_up).await);
            if trace.last() == Some(&false) {
                looking_up.await.unwrap_err();
            }
        }
        trace
    });
    assert_eq!(trace.unwrap(), [false, true, false]);
}

/// Polls a look-up once.
async fn is_ready(looking_up: &mut Resolving<'_>) -> bool {
    poll_fn(|context| Poll::Ready(looking_up.as_mut().poll(context).is_ready())).await
}

#[test]
fn a_look_up_that_nobody_waits_for_any_more_is_kept_for_the_next() {
    on_loop(async {
        let resolver = SystemResolver::new();
        let mut given_up = resolver.resolve("localhost", 1);
        assert!(!is_ready(&mut given_up).await);
        drop(given_up);
        let found = resolver.resolve("localhost", 2).await.unwrap();
        assert!(found.contains(&"127.0.0.1:2".parse().unwrap()), "{found:?}");
    });
}
