//! Signals: with the feature that has them.

use crate::common::turns;
use crate::sweep::{Made, sweep};
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
