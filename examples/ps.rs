//! What a running program is doing: its tasks as a table or, with `--tree`, as a tree.
//!
//! What to look at: the program that is asked does one thing for it, `inspect::listen(path)`.
//! With that path as the argument, this program asks another process. Without one it asks
//! itself: a crawler that has one page, waits for a second, and keeps a third one back.
//!
//! ```text
//! ├── (T) Task-1
//! │   └──  ps::main examples/ps.rs:40, waits for data from a socket
//! └── (T) crawler
//!     └──  ps::crawl examples/ps.rs:74, waits for a gather of 2 tasks that go on
//!         ├── (T) page 2
//!         │   └──  ps::fetch examples/ps.rs:89, waits for sleep … s
//!         └── (T) page 3
//!             └──  ps::fetch examples/ps.rs:89, waits for a Lock held by 'page 2'
//!                 └── (T) page 2 (drawn above)
//! ```

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, id};
use std::time::Duration;

use looplet::{
    Lock, Task, create_task, gather, inspect, open_unix_connection, run, sleep, yield_now,
};

fn main() -> ExitCode {
    let (mut question, mut path) = ("ps", None);
    for argument in std::env::args().skip(1) {
        match &*argument {
            "--tree" => question = "pstree",
            other if !other.starts_with('-') && path.is_none() => path = Some(argument),
            _ => {
                eprintln!("arguments: [--tree] [SOCKET]");
                return ExitCode::from(2);
            }
        }
    }
    let answer = run(async move {
        match path {
            Some(path) => ask(Path::new(&path), question).await,
            None => look_at_myself(question).await,
        }
    });
    match answer {
        Ok(answer) if answer.starts_with("ERROR: ") => {
            eprint!("{answer}");
            ExitCode::FAILURE
        }
        Ok(answer) => {
            print!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Asks whoever listens at `path`.
async fn ask(path: &Path, question: &str) -> io::Result<String> {
    let (reader, writer) = open_unix_connection(path).await?;
    writer.write(format!("{question}\n").as_bytes());
    let answer = reader.read_to_end().await?;
    String::from_utf8(answer).map_err(io::Error::other)
}

/// Does something, lets itself be looked at, and looks.
async fn look_at_myself(question: &str) -> io::Result<String> {
    let path: PathBuf = std::env::temp_dir().join(format!("looplet-ps-{}", id()));
    let _inspector = inspect::listen(&path)?;
    let crawler = create_task(crawl());
    crawler.set_name("crawler");
    yield_now().await;
    ask(&path, question).await
}

/// Fetches pages from a site that wants to be asked by one at a time.
async fn crawl() {
    let polite = Lock::new();
    spawn_fetch(1, &polite, Duration::ZERO).await;
    let slow = Duration::from_secs(3600);
    gather([2, 3].map(|page| spawn_fetch(page, &polite, slow))).await;
}

fn spawn_fetch(page: u32, polite: &Lock, duration: Duration) -> Task<()> {
    let task = create_task(fetch(polite.clone(), duration));
    task.set_name(format!("page {page}"));
    task
}

async fn fetch(polite: Lock, duration: Duration) {
    let _turn = polite.acquire().await;
    sleep(duration).await;
}
