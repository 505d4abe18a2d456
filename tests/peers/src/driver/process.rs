//! A process of a sample, on its core, and what is said to it and by it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::meters::resident_of;

/// The core of the subject.
pub(super) const SUBJECT: usize = 0;
/// The core of its partner.
pub(super) const PARTNER: usize = 1;
/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// A process that is ended when this is dropped.
pub(super) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a process on a core.
    pub(super) fn start(mut command: Command, core: usize) -> Result<Self, String> {
        pin(core)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        Ok(Self {
            child,
            input,
            output,
        })
    }

    /// Writes a line to it.
    pub(super) fn say(&mut self, line: &str) -> Result<(), String> {
        let input = self.input.as_mut().expect("it is open until the end");
        let said = input.write_all(format!("{line}\n").as_bytes());
        said.map_err(|_| self.complaint())
    }

    /// Waits for a line from it.
    pub(super) fn hear(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.output.read_line(&mut line) {
            Ok(length) if length > 0 => Ok(line.trim_end().to_string()),
            _ => Err(self.complaint()),
        }
    }

    /// Waits for its end and returns what it wrote, and what it wrote to its standard error.
    pub(super) fn finish(mut self) -> Result<(String, String), String> {
        drop(self.input.take());
        let mut written = String::new();
        let read = self.output.read_to_string(&mut written);
        let errors = self.errors();
        match self.child.wait() {
            Ok(status) if status.success() && read.is_ok() => Ok((written, errors)),
            Ok(status) => Err(format!("{status}: {}", last_line(&errors))),
            Err(error) => Err(error.to_string()),
        }
    }

    /// How it has ended, when that was too early, and what it said last on its standard error.
    fn complaint(&mut self) -> String {
        let _ = self.child.kill();
        let errors = self.errors();
        match self.child.wait() {
            Ok(status) => format!("{status}: {}", last_line(&errors)),
            Err(error) => error.to_string(),
        }
    }

    /// Waits for its end, and returns the nanoseconds of CPU that its main thread has used. The
    /// kernel keeps them until the process is taken note of.
    pub(super) fn cpu_of_main(self) -> Result<f64, String> {
        let end = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let ended = waitid(WaitId::Pid(Pid::from_child(&self.child)), end);
        ended.map_err(|error| error.to_string())?;
        let path = format!("/proc/{}/schedstat", self.child.id());
        let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let first = text.split(' ').next().and_then(|first| first.parse().ok());
        self.finish()?;
        first.ok_or_else(|| format!("{path}: {text}"))
    }

    /// Bytes of memory that it has now.
    pub(super) fn resident(&self) -> u64 {
        resident_of(&self.child.id().to_string())
    }

    fn errors(&mut self) -> String {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// What ends with its input does so first: a partner has things to put away.
impl Drop for Process {
    fn drop(&mut self) {
        drop(self.input.take());
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(1));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command that starts this program once more.
pub(super) fn itself() -> Command {
    Command::new("/proc/self/exe")
}

/// Starts the canned server on so many addresses, and hears its port.
pub(super) fn serve(addresses: usize) -> Result<(Process, String), String> {
    let mut command = itself();
    command.args(["partner", "canned", &addresses.to_string()]);
    let mut server = Process::start(command, PARTNER)?;
    let port = server.hear()?;
    Ok((server, port))
}

/// Starts nginx by way of its partner, and hears its port.
pub(super) fn serve_nginx() -> Result<(Process, String), String> {
    let mut command = itself();
    command.args(["partner", "nginx"]).process_group(0);
    let mut server = Process::start(command, PARTNER)?;
    let port = server.hear()?;
    Ok((server, port))
}

/// Moves this thread to a core, and with it all processes that it starts from now on.
fn pin(core: usize) -> Result<(), String> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).map_err(|error| format!("core {core}: {error}"))
}

/// Lets the processes that this thread starts run everywhere again.
pub(super) fn unpin() -> Result<(), String> {
    let mut cores = CpuSet::new();
    (0..CpuSet::MAX_CPU).for_each(|core| cores.set(core));
    sched_setaffinity(None, &cores).map_err(|error| format!("all cores: {error}"))
}

fn last_line(text: &str) -> &str {
    let mut lines = text.lines().rev();
    lines
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it ended without a word")
}
