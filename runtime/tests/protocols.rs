//! Looking at the protocol of a transport, and what may be done to a transport twice.

mod common;

use std::io::Write;
use std::os::unix::net::UnixStream;

use common::{panic_of, run_virtual, turns};
use looplet::{
    BufferLimitsError, Buffered, BufferedProtocol, Protocol, Transport, get_running_loop,
};

/// Counts what it is told.
#[derive(Default)]
struct Count {
    bytes: usize,
    pauses: usize,
    /// Whether it could look at itself in a callback.
    saw_itself: Option<bool>,
}

impl Protocol for Count {
    fn data_received(&mut self, transport: &Transport, data: &[u8]) {
        self.bytes += data.len();
        self.saw_itself = Some(transport.with_protocol(|_: &mut Count| ()).is_some());
    }

    fn pause_writing(&mut self, _: &Transport) {
        self.pauses += 1;
    }
}

struct Sink([u8; 8]);

impl BufferedProtocol for Sink {
    fn get_buffer(&mut self, _: usize) -> &mut [u8] {
        &mut self.0
    }

    fn buffer_updated(&mut self, _: &Transport, _: usize) {}
}

async fn connected() -> (Transport, UnixStream) {
    let (ours, theirs) = UnixStream::pair().expect("the system gives a pair");
    let event_loop = get_running_loop();
    let transport = event_loop
        .connect_accepted_socket(Count::default(), ours)
        .await;
    (transport.expect("it is a stream"), theirs)
}

#[test]
fn a_program_can_look_at_a_protocol_by_its_type() {
    run_virtual(async {
        let (transport, mut theirs) = connected().await;
        theirs.write_all(b"data").expect("there is room");
        turns(5).await;
        assert_eq!(transport.with_protocol(|it: &mut Count| it.bytes), Some(4));
        assert_eq!(transport.with_protocol(|_: &mut Sink| ()), None);
        transport.set_protocol(Buffered(Sink([7; 8])));
        assert_eq!(transport.with_protocol(|it: &mut Sink| it.0[0]), Some(7));
        assert_eq!(transport.with_protocol(|_: &mut Count| ()), None);
    });
}

#[test]
fn nobody_can_look_while_a_callback_runs_nor_when_the_connection_is_lost() {
    run_virtual(async {
        let (transport, mut theirs) = connected().await;
        theirs.write_all(b"data").expect("there is room");
        turns(5).await;
        assert_eq!(
            transport.with_protocol(|it: &mut Count| it.saw_itself),
            Some(Some(false))
        );
        transport.abort();
        turns(2).await;
        assert_eq!(transport.with_protocol(|_: &mut Count| ()), None);
    });
}

#[test]
fn what_is_due_meanwhile_is_told_afterwards() {
    run_virtual(async {
        let (transport, _theirs) = connected().await;
        let writes = transport.clone();
        let during = transport.with_protocol(move |it: &mut Count| {
            writes.write(&vec![0; 8 << 20]);
            it.pauses
        });
        assert_eq!(during, Some(0));
        assert_eq!(transport.with_protocol(|it: &mut Count| it.pauses), Some(1));
    });
}

#[test]
fn a_panic_while_looking_goes_on_and_leaves_the_protocol_in_its_place() {
    run_virtual(async {
        let (transport, _theirs) = connected().await;
        let looks = transport.clone();
        let text = panic_of(move || looks.with_protocol(|_: &mut Count| -> () { panic!("boom") }));
        assert_eq!(text, "boom");
        assert!(!transport.is_closing());
        assert_eq!(transport.with_protocol(|it: &mut Count| it.bytes), Some(0));
    });
}

#[test]
fn reading_can_be_paused_and_resumed_twice() {
    run_virtual(async {
        let (transport, mut theirs) = connected().await;
        transport.resume_reading();
        assert!(transport.is_reading());
        transport.pause_reading();
        transport.pause_reading();
        assert!(!transport.is_reading());
        theirs.write_all(b"data").expect("there is room");
        turns(5).await;
        assert_eq!(transport.with_protocol(|it: &mut Count| it.bytes), Some(0));
        transport.resume_reading();
        transport.resume_reading();
        turns(5).await;
        assert_eq!(transport.with_protocol(|it: &mut Count| it.bytes), Some(4));
    });
}

#[test]
fn write_limits_follow_from_each_other_and_the_wrong_way_round_they_are_refused() {
    run_virtual(async {
        let (transport, _theirs) = connected().await;
        assert_eq!(transport.write_buffer_limits(), (16 << 10, 64 << 10));
        transport
            .set_write_buffer_limits(None, Some(100))
            .expect("400 is above");
        assert_eq!(transport.write_buffer_limits(), (100, 400));
        transport
            .set_write_buffer_limits(Some(100), None)
            .expect("25 is below");
        assert_eq!(transport.write_buffer_limits(), (25, 100));
        let refused = transport.set_write_buffer_limits(Some(1), Some(2));
        assert_eq!(refused, Err(BufferLimitsError { high: 1, low: 2 }));
        assert_eq!(transport.write_buffer_limits(), (25, 100));
    });
}
