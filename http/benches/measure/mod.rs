//! What the benches share: the median of some rounds, and one line for each figure.

use std::time::{Duration, Instant};

/// How often each figure is measured. The first round, which warms up, does not count.
const ROUNDS: usize = 9;

/// Prints the median time that one of `count` calls of `work` takes.
pub(crate) fn figure(name: &str, count: u32, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..=ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..count).for_each(|_| work());
            start.elapsed()
        })
        .skip(1)
        .collect();
    times.sort();
    let each = |time: Duration| time.as_secs_f64() * 1e9 / f64::from(count);
    let (median, best) = (each(times[ROUNDS / 2]), each(times[0]));
    println!("{name:.<58} {median:9.1} ns   best {best:9.1} ns");
}
