//! What the benches share: a round, its median, and one line for each figure.

use std::time::{Duration, Instant};

use looplet::EventLoop;

/// How often each figure is measured. The first round, which warms up, does not count.
const ROUNDS: usize = 7;

/// Measures on one loop, round after round.
pub(crate) struct Bench {
    event_loop: EventLoop,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let event_loop = EventLoop::new().expect("the system has a descriptor left for a loop");
        Self { event_loop }
    }

    /// Prints the median time that `round`, a coroutine that does `count` things, takes for
    /// one of them.
    pub(crate) fn figure<F: Future<Output = ()> + 'static>(
        &self,
        name: &str,
        count: u32,
        round: impl Fn(u32) -> F,
    ) {
        self.figure_of(name, count, || {
            let start = Instant::now();
            self.run(round(count));
            start.elapsed()
        });
    }

    /// The same for a round that takes the time itself.
    pub(crate) fn figure_of(&self, name: &str, count: u32, mut round: impl FnMut() -> Duration) {
        round();
        let mut times: Vec<Duration> = (0..ROUNDS).map(|_| round()).collect();
        times.sort();
        let (median, best) = (times[ROUNDS / 2], times[0]);
        let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
        println!(
            "{name:.<58} {:9.1} ns   best {:9.1} ns",
            each(median),
            each(best)
        );
    }

    pub(crate) fn run<T: 'static>(&self, main: impl Future<Output = T> + 'static) -> T {
        let result = self.event_loop.run_until_complete(main);
        result.expect("a round ends by itself")
    }
}

/// Keeps the allocator from giving the memory of a round back to the system: called when a round
/// holds the most, it leaves a piece at the end of the heap. Without it, what a later round costs
/// is up to twice as much, by page faults, in some runs and not in others.
#[allow(dead_code, reason = "not every bench holds much")]
pub(crate) fn pin_heap() {
    std::mem::forget(std::hint::black_box(vec![1_u8; 4096]));
}
