//! A program that runs, as a source of callbacks.
//!
//! Each pipe has a transport, whose protocol passes on what it is told; a small task waits for
//! the process. The calls go through `call_soon`, as asyncio's do. Each pipe, and the task, holds
//! a [`Stake`]; when the last one is dropped, in whatever way, the connection is lost.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::process::Stdio;
use std::rc::Rc;

use super::child::{Started, returncode};
use super::command::Command;
use super::reaper::Process;
use crate::event_loop::{EventLoop, WeakLoop, try_get_running_loop};
use crate::net::Pipe;
use crate::signal::{SIGKILL, SIGTERM};
use crate::task::yield_now;
use crate::transports::{Link, Protocol, Transport, start};

/// The callbacks of a process, for `EventLoop::subprocess_exec`.
///
/// ```text
///   connection_made ─► pipe_data_received* ─► pipe_connection_lost  for each pipe ┐
///                 └──► process_exited                                             ┴─► connection_lost
/// ```
///
/// `connection_made` is the first and `connection_lost` the last; both come once. Each pipe is
/// lost once, after its data. The process may end before its pipes or after them. All are
/// called from a turn, none from within a call of the transport. The asyncio counterpart has
/// the same name.
pub trait SubprocessProtocol {
    /// The process runs.
    fn connection_made(&self, transport: &SubprocessTransport) {
        let _ = transport;
    }

    /// The process has written `data` to its output (1) or its complaints (2).
    fn pipe_data_received(&self, fd: i32, data: &[u8]) {
        let _ = (fd, data);
    }

    /// More waits to be written to the input of the process than the high limit of its
    /// transport: writing should pause.
    fn pause_writing(&self) {}

    /// No more waits to be written than the low limit: writing may go on.
    fn resume_writing(&self) {}

    /// A pipe was closed, at either end. The error says what had failed.
    fn pipe_connection_lost(&self, fd: i32, error: Option<io::Error>) {
        let _ = (fd, error);
    }

    /// The process has ended; the transport knows how.
    fn process_exited(&self) {}

    /// The process has ended and all pipes are closed. There is no error that could have
    /// caused it; the argument is there for the likeness to other protocols.
    fn connection_lost(&self, error: Option<io::Error>) {
        let _ = error;
    }
}

/// A process that is connected to a [`SubprocessProtocol`].
///
/// Clones stand for the same process. The asyncio counterpart has the same name.
///
/// ```
/// use looplet::process::{Command, SubprocessProtocol};
/// use looplet::{get_running_loop, run};
///
/// struct Quiet;
/// impl SubprocessProtocol for Quiet {}
///
/// # fn main() -> std::io::Result<()> {
/// run(async {
///     let mut cat = Command::new("cat");
///     let (transport, _) = get_running_loop().subprocess_exec(|| Quiet, &mut cat).await?;
///     assert_eq!(transport.get_returncode(), None);
///     transport.close();
///     assert!(transport.is_closing());
///     Ok(())
/// })
/// # }
/// ```
#[derive(Clone)]
pub struct SubprocessTransport {
    inner: Rc<Inner>,
}

struct Inner {
    event_loop: WeakLoop,
    process: Rc<Process>,
    /// `None` once the connection is lost: the protocol may own the transport.
    protocol: RefCell<Option<Rc<dyn SubprocessProtocol>>>,
    /// The pipes, by their numbers in the process.
    pipes: RefCell<[Option<Transport>; 3]>,
    /// Pipes that are open, and one for the process.
    stakes: Cell<u32>,
    closing: Cell<bool>,
}

impl EventLoop {
    /// Runs `command` and tells the protocol that `factory` makes what becomes of it.
    ///
    /// The three streams are pipes, unless the command says otherwise. When this returns,
    /// `connection_made` was called. The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// As [`Command::spawn`]; `factory` is not called then.
    ///
    /// # Panics
    ///
    /// If this is not the running loop.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it after the first poll leaves the process running.
    ///
    /// ```
    /// use looplet::process::{Command, SubprocessProtocol};
    /// use looplet::{Event, get_running_loop, run};
    ///
    /// #[derive(Default)]
    /// struct Talk {
    ///     over: Event,
    /// }
    ///
    /// impl SubprocessProtocol for Talk {
    ///     fn pipe_data_received(&self, fd: i32, data: &[u8]) {
    ///         assert_eq!((fd, data), (1, &b"hello\n"[..]));
    ///     }
    ///
    ///     fn connection_lost(&self, _: Option<std::io::Error>) {
    ///         self.over.set();
    ///     }
    /// }
    ///
    /// # fn main() -> std::io::Result<()> {
    /// run(async {
    ///     let mut echo = Command::new("echo");
    ///     echo.arg("hello");
    ///     let event_loop = get_running_loop();
    ///     let (transport, talk) = event_loop.subprocess_exec(Talk::default, &mut echo).await?;
    ///     talk.over.wait().await;
    ///     assert_eq!(transport.get_returncode(), Some(0));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub async fn subprocess_exec<P: SubprocessProtocol + 'static>(
        &self,
        factory: impl FnOnce() -> P,
        command: &mut Command,
    ) -> io::Result<(SubprocessTransport, Rc<P>)> {
        assert!(
            try_get_running_loop().is_some_and(|running| running.is_same(self)),
            "a process is started on the running loop"
        );
        let started = command.start([Stdio::piped; 3])?;
        let protocol = Rc::new(factory());
        let transport = SubprocessTransport::connect(self, started, protocol.clone())?;
        yield_now().await;
        Ok((transport, protocol))
    }

    /// Has `text` run by `/bin/sh`: [`subprocess_exec`](Self::subprocess_exec) with
    /// [`Command::shell`]. The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// As [`subprocess_exec`](Self::subprocess_exec).
    ///
    /// # Panics
    ///
    /// If this is not the running loop.
    ///
    /// # Cancel safety
    ///
    /// As [`subprocess_exec`](Self::subprocess_exec).
    pub async fn subprocess_shell<P: SubprocessProtocol + 'static>(
        &self,
        factory: impl FnOnce() -> P,
        text: &str,
    ) -> io::Result<(SubprocessTransport, Rc<P>)> {
        self.subprocess_exec(factory, &mut Command::shell(text))
            .await
    }
}

impl SubprocessTransport {
    fn connect(
        event_loop: &EventLoop,
        started: Started,
        protocol: Rc<dyn SubprocessProtocol>,
    ) -> io::Result<Self> {
        let inner = Rc::new(Inner {
            event_loop: event_loop.downgrade(),
            process: started.process,
            protocol: RefCell::new(Some(protocol)),
            pipes: RefCell::default(),
            stakes: Cell::new(0),
            closing: Cell::new(false),
        });
        let transport = Self { inner };
        let made = transport.clone();
        transport.inner.tell(move |p| p.connection_made(&made));
        let stake = Stake::new(&transport.inner, None);
        event_loop.create_task(watch_process(stake));
        for (fd, pipe) in (0..).zip(started.pipes) {
            if let Some(pipe) = pipe {
                let connected = transport.connect_pipe(event_loop, fd, pipe);
                connected.inspect_err(|_| transport.close())?;
            }
        }
        Ok(transport)
    }

    fn connect_pipe(&self, event_loop: &EventLoop, fd: u8, pipe: Pipe) -> io::Result<()> {
        let protocol = PipeProtocol(Stake::new(&self.inner, Some(i32::from(fd))));
        let link = match fd {
            0 => Link::of_write_pipe(event_loop, pipe)?,
            _ => Link::of_read_pipe(event_loop, pipe)?,
        };
        let transport = start(event_loop, link, protocol.into(), || {});
        self.inner.pipes.borrow_mut()[usize::from(fd)] = Some(transport);
        Ok(())
    }

    /// Returns the transport of a pipe: of the input of the process (0), its output (1) or its
    /// complaints (2). `None` if that is no pipe. It can be closed, paused, and given other
    /// limits; its protocol stays as it is, or nobody hears of the pipe any more.
    pub fn get_pipe_transport(&self, fd: i32) -> Option<Transport> {
        let at = usize::try_from(fd).ok()?;
        self.inner.pipes.borrow().get(at)?.clone()
    }

    /// Returns the number of the process.
    pub fn get_pid(&self) -> u32 {
        self.inner.process.pid()
    }

    /// Returns how the process ended: its exit code, or `-N` if signal `N` has ended it.
    /// `None`: the loop has not seen it end.
    pub fn get_returncode(&self) -> Option<i32> {
        self.inner.process.status().map(returncode)
    }

    /// Writes to the input of the process, now as far as the kernel takes it, the rest in the
    /// background: `get_pipe_transport(0)` and [`Transport::write`]. If the input is no pipe,
    /// data is dropped.
    pub fn write_stdin(&self, data: &[u8]) {
        if let Some(stdin) = self.get_pipe_transport(0) {
            stdin.write(data);
        }
    }

    /// Closes the input of the process once everything has been written.
    pub fn close_stdin(&self) {
        if let Some(stdin) = self.get_pipe_transport(0) {
            stdin.close();
        }
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    ///
    /// As [`Child::send_signal`](super::Child::send_signal).
    pub fn send_signal(&self, signal: i32) -> io::Result<()> {
        self.inner.process.send_signal(signal)
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

    /// Closes the pipes, and kills the process if it has not ended. What was not read yet is
    /// lost. Closing twice is fine.
    pub fn close(&self) {
        if self.inner.closing.replace(true) {
            return;
        }
        let pipes = self.inner.pipes.borrow().clone();
        for pipe in pipes.iter().flatten() {
            pipe.close();
        }
        // An error means that it has ended.
        let _ = self.kill();
    }

    /// Returns whether it was closed.
    pub fn is_closing(&self) -> bool {
        self.inner.closing.get()
    }
}

impl fmt::Debug for SubprocessTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SubprocessTransport")
            .field("pid", &self.get_pid())
            .field("returncode", &self.get_returncode())
            .field("closing", &self.is_closing())
            .finish()
    }
}

impl Inner {
    /// Calls the protocol in the next turn.
    fn tell(&self, what: impl FnOnce(&dyn SubprocessProtocol) + 'static) {
        let protocol = self.protocol.borrow().clone();
        if let Some((event_loop, protocol)) = self.event_loop.upgrade().zip(protocol) {
            event_loop.call_soon(move || what(&*protocol));
        }
    }
}

/// The part that a pipe, or the process itself, has in the connection.
struct Stake {
    inner: Rc<Inner>,
    /// Which pipe.
    fd: Option<i32>,
    /// What failed.
    error: Option<io::Error>,
}

impl Stake {
    fn new(inner: &Rc<Inner>, fd: Option<i32>) -> Self {
        inner.stakes.set(inner.stakes.get() + 1);
        Self {
            inner: inner.clone(),
            fd,
            error: None,
        }
    }
}

impl Drop for Stake {
    fn drop(&mut self) {
        if let Some(fd) = self.fd {
            let error = self.error.take();
            self.inner.tell(move |p| p.pipe_connection_lost(fd, error));
        }
        self.inner.stakes.set(self.inner.stakes.get() - 1);
        if self.inner.stakes.get() == 0 {
            self.inner.tell(|p| p.connection_lost(None));
            let protocol = self.inner.protocol.take();
            drop(protocol);
        }
    }
}

/// Passes on what a pipe has to tell.
struct PipeProtocol(Stake);

impl Protocol for PipeProtocol {
    fn data_received(&mut self, _: &Transport, data: &[u8]) {
        let (fd, data) = (self.0.fd.unwrap_or_default(), data.to_vec());
        self.0.inner.tell(move |p| p.pipe_data_received(fd, &data));
    }

    fn pause_writing(&mut self, _: &Transport) {
        self.0.inner.tell(|p| p.pause_writing());
    }

    fn resume_writing(&mut self, _: &Transport) {
        self.0.inner.tell(|p| p.resume_writing());
    }

    fn connection_lost(&mut self, error: Option<&io::Error>) {
        let copy = |error: &io::Error| io::Error::new(error.kind(), error.to_string());
        self.0.error = error.map(copy);
    }
}

async fn watch_process(stake: Stake) {
    // An error means that this task runs on another loop, which it does not.
    let _ = stake.inner.process.wait().await;
    stake.inner.tell(|p| p.process_exited());
}
