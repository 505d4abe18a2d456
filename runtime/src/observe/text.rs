//! The record as a text: a line for each event, with the time in seconds.

use std::fmt::Write as _;

use super::record::{Log, What};
use crate::event_loop::TaskEnding;
use crate::inspect::plain;

pub(super) fn write(log: &Log) -> String {
    let mut text = String::new();
    for (when, what) in &log.records {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:>12.6}  {}", when.as_secs_f64(), line(log, what));
    }
    if log.lost > 0 {
        let _ = writeln!(text, "{} more events found no room", log.lost);
    }
    text
}

fn line(log: &Log, what: &What) -> String {
    let task = |place: &usize| plain(&log.tasks[*place].name);
    let name = |who| plain(log.name(who));
    match what {
        What::Turn => "turn".to_string(),
        What::PollBegan => "  asks the kernel".to_string(),
        What::PollEnded(sources) => format!("  the kernel answers, {sources} sources are ready"),
        What::Began(who) => format!("  {} begins", name(*who)),
        What::Ended(who) => format!("  {} ends", name(*who)),
        What::Spawned(new, by) => format!("    {} spawns {}", name(*by), task(new)),
        What::Woken(woken, by) => format!("    {} wakes {}", name(*by), task(woken)),
        What::Waits(waiter, thing) => format!("    {} waits for {}", task(waiter), plain(thing)),
        What::Finished(ended, ending) => {
            let how = match ending {
                TaskEnding::Returned => "has returned",
                TaskEnding::Cancelled => "was cancelled",
                TaskEnding::Panicked => "has panicked",
            };
            format!("    {} {how}", task(ended))
        }
    }
}
