//! Transports and protocols: who is called, when, and in which order.

mod common;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use common::{SayOnDrop, Trace, ms, report_to, turns};
use looplet::{
    Buffered, BufferedProtocol, Event, EventLoop, Protocol, Runner, StreamReader, StreamWriter,
    Transport, TransportServer, create_task, get_running_loop, open_connection, run, sleep,
    start_server, timeout,
};

type OnData = Rc<dyn Fn(&Transport, &[u8])>;

/// Says what it is told, and lets a test react.
#[derive(Clone)]
struct Say {
    name: &'static str,
    trace: Trace,
    /// Set when the connection is lost.
    lost: Event,
    on_data: OnData,
    on_eof: Rc<dyn Fn(&Transport) -> bool>,
}

impl Say {
    fn new(name: &'static str, trace: &Trace) -> Self {
        Self {
            name,
            trace: trace.clone(),
            lost: Event::new(),
            on_data: Rc::new(|_, _| {}),
            on_eof: Rc::new(|_| false),
        }
    }

    fn on_data(mut self, react: impl Fn(&Transport, &[u8]) + 'static) -> Self {
        self.on_data = Rc::new(react);
        self
    }

    fn on_eof(mut self, react: impl Fn(&Transport) -> bool + 'static) -> Self {
        self.on_eof = Rc::new(react);
        self
    }

    fn say(&self, what: impl std::fmt::Display) {
        let space = if self.name.is_empty() { "" } else { " " };
        self.trace.say(format!("{}{space}{what}", self.name));
    }
}

fn kind(error: Option<&io::Error>) -> String {
    format!("{:?}", error.map(io::Error::kind))
}

impl Protocol for Say {
    fn connection_made(&mut self, _: &Transport) {
        self.say("made");
    }

    fn data_received(&mut self, transport: &Transport, data: &[u8]) {
        self.say(format_args!("data {}", String::from_utf8_lossy(data)));
        (self.on_data.clone())(transport, data);
    }

    fn eof_received(&mut self, transport: &Transport) -> bool {
        self.say("eof");
        (self.on_eof.clone())(transport)
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) {
        self.say(format_args!("lost {}", kind(error)));
        self.lost.set();
    }

    fn pause_writing(&mut self, _: &Transport) {
        self.say("pause");
    }

    fn resume_writing(&mut self, _: &Transport) {
        self.say("resume");
    }
}

/// Runs a program on a real loop that asks the kernel every turn, and returns what it said.
fn traced<F: Future + 'static>(program: impl FnOnce(Trace) -> F) -> Vec<String> {
    let trace = Trace::default();
    let event_loop = EventLoop::builder().io_interval(1).build();
    let event_loop = event_loop.expect("the system gives a loop");
    report_to(&event_loop, &trace);
    let runner = Runner::with_loop(event_loop);
    let program = timeout(ms(20_000), program(trace.clone()));
    let ran = runner.run(async move { program.await.expect("it ends in time") });
    drop(ran.expect("the program ends by itself"));
    drop(runner);
    trace.take()
}

/// A server of which every connection has a clone of `protocol`.
async fn serve(protocol: Say) -> TransportServer {
    let factory = move || protocol.clone();
    let event_loop = get_running_loop();
    let server = event_loop.create_server(factory, "127.0.0.1:0");
    server.await.expect("a port is free")
}

async fn open(address: SocketAddr) -> (StreamReader, StreamWriter) {
    open_connection(address).await.expect("somebody listens")
}

/// A transport, and the other end of it, which blocks.
async fn pair(protocol: impl Protocol + 'static) -> (Transport, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
    let event_loop = get_running_loop();
    let transport = event_loop.connect_accepted_socket(protocol, ours);
    (transport.await.expect("it is a stream"), theirs)
}

fn read_all(mut socket: UnixStream) -> Vec<u8> {
    use std::io::Read;
    let mut data = Vec::new();
    socket.read_to_end(&mut data).expect("it is open");
    data
}

fn write(mut socket: &UnixStream, data: &[u8]) {
    use std::io::Write;
    socket.write_all(data).expect("there is room");
}

#[test]
fn a_protocol_is_told_of_the_connection_the_data_the_end_and_the_loss() {
    // asyncio's F08
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let server = serve(protocol).await;
        let (reader, writer) = open(server.local_addr()).await;
        writer.write(b"hi");
        writer.write_eof();
        lost.wait().await;
        trace.say(format!("{:?}", reader.read(9).await.expect("the end")));
    });
    assert_eq!(said, ["made", "data hi", "eof", "lost None", "[]"]);
}

#[test]
fn close_sends_what_is_written_and_the_loss_is_told_later() {
    // asyncio's F09
    let said = traced(async |trace| {
        let received = Rc::new(RefCell::new(Vec::new()));
        let all = received.clone();
        let server = start_server("127.0.0.1:0", async move |mut reader, _| {
            let data = read_to_end(&mut reader).await;
            all.borrow_mut().push(data);
        });
        let server = server.await.expect("a port is free");
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let transport = get_running_loop()
            .create_connection(protocol, server.local_addr())
            .await
            .expect("somebody listens");
        transport.write(&vec![b'y'; 3_000_000]);
        transport.close();
        trace.say(format!("closing {}", transport.is_closing()));
        transport.write(b"ignored");
        lost.wait().await;
        while received.borrow().is_empty() {
            sleep(ms(1)).await;
        }
        trace.say(format!("{:?}", received.borrow()));
    });
    assert_eq!(said, ["made", "closing true", "lost None", "[3000000]"]);
}

async fn read_to_end(reader: &mut StreamReader) -> usize {
    let mut length = 0;
    loop {
        match reader.read(1 << 16).await.expect("it is open").len() {
            0 => return length,
            more => length += more,
        }
    }
}

#[test]
fn close_waits_for_the_kernel_to_take_everything() {
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let (transport, theirs) = pair(protocol).await;
        transport.write(&vec![b'y'; 1_000_000]);
        transport.close();
        transport.write(b"ignored");
        trace.say(transport.write_buffer_size() > 0);
        turns(5).await;
        trace.say("reading begins");
        let reader = std::thread::spawn(move || read_all(theirs).len());
        lost.wait().await;
        trace.say(transport.write_buffer_size());
        trace.say(reader.join().expect("it does not panic"));
    });
    let expected = [
        "made",
        "pause",
        "true",
        "reading begins",
        "resume",
        "lost None",
        "0",
        "1000000",
    ];
    assert_eq!(said, expected);
}

#[test]
fn abort_drops_what_is_written() {
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let (transport, theirs) = pair(protocol).await;
        transport.write(&vec![b'y'; 3_000_000]);
        let unsent = transport.write_buffer_size();
        transport.abort();
        trace.say(format!("closing {}", transport.is_closing()));
        lost.wait().await;
        trace.say(read_all(theirs).len() + unsent == 3_000_000);
        trace.say(unsent > 0);
    });
    let expected = ["made", "pause", "closing true", "lost None", "true", "true"];
    assert_eq!(said, expected);
}

#[test]
fn a_protocol_that_asks_for_it_may_answer_after_the_end() {
    // asyncio's F10
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace).on_eof(|transport| {
            let transport = transport.clone();
            get_running_loop().call_later(ms(10), move || {
                transport.write(b"late answer");
                transport.close();
            });
            true
        });
        let server = serve(protocol).await;
        let (reader, writer) = open(server.local_addr()).await;
        writer.write_eof();
        let answer = reader.read(99).await.expect("an answer");
        trace.say(String::from_utf8_lossy(&answer));
        trace.say(reader.read(99).await.expect("the end").len());
    });
    assert_eq!(said, ["made", "eof", "lost None", "late answer", "0"]);
}

#[test]
fn connection_made_comes_one_turn_later_and_data_after_the_transport_is_there() {
    let said = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
        write(&theirs, b"early");
        let event_loop = get_running_loop();
        let protocol = Say::new("", &trace);
        let (said, counter) = (trace.clone(), event_loop.clone());
        event_loop.call_soon(move || {
            said.say("turn 1");
            let inner = counter.clone();
            counter.call_soon(move || {
                said.say("turn 2");
                inner.call_soon(move || said.say("turn 3"));
            });
        });
        let transport = event_loop.connect_accepted_socket(protocol, ours).await;
        trace.say("connected");
        turns(3).await;
        (transport, theirs)
    });
    let expected = [
        "turn 1",
        "made",
        "turn 2",
        "connected",
        "data early",
        "turn 3",
    ];
    assert_eq!(said, expected);
}

#[test]
fn one_read_takes_256_kib_at_most() {
    let said = traced(async |trace| {
        use std::io::Write;
        let (ours, mut theirs) = socket_with(0);
        let inner = trace.clone();
        let protocol = Say::new("", &Trace::default()).on_data(move |_, data| {
            inner.say(data.len());
            // Meanwhile, more arrives than one read takes.
            std::thread::sleep(ms(1));
        });
        let lost = protocol.lost.clone();
        let event_loop = get_running_loop();
        let transport = event_loop.connect_accepted_socket(protocol, ours).await;
        let writer = std::thread::spawn(move || theirs.write_all(&vec![0; 20_000_000]));
        lost.wait().await;
        let written = writer.join().expect("it does not panic");
        written.expect("somebody reads");
        drop(transport);
    });
    let lengths = said
        .iter()
        .map(|line| line.parse::<usize>().expect("a number"));
    assert_eq!(lengths.clone().sum::<usize>(), 20_000_000);
    assert_eq!(lengths.max(), Some(256 * 1024));
}

/// Says how much has come.
struct Lengths(&'static str, Trace);

impl Protocol for Lengths {
    fn data_received(&mut self, _: &Transport, data: &[u8]) {
        self.1.say(format!("{} {}", self.0, data.len()));
    }
}

/// Two connected TCP sockets, the second of which has sent `length` bytes.
fn socket_with(length: usize) -> (StdStream, StdStream) {
    use std::io::Write;
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is open");
    let mut theirs = StdStream::connect(address).expect("somebody listens");
    let (ours, _) = listener.accept().expect("somebody comes");
    theirs.write_all(&vec![0; length]).expect("there is room");
    (ours, theirs)
}

#[test]
fn a_socket_with_much_to_read_lets_others_have_their_turn() {
    let said = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
        write(&theirs, &[b'.'; 9]);
        /// Takes three bytes at a time.
        struct Small([u8; 3], Trace);
        impl BufferedProtocol for Small {
            fn get_buffer(&mut self, size_hint: usize) -> &mut [u8] {
                assert_eq!(size_hint, 256 * 1024);
                &mut self.0
            }
            fn buffer_updated(&mut self, _: &Transport, length: usize) {
                self.1.say(format!("read {length}"));
            }
        }
        let protocol = Buffered(Small([0; 3], trace.clone()));
        let event_loop = get_running_loop();
        let transport = event_loop.connect_accepted_socket(protocol, ours);
        let transport = transport.await.expect("it is a stream");
        for _ in 0..3 {
            trace.say("turn");
            turns(1).await;
        }
        drop((transport, theirs));
    });
    let expected = ["turn", "read 3", "turn", "read 3", "turn", "read 3"];
    assert_eq!(said, expected);
}

#[test]
fn a_protocol_pauses_above_64_kib_and_resumes_at_16() {
    // The numbers of asyncio's F07
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace);
        let (transport, theirs) = pair(protocol).await;
        trace.say(format!("{:?}", transport.write_buffer_limits()));
        transport.write(&vec![b'x'; 1_000_000]);
        trace.say("written");
        let reader = std::thread::spawn(move || read_all(theirs).len());
        let mut seen = Vec::new();
        while transport.write_buffer_size() > 0 {
            seen.push(transport.write_buffer_size());
            turns(1).await;
        }
        trace.say("sent");
        transport.close();
        turns(2).await;
        trace.say(reader.join().expect("it does not panic"));
    });
    let expected = [
        "made",
        "(16384, 65536)",
        "pause",
        "written",
        "resume",
        "sent",
        "lost None",
        "1000000",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_pause_that_a_callback_causes_is_told_at_its_end() {
    let said = traced(async |trace| {
        let inner = trace.clone();
        let protocol = Say::new("", &trace).on_data(move |transport, _| {
            transport.write(&vec![b'x'; 2_000_000]);
            inner.say("written");
        });
        let (transport, theirs) = pair(protocol).await;
        write(&theirs, b"go");
        while transport.write_buffer_size() == 0 {
            turns(1).await;
        }
        transport.abort();
        turns(2).await;
    });
    let expected = ["made", "data go", "written", "pause", "lost None"];
    assert_eq!(said, expected);
}

#[test]
fn the_limits_follow_from_each_other_and_are_checked() {
    run(async {
        let (transport, _theirs) = pair(Lengths("", Trace::default())).await;
        let limits = |high, low| {
            let set = transport.set_write_buffer_limits(high, low);
            set.map(|()| transport.write_buffer_limits())
        };
        assert_eq!(limits(Some(1000), None), Ok((250, 1000)));
        assert_eq!(limits(None, Some(100)), Ok((100, 400)));
        assert_eq!(limits(Some(0), None), Ok((0, 0)));
        assert_eq!(limits(None, None), Ok((16_384, 65_536)));
        let error = limits(Some(1), Some(2)).expect_err("the wrong way round");
        assert_eq!(
            error.to_string(),
            "the high limit (1) must not be below the low one (2)"
        );
        assert_eq!(transport.write_buffer_limits(), (16_384, 65_536));
    });
}

#[test]
fn lower_limits_pause_at_once_and_higher_ones_resume() {
    let said = traced(async |trace| {
        let (transport, theirs) = pair(Say::new("", &trace)).await;
        transport
            .set_write_buffer_limits(Some(1 << 30), None)
            .expect("right");
        transport.write(&vec![b'x'; 2_000_000]);
        trace.say("written");
        transport
            .set_write_buffer_limits(Some(0), None)
            .expect("right");
        transport
            .set_write_buffer_limits(Some(0), None)
            .expect("right");
        transport
            .set_write_buffer_limits(Some(1 << 30), None)
            .expect("right");
        drop(theirs);
        transport.abort();
        turns(1).await;
    });
    assert_eq!(said, ["made", "written", "pause", "resume", "lost None"]);
}

#[test]
fn nothing_is_read_while_paused_and_everything_after() {
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace).on_data(|transport, _| transport.pause_reading());
        let (transport, theirs) = pair(protocol).await;
        write(&theirs, b"one");
        sleep(ms(5)).await;
        write(&theirs, b"two");
        sleep(ms(5)).await;
        trace.say(transport.is_reading());
        transport.pause_reading();
        transport.resume_reading();
        transport.resume_reading();
        trace.say(transport.is_reading());
        sleep(ms(5)).await;
        transport.close();
        transport.resume_reading();
        trace.say(transport.is_reading());
        turns(2).await;
        drop(theirs);
    });
    let expected = [
        "made",
        "data one",
        "false",
        "true",
        "data two",
        "false",
        "lost None",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_protocol_that_pauses_in_connection_made_gets_no_data() {
    struct Paused(Trace);
    impl Protocol for Paused {
        fn connection_made(&mut self, transport: &Transport) {
            self.0.say(transport.is_reading());
            transport.pause_reading();
        }
        fn data_received(&mut self, _: &Transport, data: &[u8]) {
            self.0.say(format!("data {}", data.len()));
        }
    }
    let said = traced(async |trace| {
        let (transport, theirs) = pair(Paused(trace.clone())).await;
        write(&theirs, b"abc");
        sleep(ms(5)).await;
        trace.say("resume");
        transport.resume_reading();
        sleep(ms(5)).await;
    });
    assert_eq!(said, ["true", "resume", "data 3"]);
}

#[test]
fn close_within_a_callback_ends_the_reading_there() {
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace).on_data(|transport, data| {
            transport.write(data);
            transport.close();
            transport.close();
        });
        let (transport, theirs) = pair(protocol).await;
        write(&theirs, b"once");
        sleep(ms(5)).await;
        trace.say(transport.is_closing());
        trace.say(String::from_utf8_lossy(&read_all(theirs)));
    });
    let expected = ["made", "data once", "lost None", "true", "once"];
    assert_eq!(said, expected);
}

#[test]
fn another_protocol_takes_over_within_a_callback() {
    let said = traced(async |trace| {
        let second = Say::new("second", &trace).on_data(|transport, _| transport.close());
        let dropped = SayOnDrop(trace.clone(), "first dropped");
        let inner = trace.clone();
        let first = Say::new("first", &trace).on_data(move |transport, _| {
            transport.set_protocol(second.clone());
            inner.say("set");
            let _kept = &dropped;
        });
        let (transport, theirs) = pair(first).await;
        write(&theirs, b"a");
        sleep(ms(5)).await;
        write(&theirs, b"b");
        sleep(ms(5)).await;
        trace.say("late");
        transport.set_protocol(Say::new("third", &trace));
        drop(theirs);
    });
    let expected = [
        "first made",
        "first data a",
        "set",
        "first dropped",
        "second data b",
        "second lost None",
        "late",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_reset_by_the_peer_is_told_with_the_loss_and_not_reported() {
    let said = traced(async |trace| {
        let (ours, theirs) = socket_with(0);
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let event_loop = get_running_loop();
        let transport = event_loop.connect_accepted_socket(protocol, ours).await;
        // Closing with unread data resets a TCP connection.
        transport.as_ref().expect("it is a stream").write(b"unread");
        sleep(ms(5)).await;
        drop(theirs);
        lost.wait().await;
        drop(transport);
    });
    assert_eq!(said, ["made", "lost Some(ConnectionReset)"]);
}

#[test]
fn a_write_that_fails_is_told_with_the_loss_from_the_loop() {
    let said = traced(async |trace| {
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let (transport, theirs) = pair(protocol).await;
        transport.pause_reading();
        drop(theirs);
        transport.write(b"x");
        trace.say(format!("closing {}", transport.is_closing()));
        lost.wait().await;
    });
    assert_eq!(said, ["made", "closing true", "lost Some(BrokenPipe)"]);
}

#[test]
fn five_writes_after_the_end_are_silent_and_then_there_is_one_word() {
    let said = traced(async |trace| {
        let (transport, _theirs) = pair(Say::new("", &trace)).await;
        transport.close();
        for _ in 0..5 {
            transport.write(b"x");
        }
        trace.say("five");
        transport.write(b"x");
        transport.write(b"x");
        turns(1).await;
    });
    let word = "HANDLER 6 writes to a transport that is closed: their data is lost";
    assert_eq!(said, ["made", "five", word, "lost None"]);
}

#[test]
fn write_eof_ends_one_direction_once_everything_is_sent() {
    let said = traced(async |trace| {
        let inner = trace.clone();
        let protocol = Say::new("", &trace).on_data(move |transport, _| {
            inner.say(transport.can_write_eof());
        });
        let (transport, theirs) = pair(protocol).await;
        let other = theirs.try_clone().expect("it is open");
        transport.writelines([vec![b'x'; 1_000_000], b"end".to_vec()]);
        transport.write_eof();
        transport.write_eof();
        transport.write(b"too late");
        let reader = std::thread::spawn(move || read_all(theirs).len());
        while !reader.is_finished() {
            sleep(ms(1)).await;
        }
        trace.say(reader.join().expect("it does not panic"));
        write(&other, b"still here");
        sleep(ms(5)).await;
        transport.close();
        turns(1).await;
    });
    let report = "HANDLER write after write_eof: 8 bytes are lost";
    let expected = [
        "made",
        "pause",
        report,
        "resume",
        "1000003",
        "data still here",
        "true",
        "lost None",
    ];
    assert_eq!(said, expected);
}

/// Panics in the callback of this name.
struct Failing(&'static str, Trace);

impl Failing {
    fn at(&self, name: &'static str) {
        self.1.say(name);
        assert_ne!(self.0, name, "boom");
    }
}

impl Protocol for Failing {
    fn connection_made(&mut self, _: &Transport) {
        self.at("connection_made");
    }
    fn data_received(&mut self, _: &Transport, _: &[u8]) {
        self.at("data_received");
    }
    fn eof_received(&mut self, _: &Transport) -> bool {
        self.at("eof_received");
        true
    }
    fn connection_lost(&mut self, error: Option<&io::Error>) {
        self.1.say(kind(error));
        self.at("connection_lost");
    }
    fn pause_writing(&mut self, _: &Transport) {
        self.at("pause_writing");
    }
    fn resume_writing(&mut self, _: &Transport) {
        self.at("resume_writing");
    }
}

/// What a connection says whose protocol panics in `callback`.
fn failing(callback: &'static str) -> Vec<String> {
    let said = traced(async move |trace| {
        let (transport, theirs) = pair(Failing(callback, trace.clone())).await;
        // It fails if the connection has ended already.
        let _ = io::Write::write(&mut &theirs, b"x");
        sleep(ms(5)).await;
        transport.write(&vec![0; 1_000_000]);
        let mut reader = theirs.try_clone().expect("it is open");
        let draining = std::thread::spawn(move || io::copy(&mut reader, &mut io::sink()));
        while transport.write_buffer_size() > 0 {
            sleep(ms(1)).await;
        }
        let _ = theirs.shutdown(std::net::Shutdown::Write);
        sleep(ms(5)).await;
        transport.close();
        sleep(ms(5)).await;
        trace.say("the loop lives");
        drop(draining.join());
    });
    let shorten = |line: String| line.lines().next().unwrap_or_default().to_string();
    said.into_iter().map(shorten).collect()
}

#[test]
fn a_panic_in_a_callback_is_reported_and_ends_the_connection() {
    let all = [
        "connection_made",
        "data_received",
        "pause_writing",
        "resume_writing",
        "eof_received",
    ];
    for (at, callback) in all.into_iter().enumerate() {
        let mut expected: Vec<String> = all[..=at].iter().map(|it| it.to_string()).collect();
        expected.push(format!(
            "HANDLER fatal error: a protocol panicked in {callback}: assertion `left != right` \
             failed: boom"
        ));
        expected.extend(["Some(Other)", "connection_lost", "the loop lives"].map(String::from));
        assert_eq!(failing(callback), expected);
    }
}

#[test]
fn a_panic_in_connection_lost_is_reported() {
    let expected = [
        "connection_made",
        "data_received",
        "pause_writing",
        "resume_writing",
        "eof_received",
        "None",
        "connection_lost",
        "HANDLER fatal error: a protocol panicked in connection_lost: assertion `left != right` \
         failed: boom",
        "the loop lives",
    ];
    assert_eq!(failing("connection_lost"), expected);
}

/// Collects into a buffer of its own.
struct Own {
    buffer: Vec<u8>,
    trace: Trace,
}

impl BufferedProtocol for Own {
    fn connection_made(&mut self, _: &Transport) {
        self.trace.say("made");
    }
    fn get_buffer(&mut self, _: usize) -> &mut [u8] {
        self.trace.say("get");
        &mut self.buffer
    }
    fn buffer_updated(&mut self, transport: &Transport, length: usize) {
        let data = String::from_utf8_lossy(&self.buffer[..length]).into_owned();
        self.trace.say(format!("updated {data}"));
        transport.write(data.as_bytes());
    }
    fn eof_received(&mut self, _: &Transport) -> bool {
        self.trace.say("eof");
        false
    }
    fn connection_lost(&mut self, error: Option<&io::Error>) {
        self.trace.say(format!("lost {}", kind(error)));
    }
}

#[test]
fn a_buffered_protocol_is_asked_for_a_buffer_and_told_how_much_is_in() {
    let said = traced(async |trace| {
        let event_loop = get_running_loop();
        let inner = trace.clone();
        let factory = move || {
            Buffered(Own {
                buffer: vec![0; 4],
                trace: inner.clone(),
            })
        };
        let server = event_loop.create_server(factory, "127.0.0.1:0").await;
        let server = server.expect("a port is free");
        let (reader, writer) = open(server.local_addr()).await;
        writer.write(b"abcdef");
        let echo = reader.read_exactly(6).await.expect("an echo");
        writer.write_eof();
        server.close();
        server.wait_closed().await;
        trace.say(String::from_utf8_lossy(&echo));
    });
    let expected = [
        "made",
        "get",
        "updated abcd",
        "get",
        "updated ef",
        "get",
        "eof",
        "lost None",
        "abcdef",
    ];
    assert_eq!(said, expected);
}

#[test]
fn an_empty_buffer_is_a_fatal_error() {
    let said = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
        let protocol = Buffered(Own {
            buffer: Vec::new(),
            trace: trace.clone(),
        });
        let event_loop = get_running_loop();
        let transport = event_loop.connect_accepted_socket(protocol, ours);
        let transport = transport.await.expect("it is a stream");
        write(&theirs, b"x");
        sleep(ms(5)).await;
        trace.say(transport.is_closing());
    });
    let expected = [
        "made",
        "get",
        "HANDLER fatal error: get_buffer returned an empty buffer",
        "lost Some(InvalidInput)",
        "true",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_closed_server_takes_nobody_and_leaves_its_clients_alone() {
    let said = traced(async |trace| {
        let server = serve(Say::new("", &trace)).await;
        let address = server.local_addr();
        let (_reader, writer) = open(address).await;
        sleep(ms(5)).await;
        server.close();
        trace.say(format!("{} {}", server.is_serving(), server.clients()));
        let refused = open_connection(address).await.expect_err("nobody listens");
        trace.say(format!("{:?}", refused.kind()));
        let closed = timeout(ms(5), server.wait_closed()).await;
        trace.say(closed.is_err());
        writer.write(b"still here");
        writer.close();
        server.wait_closed().await;
        trace.say("closed");
    });
    let expected = [
        "made",
        "false 1",
        "ConnectionRefused",
        "true",
        "data still here",
        "eof",
        "lost None",
        "closed",
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_clients_of_a_server_can_be_closed_or_aborted() {
    let said = traced(async |trace| {
        let server = serve(Say::new("", &trace)).await;
        let mut ends = Vec::new();
        for _ in 0..2 {
            ends.push(open(server.local_addr()).await);
            sleep(ms(5)).await;
        }
        server.close_clients();
        server.abort_clients();
        trace.say(server.clients());
        server.close();
        server.wait_closed().await;
        trace.say(server.clients());
    });
    let expected = ["made", "made", "2", "lost None", "lost None", "0"];
    assert_eq!(said, expected);
}

#[test]
fn a_cancelled_serve_forever_closes_the_server() {
    run(async {
        let server = Rc::new(serve(Say::new("", &Trace::default())).await);
        let own = server.clone();
        let serving = create_task(async move { own.serve_forever().await });
        turns(2).await;
        assert!(server.is_serving());
        serving.cancel();
        assert!(serving.join().await.is_err());
        assert!(!server.is_serving());
        let again = server.serve_forever().await;
        assert!(matches!(again, Err(looplet::ServeError::Closed)));
    });
}

#[test]
fn a_panic_in_the_factory_is_reported_and_the_server_goes_on() {
    let said = traced(async |trace| {
        let (calls, inner) = (Cell::new(0), trace.clone());
        let factory = move || {
            calls.set(calls.get() + 1);
            assert!(calls.get() > 1, "boom");
            Say::new("", &inner)
        };
        let event_loop = get_running_loop();
        let server = event_loop.create_server(factory, "127.0.0.1:0");
        let server = server.await.expect("a port is free");
        let (reader, _writer) = open(server.local_addr()).await;
        trace.say(reader.read(9).await.expect("the end").len());
        let second = open(server.local_addr()).await;
        sleep(ms(5)).await;
        trace.say(server.clients());
        (server, second)
    });
    let expected = [
        "HANDLER a protocol factory panicked: boom",
        "0",
        "made",
        "1",
    ];
    assert_eq!(said, expected);
}

#[test]
fn a_server_takes_two_hundred_clients_at_once() {
    run(async {
        struct Echo;
        impl Protocol for Echo {
            fn data_received(&mut self, transport: &Transport, data: &[u8]) {
                transport.write(data);
            }
        }
        let event_loop = get_running_loop();
        let server = event_loop.create_server(|| Echo, "127.0.0.1:0");
        let server = server.await.expect("a port is free");
        let address = server.local_addr();
        let client = |number: u32| async move {
            let (reader, writer) = open(address).await;
            writer.write(&number.to_be_bytes());
            reader.read_exactly(4).await.expect("an echo") == number.to_be_bytes()
        };
        let clients: Vec<_> = (0..200).map(|number| create_task(client(number))).collect();
        for client in clients {
            assert!(client.await);
        }
    });
}

#[test]
fn what_cannot_be_connected_is_an_error() {
    run(async {
        let event_loop = get_running_loop();
        let nobody = StdListener::bind("127.0.0.1:0").expect("a port is free");
        let address = nobody.local_addr().expect("it is open");
        let taken = event_loop.create_server(|| Lengths("", Trace::default()), address);
        let error = taken.await.expect_err("the port is taken");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(nobody);
        let protocol = || Lengths("", Trace::default());
        let refused = event_loop.create_connection(protocol(), address).await;
        let error = refused.expect_err("nobody listens");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let no_stream = event_loop.connect_accepted_socket(protocol(), socket).await;
        let error = no_stream.expect_err("it is no stream");
        assert_eq!(error.to_string(), "a stream socket was expected");
    });
}

#[test]
fn a_cancelled_connect_closes_the_transport() {
    let said = traced(async |trace| {
        let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
        let protocol = Say::new("", &trace);
        let lost = protocol.lost.clone();
        let task = create_task(async move {
            let transport = get_running_loop()
                .connect_accepted_socket(protocol, ours)
                .await;
            drop(transport);
        });
        turns(1).await;
        task.cancel();
        trace.say(task.join().await.is_err());
        lost.wait().await;
        trace.say(read_all(theirs).len());
    });
    assert_eq!(said, ["made", "lost None", "true", "0"]);
}

#[test]
fn a_transport_lives_without_its_handle() {
    let said = traced(async |trace| {
        let (transport, theirs) = pair(Say::new("", &trace)).await;
        drop(transport);
        write(&theirs, b"heard");
        sleep(ms(5)).await;
        drop(theirs);
        sleep(ms(5)).await;
    });
    assert_eq!(said, ["made", "data heard", "eof", "lost None"]);
}

#[test]
fn the_protocol_is_dropped_after_the_loss_and_the_socket_is_closed() {
    /// Holds its own transport, as asyncio's protocols do.
    struct Holder(Option<Transport>, #[allow(dead_code)] SayOnDrop);
    impl Protocol for Holder {
        fn connection_made(&mut self, transport: &Transport) {
            self.0 = Some(transport.clone());
        }
    }
    let said = traced(async |trace| {
        let dropped = SayOnDrop(trace.clone(), "dropped");
        let (transport, theirs) = pair(Holder(None, dropped)).await;
        transport.close();
        trace.say("closing");
        turns(1).await;
        trace.say(read_all(theirs).len());
        trace.say(transport.with_socket(|_| ()).is_err());
    });
    assert_eq!(said, ["closing", "dropped", "0", "true"]);
}

#[test]
fn closing_the_loop_drops_protocols_and_sockets() {
    struct Holder(Option<Transport>, #[allow(dead_code)] SayOnDrop);
    impl Protocol for Holder {
        fn connection_made(&mut self, transport: &Transport) {
            self.0 = Some(transport.clone());
        }
        fn connection_lost(&mut self, _: Option<&io::Error>) {
            panic!("a closed loop calls nobody");
        }
    }
    let trace = Trace::default();
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let dropped = SayOnDrop(trace.clone(), "dropped");
    let made = event_loop.run_until_complete(pair(Holder(None, dropped)));
    let (transport, theirs) = made.expect("it ends");
    event_loop.close();
    assert_eq!(trace.take(), ["dropped"]);
    assert!(read_all(theirs).is_empty());
    assert!(transport.is_closing());
    transport.write(b"into the void");
    transport.close();
    transport.abort();
    transport.resume_reading();
}

#[test]
fn the_socket_of_a_transport_belongs_to_it() {
    run(async {
        let event_loop = get_running_loop();
        let (transport, theirs) = pair(Lengths("", Trace::default())).await;
        write(&theirs, b"for the protocol");
        let received = transport.with_socket(|fd| {
            let receive = std::pin::pin!(event_loop.sock_recv(&fd, 1));
            receive.poll(&mut Context::from_waker(Waker::noop()))
        });
        let received = received.expect("it is open");
        assert!(matches!(received, Poll::Ready(Err(_))), "{received:?}");
        let fd = transport.with_socket(|fd| std::os::fd::AsRawFd::as_raw_fd(&fd));
        let fd = fd.expect("it is open");
        let error = event_loop.add_reader(&fd, || {}).expect_err("in use");
        let text = format!("file descriptor {fd} is used by a transport");
        assert_eq!(error.to_string(), text);
        let set = transport.with_socket(|fd| socket2::SockRef::from(&fd).set_keepalive(true));
        set.expect("it is open").expect("every socket has it");
    });
}

#[test]
fn addresses_are_known_and_stay_known() {
    run(async {
        let server = serve(Say::new("", &Trace::default())).await;
        let protocol = Lengths("", Trace::default());
        let event_loop = get_running_loop();
        let transport = event_loop.create_connection(protocol, server.local_addr());
        let transport = transport.await.expect("somebody listens");
        assert_eq!(transport.peer_addr(), Some(server.local_addr()));
        let own = transport.local_addr().expect("TCP has ports");
        transport.abort();
        sleep(ms(0)).await;
        assert_eq!(transport.local_addr(), Some(own));
        let (unix, _theirs) = pair(Lengths("", Trace::default())).await;
        assert_eq!((unix.local_addr(), unix.peer_addr()), (None, None));
    });
}

#[test]
fn data_that_comes_with_the_connection_is_read() {
    let said = traced(async |trace| {
        let server = start_server("127.0.0.1:0", async |_, writer| writer.write(b"hi")).await;
        let server = server.expect("a port is free");
        let event_loop = get_running_loop();
        for _ in 0..20 {
            let protocol = Say::new("", &trace);
            let lost = protocol.lost.clone();
            let transport = event_loop.create_connection(protocol, server.local_addr());
            transport.await.expect("somebody listens");
            lost.wait().await;
        }
    });
    assert_eq!(said, ["made", "data hi", "eof", "lost None"].repeat(20));
}
