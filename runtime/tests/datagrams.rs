//! Datagram endpoints that call back.

mod common;

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use common::{SayOnDrop, Trace, ms, report_to, turns};
use looplet::{
    AddressFamily, DatagramOptions, DatagramProtocol, DatagramTransport, EventLoop, Runner,
    SendToError, UdpSocket, create_task, get_running_loop, run, sleep,
};

type OnData = Rc<dyn Fn(&DatagramTransport, &[u8], SocketAddr)>;

/// Says what it is told, and lets a test react to data.
struct Say {
    trace: Trace,
    on_data: OnData,
}

impl Say {
    fn new(trace: &Trace) -> Self {
        Self {
            trace: trace.clone(),
            on_data: Rc::new(|_, _, _| {}),
        }
    }

    fn on_data(mut self, react: impl Fn(&DatagramTransport, &[u8], SocketAddr) + 'static) -> Self {
        self.on_data = Rc::new(react);
        self
    }
}

impl DatagramProtocol for Say {
    fn connection_made(&mut self, _: &DatagramTransport) {
        self.trace.say("made");
    }

    fn datagram_received(&mut self, transport: &DatagramTransport, data: &[u8], from: SocketAddr) {
        self.trace
            .say(format!("data {:?}", String::from_utf8_lossy(data)));
        (self.on_data.clone())(transport, data, from);
    }

    fn error_received(&mut self, _: &DatagramTransport, error: &io::Error) {
        self.trace.say(format!("error {:?}", error.kind()));
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) {
        self.trace
            .say(format!("lost {:?}", error.map(io::Error::kind)));
    }
}

/// Runs a program on a real loop that asks the kernel every turn, and returns what it said.
fn traced<F: Future + 'static>(program: impl FnOnce(Trace) -> F) -> Vec<String> {
    let trace = Trace::default();
    let event_loop = EventLoop::builder().io_interval(1).build();
    let event_loop = event_loop.expect("the system gives a loop");
    report_to(&event_loop, &trace);
    let runner = Runner::with_loop(event_loop);
    let ran = runner.run(program(trace.clone()));
    ran.expect("the program ends by itself");
    drop(runner);
    trace.take()
}

/// An endpoint at some port of the loopback.
async fn local(protocol: impl DatagramProtocol + 'static) -> (DatagramTransport, SocketAddr) {
    let event_loop = get_running_loop();
    let endpoint = event_loop.create_datagram_endpoint(protocol, Some("127.0.0.1:0".into()), None);
    let endpoint = endpoint.await.expect("a port is free");
    let address = endpoint.local_addr().expect("it has one");
    (endpoint, address)
}

/// An endpoint that has a peer.
async fn remote(
    protocol: impl DatagramProtocol + 'static,
    address: SocketAddr,
) -> DatagramTransport {
    let event_loop = get_running_loop();
    let endpoint = event_loop.create_datagram_endpoint(protocol, None, Some(address.into()));
    endpoint.await.expect("there is a way to the loopback")
}

#[test]
fn boundaries_are_kept_and_a_refused_datagram_is_told() {
    // asyncio's F19
    let said = traced(async |trace| {
        let (server, address) = local(Say::new(&trace)).await;
        let client = remote(Say::new(&trace), address).await;
        for data in [&b"one"[..], b"two", b""] {
            client.send_to(data, None).expect("it has a peer");
        }
        sleep(ms(10)).await;
        server.close();
        sleep(ms(10)).await;
        client.send_to(b"z", None).expect("it has a peer");
        sleep(ms(10)).await;
        client.close();
        turns(1).await;
    });
    let expected = [
        "made",
        "made",
        r#"data "one""#,
        r#"data "two""#,
        r#"data """#,
        "lost None",
        "error ConnectionRefused",
        "lost None",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_answer_goes_to_where_the_datagram_came_from() {
    let said = traced(async |trace| {
        let server = Say::new(&trace).on_data(|transport, data, from| {
            let answer = data.to_ascii_uppercase();
            transport.send_to(&answer, from).expect("it has no peer");
        });
        let (_server, address) = local(server).await;
        let client = remote(Say::new(&trace), address).await;
        assert_eq!(client.peer_addr(), Some(address));
        client.send_to(b"shout", address).expect("it is the peer");
        sleep(ms(10)).await;
    });
    let expected = ["made", "made", r#"data "shout""#, r#"data "SHOUT""#];
    assert_eq!(said, expected);
}

#[test]
fn a_wrong_address_is_refused() {
    run(async {
        let trace = Trace::default();
        let (server, address) = local(Say::new(&trace)).await;
        let client = remote(Say::new(&trace), address).await;
        let other = client.local_addr().expect("it has one");
        let error = client.send_to(b"x", other).expect_err("not the peer");
        assert_eq!(error, SendToError::OtherAddress { peer: address });
        let text = format!("invalid address: the endpoint sends to {address} only");
        assert_eq!(error.to_string(), text);
        assert_eq!(server.send_to(b"x", None), Err(SendToError::NoAddress));
    });
}

#[test]
fn one_datagram_a_turn_is_received() {
    let said = traced(async |trace| {
        let (_server, address) = local(Say::new(&trace)).await;
        let socket = UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        for data in [b"1", b"2", b"3"] {
            socket.send_to(data, address).await.expect("it is open");
        }
        for _ in 0..5 {
            trace.say("turn");
            turns(1).await;
        }
    });
    let data = |number: u32| format!("data {:?}", number.to_string());
    let expected = [
        "made",
        "turn",
        "turn",
        &data(1),
        "turn",
        &data(2),
        "turn",
        &data(3),
        "turn",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_error_of_sending_is_told_from_the_loop_and_ends_nothing() {
    let said = traced(async |trace| {
        let (server, address) = local(Say::new(&trace)).await;
        server
            .send_to(&vec![0; 70_000], address)
            .expect("an address");
        trace.say("sent");
        turns(1).await;
        server.send_to(b"to itself", address).expect("an address");
        sleep(ms(5)).await;
    });
    let said: Vec<_> = said.iter().map(|line| &line[..5.min(line.len())]).collect();
    assert_eq!(said, ["made", "sent", "error", "data "]);
}

#[test]
fn five_sends_after_the_end_are_silent_and_then_there_is_one_word() {
    let said = traced(async |trace| {
        let (server, address) = local(Say::new(&trace)).await;
        server.close();
        server.close();
        trace.say(server.is_closing());
        for _ in 0..7 {
            server.send_to(b"x", address).expect("an address");
        }
        turns(1).await;
        server.abort();
        turns(1).await;
    });
    let word = "HANDLER 6 writes to a transport that is closed: their data is lost";
    assert_eq!(said, ["made", "true", word, "lost None"]);
}

#[test]
fn a_panic_is_reported_and_closes_the_endpoint() {
    let said = traced(async |trace| {
        let protocol = Say::new(&trace).on_data(|_, _, _| panic!("boom"));
        let (server, address) = local(protocol).await;
        server.send_to(b"a", address).expect("an address");
        server.send_to(b"b", address).expect("an address");
        sleep(ms(5)).await;
        trace.say(server.is_closing());
    });
    let report = "HANDLER fatal error: a protocol panicked in datagram_received: boom";
    let expected = ["made", r#"data "a""#, report, "lost Some(Other)", "true"];
    assert_eq!(said, expected);
}

#[test]
fn another_protocol_takes_over() {
    let said = traced(async |trace| {
        let inner = trace.clone();
        let dropped = SayOnDrop(trace.clone(), "dropped");
        let first = Say::new(&trace).on_data(move |transport, _, _| {
            transport.set_protocol(Say::new(&inner));
            inner.say("set");
            let _kept = &dropped;
        });
        let (server, address) = local(first).await;
        server.send_to(b"a", address).expect("an address");
        server.send_to(b"b", address).expect("an address");
        sleep(ms(5)).await;
    });
    let expected = ["made", r#"data "a""#, "set", "dropped", r#"data "b""#];
    assert_eq!(said, expected);
}

#[test]
fn an_endpoint_needs_an_address_and_a_cancelled_one_is_closed() {
    let said = traced(async |trace| {
        let event_loop = get_running_loop();
        let nowhere = event_loop.create_datagram_endpoint(Say::new(&trace), None, None);
        let error = nowhere.await.expect_err("no address");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        let inner = trace.clone();
        let task = create_task(async move { local(Say::new(&inner)).await });
        turns(1).await;
        task.cancel();
        trace.say(task.join().await.is_err());
    });
    assert_eq!(said, ["made", "lost None", "true"]);
}

#[test]
fn closing_the_loop_drops_the_protocol() {
    /// Holds its own transport.
    struct Holder(Option<DatagramTransport>, #[allow(dead_code)] SayOnDrop);
    impl DatagramProtocol for Holder {
        fn connection_made(&mut self, transport: &DatagramTransport) {
            self.0 = Some(transport.clone());
        }
    }
    let trace = Trace::default();
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let dropped = SayOnDrop(trace.clone(), "dropped");
    let made = event_loop.run_until_complete(local(Holder(None, dropped)));
    let (transport, address) = made.expect("it ends");
    event_loop.close();
    assert_eq!(trace.take(), ["dropped"]);
    assert!(transport.is_closing());
    assert!(transport.with_socket(|_| ()).is_err());
    transport
        .send_to(b"into the void", address)
        .expect("an address");
}

/// Makes an endpoint, and says what is wrong with the options.
async fn refused(options: DatagramOptions) -> String {
    let event_loop = get_running_loop();
    let made = event_loop.create_datagram_endpoint_with(Say::new(&Trace::default()), options);
    let error = made.await.expect_err("it cannot be made");
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    error.to_string()
}

async fn made(options: DatagramOptions) -> DatagramTransport {
    let event_loop = get_running_loop();
    let made = event_loop.create_datagram_endpoint_with(Say::new(&Trace::default()), options);
    made.await.expect("it can be made")
}

#[test]
fn a_socket_is_taken_over_and_nothing_is_told_beside_it() {
    run(async {
        let socket = || std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let (sock, peer) = (
            socket(),
            UdpSocket::bind("127.0.0.1:0").await.expect("as above"),
        );
        let address = sock.local_addr().expect("it is bound");
        let options = DatagramOptions {
            sock: Some(sock),
            ..Default::default()
        };
        let endpoint = made(options).await;
        assert_eq!(endpoint.local_addr(), Some(address));
        let target = peer.local_addr().expect("it is bound");
        endpoint.send_to(b"hello", target).expect("it has no peer");
        assert_eq!(peer.recv(&mut [0; 9]).await.expect("it is there"), 5);
        for modified in [
            DatagramOptions {
                allow_broadcast: true,
                ..Default::default()
            },
            DatagramOptions {
                reuse_port: true,
                ..Default::default()
            },
            DatagramOptions {
                local_addr: Some(target.into()),
                ..Default::default()
            },
            DatagramOptions {
                family: AddressFamily::Ipv4,
                ..Default::default()
            },
        ] {
            let options = DatagramOptions {
                sock: Some(socket()),
                ..modified
            };
            let text = "beside a socket, no address and no option of it can be told";
            assert_eq!(refused(options).await, text);
        }
    });
}

#[test]
fn a_socket_with_a_peer_sends_to_no_other() {
    run(async {
        let sock = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let peer: SocketAddr = "127.0.0.1:9".parse().expect("an address");
        sock.connect(peer).expect("nothing is sent");
        let options = DatagramOptions {
            sock: Some(sock),
            ..Default::default()
        };
        let endpoint = made(options).await;
        let other: SocketAddr = "127.0.0.1:10".parse().expect("an address");
        let refused = endpoint.send_to(b"hello", other);
        assert_eq!(refused, Err(SendToError::OtherAddress { peer }));
    });
}

#[test]
fn an_endpoint_may_have_a_family_and_no_address() {
    run(async {
        let options = DatagramOptions {
            family: AddressFamily::Ipv4,
            ..Default::default()
        };
        let local = made(options).await.local_addr().expect("it is open");
        assert!(local.ip().is_unspecified() && local.is_ipv4() && local.port() > 0);
    });
}

#[test]
fn two_names_without_a_common_family_are_refused() {
    run(async {
        let options = DatagramOptions {
            local_addr: Some("127.0.0.1:0".into()),
            remote_addr: Some("[::1]:9".into()),
            ..Default::default()
        };
        let text = "the two addresses have no family in common";
        assert_eq!(refused(options).await, text);
    });
}

#[test]
fn broadcast_and_a_shared_port_are_allowed_if_the_options_say_so() {
    run(async {
        let shared = |local_addr: SocketAddr| DatagramOptions {
            local_addr: Some(local_addr.into()),
            reuse_port: true,
            allow_broadcast: true,
            ..Default::default()
        };
        let first = made(shared("127.0.0.1:0".parse().expect("an address"))).await;
        let address = first.local_addr().expect("it is open");
        let second = made(shared(address)).await;
        assert_eq!(second.local_addr(), Some(address));
        let broadcast = |endpoint: &DatagramTransport| {
            let allowed = endpoint.with_socket(|it| socket2::SockRef::from(&it).broadcast());
            allowed.expect("it is open").expect("the system tells")
        };
        assert!(broadcast(&second));
        let other = made(DatagramOptions {
            family: AddressFamily::Ipv4,
            ..Default::default()
        });
        assert!(!broadcast(&other.await));
    });
}

#[test]
fn the_protocol_of_an_endpoint_can_be_looked_at() {
    run(async {
        let options = DatagramOptions {
            family: AddressFamily::Ipv4,
            ..Default::default()
        };
        let endpoint = made(options).await;
        assert_eq!(endpoint.with_protocol(|_: &mut Say| 1), Some(1));
        assert_eq!(endpoint.with_protocol(|_: &mut String| 1), None);
        endpoint.close();
        looplet::sleep(std::time::Duration::from_millis(1)).await;
        assert_eq!(endpoint.with_protocol(|_: &mut Say| 1), None);
    });
}
