//! Callbacks that any thread may cancel: what a cancel promises, before, during and after the run.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use common::{Trace, ms, report_to, turns, virtual_loop};
use looplet::{EventLoop, LoopClosed, ThreadsafeHandle, get_running_loop};

fn real_loop() -> EventLoop {
    EventLoop::new().expect("the system gives a loop")
}

/// Runs `act` on another thread to its end.
fn elsewhere<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    thread::spawn(act)
        .join()
        .expect("the thread does not panic")
}

/// Tells on which thread it was dropped.
struct TellOnDrop(mpsc::Sender<thread::ThreadId>);

impl Drop for TellOnDrop {
    fn drop(&mut self) {
        // The test may have ended.
        let _ = self.0.send(thread::current().id());
    }
}

#[test]
fn a_callback_that_another_thread_has_cancelled_does_not_run_and_is_gone_at_once() {
    let event_loop = real_loop();
    let (handle, (said, dropped)) = (event_loop.handle(), mpsc::channel());
    let call = elsewhere(move || {
        let guard = TellOnDrop(said);
        let call = handle.call_soon_threadsafe(move || {
            drop(guard);
            panic!("never called");
        });
        let call = call.expect("it is open");
        call.cancel();
        call
    });
    let dropped = dropped.try_recv().expect("the closure is dropped");
    assert_ne!(dropped, thread::current().id());
    event_loop.stop();
    event_loop.run_forever().expect("one turn");
    assert!(call.cancelled());
}

#[test]
fn a_callback_that_this_thread_has_cancelled_does_not_run() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let call = event_loop
        .handle()
        .call_soon_threadsafe(|| panic!("never called"));
    event_loop.call_soon(trace.sayer("next"));
    call.expect("it is open").cancel();
    event_loop.run_until_complete(turns(2)).expect("it ends");
    assert_eq!(trace.take(), ["next"]);
}

#[test]
fn a_cancel_from_another_thread_waits_for_the_end_of_a_callback_that_runs() {
    let event_loop = real_loop();
    let (handle, ended) = (event_loop.handle(), Arc::new(AtomicBool::new(false)));
    let (start, started) = mpsc::channel();
    let seen = ended.clone();
    let other = thread::spawn(move || {
        let call = handle.call_soon_threadsafe(move || {
            start.send(()).expect("the other thread waits");
            thread::sleep(ms(30));
            ended.store(true, Ordering::Release);
        });
        let call = call.expect("it is open");
        started.recv().expect("it runs");
        call.cancel();
        let ended = seen.load(Ordering::Acquire);
        let stop = || get_running_loop().stop();
        handle.call_soon_threadsafe(stop).expect("it is open");
        (ended, call.cancelled())
    });
    event_loop.run_forever().expect("it is stopped");
    assert_eq!(other.join().expect("it does not panic"), (true, true));
}

#[test]
fn a_cancel_that_waits_is_released_by_a_panic_of_the_callback() {
    let (event_loop, trace) = (real_loop(), Trace::default());
    report_to(&event_loop, &trace);
    let (handle, (start, started)) = (event_loop.handle(), mpsc::channel());
    let other = thread::spawn(move || {
        let call = handle.call_soon_threadsafe(move || {
            start.send(()).expect("the other thread waits");
            thread::sleep(ms(10));
            panic!("oops");
        });
        started.recv().expect("it runs");
        call.expect("it is open").cancel();
        let stop = || get_running_loop().stop();
        handle.call_soon_threadsafe(stop).map(drop)
    });
    event_loop.run_forever().expect("it is stopped");
    assert_eq!(other.join().expect("it does not panic"), Ok(()));
    assert_eq!(trace.take(), ["HANDLER a callback panicked: oops"]);
}

#[test]
fn a_callback_may_cancel_itself_without_waiting() {
    let event_loop = virtual_loop();
    let (send, receive) = mpsc::channel::<ThreadsafeHandle>();
    let (done, seen) = mpsc::channel();
    let call = event_loop.handle().call_soon_threadsafe(move || {
        let own = receive.recv().expect("it was sent");
        own.cancel();
        done.send(own.cancelled()).expect("the test waits");
    });
    send.send(call.expect("it is open")).expect("it waits");
    event_loop.run_until_complete(turns(1)).expect("it ends");
    assert_eq!(seen.try_recv(), Ok(true));
}

#[test]
fn a_callback_that_has_run_can_be_called_cancelled() {
    let event_loop = virtual_loop();
    let (ran, seen) = mpsc::channel();
    let call = event_loop
        .handle()
        .call_soon_threadsafe(move || ran.send(()).expect("it waits"));
    let call = call.expect("it is open");
    event_loop.run_until_complete(turns(1)).expect("it ends");
    assert_eq!((seen.try_recv(), call.cancelled()), (Ok(()), false));
    elsewhere({
        let call = call.clone();
        move || call.cancel()
    });
    assert!(call.cancelled());
}

#[test]
fn closing_the_loop_cancels_what_has_not_run() {
    let event_loop = real_loop();
    let (near, far) = (event_loop.handle(), event_loop.handle());
    let (said, dropped) = mpsc::channel();
    let (one, two) = (TellOnDrop(said.clone()), TellOnDrop(said));
    let near = near
        .call_soon_threadsafe(move || drop(one))
        .expect("it is open");
    let far = elsewhere(move || far.call_soon_threadsafe(move || drop(two))).expect("it is open");
    assert!(!near.cancelled() && !far.cancelled());
    event_loop.close();
    assert!(near.cancelled() && far.cancelled());
    assert_eq!(dropped.try_iter().count(), 2);
}

#[test]
fn a_closed_loop_refuses_the_callback_and_drops_it() {
    let event_loop = virtual_loop();
    let handle = event_loop.handle();
    event_loop.close();
    let (said, dropped) = mpsc::channel();
    let refused = elsewhere(move || {
        let guard = TellOnDrop(said);
        handle.call_soon_threadsafe(move || drop(guard))
    });
    assert_eq!(refused.unwrap_err(), LoopClosed);
    assert_eq!(dropped.try_iter().count(), 1);
}

#[test]
fn the_handle_shows_its_state() {
    let event_loop = virtual_loop();
    let call = event_loop
        .handle()
        .call_soon_threadsafe(|| ())
        .expect("it is open");
    assert_eq!(format!("{call:?}"), "ThreadsafeHandle { cancelled: false }");
    call.cancel();
    assert_eq!(format!("{call:?}"), "ThreadsafeHandle { cancelled: true }");
}
