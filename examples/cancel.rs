//! Three answers to a cancel: do not notice, clean up and pass it on, or refuse.
//!
//! What to look at: a cancelled await does not come back. `catch_cancel` is Python's `except
//! CancelledError`: the code after it runs, and may await.
//!
//! ```text
//! careless: working
//! careful: working
//! stubborn: working
//! main: cancelling all three
//! careful: saving
//! main: careless returned None
//! careful: saved
//! main: careful returned None
//! main: stubborn returned Some(42)
//! ```

mod common;

use std::time::Duration;

use looplet::{catch_cancel, create_task, sleep};

fn main() {
    common::run(async {
        let (careless, careful) = (create_task(work("careless")), create_task(careful()));
        let tasks = [careless, careful, create_task(stubborn())];
        sleep(Duration::from_millis(100)).await;
        println!("main: cancelling all three");
        for task in &tasks {
            task.cancel();
        }
        for (task, name) in tasks.iter().zip(["careless", "careful", "stubborn"]) {
            println!("main: {name} returned {:?}", task.join().await.ok());
        }
    });
}

async fn work(name: &str) -> u32 {
    println!("{name}: working");
    sleep(Duration::from_secs(3600)).await;
    3600
}

async fn careful() -> u32 {
    match catch_cancel(work("careful")).await {
        Ok(value) => value,
        Err(cancelled) => {
            println!("careful: saving");
            sleep(Duration::from_millis(100)).await;
            println!("careful: saved");
            cancelled.raise().await
        }
    }
}

async fn stubborn() -> u32 {
    catch_cancel(work("stubborn")).await.unwrap_or(42)
}
