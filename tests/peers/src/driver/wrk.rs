//! wrk, which counts by itself, for one second.
//!
//! Its CPU time is that of all its threads from its start to its end: what it takes to start is
//! a thousandth of that. The kernel adds it to what this process has waited for.

use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

use super::process::{Process, SUBJECT};
use crate::catalog::Fetch;
use crate::meters::Figure;

pub(super) fn run(port: &str, fetch: Fetch) -> Result<Vec<Figure>, String> {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-d1s", &format!("-c{}", fetch.lanes)]);
    command.arg(format!("http://127.0.0.1:{port}{}", fetch.path));
    let before = of_children()?;
    let (text, _) = Process::start(command, SUBJECT)?.finish()?;
    let spent = of_children()? - before;
    let figures = figures(&text, spent);
    figures.ok_or_else(|| "it gave no figure".to_string())
}

/// From the lines `N requests in 1.00s, 1.00MB read` and `Requests/sec: N`.
fn figures(text: &str, spent: Duration) -> Option<Vec<Figure>> {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| line.contains(" requests in "))?;
    let requests: f64 = line.split(' ').next()?.parse().ok()?;
    let rate = lines.find_map(|line| line.strip_prefix("Requests/sec:"))?;
    Some(vec![
        Figure::new("ns CPU", spent.as_nanos() as f64 / requests),
        Figure::new("requests/s", rate.trim().parse().ok()?),
    ])
}

/// The CPU time of all processes that were started from here and have ended.
fn of_children() -> Result<Duration, String> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let time =
        |time: TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()) as u64);
    Ok(time(usage.user_time()) + time(usage.system_time()))
}
