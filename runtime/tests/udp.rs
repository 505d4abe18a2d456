//! UDP sockets over the loopback.

mod common;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;

use common::{join, ms, turns};
use looplet::{EventLoop, UdpSocket, create_task, run, sleep, timeout};

async fn socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = socket.local_addr().expect("it is open");
    (socket, address)
}

#[test]
fn boundaries_are_kept_and_empty_datagrams_arrive() {
    run(async {
        let ((a, from), (b, to)) = (socket().await, socket().await);
        for data in [&b"one"[..], b"", b"three"] {
            assert_eq!(a.send_to(data, to).await.expect("open"), data.len());
        }
        let mut buffer = [0; 100];
        for data in [&b"one"[..], b"", b"three"] {
            let (length, peer) = b.recv_from(&mut buffer).await.expect("open");
            assert_eq!((&buffer[..length], peer), (data, from));
        }
    });
}

#[test]
fn a_receive_waits_for_what_comes_later_and_a_short_one_does_not_stop_the_next() {
    run(async {
        let ((a, _), (b, to)) = (socket().await, socket().await);
        let receiving = create_task(async move {
            let mut buffer = [0; 100];
            let first = b.recv(&mut buffer).await.expect("open");
            (first, b.recv(&mut buffer).await.expect("open"))
        });
        turns(3).await;
        assert!(!receiving.done());
        a.send_to(b"x", to).await.expect("open");
        a.send_to(b"yz", to).await.expect("open");
        assert_eq!(receiving.await, (1, 2));
    });
}

#[test]
fn what_does_not_fit_is_lost_and_a_look_takes_nothing() {
    run(async {
        let ((a, from), (b, to)) = (socket().await, socket().await);
        a.send_to(b"a long one", to).await.expect("open");
        a.send_to(b"next", to).await.expect("open");
        let mut buffer = [0; 6];
        let seen = b.peek_from(&mut buffer).await.expect("open");
        assert_eq!((seen, &buffer), ((6, from), b"a long"));
        assert_eq!(b.recv(&mut buffer).await.expect("open"), 6);
        assert_eq!(b.recv(&mut buffer).await.expect("open"), 4);
        assert_eq!(&buffer[..4], b"next");
    });
}

#[test]
fn a_connected_socket_has_a_peer_and_hears_nobody_else() {
    run(async {
        let ((a, from), (b, to)) = (socket().await, socket().await);
        let (stranger, _) = socket().await;
        assert_eq!(
            b.peer_addr().expect_err("none").kind(),
            ErrorKind::NotConnected
        );
        b.connect(from).await.expect("it is known");
        a.connect(to).await.expect("it is known");
        assert_eq!(b.peer_addr().expect("there is one"), from);
        stranger.send_to(b"stranger", to).await.expect("open");
        a.send(b"friend").await.expect("open");
        let mut buffer = [0; 100];
        let length = b.recv(&mut buffer).await.expect("open");
        assert_eq!(&buffer[..length], b"friend");
    });
}

#[test]
fn a_refused_datagram_fails_the_next_receive() {
    run(async {
        let ((a, _), (b, to)) = (socket().await, socket().await);
        drop(b);
        a.connect(to).await.expect("it is known");
        a.send(b"x").await.expect("nobody knows yet");
        let mut buffer = [0; 100];
        let error = timeout(ms(5000), a.recv(&mut buffer))
            .await
            .expect("it is told");
        assert_eq!(
            error.expect_err("refused").kind(),
            ErrorKind::ConnectionRefused
        );
    });
}

#[test]
fn one_task_receives_while_another_sends_and_a_cancelled_receive_loses_nothing() {
    run(async {
        let ((a, from), (b, to)) = (socket().await, socket().await);
        let b = Rc::new(b);
        let own = b.clone();
        let receiving = create_task(async move { own.recv(&mut [0; 10]).await });
        turns(1).await;
        receiving.cancel();
        assert!(receiving.join().await.is_err());
        a.send_to(b"kept", to).await.expect("open");
        let (mut left, mut right) = ([0; 10], [0; 10]);
        let (received, answered) = join(b.recv(&mut left), async {
            b.send_to(b"answer", from).await.expect("open");
            a.recv(&mut right).await
        })
        .await;
        assert_eq!((received.expect("open"), answered.expect("open")), (4, 6));
        assert_eq!((&left[..4], &right[..6]), (&b"kept"[..], &b"answer"[..]));
    });
}

#[test]
fn options_are_set_and_read() {
    run(async {
        let (a, _) = socket().await;
        assert!(!a.broadcast().expect("open"));
        a.set_broadcast(true).expect("open");
        assert!(a.broadcast().expect("open"));
        a.set_ttl(7).expect("open");
        assert_eq!(a.ttl().expect("open"), 7);
        let no_group = a.join_multicast_v4(Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED);
        assert_eq!(
            no_group.expect_err("no group").kind(),
            ErrorKind::InvalidInput
        );
    });
}

#[test]
fn errors_of_sending_and_binding_are_values() {
    run(async {
        let ((a, own), (_b, to)) = (socket().await, socket().await);
        let too_long = vec![0; 70_000];
        assert!(a.send_to(&too_long, to).await.is_err());
        let taken = UdpSocket::bind(own).await.expect_err("the port is taken");
        assert_eq!(taken.kind(), ErrorKind::AddrInUse);
        assert!(
            taken
                .to_string()
                .starts_with(&format!("cannot bind to {own}: "))
        );
        let nonsense = UdpSocket::bind("nonsense").await.expect_err("no port");
        assert_eq!(nonsense.kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_socket_of_a_closed_loop_says_so() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let (a, to) = event_loop.run_until_complete(socket()).expect("it ends");
    event_loop.close();
    run(async move {
        let error = a.send_to(b"x", to).await.expect_err("its loop is gone");
        assert_eq!(error.kind(), ErrorKind::NotConnected);
        sleep(ms(0)).await;
    });
}
