//! Every future that waits, dropped and cancelled at its await: nothing of it stays behind.
//!
//! The proof is the loop itself. When the task is gone and nothing is left that could wake
//! anybody, the loop says that it is deadlocked, with no tasks; a timer that was forgotten
//! would make the virtual clock jump first.

mod common;

use std::future::poll_fn;
use std::task::Poll;

use common::{Boxed, join, ms, turns, unordered, virtual_loop};
use looplet::{
    Event, Lock, Promise, Queue, ReturnWhen, RunError, Semaphore, TcpListener, TcpStream,
    as_completed, catch_cancel, create_task, gather, get_running_loop, map_concurrent, sleep,
    staggered_race, timeout, timeout_lossless, to_thread, try_map_concurrent, wait, wait_for,
    wait_for_lossless,
};

/// How the await of a future ends before its time.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The task that awaits it is cancelled.
    Cancel,
    /// The task is dropped where it stands.
    Abort,
    /// A timeout around it expires.
    Timeout,
    /// It is polled, and dropped in the same step.
    DropAtOnce,
    /// It is polled, and dropped when something else was faster.
    DropLater,
    /// It is one of two branches of a task that is cancelled.
    CancelJoined,
    /// It waits inside a combinator that gives it a waker of its own.
    CancelUnordered,
}

const ENDS: [End; 7] = [
    End::Cancel,
    End::Abort,
    End::Timeout,
    End::DropAtOnce,
    End::DropLater,
    End::CancelJoined,
    End::CancelUnordered,
];

/// Polls `future` beside a sleep and drops it when that is over.
async fn give_up_after(mut future: Boxed<()>, time: u64) {
    let mut nap = Box::pin(sleep(ms(time)));
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending(), "it has to wait");
        nap.as_mut().poll(context)
    })
    .await;
}

async fn drop_at_once(mut future: Boxed<()>) {
    poll_fn(|context| {
        assert!(future.as_mut().poll(context).is_pending(), "it has to wait");
        Poll::Ready(())
    })
    .await;
}

async fn end_early(future: Boxed<()>, end: End) {
    let task = match end {
        End::Cancel | End::Abort => create_task(future),
        End::Timeout => {
            let result = timeout(ms(5), future).await;
            assert!(result.is_err(), "it has to wait");
            return;
        }
        End::DropAtOnce => return drop_at_once(future).await,
        End::DropLater => return give_up_after(future, 5).await,
        End::CancelJoined => create_task(async {
            join(future, sleep(ms(900))).await;
        }),
        End::CancelUnordered => create_task(async {
            unordered(vec![future, Box::pin(sleep(ms(900)))]).await;
        }),
    };
    turns(2).await;
    assert!(!task.done(), "it has to wait");
    let asked = if matches!(end, End::Abort) {
        task.abort()
    } else {
        task.cancel()
    };
    assert!(asked);
    assert!(task.join().await.is_err());
}

/// Ends the future that `make` makes in every way, and looks for what is left.
///
/// `make` returns it with what has to stay alive, for example the other end of a connection.
fn leaves_nothing<K, F>(make: impl Fn() -> F)
where
    K: std::fmt::Debug + 'static,
    F: Future<Output = (Boxed<()>, K)> + 'static,
{
    for end in ENDS {
        leaves_nothing_after(end, &make);
    }
}

fn leaves_nothing_after<K, F>(end: End, make: impl Fn() -> F)
where
    K: std::fmt::Debug + 'static,
    F: Future<Output = (Boxed<()>, K)> + 'static,
{
    let event_loop = virtual_loop();
    let made = make();
    let main = async move {
        let (future, kept) = made.await;
        end_early(future, end).await;
        // What the end has set in motion, a done-callback say, may run.
        turns(3).await;
        kept
    };
    let kept = event_loop.run_until_complete(main);
    let kept = kept.unwrap_or_else(|error| panic!("{end:?}: {error}"));
    assert_eq!(
        format!("{event_loop:?}"),
        "EventLoop { phase: Idle, ready: 0, tasks: 0 }",
        "{end:?}"
    );
    let before = event_loop.time();
    let ran = event_loop.run_forever();
    let Err(RunError::Deadlock(deadlock)) = ran else {
        panic!("{end:?}: something is left: {ran:?}")
    };
    assert!(deadlock.tasks.is_empty(), "{end:?}");
    assert!(event_loop.time() - before < ms(1), "{end:?}: a timer");
    assert_no_waiters(&format!("{kept:?}"), end);
}

/// The primitives say in their `Debug` how many wait.
fn assert_no_waiters(kept: &str, end: End) {
    assert!(!kept.contains("cb=["), "{end:?}: {kept}");
    for word in ["waiters: ", "getters: ", "putters: "] {
        for (at, _) in kept.match_indices(word) {
            let none = kept[at + word.len()..].starts_with('0');
            assert!(none, "{end:?}: {kept}");
        }
    }
}

fn boxed<F: Future + 'static>(future: F) -> Boxed<()>
where
    F::Output: 'static,
{
    Box::pin(async move {
        future.await;
    })
}

#[test]
fn a_sleep_leaves_nothing() {
    leaves_nothing(|| async { (boxed(sleep(ms(900))), ()) });
}

#[test]
fn yields_leave_nothing() {
    leaves_nothing(|| async { (boxed(turns(1 << 20)), ()) });
}

#[test]
fn an_event_leaves_nothing() {
    leaves_nothing(|| async {
        let event = Event::new();
        let waited = event.clone();
        (boxed(async move { waited.wait().await }), event)
    });
}

#[test]
fn a_lock_leaves_nothing() {
    leaves_nothing(|| async {
        let lock = Lock::new();
        let guard = lock.acquire().await;
        let waited = lock.clone();
        (boxed(async move { drop(waited.acquire().await) }), guard)
    });
}

#[test]
fn a_semaphore_leaves_nothing() {
    leaves_nothing(|| async {
        let semaphore = Semaphore::new(0);
        let waited = semaphore.clone();
        (
            boxed(async move { drop(waited.acquire().await) }),
            semaphore,
        )
    });
}

#[test]
fn a_get_leaves_nothing() {
    leaves_nothing(|| async {
        let queue = Queue::<()>::new(1);
        let waited = queue.clone();
        (
            boxed(async move { waited.get().await.expect("it is open") }),
            queue,
        )
    });
}

#[test]
fn a_put_leaves_nothing() {
    leaves_nothing(|| async {
        let queue = Queue::new(1);
        queue.put(()).await.expect("it is open");
        let waited = queue.clone();
        (
            boxed(async move { waited.put(()).await.expect("it is open") }),
            queue,
        )
    });
}

#[test]
fn a_queue_join_leaves_nothing() {
    leaves_nothing(|| async {
        let queue = Queue::new(1);
        queue.put(()).await.expect("it is open");
        let waited = queue.clone();
        (boxed(async move { waited.join().await }), queue)
    });
}

#[test]
fn a_promise_leaves_nothing() {
    leaves_nothing(|| async {
        let promise: Promise<()> = get_running_loop().create_promise();
        (boxed(promise.clone().into_future()), promise)
    });
}

/// The await of a task: where dropping does not cancel the task, somebody else has to.
async fn ends_its_task(task: looplet::Task<()>, wait: Boxed<()>) -> (Boxed<()>, ()) {
    struct CancelOnDrop(looplet::Task<()>, Boxed<()>);
    impl Drop for CancelOnDrop {
        fn drop(&mut self) {
            self.0.cancel();
        }
    }
    let mut guard = CancelOnDrop(task, wait);
    let future = async move { poll_fn(|context| guard.1.as_mut().poll(context)).await };
    (boxed(future), ())
}

#[test]
fn an_await_of_a_task_leaves_nothing() {
    leaves_nothing(|| async {
        let task = create_task(sleep(ms(900)));
        ends_its_task(task.clone(), boxed(task.into_future())).await
    });
}

#[test]
fn a_join_leaves_nothing() {
    leaves_nothing(|| async {
        let task = create_task(sleep(ms(900)));
        ends_its_task(task.clone(), boxed(task.join())).await
    });
}

#[test]
fn a_gather_leaves_nothing() {
    leaves_nothing(|| async {
        let task = create_task(sleep(ms(900)));
        let all = gather((task.clone(), async {}));
        ends_its_task(task, boxed(all.into_future())).await
    });
}

/// A promise that is awaited somehow, and is there to be asked who is in its line.
async fn with_promise<F: Future + 'static>(
    wait: impl Fn(Promise<()>) -> F,
) -> (Boxed<()>, Promise<()>)
where
    F::Output: 'static,
{
    let promise = get_running_loop().create_promise();
    (boxed(wait(promise.clone())), promise)
}

#[test]
fn a_wait_for_several_leaves_nothing() {
    leaves_nothing(|| {
        with_promise(|promise| {
            let both = vec![promise.clone(), promise];
            wait(both, ReturnWhen::AllCompleted, Some(ms(900)))
        })
    });
}

#[test]
fn as_completed_leaves_nothing() {
    leaves_nothing(|| {
        with_promise(|promise| async move {
            let mut completed = as_completed(vec![promise.clone(), promise]).timeout(ms(900));
            drop(completed.next().await);
        })
    });
}

#[test]
fn a_wait_for_one_leaves_nothing() {
    leaves_nothing(|| with_promise(|promise| wait_for(promise, ms(900))));
    leaves_nothing(|| with_promise(|promise| wait_for_lossless(promise, ms(900))));
    leaves_nothing(|| with_promise(|promise| timeout_lossless(ms(900), promise)));
}

#[test]
fn a_map_leaves_nothing() {
    leaves_nothing(|| async {
        let map = map_concurrent(0..9, 2, |_| sleep(ms(900)));
        (boxed(map), ())
    });
    leaves_nothing(|| async {
        let fail = |time| async move {
            sleep(ms(time)).await;
            Err::<(), _>(time)
        };
        (boxed(try_map_concurrent([900, 800], 2, fail)), ())
    });
}

#[test]
fn a_race_leaves_nothing() {
    leaves_nothing(|| async {
        let run = |time| async move {
            sleep(ms(time)).await;
            Ok::<_, ()>(time)
        };
        let race = staggered_race([900, 901, 902, 903].map(run), Some(ms(2)));
        (boxed(race), ())
    });
}

#[test]
fn scopes_leave_nothing() {
    leaves_nothing(|| async {
        let event = Event::new();
        let waited = event.clone();
        let body = async move {
            let inner = timeout(
                ms(600),
                catch_cancel(timeout(ms(700), async move {
                    waited.wait().await;
                })),
            );
            if let Ok(Err(cancelled)) = inner.await {
                cancelled.raise().await
            }
        };
        (boxed(timeout(ms(800), body)), event)
    });
}

#[test]
fn a_scope_that_cleans_up_leaves_nothing() {
    leaves_nothing(|| async {
        let body = async {
            if let Err(cancelled) = catch_cancel(sleep(ms(900))).await {
                sleep(ms(20)).await;
                cancelled.raise().await
            }
        };
        (boxed(body), ())
    });
}

#[test]
fn a_thread_job_leaves_nothing() {
    // Not by the clock: it does not jump while the job is out.
    for end in [
        End::Cancel,
        End::Abort,
        End::DropAtOnce,
        End::CancelJoined,
        End::CancelUnordered,
    ] {
        leaves_nothing_after(end, || async {
            let (release, released) = std::sync::mpsc::channel::<()>();
            // The job ends when the sender is dropped, after the loop has been looked at.
            let job = to_thread(move || released.recv().is_err());
            (boxed(job), release)
        });
    }
}

#[test]
fn an_accept_leaves_nothing() {
    leaves_nothing(|| async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        (boxed(async move { drop(listener.accept().await) }), ())
    });
}

#[test]
fn a_read_leaves_nothing() {
    leaves_nothing(|| async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (client, server) = join(TcpStream::connect_to(address), listener.accept()).await;
        let (client, (server, _)) = (client.expect("connected"), server.expect("accepted"));
        let read = async move { client.read(&mut [0; 8]).await.is_ok() };
        (boxed(read), server)
    });
}

#[test]
fn a_write_leaves_nothing() {
    leaves_nothing(|| async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (client, server) = join(TcpStream::connect_to(address), listener.accept()).await;
        let (client, (server, _)) = (client.expect("connected"), server.expect("accepted"));
        let write = async move {
            let data = vec![0; 1 << 20];
            while client.write(&data).await.is_ok() {}
        };
        (boxed(write), server)
    });
}
