//! Callbacks for descriptors that belong to somebody else.
//!
//! A program may hand the number of any descriptor to the loop and is called as long as it is
//! ready: a pipe, a terminal, the socket of a library that knows nothing of looplet. How the
//! loop finds out is in [`descriptors`](super::descriptors).
//!
//! A callback is taken out while it runs, so that it may replace or remove itself.

use std::cell::Cell;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::rc::Rc;

use super::descriptors::{Descriptors, Registered, Use};
use super::source::Watch;
use crate::event_loop::{Direction, ErrorContext, EventLoop, SourceId, WeakLoop};

impl EventLoop {
    /// Calls `callback` in every turn in which `fd` can be read, from the next turn on.
    ///
    /// If there is a callback for that already, it is replaced. The end of a stream and an
    /// error count as readable, so that reading tells. The loop does not read, and does not
    /// keep the descriptor open: call [`remove_reader`](Self::remove_reader) before it is
    /// closed. A panic in the callback goes to the exception handler, and it stays in place.
    ///
    /// The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// If `fd` is not open, if it is a plain file (those never wait), if a transport, a stream
    /// or a `sock_…` call uses it, or if the loop is closed.
    ///
    /// ```
    /// use looplet::EventLoop;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// let (mut reader, mut writer) = UnixStream::pair()?;
    /// writer.write_all(b"ab")?;
    ///
    /// let fd = reader.try_clone()?;
    /// let stopper = event_loop.clone();
    /// event_loop.add_reader(&fd, move || {
    ///     let mut byte = [0];
    ///     let count = reader.read(&mut byte).expect("it is readable");
    ///     assert_eq!(count, 1);
    ///     if byte == *b"b" {
    ///         stopper.stop();
    ///     }
    /// })?;
    /// event_loop.run_forever()?;
    /// assert!(event_loop.remove_reader(&fd));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_reader(
        &self,
        fd: &impl AsRawFd,
        callback: impl FnMut() + 'static,
    ) -> io::Result<()> {
        watch(self, fd.as_raw_fd(), Direction::Read, Box::new(callback))
    }

    /// Calls `callback` in every turn in which `fd` can be written, from the next turn on. In
    /// all else it is as [`add_reader`](Self::add_reader).
    ///
    /// # Errors
    ///
    /// As [`add_reader`](Self::add_reader).
    pub fn add_writer(
        &self,
        fd: &impl AsRawFd,
        callback: impl FnMut() + 'static,
    ) -> io::Result<()> {
        watch(self, fd.as_raw_fd(), Direction::Write, Box::new(callback))
    }

    /// Removes the callback for reading, also if it was about to run. Returns whether there
    /// was one. The asyncio counterpart has the same name.
    pub fn remove_reader(&self, fd: &impl AsRawFd) -> bool {
        unwatch(self, fd.as_raw_fd(), Direction::Read)
    }

    /// Removes the callback for writing, also if it was about to run. Returns whether there
    /// was one. The asyncio counterpart has the same name.
    pub fn remove_writer(&self, fd: &impl AsRawFd) -> bool {
        unwatch(self, fd.as_raw_fd(), Direction::Write)
    }
}

fn watch(
    event_loop: &EventLoop,
    fd: RawFd,
    direction: Direction,
    callback: Box<dyn FnMut()>,
) -> io::Result<()> {
    let watcher = Rc::new(Watcher {
        event_loop: event_loop.downgrade(),
        fd,
        direction,
        callback: Cell::new(Some(callback)),
        removed: Cell::new(false),
        watch: Cell::new(None),
    });
    let descriptors = Descriptors::of(event_loop)?;
    let core = event_loop.core();
    let (source, old) = descriptors.claim(core, fd, direction, Use::Callback(watcher.clone()))?;
    watcher.wait(source);
    if let Use::Callback(old) = old {
        old.remove();
    }
    Ok(())
}

fn unwatch(event_loop: &EventLoop, fd: RawFd, direction: Direction) -> bool {
    let descriptors = event_loop.core().find_attachment::<Descriptors>();
    let watcher = descriptors.and_then(|it| it.release_callback(event_loop.core(), fd, direction));
    let found = watcher.is_some();
    if let Some(watcher) = watcher {
        watcher.remove();
    }
    found
}

/// A callback for one direction of a descriptor.
struct Watcher {
    event_loop: WeakLoop,
    fd: RawFd,
    direction: Direction,
    /// `None` while it runs, and once it was removed.
    callback: Cell<Option<Box<dyn FnMut()>>>,
    removed: Cell<bool>,
    /// Its place at the reactor.
    watch: Cell<Option<Watch>>,
}

impl Watcher {
    fn wait(self: &Rc<Self>, source: SourceId) {
        let watcher = self.clone();
        let run = move || watcher.run();
        let watch = Watch::new(self.event_loop, source, self.direction, run);
        self.watch.set(Some(watch));
    }

    fn run(self: &Rc<Self>) {
        drop(self.watch.take());
        let (Some(mut callback), Some(event_loop)) =
            (self.callback.take(), self.event_loop.upgrade())
        else {
            return;
        };
        let reporter = &event_loop.core().reporter;
        reporter.contain("a callback panicked", &mut callback);
        if self.removed.get() {
            return reporter.contain("a callback panicked while it was dropped", || {
                drop(callback)
            });
        }
        self.callback.set(Some(callback));
        self.ask_again(&event_loop);
    }

    fn ask_again(self: &Rc<Self>, event_loop: &EventLoop) {
        let Ok(descriptors) = Descriptors::of(event_loop) else {
            return;
        };
        match descriptors.rearm(event_loop.core(), self.fd) {
            Ok(source) => self.wait(source),
            Err(error) => {
                unwatch(event_loop, self.fd, self.direction);
                let text = format!("file descriptor {} is no longer watched: {error}", self.fd);
                event_loop.call_exception_handler(&ErrorContext::new(text));
            }
        }
    }
}

impl Registered for Watcher {
    /// Drops the callback, here or at the end of its run.
    fn remove(&self) {
        self.removed.set(true);
        drop(self.watch.take());
        drop(self.callback.take());
    }
}
