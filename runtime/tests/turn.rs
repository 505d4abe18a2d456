//! What a turn runs, and in which order.

mod common;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;

use common::{Ticks, Trace, elapsed_ms, ms, panic_of, report_to, run_virtual, traced, turns};
use looplet::{
    CancelReason, EventLoop, LoopClosed, RunError, Task, TaskError, create_task, get_running_loop,
    sleep, try_get_running_loop, yield_now,
};

/// A fresh loop with virtual time and a trace that it reports to.
fn fresh() -> (EventLoop, Trace) {
    let (event_loop, trace) = (common::virtual_loop(), Trace::default());
    report_to(&event_loop, &trace);
    (event_loop, trace)
}

fn stop(event_loop: &EventLoop) -> impl FnOnce() + 'static {
    let event_loop = event_loop.clone();
    move || event_loop.stop()
}

fn run(event_loop: &EventLoop) {
    event_loop.run_forever().expect("the loop is stopped");
}

#[test]
fn callbacks_run_in_the_order_of_the_calls() {
    // A01
    let (l, t) = fresh();
    for name in ["a", "b", "c"] {
        l.call_soon(t.sayer(name));
    }
    l.call_soon(stop(&l));
    assert!(t.take().is_empty(), "nothing runs within call_soon");
    run(&l);
    assert_eq!(t.take(), ["a", "b", "c"]);
}

#[test]
fn a_callback_of_a_callback_waits_for_the_next_turn() {
    // A02
    let (l, t) = fresh();
    let (inner, words) = (l.clone(), t.clone());
    l.call_soon(move || {
        words.say("first");
        inner.call_soon(words.sayer("nested"));
    });
    l.call_soon(t.sayer("second"));
    l.call_later(ms(10), stop(&l));
    run(&l);
    assert_eq!(t.take(), ["first", "second", "nested"]);
}

#[test]
fn a_timer_that_is_due_comes_behind_what_is_ready() {
    // A03
    let (l, t) = fresh();
    l.call_later(ms(0), t.sayer("later0"));
    l.call_soon(t.sayer("soon1"));
    l.call_soon(t.sayer("soon2"));
    l.call_later(ms(10), stop(&l));
    run(&l);
    assert_eq!(t.take(), ["soon1", "soon2", "later0"]);
}

#[test]
fn a_timer_of_zero_runs_in_the_next_turn() {
    // A04
    let trace = traced(|t| async move {
        let l = get_running_loop();
        let ticks = Rc::new(Ticks::start());
        yield_now().await;
        let before = ticks.count();
        for (name, soon) in [("later0", false), ("soon", true)] {
            let (t, ticks) = (t.clone(), ticks.clone());
            let say = move || t.say(format!("{name} +{}", ticks.count() - before));
            if soon {
                l.call_soon(say);
            } else {
                l.call_later(ms(0), say);
            }
        }
        turns(3).await;
    });
    assert_eq!(trace, ["soon +1", "later0 +1"]);
}

#[test]
fn timers_run_by_deadline_and_equal_ones_by_registration() {
    // A05, A07
    let (l, t) = fresh();
    for time in [30, 10, 20] {
        l.call_later(ms(time), t.sayer(time));
    }
    let when = l.time() + ms(40);
    for number in 1..=6 {
        l.call_at(when, t.sayer(number));
    }
    l.call_at(when + ms(10), stop(&l));
    run(&l);
    assert_eq!(t.take(), ["10", "20", "30", "1", "2", "3", "4", "5", "6"]);
}

#[test]
fn overdue_timers_run_by_deadline() {
    // A06. The loop is new, so these had passed before it was made.
    let (l, t) = fresh();
    let now = l.time();
    for (back, name) in [(1, "a"), (20, "b"), (10, "c"), (20, "d")] {
        l.call_at(now - ms(back), t.sayer(name));
    }
    l.call_later(ms(1), stop(&l));
    run(&l);
    assert_eq!(t.take(), ["b", "d", "c", "a"]);
}

#[test]
fn deadlines_are_kept_to_the_nanosecond() {
    let (l, t) = fresh();
    let when = l.time() + ms(5);
    for nanos in [300, 100, 200] {
        let at = when + std::time::Duration::from_nanos(nanos);
        let (t, inner) = (t.clone(), l.clone());
        l.call_at(at, move || {
            t.say(format!("{nanos} early: {}", inner.time() < at))
        });
    }
    l.call_at(when + ms(1), stop(&l));
    run(&l);
    assert_eq!(
        t.take(),
        ["100 early: false", "200 early: false", "300 early: false"]
    );
}

#[test]
fn a_handle_cancelled_in_its_own_batch_does_not_run() {
    // A08, for callbacks and for timers.
    let (l, t) = fresh();
    let victims = Rc::new(RefCell::new(None));
    let (seen, words, inner) = (victims.clone(), t.clone(), l.clone());
    l.call_soon(move || {
        let victims: Option<(looplet::Handle, looplet::TimerHandle)> = seen.take();
        let (soon, due) = victims.expect("they are set before the run");
        soon.cancel();
        due.cancel();
        words.say(format!("killer {} {}", soon.cancelled(), due.cancelled()));
        // It gets the place of the timer that was cancelled, and not its turn.
        inner.call_later(ms(0), words.sayer("new"));
        inner.call_soon(words.sayer("next turn"));
    });
    let soon = l.call_soon(t.sayer("never"));
    let due = l.call_later(ms(0), t.sayer("never"));
    victims.replace(Some((soon, due)));
    l.call_later(ms(1), stop(&l));
    run(&l);
    assert_eq!(t.take(), ["killer true true", "next turn", "new"]);
}

#[test]
fn a_cancelled_handle_drops_its_closure_at_once() {
    let (l, t) = fresh();
    let held = Rc::new(());
    for timer in [false, true] {
        let captured = held.clone();
        let words = t.clone();
        let closure = move || {
            words.say("never");
            drop(captured);
        };
        if timer {
            let handle = l.call_later(ms(1), closure);
            assert_eq!(handle.when(), l.time() + ms(1));
            handle.cancel();
            handle.cancel();
            assert!(handle.cancelled());
        } else {
            let handle = l.call_soon(closure);
            handle.cancel();
            handle.cancel();
            assert!(handle.cancelled());
        }
        assert_eq!(Rc::strong_count(&held), 1, "timer: {timer}");
    }
    assert!(t.take().is_empty());
}

#[test]
fn a_stop_lets_the_batch_finish_and_keeps_the_rest() {
    // A10
    let (l, t) = fresh();
    let (inner, words) = (l.clone(), t.clone());
    l.call_soon(move || {
        words.say("stopper");
        inner.stop();
        inner.call_soon(words.sayer("scheduled after stop"));
    });
    l.call_soon(t.sayer("same batch"));
    run(&l);
    t.say("--");
    l.call_soon(stop(&l));
    run(&l);
    assert_eq!(
        t.take(),
        ["stopper", "same batch", "--", "scheduled after stop"]
    );
}

#[test]
fn a_loop_that_was_stopped_before_does_not_jump_to_a_timer() {
    let (l, t) = fresh();
    l.call_later(ms(10), t.sayer("due"));
    let start = l.time();
    l.stop();
    run(&l);
    assert!(t.take().is_empty());
    assert_eq!(l.time(), start, "the clock stands");
}

#[test]
fn a_loop_that_was_stopped_before_makes_exactly_one_turn() {
    // A11, A12
    let (l, t) = fresh();
    let (inner, words) = (l.clone(), t.clone());
    l.call_soon(move || {
        words.say("one");
        inner.call_soon(words.sayer("two"));
    });
    l.call_later(ms(0), t.sayer("due"));
    l.call_later(ms(5000), t.sayer("never"));
    let start = l.time();
    l.stop();
    run(&l);
    assert_eq!(t.take(), ["one", "due"]);
    assert!(l.time() - start < ms(1), "the clock did not jump");
    // The mark is gone: the next run ends by its own stop.
    l.call_soon(stop(&l));
    run(&l);
    assert_eq!(t.take(), ["two"]);
}

#[test]
fn a_panic_in_a_callback_is_reported_once_and_the_loop_goes_on() {
    // A13
    let (l, t) = fresh();
    l.call_soon(|| panic!("x"));
    l.call_soon(t.sayer("next"));
    l.call_later(ms(1), || panic!("in a timer"));
    l.call_later(ms(1), t.sayer("next timer"));
    l.call_later(ms(2), stop(&l));
    run(&l);
    assert_eq!(
        t.take(),
        [
            "HANDLER a callback panicked: x",
            "next",
            "HANDLER a callback panicked: in a timer",
            "next timer",
        ]
    );
}

#[test]
fn a_panic_in_the_handler_does_not_end_the_loop() {
    // A14. What the default handler writes goes to standard error.
    let (l, t) = fresh();
    l.set_exception_handler(Some(Rc::new(|_| panic!("spam"))));
    l.call_soon(|| panic!("x"));
    l.call_soon(t.sayer("next"));
    l.call_soon(stop(&l));
    run(&l);
    assert_eq!(t.take(), ["next"]);
}

#[test]
fn a_handler_may_replace_itself() {
    let (l, t) = fresh();
    let (inner, words) = (l.clone(), t.clone());
    l.set_exception_handler(Some(Rc::new(move |context| {
        words.say(format!("first: {context}"));
        report_to(&inner, &words);
    })));
    l.call_soon(|| panic!("x"));
    l.call_soon(|| panic!("y"));
    l.call_soon(stop(&l));
    run(&l);
    l.set_exception_handler(None);
    assert_eq!(
        t.take(),
        [
            "first: a callback panicked: x",
            "HANDLER a callback panicked: y",
        ]
    );
}

#[test]
fn run_until_complete_gives_the_value_the_panic_or_says_that_it_was_stopped() {
    // A15
    let (l, _) = fresh();
    assert_eq!(l.run_until_complete(async { 7 }).expect("it ends"), 7);
    let boom = async { panic!("k") };
    assert_eq!(
        panic_of(
            || l.run_until_complete::<std::pin::Pin<Box<dyn Future<Output = ()>>>>(Box::pin(boom))
        ),
        "k"
    );
    let inner = l.clone();
    let stopped = l.run_until_complete(async move {
        inner.stop();
        sleep(ms(5000)).await;
    });
    let error = stopped.expect_err("it was stopped");
    assert_eq!(
        error.to_string(),
        "the event loop was stopped before the future was done"
    );
    assert!(matches!(error, RunError::Stopped));
    assert_eq!(l.all_tasks().len(), 1, "the task is still there");
    // The task holds its own loop, which only a close ends.
    l.close();
    assert!(l.all_tasks().is_empty());
}

#[test]
fn a_running_loop_refuses_to_run_again_and_does_not_take_the_future() {
    // A16, A17
    let (l, t) = fresh();
    let other = common::virtual_loop();
    let (inner, words) = (l.clone(), t.clone());
    let main = async move {
        for l in [&inner, &other] {
            let words = words.clone();
            let nested = l.run_until_complete(async move { words.say("never") });
            assert!(matches!(nested, Err(RunError::AlreadyRunning)));
            assert!(matches!(l.run_forever(), Err(RunError::AlreadyRunning)));
        }
        turns(3).await;
        other.all_tasks().len()
    };
    assert_eq!(l.run_until_complete(main).expect("it ends"), 0);
    assert!(!l.is_running());
    assert!(t.take().is_empty());
}

#[test]
fn a_closed_loop_takes_nothing() {
    // A18
    let (l, t) = fresh();
    let inner = l.clone();
    let closing = l.run_until_complete(async move { panic_of(|| inner.close()) });
    assert_eq!(
        closing.expect("it ends"),
        "cannot close a running event loop"
    );
    let handle = l.handle();
    l.close();
    l.close();
    assert!(l.is_closed());
    assert!(l.call_soon(t.sayer("never")).cancelled());
    assert!(l.call_later(ms(1), t.sayer("never")).cancelled());
    assert!(l.call_at(l.time(), t.sayer("never")).cancelled());
    let refused = handle.call_soon_threadsafe(|| {});
    assert_eq!(refused.unwrap_err(), LoopClosed);
    let task = l.create_task(async { 1 });
    assert!(task.done() && task.cancelled() && !task.cancel());
    let Ok(Err(TaskError::Cancelled(cause))) = task.result() else {
        panic!("a task of a closed loop is cancelled")
    };
    assert_eq!(cause.reason(), CancelReason::LoopClosing);
    assert!(matches!(l.run_forever(), Err(RunError::Closed)));
    let ran = l.run_until_complete(async { 1 });
    assert!(matches!(ran, Err(RunError::Closed)));
    l.stop();
    assert!(t.take().is_empty());
}

/// What was said behind the report of the tasks that were left, which comes first.
fn without_report(mut said: Vec<String>) -> Vec<String> {
    let report = said.remove(0);
    assert!(
        report.contains("pending when the event loop was closed"),
        "{report}"
    );
    said
}

#[test]
fn closing_drops_what_is_left_and_each_drop_may_use_the_loop() {
    struct Busy(Trace, &'static str);
    impl Drop for Busy {
        fn drop(&mut self) {
            let l = get_running_loop();
            let task = create_task(async {});
            let handle = l.call_soon(|| {});
            self.0.say(format!(
                "{} {} {} {}",
                self.1,
                l.is_closed(),
                task.cancelled(),
                handle.cancelled()
            ));
        }
    }
    let (l, t) = fresh();
    let busy = |name| Busy(t.clone(), name);
    let (a, b, c, d) = (busy("task"), busy("new task"), busy("timer"), busy("soon"));
    let waiting = l.create_task(async move {
        let _a = a;
        pending::<()>().await;
    });
    l.stop();
    run(&l);
    l.create_task(async move { drop(b) });
    l.call_later(ms(1), move || drop(c));
    l.call_soon(move || drop(d));
    l.close();
    assert!(waiting.cancelled());
    assert_eq!(
        without_report(t.take()),
        [
            "task true true true",
            "new task true true true",
            "soon true true true",
            "timer true true true",
        ]
    );
    assert!(try_get_running_loop().is_none());
}

#[test]
fn dropping_the_last_handle_closes_the_loop() {
    let (l, t) = fresh();
    let task = l.create_task({
        let t = t.clone();
        async move {
            let _witness = common::SayOnDrop(t, "dropped");
            pending::<()>().await;
        }
    });
    l.stop();
    run(&l);
    drop(l);
    assert_eq!(without_report(t.take()), ["dropped"]);
    assert!(task.cancelled());
}

#[test]
fn a_panic_in_a_drop_while_closing_is_reported() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let (l, t) = fresh();
    let bomb = Bomb;
    l.create_task(async move {
        let _bomb = bomb;
        pending::<()>().await;
    });
    let witness = common::SayOnDrop(t.clone(), "the next one is dropped all the same");
    l.create_task(async move {
        let _witness = witness;
        pending::<()>().await;
    });
    l.stop();
    run(&l);
    l.close();
    assert_eq!(
        without_report(t.take()),
        [
            "HANDLER a future panicked while it was dropped in Task-1: bomb",
            "the next one is dropped all the same",
        ]
    );
}

#[test]
fn a_callback_that_reschedules_itself_does_not_stop_time() {
    // A22
    fn spin(l: &EventLoop) {
        let inner = l.clone();
        l.call_soon(move || spin(&inner));
    }
    let (l, t) = fresh();
    spin(&l);
    let (inner, words) = (l.clone(), t.clone());
    l.call_later(ms(20), move || {
        words.say("timer");
        inner.stop();
    });
    run(&l);
    assert_eq!(t.take(), ["timer"]);
    l.close();
}

#[test]
fn a_loop_can_be_run_again_and_keeps_what_was_not_run() {
    // A23
    let (l, t) = fresh();
    let (inner, words) = (l.clone(), t.clone());
    let quick = l.run_until_complete(async move {
        let later = inner.clone();
        inner.call_soon(move || {
            words.say("left over 1");
            later.call_soon(words.sayer("left over 2"));
        });
        "q"
    });
    t.say(quick.expect("it ends"));
    t.say("--");
    let again = l.run_until_complete(async {
        yield_now().await;
        "z"
    });
    t.say(again.expect("it ends"));
    assert_eq!(t.take(), ["left over 1", "q", "--", "left over 2", "z"]);
}

#[test]
fn the_task_of_a_timer_runs_in_the_turn_after_it() {
    // J18
    let trace = traced(|t| async move {
        let l = get_running_loop();
        let when = l.time() + ms(10);
        let (inner, words) = (l.clone(), t.clone());
        l.call_at(when, move || {
            words.say("before");
            inner.call_soon(words.sayer("soon"));
        });
        let words = t.clone();
        let task = create_task(async move {
            looplet::sleep_until(when).await;
            words.say("slept");
        });
        yield_now().await;
        l.call_at(when, t.sayer("after"));
        task.await;
    });
    assert_eq!(trace, ["before", "after", "soon", "slept"]);
}

#[test]
fn a_turn_runs_exactly_what_is_ready_when_it_begins() {
    // Tasks and callbacks share one queue.
    let trace = traced(|t| async move {
        let l = get_running_loop();
        l.call_soon(t.sayer("callback 1"));
        let words = t.clone();
        create_task(async move {
            words.say("task step 1");
            get_running_loop().call_soon(words.sayer("from the task"));
            yield_now().await;
            words.say("task step 2");
        });
        l.call_soon(t.sayer("callback 2"));
        yield_now().await;
        t.say("main step 2");
        yield_now().await;
        t.say("main step 3");
    });
    assert_eq!(
        trace,
        [
            "callback 1",
            "task step 1",
            "callback 2",
            "main step 2",
            "from the task",
            "task step 2",
            "main step 3",
        ]
    );
}

#[test]
fn a_loop_handle_keeps_the_loop_from_calling_itself_deadlocked() {
    let (l, _) = fresh();
    let handle = l.handle();
    let (release, released) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        released.recv().expect("the loop says when");
        drop(handle);
    });
    l.call_soon(move || release.send(()).expect("the thread waits"));
    let ran = l.run_until_complete(pending::<()>());
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
    thread.join().expect("the thread does not panic");
}

#[test]
fn calls_from_one_thread_keep_their_order_and_wake_a_sleeping_loop() {
    // A19
    let l = EventLoop::new().expect("the system gives a loop");
    let threads: Vec<_> = (0..4)
        .map(|thread| {
            let handle = l.handle();
            thread::spawn(move || {
                for number in 0..100 {
                    let call = move || LOG.with_borrow_mut(|log| log.push((thread, number)));
                    handle.call_soon_threadsafe(call).expect("it is open");
                }
                let last = || {
                    let ended = ENDED.with_borrow_mut(|ended| {
                        *ended += 1;
                        *ended
                    });
                    if ended == 4 {
                        get_running_loop().stop();
                    }
                };
                handle.call_soon_threadsafe(last).expect("it is open");
            })
        })
        .collect();
    run(&l);
    for thread in threads {
        thread.join().expect("the threads do not panic");
    }
    let log = LOG.take();
    assert_eq!(log.len(), 400);
    for thread in 0..4 {
        let of_one = log.iter().filter(|(t, _)| *t == thread).map(|(_, n)| *n);
        assert!(of_one.eq(0..100), "thread {thread}");
    }
}

thread_local! {
    static LOG: RefCell<Vec<(i32, i32)>> = const { RefCell::new(Vec::new()) };
    static ENDED: RefCell<u32> = const { RefCell::new(0) };
}

/// A future that stores its waker where other threads find it, and is ready when told.
async fn told(slot: Arc<Mutex<(bool, Option<Waker>)>>) {
    poll_fn(|context| {
        let mut slot = slot.lock().expect("nobody panics here");
        if slot.0 {
            return Poll::Ready(());
        }
        slot.1 = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

#[test]
fn a_waker_works_from_another_thread() {
    let l = EventLoop::new().expect("the system gives a loop");
    let slot = Arc::new(Mutex::new((false, None::<Waker>)));
    let (shared, handle) = (slot.clone(), l.handle());
    let thread = thread::spawn(move || {
        let mut waker: Option<Waker> = None;
        while waker.is_none() {
            thread::yield_now();
            waker = shared.lock().expect("nobody panics here").1.take();
        }
        shared.lock().expect("nobody panics here").0 = true;
        let waker = waker.expect("just seen");
        waker.wake_by_ref();
        // Once more, when the task may be gone, and from the last holder of a handle.
        drop(handle);
        waker
    });
    l.run_until_complete(told(slot)).expect("it is told");
    let waker = thread.join().expect("the thread does not panic");
    // Stale: the task is gone, and then the loop.
    waker.wake_by_ref();
    l.run_until_complete(async { turns(2).await })
        .expect("it ends");
    drop(l);
    waker.wake_by_ref();
    thread::spawn(move || waker.wake())
        .join()
        .expect("harmless");
}

#[test]
fn a_stale_waker_does_not_step_the_task_that_took_the_place() {
    let trace = traced(|t| async move {
        let slot = Arc::new(Mutex::new((false, None::<Waker>)));
        let first = create_task(told(slot.clone()));
        yield_now().await;
        let stale = slot.lock().expect("nobody panics here").1.take();
        first.abort();
        turns(2).await;
        let polls = Rc::new(RefCell::new(0));
        let count = polls.clone();
        let second = create_task(poll_fn(move |_| {
            *count.borrow_mut() += 1;
            Poll::<()>::Pending
        }));
        yield_now().await;
        stale.expect("it was polled").wake();
        turns(2).await;
        t.say(format!("{} {}", polls.borrow(), second.abort()));
    });
    assert_eq!(trace, ["1 true"]);
}

#[test]
fn a_task_woken_many_times_in_a_turn_makes_one_step() {
    let trace = traced(|t| async move {
        let slot = Arc::new(Mutex::new((false, None::<Waker>)));
        let (polls, seen) = (Rc::new(RefCell::new(0)), slot.clone());
        let count = polls.clone();
        let task = create_task(poll_fn(move |context| {
            *count.borrow_mut() += 1;
            seen.lock().expect("nobody panics here").1 = Some(context.waker().clone());
            Poll::<()>::Pending
        }));
        yield_now().await;
        let waker = slot.lock().expect("nobody panics here").1.take();
        let waker = waker.expect("it was polled");
        (0..5).for_each(|_| waker.wake_by_ref());
        turns(3).await;
        t.say(polls.borrow());
        task.abort();
    });
    assert_eq!(trace, ["2"]);
}

#[test]
fn a_waker_from_before_the_run_and_of_an_idle_loop_is_not_lost() {
    let (l, t) = fresh();
    let slot = Arc::new(Mutex::new((false, None::<Waker>)));
    let shared = slot.clone();
    let words = t.clone();
    let task = l.create_task(async move {
        told(shared).await;
        words.say("told");
    });
    l.stop();
    run(&l);
    let waker = {
        let mut slot = slot.lock().expect("nobody panics here");
        slot.0 = true;
        slot.1.take().expect("it was polled")
    };
    waker.wake();
    l.run_until_complete(task.into_future()).expect("it ends");
    assert_eq!(t.take(), ["told"]);
}

#[test]
fn the_virtual_clock_jumps_from_deadline_to_deadline() {
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        for seconds in [3600, 1, 86_400 * 400] {
            sleep(std::time::Duration::from_secs(seconds)).await;
            t.say(elapsed_ms(start) / 1000);
        }
    });
    // On the real clock it would take a year.
    assert_eq!(trace, ["3600", "3601", "34563601"]);
}

#[test]
fn many_timers_over_all_levels_of_the_wheel_run_in_order() {
    let start = Rc::new(RefCell::new(Vec::new()));
    let seen = start.clone();
    run_virtual(async move {
        let l = get_running_loop();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut latest = l.time();
        for number in 0..2000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let exponent = state % 34;
            let when = l.time() + ms((state >> 16) % (1 << exponent).max(1));
            latest = latest.max(when);
            let seen = seen.clone();
            l.call_at(when, move || seen.borrow_mut().push((when, number)));
        }
        looplet::sleep_until(latest + ms(1)).await;
    });
    let seen = start.take();
    assert_eq!(seen.len(), 2000);
    assert!(seen.is_sorted());
}

#[test]
fn a_panic_in_the_drop_of_a_callback_leaves_none_of_the_others_behind() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    struct Witness(Trace);
    impl Drop for Witness {
        fn drop(&mut self) {
            self.0.say("dropped");
        }
    }
    let (l, t) = fresh();
    for _ in 0..2 {
        let bomb = Bomb;
        l.call_soon(move || drop(bomb));
    }
    let witness = Witness(t.clone());
    l.call_later(ms(10), move || drop(witness));
    l.close();
    let report = "HANDLER a callback panicked while it was dropped: bomb";
    assert_eq!(t.take(), [report, report, "dropped"]);
}

#[test]
fn a_threadsafe_call_from_the_own_thread_keeps_its_place_among_the_others() {
    // A26
    let (l, t) = fresh();
    l.call_soon(t.sayer(1));
    let (second, inner) = (Arc::new(Mutex::new(0)), l.handle());
    let set = second.clone();
    let call = move || *set.lock().expect("nobody panics") = 2;
    inner.call_soon_threadsafe(call).expect("it is open");
    let says = t.clone();
    l.call_soon(move || says.say(*second.lock().expect("nobody panics")));
    l.call_soon(stop(&l));
    run(&l);
    assert_eq!(t.take(), ["1", "2"]);
}

#[test]
fn a_handle_that_is_cancelled_after_its_run_says_so() {
    // A09
    let (l, t) = fresh();
    let soon = l.call_soon(t.sayer("soon"));
    let due = l.call_later(ms(1), t.sayer("due"));
    l.call_later(ms(2), stop(&l));
    run(&l);
    assert!(!soon.cancelled() && !due.cancelled());
    soon.cancel();
    due.cancel();
    assert!(soon.cancelled() && due.cancelled());
    assert_eq!(t.take(), ["soon", "due"]);
}

/// So many tasks that a loop looks ahead at those that are next.
const MANY: usize = 5000;

/// 0 to `MANY`, in an order that has nothing to do with memory.
fn shuffled() -> impl Iterator<Item = usize> {
    (0..MANY).map(|number| number * 1999 % MANY)
}

/// `MANY` tasks that go on in that order: each rests, says its number, and some fail then.
async fn crowd<F: Future + 'static>(
    rest: impl Fn() -> F,
) -> (Vec<Task<()>>, Rc<RefCell<Vec<usize>>>) {
    let (event_loop, order) = (get_running_loop(), Rc::new(RefCell::new(Vec::new())));
    let promises: Vec<_> = (0..MANY).map(|_| event_loop.create_promise()).collect();
    let started = |number: usize| {
        let (promise, rest, order) = (promises[number].clone(), rest(), order.clone());
        create_task(async move {
            promise.await;
            rest.await;
            order.borrow_mut().push(number);
            assert!(!fails(number), "it fails, and nobody else");
        })
    };
    let tasks = (0..MANY).map(started).collect();
    yield_now().await;
    for number in shuffled() {
        promises[number].set_result(()).expect("it is pending");
    }
    (tasks, order)
}

fn fails(number: usize) -> bool {
    number % 100 == 7
}

/// Checks what became of a crowd of which one was ended before it spoke.
async fn check((tasks, order): (Vec<Task<()>>, Rc<RefCell<Vec<usize>>>), ended: usize) {
    let all = shuffled().filter(|number| *number != ended);
    assert!(order.take().into_iter().eq(all));
    for (number, task) in tasks.iter().enumerate() {
        let is_err = task.join().await.is_err();
        assert_eq!(is_err, fails(number) || number == ended, "{number}");
    }
}

#[test]
fn many_tasks_run_in_the_order_in_which_they_were_woken_and_fail_alone() {
    run_virtual(async {
        let crowd = crowd(async || {}).await;
        crowd.0[1234].abort();
        yield_now().await;
        check(crowd, 1234).await;
    });
}

#[test]
fn many_sleepers_wake_in_the_order_in_which_they_fell_asleep_and_fail_alone() {
    run_virtual(async {
        let crowd = crowd(|| sleep(ms(1))).await;
        yield_now().await;
        crowd.0[1234].cancel();
        sleep(ms(2)).await;
        check(crowd, 1234).await;
    });
}
