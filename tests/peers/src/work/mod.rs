//! What runtimes are made to do.
//!
//! Each function takes a number of things to do, does them on a runtime of its own, and returns
//! what one of them took. Where memory decides, the first round only warms up: the figures are
//! those of a program that has had as many tasks before.

mod spawn;
mod yields;
mod ping_pong;
mod wheel;
mod timers;
mod idle;
mod chain;
mod echo;

use std::sync::Once;

use crate::meters::{Figure, Meter, Spent};
use crate::runtimes::Runtime;

pub(crate) use self::chain::call_soon;
pub(crate) use self::echo::{bare as bare_echo, on as echo_on};
pub(crate) use self::ping_pong::looplet_queue;
pub(crate) use self::timers::{call_later, delay_queue, wheel};

/// Does a named piece of work on `R`, `count` times.
pub(crate) fn on<R: Runtime>(work: &str, count: u64) -> Result<Vec<Figure>, String> {
    Ok(match work {
        "spawn" => spawn::all_at_once::<R>(count),
        "spawn-one" => spawn::one_by_one::<R>(count),
        "yield" => yields::yields::<R>(1, count),
        "yield-1000" => yields::yields::<R>(1000, count / 1000),
        "ping-pong" => ping_pong::local_channel::<R>(count),
        "ping-pong-mpsc" => ping_pong::mpsc::<R>(count),
        "timers" => timers::registered::<R>(count),
        "sleepers" => timers::sleepers::<R>(count),
        "idle" => idle::bytes::<R>(count),
        other => return Err(format!("there is no work {other}")),
    })
}

/// How often `count` things are done in a row, so that few of them are measured as long.
fn repeats(count: u64) -> u64 {
    const AT_LEAST: u64 = 300_000;
    (AT_LEAST / count).max(1)
}

/// Measures the second time that `round` is run.
async fn warmed<F: Future<Output = ()>>(round: impl Fn() -> F) -> Spent {
    round().await;
    let meter = Meter::start();
    round().await;
    meter.stop()
}

/// Keeps the allocator from giving the memory of a round back to the system: called when a
/// round holds the most, it leaves, once, a piece at the end of the heap. Without it, what the next
/// round costs is up to twice as much, by page faults, in some runs and not in others.
fn pin_heap() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| std::mem::forget(std::hint::black_box(vec![1_u8; 4096])));
}
