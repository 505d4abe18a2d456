//! Connections over the loopback: readers, writers, servers.

mod common;

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::io::{ErrorKind, Write};
use std::net::TcpListener as StdListener;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use common::net::{connect, echo, pattern, serve};
use common::{join, ms, virtual_loop};
use looplet::{
    ConnectOptions, RunError, StreamReader, StreamWriter, TcpListener, TcpStream, UnixStream,
    create_task, get_running_loop, open_connection, open_connection_with, run, sleep, start_server,
    timeout, yield_now,
};

#[test]
fn lines_go_to_a_server_and_back() {
    run(async {
        let server = serve(echo).await;
        let (reader, writer) = connect(server.local_addr()).await;
        for line in [&b"hello\n"[..], b"\n", b"a longer line\r\n"] {
            writer.write(line);
            assert_eq!(reader.read_line().await.expect("an echo"), line);
        }
        assert_eq!(server.clients(), 1);
        writer.write_eof();
        assert_eq!(reader.read_line().await.expect("an end"), b"");
        assert!(reader.at_eof());
    });
}

#[test]
fn megabytes_go_both_ways_at_once() {
    const SIZE: usize = 4 << 20;
    run(async {
        let server = serve(async |reader: StreamReader, writer: StreamWriter| {
            let send = async {
                for piece in pattern(SIZE, 1).chunks(100_000) {
                    writer.write_all(piece).await.expect("the client reads");
                }
                writer.write_eof();
            };
            let (received, ()) = join(reader.read_to_end(), send).await;
            assert!(received.expect("the client sends") == pattern(SIZE, 2));
        })
        .await;
        let (reader, writer) = connect(server.local_addr()).await;
        let send = async {
            for piece in pattern(SIZE, 2).chunks(70_000) {
                writer.write_all(piece).await.expect("the server reads");
            }
            writer.write_eof();
        };
        let (received, ()) = join(reader.read_to_end(), send).await;
        assert!(received.expect("the server sends") == pattern(SIZE, 1));
    });
}

#[test]
fn a_refused_connection_says_where() {
    run(async {
        let free = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let address = free.local_addr().expect("it is bound");
        drop(free);
        let error = open_connection(address).await.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let text = error.to_string();
        let start = format!("cannot connect to {address} ({address}: ");
        assert!(text.starts_with(&start), "{text}");
    });
}

#[test]
fn of_several_refusals_each_is_named() {
    // asyncio's F14, for a name with several addresses or with one.
    run(async {
        let free = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let port = free.local_addr().expect("it is bound").port();
        drop(free);
        let addresses = looplet::resolve("localhost", port)
            .await
            .expect("it is known");
        let refused = open_connection(("localhost", port)).await;
        let error = refused.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let text = error.to_string();
        let start = format!("cannot connect to localhost:{port} (");
        assert!(text.starts_with(&start), "{text}");
        for address in addresses {
            assert!(text.contains(&format!("{address}: ")), "{text}");
        }
    });
}

#[test]
fn a_connection_comes_from_the_local_address_it_was_given() {
    run(async {
        let server = serve(async |_, writer: StreamWriter| {
            let peer = writer.peer_addr().expect("it is open");
            writer.write(peer.to_string().as_bytes());
        })
        .await;
        let from = |local: &str| ConnectOptions {
            local_addr: Some(local.parse().expect("an address")),
            ..Default::default()
        };
        let (reader, writer) = open_connection_with(server.local_addr(), from("127.0.0.2:0"))
            .await
            .expect("it is an address of this machine");
        let seen = reader.read_to_end().await.expect("an answer");
        let local = writer.local_addr().expect("it is open").to_string();
        assert_eq!(seen, local.as_bytes());
        assert!(local.starts_with("127.0.0.2:"), "{local}");
        let error = open_connection_with(server.local_addr(), from("192.0.2.1:0")).await;
        let error = error.expect_err("it is an address of nobody");
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        let why = "cannot use 192.0.2.1:0 as the local address";
        assert!(error.to_string().contains(why), "{error}");
    });
}

#[test]
fn a_limit_of_zero_is_refused_before_anything_is_connected() {
    run(async {
        let options = ConnectOptions {
            limit: 0,
            ..Default::default()
        };
        let error = open_connection_with("127.0.0.1:1", options).await;
        let error = error.expect_err("nothing fits");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "the limit of a reader cannot be 0");
    });
}

#[test]
fn a_socket_that_was_connected_elsewhere_becomes_a_reader_and_a_writer() {
    run(async {
        let server = serve(echo).await;
        let stream = TcpStream::connect(server.local_addr())
            .await
            .expect("it serves");
        let (reader, writer) = stream.into_streams();
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
    });
}

#[test]
fn a_text_that_is_no_address_is_refused_by_name() {
    run(async {
        let bracketed = "an IPv6 address with a port has the form [host]:port";
        for (text, complaint) in [
            ("", "`` is not of the form host:port"),
            ("localhost", "`localhost` is not of the form host:port"),
            (":80", "`:80` has no host in front of the port"),
            (
                "localhost:",
                "`localhost:`: `` is not a port from 0 to 65535",
            ),
            (
                "localhost:65536",
                "`localhost:65536`: `65536` is not a port from 0 to 65535",
            ),
            ("[::1]:-1", "`[::1]:-1`: `-1` is not a port from 0 to 65535"),
            ("::1", &format!("`::1`: {bracketed}")),
            ("[::1", &format!("`[::1`: {bracketed}")),
            ("[::1]80", &format!("`[::1]80`: {bracketed}")),
        ] {
            let error = open_connection(text).await.expect_err("it is none");
            assert_eq!(
                (error.kind(), error.to_string()),
                (ErrorKind::InvalidInput, complaint.into())
            );
            let error = start_server(text, echo).await.expect_err("it is none");
            assert_eq!(error.to_string(), complaint);
        }
    });
}

#[test]
fn a_reset_by_the_peer_is_an_error_of_the_reader_and_of_the_writer() {
    run(async {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (reader, writer) = connect(address).await;
        let (mut peer, _) = listener.accept().expect("somebody connects");
        writer.write(b"never read by the peer");
        peer.set_nonblocking(true).expect("it is open");
        while matches!(peer.peek(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock) {
            sleep(ms(1)).await;
        }
        peer.write_all(b"x").expect("it is open");
        // To close with data unread resets the connection.
        drop(peer);
        let error = loop {
            match reader.read(10).await {
                Ok(data) => assert!(!data.is_empty(), "a reset is not an end"),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        writer.write(b"more");
        let error = writer.drain().await.expect_err("the peer is gone");
        assert!(matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
        ));
        assert!(writer.wait_closed().await.is_err());
    });
}

#[test]
fn one_task_reads_while_another_writes_to_the_same_stream() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (client, server) = join(TcpStream::connect(address), listener.accept()).await;
        let client = Rc::new(client.expect("connected"));
        let (server, peer) = server.expect("accepted");
        assert_eq!(peer, client.local_addr().expect("it is open"));
        let other = client.clone();
        let reading = create_task(async move {
            let mut buffer = [0; 16];
            let read = other.read(&mut buffer).await.expect("it is open");
            buffer[..read].to_vec()
        });
        sleep(ms(1)).await;
        client.write_all(b"ping").await.expect("it is open");
        let mut buffer = [0; 16];
        let read = server.read(&mut buffer).await.expect("it is open");
        server.write_all(&buffer[..read]).await.expect("it is open");
        assert_eq!(reading.await, b"ping");
    });
}

#[test]
fn a_dropped_read_does_not_take_the_wake_of_one_that_waits_beside_it() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (client, server) = join(TcpStream::connect(address), listener.accept()).await;
        let (client, (server, _)) = (client.expect("connected"), server.expect("accepted"));
        let write = async {
            sleep(ms(10)).await;
            server.write_all(b"x").await.expect("it is open");
        };
        // Until the first try, a socket counts as ready.
        let nothing = client.try_read(&mut [0]).expect_err("nothing was written");
        assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
        let short = timeout(ms(3), client.readable());
        let both = join(join(short, client.readable()), write);
        let ((short, woken), ()) = timeout(Duration::from_secs(10), both)
            .await
            .expect("a wake");
        woken.expect("the loop is there");
        assert!(short.is_err());
    });
}

#[test]
fn a_task_may_wait_twice_for_the_same_direction_of_a_socket() {
    let woken = run(async {
        let listener = looplet::TcpListener::bind("127.0.0.1:0").await?;
        let client = looplet::TcpStream::connect(listener.local_addr()?).await?;
        let (peer, _) = listener.accept().await?;
        let mut nothing = [0; 8];
        assert!(
            client.try_read(&mut nothing).is_err(),
            "nothing was sent yet"
        );
        let writer = looplet::create_task(async move {
            looplet::sleep(Duration::from_millis(10)).await;
            peer.write_all(b"x").await
        });
        let short = looplet::timeout(Duration::from_millis(3), client.readable());
        let (_, ended) = common::join(client.readable(), short).await;
        writer.await?;
        Ok::<_, std::io::Error>(ended.is_err())
    });
    assert!(woken.expect("the sockets work"));
}

#[test]
fn a_socket_that_outlives_its_loop_says_so() {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let stream = run(async move { TcpStream::connect(address).await }).expect("it listens");
    let failed = run(async move {
        assert!(!stream.is_on_running_loop());
        timeout(ms(1000), async { stream.read(&mut [0; 8]).await }).await
    });
    let error = failed
        .expect("no time passes")
        .expect_err("the loop is closed");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
    assert_eq!(
        error.to_string(),
        "the event loop that the socket belongs to is closed"
    );
}

#[test]
fn a_socket_of_a_loop_that_is_closed_and_still_held_says_so_too() {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let held = looplet::EventLoop::new().expect("a loop");
    let connecting = held.run_until_complete(async move { TcpStream::connect(address).await });
    let stream = connecting.expect("it ends").expect("it listens");
    held.close();
    let failed = run(async move {
        // A wait for a loop that makes no turns would be for ever.
        timeout(ms(1000), async { stream.read(&mut [0; 8]).await }).await
    });
    let error = failed
        .expect("no time passes")
        .expect_err("the loop is closed");
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

#[test]
fn a_wait_for_a_socket_that_was_polled_twice_leaves_nothing_behind() {
    let ended = looplet::Runner::new().expect("a loop").run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let client = TcpStream::connect(listener.local_addr().expect("it is bound"));
        let client = client.await.expect("it listens");
        assert!(client.try_read(&mut [0; 8]).is_err(), "nothing was sent");
        let mut wait = Box::pin(client.readable());
        for _ in 0..2 {
            let pending = poll_fn(|context| Poll::Ready(wait.as_mut().poll(context).is_pending()));
            assert!(pending.await);
        }
        drop(wait);
        // A wait that was left behind would count as something that may happen.
        pending::<()>().await
    });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
}

#[test]
fn a_wait_with_a_limit_ends_with_its_time_or_with_news_and_leaves_no_timer() {
    let event_loop = virtual_loop();
    let ended = event_loop.run_until_complete(async {
        let (one, two) = UnixStream::pair()?;
        assert!(one.try_read(&mut [0]).is_err(), "nothing was sent");
        let event_loop = get_running_loop();
        let began = event_loop.time();
        let silence = one.readable_within(ms(5)).await;
        let waited = (event_loop.time() - began).as_millis();
        two.write_all(b"x").await?;
        one.readable_within(ms(5)).await?;
        let timers = event_loop.stats().timers;
        Ok::<_, std::io::Error>((silence.map_err(|error| error.kind()), waited, timers))
    });
    let ended = ended.expect("it ends").expect("the sockets work");
    assert_eq!(ended, (Err(ErrorKind::TimedOut), 5, 0));
}

#[test]
fn a_wait_with_a_limit_of_nothing_ends_in_the_next_turn() {
    let ended = run(async {
        let (one, _two) = UnixStream::pair()?;
        assert!(one.try_read(&mut [0]).is_err(), "nothing was sent");
        one.readable_within(Duration::ZERO).await
    });
    assert_eq!(
        ended.map_err(|error| error.kind()),
        Err(ErrorKind::TimedOut)
    );
}

#[test]
fn a_report_says_for_what_a_wait_with_a_limit_is_and_not_how_long() {
    let shown = run(async {
        let (one, _two) = UnixStream::pair().expect("the system gives sockets");
        assert!(one.try_read(&mut [0]).is_err(), "nothing was sent");
        let task = create_task(async move { one.readable_within(ms(1000)).await });
        sleep(ms(1)).await;
        format!("{task:?}")
    });
    assert!(shown.contains("wait_for=<data from a socket>"), "{shown}");
}

#[test]
fn news_that_comes_in_the_turn_in_which_the_time_ends_counts() {
    let ended = run(async {
        let (one, two) = UnixStream::pair()?;
        assert!(one.try_read(&mut [0]).is_err(), "nothing was sent");
        let hold_up = async {
            two.write_all(b"x").await?;
            std::thread::sleep(ms(10));
            Ok::<(), std::io::Error>(())
        };
        let (waited, held_up) = join(one.readable_within(ms(5)), hold_up).await;
        held_up.and(waited)
    });
    ended.expect("there is news");
}

#[test]
fn a_cancel_in_the_turn_in_which_the_time_ends_wins() {
    let went_on = Rc::new(Cell::new(false));
    let seen = went_on.clone();
    let outcome = run(async move {
        let (one, _two) = UnixStream::pair().expect("the system gives sockets");
        assert!(one.try_read(&mut [0]).is_err(), "nothing was sent");
        let task = create_task(async move {
            let _ = one.readable_within(ms(5)).await;
            seen.set(true);
        });
        yield_now().await;
        let cancelled = task.clone();
        get_running_loop().call_later(ms(6), move || {
            cancelled.cancel();
        });
        // Now both are due in the same turn, the end of the time first.
        std::thread::sleep(ms(20));
        task.join().await
    });
    assert!(outcome.is_err_and(|error| error.is_cancelled()));
    assert!(!went_on.get());
}
