//! From the words of a command line to a piece of work, and its figures to standard output.

use crate::clients::{self, Job};
use crate::meters::{Figure, prepare};
use crate::runtimes::on_runtime;
use crate::work;

/// Does what the words say, as the subject of a sample.
pub(crate) fn run(words: &[String]) -> Result<(), String> {
    prepare();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let figures = match words[..] {
        ["echo", "bare"] => return work::bare_echo().map_err(|error| error.to_string()),
        ["echo", name] => {
            let serve = on_runtime!(name, serve());
            return serve;
        }
        ["fetch", client, ref job @ ..] => clients::fetch(client, read_job(job)?)?,
        ["crawl", client, port, lanes] => clients::crawl(client, number(port)?, number(lanes)?)?,
        [work, name, count] => measure(work, name, number(count)?)?,
        _ => return Err(format!("there is no sample {words:?}")),
    };
    figures.iter().for_each(|figure| println!("{figure}"));
    Ok(())
}

fn serve<R: crate::runtimes::Runtime>() -> Result<(), String> {
    work::echo_on::<R>()
}

fn measure(work: &str, name: &str, count: u64) -> Result<Vec<Figure>, String> {
    match (work, name) {
        ("ping-pong" | "ping-pong-mpsc", "looplet") => Ok(work::looplet_queue(count)),
        ("timer-pairs", "looplet") => Ok(work::wheel(count)),
        ("timer-pairs", "call-later") => Ok(work::call_later(count)),
        ("timer-pairs", "delay-queue") => Ok(work::delay_queue(count)),
        ("call-soon", "looplet") => Ok(work::call_soon(count)),
        _ => on_runtime!(name, on_work(work, count)),
    }
}

fn on_work<R: crate::runtimes::Runtime>(work: &str, count: u64) -> Result<Vec<Figure>, String> {
    work::on::<R>(work, count)
}

/// Port, path, lanes, pages of each to warm up, and pages of each.
fn read_job(words: &[&str]) -> Result<Job, String> {
    let [port, path, lanes, warm, each] = words else {
        return Err(format!("a job is of five words, not {words:?}"));
    };
    Ok(Job {
        target: clients::Target::new(number(port)?, path),
        lanes: number(lanes)?,
        warm: number(warm)?,
        each: number(each)?,
    })
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number"))
}
