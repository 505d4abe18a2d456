//! What a report says beside its message: whom it is about.

mod common;

use std::cell::RefCell;
use std::os::unix::net::UnixStream;
use std::rc::Rc;

use common::net::{connect, serve};
use common::{ms, run_virtual, turns, virtual_loop};
use looplet::{
    Buffered, BufferedProtocol, ErrorContext, EventLoop, Promise, Protocol, Transport,
    get_running_loop,
};

type Reports = Rc<RefCell<Vec<ErrorContext>>>;

/// Collects what `event_loop` reports.
fn reports_of(event_loop: &EventLoop) -> Reports {
    let reports = Reports::default();
    let list = reports.clone();
    let collect = move |context: &ErrorContext| list.borrow_mut().push(context.clone());
    event_loop.set_exception_handler(Some(Rc::new(collect)));
    reports
}

/// The line in which the callback was scheduled that the only report is about.
fn line(schedule: impl FnOnce(&EventLoop)) -> Option<u32> {
    let event_loop = virtual_loop();
    let reports = reports_of(&event_loop);
    schedule(&event_loop);
    let main = async { looplet::sleep(ms(10)).await };
    event_loop.run_until_complete(main).expect("it ends");
    let [report] = &reports.borrow()[..] else {
        panic!("not one report: {reports:?}")
    };
    let handle = report.handle?;
    assert_eq!(handle.file(), file!());
    Some(handle.line())
}

#[test]
fn a_panic_in_a_callback_names_the_line_that_scheduled_it() {
    let (mut lines, mut expected) = (Vec::new(), Vec::new());
    let mut check = |found: Option<u32>, at: u32| {
        lines.push(found);
        expected.push(Some(at));
    };
    let found = line(|l| drop(l.call_soon(|| panic!("boom"))));
    check(found, line!() - 1);
    let found = line(|l| drop(l.call_later(ms(1), || panic!("boom"))));
    check(found, line!() - 1);
    let found = line(|l| drop(l.call_at(l.time(), || panic!("boom"))));
    check(found, line!() - 1);
    let found = line(|l| drop(l.handle().call_soon_threadsafe(|| panic!("boom"))));
    check(found, line!() - 1);
    let found = line(|l| {
        let handle = l.handle();
        let post = move || handle.call_soon_threadsafe(|| panic!("boom")).map(drop);
        let posted = std::thread::spawn(post).join().expect("it does not panic");
        posted.expect("it is open");
    });
    check(found, line!() - 4);
    let found = line(|l| {
        let promise: Promise<()> = l.create_promise();
        promise.add_done_callback(|_| panic!("boom"));
        promise.set_result(()).expect("it is pending");
    });
    check(found, line!() - 3);
    assert_eq!(lines, expected);
}

#[test]
fn a_panic_in_a_task_names_no_callback() {
    let event_loop = virtual_loop();
    let reports = reports_of(&event_loop);
    event_loop.call_soon(|| panic!("a callback"));
    event_loop.create_task(async { panic!("a task") });
    event_loop.run_until_complete(turns(3)).expect("it ends");
    let seen: Vec<_> = reports
        .borrow()
        .iter()
        .map(|it| (it.handle.is_some(), it.task.clone()))
        .collect();
    assert_eq!(seen, [(true, None), (false, Some("Task-1".to_string()))]);
}

struct Fragile;

impl Protocol for Fragile {
    fn connection_made(&mut self, transport: &Transport) {
        transport.write_eof();
        transport.write(b"too late");
    }

    fn data_received(&mut self, _: &Transport, _: &[u8]) {
        panic!("boom");
    }
}

#[test]
fn a_report_about_a_transport_names_its_ends_and_its_protocol() {
    let reports = run_virtual(async {
        let event_loop = get_running_loop();
        let reports = reports_of(&event_loop);
        let server = event_loop.create_server(|| Fragile, "127.0.0.1:0").await;
        let server = server.expect("a port is free");
        let (reader, writer) = connect(server.local_addr()).await;
        let ends = format!(
            "{} to {}",
            server.local_addr(),
            writer.local_addr().expect("it is connected")
        );
        writer.write(b"data");
        let _ = reader.read_to_end().await;
        let reports = reports.take();
        assert_eq!(reports.len(), 2);
        for report in &reports {
            assert_eq!(report.transport.as_deref(), Some(&*ends));
        }
        reports
    });
    let said: Vec<_> = reports
        .iter()
        .map(|it| (it.to_string(), it.protocol))
        .collect();
    let protocol = Some("report_contexts::Fragile");
    assert_eq!(
        said,
        [
            (
                "write after write_eof: 8 bytes are lost".to_string(),
                protocol
            ),
            (
                "fatal error: a protocol panicked in data_received: boom".to_string(),
                protocol
            ),
        ]
    );
}

struct NoRoom;

impl BufferedProtocol for NoRoom {
    fn get_buffer(&mut self, _: usize) -> &mut [u8] {
        &mut []
    }

    fn buffer_updated(&mut self, _: &Transport, _: usize) {}
}

#[test]
fn a_transport_without_addresses_says_so_and_the_protocol_that_was_set_last_counts() {
    let report = run_virtual(async {
        let event_loop = get_running_loop();
        let reports = reports_of(&event_loop);
        let (one, two) = UnixStream::pair().expect("a pair");
        let transport = event_loop.connect_accepted_socket(Fragile, one).await;
        let transport = transport.expect("it is a stream");
        reports.take();
        transport.set_protocol(Buffered(NoRoom));
        std::io::Write::write_all(&mut &two, b"data").expect("it is open");
        turns(5).await;
        reports.take().pop().expect("it has failed")
    });
    assert_eq!(
        report.message,
        "fatal error: get_buffer returned an empty buffer"
    );
    assert_eq!(report.transport.as_deref(), Some("a UNIX socket or a pipe"));
    assert_eq!(report.protocol, Some("report_contexts::NoRoom"));
}

#[test]
fn an_error_of_a_handler_of_streams_names_the_peer() {
    let (report, peer) = run_virtual(async {
        let reports = reports_of(&get_running_loop());
        let server = serve(async |_, _| Err::<(), _>("bad luck")).await;
        let (reader, writer) = connect(server.local_addr()).await;
        let _ = reader.read_to_end().await;
        let report = reports.take().pop().expect("it has failed");
        (report, writer.local_addr().expect("it is connected"))
    });
    assert_eq!(
        report.to_string(),
        "Unhandled exception in client_connected_cb: bad luck"
    );
    assert_eq!(report.transport, Some(peer.to_string()));
}
