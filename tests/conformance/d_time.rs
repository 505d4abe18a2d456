//! Group D, time: sleep, timeouts, `wait_for`.

use std::time::Duration;

use looplet::{create_task, get_running_loop, sleep};

use crate::programs::{ended, ms};
use crate::raised::value_error;
use crate::table::Case;
use crate::trace::Trace;

pub(crate) fn cases() -> Vec<Case> {
    vec![Case::new("D44", d44)]
}

/// A sleep takes a `Duration`, which is a number. Who has a float must convert it, and what is
/// no number is refused there.
async fn d44(trace: Trace) {
    let slept = async {
        sleep(ms(1)).await;
        "res"
    };
    trace.say(slept.await);
    match Duration::try_from_secs_f64(f64::NAN) {
        Ok(delay) => sleep(delay).await,
        Err(_) => trace.say(value_error("Invalid delay: NaN (not a number)")),
    }
    let event_loop = get_running_loop();
    let before = event_loop.timer_count();
    let task = create_task(sleep(ms(99_000)));
    sleep(ms(0)).await;
    trace.say(event_loop.timer_count() - before);
    task.cancel();
    ended(&[task]).await;
    trace.say(event_loop.timer_count() - before);
}
