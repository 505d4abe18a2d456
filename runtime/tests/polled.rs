//! Sockets and sleeps that are polled: what is kept when nobody says that the wait is over.
//!
//! A poll that returned `Pending` may be followed by another one, or by nothing at all. The
//! tests here do both, with and without a combinator that has wakers of its own in between.

mod common;

use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::io::{ErrorKind, Write};
use std::net::TcpListener as StdListener;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use common::{Boxed, Trace, join, ms, run_virtual, traced, unordered, virtual_loop};
use looplet::{
    EventLoop, RunError, Runner, Sleep, Task, TcpStream, catch_cancel, create_task,
    get_running_loop, run, sleep, timeout, yield_now,
};

/// A connection that nobody writes to, and its other end.
async fn silent() -> (TcpStream, std::net::TcpStream) {
    let listener = StdListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let stream = TcpStream::connect_to(address).await.expect("it listens");
    let (other, _) = listener.accept().expect("a client came");
    let nothing = stream.try_read(&mut [0; 8]);
    let nothing = nothing.expect_err("nobody has written");
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
    (stream, other)
}

async fn readable(stream: &TcpStream) {
    let ready = poll_fn(|context| stream.poll_readable(context)).await;
    ready.expect("the loop is open");
}

/// Polls once, with whatever waker the caller was polled with, and loses interest.
async fn glance(stream: &TcpStream) {
    poll_fn(|context| {
        assert!(stream.poll_readable(context).is_pending());
        Poll::Ready(())
    })
    .await;
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

#[test]
fn a_poll_wakes_when_something_comes() {
    run(async {
        let (stream, mut other) = silent().await;
        let task = create_task(async move {
            readable(&stream).await;
            let mut buffer = [0; 8];
            let read = stream.try_read(&mut buffer).expect("it is there");
            buffer[..read].to_vec()
        });
        sleep(ms(5)).await;
        assert!(!task.done());
        other.write_all(b"hello").expect("the other end is open");
        assert_eq!(task.await, b"hello");
    });
}

#[test]
fn a_cancel_reaches_a_poll() {
    let lines = traced(async |trace: Trace| {
        let (stream, _other) = silent().await;
        let said = trace.clone();
        let task = create_task(async move {
            assert!(catch_cancel(readable(&stream)).await.is_err());
            said.say("caught");
            sleep(ms(1)).await;
            "cleaned up"
        });
        yield_now().await;
        task.cancel();
        trace.say(task.await);
    });
    assert_eq!(lines, ["caught", "cleaned up"]);
}

/// The scope is below the combinator: unless the poll inside it is made, nobody catches.
#[test]
fn a_cancel_reaches_a_poll_below_wakers_of_somebody_else() {
    let lines = traced(async |trace: Trace| {
        let (stream, _other) = silent().await;
        let said = trace.clone();
        let task = create_task(async move {
            let foreign: Boxed<()> = Box::pin(pending());
            let polled: Boxed<()> = Box::pin(async move {
                let Err(cancelled) = catch_cancel(readable(&stream)).await else {
                    panic!("nobody has written")
                };
                said.say("caught");
                sleep(ms(1)).await;
                said.say("cleaned up");
                cancelled.raise().await
            });
            unordered(vec![foreign, polled]).await;
        });
        yield_now().await;
        task.cancel();
        trace.say(task.join().await.is_err());
    });
    assert_eq!(lines, ["caught", "cleaned up", "true"]);
}

#[test]
fn a_cancel_comes_before_what_is_there_to_read() {
    let lines = traced(async |trace: Trace| {
        let (stream, mut other) = silent().await;
        other.write_all(b"unread").expect("the other end is open");
        stream.readable().await.expect("the loop is open");
        let stream = Rc::new(stream);
        let (cancelled, read, said) = (Rc::new(Cell::new(false)), stream.clone(), trace.clone());
        let open = cancelled.clone();
        let task = create_task(async move {
            // Somebody else's future, which takes no request.
            poll_fn(|_| match open.get() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            })
            .await;
            readable(&read).await;
            said.say("went on");
        });
        yield_now().await;
        cancelled.set(true);
        task.cancel();
        assert!(task.join().await.is_err());
        assert!(stream.has_news());
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_timeout_around_a_poll_hits_it_and_not_its_neighbor() {
    run(async {
        let (stream, mut other) = silent().await;
        let (second, _keep) = silent().await;
        let short: Boxed<bool> =
            Box::pin(async move { timeout(ms(10), readable(&second)).await.is_err() });
        let long: Boxed<bool> = Box::pin(async move {
            readable(&stream).await;
            true
        });
        create_task(async move {
            sleep(ms(30)).await;
            other.write_all(b"!").expect("the other end is open");
            sleep(ms(1000)).await;
        });
        assert_eq!(unordered(vec![short, long]).await, [true, true]);
    });
}

#[test]
fn a_poll_that_was_given_up_does_not_keep_a_cancel_from_what_is_awaited_next() {
    let lines = traced(async |trace: Trace| {
        let (stream, _other) = silent().await;
        let said = trace.clone();
        let child = create_task(async move {
            assert!(catch_cancel(sleep(ms(60_000))).await.is_err());
            said.say("the child is cancelled");
        });
        let watched = child.clone();
        let parent = create_task(async move {
            glance(&stream).await;
            watched.await;
            "the parent goes on"
        });
        yield_now().await;
        parent.cancel();
        trace.say(parent.await);
    });
    assert_eq!(lines, ["the child is cancelled", "the parent goes on"]);
}

#[test]
fn a_poll_that_was_given_up_does_not_take_the_wake_of_one_that_was_not() {
    let lines = traced(async |trace: Trace| {
        let (given_up, _a) = silent().await;
        let (waited_for, _b) = silent().await;
        let given_up = Rc::new(given_up);
        let (kept, said) = (given_up.clone(), trace.clone());
        let task = create_task(async move {
            let first: Boxed<()> = Box::pin(async move {
                glance(&given_up).await;
                pending().await
            });
            let second: Boxed<()> = Box::pin(async move {
                assert!(catch_cancel(readable(&waited_for)).await.is_err());
                said.say("caught");
            });
            unordered(vec![first, second]).await;
        });
        yield_now().await;
        task.cancel();
        sleep(ms(1)).await;
        task.abort();
        drop(kept);
    });
    assert_eq!(lines, ["caught"]);
}

#[test]
fn a_cancel_ends_a_task_that_waits_for_nobody_but_has_polled_once() {
    let lines = traced(async |trace: Trace| {
        let (stream, _other) = silent().await;
        let task = create_task(async move {
            glance(&stream).await;
            pending::<()>().await;
        });
        yield_now().await;
        task.cancel();
        trace.say(task.join().await.is_err());
    });
    assert_eq!(lines, ["true"]);
}

#[test]
fn dropping_the_stream_removes_the_wait() {
    let runner = Runner::new().expect("the system gives a loop");
    let ended = runner.run(async {
        let (stream, _other) = silent().await;
        glance(&stream).await;
        drop(stream);
        // Nobody waits for a socket any more: this can never end, and the loop knows.
        pending::<()>().await;
    });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
}

#[test]
fn dropping_the_stream_gives_the_wakers_back() {
    run(async {
        let counter = Arc::new(Counter::default());
        let (stream, _other) = silent().await;
        let waker = Waker::from(counter.clone());
        let polled = stream.poll_readable(&Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(waker);
        assert!(Arc::strong_count(&counter) > 1);
        drop(stream);
        assert_eq!(Arc::strong_count(&counter), 1);
        assert_eq!(counter.0.load(Ordering::Acquire), 0);
    });
}

#[test]
fn the_last_of_two_that_poll_is_the_one_that_is_woken() {
    run(async {
        let (first, last) = (Arc::new(Counter::default()), Arc::new(Counter::default()));
        let (stream, mut other) = silent().await;
        for counter in [&first, &last] {
            let waker = Waker::from(counter.clone());
            let polled = stream.poll_readable(&Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        other.write_all(b"!").expect("the other end is open");
        stream.readable().await.expect("the loop is open");
        yield_now().await;
        assert_eq!(first.0.load(Ordering::Acquire), 0);
        assert_eq!(last.0.load(Ordering::Acquire), 1);
    });
}

#[test]
fn the_two_directions_are_polled_apart() {
    run(async {
        let (stream, mut other) = silent().await;
        let write = poll_fn(|context| stream.poll_writable(context));
        let both = join(readable(&stream), async {
            write.await.expect("the loop is open");
            other.write_all(b"!").expect("the other end is open");
        });
        both.await;
    });
}

#[test]
fn a_poll_on_a_closed_loop_is_an_error() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async { silent().await });
    let (stream, _other) = ran.expect("it ends by itself");
    runner.close();
    let context = Context::from_waker(Waker::noop());
    let Poll::Ready(Err(error)) = stream.poll_readable(&context) else {
        panic!("nobody would ever wake")
    };
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

#[test]
fn a_poll_on_a_closed_loop_is_an_error_also_where_a_try_would_be_worth_making() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async { (silent().await, get_running_loop()) });
    let ((stream, _other), _held) = ran.expect("it ends by itself");
    let context = Context::from_waker(Waker::noop());
    assert!(stream.poll_writable(&context).is_ready());
    runner.close();
    let Poll::Ready(Err(error)) = stream.poll_writable(&context) else {
        panic!("nothing can be waited for any more")
    };
    assert_eq!(error.kind(), ErrorKind::NotConnected);
}

/// A task that ends when it is polled for the second time, on a loop on which it has been polled
/// once, and its waker.
fn woken_from_outside() -> (EventLoop, Task<()>, Waker) {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let seen = Rc::new(Cell::new(None));
    let keep = seen.clone();
    let task = event_loop.create_task(poll_fn(move |context| {
        match keep.replace(Some(context.waker().clone())) {
            None => Poll::Pending,
            Some(_) => Poll::Ready(()),
        }
    }));
    let ran = event_loop.run_until_complete(yield_now());
    ran.expect("it ends by itself");
    let waker = seen.take().expect("it was polled");
    seen.set(Some(waker.clone()));
    (event_loop, task, waker)
}

#[test]
fn a_sleep_that_was_polled_with_a_waker_of_another_loop_wakes_the_task_there() {
    let (outer, task, waker) = woken_from_outside();
    run_virtual(async move {
        let mut nap = sleep(ms(1));
        let polled = Pin::new(&mut nap).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        sleep(ms(2)).await;
    });
    outer.run_until_complete(task).expect("it was woken");
}

#[test]
fn a_socket_that_was_polled_with_a_waker_of_another_loop_wakes_the_task_there() {
    let (outer, task, waker) = woken_from_outside();
    run(async move {
        let (stream, mut other) = silent().await;
        let polled = stream.poll_readable(&Context::from_waker(&waker));
        assert!(polled.is_pending());
        other.write_all(b"!").expect("the other end is open");
        stream.readable().await.expect("the loop is open");
    });
    outer.run_until_complete(task).expect("it was woken");
}

/// Polls a sleep with a waker of its own.
fn poll_nap(nap: &mut Sleep, counter: &Arc<Counter>) -> bool {
    let waker = Waker::from(counter.clone());
    Pin::new(nap)
        .poll(&mut Context::from_waker(&waker))
        .is_ready()
}

#[test]
fn a_sleep_that_is_polled_early_waits_for_its_own_time_and_wakes_who_polled_last() {
    run_virtual(async {
        let counters = [(); 2].map(|()| Arc::new(Counter::default()));
        let counts = || {
            counters
                .each_ref()
                .map(|counter| counter.0.load(Ordering::Acquire))
        };
        let mut nap = sleep(ms(20));
        assert!(!poll_nap(&mut nap, &counters[0]));
        sleep(ms(10)).await;
        assert!(
            !poll_nap(&mut nap, &counters[1]),
            "a neighbour has gone off"
        );
        sleep(ms(9)).await;
        assert_eq!(counts(), [0, 0]);
        sleep(ms(2)).await;
        assert_eq!(counts(), [0, 1]);
        assert!(poll_nap(&mut nap, &counters[1]));
    });
}

#[test]
fn a_sleep_whose_loop_was_closed_is_over() {
    let nap = Rc::new(RefCell::new(sleep(ms(20))));
    let counter = Arc::new(Counter::default());
    let polled = {
        let (nap, counter) = (nap.clone(), counter.clone());
        move || poll_nap(&mut nap.borrow_mut(), &counter)
    };
    let first = virtual_loop();
    let poll_first = polled.clone();
    let ended = first.run_until_complete(async move { poll_first() });
    assert!(!ended.expect("it ends by itself"));
    first.close();
    assert!(run_virtual(async move { polled() }));
}
