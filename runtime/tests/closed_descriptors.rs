//! Descriptors that are closed before they are removed: a mistake that has to end well.
//!
//! The tests need to know which numbers are free, so they run one after the other, in a process
//! of their own.

mod common;

use std::cell::RefCell;
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use common::{Trace, report_to};
use looplet::EventLoop;

static ALONE: Mutex<()> = Mutex::new(());

/// Two connected sockets that do not block.
fn pair() -> (UnixStream, UnixStream) {
    let (a, b) = UnixStream::pair().expect("the system gives sockets");
    a.set_nonblocking(true).expect("it is open");
    b.set_nonblocking(true).expect("it is open");
    (a, b)
}

/// Runs a loop for `count` turns in which it does not wait.
fn run_turns(event_loop: &EventLoop, count: usize) {
    for _ in 0..count {
        event_loop.stop();
        event_loop.run_forever().expect("a turn is possible");
    }
}

#[test]
fn a_descriptor_that_is_closed_while_watched_is_reported_and_forgotten() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let trace = Trace::default();
    let event_loop = EventLoop::new().expect("the system gives a loop");
    report_to(&event_loop, &trace);
    let (a, mut b) = pair();
    b.write_all(b"x").expect("there is room");
    let fd = a.as_raw_fd();
    let own = RefCell::new(Some(a));
    let close = move || drop(own.take());
    event_loop.add_reader(&fd, close).expect("it is open");
    run_turns(&event_loop, 2);
    let said = trace.take();
    let text = format!("HANDLER file descriptor {fd} is no longer watched: ");
    assert!(said.len() == 1 && said[0].starts_with(&text), "{said:?}");
    assert!(!event_loop.remove_reader(&fd));
}

#[test]
fn a_number_that_stands_for_another_file_can_be_watched_again() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let trace = Trace::default();
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let (a, b) = pair();
    let fd = a.as_raw_fd();
    event_loop.add_reader(&fd, || {}).expect("it is open");
    drop((a, b));
    // The system gives the lowest numbers that are free.
    let (c, d) = pair();
    let (new, mut other) = if c.as_raw_fd() == fd { (c, d) } else { (d, c) };
    assert_eq!(new.as_raw_fd(), fd);
    let said = trace.clone();
    event_loop
        .add_reader(&new, move || said.say("new"))
        .expect("it is open");
    other.write_all(b"x").expect("there is room");
    run_turns(&event_loop, 1);
    assert_eq!(trace.take(), ["new"]);
}
