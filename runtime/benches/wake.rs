//! What it costs that one task wakes another, and that a callback schedules the next.
//!
//! ```text
//! cargo bench -p looplet --bench wake
//! ```

mod measure;

use std::rc::Rc;

use looplet::{Event, Promise, Queue, create_task, get_running_loop};
use measure::Bench;

fn main() {
    let bench = Bench::new();
    bench.figure("ping-pong through two queues, round trip", 500_000, queues);
    bench.figure("ping-pong through two events, round trip", 500_000, events);
    bench.figure("set an event for 1000 waiters, each", 1_000_000, broadcast);
    bench.figure(
        "call_soon, each callback schedules the next",
        1_000_000,
        chain,
    );
    bench.figure("call_soon, all at once", 1_000_000, burst);
}

async fn queues(count: u32) {
    let (there, back) = (Queue::new(0), Queue::new(0));
    let (requests, answers) = (there.clone(), back.clone());
    let partner = create_task(async move {
        for _ in 0..count {
            let number = requests.get().await.expect("it is open");
            answers.put(number).await.expect("it is open");
        }
    });
    for number in 0..count {
        there.put(number).await.expect("it is open");
        assert_eq!(back.get().await.expect("it is open"), number);
    }
    partner.await;
}

async fn events(count: u32) {
    let (there, back) = (Event::new(), Event::new());
    let (request, answer) = (there.clone(), back.clone());
    let partner = create_task(async move {
        for _ in 0..count {
            request.wait().await;
            request.clear();
            answer.set();
        }
    });
    for _ in 0..count {
        there.set();
        back.wait().await;
        back.clear();
    }
    partner.await;
}

/// A thousand tasks wait for each of many events.
async fn broadcast(count: u32) {
    const WAITERS: u32 = 1000;
    let events: Rc<Vec<Event>> = Rc::new((0..count / WAITERS).map(|_| Event::new()).collect());
    let spawn = |_| {
        let events = events.clone();
        create_task(async move {
            for event in events.iter() {
                event.wait().await;
            }
        })
    };
    let waiters: Vec<_> = (0..WAITERS).map(spawn).collect();
    for event in events.iter() {
        looplet::yield_now().await;
        event.set();
    }
    for waiter in waiters {
        waiter.await;
    }
}

async fn chain(count: u32) {
    let done = get_running_loop().create_promise();
    link(count, done.clone());
    done.await;
}

fn link(left: u32, done: Promise<()>) {
    if left == 0 {
        done.set_result(()).expect("nobody else sets it");
    } else {
        get_running_loop().call_soon(move || link(left - 1, done));
    }
}

async fn burst(count: u32) {
    let (event_loop, done) = (get_running_loop(), get_running_loop().create_promise());
    let last = done.clone();
    for _ in 1..count {
        event_loop.call_soon(|| {});
    }
    event_loop.call_soon(move || last.set_result(()).expect("nobody else sets it"));
    done.await;
}
