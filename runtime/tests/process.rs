//! Subprocesses: real ones, since there are no others. `cat`, `sh` and `sleep` are on every
//! Unix.

mod common;

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::ErrorKind;
use std::rc::Rc;

use common::{Trace, ms, panic_of, turns, virtual_loop};
use looplet::process::{Child, Command, Stdio, SubprocessProtocol, SubprocessTransport};
use looplet::signal::{SIGKILL, SIGTERM, SIGUSR1};
use looplet::{Event, EventLoop, RunError, Runner, gather, get_running_loop, run, sleep, timeout};

/// `cat` with both ends in the hands of the test.
fn cat() -> Child {
    let mut command = Command::new("cat");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("there is a cat")
}

/// A process that goes on until it is ended.
fn sleeper() -> Command {
    let mut command = Command::new("sleep");
    command.arg("100");
    command
}

/// What the kernel says of a process, in one letter; `None` if there is no such process.
fn state_of(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim().chars().next()
}

/// Waits until a process is gone, reaped and all.
async fn gone(pid: u32) {
    for _ in 0..2000 {
        if state_of(pid).is_none() {
            return;
        }
        sleep(ms(5)).await;
    }
    panic!("process {pid} is still there: {:?}", state_of(pid));
}

#[test]
fn what_asyncio_shows_of_subprocesses() {
    // asyncio's F18
    let t = Trace::default();
    let words = t.clone();
    run(async move {
        let mut process = cat();
        let output = process.communicate(b"some data").await.expect("it reads");
        let text = String::from_utf8(output.stdout).expect("it is text");
        words.say(format!("{text} {:?}", process.returncode()));
        let mut process = Command::shell("exit 7").spawn().expect("there is a shell");
        process.wait().await.expect("it ends");
        words.say(format!("{:?}", process.returncode()));
        let mut process = sleeper().spawn().expect("there is a sleep");
        words.say(format!("{:?}", process.returncode()));
        process.kill().expect("it lives");
        process.wait().await.expect("it ends");
        words.say(format!("{:?}", process.returncode()));
        let error = Command::new("/no/such/program").spawn();
        words.say(error.expect_err("there is none").kind());
    });
    let expected = [
        "some data Some(0)",
        "Some(7)",
        "None",
        "Some(-9)",
        "entity not found",
    ];
    assert_eq!(t.take(), expected);
}

#[test]
fn an_error_names_the_program() {
    run(async {
        for (program, argument, kind, text) in [
            (
                "/no/such/program",
                "x",
                ErrorKind::NotFound,
                "/no/such/program",
            ),
            (
                "no-such-program-anywhere",
                "x",
                ErrorKind::NotFound,
                "no-such-program",
            ),
            ("/", "x", ErrorKind::PermissionDenied, "cannot run /:"),
            ("cat", "a\0b", ErrorKind::InvalidInput, "cannot run cat"),
            ("", "x", ErrorKind::NotFound, "cannot run :"),
        ] {
            let error = Command::new(program).arg(argument).spawn();
            let error = error.expect_err("it cannot be run");
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(text), "{error}");
        }
        let error = Command::new("cat").current_dir("/no/such/place").spawn();
        let text = error.expect_err("there is no such place").to_string();
        assert!(
            text.starts_with("cannot run cat in /no/such/place: "),
            "{text}"
        );
    });
}

#[test]
fn the_environment_and_the_directory_are_those_that_were_set() {
    run(async {
        let mut command = Command::shell("pwd; echo $FIRST $SECOND; env | wc -l >&2");
        command.env_clear().env("FIRST", "1").env("SECOND", "2");
        command.env_remove("SECOND").current_dir("/");
        let output = command.output().await.expect("there is a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "/\n1\n");
        assert!(output.status.success());
        assert!(!output.stderr.is_empty());
    });
}

#[test]
fn output_gives_no_input_and_status_gives_the_status() {
    run(async {
        let output = Command::new("cat").output().await.expect("there is a cat");
        assert_eq!((output.stdout, output.status.code()), (vec![], Some(0)));
        let mut command = Command::shell("exit 3");
        let status = command.stdout(Stdio::null()).status().await;
        assert_eq!(status.expect("it ends").code(), Some(3));
    });
}

#[test]
fn more_than_a_pipe_holds_goes_in_and_comes_out_of_both() {
    run(async {
        let input: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let mut process = Command::shell("tee /dev/fd/2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let output = process.communicate(&input[..]).await.expect("it reads");
        assert!(output.stdout == input && output.stderr == input);
        assert_eq!(process.returncode(), Some(0));
    });
}

#[test]
fn a_process_that_does_not_want_its_input_is_no_error() {
    run(async {
        let mut process = Command::shell("exec <&-; echo done")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let output = process.communicate(vec![b'x'; 1_000_000]).await;
        assert_eq!(output.expect("it is no error").stdout, b"done\n");
    });
}

#[test]
fn a_conversation_goes_line_by_line() {
    run(async {
        let mut process = cat();
        let input = process.stdin.take().expect("it is piped");
        let output = process.stdout.take().expect("it is piped");
        for line in [&b"one\n"[..], b"two\n"] {
            input.write(line);
            assert_eq!(output.read_line().await.expect("an echo"), line);
        }
        assert_eq!(process.returncode(), None);
        input.close();
        input.wait_closed().await.expect("everything was read");
        assert_eq!(output.read_line().await.expect("an end"), b"");
        assert!(process.wait().await.expect("it ends").success());
        let error = input.peer_addr().expect_err("it is a pipe");
        assert_eq!(error.to_string(), "a pipe has no address");
    });
}

#[test]
fn a_wait_closes_the_input_so_that_nobody_waits_for_the_other() {
    run(async {
        let mut process = cat();
        assert!(process.wait().await.expect("it ends").success());
    });
}

#[test]
fn writing_to_a_process_that_has_ended_is_a_broken_pipe() {
    run(async {
        let mut process = Command::new("true")
            .stdin(Stdio::piped())
            .spawn()
            .expect("it exists");
        let input = process.stdin.take().expect("it is piped");
        process.wait().await.expect("it ends");
        let written = input.write_all(b"too late").await;
        assert_eq!(
            written.expect_err("nobody reads").kind(),
            ErrorKind::BrokenPipe
        );
    });
}

#[test]
fn every_way_to_end_has_its_number() {
    run(async {
        for signal in [SIGTERM, SIGKILL, SIGUSR1] {
            let mut process = sleeper().spawn().expect("there is a sleep");
            process.send_signal(signal).expect("it lives");
            process.wait().await.expect("it ends");
            assert_eq!(process.returncode(), Some(-signal));
        }
        let mut process = sleeper().spawn().expect("there is a sleep");
        process.terminate().expect("it lives");
        let status = process.wait().await.expect("it ends");
        assert_eq!((status.code(), process.returncode()), (None, Some(-15)));
    });
}

#[test]
fn a_process_that_has_ended_gets_no_signals_and_no_wrong_ones_are_sent() {
    run(async {
        let mut process = sleeper().spawn().expect("there is a sleep");
        for number in [-1, 0, 1000] {
            let error = process.send_signal(number).expect_err("there is none");
            assert_eq!(error.to_string(), format!("invalid signal number {number}"));
        }
        assert_eq!(process.try_wait(), None);
        process.kill().expect("it lives");
        process.wait().await.expect("it ends");
        let error = process.terminate().expect_err("it has ended");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let pid = process.pid();
        assert_eq!(error.to_string(), format!("the process {pid} has ended"));
    });
}

#[test]
fn a_process_that_ended_before_the_wait_is_not_waited_for() {
    run(async {
        let mut process = Command::new("true").spawn().expect("it exists");
        while process.try_wait().is_none() {
            std::thread::yield_now();
        }
        let status = process.wait().await.expect("it has ended");
        assert!(status.success());
        assert_eq!(process.wait().await.expect("as before"), status);
    });
}

#[test]
fn a_dropped_process_goes_on_and_leaves_no_zombie() {
    run(async {
        let mut command = Command::new("cat");
        let mut process = command.stdin(Stdio::piped()).spawn().expect("a cat");
        let (pid, input) = (process.pid(), process.stdin.take());
        drop(process);
        sleep(ms(20)).await;
        let state = state_of(pid).expect("it was not reaped");
        assert_ne!(state, 'Z', "it goes on");
        drop(input);
        gone(pid).await;
    });
}

#[test]
fn kill_on_drop_kills_when_the_handle_goes() {
    run(async {
        let process = sleeper().kill_on_drop(true).spawn().expect("a sleep");
        let pid = process.pid();
        drop(process);
        gone(pid).await;
    });
}

#[test]
fn kill_on_drop_kills_when_the_loop_goes() {
    let process = run(async {
        let process = sleeper().kill_on_drop(true).spawn().expect("a sleep");
        let pid = process.pid();
        // The handle outlives the loop.
        (Rc::new(process), pid)
    });
    // The next child asks for the one before.
    run(async move { gone_with_others(process.1).await });
}

#[test]
fn a_process_that_outlives_its_loop_is_reaped_by_another() {
    let pid = run(async {
        let process = Command::shell("exit 1").spawn().expect("a shell");
        process.pid()
    });
    run(async move { gone_with_others(pid).await });
}

/// Waits until a process is gone, starting others meanwhile.
async fn gone_with_others(pid: u32) {
    for _ in 0..2000 {
        Command::new("true").status().await.expect("it exists");
        if state_of(pid).is_none() {
            return;
        }
    }
    panic!("process {pid} is still there: {:?}", state_of(pid));
}

#[test]
fn the_end_of_a_process_does_not_wait_for_a_grandchild_that_holds_its_pipe() {
    run(async {
        let mut process = Command::shell("sleep 100 & echo $!")
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        assert!(process.wait().await.expect("it ends").success());
        let output = process.stdout.take().expect("it is piped");
        let line = output.read_line().await.expect("it says who");
        let grandchild = String::from_utf8(line).expect("a number");
        // Now the output is open, and nobody writes to it.
        let rest = timeout(ms(20), output.read(1)).await;
        assert!(rest.is_err());
        let kill = format!("kill {grandchild}");
        Command::shell(kill).status().await.expect("it is sent");
        assert_eq!(output.read_to_end().await.expect("an end"), b"");
    });
}

#[test]
fn communicate_can_be_given_up() {
    run(async {
        let mut process = Command::shell("echo early; exec sleep 100")
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let gave_up = timeout(ms(20), process.communicate([])).await;
        assert!(gave_up.is_err());
        assert_eq!(process.returncode(), None);
        process.kill().expect("it lives");
        process.wait().await.expect("it ends");
    });
}

#[test]
fn many_processes_run_at_the_same_time() {
    run(async {
        // Each ends when all of them have come.
        let meeting = std::env::temp_dir().join(format!("looplet-meeting-{}", std::process::id()));
        std::fs::create_dir(&meeting).expect("it is new");
        let text = "touch $0; while [ $(ls | wc -l) -lt 40 ]; do sleep 0.01; done; echo $0";
        let outputs = (0..40).map(|number: usize| {
            let mut command = Command::new("sh");
            command.args(["-c", text]).arg(number.to_string());
            command.current_dir(&meeting);
            async move {
                let output = command.output().await.expect("there is a shell");
                String::from_utf8(output.stdout).expect("a number")
            }
        });
        let outputs = timeout(ms(60_000), gather(outputs.collect::<Vec<_>>())).await;
        let expected: Vec<String> = (0..40).map(|number| format!("{number}\n")).collect();
        assert_eq!(outputs.expect("they do not wait for each other"), expected);
        std::fs::remove_dir_all(&meeting).expect("it was made");
    });
}

#[test]
fn a_virtual_clock_stands_still_while_a_process_is_awaited() {
    let runner = Runner::with_loop(virtual_loop());
    let main = async {
        let start = get_running_loop().time();
        let mut process = Command::shell("sleep 0.05; exit 4")
            .spawn()
            .expect("a shell");
        let status = timeout(ms(10_000), process.wait()).await;
        let status = status
            .expect("in virtual time, it took none")
            .expect("it ends");
        assert_eq!(status.code(), Some(4));
        let mut talk = Command::shell("sleep 0.05; echo said");
        let output = timeout(ms(10_000), talk.output()).await;
        let output = output.expect("nor did this").expect("it ends");
        assert_eq!(output.stdout, b"said\n");
        assert!(get_running_loop().time() - start < ms(1000));
    };
    runner.run(main).expect("it ends");
}

#[test]
fn a_process_that_nobody_waits_for_does_not_hide_a_deadlock() {
    let runner = Runner::with_loop(virtual_loop());
    let ran = runner.run(async {
        let _process = sleeper().kill_on_drop(true).spawn().expect("a sleep");
        Event::new().wait().await;
    });
    assert!(matches!(ran, Err(RunError::Deadlock(_))), "{ran:?}");
}

#[test]
fn a_wait_on_another_loop_is_refused() {
    let first = EventLoop::new().expect("the system gives a loop");
    let process =
        first.run_until_complete(async { sleeper().kill_on_drop(true).spawn().expect("a sleep") });
    let mut process = process.expect("it ends");
    let second = Runner::new().expect("the system gives a loop");
    let error = second.run(async move {
        let waited = process.wait().await;
        (process, waited.expect_err("it is of the other loop"))
    });
    let text = error.expect("it ends").1.to_string();
    assert!(text.contains("not the running one"), "{text}");
}

#[test]
fn a_process_is_started_on_the_loop_that_runs() {
    struct Silent;
    impl SubprocessProtocol for Silent {}
    let text = panic_of(|| sleeper().spawn());
    let expected = "no running event loop: this works only inside looplet::run";
    assert_eq!(text, expected);
    let text = panic_of(|| {
        run(async {
            let other = EventLoop::new().expect("the system gives a loop");
            let started = other.subprocess_exec(|| Silent, &mut sleeper()).await;
            started.map(drop)
        })
    });
    assert_eq!(text, "a process is started on the running loop");
}

#[test]
fn there_is_nothing_left_to_communicate_the_second_time() {
    run(async {
        let mut cat = Command::new("cat");
        let mut process = cat
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a cat");
        for expected in ["meow", ""] {
            let output = process.communicate(b"meow").await.expect("it ends");
            assert_eq!(output.stdout, expected.as_bytes());
            assert!(output.status.success());
        }
    });
}

/// Says everything that it is told.
struct Teller {
    t: Trace,
    over: Event,
    transport: RefCell<Option<SubprocessTransport>>,
    data: RefCell<Vec<u8>>,
}

impl Teller {
    fn new(t: &Trace) -> Self {
        Self {
            t: t.clone(),
            over: Event::new(),
            transport: RefCell::default(),
            data: RefCell::default(),
        }
    }
}

impl SubprocessProtocol for Teller {
    fn connection_made(&self, transport: &SubprocessTransport) {
        self.t.say(format!("made {:?}", transport.get_returncode()));
        self.transport.replace(Some(transport.clone()));
    }

    fn pipe_data_received(&self, fd: i32, data: &[u8]) {
        assert!(looplet::current_task().is_none());
        self.t
            .say(format!("{fd} {}", String::from_utf8_lossy(data)));
        self.data.borrow_mut().extend(data);
    }

    fn pipe_connection_lost(&self, fd: i32, error: Option<std::io::Error>) {
        let error = error.map(|error| error.kind());
        self.t.say(format!("{fd} lost {error:?}"));
    }

    fn pause_writing(&self) {
        self.t.say("pause");
    }

    fn resume_writing(&self) {
        self.t.say("resume");
    }

    fn process_exited(&self) {
        let transport = self.transport.borrow().clone().expect("it was made");
        self.t
            .say(format!("exited {:?}", transport.get_returncode()));
    }

    fn connection_lost(&self, error: Option<std::io::Error>) {
        self.t.say(format!("lost {error:?}"));
        self.over.set();
    }
}

/// Runs a shell with a protocol, lets `act` do something, and returns what was said.
fn told<F: Future + 'static>(
    text: &'static str,
    act: impl FnOnce(SubprocessTransport, Rc<Teller>) -> F + 'static,
) -> Vec<String> {
    let t = Trace::default();
    let words = t.clone();
    run(async move {
        let (transport, teller) = get_running_loop()
            .subprocess_shell(|| Teller::new(&words), text)
            .await
            .expect("there is a shell");
        act(transport, teller.clone()).await;
        teller.over.wait().await;
        turns(5).await;
        // The connection has let go of the protocol.
        assert_eq!(Rc::strong_count(&teller), 1);
    });
    t.take()
}

#[test]
fn a_process_that_closes_its_pipes_first_exits_last() {
    // It says something, closes its outputs, and ends when its input does.
    let text = "echo hello; exec >&- 2>&-; read line; exit 5";
    let said = told(text, |transport, teller| async move {
        while teller.t.len() < 4 {
            sleep(ms(1)).await;
        }
        assert_eq!(transport.get_returncode(), None);
        transport.write_stdin(b"enough\n");
    });
    assert_eq!(said[0], "made None");
    assert_eq!(said[1], "1 hello\n");
    let mut closed = said[2..4].to_vec();
    closed.sort();
    assert_eq!(closed, ["1 lost None", "2 lost None"]);
    // The input and the process end at the same time.
    let mut ended = said[4..6].to_vec();
    ended.sort();
    assert_eq!(ended, ["0 lost None", "exited Some(5)"]);
    assert_eq!(said[6..], ["lost None"]);
}

#[test]
fn a_process_may_exit_before_its_pipes_are_closed() {
    let text = "exec 3<&0; (read line <&3; echo late) 2>&- & exec 0<&- 2>&-; exit 0";
    let said = told(text, |transport, teller| async move {
        while transport.get_returncode().is_none() || teller.t.len() < 3 {
            sleep(ms(1)).await;
        }
        transport.write_stdin(b"now\n");
        transport.close_stdin();
    });
    assert_eq!(said[0], "made None");
    let mut first = said[1..3].to_vec();
    first.sort();
    assert_eq!(first, ["2 lost None", "exited Some(0)"]);
    let mut rest = said[3..6].to_vec();
    rest.sort();
    assert_eq!(rest, ["0 lost None", "1 late\n", "1 lost None"]);
    assert_eq!(said[6..], ["lost None"]);
}

/// The ends of the output and of the process come from the kernel each for itself, in any order:
/// these lines are sorted.
fn in_any_order(mut said: Vec<String>, lines: std::ops::Range<usize>) -> Vec<String> {
    if let Some(lines) = said.get_mut(lines) {
        lines.sort();
    }
    said
}

#[test]
fn a_cat_with_a_protocol_echoes_and_ends_with_its_input() {
    let said = told("exec cat", |transport, teller| async move {
        transport.write_stdin(b"ping");
        while teller.data.borrow().is_empty() {
            sleep(ms(1)).await;
        }
        transport.close_stdin();
        transport.write_stdin(b"dropped");
    });
    let expected = [
        "made None",
        "1 ping",
        "0 lost None",
        "1 lost None",
        "2 lost None",
        "exited Some(0)",
        "lost None",
    ];
    assert_eq!(in_any_order(said, 3..6), expected);
}

#[test]
fn closing_a_transport_kills_and_loses_everything_once() {
    let said = told("exec sleep 100", |transport, _| async move {
        transport.close();
        transport.close();
        assert!(transport.is_closing());
    });
    let expected = [
        "made None",
        "0 lost None",
        "1 lost None",
        "2 lost None",
        "exited Some(-9)",
        "lost None",
    ];
    assert_eq!(in_any_order(said, 2..5), expected);
}

#[test]
fn a_transport_sends_signals() {
    let said = told("exec sleep 100", |transport, _| async move {
        transport.send_signal(0).expect_err("there is none");
        assert!(format!("{transport:?}").contains("returncode: None"));
        transport.terminate().expect("it lives");
    });
    assert!(said.contains(&"exited Some(-15)".to_string()), "{said:?}");
    assert_eq!(said.last().expect("it says something"), "lost None");
}

#[test]
fn a_process_that_reads_slowly_has_its_writer_paused() {
    let said = told(
        "read line; exec cat >/dev/null",
        |transport, teller| async move {
            let stdin = transport.get_pipe_transport(0).expect("it is a pipe");
            stdin.write(&[b'x'; 1_000_000]);
            assert!(stdin.write_buffer_size() > 64 * 1024);
            while teller.t.len() < 2 {
                sleep(ms(1)).await;
            }
            stdin.write(b"\n");
            while teller.t.len() < 3 {
                sleep(ms(1)).await;
            }
            stdin.close();
        },
    );
    assert_eq!(said[..4], ["made None", "pause", "resume", "0 lost None"]);
}

#[test]
fn the_pipes_of_a_process_have_transports() {
    let said = told(
        "echo first; read line; echo second",
        |transport, teller| async move {
            assert!(transport.get_pipe_transport(3).is_none());
            assert!(transport.get_pipe_transport(-1).is_none());
            let stdout = transport.get_pipe_transport(1).expect("it is a pipe");
            stdout.pause_reading();
            sleep(ms(20)).await;
            assert_eq!(teller.t.len(), 1);
            stdout.resume_reading();
            while teller.t.len() < 2 {
                sleep(ms(1)).await;
            }
            let stderr = transport.get_pipe_transport(2).expect("it is a pipe");
            stderr.close();
            while teller.t.len() < 3 {
                sleep(ms(1)).await;
            }
            transport.write_stdin(b"on\n");
        },
    );
    assert_eq!(
        said[..4],
        ["made None", "1 first\n", "2 lost None", "1 second\n"]
    );
}

#[test]
fn a_flood_arrives_whole() {
    let t = Trace::default();
    let words = t.clone();
    run(async move {
        let mut command = Command::shell("head -c 3000000 /dev/zero | tr '\\0' y");
        command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let (_, teller) = get_running_loop()
            .subprocess_exec(|| Teller::new(&words), &mut command)
            .await
            .expect("there is a shell");
        teller.over.wait().await;
        let data = teller.data.take();
        assert!(data.len() == 3_000_000 && data.iter().all(|&byte| byte == b'y'));
    });
    let said = t.take();
    let ends: Vec<_> = said
        .iter()
        .filter(|line| !line.starts_with("1 y"))
        .collect();
    // The input and the complaints are no pipes.
    assert_eq!(ends.len(), 4, "{ends:?}");
    assert_eq!(ends[0], "made None");
    assert_eq!(ends[3], "lost None");
}

#[test]
fn a_protocol_of_a_program_that_does_not_exist_is_never_made() {
    run(async {
        let made = Rc::new(Cell::new(false));
        let making = made.clone();
        let factory = move || {
            making.set(true);
            Teller::new(&Trace::default())
        };
        let event_loop = get_running_loop();
        let mut command = Command::new("/no/such/program");
        let failed = event_loop.subprocess_exec(factory, &mut command).await;
        assert_eq!(failed.err().map(|e| e.kind()), Some(ErrorKind::NotFound));
        assert!(!made.get());
    });
}
