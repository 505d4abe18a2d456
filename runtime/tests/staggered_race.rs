//! `staggered_race`: who starts when, who wins, and what becomes of the others (D43).

mod common;

use std::time::Duration;

use common::{Trace, elapsed_ms, ms, traced, turns};
use looplet::{
    Race, RaceError, TaskError, all_tasks, catch_cancel, create_task, get_running_loop, sleep,
    staggered_race, yield_now,
};

const NEVER: u64 = 9000;

async fn val(t: Trace, name: &'static str, time: u64) -> Result<&'static str, String> {
    t.say(format!("start {name}"));
    match catch_cancel(sleep(ms(time))).await {
        Ok(()) => t.say(format!("end {name}")),
        Err(cancelled) => {
            t.say(format!("cancelled {name}"));
            cancelled.raise().await
        }
    }
    Ok(name)
}

async fn bad(t: Trace, name: &'static str, time: u64) -> Result<&'static str, String> {
    t.say(format!("start {name}"));
    sleep(ms(time)).await;
    t.say(format!("raise {name}"));
    Err(name.to_string())
}

fn boxed(
    future: impl Future<Output = Result<&'static str, String>> + 'static,
) -> common::Boxed<Result<&'static str, String>> {
    Box::pin(future)
}

fn told(race: &Race<&'static str, String>) -> String {
    let word = |error: &Option<RaceError<String>>| match error {
        None => "-".to_string(),
        Some(RaceError::Failed(error)) => error.clone(),
        Some(RaceError::Ended(TaskError::Cancelled(cause))) => {
            cause.message().unwrap_or("cancelled").to_string()
        }
        Some(RaceError::Ended(failure)) => failure.to_string(),
    };
    let errors: Vec<_> = race.errors.iter().map(word).collect();
    format!("{:?} {errors:?}", race.winner)
}

#[test]
fn the_next_starts_when_one_fails_or_the_delay_is_over_and_the_losers_are_cancelled() {
    // D43
    let trace = traced(|t| async move {
        let futures = [
            boxed(bad(t.clone(), "a", 10)),
            boxed(val(t.clone(), "b", 30)),
            boxed(val(t.clone(), "c", NEVER)),
        ];
        let race = staggered_race(futures, Some(ms(20))).await;
        t.say(told(&race));
    });
    assert_eq!(
        trace,
        [
            "start a",
            "raise a",
            "start b",
            "start c",
            "end b",
            "cancelled c",
            "Some((\"b\", 1)) [\"a\", \"-\", \"another one was faster\"]",
        ]
    );
}

#[test]
fn without_a_delay_the_next_starts_only_after_a_failure() {
    let trace = traced(|t| async move {
        let begin = get_running_loop().time();
        let futures = [
            boxed(bad(t.clone(), "a", 500)),
            boxed(val(t.clone(), "b", 500)),
            boxed(val(t.clone(), "never", 1)),
        ];
        let race = staggered_race(futures, None).await;
        t.say(format!("{} {}", told(&race), elapsed_ms(begin)));
    });
    assert_eq!(
        trace,
        [
            "start a",
            "raise a",
            "start b",
            "end b",
            "Some((\"b\", 1)) [\"a\", \"-\"] 1000",
        ]
    );
}

#[test]
fn only_the_failure_of_the_one_started_last_starts_the_next() {
    let trace = traced(|t| async move {
        let futures = [
            boxed(bad(t.clone(), "a", 25)),
            boxed(bad(t.clone(), "b", 40)),
            boxed(val(t.clone(), "c", 1)),
        ];
        let begin = get_running_loop().time();
        let race = staggered_race(futures, Some(ms(20))).await;
        t.say(format!("{} {}", told(&race), elapsed_ms(begin)));
    });
    assert_eq!(
        trace,
        [
            "start a",
            "start b",
            "raise a",
            "start c",
            "end c",
            "Some((\"c\", 2)) [\"a\", \"cancelled\", \"-\"] 41",
        ]
        .map(|line| line.replace("\"cancelled\"", "\"another one was faster\""))
    );
}

#[test]
fn a_delay_that_is_over_together_with_a_failure_starts_only_one() {
    // The failure is a little earlier, so that there is a turn in which both are heard of.
    for early in 0..8 {
        let trace = traced(|t| async move {
            let event_loop = get_running_loop();
            let fail_at = event_loop.time() + ms(10) - Duration::from_micros(early);
            let said = t.clone();
            let futures = [
                boxed(async move {
                    sleep(ms(9)).await;
                    while get_running_loop().time() < fail_at {
                        yield_now().await;
                    }
                    said.say("raise a");
                    Err("a".to_string())
                }),
                boxed(val(t.clone(), "b", 5)),
                boxed(val(t.clone(), "c", 1)),
            ];
            t.say(told(&staggered_race(futures, Some(ms(10))).await));
        });
        let last = "Some((\"b\", 1)) [\"a\", \"-\"]";
        assert_eq!(trace.last().map(String::as_str), Some(last), "{early}");
    }
}

#[test]
fn nobody_starts_while_the_losers_clean_up() {
    let trace = traced(|t| async move {
        let said = t.clone();
        let slow = async move {
            if let Err(cancelled) = catch_cancel(sleep(ms(NEVER))).await {
                sleep(ms(50)).await;
                said.say("cleaned up");
                cancelled.raise().await
            }
            Ok("slow")
        };
        let futures = [
            boxed(slow),
            boxed(val(t.clone(), "b", 5)),
            boxed(val(t.clone(), "never", 1)),
        ];
        t.say(told(&staggered_race(futures, Some(ms(10))).await));
    });
    assert_eq!(
        trace,
        [
            "start b",
            "end b",
            "cleaned up",
            "Some((\"b\", 1)) [\"another one was faster\", \"-\"]",
        ]
    );
}

#[test]
fn nobody_wins_if_all_fail_and_a_panic_is_a_failure() {
    let trace = traced(|t| async move {
        let futures = [boxed(bad(t.clone(), "a", 1)), boxed(async { panic!("b") })];
        t.say(told(&staggered_race(futures, Some(ms(20))).await));
        let none: [common::Boxed<Result<&'static str, String>>; 0] = [];
        t.say(told(&staggered_race(none, None).await));
    });
    assert_eq!(
        trace,
        [
            "start a",
            "raise a",
            "None [\"a\", \"the task panicked: b\"]",
            "None []",
        ]
    );
}

#[test]
fn a_value_that_comes_with_that_of_the_winner_is_dropped() {
    let trace = traced(|t| async move {
        let futures = [
            boxed(val(t.clone(), "a", 30)),
            boxed(val(t.clone(), "b", 10)),
        ];
        let race = staggered_race(futures, Some(ms(20))).await;
        t.say(told(&race));
    });
    assert_eq!(
        trace,
        [
            "start a",
            "start b",
            "end a",
            "end b",
            "Some((\"a\", 0)) [\"-\", \"-\"]",
        ]
    );
}

#[test]
fn cancelling_the_awaiter_cancels_all_and_waits_for_them() {
    let trace = traced(|t| async move {
        let futures = ["a", "b", "c"].map(|name| val(t.clone(), name, NEVER));
        let task = create_task(staggered_race(futures, Some(ms(2))));
        sleep(ms(3)).await;
        task.cancel();
        t.say(task.join().await.is_err());
        turns(1).await;
        t.say(all_tasks().len());
    });
    assert_eq!(
        trace,
        [
            "start a",
            "start b",
            "cancelled a",
            "cancelled b",
            "true",
            "1"
        ]
    );
}
