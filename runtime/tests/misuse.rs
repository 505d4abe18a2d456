//! Misuse, by name: what asyncio raises where a program calls what it must not, and what is given
//! here. Most such errors are tested beside what they belong to; these are the others.

mod common;

use std::cell::RefCell;
use std::future::Ready;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::time::Duration;

use common::{Trace, ms, panic_of, report_to, run_virtual, virtual_loop};
use looplet::{
    Barrier, BufferLimitsError, Condition, DatagramProtocol, Event, EventLoop, InvalidState, Lock,
    NotAcquired, Protocol, Queue, RunError, Runner, Semaphore, StillRunning, TaskError, TaskGroup,
    TimerHandle, Transport, all_tasks, as_completed, create_task, current_task, ensure_future,
    format_call_graph, gather, get_running_loop, map_concurrent, run, shield, sleep, try_gather,
    yield_now,
};

/// A protocol that does nothing.
struct Silent;

impl Protocol for Silent {
    fn data_received(&mut self, _: &Transport, _: &[u8]) {}
}

impl DatagramProtocol for Silent {}

#[test]
fn a_running_loop_refuses_to_be_closed_and_goes_on() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let (inner, said) = (event_loop.clone(), trace.clone());
    event_loop.call_soon(move || said.say(format!("{:?}", inner.try_close())));
    event_loop.call_soon(trace.sayer("next"));
    event_loop.stop();
    event_loop.run_forever().expect("it is stopped");
    assert_eq!(trace.take(), ["Err(StillRunning)", "next"]);
    assert_eq!(
        StillRunning.to_string(),
        "cannot close a running event loop"
    );
    assert_eq!(event_loop.try_close(), Ok(()));
    assert_eq!(event_loop.try_close(), Ok(()));
}

#[test]
fn the_panic_of_a_close_in_a_callback_is_reported_and_the_loop_goes_on() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    report_to(&event_loop, &trace);
    let inner = event_loop.clone();
    event_loop.call_soon(move || inner.close());
    event_loop.call_soon(trace.sayer("next"));
    event_loop.stop();
    event_loop.run_forever().expect("it is stopped");
    let report = "HANDLER a callback panicked: cannot close a running event loop";
    assert_eq!(trace.take(), [report, "next"]);
}

#[test]
fn a_runner_of_a_closed_loop_runs_nothing() {
    let runner = Runner::with_loop(virtual_loop());
    runner.get_loop().close();
    let refused = runner.run(async {});
    assert!(matches!(refused, Err(RunError::Closed)), "{refused:?}");
}

#[test]
fn a_value_that_was_moved_out_is_not_there_for_a_result() {
    run_virtual(async {
        let promise = get_running_loop().create_promise();
        promise.set_result(7).expect("it is new");
        assert_eq!(promise.clone().await, 7);
        assert_eq!(promise.result().err(), Some(InvalidState::Taken));

        let task = create_task(async { 8 });
        assert_eq!(task.clone().await, 8);
        assert_eq!(task.result().err(), Some(InvalidState::Taken));
    });
}

#[test]
fn a_task_that_joins_itself_panics_instead_of_waiting_for_ever() {
    let ended = run_virtual(async {
        let handle = get_running_loop().create_promise();
        let own = handle.clone();
        let task = create_task(async move {
            let task: looplet::Task<()> = own.await;
            let _ = task.join().await;
        });
        handle.set_result(task.clone()).expect("it is new");
        task.join().await
    });
    match ended {
        Err(TaskError::Panicked(payload)) => {
            let text = payload.downcast::<String>().expect("it is a text");
            assert_eq!(*text, "a task cannot await itself: Task-2");
        }
        other => panic!("it ended with {other:?}"),
    }
}

#[test]
fn the_first_task_may_wait_for_a_promise_in_the_shape_of_a_task() {
    let value = run_virtual(async {
        let promise = get_running_loop().create_promise();
        let awaited = ensure_future(promise.clone());
        assert_eq!(awaited.waits_for(), None);
        create_task(async move {
            yield_now().await;
            promise.set_result(7).expect("it is pending");
        });
        awaited.await
    });
    assert_eq!(value, 7);
}

#[test]
fn what_waits_for_another_loop_that_does_not_run_is_a_deadlock_and_no_hang() {
    let (first, second) = (virtual_loop(), virtual_loop());
    // What still waits at the end is reported, which is tested elsewhere.
    report_to(&first, &Trace::default());
    let elsewhere = second.create_task(async { 1 });
    let ran = first.run_until_complete(elsewhere);
    let Err(RunError::Deadlock(deadlock)) = ran else {
        panic!("it ended with {ran:?}");
    };
    let waits: Vec<_> = deadlock.tasks.iter().map(|task| &task.waits_for).collect();
    assert_eq!(waits, [&Some("the Task 'Task-1'".to_string())]);
    // It is not lost: its own loop runs it.
    second.stop();
    second.run_forever().expect("it is stopped");
}

#[test]
fn a_lock_passes_from_one_loop_of_the_thread_to_another() {
    let (first, second) = (virtual_loop(), virtual_loop());
    let lock = Lock::new();
    let guard = lock.try_acquire().expect("it is free");
    let wanted = lock.clone();
    let waiter = first.create_task(async move { drop(wanted.acquire().await) });
    first.stop();
    first.run_forever().expect("it is stopped");
    let released = second.run_until_complete(async move { drop(guard) });
    released.expect("it ends by itself");
    first.run_until_complete(waiter).expect("the lock is free");
    assert!(!lock.locked());
}

/// How a task on a second loop ends that waits as well, while the first loop is still there.
fn waits_on_two_loops<F: Future<Output = ()> + 'static>(wait: impl Fn() -> F) -> String {
    let (first, second) = (virtual_loop(), virtual_loop());
    for event_loop in [&first, &second] {
        report_to(event_loop, &Trace::default());
    }
    first.create_task(wait());
    first.stop();
    first.run_forever().expect("it is stopped");
    panic_of(|| second.run_until_complete(wait()))
}

#[test]
fn who_waits_for_a_primitive_of_another_loop_panics_and_is_told_which_one() {
    let bound = " is bound to a different event loop";
    let event = Event::new();
    let text = waits_on_two_loops(|| wait_for_event(event.clone()));
    assert_eq!(text, format!("Event {{ set: false, waiters: 1 }}{bound}"));

    let lock = Lock::new();
    lock.try_acquire().expect("it is free").forget();
    let text = waits_on_two_loops(|| wait_for_lock(lock.clone()));
    assert_eq!(text, format!("Lock {{ locked: true, waiters: 1 }}{bound}"));

    let semaphore = Semaphore::new(0);
    let text = waits_on_two_loops(|| wait_for_permit(semaphore.clone()));
    assert_eq!(text, format!("Semaphore {{ free: 0, waiters: 1 }}{bound}"));

    let condition = Condition::new();
    let text = waits_on_two_loops(|| wait_for_notification(condition.clone()));
    let shown = "Condition { locked: true, waiters: 1 }";
    assert_eq!(text, format!("{shown}{bound}"));

    let barrier = Barrier::new(3);
    let text = waits_on_two_loops(|| wait_at_barrier(barrier.clone()));
    assert_eq!(text, format!("{shown}{bound}"));
}

async fn wait_for_event(event: Event) {
    event.wait().await;
}

async fn wait_for_lock(lock: Lock) {
    drop(lock.acquire().await);
}

async fn wait_for_permit(semaphore: Semaphore) {
    drop(semaphore.acquire().await);
}

async fn wait_for_notification(condition: Condition) {
    let mut guard = condition.acquire().await;
    let _ = condition.wait(&mut guard).await;
}

async fn wait_at_barrier(barrier: Barrier) {
    let _ = barrier.wait().await;
}

#[test]
fn a_getter_and_a_putter_of_one_queue_are_of_one_loop() {
    let (first, second) = (virtual_loop(), virtual_loop());
    report_to(&first, &Trace::default());
    let queue = Queue::new(1);
    let getter = queue.clone();
    first.create_task(async move { getter.get().await });
    first.stop();
    first.run_forever().expect("it is stopped");
    let text = panic_of(|| {
        second.run_until_complete(async move {
            queue.put(1).await.expect("it is open");
            queue.put(2).await
        })
    });
    let shown = "Queue { qsize: 1, maxsize: 1, getters: 1, putters: 0 }";
    assert_eq!(text, format!("{shown} is bound to a different event loop"));
}

#[test]
fn what_need_not_be_waited_for_is_bound_to_no_loop() {
    let lock = Lock::new();
    for event_loop in [virtual_loop(), virtual_loop()] {
        let wanted = lock.clone();
        let ran = event_loop.run_until_complete(async move { drop(wanted.acquire().await) });
        ran.expect("it is free");
    }
    let (waits, event_loop) = (lock.clone(), virtual_loop());
    let ran = event_loop.run_until_complete(async move {
        let guard = waits.acquire().await;
        let second = create_task(wait_for_lock(waits.clone()));
        yield_now().await;
        drop(guard);
        second.await;
    });
    assert!(ran.is_ok(), "{ran:?}");
}

#[test]
fn a_loop_that_is_closed_lets_go_of_what_was_bound_to_it() {
    let queue: Queue<u32> = Queue::new(0);
    for number in [1, 2] {
        let event_loop = virtual_loop();
        let (getter, putter) = (queue.clone(), queue.clone());
        let got = event_loop.create_task(async move { getter.get().await });
        event_loop.create_task(async move { putter.put(number).await });
        let got = event_loop.run_until_complete(got);
        assert_eq!(got.expect("it is put"), Ok(number));
        event_loop.close();
    }
}

#[test]
fn a_condition_gives_back_only_a_lock_that_is_held() {
    run_virtual(async {
        let condition = Condition::new();
        assert_eq!(condition.release(), Err(NotAcquired));
        condition.acquire().await.forget();
        assert_eq!(condition.release(), Ok(()));
        assert!(!condition.locked());
    });
}

#[test]
fn a_barrier_for_nobody_is_one_for_one() {
    let barrier = Barrier::new(0);
    assert_eq!(barrier.parties(), 1);
    assert_eq!(run_virtual(async move { barrier.wait().await }), Ok(0));
}

#[test]
fn limits_of_a_transport_are_refused_in_the_wrong_order() {
    run(async {
        let (ours, _theirs) = UnixStream::pair().expect("the system gives sockets");
        let event_loop = get_running_loop();
        let transport = event_loop.connect_accepted_socket(Silent, ours).await;
        let transport = transport.expect("it is a stream socket");
        let before = transport.write_buffer_limits();
        let error = BufferLimitsError { high: 1, low: 2 };
        assert_eq!(
            transport.set_write_buffer_limits(Some(1), Some(2)),
            Err(error)
        );
        assert_eq!(transport.write_buffer_limits(), before);
        let text = "the high limit (1) must not be below the low one (2)";
        assert_eq!(error.to_string(), text);
        transport.close();
    });
}

#[test]
fn limits_of_a_datagram_transport_are_refused_in_the_wrong_order() {
    run(async {
        let event_loop = get_running_loop();
        let made = event_loop.create_datagram_endpoint(Silent, Some("127.0.0.1:0".into()), None);
        let transport = made.await.expect("a port is free");
        let refused = transport.set_write_buffer_limits(Some(1), Some(2));
        assert_eq!(refused, Err(BufferLimitsError { high: 1, low: 2 }));
        transport.close();
    });
}

#[test]
fn a_plain_file_cannot_be_watched() {
    let event_loop = virtual_loop();
    let file = std::fs::File::open("/proc/self/exe").expect("it is there");
    let refused = event_loop.add_reader(&file, || {}).map_err(|e| e.kind());
    assert_eq!(refused, Err(ErrorKind::PermissionDenied));
    assert!(!event_loop.remove_reader(&file));
}

#[test]
fn the_longest_delay_is_a_timer_like_any_other() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let never = event_loop.call_later(Duration::MAX, trace.sayer("never"));
    event_loop.call_later(Duration::MAX, trace.sayer("last"));
    event_loop.call_later(ms(5), trace.sayer("soon"));
    let century = event_loop.time() + Duration::from_secs(100 * 365 * 86_400);
    let after_a_century = event_loop.call_at(century, trace.sayer("a century"));
    assert_eq!(after_a_century.when(), century);
    assert!(never.when() > century);
    never.cancel();
    while event_loop.poll_once(None).expect("it is open") {}
    // The clock stands at its end. A delay from there is no delay.
    event_loop.call_later(ms(5), trace.sayer("beyond"));
    assert!(event_loop.poll_once(None).expect("it is open"));
    assert_eq!(trace.take(), ["soon", "a century", "last", "beyond"]);
    assert_eq!(event_loop.stats().timers, 0);
}

/// Cancels the timer that it is captured by.
struct CancelsItsTimer(Rc<RefCell<Option<TimerHandle>>>);

impl Drop for CancelsItsTimer {
    fn drop(&mut self) {
        let own = self.0.borrow().clone();
        own.expect("it was put there").cancel();
    }
}

#[test]
fn a_timer_may_be_cancelled_twice_by_what_it_captured_and_after_its_loop() {
    let event_loop = virtual_loop();
    let slot = Rc::new(RefCell::new(None));
    let captured = CancelsItsTimer(slot.clone());
    let timer = event_loop.call_later(ms(5), move || drop(captured));
    slot.replace(Some(timer.clone()));
    timer.cancel();
    timer.cancel();
    assert!(timer.cancelled());
    assert_eq!(event_loop.stats().timers, 0);
    let left = event_loop.call_later(ms(5), || {});
    drop(event_loop);
    assert!(left.cancelled());
    left.cancel();
}

#[test]
fn what_needs_a_running_loop_says_so() {
    let promise = virtual_loop().create_promise::<()>();
    let calls: [(&str, &dyn Fn()); 9] = [
        ("get_running_loop", &|| drop(get_running_loop())),
        ("create_task", &|| drop(create_task(async {}))),
        ("ensure_future", &|| drop(ensure_future(async {}))),
        ("all_tasks", &|| drop(all_tasks())),
        ("gather", &|| drop(gather([async {}]))),
        ("try_gather", &|| {
            drop(try_gather([async { Err::<(), ()>(()) }]))
        }),
        ("as_completed", &|| drop(as_completed([async {}]))),
        ("shield", &|| drop(shield(promise.clone()))),
        ("sleep", &|| poll_outside(sleep(ms(1)))),
    ];
    for (name, call) in calls {
        let text = "no running event loop: this works only inside looplet::run";
        assert_eq!(panic_of(call), text, "{name}");
    }
    assert!(current_task().is_none());
    assert_eq!(format_call_graph(None), "");
}

/// Polls a future once, where nothing runs.
fn poll_outside<F: Future>(future: F) {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = Box::pin(future).as_mut().poll(&mut context);
}

fn text_of<T>(refused: io::Result<T>) -> String {
    match refused {
        Ok(_) => panic!("it was expected to be refused"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_closed_loop_takes_no_socket_no_server_and_no_pipe() {
    let closed = EventLoop::new().expect("the system gives a loop");
    closed.close();
    let says = run(async move {
        let (ours, theirs) = UnixStream::pair().expect("the system gives sockets");
        ours.set_nonblocking(true).expect("it is open");
        let (reader, writer) = io::pipe().expect("the system gives pipes");
        let (local, nobody) = ("127.0.0.1:0", "127.0.0.1:1".parse().expect("an address"));
        let connected = closed.create_connection(Silent, nobody).await;
        let text = "cannot connect to 127.0.0.1:1 (127.0.0.1:1: the event loop that the socket \
                    belongs to is closed)";
        assert_eq!(text_of(connected), text);
        [
            text_of(closed.create_server(|| Silent, local).await),
            text_of(
                closed
                    .create_datagram_endpoint(Silent, Some(local.into()), None)
                    .await,
            ),
            text_of(closed.sock_recv(&ours, 1).await),
            text_of(closed.sock_send_all(&ours, b"x").await),
            text_of(closed.sock_connect(&ours, nobody).await),
            text_of(closed.add_reader(&ours, || {})),
            text_of(closed.add_writer(&ours, || {})),
            text_of(closed.connect_accepted_socket(Silent, theirs).await),
            text_of(closed.connect_read_pipe(Silent, reader).await),
            text_of(closed.connect_write_pipe(Silent, writer).await),
        ]
    });
    for (at, text) in says.iter().enumerate() {
        let expected = "the event loop that the socket belongs to is closed";
        assert_eq!(text, expected, "row {at}");
    }
}

#[test]
fn a_run_that_wants_a_value_which_was_taken_panics_as_an_await_does() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async { 7 });
    let first = event_loop.run_until_complete(task.clone());
    assert_eq!(first.expect("it ends"), 7);
    let text = panic_of(|| event_loop.run_until_complete(task));
    assert_eq!(text, "the value was already taken by an earlier await");
}

#[test]
fn there_are_no_more_permits_than_can_be_counted() {
    let semaphore = Semaphore::new(usize::MAX);
    semaphore.release();
    let shown = format!("Semaphore {{ free: {}, waiters: 0 }}", usize::MAX);
    assert_eq!(format!("{semaphore:?}"), shown);
}

#[test]
fn a_limit_of_nothing_counts_as_one() {
    let lengths = run_virtual(async {
        let all = map_concurrent([1, 2, 3], 0, async |number| number).await;
        let group = TaskGroup::<()>::new().limit(0);
        let ran = group.run(async |group| {
            let task = group.create_task(async { Ok("ran") });
            Ok(task.await)
        });
        (all, ran.expect("it is new").await)
    });
    assert_eq!(lengths, (vec![1, 2, 3], Ok("ran")));
}

#[test]
fn to_wait_for_nothing_ends_at_once_with_nothing() {
    let ends = run_virtual(async {
        let none = Vec::<Ready<Result<u8, ()>>>::new;
        let race = looplet::staggered_race(none(), None).await;
        (
            gather(none()).await.len(),
            try_gather(none()).await,
            as_completed(none()).next().await.is_none(),
            race.winner.is_none() && race.errors.is_empty(),
        )
    });
    assert_eq!(ends, (0, Ok(Vec::new()), true, true));
}
