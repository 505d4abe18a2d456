//! `map_concurrent`: how many run at the same time, what is taken when, and how it ends.

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::{SayOnDrop, Trace, ms, panic_in, traced, turns};
use looplet::{
    all_tasks, catch_cancel, create_task, current_task, map_concurrent, sleep, timeout,
    try_map_concurrent, yield_now,
};

const NEVER: u64 = 9000;

/// Sleeps; says when it is cancelled, and that it has cleaned up.
async fn work(t: Trace, number: u64, time: u64) -> u64 {
    match catch_cancel(sleep(ms(time))).await {
        Ok(()) => t.say(format!("end {number}")),
        Err(cancelled) => {
            t.say(format!("cancelled {number}"));
            sleep(ms(5)).await;
            t.say(format!("cleaned up {number}"));
            cancelled.raise().await
        }
    }
    number
}

fn taken(t: &Trace, items: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    items.inspect(|number| t.say(format!("take {number}")))
}

#[test]
fn an_item_is_taken_when_there_is_room_and_results_come_in_order() {
    let trace = traced(|t| async move {
        let times = [0, 30, 10, 10, 10];
        let f = |number| work(t.clone(), number, times[number as usize]);
        let results = map_concurrent(taken(&t, 1..=4), 2, f).await;
        t.say(format!("{results:?}"));
    });
    assert_eq!(
        trace,
        [
            "take 1",
            "take 2",
            "end 2",
            "take 3",
            "end 3",
            "take 4",
            "end 1",
            "end 4",
            "[1, 2, 3, 4]",
        ]
    );
}

#[test]
fn never_more_than_the_limit_run_at_the_same_time() {
    for limit in [0, 1, 3, 100] {
        let most = Rc::new(Cell::new(0));
        let seen = most.clone();
        let results = common::run_virtual(async move {
            let running = Rc::new(Cell::new(0));
            map_concurrent(0..20_u64, limit, |number| {
                let (running, seen) = (running.clone(), seen.clone());
                async move {
                    running.set(running.get() + 1);
                    seen.set(seen.get().max(running.get()));
                    sleep(ms(number * 7 % 5)).await;
                    running.set(running.get() - 1);
                    number
                }
            })
            .await
        });
        assert_eq!(results, (0..20).collect::<Vec<_>>());
        assert_eq!(most.get(), limit.clamp(1, 20));
    }
}

#[test]
fn no_items_give_no_results_and_no_turn() {
    let trace = traced(|t| async move {
        let ticks = common::Ticks::start();
        let none = map_concurrent(0..0_u64, 2, |number| async move { number }).await;
        t.say(format!("{none:?} {}", ticks.count()));
    });
    assert_eq!(trace, ["[] 1"]);
}

#[test]
fn ten_thousand_items_leave_no_more_than_the_limit_in_memory() {
    let trace = traced(|t| async move {
        let most = Rc::new(Cell::new(0));
        let seen = most.clone();
        let results = map_concurrent(0..10_000, 4, |number: usize| {
            seen.set(seen.get().max(all_tasks().len()));
            async move {
                turns(number % 3).await;
                number
            }
        })
        .await;
        t.say(results.len());
        // Its own task, three others, and one that has ended in this turn.
        t.say(most.get() <= 5);
    });
    assert_eq!(trace, ["10000", "true"]);
}

#[test]
fn the_first_error_ends_it_when_the_others_have_cleaned_up() {
    let trace = traced(|t| async move {
        let f = |number| {
            let t = t.clone();
            async move {
                if number == 2 {
                    sleep(ms(10)).await;
                    return Err("two");
                }
                Ok(work(t, number, NEVER).await)
            }
        };
        let results = try_map_concurrent(taken(&t, 1..=9), 3, f).await;
        t.say(format!("{results:?} {}", all_tasks().len()));
        let fine = try_map_concurrent(1..=3, 3, |n| async move { Ok::<_, ()>(n) }).await;
        t.say(format!("{fine:?}"));
    });
    assert_eq!(
        trace,
        [
            "take 1",
            "take 2",
            "take 3",
            "cancelled 1",
            "cancelled 3",
            "cleaned up 1",
            "cleaned up 3",
            "Err(\"two\") 1",
            "Ok([1, 2, 3])",
        ]
    );
}

#[test]
fn the_first_panic_ends_it_and_goes_on_in_the_awaiter() {
    let trace = traced(|t| async move {
        let f = |number| {
            let t = t.clone();
            async move {
                assert!(number != 2, "two");
                work(t, number, NEVER).await
            }
        };
        t.say(panic_in(map_concurrent(1..=2, 3, f)).await);
    });
    assert_eq!(trace, ["cancelled 1", "cleaned up 1", "two"]);
}

#[test]
fn a_panic_of_a_child_that_was_cancelled_is_reported() {
    let trace = traced(|t| async move {
        let f = |number| async move {
            if number == 1 {
                return Err("one");
            }
            let _caught = catch_cancel(sleep(ms(NEVER))).await;
            panic!("in the clean-up");
        };
        let results: Result<Vec<()>, _> = try_map_concurrent(1..=2, 2, f).await;
        t.say(format!("{results:?}"));
    });
    let [report, result] = trace.as_slice() else {
        panic!("{trace:?}")
    };
    assert!(report.starts_with("HANDLER a panic was never retrieved in Task-"));
    assert!(report.ends_with(": in the clean-up"));
    assert_eq!(result, "Err(\"one\")");
}

#[test]
fn a_child_that_is_cancelled_by_somebody_cancels_the_awaiter() {
    let trace = traced(|t| async move {
        let f = |number| {
            let t = t.clone();
            async move {
                if number == 2 {
                    current_task().expect("in a task").cancel();
                    yield_now().await;
                }
                work(t, number, NEVER).await
            }
        };
        let caught = catch_cancel(map_concurrent(1..=2, 3, f)).await;
        t.say(caught.is_err());
    });
    assert_eq!(trace, ["cancelled 1", "cleaned up 1", "true"]);
}

#[test]
fn cancelling_the_awaiter_cancels_the_children_and_waits_for_them() {
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let f = |number| work(inner.clone(), number, NEVER);
            map_concurrent(taken(&inner, 1..=9), 2, f).await
        });
        turns(3).await;
        t.say(task.cancel_with("enough"));
        let Err(looplet::TaskError::Cancelled(cause)) = task.join().await else {
            panic!("it is cancelled")
        };
        t.say(format!("{:?} {}", cause.message(), all_tasks().len()));
    });
    assert_eq!(
        trace,
        [
            "take 1",
            "take 2",
            "true",
            "cancelled 1",
            "cancelled 2",
            "cleaned up 1",
            "cleaned up 2",
            "Some(\"enough\") 1",
        ]
    );
}

#[test]
fn a_second_cancel_reaches_the_clean_up_of_the_children() {
    let trace = traced(|t| async move {
        let inner = t.clone();
        let task = create_task(async move {
            let f = |number| work(inner.clone(), number, NEVER);
            map_concurrent(1..=2, 2, f).await
        });
        turns(3).await;
        task.cancel();
        sleep(ms(2)).await;
        task.cancel();
        t.say(task.join().await.is_err());
        sleep(ms(9)).await;
        t.say(all_tasks().len());
    });
    assert_eq!(trace, ["cancelled 1", "cancelled 2", "true", "1"]);
}

#[test]
fn dropping_it_cancels_the_children_and_takes_no_more() {
    let trace = traced(|t| async move {
        let map = map_concurrent(taken(&t, 1..=9), 2, |number| work(t.clone(), number, NEVER));
        let mut map = Box::pin(map);
        std::future::poll_fn(|context| {
            assert!(map.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        })
        .await;
        turns(2).await;
        drop(map);
        t.say("dropped");
        sleep(ms(9)).await;
        t.say(all_tasks().len());
    });
    assert_eq!(
        trace,
        [
            "take 1",
            "take 2",
            "dropped",
            "cancelled 1",
            "cancelled 2",
            "cleaned up 1",
            "cleaned up 2",
            "1",
        ]
    );
}

#[test]
fn a_timeout_around_it_waits_for_the_clean_up_and_then_times_out() {
    let trace = traced(|t| async move {
        let f = |number| work(t.clone(), number, NEVER);
        let mapped = timeout(ms(10), map_concurrent(1..=2, 1, f)).await;
        t.say(format!("{mapped:?}"));
    });
    assert_eq!(trace, ["cancelled 1", "cleaned up 1", "Err(TimedOut)"]);
}

#[test]
fn a_function_that_panics_takes_the_children_with_it() {
    let trace = traced(|t| async move {
        let f = |number| {
            assert!(number != 2, "in the function");
            let (t, here) = (t.clone(), SayOnDrop(t.clone(), "gone"));
            async move {
                let _here = here;
                work(t, number, NEVER).await
            }
        };
        t.say(panic_in(map_concurrent(1..=2, 2, f)).await);
        turns(2).await;
        t.say(all_tasks().len());
    });
    assert_eq!(trace, ["in the function", "gone", "1"]);
}
