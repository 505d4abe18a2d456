//! A program that runs, as an object to await.

use std::fmt;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Output};
use std::rc::Rc;

use super::reaper::Process;
use crate::combine::gather;
use crate::net::Pipe;
use crate::signal::{SIGKILL, SIGTERM};
use crate::streams::{StreamReader, StreamWriter};

/// A process that has just been started, and this program's ends of its pipes.
pub(super) struct Started {
    pub(super) process: Rc<Process>,
    pub(super) pipes: [Option<Pipe>; 3],
}

/// A process; made by [`Command::spawn`](super::Command::spawn).
///
/// Dropping it leaves the process running, unless `kill_on_drop` was set; the loop reaps it in
/// any case. The asyncio counterpart is `asyncio.subprocess.Process`.
///
/// ```
/// use looplet::process::{Command, Stdio};
/// use looplet::run;
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let mut cat = Command::new("cat")
///         .stdin(Stdio::piped())
///         .stdout(Stdio::piped())
///         .spawn()?;
///     let output = cat.communicate(b"some data").await?;
///     assert_eq!(output.stdout, b"some data");
///     assert_eq!(cat.returncode(), Some(0));
///     Ok(())
/// })
/// # }
/// ```
#[doc(alias = "Process")]
pub struct Child {
    /// Writes to its input, if that is a pipe.
    pub stdin: Option<StreamWriter>,
    /// Reads its output, if that is a pipe.
    pub stdout: Option<StreamReader>,
    /// Reads its complaints, if they go to a pipe.
    pub stderr: Option<StreamReader>,
    process: Rc<Process>,
}

impl Child {
    pub(super) fn new(started: Started) -> Self {
        let [stdin, stdout, stderr] = started.pipes;
        Self {
            stdin: stdin.map(|pipe| StreamWriter::new(Rc::new(pipe))),
            stdout: stdout.map(|pipe| StreamReader::new(Rc::new(pipe))),
            stderr: stderr.map(|pipe| StreamReader::new(Rc::new(pipe))),
            process: started.process,
        }
    }

    /// Returns the number of the process.
    #[doc(alias = "id")]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Returns how the process ended, as asyncio has it: its exit code, or `-N` if signal `N`
    /// has ended it. `None`: the loop has not seen it end.
    pub fn returncode(&self) -> Option<i32> {
        self.process.status().map(returncode)
    }

    /// Asks whether the process has ended, and how.
    pub fn try_wait(&self) -> Option<ExitStatus> {
        self.process.poll()
    }

    /// Waits until the process has ended.
    ///
    /// Its input is closed first, as in the standard library, unless it was taken out of
    /// [`stdin`](Self::stdin): a process that reads to the end would wait for this one. Pipes
    /// that another process keeps open are not waited for.
    ///
    /// # Errors
    ///
    /// If the process was started on another loop than the one that is running.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it has no effect on the process.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        drop(self.stdin.take());
        self.process.wait().await
    }

    /// Writes `input`, closes the input, reads both outputs to their ends, and waits for the
    /// process.
    ///
    /// All at the same time, so that nobody waits for anybody. What is not a pipe is left out.
    /// A process that does not read all of its input is no error. The end of an output is when
    /// nobody holds the pipe any more: if the process has started others that go on, that is
    /// when they have closed theirs. Whoever does not want to wait for them sets a
    /// [`timeout`](crate::timeout()), or calls [`wait`](Self::wait).
    ///
    /// # Errors
    ///
    /// What the kernel says, and as [`wait`](Self::wait).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the process running; what was read is lost.
    ///
    /// ```
    /// use looplet::{process::Command, run};
    /// use std::process::Stdio;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let mut cat = Command::new("cat");
    ///     let mut child = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    ///     assert_eq!(child.communicate(b"meow").await?.stdout, b"meow");
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn communicate(&mut self, input: impl Into<Vec<u8>>) -> io::Result<Output> {
        let _standing_still = self.process.hold_time()?;
        let input = feed(self.stdin.take(), input.into());
        let (stdout, stderr) = (self.stdout.take(), self.stderr.take());
        let (fed, stdout, stderr) = gather((input, read_all(stdout), read_all(stderr))).await;
        fed?;
        Ok(Output {
            stdout: stdout?,
            stderr: stderr?,
            status: self.process.wait().await?,
        })
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    ///
    /// `NotFound` if the process has ended; an error that names the number if there is no such
    /// signal, or it is a real-time one; and what the kernel says.
    pub fn send_signal(&self, signal: i32) -> io::Result<()> {
        self.process.send_signal(signal)
    }

    /// Asks the process to end: sends `SIGTERM`.
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Self::send_signal).
    pub fn terminate(&self) -> io::Result<()> {
        self.send_signal(SIGTERM)
    }

    /// Ends the process: sends `SIGKILL`.
    ///
    /// # Errors
    ///
    /// As [`send_signal`](Self::send_signal).
    pub fn kill(&self) -> io::Result<()> {
        self.send_signal(SIGKILL)
    }
}

/// An exit status as asyncio's number.
pub(super) fn returncode(status: ExitStatus) -> i32 {
    let signal = status.signal().map(|signal| -signal);
    signal.or(status.code()).unwrap_or_default()
}

async fn feed(stdin: Option<StreamWriter>, input: Vec<u8>) -> io::Result<()> {
    let Some(stdin) = stdin else {
        return Ok(());
    };
    let mut written = stdin.write_all(&input).await;
    drop(input);
    if written.is_ok() {
        stdin.close();
        written = stdin.wait_closed().await;
    }
    match written {
        // The process has read as much as it wanted.
        Err(error) if is_about_the_reader(&error) => Ok(()),
        written => written,
    }
}

fn is_about_the_reader(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset
    )
}

async fn read_all(reader: Option<StreamReader>) -> io::Result<Vec<u8>> {
    match reader {
        Some(reader) => reader.read_to_end().await,
        None => Ok(Vec::new()),
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.process.abandon();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child")
            .field("pid", &self.pid())
            .field("returncode", &self.returncode())
            .finish_non_exhaustive()
    }
}
