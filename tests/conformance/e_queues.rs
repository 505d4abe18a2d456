//! Group E, second half: queues.

use looplet::{
    LifoQueue, PriorityQueue, PutError, Queue, TaskDoneError, catch_cancel, create_task, gather,
    sleep,
};

use crate::programs::{Tick, ended, ms};
use crate::raised::value_error;
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::new("E17", e17),
        Case::new("E18", e18),
        Case::new("E19", e19),
        Case::new("E20", e20),
        Case::new("E21", e21),
        Case::new("E22", e22),
        Case::new("E23", e23),
        Case::new("E24", e24),
        Case::new("E25", e25),
    ]
}

/// Puts an item into a queue that has room.
fn put<T>(queue: &Queue<T>, item: T) {
    queue.put_nowait(item).expect("there is room");
}

async fn e17(trace: Trace) {
    let queue = Queue::new(0);
    let get = |name: &'static str| {
        let queue = queue.clone();
        create_task(async move { trace.say((name, queue.get().await)) })
    };
    let tasks = ["a", "b", "c"].map(get);
    sleep(ms(0)).await;
    for item in 1..=3 {
        put(&queue, item);
    }
    gather(tasks).await;
}

async fn e18(trace: Trace) {
    let queue = Queue::new(1);
    for item in 1..=3 {
        let queue = queue.clone();
        create_task(async move {
            if queue.put(item).await.is_ok() {
                trace.say(("put", item));
            }
        });
    }
    sleep(ms(5)).await;
    trace.say((queue.qsize(), queue.full()));
    trace.say(("get", queue.get().await));
    sleep(ms(5)).await;
    trace.say(("get", queue.get().await));
    sleep(ms(5)).await;
    trace.say(("get", queue.get().await));
}

async fn e19(trace: Trace) {
    let queue = Queue::new(0);
    let get = |name: &'static str| {
        let queue = queue.clone();
        create_task(async move { trace.say((name, queue.get().await)) })
    };
    let tasks = ["a", "b"].map(get);
    sleep(ms(0)).await;
    put(&queue, 1);
    trace.say(("stolen", queue.get_nowait()));
    sleep(ms(0)).await;
    put(&queue, 2);
    put(&queue, 3);
    gather(tasks).await;
}

async fn e20(trace: Trace) {
    let queue = Queue::new(0);
    let get = |name: &'static str| {
        let queue = queue.clone();
        create_task(async move {
            match catch_cancel(queue.get()).await {
                Ok(item) => trace.say((name, item)),
                Err(cancelled) => {
                    trace.say(("cancelled", name));
                    cancelled.raise().await
                }
            }
        })
    };
    let tasks = ["a", "b"].map(get);
    sleep(ms(0)).await;
    put(&queue, "item");
    tasks[0].cancel();
    ended(&tasks).await;
    trace.say((tasks[1].done(), queue.qsize()));
}

async fn e21(trace: Trace) {
    let queue = Queue::new(0);
    queue.join().await;
    trace.say("empty join returns");
    put(&queue, 1);
    put(&queue, 2);
    let items = queue.clone();
    let task = create_task(async move {
        while let Ok(item) = items.get().await {
            sleep(ms(5)).await;
            trace.say(("did", item));
            items.task_done().expect("it was put");
        }
    });
    queue.join().await;
    trace.say("joined");
    task.cancel();
    if let Err(TaskDoneError) = queue.task_done() {
        trace.say(value_error("task_done() called too many times"));
    }
}

async fn e22(trace: Trace) {
    let queue = Queue::new(1);
    put(&queue, "x");
    let full = queue.clone();
    let task = create_task(async move {
        if let Err(error) = full.put("y").await {
            trace.say(("putter", error));
        }
    });
    sleep(ms(0)).await;
    queue.shutdown();
    task.await;
    trace.say(queue.get().await);
    if let Err(error) = queue.get().await {
        trace.say(error);
    }
    if let Err(error) = queue.put("z").await {
        trace.say(error);
    }
}

async fn e23(trace: Trace) {
    let queue = Queue::new(0);
    for item in 0..3 {
        put(&queue, item);
    }
    let joined = queue.clone();
    let join = create_task(async move { joined.join().await });
    sleep(ms(0)).await;
    queue.shutdown_now();
    join.await;
    trace.say((queue.qsize(), "joined"));
    if let Err(error) = queue.get_nowait() {
        trace.say(error);
    }
}

async fn e24(trace: Trace) {
    let smallest = PriorityQueue::new(0);
    let last = LifoQueue::new(2);
    for item in [3, 1, 2] {
        smallest.put_nowait(item).expect("there is room");
    }
    trace.say([(); 3].map(|()| smallest.get_nowait()));
    for item in [1, 2] {
        last.put_nowait(item).expect("there is room");
    }
    trace.say(match last.put_nowait(3) {
        Ok(()) => "put",
        Err(PutError::Full(_)) => "QueueFull",
        Err(PutError::ShutDown(_)) => "QueueShutDown",
    });
    trace.say([(); 2].map(|()| last.get_nowait()));
    if let Err(error) = last.get_nowait() {
        trace.say(error);
    }
}

async fn e25(trace: Trace) {
    let queue = Queue::new(0);
    let tick = Tick::start();
    sleep(ms(0)).await;
    let before = tick.count();
    for item in 0..1000 {
        queue.put(item).await.expect("it is open");
        queue.get().await.expect("it is open");
    }
    trace.say(tick.count() - before);
    tick.stop();
}
