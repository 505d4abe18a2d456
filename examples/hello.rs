//! The first program of every asyncio tutorial: print, sleep, print.
//!
//! What to look at: `run` makes a loop, runs one coroutine on it, and cleans up. The `.await`
//! does not block the thread; it gives it back to the loop for a second, which here has nobody
//! else to give it to. `tasks` has.
//!
//! ```text
//! Hello ...
//! ... World!
//! ```

mod common;

use std::time::Duration;

use looplet::sleep;

fn main() {
    common::run(async {
        println!("Hello ...");
        sleep(Duration::from_secs(1)).await;
        println!("... World!");
    });
}
