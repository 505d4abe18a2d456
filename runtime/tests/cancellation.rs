//! How a cancel finds its way when one task polls several futures at once.
//!
//! Python has no `join!`, so no recorded trace covers this. Each test is a program with its
//! whole trace. Times are virtual.

mod common;

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use common::{Boxed, SayOnDrop, Trace, elapsed_ms, join, ms, panic_in, traced, turns, unordered};
use looplet::{
    TaskError, TimedOut, catch_cancel, create_task, current_task, get_running_loop, sleep, timeout,
    yield_now,
};

fn boxed<T>(future: impl Future<Output = T> + 'static) -> Boxed<T> {
    Box::pin(future)
}

/// Sleeps; says so when that was cancelled, cleans up for `cleanup` ms, and passes it on.
async fn guarded(trace: Trace, name: &'static str, cleanup: u64) {
    if let Err(cancelled) = catch_cancel(sleep(ms(900))).await {
        trace.say(format!("{name} cancelled"));
        sleep(ms(cleanup)).await;
        trace.say(format!("{name} clean"));
        cancelled.raise().await
    }
    trace.say(format!("{name} slept"));
}

/// Sleeps and returns a value, whether or not it was cancelled.
async fn stubborn(trace: Trace, name: &'static str) -> &'static str {
    if catch_cancel(sleep(ms(900))).await.is_err() {
        trace.say(format!("{name} swallows"));
    }
    name
}

#[test]
fn a_timeout_cancels_its_own_task_and_not_the_one_beside_it() {
    // J1
    let trace = traced(|t| async move {
        let sleeper = |name, time| {
            let t = t.clone();
            create_task(async move {
                match catch_cancel(sleep(ms(time))).await {
                    Ok(()) => t.say(format!("{name} slept")),
                    Err(cancelled) => {
                        t.say(format!("{name} cancelled"));
                        cancelled.raise().await
                    }
                }
                name
            })
        };
        let (t1, t2) = (sleeper("t1", 100), sleeper("t2", 150));
        let both = join(timeout(ms(10), t1.clone()), timeout(ms(200), t2.clone())).await;
        t.say(format!("{both:?} {} {}", t1.cancelled(), t2.cancelled()));
        t.say(current_task().expect("in a task").cancelling());
    });
    assert_eq!(
        trace,
        [
            "t1 cancelled",
            "t2 slept",
            "(Err(TimedOut), Ok(\"t2\")) true false",
            "0",
        ]
    );
}

#[test]
fn two_timeouts_of_one_task_expire_in_one_batch() {
    // J2
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        let short = || timeout(ms(10), sleep(ms(900)));
        t.say(format!("{:?}", join(short(), short()).await));
        t.say(format!("at {}", elapsed_ms(start)));
        sleep(ms(5)).await;
        t.say(format!("goes on at {}", elapsed_ms(start)));
    });
    assert_eq!(
        trace,
        ["(Err(TimedOut), Err(TimedOut))", "at 10", "goes on at 15"]
    );
}

#[test]
fn the_first_branch_cleans_up_and_the_second_is_dropped() {
    // J3
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let b = async {
                let _witness = SayOnDrop(inner.clone(), "B dropped");
                guarded(inner.clone(), "B", 10).await;
            };
            join(guarded(inner.clone(), "A", 10), b).await;
        });
        sleep(ms(5)).await;
        task.cancel();
        let outcome = task.join().await;
        t.say(format!("{} {}", task.cancelled(), outcome.is_err()));
        // Nothing is parked: no sleep of B, no wake of A.
        let left = get_running_loop().stats();
        t.say((left.tasks, left.ready, left.timers) == (1, 0, 0));
    });
    let expected = ["A cancelled", "A clean", "B dropped", "true true", "true"];
    assert_eq!(trace, expected);
}

#[test]
fn a_timeout_inside_a_foreign_combinator_reaches_its_leaf() {
    // J4
    let trace = traced(|t| async move {
        let (a, b) = (t.clone(), t.clone());
        let children = vec![
            boxed(async move {
                let result = timeout(ms(10), sleep(ms(900))).await;
                a.say(format!("first {result:?}"));
            }),
            boxed(async move {
                sleep(ms(50)).await;
                b.say("second slept");
            }),
        ];
        unordered(children).await;
        t.say(current_task().expect("in a task").cancelling());
    });
    assert_eq!(trace, ["first Err(TimedOut)", "second slept", "0"]);
}

#[test]
fn a_scope_inside_a_foreign_combinator_sees_the_request() {
    // J5
    let trace = traced(|t| async move {
        let child = guarded(t.clone(), "child", 10);
        let task = create_task(async move { unordered(vec![boxed(child)]).await });
        sleep(ms(5)).await;
        task.cancel();
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["child cancelled", "child clean", "true"]);
}

#[test]
fn only_the_first_of_two_scopes_sees_a_request_that_is_passed_on() {
    // J6
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let a = async {
                if let Err(cancelled) = catch_cancel(sleep(ms(900))).await {
                    inner.say("A cancelled");
                    cancelled.raise().await
                }
            };
            join(a, stubborn(inner.clone(), "B")).await;
            inner.say("not reached");
        });
        sleep(ms(5)).await;
        task.cancel();
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["A cancelled", "true"]);
}

#[test]
fn a_join_does_not_swallow_the_request_of_the_one_who_joins() {
    // J7
    let trace = traced(|t| async move {
        let inner = create_task(guarded(t.clone(), "inner", 10));
        let (joined, words) = (inner.clone(), t.clone());
        let outer = create_task(async move {
            let outcome = joined.join().await;
            words.say(format!("not reached: {outcome:?}"));
        });
        sleep(ms(5)).await;
        outer.cancel();
        let _ = outer.join().await;
        t.say(format!("{} {}", inner.cancelled(), outer.cancelled()));
    });
    assert_eq!(trace, ["inner cancelled", "inner clean", "true true"]);
}

#[test]
fn a_join_returns_a_cancel_that_somebody_else_asked_for() {
    let trace = traced(|t| async move {
        let inner = create_task(sleep(ms(900)));
        let joined = inner.clone();
        let outer = create_task(async move { joined.join().await.is_err() });
        sleep(ms(5)).await;
        inner.cancel();
        t.say(format!("{} {}", (&outer).await, outer.cancelled()));
    });
    assert_eq!(trace, ["true false"]);
}

#[test]
fn a_timeout_around_a_join_times_out() {
    // J8
    let trace = traced(|t| async move {
        let inner = create_task(guarded(t.clone(), "inner", 10));
        let joined = inner.clone();
        let result = timeout(ms(10), async move { joined.join().await.is_err() }).await;
        t.say(format!("{result:?} {}", inner.cancelled()));
        let inner = create_task(sleep(ms(900)));
        let result = timeout(ms(10), inner.join()).await;
        t.say(format!("{} {}", result.is_err(), inner.cancelled()));
    });
    assert_eq!(
        trace,
        [
            "inner cancelled",
            "inner clean",
            "Err(TimedOut) true",
            "true true",
        ]
    );
}

#[test]
fn cancelling_one_awaiter_of_a_promise_cancels_it_for_all() {
    // J9
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<()>();
        let wait = |promise: looplet::Promise<()>| create_task(async move { (&promise).await });
        let (a, b) = (wait(promise.clone()), wait(promise.clone()));
        yield_now().await;
        a.cancel();
        t.say(format!("{} {} {}", promise.cancelled(), a.done(), b.done()));
        yield_now().await;
        t.say(format!("{} {}", a.cancelled(), b.cancelled()));
    });
    assert_eq!(trace, ["true false false", "true true"]);
}

/// Does everything in its `Drop` that a `Drop` may do.
struct BusyDrop(Trace, looplet::Promise<u32>);

impl Drop for BusyDrop {
    fn drop(&mut self) {
        let (trace, promise) = (self.0.clone(), self.1.clone());
        let said = trace.clone();
        create_task(async move { said.say("spawned by a drop") });
        current_task().expect("in a task").cancel();
        trace.say(format!("set: {:?}", promise.set_result(7)));
        drop(sleep(ms(1)));
        get_running_loop().call_soon(trace.sayer("called by a drop"));
    }
}

#[test]
fn a_drop_inside_a_scope_may_spawn_and_cancel_and_settle() {
    // J10
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let busy = BusyDrop(t.clone(), promise.clone());
        let inner = t.clone();
        let task = create_task(async move {
            let body = async move {
                let _busy = busy;
                sleep(ms(900)).await;
            };
            let caught = catch_cancel(body).await.is_err();
            inner.say(format!("caught {caught}"));
            if catch_cancel(sleep(ms(900))).await.is_err() {
                inner.say("the cancel from the drop");
            }
        });
        sleep(ms(5)).await;
        task.cancel();
        t.say(promise.await);
        let _ = task.join().await;
        t.say(format!("{} {}", task.cancelled(), task.cancelling()));
    });
    assert_eq!(
        trace,
        [
            "set: Ok(())",
            "caught true",
            // In the order in which the drop asked for them; the main task was woken between.
            "spawned by a drop",
            "7",
            "called by a drop",
            "the cancel from the drop",
            "false 2",
        ]
    );
}

#[test]
fn a_drop_at_the_end_of_a_cancelled_task_may_do_the_same() {
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let busy = BusyDrop(t.clone(), promise.clone());
        let task = create_task(async move {
            let _busy = busy;
            sleep(ms(900)).await;
        });
        sleep(ms(5)).await;
        task.cancel();
        t.say(promise.await);
        let _ = task.join().await;
        t.say(task.cancelled());
        turns(2).await;
    });
    assert_eq!(
        trace,
        [
            "set: Ok(())",
            "spawned by a drop",
            "7",
            "true",
            "called by a drop",
        ]
    );
}

#[test]
fn a_self_cancel_passes_what_is_done_and_hits_what_is_not() {
    // J11
    let trace = traced(|t| async move {
        let event_loop = get_running_loop();
        let (done, open) = (
            event_loop.create_promise(),
            event_loop.create_promise::<()>(),
        );
        done.set_result("value").expect("it is new");
        let (inner, open_too) = (t.clone(), open.clone());
        let task = create_task(async move {
            current_task().expect("in a task").cancel();
            inner.say(done.await);
            get_running_loop().call_soon(inner.sayer("the next turn"));
            if let Err(cancelled) = catch_cancel(open_too).await {
                inner.say("raised");
                cancelled.raise().await
            }
        });
        let _ = task.join().await;
        t.say(format!("{} {}", task.cancelled(), open.cancelled()));
    });
    assert_eq!(trace, ["value", "the next turn", "raised", "true true"]);
}

#[test]
fn a_self_cancel_in_a_handler_is_delivered_at_the_next_await() {
    // J12
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let body = async {
                if let Err(cancelled) = catch_cancel(sleep(ms(900))).await {
                    inner.say("inner handler");
                    current_task().expect("in a task").cancel();
                    cancelled.raise().await
                }
            };
            if catch_cancel(body).await.is_err() {
                inner.say("outer handler");
                if let Err(cancelled) = catch_cancel(sleep(ms(900))).await {
                    inner.say("second request");
                    cancelled.raise().await
                }
            }
        });
        sleep(ms(5)).await;
        task.cancel();
        let _ = task.join().await;
        t.say(format!("{} {}", task.cancelled(), task.cancelling()));
    });
    assert_eq!(
        trace,
        ["inner handler", "outer handler", "second request", "true 2"]
    );
}

#[test]
fn of_two_overdue_timeouts_the_outer_one_times_out() {
    // J13
    // A turn costs the virtual clock 1 µs, so both deadlines pass during the first one.
    for (outer, inner) in [(100, 200), (200, 100)] {
        let trace = traced(move |t| async move {
            let words = t.clone();
            let body = async move {
                let result = timeout(Duration::from_nanos(inner), sleep(ms(900))).await;
                words.say(format!("inner {result:?}"));
            };
            let result = timeout(Duration::from_nanos(outer), body).await;
            t.say(format!("outer {result:?}"));
            t.say(current_task().expect("in a task").cancelling());
        });
        assert_eq!(
            trace,
            ["outer Err(TimedOut)", "0"],
            "{outer} around {inner}"
        );
    }
}

#[test]
fn the_value_of_a_foreign_future_is_kept_when_a_request_arrives_with_it() {
    // J14
    let trace = traced(|t| async move {
        let slot = Rc::new(RefCell::new((None, None)));
        let (seen, inner) = (slot.clone(), t.clone());
        let task = create_task(async move {
            let foreign = poll_fn(move |context| {
                let mut slot = seen.borrow_mut();
                slot.1 = Some(context.waker().clone());
                slot.0.take().map_or(Poll::Pending, Poll::Ready)
            });
            let value: &str = foreign.await;
            inner.say(value);
            if let Err(cancelled) = catch_cancel(sleep(ms(1))).await {
                inner.say("raised");
                cancelled.raise().await
            }
        });
        turns(2).await;
        let waker = {
            let mut slot = slot.borrow_mut();
            slot.0 = Some("foreign value");
            slot.1.take().expect("the task waits")
        };
        waker.wake();
        task.cancel();
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["foreign value", "raised", "true"]);
}

#[test]
fn a_stubborn_task_beside_a_sleep_does_not_eat_the_request() {
    // J15
    for task_first in [true, false] {
        let trace = traced(move |t| async move {
            let inner = create_task(stubborn(t.clone(), "inner"));
            let awaited = inner.clone();
            let task = create_task(async move {
                let nap = sleep(ms(60));
                if task_first {
                    join(awaited, nap).await;
                } else {
                    join(nap, awaited).await;
                }
            });
            sleep(ms(5)).await;
            task.cancel();
            let _ = task.join().await;
            t.say(format!("{} {}", task.cancelled(), inner.done()));
        });
        assert_eq!(trace, ["true false", "inner swallows"]);
    }
}

#[test]
fn one_task_is_awaited_by_reference_by_value_and_once_too_often() {
    // J19
    let trace = traced(|t| async move {
        let task = create_task(async { "value".to_string() });
        for name in ["a", "b"] {
            let (task, t) = (task.clone(), t.clone());
            create_task(async move { t.say(format!("{name} {}", (&task).await)) });
        }
        turns(3).await;
        t.say(task.clone().await);
        t.say(panic_in(task.into_future()).await);
        t.say("the loop goes on");
    });
    assert_eq!(
        trace,
        [
            "a value",
            "b value",
            "value",
            "the value was already taken by an earlier await",
            "the loop goes on",
        ]
    );
}

#[test]
fn a_request_before_the_wake_that_came_first_loses_the_value() {
    // asyncio's B11: the promise is set, and the task cancelled before it could run.
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise();
        let (inner, awaited) = (t.clone(), promise.clone());
        let task = create_task(async move {
            match catch_cancel(&awaited).await {
                Ok(value) => inner.say(format!("got {value}")),
                Err(_cancelled) => inner.say(format!("cancelled, {:?}", awaited.result())),
            }
        });
        yield_now().await;
        promise.set_result(5).expect("it is new");
        t.say(task.cancel());
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["true", "cancelled, Ok(Ok(5))", "false"]);
}

#[test]
fn a_cancelled_sleep_does_not_disturb_the_count_of_the_next_task() {
    // The leaf of the first task is dropped at the end of its last step. If that were counted
    // in the step that follows, the second task would seem to wait for nothing, and the
    // request would not be forwarded to the promise.
    let trace = traced(|t| async move {
        let promise = get_running_loop().create_promise::<()>();
        let sleeper = create_task(sleep(ms(900)));
        let awaited = promise.clone();
        let go = looplet::Event::new();
        let gate = go.clone();
        let waiter = create_task(async move {
            gate.wait().await;
            awaited.await;
        });
        yield_now().await;
        // In one turn: the end of the sleeper, then the step that begins to wait.
        sleeper.cancel();
        go.set();
        turns(2).await;
        waiter.cancel();
        t.say(format!("{} {}", promise.cancelled(), sleeper.cancelled()));
    });
    assert_eq!(trace, ["true true"]);
}

#[test]
fn two_tasks_that_await_each_other_can_be_cancelled() {
    let trace = traced(|t| async move {
        type Other = Rc<RefCell<Option<looplet::Task<()>>>>;
        let first: Other = Rc::default();
        let wait = |other: &Other| {
            let other = other.clone();
            create_task(async move {
                yield_now().await;
                let other = other.borrow().clone().expect("both are spawned");
                (&other).await
            })
        };
        let a = wait(&first);
        let second: Other = Rc::new(RefCell::new(Some(a.clone())));
        let b = wait(&second);
        first.replace(Some(b.clone()));
        turns(3).await;
        t.say(a.cancel());
        turns(4).await;
        t.say(format!("{} {}", a.cancelled(), b.cancelled()));
        first.take();
    });
    assert_eq!(trace, ["true", "true true"]);
}

#[test]
fn a_timeout_of_a_foreign_future_ends_inside_a_foreign_combinator() {
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        let children = vec![
            boxed(async {
                let result: Result<(), TimedOut> = timeout(ms(10), pending()).await;
                format!("{result:?}")
            }),
            boxed(async {
                sleep(ms(50)).await;
                "slept".to_string()
            }),
        ];
        let ends = unordered(children).await;
        t.say(format!("{ends:?} at {}", elapsed_ms(start)));
    });
    assert_eq!(trace, ["[\"Err(TimedOut)\", \"slept\"] at 50"]);
}

#[test]
fn a_future_that_was_only_lent_to_a_timeout_goes_on() {
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        let mut nap = Box::pin(sleep(ms(30)));
        let result = timeout(ms(10), nap.as_mut()).await;
        t.say(format!("{result:?} at {}", elapsed_ms(start)));
        nap.await;
        t.say(format!("slept at {}", elapsed_ms(start)));
    });
    assert_eq!(trace, ["Err(TimedOut) at 10", "slept at 30"]);
}

#[test]
fn the_shorter_of_nested_timeouts_passes_through_the_longer_one() {
    // asyncio's D25.
    let trace = traced(|t| async move {
        let words = t.clone();
        let result = timeout(ms(10), async move {
            let body = timeout(ms(5000), sleep(ms(9000)));
            if let Err(cancelled) = catch_cancel(body).await {
                words.say(format!("inner block saw {:?}", cancelled.reason()));
                cancelled.raise().await
            }
        })
        .await;
        t.say(format!("{result:?}"));
    });
    assert_eq!(trace, ["inner block saw TimedOut", "Err(TimedOut)"]);
}

#[test]
fn a_timeout_of_zero_fires_at_the_first_await_and_not_before() {
    // asyncio's D26.
    let trace = traced(|t| async move {
        t.say(format!("{:?}", timeout(ms(0), async { 1 }).await));
        t.say(format!("{:?}", timeout(ms(0), yield_now()).await));
        t.say(format!("{:?}", timeout(ms(0), sleep(ms(0))).await));
    });
    assert_eq!(trace, ["Ok(1)", "Err(TimedOut)", "Err(TimedOut)"]);
}

#[test]
fn a_value_returned_after_the_deadline_counts() {
    // asyncio's D29, where the body raises an error of its own.
    let trace = traced(|t| async move {
        let body = async {
            match catch_cancel(sleep(ms(9000))).await {
                Ok(()) => "slept",
                Err(_cancelled) => "mine",
            }
        };
        t.say(format!("{:?}", timeout(ms(10), body).await));
    });
    assert_eq!(trace, ["Ok(\"mine\")"]);
}

#[test]
fn a_request_from_outside_is_stronger_than_a_timeout() {
    // asyncio's D30.
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let me = || current_task().expect("in a task");
            let body = timeout(ms(10), async {
                if let Err(cancelled) = catch_cancel(sleep(ms(9000))).await {
                    me().cancel();
                    cancelled.raise().await
                }
            });
            if let Err(cancelled) = catch_cancel(body).await {
                inner.say(format!("cancelled {}", me().cancelling()));
                cancelled.raise().await
            }
        });
        let _ = task.join().await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["cancelled 1", "true"]);
}

#[test]
fn a_request_through_a_timeout_is_not_a_timeout() {
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let result = timeout(ms(100), guarded(inner.clone(), "body", 10)).await;
            inner.say(format!("not reached {result:?}"));
        });
        sleep(ms(5)).await;
        task.cancel_with("why");
        let outcome = task.join().await;
        let Err(TaskError::Cancelled(cause)) = outcome else {
            panic!("the task was cancelled")
        };
        t.say(format!("{:?}", cause.message()));
    });
    assert_eq!(trace, ["body cancelled", "body clean", "Some(\"why\")"]);
}

#[test]
fn a_request_finds_a_leaf_after_the_last_one_that_waited_has_ended() {
    let trace = traced(|t| async move {
        let child = guarded(t.clone(), "child", 10);
        let task = create_task(async move {
            unordered(vec![boxed(child), boxed(sleep(ms(5)))]).await;
        });
        sleep(ms(20)).await;
        task.cancel();
        sleep(ms(20)).await;
        t.say(format!("{} {}", task.done(), task.cancelled()));
    });
    assert_eq!(trace, ["child cancelled", "child clean", "true true"]);
}

#[test]
fn requests_to_a_timeout_count_for_the_task_around_it_until_the_timeout_ends() {
    let trace = traced(|t| async move {
        let seen = t.clone();
        let body = async move {
            let caught = catch_cancel(sleep(ms(900))).await;
            let me = looplet::current_task().expect("a task is running");
            seen.say(format!("{} {}", caught.is_err(), me.cancelling()));
        };
        let _ = timeout(ms(10), body).await;
        let me = looplet::current_task().expect("a task is running");
        t.say(me.cancelling().to_string());
    });
    assert_eq!(trace, ["true 1", "0"]);
}
