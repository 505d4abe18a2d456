//! Callbacks without tasks, which only looplet and asyncio have.

use looplet::{Promise, get_running_loop};

use super::warmed;
use crate::meters::Figure;
use crate::runtimes::{Looplet, Runtime};

/// Callbacks of which each schedules the next.
pub(crate) fn call_soon(count: u64) -> Vec<Figure> {
    let spent = Looplet::run(warmed(move || async move {
        let done = get_running_loop().create_promise();
        link(count, done.clone());
        done.await;
    }));
    vec![spent.cpu_each(count)]
}

fn link(left: u64, done: Promise<()>) {
    if left == 0 {
        done.set_result(()).expect("nobody else sets it");
    } else {
        get_running_loop().call_soon(move || link(left - 1, done));
    }
}
