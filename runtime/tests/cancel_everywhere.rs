//! Every operation that waits, ended before its time at every turn: nothing stays behind.
//!
//! A round runs one operation on a loop of its own and ends it in one [`Way`] at one turn. The
//! turns are gone through from the first until the operation ends by itself before its turn
//! comes. So no await within the operation is left out, also none that nobody thought of.
//!
//! After a round,
//!
//! 1. everybody else who waited has got what they waited for (a wake that was lost would be
//!    reported as a deadlock);
//! 2. no waiter is left in any primitive, as its `Debug` says;
//! 3. the loop has no task, no timer, no entry, no job, and no source once the sockets that the
//!    round made are dropped;
//! 4. the frame of a task that goes on counts no leaf: a cancel of its next await is forwarded.

mod common;

use std::cell::Cell;
use std::fmt::Debug;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use common::{Boxed, join, turns, unordered, virtual_loop};
use looplet::{
    Barrier, BoundedSemaphore, Condition, Event, EventLoop, LifoQueue, Lock, LoopStats,
    PriorityQueue, Promise, Queue, RunError, Semaphore, StreamReader, StreamWriter, Task,
    TcpListener, TcpStream, ThreadPool, catch_cancel, create_task, gather, get_running_loop,
    open_connection, resolve, shield, sleep, sleep_until, start_server, timeout, timeout_at,
    to_thread, yield_now,
};

/// How an operation ends before its time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// Its task is cancelled.
    Cancel,
    /// Its task is cancelled, and once more in the next turn.
    CancelTwice,
    /// Its task is aborted.
    Abort,
    /// The task that polls it drops it.
    Drop,
    /// Another task drops it.
    DropElsewhere,
    /// A timeout around it expires.
    Timeout,
    /// It is one branch of a task that is cancelled.
    CancelJoined,
    /// It has a waker of its own, in a task that is cancelled.
    CancelUnordered,
}

const WAYS: [Way; 8] = [
    Way::Cancel,
    Way::CancelTwice,
    Way::Abort,
    Way::Drop,
    Way::DropElsewhere,
    Way::Timeout,
    Way::CancelJoined,
    Way::CancelUnordered,
];

/// Where a round would hang if nobody counted.
const TOO_MANY: usize = 100_000;

/// An operation and what is around it.
struct Made {
    op: Boxed<()>,
    /// Tasks that have to end whatever becomes of the operation.
    others: Vec<Task<()>>,
    /// Tasks that may have to wait for ever without it.
    helpers: Vec<Task<()>>,
    /// What shows how many wait.
    kept: Vec<Box<dyn Debug>>,
}

impl Made {
    fn new<F: Future + 'static>(op: F) -> Self {
        let op = boxed(op);
        Self {
            op,
            others: Vec::new(),
            helpers: Vec::new(),
            kept: Vec::new(),
        }
    }

    fn other<F: Future + 'static>(mut self, other: F) -> Self {
        let other = create_task(boxed(other));
        self.others.push(other);
        self
    }

    fn helper(mut self, helper: impl Future<Output = ()> + 'static) -> Self {
        self.helpers.push(create_task(helper));
        self
    }

    fn keep(mut self, kept: impl Debug + 'static) -> Self {
        self.kept.push(Box::new(kept));
        self
    }
}

/// Runs a future and drops what it returns.
fn boxed<F: Future + 'static>(future: F) -> Boxed<()> {
    Box::pin(async move {
        let _ = future.await;
    })
}

const fn us(count: u64) -> Duration {
    Duration::from_micros(count)
}

/// Goes through all ways and turns. Returns how many rounds that were.
fn sweep<F>(make: impl Fn() -> F) -> usize
where
    F: Future<Output = Made> + 'static,
{
    let mut rounds = 0;
    for way in WAYS {
        let mut turn = 0;
        while !round(&make, way, turn) {
            rounds += 1;
            // What takes so many turns waits for another thread, and is busy waiting.
            turn += 1 + turn / 32;
            assert!(turn < TOO_MANY, "{way:?}: it does not end by itself");
        }
    }
    assert!(rounds >= WAYS.len(), "the operation has to wait");
    println!("{rounds} rounds");
    rounds
}

/// One round. Returns whether the operation had ended by itself.
fn round<F>(make: &impl Fn() -> F, way: Way, turn: usize) -> bool
where
    F: Future<Output = Made> + 'static,
{
    let event_loop = virtual_loop();
    let made = make();
    let main = async move {
        let Made {
            op,
            others,
            helpers,
            kept,
        } = made.await;
        let ended = end_early(op, way, turn).await;
        for other in others {
            other.await;
        }
        for helper in helpers {
            helper.cancel();
            let _ = helper.join().await;
        }
        // What the end has set in motion, a done-callback say, may run.
        turns(3).await;
        (ended, kept)
    };
    let ended = event_loop.run_until_complete(main);
    let place = format!("{way:?} at turn {turn}");
    let (ended, kept) = ended.unwrap_or_else(|error| panic!("{place}: {error}"));
    assert_no_waiters(&kept, &place);
    drop(kept);
    assert_empty(&event_loop, &place);
    ended
}

/// Ends `op` when it has had so many turns. Returns whether it had ended by itself.
async fn end_early(op: Boxed<()>, way: Way, turn: usize) -> bool {
    let ended = Rc::new(Cell::new(false));
    let mark = ended.clone();
    let op: Boxed<()> = Box::pin(async move {
        op.await;
        mark.set(true);
    });
    match way {
        Way::Cancel | Way::CancelTwice | Way::Abort => end_task(create_task(op), way, turn).await,
        Way::CancelJoined => {
            let both = boxed(join(op, beside(turn)));
            end_task(create_task(both), way, turn).await;
        }
        Way::CancelUnordered => {
            let both = boxed(unordered(vec![op, Box::pin(beside(turn))]));
            end_task(create_task(both), way, turn).await;
        }
        Way::DropElsewhere => drop_elsewhere(op, turn).await,
        Way::Drop => in_a_task_that_goes_on(drop_after(op, turn)).await,
        Way::Timeout => {
            let op = boxed(timeout(us(turn as u64), op));
            in_a_task_that_goes_on(op).await;
        }
    }
    ended.get()
}

/// The other branch of a task: it waits as long as the task is not asked to end.
async fn beside(turn: usize) {
    turns(turn + 1).await;
}

async fn end_task(task: Task<()>, way: Way, turn: usize) {
    turns(turn).await;
    match way {
        Way::Abort => task.abort(),
        _ => task.cancel(),
    };
    if way == Way::CancelTwice {
        yield_now().await;
        task.cancel();
    }
    let _ = task.join().await;
}

/// Polls `op` beside a count of turns and drops it when that is over.
async fn drop_after(mut op: Boxed<()>, turn: usize) {
    let mut nap = Box::pin(turns(turn));
    poll_fn(|context| {
        if op.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        nap.as_mut().poll(context)
    })
    .await;
}

async fn drop_elsewhere(op: Boxed<()>, turn: usize) {
    let shared = Rc::new(Cell::new(Some(op)));
    let polled = shared.clone();
    let task = create_task(poll_fn(move |context| {
        let Some(mut op) = polled.take() else {
            return Poll::Pending;
        };
        let poll = op.as_mut().poll(context);
        if poll.is_pending() {
            polled.set(Some(op));
        }
        poll
    }));
    turns(turn).await;
    drop(shared.take());
    yield_now().await;
    task.abort();
    let _ = task.join().await;
}

/// Runs `op` and looks whether the frame of the task has forgotten all of it: a request to a
/// task with exactly one leaf, which waits for a promise, cancels that promise at once.
async fn in_a_task_that_goes_on(op: impl Future<Output = ()> + 'static) {
    let promises = [(); 3].map(|()| get_running_loop().create_promise::<()>());
    let (waited, waits) = (promises.clone(), Rc::new(Cell::new(false)));
    let mark = waits.clone();
    let task = create_task(async move {
        op.await;
        mark.set(true);
        for promise in waited {
            let _ = catch_cancel(promise).await;
        }
    });
    while !waits.get() {
        yield_now().await;
    }
    // What was dropped may have woken the task before, or a thread may do so at any moment, and
    // a task that is woken forwards nothing. That happens once.
    let mut forwarded = false;
    for promise in promises {
        turns(2).await;
        task.cancel();
        forwarded |= promise.cancelled();
    }
    assert!(forwarded, "something is parked in the frame");
    let _ = task.join().await;
}

/// The primitives say in their `Debug` how many wait, and whether they are taken.
fn assert_no_waiters(kept: &[Box<dyn Debug>], place: &str) {
    let kept = format!("{kept:?}");
    for word in ["waiters: ", "getters: ", "putters: ", "count: ", "locked: "] {
        for (at, _) in kept.match_indices(word) {
            let rest = &kept[at + word.len()..];
            let none = rest.starts_with('0') || rest.starts_with("false");
            assert!(none, "{place}: {kept}");
        }
    }
}

fn assert_empty(event_loop: &EventLoop, place: &str) {
    let stats = event_loop.stats();
    let LoopStats {
        tasks,
        ready,
        timers,
        sources,
        source_waits,
        jobs,
        ..
    } = stats;
    let all = [tasks, ready, timers, sources, source_waits, jobs];
    assert_eq!(all, [0; 6], "{place}: {stats:?}");
    let ran = event_loop.run_forever();
    assert!(
        matches!(ran, Err(RunError::Deadlock(_))),
        "{place}: {ran:?}"
    );
}

#[test]
fn sleeps_and_yields() {
    sweep(|| async { Made::new(turns(3)) });
    sweep(|| async { Made::new(sleep(us(4))) });
    sweep(|| async { Made::new(sleep(us(0))) });
    sweep(|| async { Made::new(sleep_until(get_running_loop().time() + us(4))) });
}

#[test]
fn scopes() {
    sweep(|| async { Made::new(timeout(us(9), sleep(us(4)))) });
    sweep(|| async { Made::new(timeout(us(4), sleep(us(9)))) });
    sweep(|| async { Made::new(timeout_at(get_running_loop().time() + us(4), sleep(us(9)))) });
    sweep(|| async { Made::new(timeout(us(0), sleep(us(9)))) });
    sweep(|| async { Made::new(catch_cancel(sleep(us(4)))) });
    sweep(|| async {
        Made::new(async {
            if let Err(cancelled) = catch_cancel(sleep(us(4))).await {
                sleep(us(3)).await;
                cancelled.raise().await
            }
        })
    });
}

#[test]
fn promises_and_tasks() {
    sweep(|| async {
        let promise: Promise<()> = get_running_loop().create_promise();
        let (setter, copy) = (promise.clone(), promise.clone());
        let made = Made::new(promise.into_future()).keep(copy);
        made.helper(async move {
            turns(3).await;
            let _ = setter.set_result(());
        })
    });
    sweep(|| async { with_child(|child| child.into_future()) });
    sweep(|| async { with_child(|child| async move { (&child).await }) });
    sweep(|| async { with_child(|child| child.join()) });
    sweep(|| async { with_child(|child| gather((child, sleep(us(6)))).into_future()) });
    sweep(|| async { with_child(|child| gather(vec![child]).into_future()) });
    sweep(|| async { with_child(|child| shield(child).into_future()) });
}

/// An operation on a task that ends by itself. What is awaited may be left running.
fn with_child<F: Future + 'static>(op: impl FnOnce(Task<()>) -> F) -> Made {
    let child = create_task(sleep(us(3)));
    let ended = child.clone();
    let op = op(child);
    // Time enough for children that were started here and left alone.
    let other = async move {
        while !ended.done() {
            yield_now().await;
        }
        sleep(us(9)).await;
    };
    Made::new(op).other(other)
}

#[test]
fn an_event() {
    sweep(|| async {
        let event = Event::new();
        let (waited, behind, set) = (event.clone(), event.clone(), event.clone());
        let made = Made::new(async move { waited.wait().await });
        let made = made.other(async move { behind.wait().await }).keep(event);
        made.other(async move {
            turns(3).await;
            set.set();
        })
    });
}

#[test]
fn a_lock() {
    sweep(|| async {
        let lock = Lock::new();
        let held = lock.acquire().await;
        let (waited, behind) = (lock.clone(), lock.clone());
        let made = Made::new(async move {
            let _guard = waited.acquire().await;
            turns(2).await;
        });
        let made = made.other(async move {
            // Behind the operation, which is started after this.
            yield_now().await;
            drop(behind.acquire().await);
        });
        let release = async move {
            turns(4).await;
            drop(held);
        };
        made.other(release).keep(lock)
    });
}

#[test]
fn a_condition() {
    sweep(|| async { with_condition(false) });
    sweep(|| async { with_condition(true) });
}

/// Two wait, one is notified, by somebody who goes on holding the lock. Who was notified
/// notifies the next.
fn with_condition(with_predicate: bool) -> Made {
    let condition = Condition::new();
    let wait = move |condition: Condition, late: usize| async move {
        turns(late).await;
        let mut guard = condition.acquire().await;
        let mut looks = 0;
        let twice = || {
            looks += 1;
            looks == 2
        };
        match with_predicate {
            true => condition.wait_for(&mut guard, twice).await,
            false => condition.wait(&mut guard).await,
        }
        .expect("the lock is held");
        condition.notify(1).expect("the lock is held");
    };
    let made = Made::new(wait(condition.clone(), 0));
    let made = made.other(wait(condition.clone(), 1));
    let notifier = condition.clone();
    let notify = async move {
        turns(5).await;
        let guard = notifier.acquire().await;
        notifier.notify(1).expect("the lock is held");
        turns(3).await;
        drop(guard);
    };
    made.other(notify).keep(condition)
}

#[test]
fn semaphores() {
    sweep(|| async {
        let semaphore = Semaphore::new(1);
        let held = semaphore.acquire().await;
        let (waited, behind) = (semaphore.clone(), semaphore.clone());
        let made = Made::new(async move {
            let _permit = waited.acquire().await;
            turns(2).await;
        });
        let made = made.other(async move {
            yield_now().await;
            drop(behind.acquire().await);
        });
        let release = async move {
            turns(4).await;
            drop(held);
        };
        made.other(release).keep(semaphore)
    });
    sweep(|| async {
        let semaphore = BoundedSemaphore::new(1);
        let held = semaphore.acquire().await;
        let waited = semaphore.clone();
        let made = Made::new(async move { drop(waited.acquire().await) });
        let release = async move {
            turns(4).await;
            drop(held);
        };
        made.other(release).keep(semaphore)
    });
}

#[test]
fn a_barrier() {
    sweep(|| async {
        let barrier = Barrier::new(2);
        let (waits, party) = (barrier.clone(), barrier.clone());
        let made = Made::new(async move { waits.wait().await });
        let party = async move {
            turns(4).await;
            let _ = party.wait().await;
        };
        made.helper(party).keep(barrier)
    });
    for abort in [false, true] {
        sweep(move || async move {
            let barrier = Barrier::new(2);
            let (party, changes) = (barrier.clone(), barrier.clone());
            let made = Made::new(async move {
                // So that the party waits, and somebody else has the lock.
                turns(2).await;
                match abort {
                    true => changes.abort().await,
                    false => changes.reset().await,
                }
            });
            made.helper(boxed(async move { party.wait().await }))
                .keep(barrier)
        });
    }
}

#[test]
fn queues() {
    sweep(|| async { with_getters(Queue::new(0)) });
    sweep(|| async {
        let queue = LifoQueue::new(1);
        let gets = queue.clone();
        let made = Made::new(async move { gets.get().await }).keep(queue.clone());
        made.helper(async move {
            turns(3).await;
            queue.put(1).await.expect("it is open");
        })
    });
    sweep(|| async {
        let queue = PriorityQueue::new(1);
        let gets = queue.clone();
        let made = Made::new(async move { gets.get().await }).keep(queue.clone());
        made.helper(async move {
            turns(3).await;
            queue.put(1).await.expect("it is open");
        })
    });
    sweep(|| async { with_putters(Queue::new(1)) });
    sweep(|| async {
        let queue = Queue::new(1);
        queue.put(1).await.expect("it is open");
        let (joins, works) = (queue.clone(), queue.clone());
        let made = Made::new(async move { joins.join().await }).keep(queue);
        made.other(async move {
            turns(3).await;
            works.get().await.expect("it is open");
            works.task_done().expect("it was not done");
        })
    });
}

/// Two wait for items; as many come. Nobody who gets none goes without for somebody who left.
fn with_getters(queue: Queue<u8>) -> Made {
    let (gets, behind, puts) = (queue.clone(), queue.clone(), queue.clone());
    let made = Made::new(async move {
        gets.get().await.expect("it is open");
        // This one is for the getter behind.
        gets.put(2).await.expect("it is open");
    });
    let made = made.other(async move {
        yield_now().await;
        behind.get().await.expect("it is open");
    });
    let put = async move {
        turns(4).await;
        puts.put(1).await.expect("it is open");
    };
    made.other(put).keep(queue)
}

/// Two want to put; there is one place for each who is still there.
fn with_putters(queue: Queue<u8>) -> Made {
    queue.put_nowait(0).expect("there is a place");
    let (puts, behind, gets) = (queue.clone(), queue.clone(), queue.clone());
    let made = Made::new(async move {
        puts.put(1).await.expect("it is open");
        // Makes the place free again, for the putter behind.
        puts.get().await.expect("it is open");
    });
    let made = made.other(async move {
        yield_now().await;
        behind.put(2).await.expect("it is open");
    });
    let get = async move {
        turns(4).await;
        gets.get().await.expect("it is open");
    };
    made.other(get).keep(queue)
}

#[test]
fn threads() {
    sweep(|| async { Made::new(to_thread(|| 1)) });
    sweep(|| async {
        let pool = ThreadPool::new(NonZeroUsize::MIN);
        let job = get_running_loop().run_in_executor(&pool, || 1);
        Made::new(async move {
            job.await;
            drop(pool);
        })
    });
    sweep(|| async { Made::new(resolve("localhost", 80)) });
}

/// A listener on a port that the system has chosen.
async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

/// Both ends of a connection.
async fn pair() -> (Rc<TcpStream>, Rc<TcpStream>) {
    let (listener, address) = listener().await;
    let (client, server) = join(TcpStream::connect_to(address), listener.accept()).await;
    let (client, (server, _)) = (client.expect("connected"), server.expect("accepted"));
    (Rc::new(client), Rc::new(server))
}

#[test]
fn sockets_that_are_not_connected() {
    sweep(|| async {
        let (listener, address) = listener().await;
        Made::new(async move { TcpStream::connect_to(address).await }).keep(listener)
    });
    sweep(|| async {
        let (listener, address) = listener().await;
        let address = format!("localhost:{}", address.port());
        Made::new(async move { TcpStream::connect(address.as_str()).await }).keep(listener)
    });
    sweep(|| async { Made::new(TcpListener::bind("localhost:0")) });
    sweep(|| async {
        let (listener, address) = listener().await;
        let made = Made::new(async move { listener.accept().await });
        made.helper(async move {
            turns(3).await;
            drop(TcpStream::connect_to(address).await);
        })
    });
}

#[test]
fn sockets_that_are_connected() {
    sweep(|| async {
        let (a, b) = pair().await;
        let reads = a.clone();
        let made = Made::new(async move { reads.read(&mut [0; 8]).await }).keep((a, b.clone()));
        made.other(async move {
            turns(3).await;
            b.write_all(b"data").await.expect("it is open");
        })
    });
    sweep(|| async {
        let (a, b) = pair().await;
        // A new socket counts as ready.
        assert!(a.try_read(&mut [0; 8]).is_err());
        let waits = a.clone();
        let made = Made::new(async move { waits.readable().await }).keep((a, b.clone()));
        made.other(async move {
            turns(3).await;
            b.write_all(b"data").await.expect("it is open");
        })
    });
    sweep(|| async {
        let (a, b) = pair().await;
        let writes = a.clone();
        let made = Made::new(async move { writes.write_all(&BULK).await }).keep((a, b.clone()));
        made.helper(drain(b))
    });
    sweep(|| async {
        let (a, b) = pair().await;
        while a.try_write(&BULK).is_ok() {}
        let writes = a.clone();
        let made = Made::new(async move {
            writes.writable().await.expect("it is open");
            writes.write(b"more").await.expect("it is open");
        });
        made.keep((a, b.clone())).helper(drain(b))
    });
}

/// More than the kernel keeps for a connection.
static BULK: [u8; 8 << 20] = [0; 8 << 20];

/// Reads until the end.
async fn drain(stream: Rc<TcpStream>) {
    turns(3).await;
    let mut buffer = vec![0; 1 << 20];
    while stream.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}

/// A connection as streams, and the socket at its other end.
async fn streams() -> (StreamReader, StreamWriter, TcpStream) {
    let (listener, address) = listener().await;
    let (client, server) = join(open_connection(address), listener.accept()).await;
    let (reader, writer) = client.expect("connected");
    (reader, writer, server.expect("accepted").0)
}

/// An operation on a reader; the other end sends `text` in two pieces and closes.
async fn with_reader<F: Future + 'static>(op: impl FnOnce(StreamReader) -> F) -> Made {
    let (reader, writer, peer) = streams().await;
    let made = Made::new(op(reader)).keep(writer);
    made.other(async move {
        turns(2).await;
        // The reader may be gone.
        let _ = peer.write_all(b"half a ").await;
        turns(3).await;
        let _ = peer.write_all(b"line\nand more").await;
    })
}

#[test]
fn readers() {
    sweep(|| with_reader(|mut reader| async move { reader.read(5).await }));
    sweep(|| with_reader(|mut reader| async move { reader.read_to_end().await }));
    sweep(|| with_reader(|mut reader| async move { reader.read_exactly(9).await }));
    sweep(|| with_reader(|mut reader| async move { reader.read_line().await }));
    sweep(|| with_reader(|mut reader| async move { reader.read_until(b"and").await }));
    sweep(|| {
        with_reader(|mut reader| async move {
            let mut lines = reader.lines();
            while let Ok(Some(_)) = lines.next().await {}
        })
    });
}

/// An operation on a writer; the other end reads everything.
async fn with_writer<F: Future + 'static>(op: impl FnOnce(StreamWriter) -> F) -> Made {
    let (reader, writer, peer) = streams().await;
    let made = Made::new(op(writer)).keep(reader);
    // It sees the end of the data, also if the operation is dropped.
    made.other(drain(Rc::new(peer)))
}

#[test]
fn writers() {
    sweep(|| {
        with_writer(|mut writer| async move {
            writer.write(&BULK);
            writer.drain().await
        })
    });
    sweep(|| with_writer(|mut writer| async move { writer.write_all(&BULK).await }));
    sweep(|| {
        with_writer(|mut writer| async move {
            writer.write(&BULK);
            writer.close();
            writer.wait_closed().await
        })
    });
}

#[test]
fn servers() {
    sweep(|| async {
        Made::new(async {
            let server = start_server("localhost:0", async |_, _| {}).await;
            let server = Rc::new(server.expect("a port is free"));
            let (closer, address) = (server.clone(), server.local_addr());
            get_running_loop().call_later(us(5), move || closer.close());
            let _ = open_connection(address).await;
            server.serve_forever().await;
        })
    });
}
