//! Jobs on threads as a loop sees them: awaits, cancels, the default pool and its end.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Trace, ms, panic_in, report_to, run_virtual, traced, turns, virtual_loop};
use looplet::{
    ContextVar, EventLoop, JobHandle, PoolConfig, RunError, Runner, SubmitError, TaskError,
    ThreadPool, catch_cancel, create_task, gather, get_running_loop, sleep, timeout, to_thread,
    yield_now,
};

const LONG: Duration = Duration::from_secs(60);

fn submit<T: Send + 'static>(
    pool: &ThreadPool,
    job: impl FnOnce() -> T + Send + 'static,
) -> JobHandle<T> {
    pool.submit(job).expect("the pool is open")
}

/// Occupies the only thread of a pool until the sender is dropped. Returns when it has begun.
fn occupy(pool: &ThreadPool) -> Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    drop(submit(pool, move || {
        begin.send(()).expect("the test waits");
        // An error is the release.
        let _ = released.recv();
    }));
    begun.recv().expect("the job begins");
    release
}

#[test]
fn a_job_gives_its_result_and_its_panic() {
    // D40
    let trace = traced(|t| async move {
        t.say(to_thread(|| 6 * 7).await);
        let name = to_thread(|| thread::current().name().map(str::to_string)).await;
        t.say(name.is_some_and(|name| name.starts_with("looplet_")));
        let broken = to_thread(|| {
            if true {
                panic!("in a thread");
            }
        });
        t.say(panic_in(broken).await);
        t.say(to_thread(|| "the pool lives on").await);
    });
    assert_eq!(trace, ["42", "true", "in a thread", "the pool lives on"]);
}

#[test]
fn a_join_gives_the_panic_and_the_cancel_as_values() {
    run_virtual(async {
        let pool = ThreadPool::new(1);
        let broken: JobHandle<()> = submit(&pool, || panic!("in a thread"));
        let Err(TaskError::Panicked(payload)) = broken.join().await else {
            panic!("it was expected to panic")
        };
        assert_eq!(common::text_of(payload), "in a thread");
        let _release = occupy(&pool);
        let queued = submit(&pool, || ());
        assert!(queued.cancel());
        assert!(matches!(queued.join().await, Err(TaskError::Cancelled(_))));
    });
}

#[test]
fn awaiting_a_job_that_was_cancelled_cancels_the_awaiter() {
    run_virtual(async {
        let pool = ThreadPool::new(1);
        let _release = occupy(&pool);
        let queued = submit(&pool, || ());
        queued.cancel();
        assert!(catch_cancel(queued).await.is_err());
    });
}

#[test]
fn a_gather_takes_jobs_and_gives_their_results_in_order() {
    let results = run_virtual(async move {
        let pool = ThreadPool::new(3);
        gather(
            (0..200)
                .map(|n| submit(&pool, move || n))
                .collect::<Vec<_>>(),
        )
        .await
    });
    assert!(results.into_iter().eq(0..200));
}

#[test]
fn a_map_can_be_awaited_in_order() {
    let results = run_virtual(async move {
        let pool = ThreadPool::new(3);
        let mut squares = pool.map(|n| n * n, 0..20).expect("the pool is open");
        let mut results = Vec::new();
        while let Some(square) = squares.join_next().await {
            results.push(square.expect("no panic"));
        }
        results
    });
    assert!(results.into_iter().eq((0..20).map(|n| n * n)));
}

#[test]
fn cancelling_the_await_leaves_a_job_that_runs_running() {
    // D40
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    let trace = traced(|t| async move {
        let (release, released) = mpsc::channel::<()>();
        let (report, reported) = mpsc::channel();
        let begun = report.clone();
        let task = create_task(to_thread(move || {
            begun.send(()).expect("the test waits");
            released.recv().expect("the test says when");
            done.store(true, Ordering::SeqCst);
            report.send(()).expect("the test waits");
        }));
        yield_now().await;
        reported.recv().expect("the job begins");
        t.say(task.cancel());
        t.say(task.join().await.is_err());
        release.send(()).expect("the job waits");
        to_thread(move || reported.recv().expect("the job reports")).await;
        t.say(seen.load(Ordering::SeqCst));
    });
    assert_eq!(trace, ["true", "true", "true"]);
}

#[test]
fn a_job_runs_while_the_loop_goes_on_and_sees_the_context_of_its_awaiter() {
    // D41
    static VARIABLE: ContextVar<&str> = ContextVar::new("v");
    let trace = traced(|t| async move {
        VARIABLE.set("ctx");
        let (release, released) = mpsc::channel::<()>();
        let task = create_task(to_thread(move || released.recv().map(|()| VARIABLE.get())));
        turns(3).await;
        t.say("loop alive");
        release.send(()).expect("the job waits");
        t.say(task.await.expect("it was sent").expect("it has a value"));
    });
    assert_eq!(trace, ["loop alive", "ctx"]);
}

#[test]
fn cancelling_the_await_of_a_job_that_has_not_begun_drops_it_at_once() {
    run_virtual(async {
        let pool = ThreadPool::new(1);
        let release = occupy(&pool);
        let captured = Arc::new(());
        let owned = captured.clone();
        let job = submit(&pool, move || drop(owned));
        let task = create_task(job.into_future());
        yield_now().await;
        assert_eq!((pool.queued(), Arc::strong_count(&captured)), (1, 2));
        task.cancel();
        assert!(task.join().await.is_err());
        assert_eq!((pool.queued(), Arc::strong_count(&captured)), (0, 1));
        drop(release);
    });
}

#[test]
fn dropping_a_handle_detaches_the_job_and_dropping_its_await_cancels_it() {
    let pool = ThreadPool::new(1);
    let release = occupy(&pool);
    drop(submit(&pool, || ()));
    assert_eq!(pool.queued(), 1);
    drop(submit(&pool, || ()).into_future());
    assert_eq!(pool.queued(), 1);
    drop(release);
}

/// How the await of a job ends before its time.
#[derive(Clone, Copy, Debug)]
enum End {
    Cancel,
    Abort,
    Timeout,
}

#[test]
fn a_running_job_learns_from_its_token_that_nobody_waits_any_more() {
    for end in [End::Cancel, End::Abort, End::Timeout] {
        let runner = Runner::new().expect("the system gives a loop");
        let (report, reported) = mpsc::channel();
        let ran = runner.run(async move {
            let (begin, begun) = mpsc::channel();
            let pool = get_running_loop().default_executor();
            let job = pool.submit_with(move |token| {
                begin.send(()).expect("the test waits");
                let marked = token.wait_timeout(LONG);
                report.send(marked).expect("the test waits");
            });
            begun.recv().expect("the job begins");
            let job = job.expect("the pool is open").into_future();
            if matches!(end, End::Timeout) {
                return assert!(timeout(ms(1), job).await.is_err());
            }
            let task = create_task(job);
            yield_now().await;
            match end {
                End::Cancel => task.cancel(),
                End::Abort | End::Timeout => task.abort(),
            };
            assert!(task.join().await.is_err());
        });
        ran.expect("it ends");
        // The end of the run waits for the thread.
        drop(runner);
        assert_eq!(reported.try_recv(), Ok(true), "{end:?}");
    }
}

#[test]
fn an_await_that_is_only_borrowed_leaves_the_job_alone_and_can_go_on() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async {
        let pool = ThreadPool::new(1);
        let release = occupy(&pool);
        let mut wait = submit(&pool, || "later").into_future();
        assert!(timeout(ms(1), &mut wait).await.is_err());
        assert_eq!(pool.queued(), 1);
        drop(release);
        wait.await
    });
    assert_eq!(ran.expect("it ends"), "later");
}

#[test]
fn a_job_becomes_a_promise_and_a_cancel_goes_both_ways() {
    let trace = traced(|t| async move {
        let pool = ThreadPool::new(1);
        let promise = submit(&pool, || 42).into_promise();
        t.say(promise.done());
        t.say(promise.await);
        let release = occupy(&pool);

        let promise = submit(&pool, || 0).into_promise();
        turns(2).await;
        t.say(format!("{} {}", pool.queued(), promise.cancel()));
        turns(3).await;
        t.say(pool.queued());

        let job = submit(&pool, || 0);
        job.cancel();
        let promise = job.into_promise();
        t.say(catch_cancel(promise).await.is_err());
        drop(release);
    });
    assert_eq!(trace, ["false", "42", "1 true", "0", "true"]);
}

#[test]
fn a_loop_with_a_job_out_is_not_deadlocked_and_its_clock_does_not_jump() {
    let trace = traced(|t| async move {
        let start = get_running_loop().time();
        let (release, released) = mpsc::channel::<()>();
        let job = create_task(to_thread(move || released.recv().is_ok()));
        let words = t.clone();
        let sleeper = create_task(async move {
            sleep(ms(60_000)).await;
            words.say("slept");
        });
        yield_now().await;
        // Real time passes for the thread that releases the job; virtual time does not.
        thread::spawn(move || {
            thread::sleep(ms(3));
            release.send(()).expect("the job waits");
        });
        t.say(job.await);
        let passed = get_running_loop().time() - start;
        t.say(format!("{}", passed < ms(1)));
        sleeper.await;
    });
    assert_eq!(trace, ["true", "true", "slept"]);
}

#[test]
fn a_job_that_nobody_awaits_any_more_does_not_keep_the_loop_waiting() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let (release, released) = mpsc::channel::<()>();
    let ran = event_loop.run_until_complete(async move {
        let caught = catch_cancel(async {
            let job = to_thread(move || released.recv().is_ok());
            looplet::current_task().expect("in a task").cancel();
            job.await
        });
        assert!(caught.await.is_err());
        std::future::pending::<()>().await;
    });
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
    drop(release);
}

#[test]
fn the_end_of_a_run_waits_for_the_jobs_of_the_default_pool() {
    // G08
    let done = Arc::new(Mutex::new(Vec::new()));
    let seen = done.clone();
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let releaser = thread::spawn(move || {
        begun.recv().expect("the job begins");
        thread::sleep(ms(3));
        release.send(()).expect("the job waits");
    });
    run_virtual(async move {
        let event_loop = get_running_loop();
        let job = event_loop.run_in_executor(&event_loop.default_executor(), move || {
            begin.send(()).expect("the test waits");
            released.recv().expect("it is released");
            done.lock().expect("no panic").push(1);
        });
        drop(job.expect("the pool is open"));
        yield_now().await;
    });
    assert_eq!(*seen.lock().expect("no panic"), [1]);
    releaser.join().expect("no panic");
}

#[test]
fn at_the_end_of_a_run_a_job_can_still_wait_for_a_coroutine() {
    let (report, reported) = mpsc::channel();
    run_virtual(async move {
        let event_loop = get_running_loop();
        let (handle, pool) = (event_loop.handle(), event_loop.default_executor());
        let own = pool.clone();
        let job = event_loop.run_in_executor(&pool, move || {
            // What begins before the shutdown would be cancelled with the other tasks.
            while own.submit(|| ()).is_ok() {
                thread::yield_now();
            }
            let answer = handle.run_coroutine_threadsafe(|| async {
                yield_now().await;
                "from the loop"
            });
            report.send(answer.wait()).expect("the test waits");
        });
        drop(job.expect("the pool is open"));
    });
    let answer = reported.try_recv().expect("the run has waited for the job");
    assert_eq!(answer.expect("a result"), "from the loop");
}

#[test]
fn a_stop_that_comes_late_does_not_keep_the_end_of_a_run_from_waiting() {
    let (report, reported) = mpsc::channel();
    run_virtual(async move {
        let event_loop = get_running_loop();
        let handle = event_loop.handle();
        let job = event_loop.run_in_executor(&event_loop.default_executor(), move || {
            for _ in 0..3 {
                let (ring, rung) = mpsc::channel();
                let stop = handle.call_soon_threadsafe(move || {
                    get_running_loop().stop();
                    ring.send(()).expect("the job waits");
                });
                stop.expect("the loop is open");
                rung.recv().expect("the loop runs");
            }
            report.send("joined").expect("the test waits");
        });
        drop(job.expect("the pool is open"));
    });
    assert_eq!(reported.try_recv(), Ok("joined"));
}

#[test]
fn a_default_executor_that_was_set_is_used_and_joined() {
    let pool = ThreadPool::with(PoolConfig {
        threads: 1,
        name_prefix: "mine".to_string(),
    });
    let own = pool.clone();
    let name = run_virtual(async move {
        get_running_loop().set_default_executor(own);
        to_thread(|| thread::current().name().map(str::to_string)).await
    });
    assert_eq!(name.as_deref(), Some("mine_0"));
    assert!(matches!(pool.submit(|| ()), Err(SubmitError::ShutDown)));
    assert!(format!("{pool:?}").contains("threads: 0"), "{pool:?}");
}

#[test]
fn a_default_executor_that_was_shut_down_refuses_jobs() {
    let trace = traced(|t| async move {
        let event_loop = get_running_loop();
        t.say(to_thread(|| "before").await);
        t.say(event_loop.shutdown_default_executor(LONG).await);
        let refused = event_loop.run_in_executor(&event_loop.default_executor(), || ());
        t.say(refused.expect_err("it is shut down"));
        let text = panic_in(to_thread(|| ())).await;
        t.say(text.starts_with("executor shutdown has been called (a job from "));
        let error = looplet::fs::read("/")
            .await
            .expect_err("no thread reads it");
        t.say(error);
        let error = looplet::resolve("localhost", 1).await;
        t.say(error.expect_err("no thread asks"));
        event_loop.set_default_executor(ThreadPool::new(1));
        t.say(to_thread(|| "with another pool").await);
    });
    let refusal = "executor shutdown has been called";
    let expected = [
        "before",
        "true",
        refusal,
        "true",
        refusal,
        refusal,
        "with another pool",
    ];
    assert_eq!(trace, expected);
}

#[test]
fn a_default_executor_that_was_never_used_can_be_shut_down() {
    let trace = traced(|t| async move {
        let event_loop = get_running_loop();
        t.say(event_loop.shutdown_default_executor(Duration::ZERO).await);
        let pool = event_loop.default_executor();
        t.say(event_loop.run_in_executor(&pool, || ()).is_err());
    });
    assert_eq!(trace, ["true", "true"]);
}

#[test]
fn a_shutdown_whose_time_is_over_is_reported_with_the_jobs_that_run() {
    let event_loop = virtual_loop();
    let trace = Trace::default();
    report_to(&event_loop, &trace);
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let line = line!() + 3;
    let ended = event_loop.run_until_complete(async move {
        let event_loop = get_running_loop();
        let job = create_task(to_thread(move || {
            begin.send(()).expect("the test waits");
            released.recv().expect_err("the test says when")
        }));
        yield_now().await;
        begun.recv().expect("the job begins");
        let ended = event_loop.shutdown_default_executor(ms(2)).await;
        drop((job, release));
        ended
    });
    assert!(!ended.expect("it ends"));
    let file = file!();
    let expected = format!(
        "HANDLER the executor did not finish joining its threads within 0.002 seconds: \
         jobs still run, from {file}:{line}:31"
    );
    assert_eq!(trace.take(), [expected]);
}

#[test]
fn a_job_can_be_awaited_by_more_than_one_loop_in_turn() {
    let pool = ThreadPool::new(1);
    let first = EventLoop::new().expect("the system gives a loop");
    let value = first.run_until_complete(submit(&pool, || 1).into_future());
    assert_eq!(value.expect("it ends"), 1);
    let second = EventLoop::new().expect("the system gives a loop");
    let job = second.run_in_executor(&pool, || 2).expect("it is open");
    let value = second.run_until_complete(job.into_future());
    assert_eq!(value.expect("it ends"), 2);
}

#[test]
fn a_closed_loop_takes_no_job() {
    // A18
    let event_loop = looplet::EventLoop::new().expect("there is room");
    let pool = looplet::ThreadPool::new(1);
    event_loop.close();
    let submitted = event_loop.run_in_executor(&pool, || {});
    let error = submitted.expect_err("the loop is closed");
    assert!(matches!(error, looplet::SubmitError::LoopClosed));
    assert_eq!(error.to_string(), "the event loop is closed");
}
