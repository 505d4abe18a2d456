//! Processes: whoever waits for one may go at any turn, and nothing of the wait stays.
//!
//! A loop that has had a child listens for the ends of children as long as it is there.

use std::process::Stdio;

use crate::sweep::{Made, sweep};
use looplet::get_running_loop;
use looplet::process::{Child, Command, SubprocessProtocol};

struct Quiet;

impl SubprocessProtocol for Quiet {}

/// A process that ends soon, or when its handle goes.
fn brief() -> Command {
    let mut command = Command::new("sleep");
    command.arg("0.002").kill_on_drop(true);
    command
}

fn talking() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.kill_on_drop(true).spawn().expect("there is a cat")
}

/// An operation on a loop that listens, whether the operation comes to a child or not.
fn listening<F: Future + 'static>(op: F) -> Made {
    drop(brief().spawn().expect("there is such a program"));
    Made::new(op).standing(1)
}

#[test]
fn the_end_of_a_process() {
    sweep(|| async {
        let mut child = brief().spawn().expect("there is such a program");
        listening(async move { child.wait().await.is_ok() })
    });
    sweep(|| async { listening(async { brief().status().await.is_ok() }) });
}

#[test]
fn talks_with_a_process() {
    sweep(|| async {
        let mut child = talking();
        listening(async move { child.communicate("meow").await.is_ok() })
    });
    sweep(|| async { listening(async { brief().output().await.is_ok() }) });
}

#[test]
fn processes_that_call_back() {
    sweep(|| async {
        listening(async {
            let (event_loop, mut command) = (get_running_loop(), brief());
            let started = event_loop.subprocess_exec(|| Quiet, &mut command);
            let (transport, _) = started.await.expect("there is such a program");
            transport.close();
        })
    });
}
