//! How connections are made: families, their order, what failed, and sockets of the program's own.
//! Each claim is made for streams and for transports.

mod common;

use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use common::net::{address_of_a_full_queue, full_queue, serve};
use common::run_virtual;
use looplet::{
    AddressFamily, ConnectErrors, ConnectOptions, Protocol, get_running_loop, open_connection_on,
    open_connection_with, resolve,
};

struct Quiet;

impl Protocol for Quiet {}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    free.local_addr().expect("it is bound").port()
}

/// What was tried, and why it did not work.
fn tried(error: &std::io::Error) -> Vec<(SocketAddr, ErrorKind)> {
    let each = error
        .get_ref()
        .and_then(|it| it.downcast_ref::<ConnectErrors>());
    let each = each.expect("addresses were tried");
    each.errors
        .iter()
        .map(|(address, error)| (*address, error.kind()))
        .collect()
}

#[test]
fn the_error_has_those_of_all_addresses_of_the_family() {
    run_virtual(async {
        let port = free_port();
        let all = resolve("localhost", port)
            .await
            .expect("every system has it");
        for happy_eyeballs_delay in [None, ConnectOptions::default().happy_eyeballs_delay] {
            let options = ConnectOptions {
                family: AddressFamily::Ipv4,
                happy_eyeballs_delay,
                ..Default::default()
            };
            let of_family = all.iter().filter(|address| address.is_ipv4());
            let mut expected: Vec<_> = of_family
                .map(|it| (*it, ErrorKind::ConnectionRefused))
                .collect();
            expected.dedup();
            let error = open_connection_with(("localhost", port), options.clone()).await;
            let error = error.expect_err("nobody listens");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert_eq!(tried(&error), expected);
            let event_loop = get_running_loop();
            let address = ("localhost", port);
            let error = event_loop
                .create_connection_with(Quiet, address, options)
                .await;
            assert_eq!(tried(&error.expect_err("nobody listens")), expected);
        }
    });
}

#[test]
fn an_address_of_another_family_is_not_tried() {
    run_virtual(async {
        let server = serve(async |_, _| ()).await;
        let address = server.local_addr();
        let options = ConnectOptions {
            family: AddressFamily::Ipv6,
            ..Default::default()
        };
        let text = format!("{address} has no address of the family Ipv6");
        let error = open_connection_with(address, options.clone()).await;
        assert_eq!(error.expect_err("it is IPv4").to_string(), text);
        let event_loop = get_running_loop();
        let error = event_loop
            .create_connection_with(Quiet, address, options)
            .await;
        assert_eq!(error.expect_err("it is IPv4").to_string(), text);
    });
}

#[test]
fn a_transport_comes_from_the_local_address_it_was_given() {
    run_virtual(async {
        let server = serve(async |_, _| ()).await;
        let options = ConnectOptions {
            local_addr: Some("127.0.0.2:0".parse().expect("an address")),
            ..Default::default()
        };
        let event_loop = get_running_loop();
        let made = event_loop
            .create_connection_with(Quiet, server.local_addr(), options)
            .await;
        let local = made.expect("it is an address of this machine").local_addr();
        assert_eq!(local.expect("it is TCP").ip().to_string(), "127.0.0.2");
    });
}

#[test]
fn a_connected_socket_becomes_a_reader_and_a_writer_whatever_its_family() {
    run_virtual(async {
        let server = serve(async |_, writer| writer.write(b"hello")).await;
        let socket = TcpStream::connect(server.local_addr()).expect("it listens");
        let (reader, _writer) = open_connection_on(socket).expect("it is a stream");
        assert_eq!(reader.read_to_end().await.expect("it is closed"), b"hello");

        let (ours, theirs) = UnixStream::pair().expect("a pair");
        std::io::Write::write_all(&mut &theirs, b"hello").expect("there is room");
        let (reader, writer) = open_connection_on(ours).expect("it is a stream");
        assert_eq!(reader.read_exactly(5).await.expect("it is there"), b"hello");
        writer.write(b"thanks");
        let mut buffer = [0; 6];
        std::io::Read::read_exact(&mut &theirs, &mut buffer).expect("it was sent");
        assert_eq!(&buffer, b"thanks");
    });
}

#[test]
fn a_socket_without_a_connection_is_refused() {
    run_virtual(async {
        let socket = || -> OwnedFd {
            let socket = UdpSocket::bind("127.0.0.1:0");
            socket.expect("a port is free").into()
        };
        let refused = open_connection_on(socket()).expect_err("it has no connections");
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        let refused = get_running_loop()
            .connect_accepted_socket(Quiet, socket())
            .await;
        assert_eq!(
            refused.expect_err("as above").to_string(),
            "a stream socket was expected"
        );
    });
}

/// Polls a connect once, and says how far it is.
async fn first_poll(target: SocketAddr) -> Poll<Result<(), ErrorKind>> {
    let mut connecting = pin!(looplet::TcpStream::connect_to(target));
    let first = poll_fn(|context| Poll::Ready(connecting.as_mut().poll(context))).await;
    first.map(|end| end.map(drop).map_err(|error| error.kind()))
}

/// Other kernels may take their time.
#[cfg(target_os = "linux")]
#[test]
fn a_connect_within_one_machine_waits_only_for_a_place_in_the_queue() {
    run_virtual(async {
        let full = address_of_a_full_queue();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let refusing = SocketAddr::from(([127, 0, 0, 1], free_port()));
        assert_eq!(first_poll(address).await, Poll::Ready(Ok(())));
        let refused = Err(ErrorKind::ConnectionRefused);
        assert_eq!(first_poll(refusing).await, Poll::Ready(refused));
        assert_eq!(first_poll(full).await, Poll::Pending);
    });
}

#[test]
fn a_connect_that_has_to_wait_ends_when_there_is_a_place_in_the_queue() {
    // The kernel asks for a place again after a second.
    looplet::run(async {
        let (listener, queued) = full_queue();
        let address = listener.local_addr().expect("it is bound");
        let mut connecting = pin!(looplet::TcpStream::connect_to(address));
        let first = poll_fn(|context| Poll::Ready(connecting.as_mut().poll(context))).await;
        assert!(first.is_pending(), "{first:?}");
        for _ in &queued {
            listener.accept().expect("one is queued");
        }
        let stream = connecting.await.expect("there is a place");
        assert_eq!(stream.peer_addr().expect("it is connected"), address);
    });
}

#[test]
fn who_only_connects_leaves_turns_to_others() {
    run_virtual(async {
        let refusing = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let others = looplet::create_task(looplet::sleep(Duration::from_micros(1)));
        let mut tries = 0;
        while !others.done() {
            tries += 1;
            assert!(tries < 1_000, "nobody else runs");
            let refused = looplet::TcpStream::connect_to(refusing).await;
            assert!(refused.is_err());
        }
    });
}
