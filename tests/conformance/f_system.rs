//! Group F and G, the system: signals, Ctrl-C, processes.

use std::process::Stdio;
use std::thread;

use looplet::process::Command;
use looplet::signal::{self, SignalError};
use looplet::{Clock, RunError, Runner, catch_cancel, current_task, sleep};

use crate::programs::{loop_on, ms, run, stop};
use crate::raised::runtime_error;
use crate::table::Case;
use crate::trace::{Bytes, Python, Trace};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case::by_hand("F17", f17),
        Case::real("F18", f18),
        Case::by_hand("G05", g05),
        Case::by_hand("G06", g06),
    ]
}

/// Sends this process a signal in a while.
fn raise_later(signal: i32) {
    thread::spawn(move || {
        thread::sleep(ms(20));
        let process = std::process::id().to_string();
        let mut kill = std::process::Command::new("kill");
        let killed = kill.arg(format!("-{signal}")).arg(process).status();
        assert!(killed.is_ok_and(|status| status.success()));
    });
}

/// A signal that nobody can catch.
const SIGKILL: i32 = 9;

fn f17(trace: Trace) {
    let event_loop = loop_on(Clock::Real);
    let added = event_loop.add_signal_handler(signal::SIGUSR1, move || {
        trace.say(("signal", current_task().map(|task| task.name())));
        stop();
    });
    added.expect("it can be caught");
    raise_later(signal::SIGUSR1);
    event_loop.call_later(ms(5000), stop);
    run(&event_loop);
    trace.say((
        event_loop.remove_signal_handler(signal::SIGUSR1),
        event_loop.remove_signal_handler(signal::SIGUSR1),
    ));
    let added = event_loop.add_signal_handler(SIGKILL, || {});
    if let Err(SignalError::Uncatchable(number)) = added {
        trace.say(runtime_error(&format!("sig {number} cannot be caught")));
    }
    event_loop.close();
}

async fn f18(trace: Trace) {
    let mut cat = Command::new("cat");
    let cat = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut cat = cat.expect("there is such a program");
    let no_errors = cat.stderr.is_none();
    let said = cat.communicate("some data").await;
    let said = Bytes(said.expect("it ends").stdout);
    let errors = (!no_errors).then_some("a pipe");
    trace.say((
        format_args!("({}, {})", said.str(), errors.str()),
        cat.returncode(),
    ));
    let mut exit = Command::shell("exit 7").spawn().expect("there is a shell");
    exit.wait().await.expect("it ends");
    trace.say(exit.returncode());
    let mut sleeper = Command::new("sleep").arg("100").spawn();
    let sleeper = sleeper.as_mut().expect("there is such a program");
    trace.say(sleeper.returncode());
    sleeper.kill().expect("it runs");
    sleeper.wait().await.expect("it ends");
    trace.say(sleeper.returncode());
    if let Err(error) = Command::new("/no/such/program").spawn()
        && error.kind() == std::io::ErrorKind::NotFound
    {
        trace.say("FileNotFoundError");
    }
}

/// What `run` does on the main thread, with a `SIGINT` in a while.
fn run_interrupted<F>(main: F) -> Result<F::Output, RunError>
where
    F: Future + 'static,
{
    let is_ignored = is_ignored(signal::SIGINT);
    assert!(
        !is_ignored,
        "a shell started this in the background, where SIGINT is ignored"
    );
    let runner = Runner::with_loop(loop_on(Clock::Real));
    raise_later(signal::SIGINT);
    runner.run(main)
}

/// Whether the process was started with a signal ignored, which a run leaves as it is. `false`
/// where there is no `/proc`.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.unwrap_or(0) >> (signal - 1) & 1 == 1
}

fn g05(trace: Trace) {
    let ran = run_interrupted(async move {
        if let Err(cancelled) = catch_cancel(sleep(ms(99_000))).await {
            trace.say("main cancelled");
            sleep(ms(10)).await;
            trace.say("cleanup done");
            cancelled.raise().await;
        }
    });
    if let Err(RunError::Interrupted) = ran {
        trace.say("KeyboardInterrupt");
    }
}

fn g06(trace: Trace) {
    let ran = run_interrupted(async {
        match catch_cancel(sleep(ms(99_000))).await {
            Ok(()) => "slept",
            Err(_) => "handled",
        }
    });
    trace.say(ran.ok());
}
