//! Pipes that the program has from elsewhere: as streams, and with a protocol.

mod common;

use std::fs;
use std::io::{self, PipeReader, PipeWriter, Read, Write};

use common::{Trace, ms, turns};
use looplet::{
    Event, EventLoop, Protocol, Runner, Transport, create_task, get_running_loop, open_read_pipe,
    open_write_pipe, run, sleep, timeout,
};

/// Says what it is told, and sets an event at the end.
struct Say {
    trace: Trace,
    lost: Event,
    /// What it answers to an end.
    keep_open: bool,
}

impl Say {
    fn new(trace: &Trace) -> Self {
        Self {
            trace: trace.clone(),
            lost: Event::new(),
            keep_open: false,
        }
    }
}

impl Protocol for Say {
    fn connection_made(&mut self, _: &Transport) {
        self.trace.say("made");
    }

    fn data_received(&mut self, _: &Transport, data: &[u8]) {
        let text = String::from_utf8_lossy(data).into_owned();
        self.trace.say(format!("data {text}"));
    }

    fn eof_received(&mut self, _: &Transport) -> bool {
        self.trace.say("eof");
        self.keep_open
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) {
        self.trace
            .say(format!("lost {:?}", error.map(io::Error::kind)));
        self.lost.set();
    }

    fn pause_writing(&mut self, _: &Transport) {
        self.trace.say("pause");
    }

    fn resume_writing(&mut self, _: &Transport) {
        self.trace.say("resume");
    }
}

/// Runs a program on a real loop that asks the kernel every turn, and returns what it said.
fn traced<F: Future + 'static>(program: impl FnOnce(Trace) -> F) -> Vec<String> {
    let trace = Trace::default();
    let event_loop = EventLoop::builder().io_interval(1).build();
    let event_loop = event_loop.expect("the system gives a loop");
    common::report_to(&event_loop, &trace);
    let runner = Runner::with_loop(event_loop);
    let program = timeout(ms(20_000), program(trace.clone()));
    let ran = runner.run(async move { program.await.expect("it ends in time") });
    drop(ran.expect("the program ends by itself"));
    drop(runner);
    trace.take()
}

/// A transport that reads, the event of its end, and the end to write to, which blocks.
async fn read_pipe(protocol: Say) -> (Transport, Event, PipeWriter) {
    let (read_end, write_end) = io::pipe().expect("the system gives a pipe");
    let lost = protocol.lost.clone();
    let event_loop = get_running_loop();
    let transport = event_loop.connect_read_pipe(protocol, read_end).await;
    (transport.expect("it can be waited for"), lost, write_end)
}

/// A transport that writes, the event of its end, and the end to read from, which blocks.
async fn write_pipe(protocol: Say) -> (Transport, Event, PipeReader) {
    let (read_end, write_end) = io::pipe().expect("the system gives a pipe");
    let lost = protocol.lost.clone();
    let event_loop = get_running_loop();
    let transport = event_loop.connect_write_pipe(protocol, write_end).await;
    (transport.expect("it can be waited for"), lost, read_end)
}

#[test]
fn a_protocol_is_told_what_comes_through_a_pipe_and_of_its_end() {
    let said = traced(async |trace| {
        let (transport, lost, mut write_end) = read_pipe(Say::new(&trace)).await;
        trace.say("connected");
        assert!(transport.is_reading() && !transport.can_write_eof());
        write_end.write_all(b"one").expect("there is room");
        sleep(ms(5)).await;
        write_end.write_all(b"two").expect("there is room");
        drop(write_end);
        lost.wait().await;
        assert!(transport.is_closing());
    });
    let expected = [
        "made",
        "connected",
        "data one",
        "data two",
        "eof",
        "lost None",
    ];
    assert_eq!(said, expected);
}

#[test]
fn the_end_of_a_pipe_closes_its_transport_whatever_the_protocol_answers() {
    let said = traced(async |trace| {
        let mut protocol = Say::new(&trace);
        protocol.keep_open = true;
        let (_transport, lost, write_end) = read_pipe(protocol).await;
        drop(write_end);
        lost.wait().await;
    });
    assert_eq!(said, ["made", "eof", "lost None"]);
}

#[test]
fn a_pipe_that_is_paused_is_not_read() {
    let said = traced(async |trace| {
        let (transport, lost, mut write_end) = read_pipe(Say::new(&trace)).await;
        transport.pause_reading();
        write_end.write_all(b"waits").expect("there is room");
        sleep(ms(5)).await;
        trace.say("resumed");
        transport.resume_reading();
        sleep(ms(5)).await;
        transport.close();
        lost.wait().await;
        let gone = write_end.write_all(b"x").expect_err("nobody reads");
        trace.say(format!("{:?}", gone.kind()));
    });
    let expected = ["made", "resumed", "data waits", "lost None", "BrokenPipe"];
    assert_eq!(said, expected);
}

#[test]
fn what_is_written_to_a_pipe_that_is_read_from_is_reported() {
    let said = traced(async |trace| {
        let (transport, lost, _write_end) = read_pipe(Say::new(&trace)).await;
        transport.write(b"lost");
        transport.close();
        lost.wait().await;
    });
    let report = "HANDLER write to a pipe that is read from: 4 bytes are lost";
    assert_eq!(said, ["made", report, "lost None"]);
}

#[test]
fn a_protocol_that_writes_to_a_pipe_pauses_and_resumes_and_close_sends_everything() {
    let said = traced(async |trace| {
        let (transport, lost, mut read_end) = write_pipe(Say::new(&trace)).await;
        assert!(!transport.is_reading() && transport.can_write_eof());
        transport.write(&vec![7; 1_000_000]);
        trace.say(transport.write_buffer_size() > 64 * 1024);
        transport.write_eof();
        assert!(transport.is_closing());
        let reading = std::thread::spawn(move || {
            let mut received = Vec::new();
            read_end.read_to_end(&mut received).expect("an end");
            received
        });
        lost.wait().await;
        let received = reading.join().expect("it reads");
        trace.say(received == vec![7; 1_000_000]);
    });
    let expected = ["made", "pause", "true", "resume", "lost None", "true"];
    assert_eq!(said, expected);
}

#[test]
fn the_loss_of_the_reader_is_told_without_a_write() {
    let said = traced(async |trace| {
        let (_transport, lost, read_end) = write_pipe(Say::new(&trace)).await;
        sleep(ms(5)).await;
        trace.say("closing");
        drop(read_end);
        lost.wait().await;
    });
    assert_eq!(said, ["made", "closing", "lost None"]);
}

#[test]
fn the_loss_of_the_reader_is_an_error_if_something_is_unsent() {
    let said = traced(async |trace| {
        let (transport, lost, read_end) = write_pipe(Say::new(&trace)).await;
        transport.write(&vec![7; 1_000_000]);
        drop(read_end);
        lost.wait().await;
    });
    assert_eq!(said, ["made", "pause", "lost Some(BrokenPipe)"]);
}

#[test]
fn the_end_of_a_pipe_belongs_to_its_transport() {
    use std::os::fd::AsRawFd;
    run(async {
        let (read_end, _write_end) = io::pipe().expect("the system gives a pipe");
        let fd = read_end.as_raw_fd();
        let event_loop = get_running_loop();
        let transport = event_loop.connect_read_pipe(Say::new(&Trace::default()), read_end);
        let transport = transport.await.expect("it can be waited for");
        let copy = fd;
        let taken = event_loop.add_reader(&copy, || {});
        taken.expect_err("a transport uses it");
        let error = transport.with_socket(|_| ()).expect_err("it is a pipe");
        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
    });
}

#[test]
fn a_file_gives_no_transport() {
    run(async {
        let file = fs::File::open("/proc/self/exe").expect("this program");
        let event_loop = get_running_loop();
        let protocol = Say::new(&Trace::default());
        let error = event_loop.connect_read_pipe(protocol, file).await;
        let text = "only pipes, sockets and character devices can be waited for";
        assert_eq!(error.expect_err("it is always ready").to_string(), text);
    });
}

#[test]
fn pipes_of_the_program_itself_become_streams() {
    run(async {
        let (read_end, mut write_end) = std::io::pipe().expect("the system gives a pipe");
        let reader = open_read_pipe(read_end).expect("it can be waited for");
        let reading = create_task(async move {
            let line = reader.read_line().await.expect("a line");
            (line, reader.read_to_end().await.expect("an end"))
        });
        turns(2).await;
        write_end.write_all(b"line\nrest").expect("there is room");
        drop(write_end);
        assert_eq!(reading.await, (b"line\n".to_vec(), b"rest".to_vec()));

        let (mut read_end, write_end) = std::io::pipe().expect("the system gives a pipe");
        let writer = open_write_pipe(write_end).expect("it can be waited for");
        let data = vec![7; 1_000_000];
        writer.write(&data);
        let reading = std::thread::spawn(move || {
            let mut received = Vec::new();
            read_end.read_to_end(&mut received).expect("an end");
            received
        });
        writer.close();
        writer.wait_closed().await.expect("everything was read");
        assert!(reading.join().expect("it reads") == data);
    });
}

#[test]
fn a_file_cannot_be_waited_for() {
    run(async {
        let file = fs::File::open("/proc/self/exe").expect("this program");
        let error = open_read_pipe(file).expect_err("it is always ready");
        let text = "only pipes, sockets and character devices can be waited for";
        assert_eq!(error.to_string(), text);
    });
}
