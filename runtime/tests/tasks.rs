//! Tasks: when they run, how they end, and who hears of it.

mod common;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use common::{SayOnDrop, Ticks, Trace, join, ms, panic_in, run_virtual, traced, turns};
use looplet::{
    CancelReason, Event, Task, TaskError, all_tasks, catch_cancel, create_task, current_task,
    gather, get_running_loop, sleep, timeout, yield_now,
};

async fn sleepy(trace: Trace, name: &'static str, time: u64) -> &'static str {
    if let Err(cancelled) = catch_cancel(sleep(ms(time))).await {
        trace.say(format!("cancelled {name}"));
        cancelled.raise().await
    }
    trace.say(format!("end {name}"));
    name
}

/// Says how a task ended, without its value.
async fn ended<T: 'static>(task: &Task<T>) -> String {
    match task.join().await {
        Ok(_) => "value".to_string(),
        Err(TaskError::Cancelled(cause)) => format!("cancelled {:?}", cause.message()),
        Err(error) => error.to_string(),
    }
}

#[test]
fn tasks_start_in_the_next_turn_in_the_order_of_the_calls() {
    // C01
    let trace = traced(|t| async move {
        for number in 0..3 {
            let t = t.clone();
            create_task(async move { t.say(format!("start {number}")) });
        }
        t.say("created");
        yield_now().await;
        t.say("main");
    });
    assert_eq!(trace, ["created", "start 0", "start 1", "start 2", "main"]);
}

#[test]
fn a_task_says_what_it_is_and_what_it_waits_for() {
    run_virtual(async {
        let here = std::panic::Location::caller();
        let task = create_task(sleep(ms(5)));
        assert_eq!(task.spawned_at().line(), here.line() + 1);
        assert_eq!(task.spawned_at().file(), here.file());
        assert_eq!(task.coroutine(), "looplet::task::sleep::Sleep");
        assert_eq!(task.waits_for(), None);
        yield_now().await;
        assert_eq!(task.waits_for().as_deref(), Some("sleep 0.005 s"));
        task.cancel();
        assert!(task.join().await.is_err());
        assert_eq!(task.waits_for(), None);
    });
}

/// Polls a sleep when it is dropped.
struct SleepsOnDrop;

impl Drop for SleepsOnDrop {
    fn drop(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(sleep(ms(900))).poll(&mut context).is_pending());
    }
}

#[test]
fn what_a_task_gave_up_when_it_ended_is_not_what_the_next_one_waits_for() {
    run_virtual(async {
        let waker = Rc::new(Cell::new(None));
        let theirs = waker.clone();
        let sleeper = create_task(async move {
            let mut nap = pin!(sleep(ms(5)));
            let poll = |context: &mut Context<'_>| {
                theirs.set(Some(context.waker().clone()));
                nap.as_mut().poll(context)
            };
            poll_fn(poll).await;
        });
        yield_now().await;
        let wake_behind = async |other: Task<()>| {
            let waker: Option<Waker> = waker.take();
            waker.expect("the sleeper was polled").wake();
            yield_now().await;
            assert!(other.done());
            assert_eq!(sleeper.waits_for().as_deref(), Some("sleep 0.005 s"));
        };
        let event = Event::new();
        wake_behind(create_task(async move {
            let mut wait = pin!(event.wait());
            let poll = |context: &mut Context<'_>| Poll::Ready(wait.as_mut().poll(context));
            assert!(poll_fn(poll).await.is_pending());
        }))
        .await;
        let last = SleepsOnDrop;
        wake_behind(create_task(poll_fn(move |_| {
            let _it_goes_with_the_future = &last;
            Poll::Ready(())
        })))
        .await;
    });
}

#[test]
fn a_reference_to_a_task_says_the_same_and_whether_it_has_ended() {
    run_virtual(async {
        let task = create_task(async { yield_now().await });
        task.set_name("twin");
        let twin = all_tasks().into_iter().find(|task| task.name() == "twin");
        let twin = twin.expect("it is there");
        assert_eq!(twin.spawned_at(), task.spawned_at());
        assert_eq!(twin.coroutine(), task.coroutine());
        assert!(twin.get_loop().is_some());
        assert!(!twin.done());
        task.await;
        assert!(twin.done());
        assert_eq!(twin.waits_for(), None);
    });
}

#[test]
fn a_task_takes_its_own_cancel_back_through_the_current_task() {
    run_virtual(async {
        let own = current_task().expect("a task runs");
        own.cancel_with("enough");
        let cause = catch_cancel(sleep(ms(5)))
            .await
            .expect_err("it was cancelled");
        assert_eq!(cause.message(), Some("enough"));
        assert_eq!(
            (own.cancelling(), own.uncancel(), own.uncancel()),
            (1, 0, 0)
        );
        sleep(ms(5)).await;
    });
}

#[test]
fn tasks_that_yield_take_turns() {
    // C02
    let trace = traced(|t| async move {
        let work = |name: &'static str| {
            let t = t.clone();
            async move {
                for number in 0..3 {
                    t.say(format!("{name}{number}"));
                    yield_now().await;
                }
            }
        };
        gather((work("a"), work("b"))).await;
    });
    assert_eq!(trace, ["a0", "b0", "a1", "b1", "a2", "b2"]);
}

#[test]
fn awaiting_a_future_directly_costs_no_turn_and_a_yield_costs_one() {
    // C03, C04
    let trace = traced(|t| async move {
        let ticks = Ticks::start();
        yield_now().await;
        let before = ticks.count();
        get_running_loop().call_soon(t.sayer("loop"));
        async { t.say("inner") }.await;
        async { t.say("inner") }.await;
        t.say(format!("turns {}", ticks.count() - before));
        yield_now().await;
        t.say(format!("turns {}", ticks.count() - before));
        sleep(ms(0)).await;
        t.say(format!("turns {}", ticks.count() - before));
        looplet::sleep_until(get_running_loop().time()).await;
        t.say(format!("turns {}", ticks.count() - before));
    });
    assert_eq!(
        trace,
        [
            "inner", "inner", "turns 0", "loop", "turns 1", "turns 2", "turns 3"
        ]
    );
}

#[test]
fn the_hops_between_the_end_of_a_child_and_its_awaiter_are_those_of_asyncio() {
    // C05
    let trace = traced(|t| async move {
        let ticks = Rc::new(Ticks::start());
        yield_now().await;
        let end = Rc::new(RefCell::new(0));
        let child = || {
            let (ticks, end) = (ticks.clone(), end.clone());
            create_task(async move {
                turns(2).await;
                end.replace(ticks.count());
            })
        };
        let hops = |name: &str| t.say(format!("{name} {}", ticks.count() - *end.borrow()));
        child().await;
        hops("await task");
        (&child()).await;
        hops("await by reference");
        let _ = child().join().await;
        hops("join");
        gather(vec![child()]).await;
        hops("gather");
        let _ = timeout(ms(9000), child()).await;
        hops("timeout");
        let done = child();
        turns(4).await;
        end.replace(ticks.count());
        done.await;
        hops("done already");
    });
    assert_eq!(
        trace,
        [
            "await task 1",
            "await by reference 1",
            "join 1",
            "gather 2",
            "timeout 1",
            "done already 0",
        ]
    );
}

#[test]
fn a_task_cancelled_before_its_first_step_never_runs() {
    // C06
    let trace = traced(|t| async move {
        let words = t.clone();
        let witness = SayOnDrop(t.clone(), "dropped");
        let task = create_task(async move {
            let _witness = witness;
            words.say("never");
        });
        t.say(task.cancel_with("m"));
        t.say(format!("{} {}", task.cancelled(), task.done()));
        t.say(ended(&task).await);
    });
    assert_eq!(
        trace,
        ["true", "false false", "dropped", "cancelled Some(\"m\")"]
    );
}

#[test]
fn a_sleeping_task_ends_one_turn_after_the_cancel() {
    // C07
    let trace = traced(|t| async move {
        let witness = SayOnDrop(t.clone(), "finally");
        let task = create_task(async move {
            let _witness = witness;
            sleep(ms(9000)).await;
        });
        yield_now().await;
        t.say(format!(
            "{} {} {}",
            task.cancel(),
            task.cancelled(),
            task.cancelling()
        ));
        yield_now().await;
        t.say(format!("{} {}", task.cancelled(), task.cancel()));
    });
    assert_eq!(trace, ["true false 1", "finally", "true false"]);
}

#[test]
fn a_task_may_swallow_a_cancel_and_return_a_value() {
    // C08
    let trace = traced(|t| async move {
        let words = t.clone();
        let task = create_task(async move {
            if catch_cancel(sleep(ms(9000))).await.is_err() {
                words.say("swallowed");
            }
            yield_now().await;
            42
        });
        yield_now().await;
        task.cancel();
        let value = (&task).await;
        t.say(format!(
            "{value} {} {}",
            task.cancelled(),
            task.cancelling()
        ));
    });
    assert_eq!(trace, ["swallowed", "42 false 1"]);
}

#[test]
fn a_task_that_cancels_itself_is_cancelled_at_its_next_await() {
    // C09
    let trace = traced(|t| async move {
        let words = t.clone();
        let task = create_task(async move {
            current_task().expect("in a task").cancel();
            words.say("still running");
            match catch_cancel(yield_now()).await {
                Ok(()) => words.say("not reached"),
                Err(cancelled) => {
                    words.say("here");
                    cancelled.raise().await
                }
            }
        });
        t.say(ended(&task).await);
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["still running", "here", "cancelled None", "true"]);
}

#[test]
fn a_task_that_cancels_itself_and_returns_is_cancelled() {
    // C10
    let trace = traced(|t| async move {
        let task = create_task(async {
            current_task().expect("in a task").cancel();
            12
        });
        t.say(ended(&task).await);
        t.say(format!("{} {}", task.cancelled(), task.cancelling()));
    });
    assert_eq!(trace, ["cancelled None", "true 1"]);
}

#[test]
fn of_two_requests_in_one_turn_the_first_is_delivered() {
    // C11
    let trace = traced(|t| async move {
        let words = t.clone();
        let task = create_task(async move {
            if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
                words.say(format!("first {:?}", cancelled.message()));
            }
            yield_now().await;
            "done"
        });
        yield_now().await;
        let both = (task.cancel_with("m1"), task.cancel_with("m2"));
        t.say(format!("{both:?} {}", task.cancelling()));
        t.say(task.await);
    });
    assert_eq!(trace, ["(true, true) 2", "first Some(\"m1\")", "done"]);
}

#[test]
fn a_request_goes_down_to_the_innermost_task() {
    // C12
    let trace = traced(|t| async move {
        let inner: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let (slot, words) = (inner.clone(), t.clone());
        let guard = |words: Trace, name: &'static str, task: Task<()>| async move {
            if let Err(cancelled) = catch_cancel(task).await {
                words.say(format!("{name} {:?}", cancelled.message()));
                cancelled.raise().await
            }
        };
        let outer = create_task(async move {
            let sleeper = create_task(sleep(ms(9000)));
            let task = create_task(guard(words.clone(), "inner", sleeper));
            slot.replace(Some(task.clone()));
            guard(words, "outer", task).await;
        });
        turns(3).await;
        t.say(outer.cancel_with("why"));
        t.say(ended(&outer).await);
        let inner = inner.take().expect("it was spawned");
        let states = (inner.cancelled(), outer.cancelled());
        t.say(format!(
            "{states:?} {} {}",
            inner.cancelling(),
            outer.cancelling()
        ));
    });
    assert_eq!(
        trace,
        [
            "true",
            "inner Some(\"why\")",
            "outer Some(\"why\")",
            "cancelled Some(\"why\")",
            "(true, true) 1 1",
        ]
    );
}

#[test]
fn an_inner_task_that_swallows_the_request_saves_the_outer_one() {
    // C13
    let trace = traced(|t| async move {
        let words = t.clone();
        let outer = create_task(async move {
            let inner = create_task(async {
                match catch_cancel(sleep(ms(9000))).await {
                    Ok(()) => "inner slept",
                    Err(_cancelled) => "inner survived",
                }
            });
            words.say(format!("outer got {}", inner.await));
            "outer ok"
        });
        turns(2).await;
        outer.cancel();
        let value = (&outer).await;
        t.say(format!(
            "{value} {} {}",
            outer.cancelled(),
            outer.cancelling()
        ));
    });
    assert_eq!(trace, ["outer got inner survived", "outer ok false 1"]);
}

#[test]
fn a_request_to_a_task_that_awaits_a_promise_cancels_the_promise_at_once() {
    // C14
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<()>();
        let task = create_task(promise.clone().into_future());
        yield_now().await;
        task.cancel();
        t.say(format!("{} {}", promise.cancelled(), task.done()));
        t.say(ended(&task).await);
    });
    assert_eq!(trace, ["true false", "cancelled None"]);
}

#[test]
fn uncancel_counts_down_and_the_last_forgets_an_undelivered_request() {
    // C15
    let trace = traced(|t| async move {
        let slot: Rc<RefCell<Option<Task<&str>>>> = Rc::default();
        let (own, words) = (slot.clone(), t.clone());
        let task = create_task(async move {
            let me = own.take().expect("it is there");
            me.cancel();
            me.cancel();
            let counts = [me.cancelling(), me.uncancel(), me.uncancel(), me.uncancel()];
            words.say(format!("{counts:?}"));
            yield_now().await;
            "not cancelled"
        });
        slot.replace(Some(task.clone()));
        t.say(task.await);
    });
    assert_eq!(trace, ["[2, 1, 0, 0]", "not cancelled"]);
}

#[test]
fn uncancel_does_not_undo_a_request_that_has_ended_a_sleep() {
    let trace = traced(|t| async move {
        let task = create_task(sleep(ms(10)));
        yield_now().await;
        task.cancel();
        t.say(task.uncancel());
        t.say(task.join().await.is_err());
    });
    assert_eq!(trace, ["0", "true"]);
}

#[test]
fn clean_up_may_wait_and_a_second_request_interrupts_it() {
    // C16
    let trace = traced(|t| async move {
        let words = t.clone();
        let task = create_task(async move {
            if catch_cancel(sleep(ms(9000))).await.is_err() {
                words.say("cleanup start");
                if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
                    words.say("cleanup interrupted");
                    cancelled.raise().await
                }
            }
        });
        yield_now().await;
        task.cancel();
        yield_now().await;
        t.say(task.done());
        task.cancel();
        t.say(ended(&task).await);
        t.say(task.cancelling());
    });
    assert_eq!(
        trace,
        [
            "cleanup start",
            "false",
            "cleanup interrupted",
            "cancelled None",
            "2"
        ]
    );
}

#[test]
fn current_task_and_all_tasks() {
    // C18
    let trace = traced(|t| async move {
        let names = || -> Vec<_> {
            let names = all_tasks().into_iter().map(|task| task.name());
            names.filter(|name| name.len() == 1).collect()
        };
        let words = t.clone();
        get_running_loop().call_soon(move || words.say(format!("callback {:?}", current_task())));
        let work = |t: Trace| async move {
            t.say(current_task().expect("in a task").name());
            yield_now().await;
            t.say(current_task().expect("in a task").name());
        };
        let (a, b) = (create_task(work(t.clone())), create_task(work(t.clone())));
        t.say(a.name());
        a.set_name("A");
        b.set_name("B");
        t.say(format!("{:?}", names()));
        join(a, b).await;
        t.say(format!("{:?}", names()));
    });
    assert_eq!(
        trace,
        [
            "Task-2",
            "[\"A\", \"B\"]",
            "callback None",
            "A",
            "B",
            "A",
            "B",
            "[]"
        ]
    );
}

#[test]
fn a_retrieved_panic_is_not_reported() {
    // C25
    let trace = traced(|t| async move {
        let task = create_task(async {
            yield_now().await;
            panic!("v")
        });
        let awaited: Task<()> = task.clone();
        t.say(panic_in(awaited.into_future()).await);
        let Ok(Err(TaskError::Panicked(_))) = task.result() else {
            panic!("the task has panicked")
        };
        drop(task);
        t.say("no report");
    });
    assert_eq!(trace, ["v", "no report"]);
}

#[test]
fn a_cancel_of_a_task_that_has_ended_changes_nothing() {
    // C26
    let trace = traced(|t| async move {
        let task = create_task(async {
            yield_now().await;
            "r"
        });
        t.say((&task).await);
        t.say(format!(
            "{} {} {}",
            task.cancel(),
            task.abort(),
            task.cancelled()
        ));
        t.say(format!("{} {:?}", task.cancelling(), task.result()));
    });
    assert_eq!(trace, ["r", "false false false", "0 Ok(Ok(\"r\"))"]);
}

#[test]
fn a_panic_that_nobody_awaits_is_reported_once_when_the_last_handle_is_gone() {
    // The task half of B06.
    let trace = traced(|t| async move {
        let task = create_task(async { panic!("lost") });
        task.set_name("careless");
        turns(2).await;
        t.say(format!("{task:?}").starts_with("<Task panicked name='careless'"));
        let clone: Task<()> = task.clone();
        drop(task);
        t.say("--");
        drop(clone);
        t.say("--");
        create_task(async { panic!("{}", String::from("detached")) });
        turns(2).await;
        t.say("end");
    });
    assert_eq!(
        trace,
        [
            "true",
            "--",
            "HANDLER a panic was never retrieved in careless: lost",
            "--",
            "HANDLER a panic was never retrieved in Task-3: detached",
            "end",
        ]
    );
}

#[test]
fn a_panic_goes_to_every_awaiter() {
    let trace = traced(|t| async move {
        let task = create_task(async {
            yield_now().await;
            if true {
                panic!("boom");
            }
        });
        t.say(panic_in(task.clone().into_future()).await);
        t.say(panic_in((&task).into_future()).await);
        t.say(ended(&task).await);
        t.say(panic_in(timeout(ms(10), task.clone())).await);
        t.say(panic_in(gather(vec![task]).into_future()).await);
    });
    assert_eq!(
        trace,
        ["boom", "boom", "the task panicked: boom", "boom", "boom"]
    );
}

#[test]
fn dropping_a_handle_detaches_the_task() {
    let trace = traced(|t| async move {
        drop(create_task(sleepy(t.clone(), "detached", 5)));
        sleep(ms(10)).await;
    });
    assert_eq!(trace, ["end detached"]);
}

#[test]
fn an_abort_drops_the_task_where_it_stands_in_its_next_step() {
    let trace = traced(|t| async move {
        let words = t.clone();
        let witness = SayOnDrop(t.clone(), "dropped");
        let task = create_task(async move {
            let _witness = witness;
            let caught = catch_cancel(sleep(ms(9000))).await;
            words.say(format!("never {caught:?}"));
        });
        yield_now().await;
        t.say(format!("{} {}", task.abort(), task.done()));
        let Err(TaskError::Cancelled(cause)) = task.join().await else {
            panic!("an aborted task counts as cancelled")
        };
        t.say(cause.reason() == CancelReason::Aborted);
        t.say(task.abort());
    });
    assert_eq!(trace, ["true false", "dropped", "true", "false"]);
}

#[test]
fn an_abort_of_oneself_takes_effect_at_the_next_await() {
    let trace = traced(|t| async move {
        let slot: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let (own, words) = (slot.clone(), t.clone());
        let task = create_task(async move {
            own.take().expect("it is there").abort();
            words.say("still running");
            yield_now().await;
            words.say("never");
        });
        slot.replace(Some(task.clone()));
        t.say(ended(&task).await);
    });
    assert_eq!(trace, ["still running", "cancelled None"]);
}

#[test]
fn a_result_that_nobody_wants_may_panic_when_it_is_dropped() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("bomb");
        }
    }
    let trace = traced(|t| async move {
        create_task(async { Bomb });
        let bomb = Bomb;
        let task = create_task(async move {
            let _bomb = bomb;
            sleep(ms(9000)).await;
        });
        yield_now().await;
        task.cancel();
        t.say(ended(&task).await);
    });
    assert_eq!(
        trace,
        [
            "HANDLER a result panicked while it was dropped: bomb",
            "HANDLER a future panicked while it was dropped in Task-3: bomb",
            "cancelled None",
        ]
    );
}

#[test]
fn done_callbacks_and_awaiters_share_one_line() {
    // B01, B02, B09, B10 for tasks and promises.
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let say = |word: &'static str| {
            let t = t.clone();
            move |promise: &looplet::Promise<&'static str>| {
                t.say(format!("{word} {:?}", promise.result()))
            }
        };
        promise.add_done_callback(say("before"));
        let (awaited, words) = (promise.clone(), t.clone());
        create_task(async move {
            words.say(format!("task {}", (&awaited).await));
        });
        yield_now().await;
        let removed = promise.add_done_callback(say("never"));
        promise.add_done_callback(|_| panic!("x"));
        promise.add_done_callback(say("after"));
        t.say(promise.remove_done_callback(removed));
        t.say(promise.remove_done_callback(removed));
        t.say(format!("{:?}", promise.set_result("v")));
        t.say(format!("{:?}", promise.set_result("w")));
        promise.add_done_callback(say("late"));
        t.say("nothing has run");
        yield_now().await;
        t.say("one turn later");
    });
    assert_eq!(
        trace,
        [
            "true",
            "false",
            "Ok(())",
            "Err(Done)",
            "nothing has run",
            "before Ok(Ok(\"v\"))",
            "task v",
            "HANDLER a callback panicked: x",
            "after Ok(Ok(\"v\"))",
            "late Ok(Ok(\"v\"))",
            "one turn later",
        ]
    );
}

#[test]
fn awaiting_what_is_done_does_not_give_the_turn_away() {
    // B05, B07
    let trace = traced(|t| async move {
        let l = get_running_loop();
        let promise = l.create_promise();
        promise.set_result("x").expect("it is new");
        l.call_soon(t.sayer("loop ran"));
        t.say(promise.await);
        t.say("still the same step");
        yield_now().await;
        let promise = l.create_promise::<()>();
        let words = t.clone();
        promise.add_done_callback(move |p| words.say(format!("cancelled {}", p.cancelled())));
        let both = (promise.cancel(), promise.cancel());
        t.say(format!(
            "{both:?} {} {}",
            promise.cancelled(),
            promise.done()
        ));
        yield_now().await;
    });
    assert_eq!(
        trace,
        [
            "x",
            "still the same step",
            "loop ran",
            "(true, false) true true",
            "cancelled true",
        ]
    );
}

#[test]
fn gather_gives_results_in_the_order_of_the_arguments() {
    // D01, D03, D04
    let trace = traced(|t| async move {
        let work = |name, time| sleepy(t.clone(), name, time);
        let all = gather(vec![work("a", 30), work("b", 10), work("c", 20)]).await;
        t.say(format!("{all:?}"));
        t.say(format!("{:?}", gather([work("d", 2), work("e", 1)]).await));
        let nothing = gather(Vec::<Task<()>>::new());
        t.say(format!("{} {:?}", nothing.done(), nothing.await));
        let none: [(); 0] = gather([] as [Task<()>; 0]).await;
        t.say(none.len());
    });
    assert_eq!(
        trace,
        [
            "end b",
            "end c",
            "end a",
            "[\"a\", \"b\", \"c\"]",
            "end e",
            "end d",
            "[\"d\", \"e\"]",
            "true []",
            "0",
        ]
    );
}

#[test]
fn a_child_that_panics_ends_a_gather_and_its_siblings_go_on() {
    // D02, D09
    let trace = traced(|t| async move {
        let a = create_task(sleepy(t.clone(), "a", 30));
        let b = create_task(async {
            sleep(ms(10)).await;
            panic!("b")
        });
        let both = gather(vec![a.clone(), b]);
        let words = t.clone();
        let watched = create_task(async move { panic_in(both.into_future()).await });
        t.say(watched.await);
        words.say(a.done());
        t.say(a.await);
    });
    assert_eq!(trace, ["b", "false", "end a", "a"]);
}

#[test]
fn cancelling_a_gather_cancels_every_child() {
    // D06, D08
    let trace = traced(|t| async move {
        let work = |name, time| sleepy(t.clone(), name, time);
        let all = gather(vec![work("a", 9000), work("b", 9000), work("c", 0)]);
        sleep(ms(10)).await;
        t.say(format!("{} {}", all.cancel(), all.done()));
        let caught = catch_cancel(all).await;
        t.say(caught.is_err());
        let task = create_task(gather(vec![work("d", 9000)]).into_future());
        sleep(ms(10)).await;
        task.cancel();
        t.say(ended(&task).await);
    });
    assert_eq!(
        trace,
        [
            "end c",
            "true false",
            "cancelled a",
            "cancelled b",
            "true",
            "cancelled d",
            "cancelled None",
        ]
    );
}

#[test]
fn a_child_that_is_cancelled_cancels_the_awaiter_of_a_gather_but_no_sibling() {
    // D07
    let trace = traced(|t| async move {
        let a = create_task(sleepy(t.clone(), "a", 9000));
        let b = create_task(sleepy(t.clone(), "b", 20));
        let both = gather((a.clone(), b.clone()));
        yield_now().await;
        a.cancel();
        if catch_cancel(both).await.is_err() {
            t.say(format!("raised, b done {}", b.done()));
        }
        t.say(b.await);
    });
    assert_eq!(trace, ["cancelled a", "raised, b done false", "end b", "b"]);
}

#[test]
fn children_that_swallow_the_request_do_not_save_a_gather() {
    let trace = traced(|t| async move {
        let stubborn = || async { catch_cancel(sleep(ms(9000))).await.is_err() };
        let all = gather(vec![stubborn(), stubborn()]);
        yield_now().await;
        all.cancel();
        t.say(catch_cancel(all).await.is_err());
    });
    assert_eq!(trace, ["true"]);
}

#[test]
fn a_gather_whose_value_was_taken_by_somebody_else_panics_in_its_awaiter() {
    let trace = traced(|t| async move {
        let a = create_task(sleepy(t.clone(), "a", 1));
        let b = create_task(sleepy(t.clone(), "b", 2));
        let both = gather(vec![a.clone(), b]);
        t.say(a.await);
        t.say(panic_in(both.into_future()).await);
    });
    assert_eq!(
        trace,
        [
            "end a",
            "a",
            "end b",
            "the value was already taken by an earlier await",
        ]
    );
}

#[test]
fn a_panic_in_a_gather_that_nobody_awaits_is_reported_once() {
    let trace = traced(|t| async move {
        let both = gather(vec![create_task(async { panic!("lost") })]);
        turns(3).await;
        t.say(both.done());
        drop::<looplet::Gather<Vec<()>>>(both);
        t.say("--");
        turns(1).await;
    });
    assert_eq!(
        trace,
        ["true", "HANDLER a panic was never retrieved: lost", "--"]
    );
}

#[test]
fn a_value_whose_clone_panics_is_still_there_for_the_next() {
    struct Shy(std::rc::Rc<std::cell::Cell<bool>>);
    impl Clone for Shy {
        fn clone(&self) -> Self {
            assert!(!self.0.replace(false), "not now");
            Self(self.0.clone())
        }
    }
    let trace = traced(|t| async move {
        let promise = looplet::get_running_loop().create_promise();
        let shy = Shy(std::rc::Rc::new(std::cell::Cell::new(true)));
        promise
            .set_result(shy)
            .map_err(drop)
            .expect("nobody has set it");
        let lent = promise.clone();
        let first = create_task(async move { drop((&lent).await) });
        t.say(format!("{:?}", first.join().await));
        drop((&promise).await);
        t.say("second");
    });
    assert_eq!(trace, ["Err(Panicked(\"not now\"))", "second"]);
}
