//! Loops as objects: which one is that of a thread, what they are called, what they run.

mod common;

use std::rc::Rc;

use common::{Trace, ms, report_to, virtual_loop};
use looplet::{
    ErrorContext, EventLoop, RunError, TimerHandle, get_event_loop, set_event_loop, sleep,
};

fn named(name: &str) -> EventLoop {
    let builder = EventLoop::builder().name(name);
    builder.build().expect("the system gives a loop")
}

fn current() -> EventLoop {
    get_event_loop().expect("the system gives a loop")
}

#[test]
fn a_thread_makes_its_loop_once_and_gives_it_again() {
    let first = current();
    let task = first.create_task(async { 7 });
    assert_eq!(current().all_tasks().len(), 1);
    assert!(matches!(current().run_until_complete(task), Ok(7)));
}

#[test]
fn a_loop_that_nobody_holds_is_not_kept() {
    set_event_loop(Some(&named("gone")));
    assert_eq!(current().name(), None);
}

#[test]
fn the_loop_that_was_set_is_given_until_another_is() {
    let (first, second) = (named("first"), named("second"));
    set_event_loop(Some(&first));
    assert_eq!(current().name(), Some("first"));
    set_event_loop(Some(&second));
    assert_eq!(current().name(), Some("second"));
    set_event_loop(None);
    assert_eq!(current().name(), None);
}

#[test]
fn the_loop_that_runs_comes_before_the_one_that_was_set() {
    let (set, running) = (named("set"), named("running"));
    set_event_loop(Some(&set));
    let seen = running.run_until_complete(async { current().name().map(str::to_string) });
    assert_eq!(seen.expect("it ends by itself").as_deref(), Some("running"));
    assert_eq!(current().name(), Some("set"));
}

#[test]
fn a_loop_that_was_closed_is_still_the_one_that_was_set() {
    let event_loop = named("closed");
    set_event_loop(Some(&event_loop));
    event_loop.close();
    let refused = current().run_until_complete(async {});
    assert!(matches!(refused, Err(RunError::Closed)), "{refused:?}");
}

#[test]
fn what_a_closed_loop_had_still_to_call_is_cancelled_and_gone_also_if_there_are_handles() {
    let (event_loop, kept) = (named("closed"), Rc::new(()));
    let holder = |kept: Rc<()>| move || drop(kept);
    let soon = event_loop.call_soon(holder(kept.clone()));
    let later = event_loop.call_later(ms(1000), holder(kept.clone()));
    assert_eq!((soon.cancelled(), later.cancelled()), (false, false));
    event_loop.close();
    assert_eq!((soon.cancelled(), later.cancelled()), (true, true));
    assert_eq!(Rc::strong_count(&kept), 1);
}

#[test]
fn a_call_that_was_made_before_its_loop_was_closed_was_not_cancelled() {
    let event_loop = named("closed");
    let made = event_loop.call_soon(|| {});
    assert!(event_loop.poll_once(Some(ms(0))).is_ok());
    event_loop.close();
    assert!(!made.cancelled());
}

#[test]
fn what_a_call_holds_may_cancel_another_one_while_the_loop_is_closed() {
    struct Cancels(TimerHandle);

    impl Drop for Cancels {
        fn drop(&mut self) {
            self.0.cancel();
        }
    }

    let event_loop = named("closed");
    let later = event_loop.call_later(ms(1000), || panic!("the loop does not run"));
    let cancels = Cancels(later.clone());
    let soon = event_loop.call_soon(move || drop(cancels));
    event_loop.close();
    assert_eq!((soon.cancelled(), later.cancelled()), (true, true));
}

#[test]
fn a_loop_is_shown_with_its_name_if_it_has_one() {
    let text = format!("{:?}", named("crawler"));
    assert_eq!(
        text,
        "EventLoop { name: \"crawler\", phase: Idle, ready: 0, tasks: 0 }"
    );
    let text = format!("{:?}", virtual_loop());
    assert_eq!(text, "EventLoop { phase: Idle, ready: 0, tasks: 0 }");
}

#[test]
fn a_loop_runs_until_a_task_or_a_promise_is_done() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(async {
        sleep(ms(1)).await;
        "task"
    });
    assert!(matches!(event_loop.run_until_complete(task), Ok("task")));

    let promise = event_loop.create_promise();
    let setter = promise.clone();
    event_loop.call_later(ms(1), move || {
        setter.set_result("promise").expect("it is pending");
    });
    assert!(matches!(
        event_loop.run_until_complete(promise),
        Ok("promise")
    ));
}

#[test]
fn a_cancelled_task_ends_the_run_that_waits_for_it() {
    let event_loop = virtual_loop();
    let task = event_loop.create_task(sleep(ms(1)));
    task.cancel();
    let ended = event_loop.run_until_complete(task);
    assert!(matches!(ended, Err(RunError::Cancelled(_))), "{ended:?}");
}

#[test]
fn a_handler_can_be_read_and_put_back() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    assert!(event_loop.exception_handler().is_none());
    report_to(&event_loop, &trace);
    let before = event_loop.exception_handler();
    let inner = trace.clone();
    event_loop.set_exception_handler(Some(Rc::new(move |_| inner.say("another"))));
    event_loop.call_exception_handler(&ErrorContext::new("first"));
    event_loop.set_exception_handler(before);
    event_loop.call_exception_handler(&ErrorContext::new("second"));
    assert_eq!(trace.take(), ["another", "HANDLER second"]);
}

#[test]
fn the_default_handler_does_not_ask_the_one_that_was_set() {
    let (event_loop, trace) = (virtual_loop(), Trace::default());
    report_to(&event_loop, &trace);
    event_loop.default_exception_handler(&ErrorContext::new("written to standard error"));
    assert!(trace.take().is_empty());
}

#[test]
fn a_task_knows_its_loop_until_that_is_gone() {
    let event_loop = named("owner");
    let task = event_loop.create_task(async {});
    let owner = task.get_loop().expect("it is there");
    assert_eq!(owner.name(), Some("owner"));
    let ran = event_loop.run_until_complete(task.clone());
    ran.expect("it ends by itself");
    assert!(task.get_loop().is_some());
    drop((event_loop, owner));
    assert!(task.get_loop().is_none());
}
