//! Each public operation that waits, alone, with others in front of it and behind it.

use std::cell::Cell;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::common::net::address_of_a_full_queue;
use crate::common::{join, run_virtual, turns};
use crate::sweep::{Made, boxed, sweep, us};
use looplet::{
    Barrier, BoundedSemaphore, Condition, ConnectOptions, DatagramOptions, DatagramProtocol, Event,
    LifoQueue, Lock, PriorityQueue, Promise, Protocol, Queue, Semaphore, ServerOptions,
    StreamReader, StreamWriter, Task, TaskGroup, TcpListener, TcpStream, ThreadPool, Timeout,
    async_with, catch_cancel, create_task, gather, get_running_loop, open_connection,
    open_connection_on, resolve, shield, sleep, sleep_until, start_server, timeout, timeout_at,
    to_thread, yield_now,
};

#[test]
fn sleeps_and_yields() {
    sweep(|| async { Made::new(turns(3)) });
    sweep(|| async { Made::new(sleep(us(20))) });
    sweep(|| async { Made::new(sleep(us(0))) });
    sweep(|| async { Made::new(sleep_until(get_running_loop().time() + us(20))) });
}

#[test]
fn scopes() {
    sweep(|| async { Made::new(timeout(us(40), sleep(us(20)))) });
    sweep(|| async { Made::new(timeout(us(20), sleep(us(40)))) });
    sweep(|| async {
        Made::new(timeout_at(
            get_running_loop().time() + us(20),
            sleep(us(40)),
        ))
    });
    sweep(|| async { Made::new(timeout(us(0), sleep(us(40)))) });
    sweep(|| async { Made::new(catch_cancel(sleep(us(20)))).swallows(true) });
    sweep(|| async {
        let patience = Timeout::after(us(10));
        let (more, later) = (patience.clone(), get_running_loop().time() + us(25));
        Made::new(
            patience
                .run(async move {
                    sleep(us(5)).await;
                    more.reschedule(Some(later)).expect("it runs");
                    sleep(us(40)).await;
                })
                .expect("it is new"),
        )
    });
    sweep(|| async {
        let enter = async { sleep(us(5)).await };
        let exit = async |()| sleep(us(5)).await;
        Made::new(async_with(enter, async |()| sleep(us(20)).await, exit))
    });
    sweep(|| async {
        Made::new(async {
            let scope = TaskGroup::<()>::scope(async |group| {
                group.create_task(nap(20));
                nap(10).await
            });
            scope.await
        })
    });
    sweep(|| async {
        Made::new(async {
            let one_at_a_time = TaskGroup::<()>::new().limit(1);
            let scope = one_at_a_time.run(async |group| {
                group.create_task(nap(10));
                group.create_task(nap(10));
                Ok(())
            });
            scope.expect("it is new").await
        })
    });
    sweep(|| async {
        Made::new(async {
            if let Err(cancelled) = catch_cancel(sleep(us(20))).await {
                sleep(us(15)).await;
                cancelled.raise().await
            }
        })
    });
}

async fn nap(time: u64) -> Result<(), ()> {
    sleep(us(time)).await;
    Ok(())
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

/// An operation on a task that ends by itself, also if it is left alone.
fn with_child<F: Future + 'static>(op: impl FnOnce(Task<()>) -> F) -> Made {
    Made::new(op(create_task(sleep(us(3)))))
}

#[test]
fn an_event() {
    sweep(|| async {
        let event = Event::new();
        let (waited, behind, set) = (event.clone(), event.clone(), event.clone());
        let made = Made::new(async move { waited.wait().await });
        let made = made
            .other(async move { behind.wait().await })
            .keep_as(event, "Event { set: true, waiters: 0 }");
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
        made.other(release)
            .keep_as(lock, "Lock { locked: false, waiters: 0 }")
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
    made.other(notify)
        .keep_as(condition, "Condition { locked: false, waiters: 0 }")
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
        made.other(release)
            .keep_as(semaphore, "Semaphore { free: 1, waiters: 0 }")
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
        made.other(release).keep_as(
            semaphore,
            "BoundedSemaphore { semaphore: Semaphore { free: 1, waiters: 0 }, bound: 1 }",
        )
    });
}

const EMPTY_BARRIER: &str = "Barrier { parties: 2, count: 0, state: Filling }";

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
        made.helper(party).keep_as(barrier, EMPTY_BARRIER)
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
    made.other(put).keep_as(
        queue,
        "Queue { qsize: 0, maxsize: 0, getters: 0, putters: 0 }",
    )
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
    made.other(get).keep_as(
        queue,
        "Queue { qsize: 1, maxsize: 1, getters: 0, putters: 0 }",
    )
}

#[test]
fn threads() {
    sweep(|| async { Made::new(to_thread(|| 1)) });
    sweep(|| async {
        let pool = ThreadPool::new(1);
        let job = get_running_loop().run_in_executor(&pool, || 1);
        Made::new(async move {
            let _ = job.expect("it is open").await;
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
        let connecting = TcpStream::connect_to(address_of_a_full_queue());
        Made::new(timeout(us(20), connecting))
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
        assert!(a.try_read(&mut [0; 8]).is_err());
        let waits = a.clone();
        let minute = Duration::from_secs(60);
        let made = Made::new(async move { waits.readable_within(minute).await });
        made.keep((a, b.clone())).other(async move {
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
    sweep(|| with_reader(|reader| async move { reader.read(5).await }));
    sweep(|| with_reader(|reader| async move { reader.read_to_end().await }));
    sweep(|| with_reader(|reader| async move { reader.read_exactly(9).await }));
    sweep(|| with_reader(|reader| async move { reader.read_line().await }));
    sweep(|| with_reader(|reader| async move { reader.read_until(b"and").await }));
    sweep(|| {
        with_reader(|reader| async move {
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
        with_writer(|writer| async move {
            writer.write(&BULK);
            writer.drain().await
        })
    });
    sweep(|| with_writer(|writer| async move { writer.write_all(&BULK).await }));
    sweep(|| {
        with_writer(|writer| async move {
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
            // It may be closed by now, which is an error of its own.
            let _ = server.serve_forever().await;
        })
    });
}

struct Quiet;

impl Protocol for Quiet {}
impl DatagramProtocol for Quiet {}

#[test]
fn connections_and_servers_that_call_back() {
    sweep(|| async {
        let (listener, address) = listener().await;
        let address = format!("localhost:{}", address.port());
        let op = async move {
            let event_loop = get_running_loop();
            let options = ConnectOptions::default();
            let made = event_loop.create_connection_with(Quiet, address.as_str(), options);
            if let Ok(transport) = made.await {
                transport.abort();
            }
        };
        Made::new(op).keep(listener)
    });
    sweep(|| async {
        Made::new(async {
            let options = ServerOptions::default();
            let event_loop = get_running_loop();
            let server = event_loop.create_server_with(|| Quiet, "localhost:0", options);
            let server = Rc::new(server.await.expect("a port is free"));
            let closer = server.clone();
            event_loop.call_later(us(5), move || closer.close());
            // It may be closed by now, which is an error of its own.
            let _ = server.serve_forever().await;
        })
    });
    sweep(|| async {
        Made::new(async {
            let options = DatagramOptions {
                local_addr: Some("localhost:0".into()),
                ..Default::default()
            };
            let event_loop = get_running_loop();
            let endpoint = event_loop.create_datagram_endpoint_with(Quiet, options);
            endpoint.await.expect("a port is free").abort();
        })
    });
}

#[test]
fn a_file_on_a_socket_of_the_programs_own() {
    sweep(|| async {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("it is a socket");
        let (peer, writer) = open_connection_on(theirs).expect("it is a stream");
        let file = std::fs::File::open("/dev/zero").expect("every system has it");
        let made = Made::new(async move {
            let event_loop = get_running_loop();
            event_loop.sock_send_file(&ours, &file, ..1 << 20).await
        });
        made.keep(writer).helper(async move {
            turns(3).await;
            while peer.read(1 << 20).await.is_ok_and(|data| !data.is_empty()) {}
        })
    });
}

/// Polls `wait` once in a task, drops it, lets `settle` end what it waited for, and counts the
/// polls of the task.
fn assert_not_woken<F: Future + 'static>(wait: F, settle: impl FnOnce() + 'static) -> Task<()> {
    let polls = Rc::new(Cell::new(0));
    let (counted, mut wait) = (polls.clone(), Some(Box::pin(wait)));
    let task = create_task(poll_fn(move |context| {
        counted.set(counted.get() + 1);
        if let Some(mut wait) = wait.take() {
            assert!(wait.as_mut().poll(context).is_pending(), "it has to wait");
        }
        Poll::<()>::Pending
    }));
    get_running_loop().call_later(us(3), settle);
    create_task(async move {
        sleep(us(20)).await;
        assert_eq!(polls.get(), 1, "it was woken");
        task.abort();
    })
}

#[test]
fn an_await_that_was_dropped_is_not_woken() {
    run_virtual(async {
        let promise: Promise<()> = get_running_loop().create_promise();
        let setter = promise.clone();
        let set = move || setter.set_result(()).expect("it is pending");
        assert_not_woken(promise.into_future(), set).await;
        let child = || create_task(sleep(us(3)));
        assert_not_woken(child().into_future(), || {}).await;
        assert_not_woken(child().join(), || {}).await;
        assert_not_woken(gather([child()]).into_future(), || {}).await;
        let event = Event::new();
        let set = event.clone();
        assert_not_woken(async move { event.wait().await }, move || set.set()).await;
    });
}
