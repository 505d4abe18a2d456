//! looplet inside a loop that belongs to somebody else.

mod common;

use std::cell::Cell;
use std::future::pending;
use std::io::{Read, Write};
use std::net::TcpStream as StdStream;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use common::{Trace, ms, report_to, virtual_loop};
use looplet::{
    EventLoop, Promise, Queue, RunError, all_tasks, create_task, current_task, get_running_loop,
    sleep, start_server, to_thread, try_get_running_loop, yield_now,
};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

const NOW: Option<Duration> = Some(Duration::ZERO);

fn real_loop() -> EventLoop {
    EventLoop::new().expect("the system gives a loop")
}

fn poll(event_loop: &EventLoop, timeout: Option<Duration>) -> bool {
    event_loop.poll_once(timeout).expect("a turn can be made")
}

/// Milliseconds on the loop's clock since it was at `start`.
fn since(start: Instant, event_loop: &EventLoop) -> u128 {
    event_loop.time().duration_since(start).as_millis()
}

/// A host that waits for nothing but the descriptor of a loop.
struct Host {
    poll: Poll,
    events: Events,
}

impl Host {
    fn of(event_loop: &EventLoop) -> Self {
        let poll = Poll::new().expect("the system gives a descriptor");
        let number = event_loop.as_raw_fd();
        let registered =
            poll.registry()
                .register(&mut SourceFd(&number), Token(0), Interest::READABLE);
        registered.expect("the descriptor can be waited for");
        Self {
            poll,
            events: Events::with_capacity(8),
        }
    }

    /// Whether the descriptor has become readable.
    fn is_called(&mut self, timeout: Duration) -> bool {
        let polled = self.poll.poll(&mut self.events, Some(timeout));
        polled.expect("nothing interrupts it");
        !self.events.is_empty()
    }
}

#[test]
fn each_call_makes_one_turn() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let said = trace.clone();
    event_loop.create_task(async move {
        for step in 1..=3 {
            said.say(step);
            yield_now().await;
        }
    });
    event_loop.call_soon(trace.sayer("call"));
    assert_eq!(trace.take(), [""; 0]);
    assert!(poll(&event_loop, NOW));
    assert_eq!(trace.take(), ["1", "call"]);
    assert!(poll(&event_loop, None));
    assert_eq!(trace.take(), ["2"]);
    while poll(&event_loop, NOW) {}
    assert_eq!(trace.take(), ["3"]);
}

#[test]
fn without_a_timeout_it_waits_for_the_next_timer() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let start = event_loop.time();
    event_loop.call_later(ms(100), trace.sayer("first"));
    event_loop.call_later(ms(200), trace.sayer("second"));
    assert!(poll(&event_loop, None));
    assert_eq!(trace.take(), ["first"]);
    assert_eq!(since(start, &event_loop), 100);
}

#[test]
fn it_waits_no_longer_than_it_is_told() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let start = event_loop.time();
    event_loop.call_later(ms(100), trace.sayer("timer"));
    assert!(!poll(&event_loop, NOW));
    assert_eq!(since(start, &event_loop), 0);
    assert!(!poll(&event_loop, Some(ms(30))));
    assert_eq!(since(start, &event_loop), 30);
    assert!(poll(&event_loop, Some(ms(70))));
    assert_eq!(since(start, &event_loop), 100);
    assert_eq!(trace.take(), ["timer"]);
    assert!(!poll(&event_loop, Some(ms(50))));
    assert_eq!(since(start, &event_loop), 150);
}

#[test]
fn on_the_real_clock_a_wait_takes_its_time() {
    let event_loop = real_loop();
    event_loop.call_later(Duration::from_secs(3600), || {});
    let start = Instant::now();
    assert!(!poll(&event_loop, Some(ms(20))));
    let passed = start.elapsed();
    assert!(passed >= ms(20), "{passed:?}");
}

#[test]
fn nothing_to_wait_for_is_no_error_and_no_hang() {
    let event_loop = real_loop();
    let task = event_loop.create_task(pending::<()>());
    assert!(poll(&event_loop, None));
    assert!(!poll(&event_loop, None));
    assert!(!poll(&event_loop, Some(ms(1))));
    assert!(!task.done());
    let ended = event_loop.run_forever();
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
}

#[test]
fn the_longest_timeout_is_a_timeout() {
    let event_loop = real_loop();
    event_loop.call_later(ms(5), || {});
    assert!(poll(&event_loop, Some(Duration::MAX)));
}

#[test]
fn another_thread_ends_the_wait() {
    let event_loop = real_loop();
    let (handle, called) = (event_loop.handle(), Rc::new(Cell::new(false)));
    let done: Promise<()> = event_loop.create_promise();
    let (waited, seen) = (done.clone(), called.clone());
    event_loop.create_task(async move {
        waited.await;
        seen.set(true);
    });
    let thread = thread::spawn(move || {
        thread::sleep(ms(20));
        handle.call_soon_threadsafe(|| get_running_loop().stop())
    });
    poll(&event_loop, None);
    assert!(poll(&event_loop, None), "the call of the thread");
    thread
        .join()
        .expect("it does not panic")
        .expect("it is open");
    // The host acts between two turns, on the thread of the loop.
    done.set_result(()).expect("nobody else sets it");
    assert!(!called.get());
    while poll(&event_loop, NOW) {}
    assert!(called.get());
}

#[test]
fn the_next_deadline_is_now_when_something_is_ready() {
    let event_loop = virtual_loop();
    assert_eq!(event_loop.next_deadline(), None);
    let start = event_loop.time();
    let timer = event_loop.call_later(ms(70), || {});
    assert_eq!(event_loop.next_deadline(), Some(start + ms(70)));
    let soon = event_loop.call_soon(|| {});
    assert_eq!(event_loop.next_deadline(), Some(start));
    soon.cancel();
    assert!(poll(&event_loop, NOW));
    assert_eq!(event_loop.next_deadline(), Some(start + ms(70)));
    timer.cancel();
    assert_eq!(event_loop.next_deadline(), None);
}

#[test]
fn what_the_host_does_between_two_turns_is_ready_at_once() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let (queue, said) = (Queue::new(0), trace.clone());
    let mut items = queue.clone();
    event_loop.create_task(async move {
        while let Some(key) = looplet::AsyncIterator::next(&mut items).await {
            said.say(format!("key {key}"));
        }
    });
    while poll(&event_loop, NOW) {}
    assert_eq!(event_loop.next_deadline(), None);
    queue.put_nowait('a').expect("there is no limit");
    assert_eq!(event_loop.next_deadline(), Some(event_loop.time()));
    while poll(&event_loop, NOW) {}
    assert_eq!(trace.take(), ["key a"]);
    let handle = event_loop.handle();
    let posted = handle.call_soon_threadsafe(|| {});
    posted.expect("it is open");
    assert_eq!(event_loop.next_deadline(), Some(event_loop.time()));
}

#[test]
fn the_loop_runs_during_the_turn_and_only_then() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let (said, own) = (trace.clone(), event_loop.handle());
    event_loop.create_task(async move {
        let running = get_running_loop();
        said.say(running.is_running());
        said.say(current_task().is_some_and(|task| task.name() == "Task-1"));
        said.say(all_tasks().len());
        said.say(format!("{own:?}") == format!("{:?}", running.handle()));
    });
    assert!(!event_loop.is_running() && try_get_running_loop().is_none());
    assert!(poll(&event_loop, NOW));
    assert!(!event_loop.is_running() && try_get_running_loop().is_none());
    assert_eq!(trace.take(), ["true", "true", "1", "true"]);
}

#[test]
fn a_stop_inside_the_turn_has_no_lasting_effect() {
    let event_loop = virtual_loop();
    event_loop.call_soon(|| get_running_loop().stop());
    assert!(poll(&event_loop, NOW));
    let slept = event_loop.run_until_complete(async {
        sleep(ms(10)).await;
        "slept"
    });
    assert_eq!(slept.expect("it was not stopped"), "slept");
}

#[test]
fn a_stop_before_the_turn_keeps_it_from_waiting_and_is_used_up() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    event_loop.call_later(ms(10), trace.sayer("timer"));
    event_loop.stop();
    assert!(!poll(&event_loop, None));
    assert_eq!(trace.take(), [""; 0]);
    assert!(poll(&event_loop, None));
    assert_eq!(trace.take(), ["timer"]);
}

#[test]
fn misuse_is_refused_by_name() {
    let event_loop = real_loop();
    let inner = event_loop.clone();
    event_loop.call_soon(move || {
        let refused = inner.poll_once(NOW);
        assert!(matches!(refused, Err(RunError::AlreadyRunning)));
        let refused = real_loop().poll_once(NOW);
        assert!(matches!(refused, Err(RunError::AlreadyRunning)));
    });
    let trace = Trace::default();
    report_to(&event_loop, &trace);
    assert!(poll(&event_loop, NOW));
    assert_eq!(trace.take(), [""; 0]);
    event_loop.close();
    let refused = event_loop.poll_once(NOW);
    assert!(matches!(refused, Err(RunError::Closed)), "{refused:?}");
    assert_eq!(event_loop.next_deadline(), None);
}

#[test]
fn a_panic_in_a_callback_is_reported_and_the_turn_goes_on() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    report_to(&event_loop, &trace);
    event_loop.call_soon(|| panic!("oops"));
    event_loop.call_soon(trace.sayer("behind"));
    assert!(poll(&event_loop, NOW));
    assert_eq!(
        trace.take(),
        ["HANDLER a callback panicked: oops", "behind"]
    );
}

#[test]
fn guest_turns_and_runs_alternate() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        sleep(ms(10)).await;
        sleep(ms(10)).await;
        "both"
    });
    assert!(poll(&event_loop, None));
    let between = event_loop.run_until_complete(sleep(ms(15)));
    between.expect("it ends by itself");
    assert!(!task.done());
    while !task.done() {
        poll(&event_loop, None);
    }
    let result = task.result().expect("it has ended");
    assert_eq!(result.expect("it was not cancelled"), "both");
}

#[test]
fn a_virtual_clock_stands_still_while_a_job_is_out() {
    let event_loop = virtual_loop();
    let start = event_loop.time();
    event_loop.call_later(ms(5), || {});
    let job = event_loop.create_task(async { to_thread(|| thread::sleep(ms(30))).await });
    while !job.done() {
        assert!(poll(&event_loop, None), "only the job ends the wait");
    }
    assert!(since(start, &event_loop) < 5);
}

#[test]
fn the_descriptor_is_readable_when_a_thread_has_news() {
    let event_loop = real_loop();
    let mut host = Host::of(&event_loop);
    assert!(!host.is_called(Duration::ZERO));
    let handle = event_loop.handle();
    let thread = thread::spawn(move || handle.call_soon_threadsafe(|| {}));
    assert!(host.is_called(Duration::from_secs(60)));
    thread
        .join()
        .expect("it does not panic")
        .expect("it is open");
    assert!(poll(&event_loop, NOW));
    assert!(!host.is_called(ms(1)));
    assert!(!poll(&event_loop, NOW));
}

#[test]
fn a_host_that_waits_for_the_descriptor_serves_a_client() {
    let event_loop = real_loop();
    let mut host = Host::of(&event_loop);
    let served = event_loop.create_task(async {
        let (left, gone) = (
            Rc::new(Cell::new(false)),
            get_running_loop().create_promise(),
        );
        let (set, done) = (left.clone(), gone.clone());
        let server = start_server("127.0.0.1:0", async move |reader, writer| {
            while let Ok(line) = reader.read_line().await
                && !line.is_empty()
            {
                sleep(ms(1)).await;
                writer.write(&line);
            }
            set.set(true);
            done.set_result(()).expect("there is one client");
        });
        let server = server.await.expect("a port is free");
        let address = server.local_addr();
        let client = thread::spawn(move || {
            let mut stream = StdStream::connect(address).expect("it listens");
            for _ in 0..3 {
                stream.write_all(b"ping\n").expect("it reads");
                stream.read_exact(&mut [0; 5]).expect("it echoes");
            }
        });
        create_task(gone.into_future()).await;
        client.join().expect("the client does not panic");
        left.get()
    });
    let mut waits = 0;
    while !served.done() {
        if event_loop.next_deadline().is_none() {
            waits += 1;
            assert!(host.is_called(Duration::from_secs(60)), "nothing comes");
        }
        // No patience at all: whatever waits, waits in the host.
        poll(&event_loop, NOW);
    }
    let left = served.result().expect("it has ended");
    assert!(left.expect("it was not cancelled"));
    assert!(waits >= 3, "{waits} waits");
}
