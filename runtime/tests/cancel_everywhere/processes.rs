//! Signals and processes: with the features that have them.

use std::process::Stdio;

use crate::common::turns;
use crate::sweep::{Made, sweep};
use looplet::process::Command;
use looplet::signal;
use signal_hook::low_level::raise;

/// A signal that no other test of this program sends.
const SIGNAL: i32 = 50;

#[test]
fn signals() {
    sweep(|| async {
        let made = Made::new(signal::recv(SIGNAL));
        // Without somebody who listens, it would end the program.
        let listening = signal::listen([SIGNAL]).expect("it can be caught");
        made.other(async move {
            turns(3).await;
            raise(SIGNAL).expect("it is sent");
            drop(listening);
        })
    });
}

#[test]
fn processes() {
    sweep(|| async {
        Made::new(async {
            let mut process = Command::new("true").kill_on_drop(true).spawn()?;
            process.wait().await
        })
    });
    sweep(|| async {
        Made::new(async {
            let mut cat = Command::new("cat");
            cat.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
            cat.spawn()?.communicate(b"some data").await
        })
    });
}
