//! Servers: beginning, serving, ending, and handlers that fail.

mod common;

use std::cell::{Cell, RefCell};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream as StdStream};
use std::process::Command;
use std::rc::Rc;
use std::time::Instant;

use common::net::{connect, echo, pattern, serve};
use common::{Trace, ms, report_to, traced};
use looplet::{
    ServeError, Server, ServerOptions, StreamReader, StreamWriter, TcpListener, catch_cancel,
    create_task, gather, get_running_loop, open_connection, run, sleep, start_server,
    start_server_with, timeout, yield_now,
};

async fn serve_with<F>(options: ServerOptions, handler: F) -> io::Result<Server>
where
    F: AsyncFn(StreamReader, StreamWriter) + 'static,
{
    start_server_with("127.0.0.1:0", options, handler).await
}

#[test]
fn a_closed_server_waits_for_its_connections() {
    // asyncio's F11
    run(async {
        let server = serve(async |reader: StreamReader, writer: StreamWriter| {
            let line = reader.read_line().await.expect("a line");
            writer.write(&line.to_ascii_uppercase());
            writer.drain().await.expect("it is open");
            writer.close();
        })
        .await;
        let (reader, writer) = connect(server.local_addr()).await;
        while server.clients() == 0 {
            sleep(ms(1)).await;
        }
        assert!(server.is_serving());
        assert_eq!(server.local_addrs(), [server.local_addr()]);
        server.close();
        assert!(!server.is_serving());
        assert_eq!(server.local_addrs(), []);
        let other = server.clone();
        let closing = create_task(async move { other.wait_closed().await });
        sleep(ms(2)).await;
        assert!(!closing.done());
        let refused = open_connection(server.local_addr()).await;
        assert_eq!(
            refused.expect_err("closed").kind(),
            ErrorKind::ConnectionRefused
        );
        writer.write(b"still here\n");
        assert_eq!(
            reader.read_line().await.expect("an answer"),
            b"STILL HERE\n"
        );
        writer.close();
        closing.await;
        assert_eq!(server.clients(), 0);
    });
}

#[test]
fn the_port_of_a_closed_server_is_free_at_once() {
    run(async {
        let first = serve(echo).await;
        let address = first.local_addr();
        first.close();
        let second = start_server(address, echo).await.expect("it is free");
        let (reader, writer) = connect(second.local_addr()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
        first.wait_closed().await;
    });
}

#[test]
fn a_server_without_clients_is_closed_at_once_and_an_open_one_never() {
    run(async {
        let server = serve(echo).await;
        assert!(timeout(ms(2), server.wait_closed()).await.is_err());
        server.close();
        server.close();
        server.wait_closed().await;
    });
}

#[test]
fn serve_forever_is_for_one_task_and_a_cancel_closes_the_server() {
    // asyncio's F12
    run(async {
        let server = serve(async |_, _| ()).await;
        let other = server.clone();
        let task = create_task(async move { other.serve_forever().await });
        yield_now().await;
        let refused = server.serve_forever().await.expect_err("somebody is in it");
        assert!(matches!(refused, ServeError::AlreadyServing));
        let text = "the server is already being awaited in serve_forever";
        assert_eq!(refused.to_string(), text);
        task.cancel();
        let outcome = task.join().await;
        assert!(outcome.is_err_and(|error| error.is_cancelled()));
        assert!(!server.is_serving());
        let refused = server.serve_forever().await.expect_err("it is closed");
        assert!(matches!(refused, ServeError::Closed));
        assert_eq!(io::Error::from(refused).to_string(), "the server is closed");
    });
}

#[test]
fn a_cancelled_serve_forever_closes_the_connections_and_waits_for_them() {
    run(async {
        let server = serve(echo).await;
        let (reader, writer) = connect(server.local_addr()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
        let other = server.clone();
        let task = create_task(async move { other.serve_forever().await });
        yield_now().await;
        task.cancel();
        assert!(task.join().await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(server.clients(), 0);
        assert_eq!(reader.read(1).await.expect("an end"), b"");
    });
}

#[test]
fn serve_forever_ends_when_the_server_is_closed() {
    run(async {
        let server = serve(echo).await;
        let other = server.clone();
        let task = create_task(async move { other.serve_forever().await });
        yield_now().await;
        server.close();
        task.await.expect("it was closed, and not cancelled");
    });
}

#[test]
fn an_error_of_a_handler_is_reported_and_closes_the_connection() {
    // asyncio's F13
    let lines = traced(|trace| async move {
        let server = serve(async |_, _| Err::<(), _>("handler")).await;
        let (reader, _writer) = connect(server.local_addr()).await;
        let all = reader.read_to_end().await.expect("an end");
        trace.say(format!("{all:?}"));
    });
    let report = "HANDLER Unhandled exception in client_connected_cb: handler";
    assert_eq!(lines, [report, "[]"]);
}

#[test]
fn a_failed_handler_closes_a_connection_that_it_has_handed_on() {
    run(async {
        let trace = Trace::default();
        report_to(&get_running_loop(), &trace);
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keep = kept.clone();
        let server = serve(async move |_, writer| {
            keep.borrow_mut().push(writer);
            Err::<(), _>("it failed later")
        })
        .await;
        let (reader, _writer) = connect(server.local_addr()).await;
        assert_eq!(reader.read_to_end().await.expect("an end"), b"");
        assert_eq!(trace.take().len(), 1);
        assert!(kept.borrow()[0].is_closing());
    });
}

#[test]
fn a_connection_that_a_handler_has_handed_on_stays_open_and_counts() {
    run(async {
        let kept = Rc::new(RefCell::new(Vec::new()));
        let keep = kept.clone();
        let server = serve(async move |_, writer| keep.borrow_mut().push(writer)).await;
        let (reader, _writer) = connect(server.local_addr()).await;
        while kept.borrow().is_empty() {
            sleep(ms(1)).await;
        }
        yield_now().await;
        assert_eq!(server.clients(), 1);
        let writer = kept.borrow_mut().pop().expect("one came");
        writer.write(b"later");
        drop(writer);
        assert_eq!(reader.read_to_end().await.expect("an end"), b"later");
        assert_eq!(server.clients(), 0);
    });
}

#[test]
fn connections_can_be_closed_and_aborted_from_the_server() {
    const SIZE: usize = 8 << 20;
    run(async {
        for aborted in [false, true] {
            let server = serve(async |reader: StreamReader, writer: StreamWriter| {
                writer.write(&pattern(SIZE, 1));
                drop(reader.read_to_end().await);
            })
            .await;
            let (reader, _writer) = connect(server.local_addr()).await;
            reader.read_exactly(1).await.expect("it sends");
            if aborted {
                server.abort_clients();
            } else {
                server.close_clients();
            }
            let rest = reader.read_to_end().await.expect("an end");
            assert_eq!(rest.len() == SIZE - 1, !aborted, "{} bytes", rest.len());
            server.close();
            server.wait_closed().await;
        }
    });
}

#[test]
fn a_server_may_be_made_first_and_started_later() {
    run(async {
        let options = ServerOptions {
            start_serving: false,
            ..Default::default()
        };
        let server = serve_with(options, echo).await.expect("a port is free");
        assert!(!server.is_serving());
        let refused = open_connection(server.local_addr()).await;
        assert_eq!(
            refused.expect_err("not yet").kind(),
            ErrorKind::ConnectionRefused
        );
        server.start_serving().expect("it is bound");
        server.start_serving().expect("a second call does nothing");
        assert!(server.is_serving());
        let (reader, writer) = connect(server.local_addr()).await;
        writer.write(b"x");
        assert_eq!(reader.read(1).await.expect("an echo"), b"x");
        server.close();
        assert!(matches!(server.start_serving(), Err(ServeError::Closed)));
    });
}

#[test]
fn serve_forever_starts_a_server_that_was_not_started() {
    run(async {
        let options = ServerOptions {
            start_serving: false,
            ..Default::default()
        };
        let server = serve_with(options, echo).await.expect("a port is free");
        let other = server.clone();
        let task = create_task(async move { other.serve_forever().await });
        yield_now().await;
        assert!(server.is_serving());
        task.cancel();
        drop(catch_cancel(task.join()).await);
    });
}

#[test]
fn servers_that_say_so_share_a_port() {
    run(async {
        let options = ServerOptions {
            reuse_port: true,
            ..Default::default()
        };
        let first = serve_with(options.clone(), echo)
            .await
            .expect("a port is free");
        let address = first.local_addr();
        let second = start_server_with(address, options, echo).await;
        assert_eq!(second.expect("it is shared").local_addr(), address);
        let third = start_server(address, echo).await;
        assert_eq!(
            third.expect_err("it does not say so").kind(),
            ErrorKind::AddrInUse
        );
    });
}

#[test]
fn the_limit_of_a_server_is_that_of_its_readers() {
    run(async {
        let options = ServerOptions {
            limit: 8,
            ..Default::default()
        };
        let server = serve_with(
            options,
            async |reader: StreamReader, writer: StreamWriter| {
                let error = reader.read_line().await.expect_err("it is too long");
                writer.write(error.to_string().as_bytes());
            },
        );
        let server = server.await.expect("a port is free");
        let (reader, writer) = connect(server.local_addr()).await;
        writer.write(b"123456789\n");
        let answer = reader.read_to_end().await.expect("an answer");
        assert_eq!(
            answer,
            b"the separator was found beyond the limit of 8 bytes"
        );
        let options = ServerOptions {
            limit: 0,
            ..Default::default()
        };
        let error = serve_with(options, echo).await.expect_err("nothing fits");
        assert_eq!(error.to_string(), "the limit of a reader cannot be 0");
    });
}

#[test]
fn a_server_with_a_short_queue_serves_many_one_after_the_other() {
    run(async {
        let options = ServerOptions {
            backlog: 1,
            ..Default::default()
        };
        let server = serve_with(options, echo).await.expect("a port is free");
        for _ in 0..20 {
            let (reader, writer) = connect(server.local_addr()).await;
            writer.write(b"x");
            assert_eq!(reader.read(1).await.expect("an echo"), b"x");
        }
    });
}

/// Set for the process that has few descriptors.
const FEW_DESCRIPTORS: &str = "LOOPLET_TEST_FEW_DESCRIPTORS";

/// Runs itself again in a shell that allows few descriptors.
#[test]
fn a_server_that_is_out_of_descriptors_waits_and_goes_on() {
    const NAME: &str = "a_server_that_is_out_of_descriptors_waits_and_goes_on";
    if std::env::var_os(FEW_DESCRIPTORS).is_some() {
        return run_out_of_descriptors();
    }
    let program = std::env::current_exe().expect("it runs");
    let line = format!("ulimit -n 24 && exec \"$0\" --exact {NAME} --nocapture");
    let mut shell = Command::new("sh");
    let shell = shell
        .arg("-c")
        .arg(line)
        .arg(program)
        .env(FEW_DESCRIPTORS, "1");
    let output = shell.output().expect("there is a shell");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("served after 1 report"), "{said}{text}");
}

fn run_out_of_descriptors() {
    let trace = Trace::default();
    let words = trace.clone();
    run(async move {
        report_to(&get_running_loop(), &words);
        let server = serve(echo).await;
        let mut files = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            files.push(file);
        }
        // One descriptor for a client, and none for accepting it.
        files.pop();
        let begin = Instant::now();
        let mut client = StdStream::connect(server.local_addr()).expect("the last descriptor");
        while words.len() == 0 {
            sleep(ms(5)).await;
        }
        assert_eq!(server.clients(), 0);
        files.clear();
        client.write_all(b"x").expect("it is open");
        client.set_nonblocking(true).expect("it is open");
        while client.read(&mut [0]).is_err() {
            sleep(ms(5)).await;
        }
        assert!(begin.elapsed() >= ms(1000), "it waits for a second");
    });
    let lines = trace.take();
    let start = "HANDLER a server cannot accept, and waits for a second: ";
    assert!(lines[0].starts_with(start), "{lines:?}");
    println!("served after {} report", lines.len());
}

#[test]
fn five_hundred_clients_exchange_three_messages_each() {
    // asyncio's F20
    run(async {
        let server = serve(async |reader: StreamReader, writer: StreamWriter| {
            loop {
                let data = reader.read(1024).await?;
                if data.is_empty() {
                    return Ok::<_, io::Error>(());
                }
                writer.write_all(&data.to_ascii_uppercase()).await?;
            }
        })
        .await;
        let right = Rc::new(Cell::new(0));
        let client = |_| {
            let (address, right) = (server.local_addr(), right.clone());
            async move {
                let (reader, writer) = connect(address).await;
                for _ in 0..3 {
                    writer.write(b"hello");
                    let echo = reader.read_exactly(5).await.expect("an echo");
                    right.set(right.get() + u32::from(echo == b"HELLO"));
                }
                writer.close();
            }
        };
        gather((0..500).map(client).collect::<Vec<_>>()).await;
        assert_eq!(right.get(), 1500);
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
fn a_server_that_is_closed_accepts_no_more_and_lets_open_connections_go_on() {
    run(async {
        let server = serve(echo).await;
        let address = server.local_addr();
        let (reader, writer) = connect(address).await;
        writer.write(b"before\n");
        assert_eq!(reader.read_line().await.expect("an echo"), b"before\n");
        server.close();
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
            server.serve_forever().await.expect("it serves");
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
        let server = serve(async |reader: StreamReader, writer: StreamWriter| {
            let line = reader.read_line().await.expect("a line");
            assert!(line != b"boom\n", "told to");
            writer.write(&line);
        })
        .await;
        for (line, answer) in [(&b"boom\n"[..], &b""[..]), (b"fine\n", b"fine\n")] {
            let (reader, writer) = connect(server.local_addr()).await;
            writer.write(line);
            assert_eq!(reader.read_to_end().await.expect("an end"), answer);
        }
        assert_eq!(server.clients(), 0);
    });
    let lines = trace.take();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("HANDLER Unhandled exception in client_connected_cb: told to"));
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
