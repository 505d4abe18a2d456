//! One sample: who is started, what is said between driver, subject and partner, and what comes
//! of it.

use std::fs;
use std::process::{self, Command};
use std::time::{Duration, Instant};

use super::machine::{Machine, folder};
use super::options::Options;
use super::process::{PARTNER, Process, SUBJECT, itself, serve, serve_nginx};
use super::program;
use super::wrk;
use crate::catalog::{Bench, Fetch, Server, Tool, Work};
use crate::meters::Figure;

/// Subjects that are programs of Python.
const PYTHON: [&str; 4] = ["asyncio", "uvloop", "aiohttp", "httpx"];

pub(super) fn is_python(subject: &str) -> bool {
    PYTHON.contains(&subject)
}

/// Takes a sample of a subject, and keeps what the bench asks for.
pub(super) fn take(
    bench: &Bench,
    subject: &str,
    options: &Options,
    machine: &Machine,
) -> Result<Vec<Figure>, String> {
    let subject = Subject {
        name: if subject == super::AGAIN {
            "looplet"
        } else {
            subject
        },
        machine,
    };
    let mut figures = match bench.work {
        Work::Alone { work, count } => {
            let count = options.count(count).to_string();
            read(&subject.run(&[work, &count])?.0)
        }
        Work::Echo {
            connections,
            messages,
        } => echo(&subject, connections, options.count(messages))?,
        Work::Fetch(fetch) => {
            let pages = options.count(fetch.pages) / subject.slowness();
            subject.fetch(fetch, pages)?
        }
        Work::Crawl { lanes } => crawl(&subject, lanes)?,
        Work::WholeFetch(fetch) => whole_fetch(&subject, fetch, options)?,
        Work::Program(aspect) => program::look(subject.name, aspect)?,
        Work::Counted(tool, fetch) => counted(&subject, tool, fetch, options)?,
    };
    figures.retain(|figure| bench.units.contains(&figure.unit.as_str()));
    if figures.is_empty() {
        return Err("it gave no figure".to_string());
    }
    Ok(figures)
}

/// Who is measured.
struct Subject<'a> {
    name: &'a str,
    machine: &'a Machine,
}

impl Subject<'_> {
    /// How many times as long as the others it takes, roughly: it does so much less.
    fn slowness(&self) -> u64 {
        match self.name {
            "aiohttp" => 5,
            "httpx" => 50,
            _ => 1,
        }
    }

    /// The command for a piece of work: its name, the subject's, and what belongs to it.
    fn command(&self, work: &[&str]) -> Command {
        let (begin, rest) = (work[0], &work[1..]);
        let mut command = if is_python(self.name) {
            let mut command = Command::new(&self.machine.python);
            command.arg(folder().join("python").join(match begin {
                "fetch" | "crawl" => "clients.py",
                _ => "runtimes.py",
            }));
            command
        } else {
            let mut command = itself();
            command.arg("sample");
            command
        };
        command.arg(begin).arg(self.name).args(rest);
        command
    }

    /// Does a piece of work to its end.
    fn run(&self, work: &[&str]) -> Result<(String, String), String> {
        Process::start(self.command(work), SUBJECT)?.finish()
    }

    fn fetch(&self, fetch: Fetch, pages: u64) -> Result<Vec<Figure>, String> {
        let (_server, port) = match fetch.server {
            Server::Canned { addresses } => serve(addresses)?,
            Server::Nginx => serve_nginx()?,
        };
        if self.name == "wrk" {
            return wrk::run(&port, fetch);
        }
        let words = words(&port, fetch, pages);
        Ok(read(&self.run(&as_strs(&words))?.0))
    }
}

/// What a client is told: `fetch`, the port, the path, lanes, pages of each before and then.
fn words(port: &str, fetch: Fetch, pages: u64) -> [String; 6] {
    let each = (pages as usize / fetch.lanes).max(1);
    [
        "fetch".to_string(),
        port.to_string(),
        fetch.path.to_string(),
        fetch.lanes.to_string(),
        fetch.warm.min(each).to_string(),
        each.to_string(),
    ]
}

fn as_strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn read(lines: &str) -> Vec<Figure> {
    lines.lines().filter_map(Figure::read).collect()
}

/// Lets the load send its messages, and reads the server's clock before and after.
fn echo(subject: &Subject<'_>, connections: usize, messages: u64) -> Result<Vec<Figure>, String> {
    let mut server = Process::start(subject.command(&["echo"]), SUBJECT)?;
    let port = server.hear()?;
    let mut command = itself();
    command.args(["partner", "echo-load", &port, &connections.to_string()]);
    let mut load = Process::start(command, PARTNER)?;
    load.hear()?;
    let mut exchange = |messages: u64| {
        load.say(&messages.to_string())?;
        load.hear()
    };
    let warm = messages / 5;
    exchange(warm)?;
    let before = clock(&mut server)?;
    exchange(messages)?;
    let spent = clock(&mut server)? - before;
    Ok(vec![Figure::new("ns CPU", spent as f64 / messages as f64)])
}

fn clock(server: &mut Process) -> Result<u64, String> {
    server.say("how late is it")?;
    let line = server.hear()?;
    line.parse().map_err(|_| format!("{line} is no time"))
}

fn crawl(subject: &Subject<'_>, lanes: usize) -> Result<Vec<Figure>, String> {
    let (_server, port) = serve(1)?;
    let work = ["crawl", &port, &lanes.to_string()];
    Ok(read(&subject.run(&work)?.0))
}

fn whole_fetch(
    subject: &Subject<'_>,
    fetch: Fetch,
    options: &Options,
) -> Result<Vec<Figure>, String> {
    let (_server, port) = serve(1)?;
    let words = words(&port, fetch, options.count(fetch.pages));
    let begin = Instant::now();
    subject.run(&as_strs(&words))?;
    let passed: Duration = begin.elapsed();
    Ok(vec![Figure::new(
        "ms, whole process",
        passed.as_secs_f64() * 1e3,
    )])
}

/// Counts for some pages and for twice as many.
fn counted(
    subject: &Subject<'_>,
    tool: Tool,
    fetch: Fetch,
    options: &Options,
) -> Result<Vec<Figure>, String> {
    let pages = options.count(fetch.pages);
    let once = count_once(subject, tool, fetch, pages)?;
    let twice = count_once(subject, tool, fetch, pages * 2)?;
    let unit = match tool {
        Tool::Callgrind => "instructions",
        Tool::Strace => "system calls",
    };
    Ok(vec![Figure::new(unit, (twice - once) / pages as f64)])
}

fn count_once(subject: &Subject<'_>, tool: Tool, fetch: Fetch, pages: u64) -> Result<f64, String> {
    let (_server, port) = serve(1)?;
    let work = words(&port, fetch, pages);
    let work = subject.command(&as_strs(&work));
    let output = std::env::temp_dir().join(format!("peers-{}.strace", process::id()));
    let mut command = match tool {
        Tool::Callgrind => {
            let mut command = Command::new("valgrind");
            command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
            command
        }
        Tool::Strace => {
            let mut command = Command::new("strace");
            command.args(["-f", "-c", "-o"]).arg(&output);
            command
        }
    };
    // Either tool would start itself anew by that name.
    let program = if work.get_program() == "/proc/self/exe" {
        std::env::current_exe().map_err(|error| error.to_string())?
    } else {
        work.get_program().into()
    };
    command.arg(program).args(work.get_args());
    let (_, errors) = Process::start(command, SUBJECT)?.finish()?;
    match tool {
        Tool::Callgrind => collected(&errors),
        Tool::Strace => {
            let text = fs::read_to_string(&output).map_err(|error| error.to_string())?;
            let _ = fs::remove_file(&output);
            calls(&text)
        }
    }
    .ok_or_else(|| "the tool gave no total".to_string())
}

/// The total of callgrind: `==1== Collected : 123`.
fn collected(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// The total of strace: `100.00  0.1  2  123  4 total`, where the errors may be missing.
fn calls(text: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.ends_with("total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
