//! What the programs of the gallery have in common: a table of rows, and how fast time goes.
//!
//! A program of the gallery takes the name of a row of `examples/README.md`, and without it
//! lists its rows. With `--virtual` the clock jumps to the next deadline instead of waiting for
//! it; with `--fast` every pause is a tenth of what the row says. A row that visits a site takes
//! the URL of one; without, it starts the site of the example `site`.

#![allow(dead_code, reason = "each program needs some of the functions")]

use std::error::Error;
use std::process::ExitCode;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use looplet::{Clock, Runner, sleep, try_get_running_loop};

/// How a row ends.
pub(crate) type Outcome = Result<(), Box<dyn Error>>;

/// One row: its name, what it shows, and its program.
pub(crate) struct Row(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) fn() -> Outcome,
);

/// What the command line asks for.
#[derive(Default)]
struct Options {
    /// The name of a row.
    row: Option<String>,
    /// A URL or an address, for the rows that take one.
    argument: Option<String>,
    /// Whether the clock jumps.
    is_virtual: bool,
    /// Whether pauses are short.
    is_fast: bool,
}

/// Set before the first row is run.
static OPTIONS: OnceLock<Options> = OnceLock::new();

/// Runs the row that the command line names.
pub(crate) fn main(rows: &[Row]) -> ExitCode {
    let Some(parsed) = parse() else {
        eprintln!("arguments: [ROW [URL] [--virtual] [--fast]]");
        return ExitCode::from(2);
    };
    let Some(name) = &OPTIONS.get_or_init(|| parsed).row else {
        rows.iter()
            .for_each(|Row(name, title, _)| println!("{name:<12} {title}"));
        return ExitCode::SUCCESS;
    };
    let Some(Row(_, _, program)) = rows.iter().find(|Row(known, ..)| known == name) else {
        eprintln!("there is no row {name} here; without arguments, the rows are listed");
        return ExitCode::from(2);
    };
    match program() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("row {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Option<Options> {
    let mut options = Options::default();
    for argument in std::env::args_os().skip(1) {
        let argument = argument.to_string_lossy().into_owned();
        match argument.as_str() {
            "--virtual" => options.is_virtual = true,
            "--fast" => options.is_fast = true,
            flag if flag.starts_with('-') => return None,
            _ if options.row.is_none() => options.row = Some(argument),
            _ if options.argument.is_none() => options.argument = Some(argument),
            _ => return None,
        }
    }
    Some(options)
}

/// The options of the command line; in a program that has none, those of an empty one.
fn options() -> &'static Options {
    OPTIONS.get_or_init(Options::default)
}

/// Runs `main` on the clock that the command line asks for.
pub(crate) fn run<F: Future + 'static>(main: F) -> F::Output {
    let runner = Runner::with_clock(clock()).expect("the system has a descriptor left for a loop");
    runner.run(main).unwrap_or_else(|error| {
        eprintln!("{error}");
        std::process::exit(1);
    })
}

/// The clock that the command line asks for.
pub(crate) fn clock() -> Clock {
    if options().is_virtual {
        Clock::Virtual
    } else {
        Clock::Real
    }
}

/// The URL or address behind the name of the row.
pub(crate) fn argument() -> Option<&'static str> {
    options().argument.as_deref()
}

/// How many times as fast as they say the pauses go by.
pub(crate) fn speed() -> f64 {
    if options().is_fast { 10.0 } else { 1.0 }
}

/// A pause of so many seconds, or a tenth of it.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds / speed())
}

/// Sleeps for so many seconds, or a tenth of it.
pub(crate) async fn pause(length: f64) {
    sleep(seconds(length)).await;
}

/// The time since a point, on the clock of the running loop if there is one.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    pub(crate) fn start() -> Self {
        Self(now())
    }

    /// How many seconds have passed, in a form with two digits behind the point.
    pub(crate) fn passed(&self) -> String {
        format!("{:.2}", (now() - self.0).as_secs_f64())
    }
}

fn now() -> Instant {
    try_get_running_loop().map_or_else(Instant::now, |event_loop| event_loop.time())
}
