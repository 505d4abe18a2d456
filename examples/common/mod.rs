//! What the examples have in common: a command line of at most one argument.
//!
//! Those that only sleep take `--virtual`: the program then lives on a clock that jumps to the
//! next deadline instead of waiting for it, and prints the same lines at once. Without it,
//! [`run`] is `looplet::run`. A wrong command line ends a program with status 2, an error with
//! status 1 and one line.

#![allow(dead_code, reason = "each example needs one of the functions")]

use std::io;
use std::process::{ExitCode, exit};

use looplet::{Clock, Runner};

/// Runs `main` on the clock that the command line asks for.
pub(crate) fn run<F: Future + 'static>(main: F) -> F::Output {
    let runner = Runner::with_clock(clock()).expect("the system has a descriptor left for a loop");
    runner.run(main).unwrap_or_else(|error| {
        eprintln!("{error}");
        exit(1);
    })
}

/// The clock that the command line asks for.
pub(crate) fn clock() -> Clock {
    match argument("[--virtual]").as_deref() {
        Some("--virtual") => Clock::Virtual,
        Some(_) => misused("[--virtual]"),
        None => Clock::Real,
    }
}

/// Runs `main` with the argument of the command line, if there is one.
pub(crate) fn run_with_argument(
    usage: &'static str,
    main: impl AsyncFnOnce(Option<String>) -> io::Result<()> + 'static,
) -> ExitCode {
    let argument = argument(usage);
    match looplet::run(async move { main(argument).await }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The only argument. Flags that the usage does not name are refused.
pub(crate) fn argument(usage: &str) -> Option<String> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?.to_string_lossy().into_owned();
    let known = !first.starts_with('-') || usage.contains(&format!("{first}]"));
    if !known || arguments.next().is_some() {
        misused(usage);
    }
    Some(first)
}

/// An argument that is a whole number above zero.
pub(crate) fn number(text: &str, usage: &str) -> u64 {
    match text.parse() {
        Ok(number) if number > 0 => number,
        _ => misused(usage),
    }
}

fn misused(usage: &str) -> ! {
    eprintln!("arguments: {usage}");
    exit(2);
}
