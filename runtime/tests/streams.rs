//! Connections over the loopback: readers, writers, servers.

mod common;

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use common::{Trace, join, ms};
use looplet::{
    ReadError, RunError, Server, StreamReader, StreamWriter, TcpListener, TcpStream, create_task,
    gather, open_connection, run, sleep, start_server, timeout,
};

async fn serve<F>(client_connected: F) -> Server
where
    F: AsyncFn(StreamReader, StreamWriter) + 'static,
{
    let server = start_server("127.0.0.1:0", client_connected).await;
    server.expect("a port is free")
}

async fn connect(address: SocketAddr) -> (StreamReader, StreamWriter) {
    open_connection(address).await.expect("somebody listens")
}

/// A server that sends `data` and closes, and the reader of a client of it.
async fn reader_of(data: &'static [u8]) -> (StreamReader, StreamWriter, Server) {
    let server = serve(async move |_, mut writer| writer.write(data)).await;
    let (reader, writer) = connect(server.local_addr()).await;
    (reader, writer, server)
}

async fn echo(mut reader: StreamReader, mut writer: StreamWriter) {
    while let Ok(data) = reader.read(1 << 16).await {
        if data.is_empty() || writer.write_all(&data).await.is_err() {
            break;
        }
    }
}

/// Bytes in which a lost or doubled piece shows.
fn pattern(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn lines_go_to_a_server_and_back() {
    run(async {
        let server = serve(echo).await;
        let (mut reader, mut writer) = connect(server.local_addr()).await;
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
fn lines_end_where_the_line_ends() {
    run(async {
        let (mut reader, _writer, _server) = reader_of(b"one\ntwo\r\n\nlast").await;
        let mut lines = reader.lines();
        let mut seen = Vec::new();
        while let Some(line) = lines.next().await.expect("no line is too long") {
            seen.push(String::from_utf8(line).expect("it is text"));
        }
        assert_eq!(seen, ["one", "two", "", "last"]);
        assert!(reader.at_eof());
    });
}

#[test]
fn exact_reads_and_separators_cut_where_they_should() {
    run(async {
        let (mut reader, _writer, _server) = reader_of(b"12345--abc--de-").await;
        assert_eq!(reader.read_exactly(0).await.expect("nothing"), b"");
        assert_eq!(reader.read_exactly(3).await.expect("three"), b"123");
        assert_eq!(
            reader.read_until(b"--").await.expect("it is there"),
            b"45--"
        );
        assert_eq!(reader.read(2).await.expect("two"), b"ab");
        assert_eq!(reader.read_until(b"--").await.expect("it is there"), b"c--");
        let Err(ReadError::Incomplete { partial, expected }) = reader.read_until(b"--").await
        else {
            panic!("the separator does not come")
        };
        assert_eq!((&partial[..], expected), (&b"de-"[..], None));
        assert!(reader.at_eof());
    });
}

#[test]
fn an_early_end_gives_what_there_was() {
    // asyncio's F02
    run(async {
        let (mut reader, _writer, _server) = reader_of(b"abc").await;
        let error = reader.read_exactly(5).await.expect_err("it is too short");
        assert_eq!(error.to_string(), "the connection ended after 3 of 5 bytes");
        let ReadError::Incomplete { partial, expected } = error else {
            panic!("an early end is not another error")
        };
        assert_eq!((&partial[..], expected), (&b"abc"[..], Some(5)));
        assert_eq!(reader.read(10).await.expect("the end"), b"");
    });
}

#[test]
fn a_line_beyond_the_limit_is_an_error_and_loses_nothing() {
    // asyncio's F03
    run(async {
        let (mut reader, _writer, _server) = reader_of(b"123456789\nabcdefgh").await;
        reader.set_limit(8);
        for _ in 0..2 {
            let error = reader.read_line().await.expect_err("it is too long");
            assert!(
                matches!(error, ReadError::LimitOverrun { limit: 8 }),
                "{error}"
            );
        }
        assert_eq!(reader.read_exactly(10).await.expect("all"), b"123456789\n");
        // As long as the limit, and no separator: it may still be the last line.
        assert_eq!(reader.read_line().await.expect("it fits"), b"abcdefgh");
    });
}

#[test]
fn a_separator_cut_in_two_is_found() {
    run(async {
        let server = serve(async |_, mut writer: StreamWriter| {
            for piece in [&b"head\r"[..], b"\n\r", b"\nbody"] {
                writer.write(piece);
                sleep(ms(2)).await;
            }
        })
        .await;
        let (mut reader, _writer) = connect(server.local_addr()).await;
        let head = reader.read_until(b"\r\n\r\n").await.expect("it comes");
        assert_eq!(head, b"head\r\n\r\n");
        assert_eq!(reader.read_to_end().await.expect("the rest"), b"body");
    });
}

#[test]
fn megabytes_go_both_ways_at_once() {
    const SIZE: usize = 4 << 20;
    run(async {
        let server = serve(async |mut reader: StreamReader, mut writer: StreamWriter| {
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
        let (mut reader, mut writer) = connect(server.local_addr()).await;
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
fn drain_waits_for_a_slow_reader() {
    run(async {
        let gate = looplet::Event::new();
        let wait = gate.clone();
        let server = serve(
            async move |mut reader: StreamReader, mut writer: StreamWriter| {
                wait.wait().await;
                let all = reader.read_to_end().await.expect("the client sends");
                writer.write(all.len().to_string().as_bytes());
            },
        )
        .await;
        let (mut reader, mut writer) = connect(server.local_addr()).await;
        // More than any kernel buffers for a loopback connection.
        let data = vec![7; 32 << 20];
        writer.write(&data);
        assert!(
            timeout(ms(5), writer.drain()).await.is_err(),
            "nobody reads"
        );
        assert!(!format!("{writer:?}").contains("unsent: 0,"));
        gate.set();
        writer.drain().await.expect("somebody reads");
        writer.write_eof();
        let count = reader.read_to_end().await.expect("an answer");
        assert_eq!(count, data.len().to_string().as_bytes());
    });
}

#[test]
fn what_is_written_while_the_rest_is_being_sent_comes_behind_it() {
    const SIZE: usize = 16 << 20;
    run(async {
        let gate = looplet::Event::new();
        let go = gate.clone();
        let server = serve(async move |_, mut writer: StreamWriter| {
            writer.write(&pattern(SIZE, 5));
            gate.wait().await;
            // The kernel has room again by now, and most of the pattern is still here.
            for _ in 0..50 {
                writer.write(b"late");
                looplet::yield_now().await;
            }
        })
        .await;
        let (mut reader, _writer) = connect(server.local_addr()).await;
        sleep(ms(3)).await;
        // Read some, so that the kernel takes more as soon as it is asked.
        let mut all = reader
            .read_exactly(1 << 20)
            .await
            .expect("the server sends");
        go.set();
        all.extend(reader.read_to_end().await.expect("the server sends"));
        assert!(all[..SIZE] == pattern(SIZE, 5), "in order");
        assert_eq!(all[SIZE..], b"late".repeat(50));
    });
}

#[test]
fn one_direction_can_be_closed_before_the_other() {
    run(async {
        let server = serve(async |mut reader: StreamReader, mut writer: StreamWriter| {
            let all = reader.read_to_end().await.expect("the client sends");
            writer.write(b"got ");
            writer.write(&all);
        })
        .await;
        let (mut reader, mut writer) = connect(server.local_addr()).await;
        writer.write(b"question");
        writer.write_eof();
        assert!(!writer.is_closing());
        writer.write(b"too late");
        let error = writer.drain().await.expect_err("it was closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        let answer = reader.read_to_end().await.expect("an answer");
        assert_eq!(answer, b"got question");
    });
}

#[test]
fn a_writer_that_is_dropped_delivers_what_was_written() {
    const SIZE: usize = 8 << 20;
    run(async {
        let server =
            serve(async |_, mut writer: StreamWriter| writer.write(&pattern(SIZE, 3))).await;
        let (mut reader, _writer) = connect(server.local_addr()).await;
        let all = reader.read_to_end().await.expect("the server sends");
        assert!(all == pattern(SIZE, 3));
    });
}

#[test]
fn wait_closed_waits_until_all_was_sent() {
    const SIZE: usize = 8 << 20;
    run(async {
        let sent = Rc::new(Cell::new(false));
        let told = sent.clone();
        let server = serve(async move |_, mut writer: StreamWriter| {
            writer.write(&pattern(SIZE, 4));
            writer.close();
            assert!(writer.is_closing());
            writer.wait_closed().await.expect("the client reads");
            told.set(true);
        })
        .await;
        let (mut reader, _writer) = connect(server.local_addr()).await;
        assert!(!sent.get());
        let all = reader.read_to_end().await.expect("the server sends");
        assert_eq!(all.len(), SIZE);
        while !sent.get() {
            sleep(ms(1)).await;
        }
    });
}

#[test]
fn five_hundred_clients_that_connect_at_once_are_served() {
    run(async {
        let server = serve(echo).await;
        let address = server.local_addr();
        let client = |number: usize| async move {
            let (mut reader, mut writer) = connect(address).await;
            let line = format!("client {number}\n");
            writer.write(line.as_bytes());
            assert_eq!(reader.read_line().await.expect("an echo"), line.as_bytes());
            number
        };
        let all = gather((0..500).map(client).collect::<Vec<_>>());
        let all = timeout(Duration::from_secs(60), all).await;
        assert!(all.expect("in time").into_iter().eq(0..500));
        while server.clients() > 0 {
            sleep(ms(1)).await;
        }
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
fn an_address_without_a_port_is_refused() {
    run(async {
        let error = open_connection("localhost")
            .await
            .expect_err("it has no port");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            "`localhost` is not of the form host:port"
        );
    });
}

#[test]
fn a_taken_port_says_which() {
    run(async {
        let server = serve(echo).await;
        let address = server.local_addr();
        let error = TcpListener::bind(address).await.expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let text = error.to_string();
        assert!(
            text.starts_with(&format!("cannot listen on {address}: ")),
            "{text}"
        );
    });
}

#[test]
fn a_reset_by_the_peer_is_an_error_of_the_reader_and_of_the_writer() {
    run(async {
        let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (mut reader, mut writer) = connect(address).await;
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
fn a_server_that_is_closed_accepts_no_more_and_lets_open_connections_go_on() {
    run(async {
        let server = serve(echo).await;
        let address = server.local_addr();
        let (mut reader, mut writer) = connect(address).await;
        writer.write(b"before\n");
        assert_eq!(reader.read_line().await.expect("an echo"), b"before\n");
        server.close();
        server.serve_forever().await;
        let error = open_connection(address).await.expect_err("it is closed");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        writer.write(b"after\n");
        assert_eq!(reader.read_line().await.expect("an echo"), b"after\n");
        drop(server);
        writer.write(b"dropped\n");
        assert_eq!(reader.read_line().await.expect("an echo"), b"dropped\n");
    });
}

#[test]
fn a_cancelled_serve_forever_passes_the_cancel_on() {
    run(async {
        let task = create_task(async {
            let server = serve(echo).await;
            server.serve_forever().await;
            unreachable!("the server is not closed");
        });
        sleep(ms(2)).await;
        task.cancel();
        let outcome: Result<(), _> = task.join().await;
        assert!(outcome.is_err_and(|error| error.is_cancelled()));
    });
}

#[test]
fn a_panic_in_a_client_is_reported_and_the_server_goes_on() {
    let trace = Trace::default();
    let words = trace.clone();
    run(async move {
        common::report_to(&looplet::get_running_loop(), &words);
        let server = serve(async |mut reader: StreamReader, mut writer: StreamWriter| {
            let line = reader.read_line().await.expect("a line");
            assert!(line != b"boom\n", "told to");
            writer.write(&line);
        })
        .await;
        for (line, answer) in [(&b"boom\n"[..], &b""[..]), (b"fine\n", b"fine\n")] {
            let (mut reader, mut writer) = connect(server.local_addr()).await;
            writer.write(line);
            assert_eq!(reader.read_to_end().await.expect("an end"), answer);
        }
        assert_eq!(server.clients(), 0);
    });
    let lines = trace.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("HANDLER a panic was never retrieved in Task-"));
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
fn a_client_of_the_standard_library_is_served() {
    let (send, address) = std::sync::mpsc::channel();
    let client = std::thread::spawn(move || {
        let mut stream = StdStream::connect::<SocketAddr>(address.recv().expect("a server"))?;
        stream.write_all(b"from outside\n")?;
        let mut answer = String::new();
        stream.shutdown(std::net::Shutdown::Write)?;
        stream.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    });
    run(async move {
        let served = looplet::Event::new();
        let told = served.clone();
        let server = serve(async move |reader, writer| {
            echo(reader, writer).await;
            told.set();
        })
        .await;
        send.send(server.local_addr()).expect("the client waits");
        served.wait().await;
    });
    let answer = client.join().expect("the thread does not panic");
    assert_eq!(answer.expect("it was served"), "from outside\n");
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
