//! Task groups: who is cancelled when something fails, in which order, and what comes out.
//!
//! The ids in comments are those of the traces recorded from asyncio, and of the programs with
//! several futures in one task.

mod common;

use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use common::{SayOnDrop, Trace, join, ms, panic_in, run_virtual, traced, turns};
use looplet::{
    ErrorGroup, Event, GroupStateError, TaskError, TaskGroup, catch_cancel, create_task,
    current_task, sleep, timeout, yield_now,
};

/// Sleeps, says how that ended, and gives its name.
async fn val<E>(t: Trace, name: &'static str, time: u64) -> Result<&'static str, E> {
    match catch_cancel(sleep(ms(time))).await {
        Ok(()) => t.say(format!("end {name}")),
        Err(cancelled) => {
            t.say(format!("cancelled {name}"));
            cancelled.raise().await
        }
    }
    Ok(name)
}

/// Sleeps and fails with its name.
async fn bad(t: Trace, name: &'static str, time: u64) -> Result<(), String> {
    sleep(ms(time)).await;
    t.say(format!("raise {name}"));
    Err(name.to_string())
}

/// Waits, says that it was cancelled, cleans up for 50 ms, and says so.
async fn tidy(t: Trace) -> Result<(), String> {
    let Err(first) = catch_cancel(sleep(ms(9000))).await else {
        return Ok(());
    };
    t.say("cleaning up");
    match catch_cancel(sleep(ms(50))).await {
        Ok(()) => t.say("cleaned up"),
        Err(_second) => t.say("clean-up cancelled"),
    }
    first.raise().await
}

fn cancelling() -> u32 {
    current_task().expect("in a task").cancelling()
}

#[test]
fn a_group_waits_for_all_its_tasks_when_the_body_has_returned() {
    // D31
    let trace = traced(|t| async move {
        let group = TaskGroup::<Infallible>::scope(async |group| {
            let a = group.create_task(val(t.clone(), "a", 20));
            let b = group.create_task(val(t.clone(), "b", 10));
            t.say("body end");
            Ok((a, b))
        });
        let (a, b) = group.await.unwrap();
        t.say(format!("after {} {}", a.await, b.await));
    });
    assert_eq!(trace, ["body end", "end b", "end a", "after a b"]);
}

#[test]
fn the_first_failure_cancels_the_other_tasks_and_then_the_body() {
    // D32
    let trace = traced(|t| async move {
        let outcome = TaskGroup::scope(async |group| {
            group.create_task(val(t.clone(), "a", 9000));
            group.create_task(bad(t.clone(), "b", 10));
            let Err(cancelled) = catch_cancel(sleep(ms(9000))).await else {
                return Ok(());
            };
            t.say(format!("body cancelled: {:?}", cancelled.reason()));
            cancelled.raise().await
        })
        .await;
        t.say(outcome.unwrap_err());
        t.say(format!("cancelling {}", cancelling()));
    });
    let expected = [
        "raise b",
        "cancelled a",
        "body cancelled: SiblingFailed",
        "1 error in a task group: b",
        "cancelling 0",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn errors_of_tasks_that_fail_while_they_are_cancelled_are_collected() {
    // D33
    let errors = run_virtual(async {
        let outcome = TaskGroup::scope(async |group| {
            group.create_task(bad(Trace::default(), "one", 10));
            group.create_task(async {
                let _cancelled = catch_cancel(sleep(ms(9000))).await;
                Err::<(), _>("two".to_string())
            });
            Ok(())
        });
        outcome.await.unwrap_err().into_errors()
    });
    assert_eq!(errors, ["one", "two"]);
}

#[test]
fn a_task_that_is_cancelled_by_itself_is_no_failure() {
    // D34
    let trace = traced(|t| async move {
        let group = TaskGroup::<String>::scope(async |group| {
            let a = group.create_task(val(t.clone(), "a", 9000));
            group.create_task(val(t.clone(), "b", 20));
            yield_now().await;
            a.cancel();
            Ok(a)
        });
        let a = group.await.unwrap();
        t.say(a.cancelled());
    });
    assert_eq!(trace, ["cancelled a", "end b", "true"]);
}

#[test]
fn a_cancel_from_outside_goes_to_the_tasks_and_is_raised_when_they_have_ended() {
    // D35
    let trace = traced(|t| async move {
        let (inner, said) = (t.clone(), t.clone());
        let task = create_task(async move {
            TaskGroup::<String>::scope(async |group| {
                group.create_task(val(inner.clone(), "a", 9000));
                group.create_task(val(inner.clone(), "b", 9000));
                Ok(())
            })
            .await
        });
        sleep(ms(10)).await;
        task.cancel();
        let outcome = task.join().await;
        let cancelled = matches!(outcome, Err(TaskError::Cancelled(_)));
        said.say(format!("{cancelled} {}", task.cancelling()));
    });
    assert_eq!(trace, ["cancelled a", "cancelled b", "true 1"]);
}

#[test]
fn tasks_learn_why_their_group_was_cancelled() {
    let trace = traced(|t| async move {
        let said = t.clone();
        let task = create_task(async move {
            TaskGroup::<String>::scope(async |group| {
                let said = said.clone();
                group.create_task(async move {
                    let cancelled = catch_cancel(sleep(ms(9000))).await.unwrap_err();
                    let cause = cancelled.cause().expect("it follows from another");
                    let (reason, message) = (cancelled.reason(), cause.message());
                    said.say(format!("{reason:?} because {message:?}"));
                    Ok(())
                });
                Ok(())
            })
            .await
        });
        sleep(ms(10)).await;
        task.cancel_with("enough");
        let _cancelled = task.join().await;
    });
    assert_eq!(trace, ["GroupCancelled because Some(\"enough\")"]);
}

#[test]
fn an_error_of_the_body_cancels_the_tasks_and_is_the_last_of_the_group() {
    // D36
    let trace = traced(|t| async move {
        let outcome = TaskGroup::scope(async |group| {
            group.create_task(val(t.clone(), "a", 9000));
            yield_now().await;
            Err::<(), _>("body".to_string())
        });
        t.say(format!("{:?}", outcome.await));
    });
    let expected = ["cancelled a", "Err(ErrorGroup { errors: [\"body\"] })"];
    assert_eq!(trace, expected);
}

#[test]
fn a_group_takes_tasks_only_while_it_is_open() {
    // D37
    let trace = traced(|t| async move {
        let group = TaskGroup::<String>::new();
        let refused = |group: &TaskGroup<String>| {
            let task = group.try_create_task(async { Ok(()) });
            task.map(|_| ()).unwrap_err()
        };
        t.say(refused(&group));
        let body = group.run(async |group| {
            group.create_task(bad(t.clone(), "b", 0));
            let cancelled = catch_cancel(sleep(ms(9000))).await.unwrap_err();
            t.say(refused(&group));
            cancelled.raise().await
        });
        let outcome: Result<(), _> = body.unwrap().await;
        assert!(outcome.is_err());
        t.say(refused(&group));
        let again = group.run(async |_| Ok(()));
        t.say(again.map(|_| ()).unwrap_err());
        let late = group.create_task(async { Ok(()) });
        t.say(late.cancelled());
    });
    let expected = [
        "the task group has not been entered",
        "raise b",
        "the task group is shutting down",
        "the task group is finished",
        "the task group has already been entered",
        "true",
    ];
    assert_eq!(trace, expected);
    assert_ne!(GroupStateError::Finished, GroupStateError::NotEntered);
}

#[test]
fn errors_win_over_a_cancel_from_outside_which_is_delivered_at_the_next_await() {
    // D38
    let trace = traced(|t| async move {
        let said = t.clone();
        let task = create_task(async move {
            let outcome = TaskGroup::scope(async |group| {
                group.create_task(async {
                    let _cancelled = catch_cancel(sleep(ms(9000))).await;
                    Err::<(), _>("child")
                });
                sleep(ms(9000)).await;
                Ok(())
            });
            said.say(format!("{:?} {}", outcome.await, cancelling()));
            match catch_cancel(yield_now()).await {
                Ok(()) => said.say("not reached"),
                Err(cancelled) => {
                    said.say("cancel delivered later");
                    cancelled.raise().await
                }
            }
        });
        sleep(ms(10)).await;
        task.cancel();
        let _outcome = task.join().await;
        t.say(task.cancelled());
    });
    let expected = [
        "Err(ErrorGroup { errors: [\"child\"] }) 1",
        "cancel delivered later",
        "true",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn the_failure_of_a_group_in_a_group_is_an_error_of_the_outer_one() {
    // D39
    let trace = traced(|t| async move {
        let outcome: Result<(), ErrorGroup<ErrorGroup<String>>> = TaskGroup::scope(async |outer| {
            outer.create_task(val(t.clone(), "sib", 9000));
            TaskGroup::scope(async |inner| {
                inner.create_task(bad(t.clone(), "deep", 10));
                Ok(())
            })
            .await
        })
        .await;
        t.say(outcome.unwrap_err());
    });
    let expected = [
        "raise deep",
        "cancelled sib",
        "1 error in a task group: 1 error in a task group: deep",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_second_cancel_reaches_the_clean_up_of_the_tasks() {
    // J16
    let trace = traced(|t| async move {
        let said = t.clone();
        let task = create_task(async move {
            TaskGroup::scope(async |group| {
                group.create_task(tidy(said.clone()));
                Ok(())
            })
            .await
        });
        sleep(ms(10)).await;
        task.cancel();
        sleep(ms(10)).await;
        task.cancel();
        let cancelled = task.join().await.is_err();
        t.say(format!("{cancelled} {}", task.cancelling()));
    });
    assert_eq!(trace, ["cleaning up", "clean-up cancelled", "true 2"]);
}

/// J17: a branch that sleeps 20 ms beside a group one of whose tasks fails after 5 ms.
async fn beside(t: Trace, group_first: bool) {
    let branch = async {
        let slept = catch_cancel(sleep(ms(20))).await;
        t.say(format!("branch {}", slept.is_ok()));
    };
    let group = async {
        let outcome = TaskGroup::scope(async |group| {
            group.create_task(bad(t.clone(), "child", 5));
            sleep(ms(9000)).await;
            Ok(())
        });
        t.say(format!("{:?}", outcome.await));
    };
    if group_first {
        join(group, branch).await;
    } else {
        join(branch, group).await;
    }
    t.say(cancelling());
}

#[test]
fn a_failing_group_cancels_its_own_body_and_not_the_branch_beside_it() {
    // J17
    for group_first in [true, false] {
        let trace = traced(|t| beside(t, group_first));
        let expected = [
            "raise child",
            "Err(ErrorGroup { errors: [\"child\"] })",
            "branch true",
            "0",
        ];
        assert_eq!(trace, expected, "group first: {group_first}");
    }
}

/// Starts a task that starts another one in its own group.
async fn help(group: &TaskGroup<Infallible>, lines: &mut Vec<&'static str>, t: &Trace) {
    lines.push("helped");
    let (own, t) = (group.clone(), t.clone());
    group.create_task(async move {
        t.say(format!("child of {}", own.len()));
        let said = t.clone();
        own.create_task(async move {
            said.say("grandchild");
            Ok(())
        });
        Ok(())
    });
}

#[test]
fn a_body_borrows_lends_the_group_and_nests_and_a_task_starts_another_in_its_own_group() {
    // J20
    let trace = traced(|t| async move {
        let mut lines = Vec::new();
        let outcome = TaskGroup::scope(async |group: TaskGroup<Infallible>| {
            help(&group, &mut lines, &t).await;
            let inner = TaskGroup::<Infallible>::scope(async |inner| {
                lines.push("inner");
                help(&inner, &mut lines, &t).await;
                Ok(inner.len())
            });
            t.say(format!("inner {:?}", inner.await));
            Ok(group.len())
        });
        t.say(format!("outer {:?}", outcome.await));
        t.say(lines.join(" "));
    });
    let expected = [
        "child of 1",
        "child of 1",
        "grandchild",
        "grandchild",
        "inner Ok(1)",
        "outer Ok(0)",
        "helped inner helped",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_group_with_a_limit_runs_so_many_tasks_at_the_same_time_in_order() {
    let trace = traced(|t| async move {
        let group = TaskGroup::<Infallible>::new().limit(2);
        let body = group.run(async |group| {
            for name in ["a", "b", "c", "d"] {
                let t = t.clone();
                group.create_task(async move {
                    t.say(format!("start {name}"));
                    val(t, name, 10).await
                });
            }
            Ok(())
        });
        body.unwrap().await.unwrap();
    });
    let expected = [
        "start a", "start b", "end a", "end b", "start c", "start d", "end c", "end d",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_group_that_is_cancelled_ends_without_an_error_unless_its_body_has_a_value() {
    let trace = traced(|t| async move {
        let with_value = TaskGroup::<String>::scope(async |group| {
            group.create_task(val(t.clone(), "a", 9000));
            yield_now().await;
            t.say(format!("{} {}", group.cancel(), group.cancel()));
            Ok("value")
        });
        t.say(format!("{:?}", with_value.await));
        let without = TaskGroup::<String>::scope(async |group| {
            group.create_task(val(t.clone(), "b", 9000));
            yield_now().await;
            group.cancel();
            sleep(ms(9000)).await;
            Ok("value")
        });
        t.say(format!("{:?}", without.await));
        t.say(cancelling());
    });
    let expected = [
        "true false",
        "cancelled a",
        "Ok(\"value\")",
        "cancelled b",
        "Err(ErrorGroup { errors: [] })",
        "0",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_panic_of_a_task_goes_on_in_the_scope_when_the_others_have_ended() {
    let trace = traced(|t| async move {
        let group = TaskGroup::<String>::scope(async |group| {
            group.create_task(val(t.clone(), "a", 9000));
            group.create_task::<()>(async { panic!("oh no") });
            sleep(ms(9000)).await;
            Ok(())
        });
        let text = panic_in(group).await;
        t.say(text);
    });
    assert_eq!(trace, ["cancelled a", "oh no"]);
}

#[test]
fn a_scope_that_is_dropped_cancels_its_tasks() {
    let trace = traced(|t| async move {
        let stuck = Event::new();
        let inner = (t.clone(), stuck.clone());
        let task = create_task(async move {
            let (t, stuck) = inner;
            TaskGroup::<String>::scope(async |group| {
                group.create_task(val(t.clone(), "a", 9000));
                let _said = SayOnDrop(t.clone(), "body dropped");
                stuck.wait().await;
                Ok(())
            })
            .await
        });
        turns(2).await;
        task.abort();
        turns(4).await;
        t.say(task.cancelled());
    });
    assert_eq!(trace, ["body dropped", "cancelled a", "true"]);
}

#[test]
fn who_awaits_a_task_that_failed_in_its_group_is_cancelled() {
    let trace = traced(|t| async move {
        let outcome = TaskGroup::scope(async |group| {
            let failing = group.create_task(bad(t.clone(), "b", 10));
            let (t, failing) = (t.clone(), failing.clone());
            create_task(async move {
                match catch_cancel(failing).await {
                    Ok(()) => t.say("not reached"),
                    Err(cancelled) => t.say(format!("{:?}", cancelled.reason())),
                }
            });
            Ok(())
        });
        t.say(outcome.await.unwrap_err());
    });
    assert_eq!(trace, ["raise b", "Failed", "1 error in a task group: b"]);
}

#[test]
fn a_timeout_around_a_group_ends_it_and_its_tasks() {
    let trace = traced(|t| async move {
        let group = TaskGroup::<String>::scope(async |group| {
            group.create_task(val(t.clone(), "a", 9000));
            Ok(())
        });
        let outcome = timeout(ms(10), group).await;
        t.say(format!("{outcome:?} {}", cancelling()));
    });
    assert_eq!(trace, ["cancelled a", "Err(TimedOut) 0"]);
}

#[test]
fn values_of_a_group_that_is_over_can_be_had_from_the_handles() {
    let value = run_virtual(async {
        let shared = Rc::new(5);
        let inner = shared.clone();
        let group = TaskGroup::<Infallible>::scope(async |group| {
            Ok(group.create_task(async move {
                sleep(Duration::from_millis(1)).await;
                Ok(inner)
            }))
        });
        let task = group.await.unwrap();
        assert!(task.done());
        task.await
    });
    assert_eq!(*value, 5);
}
