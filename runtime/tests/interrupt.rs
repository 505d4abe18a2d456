//! Ctrl-C, and what signals do to a process in which nobody listens to them.
//!
//! Every test starts a process: this very program, told by a variable which of the programs
//! below to be. So they run on a real main thread, and a signal that kills them kills nobody
//! else. They say a line when they are ready for the signal, and the test reads on to the end.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::catch_unwind;
use std::process::{self, Child, ChildStdout, Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use looplet::inspect::dump_on;
use looplet::signal::{SIGINT, SIGTERM, SIGUSR1, listen, recv};
use looplet::{
    Clock, Event, EventLoop, RunError, Runner, all_tasks, catch_cancel, create_task, current_task,
    get_running_loop, run, sleep, yield_now,
};

/// Says which program to be.
const VARIABLE: &str = "LOOPLET_TEST_PROGRAM";

fn main() -> ExitCode {
    if let Ok(name) = env::var(VARIABLE) {
        let (_, program, _) = CASES
            .iter()
            .find(|(case, ..)| *case == name)
            .expect("it is in the list");
        // A program that hangs fails its test.
        thread::spawn(|| {
            thread::sleep(LONG);
            process::abort();
        });
        program();
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for (name, _, check) in CASES {
        let passed = catch_unwind(check).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    println!("{} of {} failed", failed, CASES.len());
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// A claim, the program that it is about, and the test of it.
type Case = (&'static str, fn(), fn());

const CASES: [Case; 19] = [
    (
        "the_first_ctrl_c_cancels_main_and_its_cleanup_runs",
        cleans_up,
        || {
            // asyncio's G05
            let mut program = start("the_first_ctrl_c_cancels_main_and_its_cleanup_runs");
            program.send("INT");
            program.expect(
                &[
                    "main cancelled by Ctrl-C",
                    "cleanup done",
                    "leftover cancelled",
                ],
                End::Signal(SIGINT),
            );
        },
    ),
    (
        "a_main_that_swallows_ctrl_c_returns_its_value",
        swallows,
        || {
            // asyncio's G06
            let mut program = start("a_main_that_swallows_ctrl_c_returns_its_value");
            program.send("INT");
            program.expect(&["handled"], End::Status(0));
        },
    ),
    ("a_second_ctrl_c_ends_at_once", hangs_in_its_cleanup, || {
        let mut program = start("a_second_ctrl_c_ends_at_once");
        program.send("INT");
        assert_eq!(program.line(), "cleaning up for ever");
        program.send("INT");
        program.expect(&[], End::Signal(SIGINT));
    }),
    (
        "a_second_ctrl_c_ends_a_program_that_blocks_its_loop",
        blocks,
        || {
            let mut program = start("a_second_ctrl_c_ends_a_program_that_blocks_its_loop");
            program.send("INT");
            // Two that come at the same time are one to the kernel.
            while program.process.try_wait().expect("it is a child").is_none() {
                program.send("INT");
            }
            program.expect(&[], End::Signal(SIGINT));
        },
    ),
    (
        "a_runner_gives_the_interrupt_as_an_error_and_runs_again",
        runs_again,
        || {
            let mut program = start("a_runner_gives_the_interrupt_as_an_error_and_runs_again");
            program.send("INT");
            assert_eq!(program.line(), "the main task was interrupted by Ctrl-C");
            assert_eq!(program.line(), "again");
            program.send("INT");
            program.expect(&["Err(Interrupted)"], End::Status(0));
        },
    ),
    (
        "a_main_that_was_cancelled_by_others_too_ends_as_cancelled",
        is_cancelled_as_well,
        || {
            let mut program = start("a_main_that_was_cancelled_by_others_too_ends_as_cancelled");
            program.send("INT");
            program.expect(&["true"], End::Status(0));
        },
    ),
    (
        "after_a_run_ctrl_c_does_what_it_did_before",
        goes_on_after_the_run,
        || {
            let mut program = start("after_a_run_ctrl_c_does_what_it_did_before");
            program.send("INT");
            program.expect(&[], End::Signal(SIGINT));
        },
    ),
    (
        "a_program_that_listens_to_ctrl_c_is_left_alone",
        listens_itself,
        || {
            let mut program = start("a_program_that_listens_to_ctrl_c_is_left_alone");
            for expected in ["heard 1", "heard 2", "heard 3"] {
                program.send("INT");
                assert_eq!(program.line(), expected);
            }
            program.expect(&["main ends by itself"], End::Status(0));
        },
    ),
    (
        "a_program_that_ignores_ctrl_c_goes_on_ignoring_it",
        ignores,
        || {
            let mut program = start_ignoring("a_program_that_ignores_ctrl_c_goes_on_ignoring_it");
            program.send("INT");
            program.send("TERM");
            program.expect(&["terminated"], End::Status(0));
        },
    ),
    (
        "a_handler_of_the_program_itself_comes_first",
        has_a_handler,
        || {
            let mut program = start("a_handler_of_the_program_itself_comes_first");
            program.expect(&["true", "main was not cancelled"], End::Status(0));
        },
    ),
    (
        "a_run_on_another_thread_leaves_ctrl_c_alone",
        runs_on_another_thread,
        || {
            let mut program = start("a_run_on_another_thread_leaves_ctrl_c_alone");
            program.send("INT");
            program.expect(&[], End::Signal(SIGINT));
        },
    ),
    (
        "run_until_complete_leaves_ctrl_c_alone",
        runs_until_complete,
        || {
            let mut program = start("run_until_complete_leaves_ctrl_c_alone");
            program.send("INT");
            program.expect(&[], End::Signal(SIGINT));
        },
    ),
    (
        "a_deadlock_is_reported_although_ctrl_c_could_come",
        deadlocks,
        || {
            let mut program = start("a_deadlock_is_reported_although_ctrl_c_could_come");
            program.expect(&["deadlock"], End::Status(0));
        },
    ),
    (
        "with_the_last_listener_the_default_action_is_back",
        stops_listening,
        || {
            let mut program = start("with_the_last_listener_the_default_action_is_back");
            program.send("USR1");
            assert_eq!(program.line(), "heard");
            program.send("USR1");
            program.expect(&[], End::Signal(SIGUSR1));
        },
    ),
    (
        "a_signal_shows_the_tasks_and_the_program_goes_on",
        shows_its_tasks,
        || {
            let mut program = start_in_one("a_signal_shows_the_tasks_and_the_program_goes_on");
            for _ in 0..2 {
                program.send("USR1");
                assert!(program.line().starts_with("task id  "));
                assert!(program.line().starts_with("-----"));
                assert!(program.line().contains("  Task-1  "));
                assert_eq!(program.line(), "");
                assert_eq!(program.line(), "└── (T) Task-1");
                assert!(program.line().contains(", waits for sleep "));
            }
            program.send("TERM");
            program.expect(&[], End::Signal(SIGTERM));
        },
    ),
    (
        "listening_and_running_leave_no_descriptors_behind",
        counts_descriptors,
        || {
            let mut program = start("listening_and_running_leave_no_descriptors_behind");
            program.expect(&["0"], End::Status(0));
        },
    ),
    (
        "a_seed_program_cancels_everything_after_ctrl_c",
        cancels_everything,
        || {
            // asyncio's G07, with a handler in the place of `except KeyboardInterrupt`
            let mut program = start("a_seed_program_cancels_everything_after_ctrl_c");
            program.send("INT");
            let expected = [
                "interrupted 3",
                "true",
                "true",
                "true",
                "[true, true, true]",
            ];
            program.expect(&expected, End::Status(0));
        },
    ),
    (
        "ctrl_c_reaches_a_loop_that_never_sleeps",
        never_sleeps,
        || {
            let mut program = start("ctrl_c_reaches_a_loop_that_never_sleeps");
            program.send("INT");
            program.expect(&["Err(Interrupted)"], End::Status(0));
        },
    ),
    (
        "ctrl_c_works_on_a_virtual_clock",
        waits_in_virtual_time,
        || {
            let mut program = start("ctrl_c_works_on_a_virtual_clock");
            program.send("INT");
            program.expect(&["Err(Interrupted)"], End::Status(0));
        },
    ),
];

/// How a program ended.
#[derive(Debug, PartialEq)]
enum End {
    Status(i32),
    Signal(i32),
}

/// A process that is one of the programs below.
struct Program {
    process: Child,
    output: BufReader<ChildStdout>,
}

/// Starts a program and waits until it is ready.
fn start(name: &str) -> Program {
    let own = env::current_exe().expect("a program knows where it is");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|l| l.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Somebody who starts the tests in the background may have SIGINT ignored in them.
    let mut command = if ignored.unwrap_or(0) >> (SIGINT - 1) & 1 == 1 {
        let mut command = Command::new("env");
        command.arg("--default-signal=INT").arg(own);
        command
    } else {
        Command::new(own)
    };
    launch(name, &mut command)
}

/// Starts a program in which SIGINT is ignored from the beginning.
fn start_ignoring(name: &str) -> Program {
    let own = env::current_exe().expect("a program knows where it is");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' INT; exec \"$0\""]).arg(own);
    launch(name, &mut command)
}

/// Starts a program whose reports are lines as well.
fn start_in_one(name: &str) -> Program {
    let own = env::current_exe().expect("a program knows where it is");
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" 2>&1"]).arg(own);
    launch(name, &mut command)
}

fn launch(name: &str, command: &mut Command) -> Program {
    command.env(VARIABLE, name).stdout(Stdio::piped());
    let mut process = command.spawn().expect("this program can be started");
    let output = process.stdout.take().expect("it is piped");
    let mut program = Program {
        process,
        output: BufReader::new(output),
    };
    assert_eq!(program.line(), "ready");
    program
}

impl Program {
    fn send(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.process.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.expect("there is a shell").success());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it says text");
        line.trim_end().to_string()
    }

    /// Reads to the end.
    fn expect(&mut self, lines: &[&str], end: End) {
        let said: Vec<String> = (&mut self.output).lines().map_while(Result::ok).collect();
        let status = self.process.wait().expect("it is a child");
        let ended = status.signal().map(End::Signal);
        let ended = ended.or(status.code().map(End::Status));
        assert_eq!((&said[..], ended), (&lines.map_to_strings()[..], Some(end)));
    }
}

trait MapToStrings {
    fn map_to_strings(&self) -> Vec<String>;
}

impl MapToStrings for &[&str] {
    fn map_to_strings(&self) -> Vec<String> {
        self.iter().map(ToString::to_string).collect()
    }
}

/// A program that hangs is ended, and its test fails.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn say(line: impl std::fmt::Display) {
    println!("{line}");
    std::io::stdout().flush().expect("the test reads");
}

/// Longer than any of this takes.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(5);

fn cleans_up() {
    run(async {
        create_task(async {
            if let Err(cancelled) = catch_cancel(sleep(LONG)).await {
                // A line that is not ended must not be lost.
                print!("leftover cancelled");
                cancelled.raise().await;
            }
        });
        say("ready");
        if let Err(cancelled) = catch_cancel(sleep(LONG)).await {
            let words = cancelled.to_string();
            say(format!(
                "main {}",
                &words[..words.find(" (at").expect("it says where")]
            ));
            sleep(SHORT).await;
            say("cleanup done");
            cancelled.raise().await;
        }
    });
    say("never");
}

fn swallows() {
    let value = run(async {
        say("ready");
        match catch_cancel(sleep(LONG)).await {
            Ok(()) => "slept",
            Err(_) => "handled",
        }
    });
    say(value);
}

fn hangs_in_its_cleanup() {
    run(async {
        say("ready");
        if catch_cancel(sleep(LONG)).await.is_err() {
            say("cleaning up for ever");
            sleep(LONG).await;
        }
    });
}

fn blocks() {
    run(async {
        say("ready");
        let asleep = std::time::Instant::now();
        while asleep.elapsed() < LONG * 2 {
            thread::sleep(LONG);
        }
    });
}

fn runs_again() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async {
        say("ready");
        sleep(LONG).await;
    });
    say(ran.expect_err("it was interrupted"));
    let ran = runner.run(async {
        say("again");
        sleep(LONG).await;
    });
    say(format!("{ran:?}"));
}

fn is_cancelled_as_well() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async {
        say("ready");
        if let Err(cancelled) = catch_cancel(sleep(LONG)).await {
            current_task().expect("it is a task").cancel();
            cancelled.raise().await;
        }
    });
    say(matches!(ran, Err(RunError::Cancelled(_))));
}

fn goes_on_after_the_run() {
    run(sleep(SHORT));
    run(sleep(SHORT));
    say("ready");
    thread::sleep(LONG);
}

fn shows_its_tasks() {
    run(async {
        let _dump = dump_on(SIGUSR1).expect("it can be caught");
        say("ready");
        sleep(LONG).await;
    });
}

fn listens_itself() {
    run(async {
        let mut signals = listen([SIGINT]).expect("it can be caught");
        say("ready");
        for count in 1..=3 {
            signals.recv().await;
            say(format!("heard {count}"));
        }
        say("main ends by itself");
    });
}

fn ignores() {
    run(async {
        let mut signals = listen([SIGTERM]).expect("it can be caught");
        say("ready");
        signals.recv().await;
        say("terminated");
    });
}

fn has_a_handler() {
    let heard = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    signal_hook::flag::register(SIGINT, heard.clone()).expect("it can be caught");
    say("ready");
    run(async move {
        for _ in 0..2 {
            signal_hook::low_level::raise(SIGINT).expect("it exists");
            sleep(SHORT).await;
        }
        say(heard.load(std::sync::atomic::Ordering::SeqCst));
        say("main was not cancelled");
    });
    // Nor does the end of the run make it deadly.
    signal_hook::low_level::raise(SIGINT).expect("it exists");
}

fn runs_on_another_thread() {
    let other = thread::spawn(|| {
        run(async {
            say("ready");
            let _ = catch_cancel(sleep(LONG)).await;
            say("never");
        })
    });
    other.join().expect("it does not panic");
}

fn runs_until_complete() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let main = async {
        say("ready");
        let _ = catch_cancel(sleep(LONG)).await;
        say("never");
    };
    event_loop.run_until_complete(main).expect("it ends");
}

fn deadlocks() {
    say("ready");
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async { Event::new().wait().await });
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
    say("deadlock");
}

fn stops_listening() {
    run(async {
        let mut signals = listen([SIGUSR1]).expect("it can be caught");
        let waiting = create_task(recv(SIGUSR1));
        yield_now().await;
        say("ready");
        signals.recv().await;
        waiting.await.expect("it can be caught");
        drop(signals);
        say("heard");
        sleep(LONG).await;
    });
}

fn counts_descriptors() {
    say("ready");
    let count = || fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let round = || {
        run(async {
            let signals = listen([SIGUSR1, SIGTERM]).expect("they can be caught");
            let event_loop = get_running_loop();
            event_loop
                .add_signal_handler(SIGTERM, || {})
                .expect("it can be caught");
            signal_hook::low_level::raise(SIGTERM).expect("it exists");
            sleep(SHORT).await;
            drop(signals);
        })
    };
    round();
    let before = count();
    (0..50).for_each(|_| round());
    say(count() - before);
}

fn cancels_everything() {
    let event_loop = EventLoop::new().expect("the system gives a loop");
    let tasks = [2, 3, 3].map(|seconds| {
        event_loop.create_task(async move { sleep(Duration::from_secs(seconds * 30)).await })
    });
    let stopper = event_loop.clone();
    event_loop
        .add_signal_handler(SIGINT, move || stopper.stop())
        .expect("it can be caught");
    event_loop.call_soon(|| say("ready"));
    event_loop.run_forever().expect("the handler stops it");
    say(format!("interrupted {}", event_loop.all_tasks().len()));
    event_loop
        .all_tasks()
        .iter()
        .for_each(|task| say(task.cancel()));
    event_loop.stop();
    event_loop.run_forever().expect("it was stopped before");
    say(format!("{:?}", tasks.map(|task| task.cancelled())));
    event_loop.close();
}

fn never_sleeps() {
    let runner = Runner::new().expect("the system gives a loop");
    let ran = runner.run(async {
        say("ready");
        loop {
            yield_now().await;
        }
    });
    let error: RunError = ran.map_or_else(|error| error, |never: ()| unreachable!("{never:?}"));
    say(format!("Err({error:?})"));
}

fn waits_in_virtual_time() {
    let runner = Runner::with_clock(Clock::Virtual).expect("the system gives a loop");
    let ran = runner.run(async {
        say("ready");
        // Virtual time passes as fast as turns do.
        sleep(LONG * 1000).await;
        let mut turns = 0_u64;
        while all_tasks().len() == 1 {
            turns += 1;
            sleep(SHORT).await;
        }
        say(turns);
    });
    say(ran.map_or_else(|error| format!("Err({error:?})"), |()| "slept".to_string()));
}
