//! Operations on several things: combinators, iterators, jobs, files, and the lower sockets.
//!
//! What waits here for tasks leaves them running when it is ended, where its doc says so. They
//! all end by themselves, so that a task that is left for ever would show.

use std::cell::RefCell;
use std::net::UdpSocket as StdSocket;
use std::rc::Rc;
use std::sync::Arc;

use crate::common::turns;
use crate::sweep::{Made, sweep, us};
use looplet::{
    AsyncIterator, LoopHandle, Queue, ReturnWhen, ThreadPool, UdpSocket, UnixStream, as_completed,
    ensure_future, from_fn, fs, get_running_loop, iter, map_concurrent, sleep, staggered_race,
    timeout_lossless, to_thread_with, try_gather, try_map_concurrent, wait, wait_for,
    wait_for_lossless, yield_now,
};

/// Sleeps and gives a result.
async fn nap(time: u64, result: Result<u64, u64>) -> Result<u64, u64> {
    sleep(us(time)).await;
    result
}

#[test]
fn waits_for_several_tasks() {
    type When = fn() -> ReturnWhen<Result<u64, u64>>;
    let whens: [When; 3] = [
        || ReturnWhen::AllCompleted,
        || ReturnWhen::FirstCompleted,
        ReturnWhen::first_exception,
    ];
    for when in whens {
        for patience in [None, Some(us(7))] {
            sweep(move || async move {
                let naps = vec![nap(10, Ok(1)), nap(5, Err(2)), nap(15, Ok(3))];
                Made::new(async move { wait(naps, when(), patience).await.map(|_| ()) })
            });
        }
    }
    for patience in [us(7), us(90)] {
        sweep(move || async move {
            Made::new(async move {
                let naps = vec![nap(10, Ok(1)), nap(5, Err(2))];
                let mut ended = as_completed(naps).timeout(patience);
                while ended.next().await.is_some() {}
            })
        });
    }
    for result in [Ok(1), Err(1)] {
        sweep(move || async move {
            let naps = vec![nap(5, result), nap(10, Ok(2))];
            // An error that is there wins over a cancel of the others, as in asyncio.
            Made::new(try_gather(naps).into_future()).swallows(result.is_err())
        });
    }
}

#[test]
fn waits_with_a_deadline() {
    for patience in [us(0), us(7), us(90)] {
        sweep(move || async move { Made::new(wait_for(nap(20, Ok(1)), patience)) });
        sweep(move || async move {
            let task = ensure_future(nap(20, Ok(1)));
            Made::new(wait_for(task, patience))
        });
        sweep(move || async move {
            // A value that is there may win over the end.
            Made::new(wait_for_lossless(nap(20, Ok(1)), patience)).swallows(true)
        });
        sweep(move || async move {
            Made::new(timeout_lossless(patience, nap(20, Ok(1)))).swallows(true)
        });
    }
}

#[test]
fn many_at_a_time() {
    sweep(|| async {
        let square = async |number: u64| {
            sleep(us(3 + number)).await;
            number * number
        };
        Made::new(async move { map_concurrent(0..5, 2, square).await.len() })
    });
    sweep(|| async {
        let fails = async |number: u64| nap(3, if number == 2 { Err(2) } else { Ok(number) }).await;
        Made::new(async move { try_map_concurrent(0..5, 2, fails).await.is_err() })
    });
    sweep(|| async {
        let racers = vec![nap(20, Ok(1)), nap(9, Err(2)), nap(9, Ok(3))];
        Made::new(staggered_race(racers, Some(us(6))))
    });
}

#[test]
fn iterators() {
    sweep(|| async {
        let mut left = 3;
        let mut naps = from_fn(async move || {
            sleep(us(4)).await;
            left -= 1;
            (left > 0).then_some(left)
        });
        Made::new(async move { while naps.next().await.is_some() {} })
    });
    sweep(|| async {
        let nap_and_double = async |number: u64| {
            sleep(us(number)).await;
            2 * number
        };
        let doubled = iter([3, 4]).then(nap_and_double).chunks(2);
        Made::new(async move { doubled.collect::<Vec<_>>().await.len() })
    });
    sweep(|| async {
        let queue: Queue<u8> = Queue::new(0);
        let (mut items, feeder) = (queue.clone(), queue.clone());
        let made =
            Made::new(async move { while AsyncIterator::next(&mut items).await.is_some() {} });
        made.keep(queue).helper(async move {
            turns(2).await;
            // The iterator may be gone.
            let _ = feeder.put(1).await;
            turns(2).await;
            feeder.shutdown();
        })
    });
}

#[test]
fn jobs() {
    sweep(|| async { Made::new(to_thread_with(|token| token.is_cancelled())) });
    sweep(|| async {
        let pool = ThreadPool::new(2);
        let job = pool.submit(|| 1).expect("it is open");
        Made::new(async move {
            let result = job.join().await;
            drop(pool);
            result.is_ok()
        })
    });
    sweep(|| async {
        let pool = ThreadPool::new(2);
        let squares = pool.map(|number: u32| number * number, 0..4);
        let mut squares = squares.expect("it is open");
        Made::new(async move {
            while squares.join_next().await.is_some() {}
            drop(pool);
        })
    });
    sweep(|| async {
        let handle: LoopHandle = get_running_loop().handle();
        let job = Arc::new(());
        let going_on = Arc::downgrade(&job);
        // A coroutine that another thread starts, and whose end it waits for.
        let op = to_thread_with(move |_| {
            let coroutine = handle.run_coroutine_threadsafe(|| async { 7 });
            drop(handle);
            let ended = coroutine.wait().is_ok();
            drop(job);
            ended
        });
        // A job that nobody waits for any more goes on, and may start its coroutine late.
        Made::new(op).other(async move {
            while going_on.strong_count() > 0 {
                yield_now().await;
            }
        })
    });
}

#[test]
fn files() {
    let name = format!("looplet-sweep-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    let written = path.clone();
    sweep(move || {
        let path = written.clone();
        async move { Made::new(fs::write(path, b"some text".to_vec())) }
    });
    let read = path.clone();
    sweep(move || {
        let path = read.clone();
        async move { Made::new(async move { fs::read(path).await.is_ok() }) }
    });
    let opened = path.clone();
    sweep(move || {
        let path = opened.clone();
        async move {
            Made::new(async move {
                let mut file = fs::File::create(path).await?;
                file.write_all(b"more text".to_vec()).await?;
                file.sync_all().await
            })
        }
    });
    std::fs::remove_file(path).expect("it was written");
}

#[test]
fn datagrams() {
    sweep(|| async {
        let socket = UdpSocket::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let socket = Rc::new(socket);
        let (receiver, address) = (socket.clone(), socket.local_addr().expect("it is bound"));
        let made = Made::new(async move { receiver.recv_from(&mut [0; 8]).await }).keep(socket);
        made.other(async move {
            turns(3).await;
            let sender = StdSocket::bind("127.0.0.1:0").expect("a port is free");
            sender.send_to(b"data", address).expect("it is sent");
        })
    });
}

#[test]
fn sockets_of_the_program() {
    sweep(|| async {
        let (here, there) = std::os::unix::net::UnixStream::pair().expect("a pair is made");
        here.set_nonblocking(true).expect("it is ours");
        let made = Made::new(async move {
            let event_loop = get_running_loop();
            event_loop.sock_recv(&here, 8).await
        });
        made.other(async move {
            turns(3).await;
            // The other end may be gone.
            let _ = std::io::Write::write_all(&mut &there, b"data");
        })
    });
    sweep(|| async {
        let (here, there) = UnixStream::pair().expect("a pair is made");
        let kept = Rc::new(RefCell::new(Some(there)));
        let sender = kept.clone();
        let made = Made::new(async move { here.read(&mut [0; 8]).await }).keep(kept);
        made.other(async move {
            turns(3).await;
            // Its end is the end of the data.
            drop(sender.borrow_mut().take());
        })
    });
}
