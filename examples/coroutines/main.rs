//! Coroutines: the loop, tasks, and the ways to wait, as the notes show them one after the other.
//!
//! What to look at: each row is a program of its own, about as long as the Python one, and prints
//! the same lines in the same order. Takes a row, `--virtual` and `--fast`. Without arguments, it
//! lists its rows:
//!
//! ```text
//! 26           ten tasks of half a second, one after the other and together
//! 40           a coroutine that nobody awaits
//! 41           a coroutine runs until it is complete
//! 43           two awaits, one after the other
//! 44           gather: results in the order of the arguments
//! 45           wait: those that are done and those that are not
//! 46           wait for the first
//! 47           an error: gather raises it, wait returns it
//! 48           a task, before and after
//! 49           a result, too early
//! 50           callbacks when a task is done
//! 51           a coroutine that blocks, and who notices
//! 52           three tasks, each two seconds, two seconds together
//! 53           ten coroutines
//! 54           two ways to a result
//! 55           groups of groups
//! 56           Ctrl-C cancels all tasks
//! 57           call_soon, call_later, call_at, and a stop before their time
//! 58           a callback from another thread
//! 60           a coroutine must be started, a thread need not
//! 63           a promise that a timer fulfils
//! 63-forget    the same without the timer: an error, not a hang
//! 64           an async iterator
//! 65           an async context manager
//! 66           two tasks
//! 67-wait      three tasks, and wait
//! 67-run       three tasks, and run
//! 67-gather    three tasks, and gather
//! ```

#[path = "../common/rows.rs"]
mod rows;

mod blocking;
mod calls;
mod first;
mod objects;
mod tasks;
mod together;
mod work;

use std::process::ExitCode;

use rows::Row;

const ROWS: [Row; 28] = [
    Row(
        "26",
        "ten tasks of half a second, one after the other and together",
        work::sync_vs_async,
    ),
    Row("40", "a coroutine that nobody awaits", first::never_awaited),
    Row(
        "41",
        "a coroutine runs until it is complete",
        first::run_until_complete,
    ),
    Row("43", "two awaits, one after the other", first::serial),
    Row(
        "44",
        "gather: results in the order of the arguments",
        together::gathered,
    ),
    Row(
        "45",
        "wait: those that are done and those that are not",
        together::waited,
    ),
    Row("46", "wait for the first", together::first_completed),
    Row(
        "47",
        "an error: gather raises it, wait returns it",
        together::errors,
    ),
    Row("48", "a task, before and after", tasks::states),
    Row("49", "a result, too early", tasks::too_early),
    Row("50", "callbacks when a task is done", tasks::callbacks),
    Row(
        "51",
        "a coroutine that blocks, and who notices",
        blocking::blocking,
    ),
    Row(
        "52",
        "three tasks, each two seconds, two seconds together",
        work::multitask,
    ),
    Row("53", "ten coroutines", work::ten),
    Row("54", "two ways to a result", tasks::results),
    Row("55", "groups of groups", together::groups),
    Row("56", "Ctrl-C cancels all tasks", calls::ctrl_c),
    Row(
        "57",
        "call_soon, call_later, call_at, and a stop before their time",
        calls::calls,
    ),
    Row("58", "a callback from another thread", calls::threadsafe),
    Row(
        "60",
        "a coroutine must be started, a thread need not",
        first::bridge,
    ),
    Row("63", "a promise that a timer fulfils", calls::set_result),
    Row(
        "63-forget",
        "the same without the timer: an error, not a hang",
        calls::forgotten,
    ),
    Row("64", "an async iterator", objects::iterator),
    Row("65", "an async context manager", objects::context_manager),
    Row("66", "two tasks", work::two),
    Row("67-wait", "three tasks, and wait", work::with_wait),
    Row("67-run", "three tasks, and run", work::with_run),
    Row("67-gather", "three tasks, and gather", work::with_gather),
];

fn main() -> ExitCode {
    rows::main(&ROWS)
}
