//! Timers that are dropped before they fire, as timeouts are, and timers that fire.

use std::future::{IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use looplet::get_running_loop;
use tokio_util::time::DelayQueue;

use super::wheel::Deadlines;
use super::{pin_heap, repeats, warmed};
use crate::meters::{Figure, Meter};
use crate::runtimes::{Looplet, Runtime, TokioCt};

/// The span of the deadlines that fire.
const SPAN: u64 = 1_000_000;

/// A number that is different every time and in no order: those of a golden ratio.
fn scattered(number: u64, below: u64) -> u64 {
    (number.wrapping_mul(2_654_435_761) & 0xffff_ffff) % below
}

/// A deadline between 1 s and 61 s.
fn far(number: u64) -> Duration {
    Duration::from_micros(1_000_000 + scattered(number, 60_000_000))
}

/// Sleeps that are all registered before the first of them is dropped.
pub(super) fn registered<R: Runtime>(count: u64) -> Vec<Figure> {
    let rounds = repeats(count);
    let spent = R::run(warmed(move || async move {
        for _ in 0..rounds {
            let mut sleeps = Vec::with_capacity(count as usize);
            for number in 0..count {
                let mut sleep = Box::pin(R::sleep(far(number)));
                assert!(begins(sleep.as_mut()).await);
                sleeps.push(sleep);
            }
            pin_heap();
        }
    }));
    vec![spent.cpu_each(rounds * count)]
}

/// Polls a future once, as the running task. Returns whether it waits.
async fn begins<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

/// Tasks that sleep for up to a second, in no order: CPU for each, and how late they wake.
pub(super) fn sleepers<R: Runtime>(count: u64) -> Vec<Figure> {
    let (spent, mut late) = R::run(async move {
        let meter = Meter::start();
        let start = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|number| {
                let deadline = Duration::from_micros(scattered(number, SPAN));
                R::spawn(async move {
                    R::sleep(deadline.saturating_sub(start.elapsed())).await;
                    start.elapsed().saturating_sub(deadline).as_micros() as u64
                })
            })
            .collect();
        let mut late = Vec::with_capacity(tasks.len());
        for task in tasks {
            late.push(R::value(task.into_future().await));
        }
        (meter.stop(), late)
    });
    late.sort_unstable();
    let place = |part: usize| late[late.len() * part / 100] as f64;
    vec![
        spent.cpu_each(count),
        Figure::new("us late, median", place(50)),
        Figure::new("us late, of 99 %", place(99)),
    ]
}

/// looplet's wheel by itself.
pub(crate) fn wheel(count: u64) -> Vec<Figure> {
    let spent = Looplet::run(warmed(move || async move {
        let mut deadlines = Deadlines::new();
        let entries: Vec<_> = (0..count)
            .map(|number| deadlines.insert(far(number).as_nanos() as u64))
            .collect();
        for entry in entries {
            deadlines.remove(entry);
        }
    }));
    vec![spent.cpu_each(count)]
}

/// `call_later` and `cancel`: the wheel as a program reaches it, with a callback and a handle.
pub(crate) fn call_later(count: u64) -> Vec<Figure> {
    let spent = Looplet::run(warmed(move || async move {
        let event_loop = get_running_loop();
        let handles: Vec<_> = (0..count)
            .map(|number| event_loop.call_later(far(number), || {}))
            .collect();
        for handle in handles {
            handle.cancel();
        }
    }));
    vec![spent.cpu_each(count)]
}

/// The timer structure that tokio-util offers to programs.
pub(crate) fn delay_queue(count: u64) -> Vec<Figure> {
    let spent = TokioCt::run(warmed(move || async move {
        let mut queue = DelayQueue::new();
        let keys: Vec<_> = (0..count)
            .map(|number| queue.insert(number, far(number)))
            .collect();
        for key in keys {
            queue.remove(&key);
        }
    }));
    vec![spent.cpu_each(count)]
}
