//! A thread pool without a loop: what programs know from `concurrent.futures`.

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use common::ms;
use looplet::{JobCancelled, JobHandle, PoolConfig, SubmitError, TaskError, ThreadPool};

const LONG: Duration = Duration::from_secs(60);

/// A job that runs until it is let go. Returns when it has begun.
fn blocked(pool: &ThreadPool) -> (JobHandle<()>, Sender<()>) {
    let (release, released) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let job = pool.submit(move || {
        begin.send(()).expect("the test waits");
        // An error is a release, too: the test is over.
        let _ = released.recv();
    });
    begun.recv().expect("the job begins");
    (job.expect("the pool is open"), release)
}

fn submit<T: Send + 'static>(
    pool: &ThreadPool,
    job: impl FnOnce() -> T + Send + 'static,
) -> JobHandle<T> {
    pool.submit(job).expect("the pool is open")
}

fn panic_text<T: std::fmt::Debug>(result: Result<T, TaskError>) -> String {
    match result {
        Err(TaskError::Panicked(payload)) => common::text_of(payload),
        other => panic!("it was expected to panic: {other:?}"),
    }
}

#[test]
fn a_wait_gives_the_result() {
    let pool = ThreadPool::new(2);
    assert_eq!(submit(&pool, || 6 * 7).wait().expect("a result"), 42);
}

#[test]
fn a_panic_arrives_at_whoever_waits_and_the_thread_lives_on() {
    let pool = ThreadPool::new(1);
    let job: JobHandle<()> = submit(&pool, || panic!("in a thread"));
    assert_eq!(panic_text(job.wait()), "in a thread");
    let same = submit(&pool, || thread::current().name().map(str::to_string));
    assert_eq!(same.wait().expect("a name").as_deref(), Some("looplet_0"));
}

#[test]
fn jobs_begin_in_the_order_in_which_they_were_submitted() {
    let pool = ThreadPool::new(1);
    let (_first, release) = blocked(&pool);
    let order = Arc::new(Mutex::new(Vec::new()));
    for number in 0..100 {
        let order = order.clone();
        drop(submit(&pool, move || {
            order.lock().expect("no panic").push(number)
        }));
    }
    assert_eq!(pool.queued(), 100);
    drop(release);
    assert!(pool.shutdown(LONG));
    assert_eq!(pool.queued(), 0);
    assert!(order.lock().expect("no panic").iter().copied().eq(0..100));
}

#[test]
fn a_pool_of_no_threads_counts_as_one() {
    assert_eq!(
        format!("{:?}", ThreadPool::new(0)),
        "ThreadPool { limit: 1, threads: 0, idle: 0, queued: 0 }"
    );
}

#[test]
fn the_default_size_is_pythons() {
    let processors = thread::available_parallelism().expect("it is known").get();
    assert_eq!(PoolConfig::default().threads, 32.min(processors + 4));
    assert_eq!(PoolConfig::default().name_prefix, "looplet");
}

#[test]
fn each_thread_has_a_name_with_the_prefix_and_a_number() {
    let pool = ThreadPool::with(PoolConfig {
        threads: 3,
        name_prefix: "wor\0ker".to_string(),
    });
    // All three are needed at the same time.
    let together = Arc::new(Barrier::new(3));
    let name = move |_| {
        together.wait();
        thread::current().name().map(str::to_string)
    };
    let names = pool.map(name, 0..3).expect("the pool is open");
    let mut names: Vec<_> = names.map(|name| name.expect("a name")).collect();
    names.sort();
    let expected = ["worker_0", "worker_1", "worker_2"].map(|name| Some(name.to_string()));
    assert_eq!(names, expected);
}

#[test]
fn many_jobs_share_few_threads() {
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let pool = ThreadPool::new(3);
    let seen = most.clone();
    let job = move |number| {
        most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        thread::yield_now();
        running.fetch_sub(1, Ordering::SeqCst);
        number
    };
    let results = pool.map(job, 0..200).expect("the pool is open");
    assert_eq!(results.len(), 200);
    let results: Result<Vec<_>, _> = results.collect();
    assert!(results.expect("no panic").into_iter().eq(0..200));
    assert!((1..=3).contains(&seen.load(Ordering::SeqCst)));
}

#[test]
fn a_job_that_has_not_begun_can_be_cancelled_and_is_dropped_at_once() {
    let pool = ThreadPool::new(1);
    let (first, release) = blocked(&pool);
    let captured = Arc::new(());
    let owned = captured.clone();
    let job = submit(&pool, move || drop(owned));
    assert!(!job.done());
    assert!(job.cancel());
    assert!(job.done());
    assert_eq!((pool.queued(), Arc::strong_count(&captured)), (0, 1));
    assert!(!job.cancel(), "it is done");
    assert!(matches!(job.wait(), Err(TaskError::Cancelled(_))));
    drop(release);
    first.wait().expect("it ends");
}

#[test]
fn a_panic_in_the_drop_of_a_cancelled_job_goes_no_further() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let pool = ThreadPool::new(1);
    let (_first, _release) = blocked(&pool);
    let bad = Bad;
    let job = submit(&pool, move || std::mem::forget(bad));
    assert!(catch_unwind(AssertUnwindSafe(|| job.cancel())).expect("no panic"));
    assert!(matches!(job.wait(), Err(TaskError::Cancelled(_))));
}

#[test]
fn a_result_that_panics_when_it_is_dropped_does_not_kill_the_thread() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let pool = ThreadPool::new(1);
    let (first, release) = blocked(&pool);
    drop(submit(&pool, || Bad));
    drop((first, release));
    assert_eq!(
        submit(&pool, || "lives on").wait().expect("a result"),
        "lives on"
    );
    assert!(format!("{pool:?}").contains("threads: 1"), "{pool:?}");
}

#[test]
fn a_job_that_runs_is_only_asked_to_end() {
    let pool = ThreadPool::new(1);
    let (begin, begun) = mpsc::channel();
    let job = pool.submit_with(move |token| {
        let before = token.check();
        begin.send(()).expect("the test waits");
        let marked = token.wait_timeout(LONG);
        (before, marked, token.is_cancelled(), token.check())
    });
    let job = job.expect("the pool is open");
    begun.recv().expect("the job begins");
    assert!(!job.cancel(), "it runs");
    let (before, marked, is_cancelled, after) = job.wait().expect("it returns a value");
    assert_eq!((before, after), (Ok(()), Err(JobCancelled)));
    assert!(marked && is_cancelled);
}

#[test]
fn a_token_waits_no_longer_than_it_was_told() {
    let pool = ThreadPool::new(1);
    let job = pool.submit_with(|token| token.wait_timeout(ms(1)));
    let marked = job.expect("the pool is open").wait();
    assert!(!marked.expect("a result"));
}

#[test]
fn a_wait_whose_time_is_over_gives_the_handle_back() {
    let pool = ThreadPool::new(1);
    let (job, release) = blocked(&pool);
    let job = job.wait_timeout(ms(1)).expect_err("it is blocked");
    let job = job.wait_timeout(Duration::ZERO).expect_err("still");
    drop(release);
    let result = job.wait_timeout(Duration::MAX).expect("it ends");
    result.expect("no panic");
}

#[test]
fn a_handle_can_be_waited_for_in_another_thread() {
    let pool = ThreadPool::new(1);
    let job = submit(&pool, || 1);
    let waiter = thread::spawn(move || job.wait());
    let result = waiter.join().expect("no panic");
    assert_eq!(result.expect("a result"), 1);
}

#[test]
fn a_done_callback_runs_on_the_thread_of_the_job_before_anybody_has_the_result() {
    let pool = ThreadPool::new(1);
    let (release, released) = mpsc::channel::<()>();
    let mut job = submit(&pool, move || {
        released.recv().expect("the test says when");
        7
    });
    let seen = Arc::new(Mutex::new(Vec::new()));
    for round in 0..2 {
        let seen = seen.clone();
        job.add_done_callback(move |result| {
            let name = thread::current().name().map(str::to_string);
            let value = result.as_ref().expect("no panic");
            seen.lock().expect("no panic").push((round, *value, name));
        });
    }
    release.send(()).expect("the job waits");
    job.wait().expect("a result");
    let name = || Some("looplet_0".to_string());
    let expected = [(0, 7, name()), (1, 7, name())];
    assert_eq!(*seen.lock().expect("no panic"), expected);
}

#[test]
fn a_done_callback_of_a_finished_job_runs_here_and_leaves_the_result() {
    let pool = ThreadPool::new(1);
    let mut job = submit(&pool, || 7);
    assert!(pool.shutdown(LONG));
    let here = thread::current().id();
    let (sender, seen) = mpsc::channel();
    job.add_done_callback(move |result| {
        let value = *result.as_ref().expect("no panic");
        sender
            .send((value, thread::current().id()))
            .expect("the test waits");
    });
    assert_eq!(seen.try_recv(), Ok((7, here)));
    assert_eq!(job.wait().expect("a result"), 7);
}

#[test]
fn a_done_callback_of_a_cancelled_job_runs_in_the_thread_that_cancels() {
    let pool = ThreadPool::new(1);
    let (_first, _release) = blocked(&pool);
    let mut job = submit(&pool, || ());
    let (sender, seen) = mpsc::channel();
    job.add_done_callback(move |result| {
        let cancelled = matches!(result, Err(TaskError::Cancelled(_)));
        let here = thread::current().id();
        sender.send((cancelled, here)).expect("the test waits");
    });
    assert!(job.cancel());
    assert_eq!(seen.try_recv(), Ok((true, thread::current().id())));
}

#[test]
fn a_panic_in_a_done_callback_harms_nobody() {
    let pool = ThreadPool::new(1);
    let (release, released) = mpsc::channel::<()>();
    let mut job = submit(&pool, move || released.recv().is_err());
    let (sender, seen) = mpsc::channel();
    job.add_done_callback(|_| panic!("in a callback"));
    job.add_done_callback(move |_| sender.send("the next one runs").expect("the test waits"));
    drop(release);
    assert!(job.wait().expect("a result"));
    assert_eq!(seen.try_recv(), Ok("the next one runs"));
    assert!(submit(&pool, || true).wait().expect("a result"));
}

/// How a job tells the one before it that it has ended, and hears it of the one behind it.
#[derive(Default)]
struct Gate {
    open: Option<Sender<()>>,
    opened: Option<Receiver<()>>,
}

/// Three jobs, each of which ends only after the next one has.
fn backwards(pool: &ThreadPool, order: Sender<i32>) -> looplet::Map<i32> {
    let mut gates = vec![Gate::default()];
    for _ in 1..3 {
        let (open, opened) = mpsc::channel();
        gates.last_mut().expect("not empty").opened = Some(opened);
        gates.push(Gate {
            open: Some(open),
            opened: None,
        });
    }
    let job = move |(number, gate): (i32, Gate)| {
        if let Some(opened) = gate.opened {
            // The next job has ended when its end of the channel is gone.
            assert!(opened.recv().is_err());
        }
        order.send(number).expect("the test waits");
        drop(gate.open);
        number
    };
    pool.map(job, (0..).zip(gates)).expect("the pool is open")
}

#[test]
fn a_map_gives_results_in_the_order_of_the_items() {
    let pool = ThreadPool::new(3);
    let (sender, order) = mpsc::channel();
    let results: Result<Vec<_>, _> = backwards(&pool, sender).collect();
    assert_eq!(results.expect("no panic"), [0, 1, 2]);
    assert!(order.iter().eq([2, 1, 0]));
}

#[test]
fn a_panic_in_a_map_is_the_result_of_its_item() {
    let pool = ThreadPool::new(2);
    let third = |n: u32| 12_u32.checked_div(n).expect("not zero");
    let mut results = pool.map(third, [3, 0, 4]).expect("the pool is open");
    assert_eq!(results.next().expect("an item").expect("no panic"), 4);
    assert_eq!(panic_text(results.next().expect("an item")), "not zero");
    assert_eq!(results.next().expect("an item").expect("no panic"), 3);
    assert!(results.next().is_none());
}

#[test]
fn a_map_that_is_cancelled_does_not_begin_any_more_and_one_that_is_dropped_does() {
    let pool = ThreadPool::new(1);
    let (_first, release) = blocked(&pool);
    let (sender, ran) = mpsc::channel();
    let count = sender.clone();
    let cancelled = pool.map(move |n| count.send(n), 0..5);
    cancelled.expect("the pool is open").cancel();
    drop(pool.map(move |n| sender.send(n), 5..8));
    assert_eq!(pool.queued(), 3);
    drop(release);
    assert!(ran.iter().eq(5..8));
}

#[test]
fn a_map_that_is_refused_half_way_cancels_what_it_has_submitted() {
    let pool = ThreadPool::new(1);
    let (_first, _release) = blocked(&pool);
    let own = pool.clone();
    let items = (0..5).inspect(move |&n| {
        if n == 3 {
            assert_eq!(own.queued(), 3);
            own.shutdown(Duration::ZERO);
        }
    });
    assert!(matches!(pool.map(|n| n, items), Err(SubmitError::ShutDown)));
    assert_eq!(pool.queued(), 0);
}

#[test]
fn completed_jobs_come_in_the_order_of_their_ends() {
    let pool = ThreadPool::new(2);
    let (release, released) = mpsc::channel::<()>();
    let slow = submit(&pool, move || released.recv().map_or("slow", |()| "slow"));
    let fast = submit(&pool, || "fast");
    let mut cancelled = Some({
        let pool = ThreadPool::new(1);
        let (_blocked, _release) = blocked(&pool);
        let job = submit(&pool, || "never");
        job.cancel();
        job
    });
    let mut ended =
        ThreadPool::as_completed([slow].into_iter().chain(cancelled.take()).chain([fast]));
    let (place, result) = ended.next().expect("the cancelled one was done before");
    assert!(place == 1 && result.is_err(), "{place} {result:?}");
    let (place, result) = ended.next().expect("the fast one");
    assert_eq!((place, result.expect("a result")), (2, "fast"));
    drop(release);
    let (place, result) = ended.next().expect("the slow one");
    assert_eq!((place, result.expect("a result")), (0, "slow"));
    assert!(ended.next().is_none());
}

#[test]
fn a_pool_that_was_shut_down_refuses_jobs() {
    let pool = ThreadPool::new(1);
    assert!(pool.shutdown(LONG));
    let refused = pool.submit(|| ()).expect_err("it is shut down");
    assert!(matches!(refused, SubmitError::ShutDown));
    assert_eq!(refused.to_string(), "executor shutdown has been called");
    assert!(matches!(
        pool.map(|n: u8| n, [1]),
        Err(SubmitError::ShutDown)
    ));
    assert!(matches!(
        pool.submit_with(|_| ()),
        Err(SubmitError::ShutDown)
    ));
}

#[test]
fn a_shutdown_lets_the_jobs_in_the_line_run() {
    let pool = ThreadPool::new(1);
    let (_first, release) = blocked(&pool);
    let jobs = pool.map(|n| n, 0..3).expect("the pool is open");
    assert!(!pool.shutdown(Duration::ZERO), "a job runs");
    assert!(!pool.shutdown(ms(1)), "still");
    drop(release);
    assert!(pool.shutdown(Duration::MAX));
    assert_eq!(
        jobs.map(|n| n.expect("it ran")).collect::<Vec<_>>(),
        [0, 1, 2]
    );
    assert_eq!(
        format!("{pool:?}"),
        "ThreadPool { limit: 1, threads: 0, idle: 0, queued: 0 }"
    );
}

#[test]
fn a_job_can_shut_its_own_pool_down_and_does_not_wait_for_itself() {
    let pool = ThreadPool::new(2);
    let own = pool.clone();
    let job = submit(&pool, move || own.shutdown(LONG));
    assert!(job.wait().expect("it ends"));
}

#[test]
fn a_pool_that_is_dropped_still_does_the_jobs_it_has() {
    let pool = ThreadPool::new(1);
    let (send, received) = mpsc::channel();
    for number in 0..10 {
        let send = send.clone();
        drop(submit(&pool, move || send.send(number)));
    }
    drop((pool, send));
    assert!(received.iter().eq(0..10));
}
