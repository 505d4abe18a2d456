//! Reports: deadlocks, what is left at the end, and what tasks say of themselves.

mod common;

use std::future::pending;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::Duration;

use common::{Trace, ms, report_to, run_virtual, traced, turns, virtual_loop};
use looplet::{
    Deadlock, Event, EventLoop, Lock, Queue, RunError, Semaphore, Task, create_task, current_task,
    format_call_graph, gather, get_running_loop, sleep, timeout, yield_now,
};

/// Runs a program that cannot end, and returns how the loop says it.
fn deadlock<F: Future + 'static>(main: F) -> Deadlock {
    match virtual_loop().run_until_complete(main) {
        Err(RunError::Deadlock(deadlock)) => deadlock,
        Err(other) => panic!("not a deadlock: {other}"),
        Ok(_) => panic!("it has ended"),
    }
}

/// What each task waits for.
fn waits(deadlock: &Deadlock) -> Vec<String> {
    let tasks = deadlock.tasks.iter();
    tasks
        .map(|task| {
            let thing = task.waits_for.as_deref().unwrap_or("nothing");
            format!("{}: {thing}", task.name)
        })
        .collect()
}

#[test]
fn a_deadlock_says_what_every_task_waits_for() {
    let found = deadlock(async {
        let event = Event::new();
        let queue: Queue<u32> = Queue::new(0);
        let full: Queue<u32> = Queue::new(1);
        full.put_nowait(1).unwrap();
        let none = Semaphore::new(0);
        let promise = get_running_loop().create_promise::<u32>();
        create_task(async move { event.wait().await }).set_name("event");
        create_task(async move { queue.get().await }).set_name("get");
        create_task(async move { full.put(2).await }).set_name("put");
        create_task(async move { none.acquire().await }).set_name("permit");
        create_task(pending::<()>()).set_name("foreign");
        let waiter = create_task(async move { promise.await });
        gather([waiter]).await
    });
    let expected = [
        "Task-1: a gather of 1 task that goes on",
        "event: an Event that nobody sets",
        "get: a Queue that nobody puts into",
        "put: a full Queue that nobody takes from",
        "permit: a Semaphore that nobody releases",
        "foreign: a future of another library",
        "Task-7: a Promise that nobody sets",
    ];
    assert_eq!(waits(&found), expected);
    assert!(found.cycle.is_empty());
}

#[test]
fn a_deadlock_shows_the_circle_of_locks_and_tasks_that_it_is() {
    let found = deadlock(async {
        let (left, right) = (Lock::new(), Lock::new());
        let cross = |first: &Lock, second: &Lock| {
            let (first, second) = (first.clone(), second.clone());
            async move {
                let _first = first.acquire().await;
                yield_now().await;
                let _second = second.acquire().await;
            }
        };
        let a = create_task(cross(&left, &right));
        let b = create_task(cross(&right, &left));
        a.set_name("A");
        b.set_name("B");
        gather((a, b)).await
    });
    let names: Vec<_> = found
        .cycle
        .iter()
        .map(|at| &*found.tasks[*at].name)
        .collect();
    assert_eq!(names, ["A", "B"]);
    let text = found.to_string();
    assert!(text.starts_with("deadlock: 3 tasks wait for something that can never happen\n"));
    let circle = "\n  in a circle: A waits for a Lock held by 'B', B waits for a Lock held by 'A'";
    assert!(text.ends_with(circle), "{text}");
    assert!(found.tasks[1].site.file().ends_with("reports.rs"));
    assert!(found.tasks[1].coroutine.contains("reports::"), "{found:?}");
}

#[test]
fn tasks_that_await_each_other_are_a_circle() {
    let found = deadlock(async {
        let slot = Rc::new(std::cell::RefCell::new(None));
        let second: Rc<std::cell::RefCell<Option<looplet::Task<()>>>> = slot.clone();
        let a = create_task(async move {
            let b = second.borrow_mut().take().expect("it is there");
            b.await
        });
        let first = a.clone();
        slot.replace(Some(create_task(async move { first.await })));
        a.await
    });
    assert_eq!(found.cycle, [1, 2]);
    let expected = [
        "Task-1: the Task 'Task-2'",
        "Task-2: the Task 'Task-3'",
        "Task-3: the Task 'Task-2'",
    ];
    assert_eq!(waits(&found), expected);
}

/// Runs `combine` with a task that waits for an event and one that awaits its own parent: how
/// the parent waits, and who is in the circle.
fn combined<F: Future<Output = ()> + 'static>(
    combine: impl FnOnce(Child, Child) -> F + 'static,
) -> (String, Vec<String>) {
    let found = deadlock(async move {
        let parent: Rc<std::cell::RefCell<Option<looplet::Task<()>>>> = Rc::default();
        let slot = parent.clone();
        let stuck: Child = Box::pin(async { Event::new().wait().await });
        let back: Child = Box::pin(async move {
            current_task().expect("it is one").set_name("child");
            let parent = slot.borrow().clone().expect("it is there");
            parent.await;
        });
        let task = create_task(combine(stuck, back));
        task.set_name("parent");
        parent.replace(Some(task));
        pending::<()>().await;
    });
    let wait = found.tasks.iter().find(|task| &*task.name == "parent");
    let wait = wait.and_then(|task| task.waits_for.clone());
    let names = found
        .cycle
        .iter()
        .map(|at| found.tasks[*at].name.to_string());
    (wait.expect("it waits").to_string(), names.collect())
}

type Child = std::pin::Pin<Box<dyn Future<Output = ()>>>;

#[test]
fn a_wait_for_several_tasks_says_so_and_a_circle_through_it_is_found() {
    let circle = vec!["parent".to_string(), "child".to_string()];
    let waited = combined(|stuck, back| async {
        let when = looplet::ReturnWhen::FirstCompleted;
        let _ = looplet::wait([stuck, back], when, None).await;
    });
    assert_eq!(waited, ("a wait for 2 tasks".to_string(), circle.clone()));
    let completed = combined(|stuck, back| async {
        let quick: Child = Box::pin(async {});
        let mut completed = looplet::as_completed([stuck, quick, back]);
        while completed.next().await.is_some() {}
    });
    let text = "as_completed of 2 tasks";
    assert_eq!(completed, (text.to_string(), circle.clone()));
    let mapped = combined(|stuck, back| async {
        looplet::map_concurrent([stuck, back], 2, |child| child).await;
    });
    let text = "map_concurrent of 2 tasks";
    assert_eq!(mapped, (text.to_string(), circle.clone()));
    let raced = combined(|stuck, back| async {
        let both = [stuck, back].map(|child| async {
            child.await;
            Ok::<(), ()>(())
        });
        looplet::staggered_race(both, Some(ms(1))).await;
    });
    let text = "staggered_race of 2 tasks";
    assert_eq!(raced, (text.to_string(), circle));
}

#[test]
fn a_task_shows_what_it_waits_for() {
    let trace = traced(|t| async move {
        let task = create_task(async {
            sleep(ms(1200)).await;
            Event::new().wait().await
        });
        let shown = |task: &looplet::Task<()>| {
            let text = format!("{task:?}");
            let coroutine = text.split_once(" coro=<").expect("it names its coroutine");
            let (head, tail) = (coroutine.0, coroutine.1);
            format!("{head}{}", tail.split_once('>').map_or("", |cut| cut.1))
        };
        t.say(shown(&task));
        sleep(ms(200)).await;
        t.say(shown(&task));
        let awaiter = create_task(timeout(ms(9000), task.clone()));
        sleep(ms(2000)).await;
        t.say(shown(&task));
        t.say(
            format!("{:?}", awaiter)
                .rsplit_once("wait_for")
                .map_or("?", |cut| cut.1),
        );
        task.cancel();
        t.say(shown(&task));
        turns(3).await;
        t.say(shown(&task));
    });
    let expected = [
        "<Task pending name='Task-2'>",
        "<Task pending name='Task-2' wait_for=<sleep 1 s>>",
        "<Task pending name='Task-2' wait_for=<an Event that nobody sets>>",
        "=<the Task 'Task-2'>>",
        "<Task cancelling name='Task-2'>",
        "<Task cancelled name='Task-2'>",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn the_call_graph_shows_who_awaits_whom() {
    let lines = run_virtual(async {
        let leaf = async {
            sleep(ms(10)).await;
            format_call_graph(None)
        };
        let middle = create_task(async move {
            let leaf = create_task(leaf);
            leaf.set_name("leaf");
            let (graph,) = gather((leaf,)).await;
            graph
        });
        middle.set_name("mid");
        middle.await
    });
    let lines: Vec<_> = lines.lines().collect();
    let heads = lines
        .iter()
        .filter_map(|line| line.split_once("Task(name='"));
    let names: Vec<_> = heads
        .filter_map(|(_, rest)| rest.split_once("', id=0x"))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(names, ["leaf", "mid", "Task-1"]);
    assert_eq!(lines[1], "  + Call stack:");
    assert!(
        lines[2].starts_with("  |   File 'runtime/tests/reports.rs', line "),
        "{}",
        lines[2]
    );
    assert_eq!(lines[3], "  + Awaited by:");
    assert_eq!(lines[5], "      + Call stack:");
    assert_eq!(
        run_virtual(async {
            current_task().map(|task| format_call_graph(Some(&task)).lines().count())
        }),
        Some(3)
    );
}

#[test]
fn tasks_that_are_left_when_a_loop_is_closed_are_reported_once() {
    let (trace, event_loop) = (Trace::default(), virtual_loop());
    report_to(&event_loop, &trace);
    let stuck = event_loop.create_task(async { Event::new().wait().await });
    stuck.set_name("stuck");
    event_loop.stop();
    event_loop.run_forever().unwrap();
    event_loop.close();
    event_loop.close();
    let said = trace.take();
    let [report] = &said[..] else {
        panic!("one report: {said:?}")
    };
    let head = "HANDLER a task was pending when the event loop was closed:\n  stuck (";
    assert!(report.starts_with(head), "{report}");
    assert!(
        report.ends_with(", waits for an Event that nobody sets"),
        "{report}"
    );
}

/// A task that fails, and tells if nobody knows.
fn failing(cause: &'static str) -> Task<Result<u32, &'static str>> {
    let task = create_task(async move { Err(cause) });
    task.report_unread()
}

#[test]
fn an_error_that_nobody_has_looked_at_is_reported_once_at_the_drop() {
    let trace = traced(|t| async move {
        let kept = failing("kept");
        drop(failing("let go"));
        turns(2).await;
        t.say("dropping");
        drop(kept.clone());
        drop(kept);
        t.say("end");
    });
    let expected = [
        "HANDLER an exception was never retrieved in Task-3: \"let go\"",
        "dropping",
        "HANDLER an exception was never retrieved in Task-2: \"kept\"",
        "end",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn an_error_that_somebody_has_looked_at_is_not_reported() {
    let trace = traced(|t| async move {
        t.say(format!("{:?}", failing("awaited").await));
        t.say(format!("{:?}", failing("joined").join().await.is_ok()));
        let tasks = [failing("result"), failing("exception")];
        turns(2).await;
        t.say(format!("{:?}", tasks[0].result().is_ok()));
        t.say(format!("{:?}", tasks[1].exception().is_ok()));
        t.say(format!("{:?}", gather([failing("gathered")]).await));
    });
    let expected = [
        "Err(\"awaited\")",
        "true",
        "true",
        "true",
        "[Err(\"gathered\")]",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn neither_a_value_nor_a_cancel_is_an_error_that_nobody_has_looked_at() {
    let trace = traced(|t| async move {
        create_task(async { Ok::<u32, &str>(7) }).report_unread();
        let cancelled = failing("never run");
        cancelled.cancel();
        drop(cancelled);
        create_task(async { Err::<(), _>("an answer") });
        turns(3).await;
        t.say("end");
    });
    assert_eq!(trace, ["end"]);
}

#[test]
fn a_task_that_has_ended_can_still_be_made_to_report() {
    let trace = traced(|t| async move {
        let task = create_task(async { Err::<(), _>("late") });
        turns(2).await;
        t.say(task.done());
        drop(task.report_unread());
    });
    let report = "HANDLER an exception was never retrieved in Task-2: \"late\"";
    assert_eq!(trace, ["true", report]);
}

#[test]
fn debug_mode_reports_what_takes_long_and_what_stays_open() {
    let (trace, builder) = (Trace::default(), EventLoop::builder().debug(true));
    let event_loop = builder.build().unwrap();
    report_to(&event_loop, &trace);
    assert!(event_loop.debug());
    assert_eq!(event_loop.slow_callback_duration(), ms(100));
    event_loop.set_slow_callback_duration(ms(5));
    event_loop.call_soon(|| std::thread::sleep(ms(6)));
    let task = async {
        yield_now().await;
        looplet::TcpListener::bind("127.0.0.1:0").await.unwrap()
    };
    let listener = event_loop.run_until_complete(task).unwrap();
    event_loop.close();
    let said = trace.take();
    assert!(
        said[0].starts_with("HANDLER executing a callback scheduled at runtime/tests/reports.rs:"),
        "{said:?}"
    );
    let open = "HANDLER a socket was open when the event loop was closed";
    assert_eq!(said.last().map(String::as_str), Some(open), "{said:?}");
    drop(listener);
}

#[test]
fn a_watchdog_names_who_blocks_the_loop_while_it_does() {
    let (tell, told) = mpsc::channel();
    let event_loop = EventLoop::new().unwrap();
    let watchdog = event_loop.watch(Duration::from_millis(4), move |blocked| {
        tell.send(blocked.clone()).expect("the loop listens");
    });
    let blocked = event_loop.run_until_complete(async move {
        // The step ends when the report is there: it was made while the step ran.
        told.recv().expect("the watchdog reports")
    });
    let blocked = blocked.unwrap();
    assert!(
        blocked
            .what
            .starts_with("<Task name='Task-1' coro=<reports::"),
        "{blocked}"
    );
    assert!(blocked.what.contains("reports.rs:"), "{blocked}");
    assert!(blocked.duration >= Duration::from_millis(4));
    drop(watchdog);
}
