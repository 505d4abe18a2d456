//! What timers cost: those that are dropped before they fire, as timeouts are, and those that
//! fire.
//!
//! The last figure sleeps for real. It is CPU time, read from `/proc/self/stat` in ticks of
//! 10 ms, so it is coarse, and missing where there is no such file.
//!
//! ```text
//! cargo bench -p looplet --bench timers
//! ```

mod measure;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

use looplet::{Sleep, create_task, sleep, timeout};
use measure::{Bench, pin_heap};

/// Nanoseconds of a tick of the process clock of Linux.
const TICK: u64 = 10_000_000;

fn main() {
    let bench = Bench::new();
    live(&bench, 1_000_000);
    bench.figure("timeout around a ready future", 1_000_000, timeouts);
    sleeps(
        &bench,
        "create, register, drop a sleep, no other live",
        1_000_000,
    );
    let start = cpu_time();
    const FIRING: u32 = 100_000;
    const REPEATS: u32 = 5;
    for _ in 0..REPEATS {
        bench.run(fire(FIRING));
    }
    if let (Some(start), Some(end)) = (start, cpu_time()) {
        let each = (end - start).as_secs_f64() * 1e9 / f64::from(FIRING * REPEATS);
        println!(
            "{:.<58} {each:9.1} ns",
            "100 000 tasks sleep within 1 s, CPU for each"
        );
    }
}

/// Many sleeps that are all registered before the first is dropped.
fn live(bench: &Bench, count: u32) {
    bench.figure(
        "create, register, drop a sleep, 1 000 000 live",
        count,
        |count| async move {
            let mut sleeps = Vec::with_capacity(count as usize);
            for number in 0..count {
                let mut sleep = Box::pin(sleep(far(number)));
                assert!(begin(sleep.as_mut()).await);
                sleeps.push(sleep);
            }
            pin_heap();
        },
    );
}

fn sleeps(bench: &Bench, name: &str, count: u32) {
    bench.figure(name, count, |count| async move {
        for number in 0..count {
            assert!(begin(pin!(sleep(far(number)))).await);
        }
    });
}

/// A deadline of some seconds, another one each time.
fn far(number: u32) -> Duration {
    Duration::from_millis(30_000 + u64::from(number % 10_000))
}

async fn timeouts(count: u32) {
    for _ in 0..count {
        let result = timeout(Duration::from_secs(30), async {}).await;
        assert_eq!(result, Ok(()));
    }
}

/// Tasks that sleep for up to a second, in no order.
async fn fire(count: u32) {
    let start = Instant::now();
    let spawn = |number: u32| {
        let micros = number.wrapping_mul(2_654_435_761) % 1_000_000;
        create_task(sleep(Duration::from_micros(u64::from(micros))))
    };
    let tasks: Vec<_> = (0..count).map(spawn).collect();
    for task in tasks {
        task.await;
    }
    assert!(start.elapsed() < Duration::from_secs(10));
}

/// The CPU time of this process, in user space and in the kernel.
fn cpu_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name of the program may have spaces; behind its parenthesis the fields are counted.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_nanos((user + system) * TICK))
}

/// Polls a sleep once, as the running task. Returns whether it waits.
async fn begin(mut sleep: Pin<&mut Sleep>) -> bool {
    poll_fn(|context| Poll::Ready(sleep.as_mut().poll(context).is_pending())).await
}
