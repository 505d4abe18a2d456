//! Jobs on threads: their results, their panics, and the loop meanwhile.

mod common;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{ms, panic_in, run_virtual, traced, turns};
use looplet::{
    EventLoop, RunError, ThreadPool, catch_cancel, create_task, gather, get_running_loop, sleep,
    to_thread, yield_now,
};

fn pool(limit: usize) -> ThreadPool {
    ThreadPool::new(NonZeroUsize::new(limit).expect("not zero"))
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
fn many_jobs_share_few_threads() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let pool = pool(3);
    let jobs: Vec<_> = (0..200)
        .map(|number| {
            let (running, most) = (running.clone(), most.clone());
            pool.submit(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
                number
            })
        })
        .collect();
    let results = run_virtual(async move { gather(jobs).await });
    assert!(results.into_iter().eq(0..200));
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    assert!(pool.shutdown(Duration::from_secs(60)));
    assert_eq!(
        format!("{pool:?}"),
        "ThreadPool { limit: 3, threads: 0, idle: 0, waiting: 0 }"
    );
}

#[test]
fn cancelling_the_await_leaves_the_job_running() {
    // D40
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    let trace = traced(|t| async move {
        let (release, released) = mpsc::channel::<()>();
        let (report, reported) = mpsc::channel();
        let task = create_task(to_thread(move || {
            released.recv().expect("the test says when");
            done.store(true, Ordering::SeqCst);
            report.send(()).expect("the test waits");
        }));
        turns(2).await;
        t.say(task.cancel());
        t.say(task.join().await.is_err());
        release.send(()).expect("the job waits");
        to_thread(move || reported.recv().expect("the job reports")).await;
        t.say(seen.load(Ordering::SeqCst));
    });
    assert_eq!(trace, ["true", "true", "true"]);
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
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    run_virtual(async move {
        let job = create_task(to_thread(move || {
            thread::sleep(ms(3));
            done.store(true, Ordering::SeqCst);
        }));
        turns(2).await;
        drop(job);
    });
    assert!(seen.load(Ordering::SeqCst));
}

#[test]
fn a_pool_that_is_dropped_still_does_the_jobs_it_has() {
    let pool = pool(1);
    let (send, received) = mpsc::channel();
    for number in 0..10 {
        let send = send.clone();
        drop(pool.submit(move || send.send(number)));
    }
    drop((pool, send));
    assert!(received.iter().eq(0..10));
}

#[test]
fn a_job_can_be_awaited_by_more_than_one_loop_in_turn() {
    let pool = pool(1);
    let first = EventLoop::new().expect("the system gives a loop");
    let value = first.run_until_complete(pool.submit(|| 1));
    assert_eq!(value.expect("it ends"), 1);
    let second = EventLoop::new().expect("the system gives a loop");
    let job = second.run_in_executor(&pool, || 2);
    assert_eq!(second.run_until_complete(job).expect("it ends"), 2);
}

#[test]
fn a_submit_to_a_pool_that_was_shut_down_still_runs() {
    let pool = pool(1);
    assert!(pool.shutdown(Duration::from_secs(60)));
    let job = pool.submit(|| "done");
    assert_eq!(run_virtual(job), "done");
}
