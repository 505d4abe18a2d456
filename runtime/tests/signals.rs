//! Signals: what hears them, where, and how often.
//!
//! What a signal does to the process when nobody listens is in `interrupt.rs`: those tests
//! need processes of their own. Here every test has signals of its own, because all of them
//! run in one process at the same time; only those that nobody else minds are shared.

mod common;

use std::future::pending;
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use common::{Trace, ms, panic_of, report_to, run_virtual, traced, turns, virtual_loop};
use looplet::signal::{
    SIGALRM, SIGCONT, SIGKILL, SIGSTOP, SIGTSTP, SIGURG, SIGUSR1, SIGUSR2, SIGWINCH, SignalError,
    listen, recv,
};
use looplet::{
    ContextVar, EventLoop, RunError, create_task, current_task, get_running_loop, run, sleep,
    timeout,
};
use mio::unix::SourceFd;
use signal_hook::consts::signal::{SIGIO, SIGPROF, SIGVTALRM};
use signal_hook::low_level::raise;

fn send(signal: i32) {
    raise(signal).expect("the signal exists");
}

#[test]
fn a_handler_runs_in_the_loop_and_not_in_a_task() {
    // asyncio's F17
    let t = Trace::default();
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let (words, stopper) = (t.clone(), event_loop.clone());
    let handler = move || {
        words.say(format!("signal {:?}", current_task()));
        stopper.stop();
    };
    event_loop
        .add_signal_handler(SIGUSR1, handler)
        .expect("it can be caught");
    let sender = thread::spawn(|| send(SIGUSR1));
    event_loop.run_forever().expect("the handler stops it");
    sender.join().expect("it sends");
    t.say(event_loop.remove_signal_handler(SIGUSR1));
    t.say(event_loop.remove_signal_handler(SIGUSR1));
    let refused = event_loop.add_signal_handler(SIGKILL, || {});
    t.say(refused.expect_err("nobody catches it"));
    let expected = ["signal None", "true", "false", "sig 9 cannot be caught"];
    assert_eq!(t.take(), expected);
}

#[test]
fn a_handler_runs_in_the_context_that_added_it() {
    static NAME: ContextVar<&str> = ContextVar::new("name");
    let said = traced(|t| async move {
        let event_loop = get_running_loop();
        let words = t.clone();
        let handler = move || {
            words.say(NAME.get().unwrap_or("nobody"));
            NAME.set("a handler before");
        };
        let words = t.clone();
        let early = move || words.say(NAME.get().unwrap_or("nobody"));
        let added = event_loop.add_signal_handler(SIGVTALRM, early);
        added.expect("it can be caught");
        NAME.set("adder");
        let added = event_loop.add_signal_handler(SIGPROF, handler);
        added.expect("it can be caught");
        NAME.set("other");
        send(SIGVTALRM);
        turns(3).await;
        for _ in 0..2 {
            send(SIGPROF);
            turns(3).await;
        }
        t.say(NAME.get().unwrap_or("nobody"));
        event_loop.remove_signal_handler(SIGPROF);
        event_loop.remove_signal_handler(SIGVTALRM);
    });
    assert_eq!(said, ["nobody", "adder", "a handler before", "other"]);
}

#[test]
fn a_host_is_told_of_a_signal_by_the_descriptor_of_its_guest() {
    let (event_loop, t) = (
        EventLoop::new().expect("the system gives a loop"),
        Trace::default(),
    );
    let words = t.clone();
    let added = event_loop.add_signal_handler(SIGIO, move || words.say("handled"));
    added.expect("it can be caught");
    let run_all = || while event_loop.poll_once(Some(ms(0))).expect("it is open") {};
    run_all();
    let mut host = mio::Poll::new().expect("the system gives a descriptor");
    let (number, mut events) = (event_loop.as_raw_fd(), mio::Events::with_capacity(1));
    let mut source = SourceFd(&number);
    let registry = host.registry();
    let registered = registry.register(&mut source, mio::Token(0), mio::Interest::READABLE);
    registered.expect("it can be waited for");
    send(SIGIO);
    while events.is_empty() {
        // A signal may interrupt it.
        let _ = host.poll(&mut events, None);
    }
    assert_eq!(t.take(), [""; 0]);
    run_all();
    assert_eq!(t.take(), ["handled"]);
    assert_eq!(event_loop.next_deadline(), None);
}

#[test]
fn a_handler_waits_for_its_turn() {
    let said = traced(|t| async move {
        let event_loop = get_running_loop();
        let words = t.clone();
        let handler = move || words.say("handled");
        event_loop
            .add_signal_handler(SIGALRM, handler)
            .expect("it can be caught");
        send(SIGALRM);
        t.say("sent");
        // The poll of the next turn tells the reactor, whose entry queues the handler.
        turns(1).await;
        t.say("one turn");
        turns(2).await;
        t.say("three turns");
        event_loop.remove_signal_handler(SIGALRM);
    });
    assert_eq!(said, ["sent", "one turn", "handled", "three turns"]);
}

#[test]
fn numbers_that_are_no_signals_are_refused_by_name() {
    let event_loop = virtual_loop();
    for number in [i32::MIN, -1, 0, 32, 65, 1000, i32::MAX] {
        let error = event_loop.add_signal_handler(number, || {});
        let error = error.expect_err("there is no such signal");
        assert!(matches!(error, SignalError::Invalid(n) if n == number));
        assert_eq!(error.to_string(), format!("invalid signal number {number}"));
        assert!(!event_loop.remove_signal_handler(number));
    }
    for number in [SIGKILL, SIGSTOP, 4, 8, 11] {
        let error = event_loop.add_signal_handler(number, || {});
        let error = error.expect_err("nobody catches it");
        assert_eq!(error.to_string(), format!("sig {number} cannot be caught"));
    }
    run_virtual(async {
        let error = recv(SIGKILL).await.expect_err("nobody catches it");
        assert_eq!(error.to_string(), "sig 9 cannot be caught");
    });
}

#[test]
fn a_closed_loop_takes_no_handler() {
    let event_loop = virtual_loop();
    event_loop
        .add_signal_handler(SIGTSTP, || {})
        .expect("it can be caught");
    event_loop.close();
    assert!(!event_loop.remove_signal_handler(SIGTSTP));
    let error = event_loop.add_signal_handler(SIGTSTP, || {});
    assert_eq!(
        error.expect_err("it is closed").to_string(),
        "the event loop is closed"
    );
}

#[test]
fn a_second_handler_replaces_the_first() {
    let said = traced(|t| async move {
        let event_loop = get_running_loop();
        for word in ["first", "second"] {
            let words = t.clone();
            let handler = move || words.say(word);
            event_loop
                .add_signal_handler(SIGWINCH, handler)
                .expect("it can be caught");
        }
        send(SIGWINCH);
        turns(3).await;
        t.say(event_loop.remove_signal_handler(SIGWINCH));
        send(SIGWINCH);
        turns(3).await;
        t.say(event_loop.remove_signal_handler(SIGWINCH));
    });
    assert_eq!(said, ["second", "true", "false"]);
}

#[test]
fn a_handler_that_was_removed_is_not_called_even_if_it_was_queued() {
    let said = traced(|t| async move {
        let event_loop = get_running_loop();
        // Somebody else keeps the signal from its default action.
        let _listening = listen([SIGUSR2]).expect("it can be caught");
        let (words, again) = (t.clone(), event_loop.clone());
        let handler = move || {
            words.say("handled");
            words.say(again.remove_signal_handler(SIGUSR2));
        };
        event_loop
            .add_signal_handler(SIGUSR2, handler)
            .expect("it can be caught");
        send(SIGUSR2);
        turns(3).await;
        send(SIGUSR2);
        turns(3).await;
        let words = t.clone();
        event_loop
            .add_signal_handler(SIGUSR2, move || words.say("never"))
            .expect("it can be caught");
        send(SIGUSR2);
        turns(2).await;
        t.say(event_loop.remove_signal_handler(SIGUSR2));
        turns(3).await;
    });
    assert_eq!(said, ["handled", "true", "true"]);
}

#[test]
fn a_handler_that_panics_is_reported_and_called_again() {
    let said = traced(|t| async move {
        let event_loop = get_running_loop();
        let mut calls = 0;
        let handler = move || {
            calls += 1;
            panic!("call {calls}");
        };
        event_loop
            .add_signal_handler(SIGURG, handler)
            .expect("it can be caught");
        for _ in 0..2 {
            send(SIGURG);
            turns(3).await;
        }
        event_loop.remove_signal_handler(SIGURG);
        t.say("goes on");
    });
    let expected = [
        "HANDLER a callback panicked: call 1",
        "HANDLER a callback panicked: call 2",
        "goes on",
    ];
    assert_eq!(said, expected);
}

#[test]
fn everybody_on_a_loop_who_listens_hears() {
    let said = traced(|t| async move {
        let words = t.clone();
        get_running_loop()
            .add_signal_handler(SIGCONT, move || words.say("handler"))
            .expect("it can be caught");
        for name in ["a", "b"] {
            let words = t.clone();
            create_task(async move {
                let mut signals = listen([SIGCONT]).expect("it can be caught");
                words.say(format!("{name} {}", signals.recv().await == SIGCONT));
            });
        }
        turns(1).await;
        send(SIGCONT);
        turns(4).await;
        get_running_loop().remove_signal_handler(SIGCONT);
    });
    assert_eq!(said, ["handler", "a true", "b true"]);
}

#[test]
fn loops_on_several_threads_hear_one_signal() {
    let (ready, is_ready) = mpsc::channel();
    let listen_once = move || {
        let ready = ready.clone();
        run(async move {
            let mut signals = listen([47]).expect("it can be caught");
            ready.send(()).expect("the test listens");
            signals.recv().await
        })
    };
    let threads: Vec<_> = (0..3).map(|_| thread::spawn(listen_once.clone())).collect();
    for _ in &threads {
        is_ready.recv().expect("a loop listens");
    }
    send(47);
    for thread in threads {
        assert_eq!(thread.join().expect("it hears"), 47);
    }
}

#[test]
fn signals_that_wait_count_once_and_come_by_number() {
    let said = traced(|t| async move {
        // No other test sends these two.
        let (low, high) = (35, 36);
        let mut signals = listen([high, low]).expect("they can be caught");
        for signal in [high, low, high, high, low] {
            send(signal);
        }
        turns(3).await;
        assert_eq!(format!("{signals:?}"), "Signals { waiting: [35, 36] }");
        t.say(signals.recv().await);
        t.say(signals.recv().await);
        let third = timeout(ms(5), signals.recv()).await;
        t.say(third.is_err());
        send(high);
        t.say(signals.recv().await);
    });
    assert_eq!(said, ["35", "36", "true", "36"]);
}

#[test]
fn a_wait_that_is_cancelled_loses_no_signal() {
    run_virtual(async {
        let mut signals = listen([37]).expect("it can be caught");
        let early = timeout(ms(5), signals.recv()).await;
        assert!(early.is_err());
        send(37);
        turns(3).await;
        assert_eq!(signals.recv().await, 37);
    });
}

#[test]
fn a_loop_that_listens_is_not_deadlocked_and_one_that_has_stopped_listening_is() {
    let event_loop = virtual_loop();
    event_loop
        .add_signal_handler(38, || get_running_loop().stop())
        .expect("it can be caught");
    let sender = thread::spawn(|| send(38));
    event_loop.run_forever().expect("the handler stops it");
    sender.join().expect("it sends");
    event_loop.remove_signal_handler(38);
    let ran = event_loop.run_forever();
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
}

#[test]
fn timers_do_not_wait_for_signals_on_a_virtual_clock() {
    run_virtual(async {
        let waited = timeout(ms(60_000), recv(39)).await;
        assert!(waited.is_err());
    });
}

#[test]
fn recv_listens_from_its_first_poll() {
    run(async {
        let heard = create_task(recv(40));
        turns(1).await;
        send(40);
        heard.await.expect("it can be caught");
    });
}

#[test]
fn a_signal_wakes_a_loop_that_sleeps_in_the_kernel() {
    run(async {
        let waiting = create_task(async { recv(41).await.is_ok() });
        turns(1).await;
        let sender = thread::spawn(|| send(41));
        let heard = timeout(ms(60_000), waiting).await;
        assert!(heard.expect("long before that"));
        sender.join().expect("it sends");
    });
}

#[test]
fn what_a_handler_owns_is_dropped_with_it_or_with_the_loop() {
    let owned = Rc::new(());
    let event_loop = virtual_loop();
    for signal in [42, 43] {
        let kept = owned.clone();
        event_loop
            .add_signal_handler(signal, move || drop(kept.clone()))
            .expect("it can be caught");
    }
    assert_eq!(Rc::strong_count(&owned), 3);
    event_loop.remove_signal_handler(42);
    assert_eq!(Rc::strong_count(&owned), 2);
    event_loop.close();
    assert_eq!(Rc::strong_count(&owned), 1);
}

#[test]
fn listening_outside_a_loop_is_a_panic_that_says_so() {
    let text = panic_of(|| listen([44]));
    assert!(text.starts_with("no running event loop"), "{text}");
}

#[test]
fn signals_outlive_their_loop_without_harm() {
    let t = Trace::default();
    let event_loop = virtual_loop();
    report_to(&event_loop, &t);
    let runner = looplet::Runner::with_loop(event_loop);
    let mut signals = runner
        .run(async { listen([45]).expect("it can be caught") })
        .expect("it ends");
    drop(runner);
    send(45);
    let other = looplet::Runner::with_loop(virtual_loop());
    let ran = other.run(async move {
        signals.recv().await;
        pending::<()>().await;
    });
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
    assert!(t.take().is_empty());
}

#[test]
fn a_busy_loop_hears_as_well() {
    run(async {
        let mut signals = listen([46]).expect("it can be caught");
        let busy = create_task(async {
            loop {
                turns(100).await;
            }
        });
        send(46);
        assert_eq!(signals.recv().await, 46);
        busy.cancel();
        sleep(ms(0)).await;
    });
}
