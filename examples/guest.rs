//! looplet as a guest in a loop that belongs to somebody else: a game with ten frames a second.
//!
//! What to look at: the host owns the thread. It takes what came for it, does its own work, and
//! lends the rest of each frame to looplet. In between, it may put into queues as it likes. A
//! host that waits elsewhere asks `next_deadline` and waits for the descriptor of the loop, too.
//!
//! ```text
//! frame 1: drawing
//! frame 2: drawing, a key is pressed
//!          the hero jumps
//! frame 3: drawing, the level is loaded
//!          the hero lands
//! frame 4: drawing, a key is pressed
//!          the hero jumps
//! ```

mod common;

use std::sync::mpsc;
use std::time::Duration;

use looplet::{EventLoop, Queue, RunError, sleep};

const FRAME: Duration = Duration::from_millis(100);

fn main() -> Result<(), RunError> {
    let builder = EventLoop::builder().clock(common::clock());
    let event_loop = builder.build().map_err(RunError::Io)?;
    let (to_host, for_host) = mpsc::channel();
    let keys = Queue::new(0);
    event_loop.create_task(hero(keys.clone()));
    event_loop.create_task(async move {
        sleep(FRAME * 3 / 2).await;
        to_host.send("the level is loaded").expect("the host waits");
    });

    for frame in 1..=4 {
        let mut events: Vec<&str> = vec!["drawing"];
        events.extend(for_host.try_iter());
        if frame % 2 == 0 {
            events.push("a key is pressed");
            keys.put_nowait(' ').expect("there is no limit");
        }
        println!("frame {frame}: {}", events.join(", "));
        let end = event_loop.time() + FRAME;
        while event_loop.time() < end {
            event_loop.poll_once(Some(end - event_loop.time()))?;
        }
    }
    Ok(())
}

async fn hero(keys: Queue<char>) {
    while let Ok(_key) = keys.get().await {
        println!("         the hero jumps");
        sleep(FRAME * 3 / 2).await;
        println!("         the hero lands");
    }
}
