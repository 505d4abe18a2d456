//! Descriptors of the program's own: callbacks for them, and asyncio's calls on sockets.

mod common;

use std::cell::Cell;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use common::{SayOnDrop, Trace, ms, report_to, turns};
use looplet::{ContextVar, Event, EventLoop, create_task, get_running_loop, run, sleep};

/// Two connected sockets that do not block.
fn pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("the system gives sockets");
    a.set_nonblocking(true).expect("it is open");
    b.set_nonblocking(true).expect("it is open");
    (a, b)
}

fn real_loop() -> EventLoop {
    let builder = EventLoop::builder().io_interval(1);
    builder.build().expect("the system gives a loop")
}

/// Runs a loop for `count` turns in which it does not wait.
fn run_turns(event_loop: &EventLoop, count: usize) {
    for _ in 0..count {
        event_loop.stop();
        event_loop.run_forever().expect("a turn is possible");
    }
}

fn bytes(socket: &mut impl Read) -> String {
    let mut buffer = [0; 9];
    let length = socket.read(&mut buffer).expect("something is there");
    String::from_utf8_lossy(&buffer[..length]).into_owned()
}

#[test]
fn a_second_reader_replaces_the_first() {
    // asyncio's F15
    let trace = Trace::default();
    let event_loop = real_loop();
    let (mut a, mut b) = pair();
    let fd = a.as_raw_fd();
    let dropped = SayOnDrop(trace.clone(), "the first is dropped");
    let old = move || dropped.0.say("old");
    event_loop.add_reader(&fd, old).expect("it is open");
    let new = trace.clone();
    let read = move || new.say(format!("new {}", bytes(&mut a)));
    event_loop.add_reader(&fd, read).expect("it is open");
    b.write_all(b"x").expect("there is room");
    run_turns(&event_loop, 3);
    trace.say(event_loop.remove_reader(&fd));
    trace.say(event_loop.remove_reader(&fd));
    let expected = ["the first is dropped", "new x", "true", "false"];
    assert_eq!(trace.take(), expected);
}

#[test]
fn a_reader_is_called_in_every_turn_as_long_as_there_is_something() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (mut a, mut b) = pair();
    b.write_all(b"abc").expect("there is room");
    let (fd, said) = (a.as_raw_fd(), trace.clone());
    let read_one = move || {
        let mut byte = [0];
        a.read_exact(&mut byte).expect("it is readable");
        said.say(char::from(byte[0]));
    };
    event_loop.add_reader(&fd, read_one).expect("it is open");
    for turn in 1..=5 {
        trace.say(turn);
        run_turns(&event_loop, 1);
    }
    b.write_all(b"d").expect("there is room");
    run_turns(&event_loop, 2);
    let expected = ["1", "a", "2", "b", "3", "c", "4", "5", "d"];
    assert_eq!(trace.take(), expected);
}

#[test]
fn a_reader_that_reads_nothing_is_called_again() {
    let calls = Rc::new(Cell::new(0));
    let event_loop = real_loop();
    let (a, mut b) = pair();
    let counted = calls.clone();
    let count = move || counted.set(counted.get() + 1);
    event_loop.add_reader(&a, count).expect("it is open");
    run_turns(&event_loop, 2);
    assert_eq!(calls.get(), 0);
    b.write_all(b"x").expect("there is room");
    run_turns(&event_loop, 5);
    assert_eq!(calls.get(), 5);
}

#[test]
fn the_end_of_a_stream_counts_as_readable() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (mut a, b) = pair();
    drop(b);
    let (fd, said) = (a.as_raw_fd(), trace.clone());
    let read = move || said.say(format!("read {:?}", bytes(&mut a)));
    event_loop.add_reader(&fd, read).expect("it is open");
    run_turns(&event_loop, 2);
    assert_eq!(trace.take(), [r#"read """#, r#"read """#]);
}

#[test]
fn a_writer_is_called_as_long_as_there_is_room_and_not_after_its_removal() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (a, _b) = pair();
    let said = trace.clone();
    let write = move || said.say("room");
    event_loop.add_writer(&a, write).expect("it is open");
    run_turns(&event_loop, 2);
    trace.say(event_loop.remove_writer(&a));
    run_turns(&event_loop, 2);
    trace.say(event_loop.remove_writer(&a));
    assert_eq!(trace.take(), ["room", "room", "true", "false"]);
}

#[test]
fn a_descriptor_has_a_reader_and_a_writer_at_the_same_time() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (mut a, mut b) = pair();
    let (fd, said) = (a.as_raw_fd(), trace.clone());
    event_loop
        .add_reader(&fd, move || said.say(bytes(&mut a)))
        .expect("it is open");
    let said = trace.clone();
    event_loop
        .add_writer(&fd, move || said.say("room"))
        .expect("it is open");
    run_turns(&event_loop, 1);
    b.write_all(b"x").expect("there is room");
    run_turns(&event_loop, 1);
    assert!(event_loop.remove_writer(&fd));
    b.write_all(b"y").expect("there is room");
    run_turns(&event_loop, 2);
    assert!(event_loop.remove_reader(&fd));
    assert_eq!(trace.take(), ["room", "x", "room", "y"]);
}

#[test]
fn a_reader_may_remove_itself_and_is_dropped_after_its_run() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (a, mut b) = pair();
    b.write_all(b"x").expect("there is room");
    let (fd, inner) = (a.as_raw_fd(), event_loop.clone());
    let dropped = SayOnDrop(trace.clone(), "dropped");
    let once = move || {
        dropped.0.say(inner.remove_reader(&fd));
        dropped.0.say("still here");
    };
    event_loop.add_reader(&a, once).expect("it is open");
    run_turns(&event_loop, 3);
    assert_eq!(trace.take(), ["true", "still here", "dropped"]);
}

#[test]
fn a_reader_may_replace_itself() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (a, mut b) = pair();
    b.write_all(b"x").expect("there is room");
    let (fd, inner, said) = (a.as_raw_fd(), event_loop.clone(), trace.clone());
    let first = move || {
        said.say("first");
        let said = said.clone();
        inner
            .add_reader(&fd, move || said.say("second"))
            .expect("it is open");
    };
    event_loop.add_reader(&a, first).expect("it is open");
    run_turns(&event_loop, 3);
    assert!(event_loop.remove_reader(&a));
    assert_eq!(trace.take(), ["first", "second", "second"]);
}

#[test]
fn a_reader_that_was_about_to_run_does_not_when_it_is_removed() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let ((a, mut b), (c, mut d)) = (pair(), pair());
    for (own, other) in [(&a, &c), (&c, &a)] {
        let (other, inner) = (other.as_raw_fd(), event_loop.clone());
        let said = trace.clone();
        let remove_other = move || said.say(inner.remove_reader(&other));
        event_loop
            .add_reader(own, remove_other)
            .expect("it is open");
    }
    b.write_all(b"x").expect("there is room");
    d.write_all(b"x").expect("there is room");
    run_turns(&event_loop, 1);
    // Both were ready in the same turn, and only one of them has run.
    assert_eq!(trace.take(), ["true"]);
}

#[test]
fn a_panic_in_a_reader_is_reported_and_it_stays() {
    let trace = Trace::default();
    let event_loop = real_loop();
    report_to(&event_loop, &trace);
    let (a, mut b) = pair();
    b.write_all(b"x").expect("there is room");
    let fail = || panic!("boom");
    event_loop.add_reader(&a, fail).expect("it is open");
    run_turns(&event_loop, 2);
    let report = "HANDLER a callback panicked: boom";
    assert_eq!(trace.take(), [report, report]);
    assert!(event_loop.remove_reader(&a));
}

#[test]
fn what_cannot_be_watched_is_an_error() {
    let event_loop = real_loop();
    let closed = i32::MAX;
    let error = event_loop.add_reader(&closed, || {}).expect_err("closed");
    let text = format!("file descriptor {closed} cannot be watched: ");
    assert!(error.to_string().starts_with(&text), "{error}");
    let file = File::open("/proc/self/exe").or_else(|_| File::open("Cargo.toml"));
    let file = file.expect("it exists");
    let error = event_loop.add_reader(&file, || {}).expect_err("a file");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(!event_loop.remove_reader(&closed));
    assert!(!event_loop.remove_reader(&file));
    let (a, _b) = pair();
    event_loop.close();
    let error = event_loop.add_reader(&a, || {}).expect_err("a closed loop");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

#[test]
fn closing_the_loop_drops_the_readers() {
    let trace = Trace::default();
    let event_loop = real_loop();
    let (a, _b) = pair();
    let (keep, dropped) = (event_loop.clone(), SayOnDrop(trace.clone(), "dropped"));
    event_loop
        .add_reader(&a, move || {
            let _kept = (&keep, &dropped);
        })
        .expect("it is open");
    event_loop.close();
    assert_eq!(trace.take(), ["dropped"]);
}

#[test]
fn a_loop_with_a_reader_waits_and_one_without_is_at_its_end() {
    let event_loop = real_loop();
    let (a, mut b) = pair();
    let stopper = event_loop.clone();
    event_loop
        .add_reader(&a, move || stopper.stop())
        .expect("it is open");
    let writer = std::thread::spawn(move || b.write_all(b"x").map(|()| b));
    event_loop.run_forever().expect("the reader stops it");
    let _b = writer.join().expect("it does not panic").expect("written");
    assert!(event_loop.remove_reader(&a));
    let error = event_loop.run_forever().expect_err("nothing can happen");
    assert!(error.to_string().starts_with("deadlock"), "{error}");
}

#[test]
fn a_cancelled_receive_loses_nothing() {
    // asyncio's F16
    run(async {
        let event_loop = get_running_loop();
        let (a, mut b) = pair();
        let a = Rc::new(a);
        let (inner, own) = (event_loop.clone(), a.clone());
        let task = create_task(async move { inner.sock_recv(&*own, 9).await });
        turns(1).await;
        task.cancel();
        assert!(task.join().await.is_err());
        b.write_all(b"data").expect("there is room");
        assert!(task.cancelled());
        let data = event_loop.sock_recv(&*a, 9).await.expect("it is there");
        assert_eq!(data, b"data");
        // It is not registered any more.
        event_loop.add_reader(&*a, || {}).expect("nobody uses it");
        assert!(event_loop.remove_reader(&*a));
    });
}

#[test]
fn a_size_beyond_all_memory_costs_no_more_than_a_mebibyte() {
    run(async {
        let event_loop = get_running_loop();
        let (a, mut b) = pair();
        b.write_all(b"data").expect("there is room");
        let data = event_loop.sock_recv(&a, usize::MAX).await;
        let data = data.expect("it is open");
        assert_eq!((&data[..], data.capacity()), (&b"data"[..], 1 << 20));
        let (socket, own) = udp_socket();
        socket.send_to(b"datagram", own).expect("it is sent");
        let received = event_loop.sock_recv_from(&socket, usize::MAX).await;
        assert_eq!(received.expect("it is open"), (b"datagram".to_vec(), own));
    });
}

#[test]
fn a_receive_waits_and_a_send_waits_for_room() {
    run(async {
        let event_loop = get_running_loop();
        let (a, b) = pair();
        let data: Vec<u8> = (0..1_000_000_u32).map(|i| (i % 251) as u8).collect();
        let (inner, sent) = (event_loop.clone(), data.clone());
        let sender = create_task(async move {
            inner.sock_send_all(&b, &sent).await?;
            inner.sock_recv(&b, 10).await
        });
        let mut received: Vec<u8> = Vec::new();
        let mut buffer = vec![0; 50_000];
        while received.len() < data.len() {
            let length = event_loop.sock_recv_into(&a, &mut buffer).await;
            received.extend(&buffer[..length.expect("it is open")]);
        }
        assert!(received == data, "what arrives is what was sent");
        sleep(ms(1)).await;
        event_loop.sock_send_all(&a, b"thanks").await.expect("open");
        assert_eq!(sender.await.expect("it is open"), b"thanks");
    });
}

#[test]
fn two_receives_on_one_socket_get_a_piece_each() {
    run(async {
        let event_loop = get_running_loop();
        let (a, mut b) = pair();
        let a = Rc::new(a);
        let tasks = [(); 2].map(|()| {
            let (inner, own) = (event_loop.clone(), a.clone());
            create_task(async move { inner.sock_recv(&*own, 1).await.expect("open") })
        });
        turns(2).await;
        b.write_all(b"x").expect("there is room");
        sleep(ms(5)).await;
        assert_eq!([tasks[0].done(), tasks[1].done()], [true, false]);
        b.write_all(b"y").expect("there is room");
        let [first, second] = tasks;
        assert_eq!((first.await, second.await), (b"x".to_vec(), b"y".to_vec()));
    });
}

#[test]
fn sockets_connect_and_are_accepted() {
    run(async {
        let event_loop = get_running_loop();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        listener.set_nonblocking(true).expect("it is open");
        let address = listener.local_addr().expect("it is open");
        let inner = event_loop.clone();
        let accepting = create_task(async move { inner.sock_accept(&listener).await });
        turns(1).await;
        let client = tcp_socket();
        event_loop
            .sock_connect(&client, address)
            .await
            .expect("somebody listens");
        let (server, peer) = accepting.await.expect("somebody comes");
        let client = TcpStream::from(client);
        assert_eq!(peer, client.local_addr().expect("it is open"));
        event_loop
            .sock_send_all(&client, b"hi")
            .await
            .expect("open");
        assert_eq!(event_loop.sock_recv(&server, 9).await.expect("open"), b"hi");
        drop(client);
        assert_eq!(
            event_loop.sock_recv(&server, 9).await.expect("the end"),
            b""
        );
    });
}

fn tcp_socket() -> socket2::Socket {
    let (domain, kind) = (socket2::Domain::IPV4, socket2::Type::STREAM);
    let socket = socket2::Socket::new(domain, kind, None).expect("the system gives sockets");
    socket.set_nonblocking(true).expect("it is open");
    socket
}

#[test]
fn a_refused_connect_says_so() {
    run(async {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = nobody.local_addr().expect("it is open");
        drop(nobody);
        let connected = get_running_loop()
            .sock_connect(&tcp_socket(), address)
            .await;
        let error = connected.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

fn udp_socket() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    socket.set_nonblocking(true).expect("it is open");
    let address = socket.local_addr().expect("it is open");
    (socket, address)
}

#[test]
fn datagrams_are_sent_and_received_with_their_addresses() {
    run(async {
        let event_loop = get_running_loop();
        let ((a, from), (b, to)) = (udp_socket(), udp_socket());
        let inner = event_loop.clone();
        let receiving = create_task(async move {
            let first = inner.sock_recv_from(&b, 3).await.expect("open");
            (first, inner.sock_recv_from(&b, 9).await.expect("open"))
        });
        turns(1).await;
        event_loop
            .sock_send_to(&a, b"cut off", to)
            .await
            .expect("open");
        event_loop.sock_send_to(&a, b"", to).await.expect("open");
        let expected = ((b"cut".to_vec(), from), (b"".to_vec(), from));
        assert_eq!(receiving.await, expected);
    });
}

#[test]
fn a_socket_that_blocks_is_refused() {
    run(async {
        let event_loop = get_running_loop();
        let (a, _b) = UnixStream::pair().expect("the system gives sockets");
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let (mut buffer, address) = ([0; 9], udp.local_addr().expect("it is bound"));
        for (fd, error) in [
            (a.as_raw_fd(), event_loop.sock_recv(&a, 9).await.err()),
            (
                a.as_raw_fd(),
                event_loop.sock_recv_into(&a, &mut buffer).await.err(),
            ),
            (
                a.as_raw_fd(),
                event_loop.sock_send_all(&a, b"x").await.err(),
            ),
            (
                a.as_raw_fd(),
                event_loop.sock_connect(&a, address).await.err(),
            ),
            (tcp.as_raw_fd(), event_loop.sock_accept(&tcp).await.err()),
            (
                udp.as_raw_fd(),
                event_loop.sock_recv_from(&udp, 9).await.err(),
            ),
            (
                udp.as_raw_fd(),
                event_loop.sock_send_to(&udp, b"x", address).await.err(),
            ),
        ] {
            let error = error.expect("it blocks");
            let text = format!("the socket must be non-blocking, and file descriptor {fd} is not");
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::InvalidInput, text)
            );
        }
    });
}

#[test]
fn a_callback_and_a_wait_exclude_each_other_in_one_direction() {
    run(async {
        let event_loop = get_running_loop();
        let (a, mut b) = pair();
        let fd = a.as_raw_fd();
        event_loop.add_reader(&a, || {}).expect("it is free");
        let error = event_loop.sock_recv(&a, 9).await.expect_err("in use");
        let used = |by| format!("file descriptor {fd} is used by {by}");
        assert_eq!(error.to_string(), used("a callback"));
        event_loop
            .sock_send_all(&a, b"the other")
            .await
            .expect("free");
        assert!(event_loop.remove_reader(&a));

        let inner = event_loop.clone();
        let waiting = create_task(async move { inner.sock_recv(&a, 9).await });
        turns(1).await;
        let error = event_loop.add_reader(&fd, || {}).expect_err("in use");
        assert_eq!(error.to_string(), used("a sock call"));
        assert!(!event_loop.remove_reader(&fd), "it is no callback");
        b.write_all(b"x").expect("there is room");
        assert_eq!(waiting.await.expect("it is open"), b"x");
    });
}

#[test]
fn what_a_socket_of_the_loop_uses_cannot_be_watched() {
    run(async {
        let event_loop = get_running_loop();
        let socket = looplet::UdpSocket::bind("127.0.0.1:0").await;
        let socket = socket.expect("a port is free");
        let error = event_loop.add_reader(&socket, || {}).expect_err("in use");
        let fd = socket.as_raw_fd();
        let text = format!("file descriptor {fd} is used by something else on this loop");
        assert_eq!(error.to_string(), text);
    });
}

#[test]
fn a_descriptor_is_free_once_nobody_watches_it() {
    run(async {
        struct Nothing;
        impl looplet::Protocol for Nothing {}
        let event_loop = get_running_loop();
        let (a, _b) = pair();
        event_loop.add_reader(&a, || {}).expect("it is open");
        event_loop.add_writer(&a, || {}).expect("it is open");
        assert!(event_loop.remove_reader(&a));
        assert!(event_loop.remove_writer(&a));
        let transport = event_loop.connect_accepted_socket(Nothing, a).await;
        transport.expect("it is free").abort();
    });
}

#[test]
fn a_receive_waits_on_when_somebody_else_was_faster() {
    let event_loop = real_loop();
    let (a, mut b) = pair();
    let mut other = a.try_clone().expect("it is open");
    let inner = event_loop.clone();
    let receive = async move { inner.sock_recv(&a, 9).await.expect("it is open") };
    let task = event_loop.create_task(receive);
    run_turns(&event_loop, 2);
    b.write_all(b"stolen").expect("there is room");
    // This turn hears of the data, and the next one would run the task.
    run_turns(&event_loop, 1);
    assert_eq!(bytes(&mut other), "stolen");
    run_turns(&event_loop, 3);
    assert!(!task.done());
    b.write_all(b"kept").expect("there is room");
    let received = event_loop.run_until_complete(async move { task.await });
    assert_eq!(received.expect("it ends"), b"kept");
}

#[test]
fn a_reader_runs_in_the_context_that_added_it() {
    static NAME: ContextVar<&str> = ContextVar::new("name");
    let trace = Trace::default();
    let said = trace.clone();
    run(async move {
        let event_loop = get_running_loop();
        let (a, mut b) = pair();
        b.write_all(b"x").expect("there is room");
        let (done, fd) = (Event::new(), a.as_raw_fd());
        let (finished, calls) = (done.clone(), Cell::new(0));
        NAME.set("adder");
        let read = move || {
            said.say(NAME.get().unwrap_or("nobody"));
            calls.set(calls.get() + 1);
            if calls.get() == 3 {
                finished.set();
            }
        };
        event_loop.add_reader(&fd, read).expect("it is open");
        NAME.set("other");
        done.wait().await;
        event_loop.remove_reader(&fd);
    });
    assert_eq!(trace.take(), ["adder"; 3]);
}
