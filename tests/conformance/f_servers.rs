//! Group F, connections and servers of streams.

use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;

use looplet::{
    Event, ServeError, Server, ServerOptions, StreamReader, StreamWriter, Task, WriteError,
    create_task, gather, open_connection, sleep, start_server, start_server_with,
};

use crate::programs::{ended, ms};
use crate::raised::{Raised, runtime_error, value_error};
use crate::table::Case;
use crate::trace::{Bytes, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::real("F07", f07),
        Case::real("F11", f11),
        Case::real("F12", f12),
        Case::real("F13", f13),
        Case::real("F14", f14),
        Case::real("F20", f20),
        Case::real("F21", f21),
    ]
}

/// Where servers listen: some port of this machine.
const ANY_PORT: &str = "127.0.0.1:0";

async fn connect(server: &Server) -> (StreamReader, StreamWriter) {
    let connection = open_connection(server.local_addr()).await;
    connection.expect("the server listens")
}

/// The kernel's buffers are not made small, as in Python; the data is more than they take.
async fn f07(trace: Trace) {
    let go = Event::new();
    let waited = go.clone();
    let server = start_server(ANY_PORT, async move |reader, writer: StreamWriter| {
        waited.wait().await;
        let read: io::Result<Vec<u8>> = StreamReader::read_to_end(&reader).await;
        writer.close();
        read
    });
    let server = server.await.expect("there is a port");
    let (_reader, writer) = connect(&server).await;
    let writer = Rc::new(writer);
    let (low, high) = writer.get_write_buffer_limits();
    trace.say(format_args!("({low}, {high})"));
    writer.drain().await.expect("nothing has failed");
    trace.say("drain 1 immediate");
    writer.write(&vec![b'x'; 20_000_000]);
    trace.say(writer.get_write_buffer_size() > 65_536);
    let drain = |name: &'static str| {
        let writer = writer.clone();
        create_task(async move {
            writer.drain().await.expect("nothing fails");
            let size = writer.get_write_buffer_size();
            trace.say(("drained", name, size <= 16_384));
        })
    };
    let tasks = ["a", "b"].map(drain);
    sleep(ms(50)).await;
    trace.say(tasks.each_ref().map(Task::done));
    go.set();
    ended(&tasks).await;
    writer.close();
    writer.wait_closed().await.expect("nothing fails");
}

async fn f11(trace: Trace) {
    let server = start_server(ANY_PORT, async |reader, writer| {
        let line = StreamReader::read_line(&reader).await.expect("a line");
        StreamWriter::write(&writer, &line.to_ascii_uppercase());
        writer.drain().await.expect("nothing fails");
        writer.close();
    });
    let server = Rc::new(server.await.expect("there is a port"));
    let address = server.local_addr();
    let (reader, writer) = connect(&server).await;
    sleep(ms(10)).await;
    server.close();
    let sockets = match server.local_addrs().is_empty() {
        true => "()".to_string(),
        false => format!("{:?}", server.local_addrs()),
    };
    trace.say((server.is_serving(), sockets));
    let closed = server.clone();
    let closed = create_task(async move { closed.wait_closed().await });
    sleep(ms(10)).await;
    trace.say(("wait_closed done", closed.done()));
    if let Err(error) = open_connection(address).await {
        trace.say((kind(&error), errno(&error)));
    }
    writer.write(b"still here\n");
    let answer = reader.read_line().await.expect("an answer");
    trace.say(Bytes(answer));
    writer.close();
    closed.await;
    trace.say("closed");
}

/// The name that Python has for a kind of error.
fn kind(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        _ => "OSError",
    }
}

/// The number that the system has for an error. Where several addresses may have failed, it
/// stands in the text.
fn errno(error: &io::Error) -> Option<i32> {
    let text = error.to_string();
    let (_, number) = text.rsplit_once("(os error ")?;
    number.trim_end_matches(')').parse().ok()
}

async fn f12(trace: Trace) {
    let server = start_server(ANY_PORT, async |_, writer| StreamWriter::close(&writer));
    let server = Rc::new(server.await.expect("there is a port"));
    let serving = server.clone();
    let task = create_task(async move { serving.serve_forever().await });
    sleep(ms(0)).await;
    if let Err(ServeError::AlreadyServing) = server.serve_forever().await {
        let text = "server <Server> is already being awaited on serve_forever()";
        trace.say(runtime_error(text));
    }
    task.cancel();
    ended([&task]).await;
    trace.say((task.cancelled(), server.is_serving()));
}

async fn f13(trace: Trace) {
    let server = start_server(ANY_PORT, async |_, _| {
        Err::<(), Raised>(value_error("handler"))
    });
    let server = server.await.expect("there is a port");
    let (reader, writer) = connect(&server).await;
    let read = reader.read_to_end().await.expect("an end");
    trace.say(Bytes(read));
    writer.close();
}

/// A port that is taken, and to which nobody listens: the other end of a connection.
fn deaf_port() -> (TcpStream, SocketAddr) {
    let listener = TcpListener::bind(ANY_PORT).expect("there is a port");
    let address = listener.local_addr().expect("it is bound");
    let stream = TcpStream::connect(address).expect("it listens");
    let deaf = stream.local_addr().expect("it is connected");
    (stream, deaf)
}

async fn f14(trace: Trace) {
    let (_stream, address) = deaf_port();
    if let Err(error) = open_connection(address).await {
        let number = errno(&error);
        let failed = format!("Connect call failed ('{}', PORT)", address.ip());
        let errno = number.map_or(String::new(), |number| format!("[Errno {number}]"));
        trace.say((kind(&error), number, errno, failed));
    }
}

async fn f20(trace: Trace) {
    let options = ServerOptions {
        backlog: 1024,
        ..Default::default()
    };
    let server = start_server_with(ANY_PORT, options, async |reader, writer| {
        loop {
            let data = StreamReader::read(&reader, 1024).await?;
            if data.is_empty() {
                StreamWriter::close(&writer);
                return io::Result::Ok(());
            }
            writer.write(&data.to_ascii_uppercase());
            writer.drain().await?;
        }
    });
    let server = Rc::new(server.await.expect("there is a port"));
    let right: Rc<Cell<u32>> = Rc::default();
    let client = |_| {
        let (server, right) = (server.clone(), right.clone());
        async move {
            let (reader, writer) = connect(&server).await;
            for _ in 0..3 {
                writer.write(b"hello");
                let echo = reader.read_exactly(5).await.expect("an echo");
                right.set(right.get() + u32::from(echo == b"HELLO"));
            }
            writer.close();
        }
    };
    gather((0..500).map(client).collect::<Vec<_>>()).await;
    trace.say(right.get());
}

async fn f21(trace: Trace) {
    let server = start_server(ANY_PORT, async |reader, _| {
        StreamReader::read_to_end(&reader).await.map(drop)
    });
    let server = server.await.expect("there is a port");
    let (_reader, writer) = connect(&server).await;
    writer.close();
    writer.write(b"x");
    match writer.drain().await {
        Ok(()) => trace.say("no error"),
        Err(error) => {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
            if let Some(WriteError::ConnectionLost) = inner {
                trace.say(Raised::new(kind(&error), "Connection lost"));
            }
        }
    }
    // It may have failed, as CPython's may.
    let _ = writer.wait_closed().await;
}
