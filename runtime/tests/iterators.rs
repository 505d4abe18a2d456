//! Asynchronous iterators: the adapters, what iterates, and cancels in between.

mod common;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use common::{Trace, elapsed_ms, ms, run_virtual, traced};
use looplet::{
    AsyncIterator, LifoQueue, PriorityQueue, Queue, ReadError, catch_cancel, create_task, from_fn,
    get_running_loop, iter, open_connection, run, sleep, start_server, timeout, yield_now,
};

/// 0, 1, 2, ... below `end`, one every 10 ms.
fn slowly(end: u32) -> impl AsyncIterator<Item = u32> {
    let mut numbers = 0..end;
    from_fn(async move || {
        sleep(ms(10)).await;
        numbers.next()
    })
}

#[test]
fn adapters_give_what_their_names_say() {
    run_virtual(async {
        let squares: Vec<u32> = slowly(4).map(|n| n * n).collect().await;
        assert_eq!(squares, [0, 1, 4, 9]);
        let odd: Vec<u32> = slowly(6).filter(|n| n % 2 == 1).collect().await;
        assert_eq!(odd, [1, 3, 5]);
        let numbered: Vec<(usize, char)> = iter("ab".chars()).enumerate().collect().await;
        assert_eq!(numbered, [(0, 'a'), (1, 'b')]);
        let chunks: Vec<Vec<u32>> = slowly(5).chunks(2).collect().await;
        assert_eq!(chunks, [vec![0, 1], vec![2, 3], vec![4]]);
    });
}

#[test]
fn adapters_stack_and_ask_for_one_item_at_a_time() {
    let lines = traced(async |trace: Trace| {
        let said = trace.clone();
        let items = iter(1..).map(move |n| {
            said.say(format!("make {n}"));
            n
        });
        let then = trace.clone();
        let items = items.filter(|n| n % 2 == 0).then(async move |n| {
            sleep(ms(1)).await;
            then.say(format!("wait {n}"));
            n
        });
        items
            .take(2)
            .for_each(async |n| trace.say(format!("got {n}")))
            .await;
    });
    assert_eq!(
        lines,
        [
            "make 1", "make 2", "wait 2", "got 2", "make 3", "make 4", "wait 4", "got 4"
        ]
    );
}

#[test]
fn take_does_not_ask_for_more_than_it_gives() {
    let asked = Rc::new(Cell::new(0));
    let counter = asked.clone();
    let mut items = from_fn(async move || {
        counter.set(counter.get() + 1);
        Some(counter.get())
    });
    run(async move {
        let first: Vec<i32> = (&mut items).take(2).collect().await;
        assert_eq!(first, [1, 2]);
        assert_eq!((&mut items).take(0).next().await, None);
        assert_eq!(items.next().await, Some(3));
    });
    assert_eq!(asked.get(), 3);
}

#[test]
fn the_closure_is_not_called_again_after_the_end() {
    let mut calls = 0;
    let mut items = from_fn(async move || {
        calls += 1;
        assert_eq!(calls, 1, "called after the end");
        None::<()>
    });
    assert_eq!(format!("{items:?}"), "FromFn { ended: false }");
    run(async move {
        assert_eq!(items.next().await, None);
        assert_eq!(items.next().await, None);
        assert_eq!(format!("{items:?}"), "FromFn { ended: true }");
    });
}

#[test]
fn items_are_collected_into_whatever_an_iterator_is() {
    run(async {
        let text: String = iter(["a", "b"]).collect().await;
        assert_eq!(text, "ab");
        let map: HashMap<&str, i32> = iter([("one", 1), ("two", 2)]).collect().await;
        assert_eq!(map["two"], 2);
        let parse = |text: &str| text.parse::<u8>().map_err(|_| text.to_string());
        let all: Result<Vec<u8>, String> = iter(["1", "x", "y"]).map(parse).collect().await;
        assert_eq!(all, Err("x".to_string()));
    });
}

#[test]
#[should_panic(expected = "a chunk has at least one item")]
fn a_chunk_of_nothing_is_refused_at_once() {
    let _chunks = iter([1]).chunks(0);
}

#[test]
fn a_timeout_between_two_items_loses_neither() {
    run_virtual(async {
        let mut chunks = slowly(4).enumerate().chunks(3);
        // The first two items are there by then, in the chunk that is begun.
        assert!(timeout(ms(25), chunks.next()).await.is_err());
        assert_eq!(chunks.next().await, Some(vec![(0, 0), (1, 1), (2, 2)]));
        assert_eq!(chunks.next().await, Some(vec![(3, 3)]));
        assert_eq!(chunks.next().await, None);
    });
}

#[test]
fn a_cancel_reaches_the_wait_below_all_adapters() {
    let lines = traced(async |trace: Trace| {
        let said = trace.clone();
        let start = get_running_loop().time();
        let task = create_task(async move {
            let items = slowly(9).map(|n| n + 1).filter(|_| true).take(9).chunks(2);
            let all = catch_cancel(items.for_each(async |chunk| said.say(format!("{chunk:?}"))));
            assert!(all.await.is_err(), "it is cancelled");
            said.say(format!("cancelled after {} ms", elapsed_ms(start)));
            sleep(ms(5)).await;
            "cleaned up"
        });
        sleep(ms(35)).await;
        task.cancel();
        trace.say(task.await);
    });
    assert_eq!(lines, ["[1, 2]", "cancelled after 35 ms", "cleaned up"]);
}

#[test]
fn a_queue_gives_items_until_it_is_shut_down_and_empty() {
    let lines = traced(async |trace: Trace| {
        let queue = Queue::new(0);
        let workers: Vec<_> = ["a", "b"]
            .map(|name| {
                let (trace, mut items) = (trace.clone(), queue.clone());
                create_task(async move {
                    while let Some(item) = items.next().await {
                        trace.say(format!("{name} got {item}"));
                        yield_now().await;
                    }
                    trace.say(format!("{name} is done"));
                })
            })
            .into();
        for item in 1..=3 {
            queue.put(item).await.expect("it is open");
        }
        queue.shutdown();
        iter(workers).for_each(async |worker| worker.await).await;
    });
    assert_eq!(
        lines,
        ["a got 1", "b got 2", "a got 3", "b is done", "a is done"]
    );
}

#[test]
fn the_other_queues_iterate_in_their_own_order() {
    run(async {
        let (last_first, smallest_first) = (LifoQueue::new(0), PriorityQueue::new(0));
        for number in [2, 3, 1] {
            last_first.put_nowait(number).expect("there is no limit");
            smallest_first
                .put_nowait(number)
                .expect("there is no limit");
        }
        last_first.shutdown();
        smallest_first.shutdown();
        assert_eq!(last_first.collect::<Vec<_>>().await, [1, 3, 2]);
        assert_eq!(smallest_first.collect::<Vec<_>>().await, [1, 2, 3]);
    });
}

#[test]
fn a_cancelled_wait_for_an_item_takes_none() {
    run_virtual(async {
        let mut queue = Queue::new(0);
        assert!(timeout(ms(1), queue.next()).await.is_err());
        queue.put_nowait("kept").expect("there is no limit");
        assert_eq!(queue.next().await, Some("kept"));
    });
}

#[test]
fn lines_pass_through_adapters() {
    run(async {
        let server = start_server("127.0.0.1:0", async |_, writer| {
            writer.write(b"one\n\ntwo\r\nlast");
        });
        let server = server.await.expect("a port is free");
        let connection = open_connection(server.local_addr()).await;
        let (reader, _writer) = connection.expect("somebody listens");
        let text = |line: Result<Vec<u8>, ReadError>| {
            String::from_utf8(line.expect("no line is too long")).expect("it is text")
        };
        let lines = reader.lines().map(text).filter(|line| !line.is_empty());
        assert_eq!(lines.collect::<Vec<_>>().await, ["one", "two", "last"]);
    });
}

#[test]
fn a_line_that_is_too_long_is_the_last_item_and_not_the_last_read() {
    run(async {
        let server = start_server("127.0.0.1:0", async |_, writer| {
            writer.write(b"ab\nabcdefgh\nok\n");
        });
        let server = server.await.expect("a port is free");
        let connection = open_connection(server.local_addr()).await;
        let (mut reader, _writer) = connection.expect("somebody listens");
        reader.set_limit(4).expect("it is not 0");
        let lines = reader.lines().map(|line| line.map_err(|e| e.to_string()));
        let seen: Vec<_> = lines.take(3).collect().await;
        let error = "the separator was found beyond the limit of 4 bytes".to_string();
        assert_eq!(seen, [Ok(b"ab".to_vec()), Err(error)]);
        // The line is gone, and the next one can be read.
        assert_eq!(reader.read_line().await.expect("it fits"), b"ok\n");
    });
}

/// Something with a `next` of its own, as `as_completed` has one: the trait only repeats it.
struct WithOwnNext(u32);

impl WithOwnNext {
    async fn next(&mut self) -> Option<u32> {
        yield_now().await;
        self.0 = self.0.checked_sub(1)?;
        Some(self.0)
    }
}

impl AsyncIterator for WithOwnNext {
    type Item = u32;

    async fn next(&mut self) -> Option<u32> {
        WithOwnNext::next(self).await
    }
}

#[test]
fn a_type_with_a_next_of_its_own_becomes_an_iterator_in_three_lines() {
    run(async {
        let mut own = WithOwnNext(3);
        assert_eq!(own.next().await, Some(2));
        assert_eq!(own.map(|n| n + 10).collect::<Vec<_>>().await, [11, 10]);
    });
}
