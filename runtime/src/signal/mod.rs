//! Signals, as callbacks and as something to wait for.
//!
//! A signal interrupts a program between any two instructions, so almost nothing is allowed at
//! that moment. The handler of `signal-hook` only writes a byte to a pipe; what the program
//! wants to happen runs from a turn, as everything does. `watch.rs` is the way from the one to
//! the other.
//!
//! # What happens to the default action
//!
//! The first listener of a signal replaces its default action, which for most is the end of
//! the process, for the whole process. When the last one is gone the default action is back,
//! with these limits:
//!
//! 1. It is emulated: the handler of `signal-hook` stays installed and does what the system
//!    would do. Seen from outside there is no difference.
//! 2. If the program had a handler for the signal before, or ignored it, that is what remains.
//!    This is known on Linux only; elsewhere the default action happens as well.
//! 3. A handler that was installed later, beside this module, is called; but the default
//!    action happens too, as soon as nobody listens here.
//! 4. Real-time signals are ignored afterwards.
//!
//! Several loops, on several threads, may listen to one signal; each of them hears of it.
//! Signals that come before a loop gets to look count as one. They cost two descriptors for
//! each signal and loop.

mod error;
mod table;
mod watch;
mod interrupt;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::fmt;
use std::rc::Rc;

use crate::event_loop::{EventLoop, copy_values, get_running_loop, is_vars_used, with_vars};
use crate::sync::Event;
use crate::vars::SharedVars;

pub use self::error::SignalError;
pub use signal_hook::consts::signal::{
    SIGABRT, SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGPIPE, SIGQUIT, SIGSTOP,
    SIGTERM, SIGTSTP, SIGURG, SIGUSR1, SIGUSR2, SIGWINCH,
};

pub(crate) use self::interrupt::{end_by_interrupt, on_interrupt};
pub(crate) use self::table::Role;
pub(crate) use self::watch::{Subscription, subscribe};

/// What a loop calls for a signal; kept with the loop.
#[derive(Default)]
struct Handlers(RefCell<BTreeMap<c_int, Handler>>);

struct Handler {
    callback: Rc<Callback>,
    /// Ends with the handler.
    _subscription: Subscription,
}

impl Handler {
    /// Makes sure that a call which is queued already does nothing.
    fn silence(self) {
        drop(self.callback.run.take());
    }
}

/// The callback of a handler.
struct Callback {
    /// Out of its place while it runs.
    run: Cell<Option<Box<dyn FnMut()>>>,
    /// A copy of the values of the context that added the handler.
    values: SharedVars,
}

impl Callback {
    fn call(&self) {
        let mut running = Running {
            run: self.run.take(),
            home: self,
        };
        let mut run = || running.run.iter_mut().for_each(|run| run());
        // On a thread that has never had a value there are none to put in force.
        match is_vars_used() {
            true => with_vars(Some(self.values.clone()), run),
            false => run(),
        }
    }
}

/// Puts a callback back when it has run, also if it has panicked. One that has removed its
/// own handler goes with the last call: no other is queued.
struct Running<'a> {
    run: Option<Box<dyn FnMut()>>,
    home: &'a Callback,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.home.run.set(self.run.take());
    }
}

impl EventLoop {
    /// Calls `callback` on the loop whenever `signal` has come.
    ///
    /// It runs from a turn like any callback, not in signal context, so it may do what any
    /// callback may; all calls run in one copy of the context that has added it. Signals that come before it has run may count as one. A handler that was
    /// there before is replaced. As long as it is there, the loop does not report a deadlock.
    /// The asyncio counterpart has the same name.
    ///
    /// # Errors
    ///
    /// [`SignalError::Invalid`] or [`SignalError::Uncatchable`] if there can be no handler for
    /// the signal; [`SignalError::LoopClosed`]; [`SignalError::Io`] if the system refuses.
    ///
    /// ```
    /// use looplet::{EventLoop, signal};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let event_loop = EventLoop::new()?;
    /// let stopper = event_loop.clone();
    /// event_loop.add_signal_handler(signal::SIGUSR1, move || stopper.stop())?;
    /// signal_hook::low_level::raise(signal::SIGUSR1)?;
    /// event_loop.run_forever()?;
    /// assert!(event_loop.remove_signal_handler(signal::SIGUSR1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_signal_handler(
        &self,
        signal: c_int,
        callback: impl FnMut() + 'static,
    ) -> Result<(), SignalError> {
        let callback = Rc::new(Callback {
            run: Cell::new(Some(Box::new(callback))),
            values: SharedVars::new(copy_values()),
        });
        let (called, event_loop) = (callback.clone(), self.downgrade());
        let subscription = subscribe(self, signal, Role::Listener, move || {
            if let Some(event_loop) = event_loop.upgrade() {
                let callback = called.clone();
                event_loop.call_soon(move || callback.call());
            }
        })?;
        let handler = Handler {
            callback,
            _subscription: subscription,
        };
        let handlers = self.core().attachment(Handlers::default);
        let old = handlers.0.borrow_mut().insert(signal, handler);
        old.into_iter().for_each(Handler::silence);
        Ok(())
    }

    /// Removes the handler of `signal`, which is not called any more. Returns whether there
    /// was one. The asyncio counterpart has the same name.
    ///
    /// The [module](crate::signal) says what the signal does afterwards.
    pub fn remove_signal_handler(&self, signal: c_int) -> bool {
        let handlers = self.core().find_attachment::<Handlers>();
        let handler = handlers.and_then(|handlers| handlers.0.borrow_mut().remove(&signal));
        handler.map(Handler::silence).is_some()
    }
}

/// Waits until `signal` comes.
///
/// It listens from the first poll until it ends. A program that waits again and again wants
/// [`listen`], which hears also what comes in between. While it waits, the loop does not report a
/// deadlock; and on a virtual clock, timers do not wait for it. asyncio has no counterpart but a
/// handler that sets an event.
///
/// # Errors
///
/// As [`EventLoop::add_signal_handler`].
///
/// # Cancel safety
///
/// Dropping or cancelling it ends the listening.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{get_running_loop, run, signal};
///
/// let heard = run(async {
///     get_running_loop().call_soon(|| {
///         signal_hook::low_level::raise(signal::SIGUSR2).expect("it exists");
///     });
///     signal::recv(signal::SIGUSR2).await
/// });
/// assert!(heard.is_ok());
/// ```
pub async fn recv(signal: c_int) -> Result<(), SignalError> {
    listen([signal])?.recv().await;
    Ok(())
}

/// Listens to several signals from now on.
///
/// asyncio has no counterpart but a handler for each.
///
/// # Errors
///
/// As [`EventLoop::add_signal_handler`].
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{run, signal};
///
/// # fn main() -> Result<(), signal::SignalError> {
/// run(async {
///     let mut signals = signal::listen([signal::SIGUSR1, signal::SIGUSR2])?;
///     signal_hook::low_level::raise(signal::SIGUSR2).expect("it exists");
///     assert_eq!(signals.recv().await, signal::SIGUSR2);
///     Ok(())
/// })
/// # }
/// ```
pub fn listen(signals: impl IntoIterator<Item = c_int>) -> Result<Signals, SignalError> {
    let event_loop = get_running_loop();
    let mailbox = Rc::new(Mailbox::default());
    let subscriptions = signals.into_iter().map(|signal| {
        let mailbox = mailbox.clone();
        let call = move || mailbox.put(signal);
        subscribe(&event_loop, signal, Role::Listener, call)
    });
    Ok(Signals {
        _subscriptions: subscriptions.collect::<Result<_, _>>()?,
        mailbox,
    })
}

/// Signals as they come; made by [`listen`]. Dropping it ends the listening.
///
/// A signal that comes again before it was received counts once, as it does in the kernel.
/// asyncio has no counterpart.
///
/// ```
/// use looplet::{run, signal};
///
/// # fn main() -> Result<(), signal::SignalError> {
/// run(async {
///     let mut signals: signal::Signals = signal::listen([signal::SIGUSR1])?;
///     for _ in 0..2 {
///         signal_hook::low_level::raise(signal::SIGUSR1).expect("it exists");
///         assert_eq!(signals.recv().await, signal::SIGUSR1);
///     }
///     Ok(())
/// })
/// # }
/// ```
pub struct Signals {
    mailbox: Rc<Mailbox>,
    _subscriptions: Vec<Subscription>,
}

/// Signals that have come and were not received.
#[derive(Default)]
struct Mailbox {
    /// A bit for each: there are 64.
    waiting: Cell<u64>,
    arrived: Event,
}

impl Mailbox {
    fn put(&self, signal: c_int) {
        self.waiting.set(self.waiting.get() | 1 << (signal - 1));
        self.arrived.set();
    }

    /// Takes the one with the lowest number out.
    fn take(&self) -> Option<c_int> {
        let waiting = self.waiting.get();
        self.waiting.set(waiting & waiting.wrapping_sub(1));
        (waiting != 0).then(|| waiting.trailing_zeros() as c_int + 1)
    }
}

impl Signals {
    /// Waits for the next signal and returns its number; of several that wait, the lowest.
    ///
    /// # Cancel safety
    ///
    /// Dropping or cancelling it loses no signal.
    pub async fn recv(&mut self) -> c_int {
        loop {
            if let Some(signal) = self.mailbox.take() {
                return signal;
            }
            self.mailbox.arrived.clear();
            self.mailbox.arrived.wait().await;
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.mailbox.waiting.get();
        let waiting = (1..=64).filter(|signal| waiting >> (signal - 1) & 1 == 1);
        f.debug_struct("Signals")
            .field("waiting", &waiting.collect::<Vec<c_int>>())
            .finish()
    }
}
