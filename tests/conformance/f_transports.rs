//! Group F, below the streams: protocols, datagrams, and descriptors of others; and the order of
//! their callbacks in a turn (A21).

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use looplet::{
    Clock, DatagramProtocol, DatagramTransport, Event, Protocol, Queue, StreamReader, StreamWriter,
    Transport, create_task, get_running_loop, open_connection, sleep, start_server, timeout,
};

use crate::programs::{ended, loop_on, ms, run, stop};
use crate::table::Case;
use crate::trace::{Bytes, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("A21", a21),
        Case::real("F08", f08),
        Case::real("F09", f09),
        Case::real("F10", f10),
        Case::real("F15", f15),
        Case::real("F16", f16),
        Case::real("F19", f19),
    ]
}

/// Where servers listen: some port of this machine.
const ANY_PORT: &str = "127.0.0.1:0";

/// Two sockets that are connected; the first does not block.
fn pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("the system gives sockets");
    a.set_nonblocking(true).expect("it is a socket");
    (a, b)
}

/// Reads what there is, at most nine bytes.
fn receive(mut socket: &UnixStream) -> Vec<u8> {
    let mut buffer = [0; 9];
    let count = socket.read(&mut buffer).expect("there is data");
    buffer[..count].to_vec()
}

fn a21(trace: Trace) {
    let event_loop = loop_on(Clock::Real);
    std::thread::sleep(ms(1));
    let past = event_loop.time() - ms(1);
    let (a, mut b) = pair();
    let readable = a.try_clone().expect("the system gives a descriptor");
    let added = event_loop.add_reader(&a, move || {
        trace.say("io");
        receive(&readable);
        get_running_loop().remove_reader(&readable);
    });
    added.expect("it is a socket");
    b.write_all(b"x").expect("it is connected");
    event_loop.call_at(past, trace.sayer("timer"));
    event_loop.call_soon(trace.sayer("soon"));
    event_loop.call_later(ms(20), stop);
    run(&event_loop);
    event_loop.close();
}

async fn connect(address: SocketAddr) -> (StreamReader, StreamWriter) {
    let connection = open_connection(address).await;
    connection.expect("the server listens")
}

/// Says everything that it is told.
struct Talkative {
    trace: Trace,
    done: Event,
}

impl Protocol for Talkative {
    fn connection_made(&mut self, _: &Transport) {
        self.trace.say("made");
    }

    fn data_received(&mut self, _: &Transport, data: &[u8]) {
        self.trace.say(("data", Bytes(data)));
    }

    fn eof_received(&mut self, _: &Transport) -> bool {
        self.trace.say("eof");
        false
    }

    fn connection_lost(&mut self, error: Option<&std::io::Error>) {
        self.trace.say(("lost", error.map(ToString::to_string)));
        self.done.set();
    }
}

async fn f08(trace: Trace) {
    let done = Event::new();
    let protocol = {
        let done = done.clone();
        move || Talkative {
            trace,
            done: done.clone(),
        }
    };
    let event_loop = get_running_loop();
    let server = event_loop.create_server(protocol, ANY_PORT);
    let server = server.await.expect("there is a port");
    let (reader, writer) = connect(server.local_addr()).await;
    writer.write(b"hi");
    writer.write_eof();
    done.wait().await;
    let rest = reader.read_to_end().await.expect("an end");
    trace.say(Bytes(rest));
    writer.close();
}

async fn f09(trace: Trace) {
    struct Lost(Trace, Event);
    impl Protocol for Lost {
        fn connection_lost(&mut self, error: Option<&std::io::Error>) {
            self.0.say(("lost", error.map(ToString::to_string)));
            self.1.set();
        }
    }
    let received = Queue::new(0);
    let counts = received.clone();
    let server = start_server(
        ANY_PORT,
        async move |reader: StreamReader, writer: StreamWriter| {
            let data = reader.read_to_end().await.expect("an end");
            counts.put_nowait(data.len()).expect("there is room");
            writer.close();
        },
    );
    let server = server.await.expect("there is a port");
    let lost = Event::new();
    let protocol = Lost(trace, lost.clone());
    let event_loop = get_running_loop();
    let transport = event_loop.create_connection(protocol, server.local_addr());
    let transport = transport.await.expect("the server listens");
    transport.write(&vec![b'y'; 3_000_000]);
    transport.close();
    trace.say(("closing", transport.is_closing()));
    transport.write(b"ignored");
    lost.wait().await;
    let length = timeout(ms(5000), received.get()).await;
    trace.say([length.expect("it is received").expect("it is open")]);
}

async fn f10(trace: Trace) {
    struct Late(Trace);
    impl Protocol for Late {
        fn eof_received(&mut self, transport: &Transport) -> bool {
            self.0.say("eof");
            let transport = transport.clone();
            get_running_loop().call_later(ms(10), move || {
                transport.write(b"late answer");
                transport.close();
            });
            true
        }
    }
    let event_loop = get_running_loop();
    let server = event_loop.create_server(move || Late(trace), ANY_PORT);
    let server = server.await.expect("there is a port");
    let (reader, writer) = connect(server.local_addr()).await;
    writer.write_eof();
    let answer = reader.read_to_end().await.expect("an answer");
    trace.say(Bytes(answer));
    writer.close();
}

async fn f15(trace: Trace) {
    let event_loop = get_running_loop();
    let (a, mut b) = pair();
    let added = event_loop.add_reader(&a, move || trace.say("old"));
    added.expect("it is a socket");
    let readable = a.try_clone().expect("the system gives a descriptor");
    let added = event_loop.add_reader(&a, move || {
        trace.say(("new", Bytes(receive(&readable))));
    });
    added.expect("it is a socket");
    b.write_all(b"x").expect("it is connected");
    sleep(ms(10)).await;
    trace.say((event_loop.remove_reader(&a), event_loop.remove_reader(&a)));
}

async fn f16(trace: Trace) {
    let (a, mut b) = pair();
    let a = Rc::new(a);
    let received = a.clone();
    let task = create_task(async move { get_running_loop().sock_recv(&*received, 9).await });
    sleep(ms(0)).await;
    task.cancel();
    ended([&task]).await;
    b.write_all(b"data").expect("it is connected");
    let data = get_running_loop().sock_recv(&*a, 9).await;
    trace.say((task.cancelled(), Bytes(data.expect("there is data"))));
}

/// Puts what it hears into a queue.
struct Collect(Queue<String>);

impl Collect {
    fn put(&self, word: impl crate::trace::Python) {
        self.0.put_nowait(word.str()).expect("there is room");
    }
}

impl DatagramProtocol for Collect {
    fn datagram_received(&mut self, _: &DatagramTransport, data: &[u8], _: SocketAddr) {
        self.put(Bytes(data));
    }

    fn error_received(&mut self, _: &DatagramTransport, error: &std::io::Error) {
        self.put(match error.kind() {
            std::io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
            _ => "OSError",
        });
    }
}

async fn f19(trace: Trace) {
    let event_loop = get_running_loop();
    let got = Queue::new(0);
    let collect = || Collect(got.clone());
    let local = Some(ANY_PORT.into());
    let server = event_loop.create_datagram_endpoint(collect(), local, None);
    let server = server.await.expect("there is a port");
    let remote = server.local_addr().map(Into::into);
    let client = event_loop.create_datagram_endpoint(collect(), None, remote);
    let client = client.await.expect("there is a port");
    let send = |data: &[u8]| client.send_to(data, None).expect("it has a peer");
    for data in ["one", "two", ""] {
        send(data.as_bytes());
    }
    let words = [got.get().await, got.get().await, got.get().await];
    trace.say(words.map(|word| word.expect("it is open")).join(" "));
    server.close();
    sleep(ms(10)).await;
    send(b"z");
    let word = looplet::timeout(ms(1000), async move { got.get().await });
    trace.say(word.await.map(|word| word.expect("it is open")));
    client.close();
}
