//! Threads: the pools of the notes, and a loop that waits for one.
//!
//! What to look at: a pool starts jobs in the order in which they came and gives results in that
//! order; a job runs beside the loop, and its handle can be awaited. Takes a row, `--virtual` and
//! `--fast`; a thread that sleeps does so for real. Without arguments, it lists its rows:
//!
//! ```text
//! 1            a pool of three maps a list; results come in the order of the list
//! 8            how many threads there are by default; submit, map, shutdown
//! 10           ten jobs of two seconds on six threads
//! 11           the same, each waited for before the next is submitted
//! 12           callbacks that run on the thread of their job
//! 14           jobs that the loop waits for
//! 15           three jobs of three seconds on the pool of the loop
//! ```

#[path = "../common/rows.rs"]
mod rows;
#[path = "../site/mod.rs"]
mod site;

use std::fs::OpenOptions;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use std::{process, thread};

use looplet::{
    PoolConfig, ReturnWhen, TaskError, ThreadPool, gather, get_running_loop, to_thread, wait,
};

use rows::{Outcome, Row, Stopwatch, seconds};
use site::Site;

const ROWS: [Row; 7] = [
    Row(
        "1",
        "a pool of three maps a list; results come in the order of the list",
        pool_map,
    ),
    Row(
        "8",
        "how many threads there are by default; submit, map, shutdown",
        executors,
    ),
    Row("10", "ten jobs of two seconds on six threads", thread_pool),
    Row(
        "11",
        "the same, each waited for before the next is submitted",
        one_by_one,
    ),
    Row(
        "12",
        "callbacks that run on the thread of their job",
        callbacks,
    ),
    Row("14", "jobs that the loop waits for", run_in_executor),
    Row(
        "15",
        "three jobs of three seconds on the pool of the loop",
        default_pool,
    ),
];
/// Long enough for every job here.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    rows::main(&ROWS)
}

fn pool_map() -> Outcome {
    let pool = ThreadPool::new(3);
    let slow_square = |(number, delay): (u32, f64)| {
        thread::sleep(seconds(delay));
        number * number
    };
    let jobs = [(1, 0.5), (2, 0.1), (3, 0.3), (4, 0.2), (5, 0.4)];
    for square in pool.map(slow_square, jobs)? {
        println!("{}", square?);
    }
    Ok(())
}

fn executors() -> Outcome {
    let processors = thread::available_parallelism()?;
    let threads = PoolConfig::default().threads;
    println!("threads by default: min(32, {processors} + 4) = {threads}");
    let pool = ThreadPool::new(2);
    println!("submit: {}", pool.submit(|| 2_u32.pow(10))?.wait()?);
    let lengths = pool.map(str::len, ["one", "three", "eleven"])?;
    println!("map: {:?}", lengths.collect::<Result<Vec<_>, _>>()?);
    println!("shutdown: {}", pool.shutdown(PATIENCE));
    match pool.submit(|| 0) {
        Ok(_) => println!("submit: accepted"),
        Err(error) => println!("submit: {error}"),
    }
    Ok(())
}

/// Says where it runs, takes two seconds, and gives the square.
fn task(number: u32) -> u32 {
    println!("{}:{} is running", thread_name(), process::id());
    thread::sleep(seconds(2.0));
    number.pow(2)
}

fn thread_name() -> String {
    thread::current().name().unwrap_or("a thread").to_string()
}

fn thread_pool() -> Outcome {
    let clock = Stopwatch::start();
    let pool = ThreadPool::new(6);
    let submit = |number| pool.submit(move || task(number));
    let jobs = (0..10).map(submit).collect::<Result<Vec<_>, _>>()?;
    pool.shutdown(PATIENCE);
    println!("{}", "=".repeat(30));
    let results = jobs.into_iter().map(|job| job.wait());
    println!("{:?}", results.collect::<Result<Vec<_>, _>>()?);
    println!("{}", clock.passed());
    Ok(())
}

fn one_by_one() -> Outcome {
    let clock = Stopwatch::start();
    let pool = ThreadPool::new(6);
    for number in 0..10 {
        let square = pool.submit(move || task(number))?.wait()?;
        println!("{square}");
    }
    println!("{}\n{}", "=".repeat(30), clock.passed());
    Ok(())
}

fn callbacks() -> Outcome {
    let site = match rows::argument() {
        Some(url) => url.to_string(),
        None => Site::on_a_thread(rows::speed())?,
    };
    let pool = ThreadPool::new(4);
    for board in [7, 6, 1, 2] {
        let url = format!("{site}/board/{board}");
        let mut job = pool.submit(move || get_page(url))?;
        job.add_done_callback(parse_page);
    }
    pool.shutdown(PATIENCE);
    println!("main:<{}>", process::id());
    Ok(())
}

fn get_page(url: String) -> Result<(String, String), looplet_http::Error> {
    println!("{}:<{}> is getting [{url}]", thread_name(), process::id());
    let text = looplet_http::blocking::get(&url)?.text()?;
    thread::sleep(seconds(2.0));
    Ok((url, text))
}

/// Is called with the outcome of the job. Where the notes raise in a worker, this says it.
fn parse_page(page: &Result<Result<(String, String), looplet_http::Error>, TaskError>) {
    let (url, text) = match page {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => return println!("{}: {error}", thread_name()),
        Err(error) => return println!("{}: {error}", thread_name()),
    };
    println!("{}:<{}> parse [{url}]", thread_name(), process::id());
    let line = format!("url:{url} size:{}\n", text.len());
    let file = OpenOptions::new().create(true).append(true).open("db.txt");
    // One write, so that lines of different threads do not mix.
    if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
        println!("db.txt: {error}");
    }
}

fn run_in_executor() -> Outcome {
    let get_url = |number: u32| {
        thread::sleep(seconds(number.into()));
        println!("end {number}");
        111
    };
    rows::run(async move {
        let clock = Stopwatch::start();
        let pool = ThreadPool::new(4);
        let submit = |n| get_running_loop().run_in_executor(&pool, move || get_url(n));
        let promises = [submit(1)?.into_promise(), submit(2)?.into_promise()];
        let (done, _) = wait(promises, ReturnWhen::AllCompleted, None).await?;
        for promise in done {
            println!("{}", promise.await);
        }
        println!("{}", clock.passed());
        Ok(())
    })
}

fn default_pool() -> Outcome {
    let demo = async || {
        println!("start");
        to_thread(|| thread::sleep(seconds(3.0))).await;
        println!("end");
    };
    rows::run(async move {
        let clock = Stopwatch::start();
        gather([demo(), demo(), demo()]).await;
        println!("{}", clock.passed());
        Ok(())
    })
}
