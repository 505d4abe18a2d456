//! Debug mode and watchdogs: who holds the loop up.
//!
//! How the loop looks at itself is in `event_loop/watch.rs`; this is what a program asks for.

use std::io;
use std::time::Duration;

use crate::event_loop::{Blocked, EventLoop, Watchdog};

impl EventLoop {
    /// Switches debug mode on or off.
    ///
    /// In debug mode, the exception handler hears of every callback and every step of a task that
    /// takes [`slow_callback_duration`](Self::slow_callback_duration) or longer, and of sockets
    /// and jobs that are left when the loop is closed. It costs two looks at the clock for
    /// every entry. The asyncio counterpart is `loop.set_debug`.
    ///
    /// ```
    /// use looplet::{Runner, yield_now};
    /// use std::cell::RefCell;
    /// use std::rc::Rc;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let reports = Rc::new(RefCell::new(Vec::new()));
    /// let runner = Runner::new()?;
    /// let (heard, event_loop) = (reports.clone(), runner.get_loop());
    /// event_loop.set_exception_handler(Some(Rc::new(move |context| {
    ///     heard.borrow_mut().push(context.message.clone());
    /// })));
    /// event_loop.set_debug(true);
    /// event_loop.set_slow_callback_duration(Duration::from_millis(2));
    /// runner.run(async {
    ///     std::thread::sleep(Duration::from_millis(3));
    ///     yield_now().await;
    /// })?;
    /// assert!(reports.borrow()[0].starts_with("executing <Task name='Task-1'"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_debug(&self, debug: bool) {
        self.core().watch.set_debug(debug);
    }

    /// Returns whether debug mode is on. The asyncio counterpart is `loop.get_debug`.
    #[doc(alias = "get_debug")]
    pub fn debug(&self) -> bool {
        self.core().watch.is_debug()
    }

    /// Returns how long an entry may take before debug mode reports it: 100 ms by default. The
    /// asyncio counterpart has the same name.
    pub fn slow_callback_duration(&self) -> Duration {
        self.core().watch.slow()
    }

    /// Sets how long an entry may take before debug mode reports it.
    pub fn set_slow_callback_duration(&self, duration: Duration) {
        self.core().watch.set_slow(duration);
    }

    /// Sets a watchdog on this loop: a thread that calls `report` while a callback or a step of a
    /// task holds the loop up for `patience` or longer; once for each.
    ///
    /// The report names the task and the place where it was spawned, or the place where the
    /// callback was scheduled. It comes up to a quarter of
    /// `patience` late. The watchdog ends when what is returned is dropped. While there is one,
    /// every entry costs a lock and a few allocations. asyncio has no counterpart.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    ///
    /// ```
    /// use looplet::{get_running_loop, run};
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// let (tell, told) = mpsc::channel();
    /// run(async move {
    ///     let report = move |blocked: &looplet::Blocked| drop(tell.send(blocked.to_string()));
    ///     let patience = Duration::from_millis(5);
    ///     let _dog = get_running_loop().watch(patience, report).unwrap();
    ///     looplet::yield_now().await;
    ///     // A step that blocks. It goes on only when the watchdog has said so.
    ///     assert!(told.recv().unwrap().contains("<Task name='Task-1'"));
    /// });
    /// ```
    pub fn watch(
        &self,
        patience: Duration,
        report: impl Fn(&Blocked) + Send + 'static,
    ) -> io::Result<Watchdog> {
        self.core().watch.set_watchdog(patience, report)
    }
}
