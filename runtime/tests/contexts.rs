//! Context variables: who sees which value.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use common::{Trace, ms, run_virtual, traced, virtual_loop};
use looplet::inspect::pstree;
use looplet::{
    Context, ContextVar, Runner, TaskOptions, WrongContext, copy_context, create_task,
    create_task_with, get_running_loop, run, sleep, yield_now,
};

static NUMBER: ContextVar<u32> = ContextVar::new("number");
static WORD: ContextVar<&'static str> = ContextVar::new("word");

fn number() -> u32 {
    NUMBER.get().unwrap_or(0)
}

#[test]
fn a_task_and_a_callback_have_copies_of_the_context_that_made_them() {
    // C24
    let trace = traced(|t| async move {
        NUMBER.set(1);
        let said = t.clone();
        let task = create_task(async move {
            said.say(format!("in {}", number()));
            NUMBER.set(2);
            yield_now().await;
            said.say(format!("in {}", number()));
        });
        NUMBER.set(3);
        let said = t.clone();
        get_running_loop().call_soon(move || {
            said.say(format!("cb {}", number()));
            NUMBER.set(9);
        });
        task.await;
        t.say(format!("out {}", number()));
    });
    assert_eq!(trace, ["in 1", "cb 3", "in 2", "out 3"]);
}

#[test]
fn what_a_callback_sets_is_its_own_even_if_nobody_has_set_anything_before() {
    // The first value that this thread has ever had, and then one of many.
    for _ in 0..2 {
        let (event_loop, trace) = (virtual_loop(), Trace::default());
        let see = |who: &'static str| {
            let trace = trace.clone();
            move || {
                trace.say(format!("{who} sees {}", number()));
                NUMBER.set(7);
            }
        };
        event_loop.call_soon(see("a callback"));
        event_loop.call_soon(see("the next"));
        event_loop.call_at(event_loop.time(), see("a timer"));
        let promise = event_loop.create_promise();
        let done = see("a done-callback");
        promise.add_done_callback(move |_| done());
        promise.set_result(()).expect("it is new");
        event_loop.stop();
        event_loop.run_forever().expect("it is stopped");
        trace.say(format!("the thread sees {}", number()));
        let expected = [
            "a callback sees 0",
            "the next sees 0",
            "a done-callback sees 0",
            "a timer sees 0",
            "the thread sees 0",
        ];
        assert_eq!(trace.take(), expected);
    }
}

#[test]
fn a_callback_does_not_see_what_is_set_after_it_was_scheduled() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    let see = |who: &'static str| {
        let trace = trace.clone();
        move || trace.say(format!("{who} {}", number()))
    };
    let before = event_loop.call_soon(see("before"));
    NUMBER.set(1);
    let after = event_loop.call_later(ms(0), see("after"));
    NUMBER.set(2);
    event_loop.stop();
    event_loop.run_forever().expect("it is stopped");
    assert_eq!(trace.take(), ["before 0", "after 1"]);
    assert_eq!(before.context().get(&NUMBER), None);
    assert_eq!(after.context().get(&NUMBER), Some(1));
}

#[test]
fn a_callback_from_another_thread_runs_in_the_context_of_its_caller() {
    let seen = run(async {
        NUMBER.set(1);
        let (handle, seen) = (get_running_loop().handle(), Arc::new(AtomicU32::new(0)));
        let see = seen.clone();
        let caller = thread::spawn(move || {
            NUMBER.set(2);
            handle.call_soon_threadsafe(move || see.store(number(), Ordering::Relaxed))
        });
        caller.join().expect("no panic").expect("it is open");
        yield_now().await;
        yield_now().await;
        seen.load(Ordering::Relaxed)
    });
    assert_eq!(seen, 2);
}

#[test]
fn a_timer_and_a_done_callback_run_in_the_context_that_set_them() {
    let trace = traced(|t| async move {
        NUMBER.set(4);
        let (timer, done) = (t.clone(), t.clone());
        get_running_loop().call_later(ms(1), move || timer.say(format!("timer {}", number())));
        let task = create_task(async {});
        task.add_done_callback(move |_| done.say(format!("done {}", number())));
        NUMBER.set(5);
        sleep(ms(5)).await;
        t.say(format!("main {}", number()));
    });
    assert_eq!(trace, ["done 4", "timer 4", "main 5"]);
}

#[test]
fn a_done_callback_of_a_promise_runs_in_the_context_that_added_it() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<()>();
        NUMBER.set(4);
        let done = t.clone();
        promise.add_done_callback(move |_| done.say(format!("done {}", number())));
        NUMBER.set(5);
        promise.set_result(()).expect("it is pending");
        sleep(ms(1)).await;
        t.say(format!("main {}", number()));
    });
    assert_eq!(trace, ["done 4", "main 5"]);
}

#[test]
fn a_value_can_be_put_back_in_its_own_context_only() {
    run_virtual(async {
        assert_eq!(WORD.get(), None);
        let first = WORD.set("first");
        let second = WORD.set("second");
        assert_eq!(WORD.reset(second), Ok(()));
        assert_eq!(WORD.get(), Some("first"));
        let elsewhere = create_task(async move { WORD.reset(first) });
        assert_eq!(elsewhere.await, Err(WrongContext));
        let token = WORD.set("third");
        assert_eq!(copy_context().run(|| WORD.get()), Some("third"));
        assert_eq!(WORD.reset(token), Ok(()));
        assert_eq!(WORD.get(), Some("first"));
    });
}

#[test]
fn what_is_set_inside_a_context_stays_inside() {
    run_virtual(async {
        NUMBER.set(1);
        let context = copy_context();
        context.run(|| NUMBER.set(2));
        assert_eq!((number(), context.get(&NUMBER)), (1, Some(2)));
        Context::new().run(|| assert_eq!(NUMBER.get(), None));
        let options = TaskOptions {
            context: Some(context.clone()),
            ..TaskOptions::default()
        };
        create_task_with(async { NUMBER.set(number() + 1) }, options).await;
        assert_eq!((number(), context.get(&NUMBER)), (1, Some(3)));
    });
}

#[test]
fn the_runs_of_a_runner_share_a_context_that_nobody_else_sees() {
    // G04
    let runner = Runner::with_loop(virtual_loop());
    runner.run(async { WORD.set("kept") }).unwrap();
    assert_eq!(runner.run(async { WORD.get() }).unwrap(), Some("kept"));
    assert_eq!(WORD.get(), None);
    drop(runner);
    assert_eq!(run(async { WORD.get() }), None);
}

#[test]
fn a_program_hands_its_own_values_to_the_coroutines_it_runs() {
    let seen = std::thread::spawn(|| {
        NUMBER.set(8);
        let inside = run(async {
            let inherited = number();
            NUMBER.set(9);
            inherited
        });
        (inside, number())
    });
    assert_eq!(seen.join().unwrap(), (8, 8));
}

#[test]
fn the_next_task_in_a_place_has_no_values_of_the_one_before() {
    run_virtual(async {
        create_task(async { NUMBER.set(7) }).await;
        let next = create_task(async { NUMBER.get() });
        assert_eq!(next.await, None);
    });
}

#[test]
fn an_eager_task_makes_its_first_step_within_the_call() {
    // C20
    let trace = traced(|t| async move {
        let me = || looplet::current_task().map_or("none".to_string(), |task| task.name());
        let mine = me();
        let eager = |name: &str| TaskOptions {
            name: Some(name.to_string()),
            eager: true,
            ..TaskOptions::default()
        };
        let said = t.clone();
        let fast = async move { said.say(format!("fast {}", me())) };
        let fast = create_task_with(fast, eager("F"));
        t.say(format!("{} {}", fast.done(), me() == mine));
        let said = t.clone();
        let slow = async move {
            said.say("slow 1");
            yield_now().await;
            said.say("slow 2");
            2
        };
        let slow = create_task_with(slow, eager("S"));
        t.say(slow.done());
        t.say(slow.await);
    });
    let expected = ["fast F", "true true", "slow 1", "false", "slow 2", "2"];
    assert_eq!(trace, expected);
}

/// A task with an eager start, whatever it does.
fn eagerly<F: Future + 'static>(future: F) -> looplet::Task<F::Output> {
    let options = TaskOptions {
        eager: true,
        ..TaskOptions::default()
    };
    create_task_with(future, options)
}

#[test]
fn a_panic_of_an_eager_task_is_its_own_affair() {
    // C21
    run_virtual(async {
        let task = eagerly(async { panic!("oh no") });
        assert!(task.done());
        let outcome: Result<(), _> = task.join().await;
        assert_eq!(outcome.unwrap_err().to_string(), "the task panicked: oh no");
    });
}

#[test]
fn who_is_woken_by_the_task_it_starts_eagerly_goes_on() {
    let trace = traced(|t| async move {
        let event = looplet::Event::new();
        let (wait, set) = (event.clone(), event.clone());
        let outer = create_task(async move {
            let mut waiting = Box::pin(wait.wait());
            // The outer task waits, and the inner one, started in the same step, ends that.
            std::future::poll_fn(|context| {
                let polled = waiting.as_mut().poll(context);
                if polled.is_pending() {
                    let set = set.clone();
                    drop(eagerly(async move { set.set() }));
                }
                polled
            })
            .await;
        });
        outer.await;
        t.say("went on");
    });
    assert_eq!(trace, ["went on"]);
}

#[test]
fn who_starts_a_task_eagerly_while_it_waits_still_says_what_it_waits_for() {
    run_virtual(async {
        let event = looplet::Event::new();
        let outer = create_task(async move {
            let mut waiting = Box::pin(event.wait());
            std::future::poll_fn(|context| {
                let polled = waiting.as_mut().poll(context);
                eagerly(sleep(ms(60_000)));
                polled
            })
            .await;
        });
        outer.set_name("outer");
        yield_now().await;
        let tree = pstree(&get_running_loop()).expect("there is no circle");
        let lines: Vec<_> = tree.lines().collect();
        let behind = |name: &str| {
            let at = lines.iter().position(|line| line.ends_with(name));
            at.map_or("", |at| lines[at + 1])
        };
        assert!(
            behind("outer").ends_with("waits for an Event that nobody sets"),
            "{tree}"
        );
        assert!(behind("Task-3").ends_with("waits for sleep 60 s"), "{tree}");
    });
}

#[test]
fn a_cancel_on_its_way_out_does_not_reach_a_task_that_is_started_meanwhile() {
    struct Starts(Trace);
    impl Drop for Starts {
        fn drop(&mut self) {
            let t = self.0.clone();
            eagerly(async move {
                yield_now().await;
                t.say("not cancelled");
            });
        }
    }
    let trace = traced(|t| async move {
        let starts = Starts(t.clone());
        let task = create_task(async move {
            let _starts = starts;
            sleep(ms(9000)).await;
        });
        yield_now().await;
        task.cancel();
        let outcome = task.join().await;
        t.say(outcome.is_err());
        yield_now().await;
    });
    assert_eq!(trace, ["not cancelled", "true"]);
}

#[test]
fn a_loop_can_start_all_its_tasks_eagerly() {
    let builder = looplet::EventLoop::builder().eager_tasks(true);
    let event_loop = builder.build().unwrap();
    let done = event_loop.run_until_complete(async { create_task(async {}).done() });
    assert!(done.unwrap());
}

#[test]
fn the_context_of_a_task_is_the_one_it_runs_in() {
    run_virtual(async {
        let task = create_task(async {
            yield_now().await;
            let seen = number();
            NUMBER.set(8);
            yield_now().await;
            seen
        });
        let context = task.context().expect("it has not ended");
        context.run(|| drop(NUMBER.set(7)));
        yield_now().await;
        yield_now().await;
        assert_eq!(context.get(&NUMBER), Some(8));
        assert_eq!(number(), 0);
        assert_eq!((&task).await, 7);
        assert!(task.context().is_none());
    });
}

#[test]
fn a_runner_can_run_in_a_context_of_its_own() {
    let runner = Runner::with_loop(virtual_loop());
    let context = Context::new();
    let ran = runner.run_in(&context, async { drop(NUMBER.set(3)) });
    ran.expect("it ends by itself");
    let again = runner.run_in(&context, async { number() });
    assert_eq!(again.expect("it ends by itself"), 3);
    assert_eq!(
        runner.run(async { number() }).expect("it ends by itself"),
        0
    );
}
