//! Observers: what they are told, that they can break nothing, and what the recorder makes of it.

mod common;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Instant;

use common::{Trace, ms, report_to};
use looplet::observe::{LoopEvent, Observer, Recorder};
use looplet::{
    Clock, Event, EventLoop, TaskOptions, TimerHandle, create_task, create_task_with,
    get_running_loop, sleep, to_thread, yield_now,
};

/// Says what it is told.
struct Teller(Trace);

impl Observer for Teller {
    fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
        self.0.say(match event {
            LoopEvent::TurnBegan => "turn".to_string(),
            LoopEvent::PollBegan => "poll".to_string(),
            LoopEvent::PollEnded { sources } => format!("polled {sources}"),
            LoopEvent::EntryBegan(actor) => format!("{actor} {{"),
            LoopEvent::EntryEnded(actor) => format!("}} {actor}"),
            LoopEvent::Spawned { task, by } => format!("{} spawned by {by}", task.name()),
            LoopEvent::Woken { task, by } => format!("{} woken by {by}", task.name()),
            LoopEvent::Waits { task, thing } => format!("{} waits for {thing}", task.name()),
            LoopEvent::Finished { task, ending } => format!("{} {ending:?}", task.name()),
            other => format!("{other:?}"),
        });
    }
}

/// Runs `main` on a loop with virtual time and returns what an observer is told, and the reports.
fn observed<F: Future + 'static>(main: F) -> Vec<String> {
    let trace = Trace::default();
    let observer = Teller(trace.clone());
    let builder = EventLoop::builder().clock(Clock::Virtual).io_interval(100);
    let event_loop = builder.observer(observer).build().expect("a loop");
    report_to(&event_loop, &trace);
    let _ = event_loop.run_until_complete(main);
    event_loop.close();
    trace.take()
}

/// The lines that are not of the frame of turns and polls.
fn without_turns(lines: Vec<String>) -> Vec<String> {
    let frame = ["turn", "poll", "polled 0"];
    let mut lines = lines;
    lines.retain(|line| !frame.contains(&line.as_str()));
    lines
}

#[test]
fn an_observer_is_told_every_step_of_a_sleep() {
    let told = observed(async { sleep(ms(5)).await });
    let expected = [
        "turn",
        "Task-1 spawned by what is outside",
        "Task-1 {",
        "Task-1 waits for sleep 0.005 s",
        "} Task-1",
        "turn",
        "poll",
        "polled 0",
        "a timer {",
        "Task-1 woken by a timer",
        "} a timer",
        "turn",
        "Task-1 {",
        "Task-1 Returned",
        "} Task-1",
        "turn",
        "a callback {",
        "} a callback",
    ];
    assert_eq!(told, expected);
}

#[test]
fn who_spawns_and_wakes_whom_is_told_at_the_end_of_the_entry() {
    let told = observed(async {
        let event = Event::new();
        let waiter = {
            let event = event.clone();
            create_task(async move { event.wait().await })
        };
        yield_now().await;
        event.set();
        waiter.await;
    });
    let expected = [
        "Task-1 spawned by what is outside",
        "Task-1 {",
        "Task-2 spawned by Task-1",
        "Task-1 woken by Task-1",
        "} Task-1",
        "Task-2 {",
        "Task-2 waits for an Event that nobody sets",
        "} Task-2",
        "Task-1 {",
        "Task-2 woken by Task-1",
        "Task-1 waits for the Task 'Task-2'",
        "} Task-1",
        "Task-2 {",
        "Task-1 woken by Task-2",
        "Task-2 Returned",
        "} Task-2",
        "Task-1 {",
        "Task-1 Returned",
        "} Task-1",
        "a callback {",
        "} a callback",
    ];
    assert_eq!(without_turns(told), expected);
}

#[test]
fn a_task_ends_in_one_of_three_ways() {
    let told = observed(async {
        let failing = create_task(async { panic!("bad luck") });
        failing.set_name("failing");
        let cancelled = create_task(sleep(ms(1)));
        cancelled.set_name("cancelled");
        cancelled.cancel();
        assert!(failing.join().await.is_err() && cancelled.join().await.is_err());
    });
    let endings = ["Returned", "Cancelled", "Panicked"];
    let ended: Vec<_> = told
        .iter()
        .filter(|line| endings.iter().any(|ending| line.ends_with(ending)))
        .collect();
    assert_eq!(
        ended,
        ["failing Panicked", "cancelled Cancelled", "Task-1 Returned"]
    );
}

#[test]
fn an_entry_that_panics_has_ended_and_the_next_one_begins() {
    let told = observed(async {
        let event_loop = get_running_loop();
        event_loop.call_soon(|| panic!("bad luck"));
        event_loop.call_soon(|| ());
        yield_now().await;
    });
    let expected = [
        "Task-1 spawned by what is outside",
        "Task-1 {",
        "Task-1 woken by Task-1",
        "} Task-1",
        "a callback {",
        "HANDLER a callback panicked: bad luck",
        "} a callback",
        "a callback {",
        "} a callback",
        "Task-1 {",
        "Task-1 Returned",
        "} Task-1",
        "a callback {",
        "} a callback",
    ];
    assert_eq!(without_turns(told), expected);
}

#[test]
fn an_eager_task_is_told_although_its_first_step_is_within_another() {
    let told = observed(async {
        let eager = || TaskOptions {
            eager: true,
            ..TaskOptions::default()
        };
        create_task_with(async {}, eager()).set_name("quick");
        let waiter = create_task_with(sleep(ms(1)), eager());
        waiter.set_name("slow");
        create_task(async {}).set_name("plain");
    });
    let expected = [
        "Task-1 {",
        "quick spawned by Task-1",
        "quick Returned",
        "slow spawned by Task-1",
        "slow waits for sleep 0.001 s",
        "plain spawned by Task-1",
        "Task-1 Returned",
        "} Task-1",
    ];
    assert_eq!(without_turns(told)[1..9], expected);
}

#[test]
fn a_wake_by_another_thread_is_told_as_one() {
    let told = observed(async { to_thread(|| ()).await });
    let woken = told.iter().filter(|line| line.starts_with("Task-1 woken"));
    assert_eq!(
        woken.collect::<Vec<_>>(),
        ["Task-1 woken by another thread"]
    );
}

/// Panics at the `n`-th event.
struct Nervous(Cell<u32>, Trace);

impl Observer for Nervous {
    fn observe(&self, _: Instant, _: &LoopEvent<'_>) {
        self.0.set(self.0.get() - 1);
        assert!(self.0.get() > 0, "too much");
    }
}

impl Drop for Nervous {
    fn drop(&mut self) {
        self.1.say("dropped");
    }
}

#[test]
fn an_observer_that_panics_is_reported_and_removed_and_the_loop_goes_on() {
    for patience in 1..20 {
        let trace = Trace::default();
        let observer = Nervous(Cell::new(patience), trace.clone());
        let builder = EventLoop::builder().clock(Clock::Virtual);
        let event_loop = builder.observer(observer).build().expect("a loop");
        report_to(&event_loop, &trace);
        let ran = event_loop.run_until_complete(async {
            let naps = [1, 2].map(|count| create_task(sleep(ms(count))));
            for nap in naps {
                nap.await;
            }
        });
        assert!(ran.is_ok(), "{patience}: {ran:?}");
        let report = "HANDLER an observer panicked, and is told nothing any more: too much";
        assert_eq!(trace.take(), [report, "dropped"], "{patience}");
    }
}

/// Does at every event what a callback may do.
struct Meddler {
    event_loop: RefCell<Option<EventLoop>>,
    left: Cell<u32>,
    trace: Trace,
}

/// The one that a loop holds.
struct Shared(Rc<Meddler>);

impl Observer for Shared {
    fn observe(&self, _: Instant, _: &LoopEvent<'_>) {
        let event_loop = self.0.event_loop.borrow().clone();
        let Some(event_loop) = event_loop.filter(|_| self.0.left.get() > 0) else {
            return;
        };
        self.0.left.set(self.0.left.get() - 1);
        event_loop.create_task(async {});
        event_loop.call_soon(self.0.trace.sayer("called"));
        assert!(event_loop.try_close().is_err());
        assert!(looplet::current_task().is_none());
        assert!(event_loop.stats().tasks > 0);
    }
}

#[test]
fn an_observer_may_do_what_a_callback_may_and_nothing_is_lost() {
    let trace = Trace::default();
    let meddler = Rc::new(Meddler {
        event_loop: RefCell::default(),
        left: Cell::new(100),
        trace: trace.clone(),
    });
    let builder = EventLoop::builder().clock(Clock::Virtual);
    let event_loop = builder
        .observer(Shared(meddler.clone()))
        .build()
        .expect("a loop");
    report_to(&event_loop, &trace);
    meddler.event_loop.replace(Some(event_loop.clone()));
    let ran = event_loop.run_until_complete(async { sleep(ms(1000)).await });
    assert!(ran.is_ok(), "{ran:?}");
    let said = trace.take();
    assert_eq!(said.len(), 100);
    assert!(said.iter().all(|line| line == "called"), "{said:?}");
    event_loop.close();
}

#[test]
fn of_a_timer_that_was_cancelled_when_it_was_due_nothing_is_told() {
    let told = without_turns(observed(async {
        let event_loop = get_running_loop();
        let victim = Rc::new(RefCell::new(None::<TimerHandle>));
        let found = victim.clone();
        let cancel = move || found.take().into_iter().for_each(|timer| timer.cancel());
        event_loop.call_later(ms(5), cancel);
        victim.replace(Some(event_loop.call_later(ms(5), || ())));
        sleep(ms(6)).await;
    }));
    let timers = told.iter().filter(|line| *line == "a timer {");
    assert_eq!(timers.count(), 2, "the one that cancels, and the sleep");
}

#[test]
fn what_becomes_ready_while_the_kernel_is_about_to_be_asked_does_not_wait() {
    /// Schedules a callback when the loop is about to sleep for an hour.
    struct Late(Trace);
    impl Observer for Late {
        fn observe(&self, _: Instant, event: &LoopEvent<'_>) {
            if matches!(event, LoopEvent::PollBegan) {
                let event_loop = get_running_loop();
                let stopper = event_loop.clone();
                event_loop.call_soon(move || stopper.stop());
                self.0.say("poll");
            }
        }
    }
    let trace = Trace::default();
    let builder = EventLoop::builder().observer(Late(trace.clone()));
    let event_loop = builder.build().expect("a loop");
    let hour = event_loop.call_later(ms(3_600_000), || ());
    event_loop.run_forever().expect("it is stopped");
    assert_eq!(trace.take(), ["poll"]);
    hour.cancel();
}

/// What a recorder has seen of a task that sleeps and one that awaits it.
fn recorded() -> Recorder {
    let recorder = Recorder::new();
    let builder = EventLoop::builder().clock(Clock::Virtual).io_interval(100);
    let event_loop = builder.observer(recorder.clone()).build().expect("a loop");
    let ran = event_loop.run_until_complete(async {
        let nap = create_task(sleep(ms(20)));
        nap.set_name("<nap> \"&\\\n");
        nap.await;
    });
    ran.expect("it ends by itself");
    recorder
}

#[test]
fn the_text_has_a_line_for_each_event() {
    let expected = [
        r#"    0.000000  turn"#,
        r#"    0.000000      what is outside spawns Task-1"#,
        r#"    0.000000    Task-1 begins"#,
        r#"    0.000000      Task-1 spawns <nap> "&\\n"#,
        r#"    0.000000      Task-1 waits for the Task '<nap> "&\\n'"#,
        r#"    0.000000    Task-1 ends"#,
        r#"    0.000001  turn"#,
        r#"    0.000001    <nap> "&\\n begins"#,
        r#"    0.000001      <nap> "&\\n waits for sleep 0.02 s"#,
        r#"    0.000001    <nap> "&\\n ends"#,
        r#"    0.000002  turn"#,
        r#"    0.000002    asks the kernel"#,
        r#"    0.020001    the kernel answers, 0 sources are ready"#,
        r#"    0.020001    a timer begins"#,
        r#"    0.020001      a timer wakes <nap> "&\\n"#,
        r#"    0.020001    a timer ends"#,
        r#"    0.020002  turn"#,
        r#"    0.020002    <nap> "&\\n begins"#,
        r#"    0.020002      <nap> "&\\n wakes Task-1"#,
        r#"    0.020002      <nap> "&\\n has returned"#,
        r#"    0.020002    <nap> "&\\n ends"#,
        r#"    0.020003  turn"#,
        r#"    0.020003    Task-1 begins"#,
        r#"    0.020003      Task-1 has returned"#,
        r#"    0.020003    Task-1 ends"#,
        r#"    0.020004  turn"#,
        r#"    0.020004    a callback begins"#,
        r#"    0.020004    a callback ends"#,
    ];
    let text = recorded().text();
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_full_recorder_counts_what_it_cannot_keep() {
    let recorder = Recorder::with_limit(3);
    let builder = EventLoop::builder().clock(Clock::Virtual);
    let event_loop = builder.observer(recorder.clone()).build().expect("a loop");
    event_loop.run_until_complete(async {}).expect("it ends");
    let text = recorder.text();
    assert_eq!(text.lines().count(), 4);
    assert!(text.ends_with("\n5 more events found no room\n"), "{text}");
}

#[test]
fn the_trace_for_viewers_has_lanes_spans_and_wakes() {
    let trace = recorded().chrome_trace();
    let lines: Vec<_> = trace.lines().collect();
    assert_eq!(lines[0], "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[");
    assert!(lines.last().is_some_and(|line| *line == "]}"));
    let begin = "{\"ph\":\"M\",\"pid\":1,\"tid\":2,\"name\":\"thread_name\",\"args\":{\"name\":\"<nap> \\\"&\\\\\\u000a\"";
    assert!(lines.iter().any(|line| line.starts_with(begin)), "{trace}");
    let waits = "{\"ph\":\"X\",\"pid\":1,\"tid\":2,\"ts\":1.000,\"dur\":20000.000,\"cat\":\"waiting\",\"name\":\"waits for sleep 0.02 s\"},";
    assert!(lines.contains(&waits), "{trace}");
    let woken = "{\"ph\":\"f\",\"pid\":1,\"tid\":2,\"ts\":20001.000,\"id\":2,\"cat\":\"wake\",\"name\":\"wake\",\"bp\":\"e\"},";
    assert!(lines.contains(&woken), "{trace}");
}

#[test]
fn the_page_has_a_lane_for_each_task_and_names_are_no_markup() {
    let page = recorded().html();
    for part in [
        ">event loop<title>",
        ">Task-1<title>",
        ">&lt;nap&gt; &quot;&amp;\\\\n<title>",
        "<title>waits for sleep 0.02 s: 0.000001 s to 0.020001 s</title>",
        "<title>ready, woken by a timer: 0.020001 s to 0.020002 s</title>",
        "<title>waits for the Task '&lt;nap&gt; ",
    ] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert!(!page.contains("<nap>"));
    let loads = ["http:", "https:", "<script", "src="];
    assert!(loads.iter().all(|part| !page.contains(part)));
    assert_eq!(page.matches("class=\"arrow\"").count(), 4);
}
