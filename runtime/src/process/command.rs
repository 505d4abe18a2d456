//! What to run.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{self, ExitStatus, Output, Stdio};

use super::child::{Child, Started};
use super::reaper::{Reaper, reap_orphans};
use crate::event_loop::{EventLoop, get_running_loop};
use crate::net::Pipe;
use crate::signal::SIGKILL;

/// A program and how to run it.
///
/// The methods are those of [`std::process::Command`], which is what is inside. The asyncio
/// counterparts are the arguments of `create_subprocess_exec` and `create_subprocess_shell`.
///
/// ```
/// use looplet::{process::Command, run};
///
/// # fn main() -> std::io::Result<()> {
/// let output = run(async { Command::new("echo").arg("hello").output().await })?;
/// assert_eq!(output.stdout, b"hello\n");
/// # Ok(())
/// # }
/// ```
#[doc(alias = "create_subprocess_exec")]
pub struct Command {
    inner: process::Command,
    /// Which of the three streams the program has set.
    chosen: [bool; 3],
    kill_on_drop: bool,
}

impl Command {
    /// Names a program: a path, or a name to be looked up in `PATH`. It inherits everything,
    /// unless told otherwise.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            inner: process::Command::new(program),
            chosen: [false; 3],
            kill_on_drop: false,
        }
    }

    /// Has `text` run by `/bin/sh`. Whoever puts words of strangers into it lets them run what
    /// they like. The asyncio counterpart is `create_subprocess_shell`.
    #[doc(alias = "create_subprocess_shell")]
    pub fn shell(text: impl AsRef<OsStr>) -> Self {
        let mut command = Self::new("/bin/sh");
        command.arg("-c").arg(text);
        command
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.inner.arg(argument);
        self
    }

    /// Adds several arguments.
    pub fn args(&mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> &mut Self {
        self.inner.args(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.inner.env(name, value);
        self
    }

    /// Takes a variable out of the environment.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.inner.env_remove(name);
        self
    }

    /// Leaves the environment empty, but for what is set afterwards.
    pub fn env_clear(&mut self) -> &mut Self {
        self.inner.env_clear();
        self
    }

    /// Sets the directory in which the program runs.
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Self {
        self.inner.current_dir(directory);
        self
    }

    /// Sets where the program reads from: [`Stdio::piped`], [`Stdio::null`],
    /// [`Stdio::inherit`], or a file.
    pub fn stdin(&mut self, stdin: impl Into<Stdio>) -> &mut Self {
        self.set(0, stdin.into())
    }

    /// Sets where the program writes to.
    pub fn stdout(&mut self, stdout: impl Into<Stdio>) -> &mut Self {
        self.set(1, stdout.into())
    }

    /// Sets where the program writes its complaints to.
    pub fn stderr(&mut self, stderr: impl Into<Stdio>) -> &mut Self {
        self.set(2, stderr.into())
    }

    /// Has the process killed when its [`Child`] is dropped, or its loop is closed, before it
    /// has ended. Default: it goes on.
    pub fn kill_on_drop(&mut self, kill: bool) -> &mut Self {
        self.kill_on_drop = kill;
        self
    }

    /// Returns the command of the standard library inside, for everything that has no method
    /// here. The three streams are set here and not there.
    pub fn as_std_mut(&mut self) -> &mut process::Command {
        &mut self.inner
    }

    /// Starts the program.
    ///
    /// # Errors
    ///
    /// If there is no such program, it may not be run, or an argument has a NUL in it. The
    /// error names the program, and the directory if one was set.
    ///
    /// # Panics
    ///
    /// If no loop is running.
    pub fn spawn(&mut self) -> io::Result<Child> {
        self.start([Stdio::inherit; 3]).map(Child::new)
    }

    /// Runs the program to its end.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn).
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it leaves the process running, unless
    /// [`kill_on_drop`](Self::kill_on_drop) is set.
    pub async fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn()?.wait().await
    }

    /// Runs the program to its end and returns what it wrote. It gets no input. Streams that
    /// were set with [`stdin`](Self::stdin), [`stdout`](Self::stdout) or
    /// [`stderr`](Self::stderr) are left so.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Self::spawn), and what the kernel says.
    ///
    /// # Cancel safety
    ///
    /// As [`status`](Self::status). What was read is lost.
    ///
    /// ```
    /// use looplet::{process::Command, run};
    ///
    /// let output = run(async { Command::new("echo").arg("hello").output().await });
    /// assert_eq!(output.expect("there is one").stdout, b"hello\n");
    /// ```
    pub async fn output(&mut self) -> io::Result<Output> {
        let defaults = [Stdio::null, Stdio::piped, Stdio::piped];
        let mut child = self.start(defaults).map(Child::new)?;
        child.communicate([]).await
    }

    fn set(&mut self, fd: usize, stdio: Stdio) -> &mut Self {
        self.chosen[fd] = true;
        self.set_inner(fd, stdio)
    }

    fn set_inner(&mut self, fd: usize, stdio: Stdio) -> &mut Self {
        match fd {
            0 => self.inner.stdin(stdio),
            1 => self.inner.stdout(stdio),
            _ => self.inner.stderr(stdio),
        };
        self
    }

    /// Starts the program on the running loop. `defaults` are for the streams that were not
    /// set.
    pub(super) fn start(&mut self, defaults: [fn() -> Stdio; 3]) -> io::Result<Started> {
        for (fd, default) in defaults.into_iter().enumerate() {
            if !self.chosen[fd] {
                self.set_inner(fd, default());
            }
        }
        let event_loop = get_running_loop();
        reap_orphans();
        let reaper = Reaper::of(&event_loop)?;
        let mut child = self.inner.spawn().map_err(|error| self.blame(&error))?;
        let ends = [
            child.stdin.take().map(OwnedFd::from),
            child.stdout.take().map(OwnedFd::from),
            child.stderr.take().map(OwnedFd::from),
        ];
        let process = reaper.adopt(&event_loop, child, self.kill_on_drop);
        let pipes = open(&event_loop, ends).inspect_err(|_| {
            // Nobody could talk to it. It is reaped like any other.
            let _ = process.send_signal(SIGKILL);
        })?;
        Ok(Started { process, pipes })
    }

    /// An error of the system that says which program it is about.
    fn blame(&self, error: &io::Error) -> io::Error {
        let program = self.inner.get_program().display();
        let text = match self.inner.get_current_dir() {
            Some(directory) => format!("cannot run {program} in {}: {error}", directory.display()),
            None => format!("cannot run {program}: {error}"),
        };
        io::Error::new(error.kind(), text)
    }
}

fn open(event_loop: &EventLoop, ends: [Option<OwnedFd>; 3]) -> io::Result<[Option<Pipe>; 3]> {
    let mut pipes = [None, None, None];
    for (pipe, end) in pipes.iter_mut().zip(ends) {
        if let Some(end) = end {
            *pipe = Some(Pipe::new(event_loop, end)?);
        }
    }
    Ok(pipes)
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("command", &self.inner)
            .field("kill_on_drop", &self.kill_on_drop)
            .finish()
    }
}
