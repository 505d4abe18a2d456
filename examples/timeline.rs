//! A program that is recorded while it runs, and drawn: who ran when, who waited, who woke whom.
//!
//! What to look at: the page. Two cooks share one stove, so one lane waits for the lock of the
//! other, and the arrow at its end says who let it in. The program lives on the virtual clock, so
//! the record is the same on every machine. It prints the beginning of the text form, and writes
//! all three forms into a temporary folder, or one that is given: `timeline.txt`, `timeline.html`,
//! and `timeline.json`, which `chrome://tracing` and Perfetto open.
//!
//! ```text
//!     0.000000  turn
//!     0.000000      what is outside spawns kitchen
//!     0.000000    kitchen begins
//!     0.000000      kitchen spawns soup
//!     0.000000      kitchen spawns stew
//!     0.000000      kitchen waits for a gather of 2 tasks that go on
//!     0.000000    kitchen ends
//! ... and 61 lines more, in …
//! ```

mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use looplet::observe::Recorder;
use looplet::{Clock, EventLoop, Lock, Task, create_task, current_task, gather, sleep};

fn main() -> ExitCode {
    let folder = common::argument("[FOLDER]").map(PathBuf::from);
    let folder = folder.unwrap_or_else(|| std::env::temp_dir().join("looplet-timeline"));
    match record().and_then(|recorder| write(&recorder, &folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn record() -> io::Result<Recorder> {
    let recorder = Recorder::new();
    let builder = EventLoop::builder().clock(Clock::Virtual);
    let event_loop = builder.observer(recorder.clone()).build()?;
    let cooked = event_loop.run_until_complete(kitchen());
    cooked.map_err(io::Error::other)?;
    Ok(recorder)
}

async fn kitchen() {
    current_task().expect("a task runs").set_name("kitchen");
    let stove = Lock::new();
    gather([cook("soup", 20, &stove), cook("stew", 50, &stove)]).await;
}

/// Starts a cook, who cuts for ten minutes and then needs the stove.
fn cook(dish: &str, minutes: u64, stove: &Lock) -> Task<()> {
    let stove = stove.clone();
    let task = create_task(async move {
        sleep(Duration::from_secs(10 * 60)).await;
        let _fire = stove.acquire().await;
        sleep(Duration::from_secs(minutes * 60)).await;
    });
    task.set_name(dish);
    task
}

/// Writes the three forms, and prints the beginning of one.
fn write(recorder: &Recorder, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let text = recorder.text();
    fs::write(folder.join("timeline.txt"), &text)?;
    fs::write(folder.join("timeline.json"), recorder.chrome_trace())?;
    fs::write(folder.join("timeline.html"), recorder.html())?;
    let shown = 7;
    for line in text.lines().take(shown) {
        println!("{line}");
    }
    let more = text.lines().count() - shown;
    println!("... and {more} lines more, in {}", folder.display());
    Ok(())
}
